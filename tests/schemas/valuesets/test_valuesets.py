from schemas.valuesets import class_of, confidentiality, format_of, type_of, value_set


def test_every_known_set_loads_with_its_source() -> None:
    for key in ("J01", "J02", "J04", "J07", "J08", "J11", "J47", "J57", "J142"):
        found = value_set(key)
        assert found.source and found.version and found.systems


def test_types_are_the_published_114_and_the_usual_ones_have_a_class() -> None:
    types = [code for codes in value_set("J07").systems.values() for code in codes]
    assert len(types) == 114
    labelled = [code for code in types if (found := type_of(code)) and found.display]
    assert [code for code in labelled if class_of(code) is None] == []
    assert class_of("51851-4") is not None


def test_class_of_type() -> None:
    prescription, report = class_of("57833-6"), class_of("11502-2")
    assert prescription and (prescription.code, prescription.display) == ("42", "Prescription")
    assert report and (report.code, report.system) == ("10", "1.2.250.1.213.1.1.4.1")
    imaging = class_of("18748-4")
    assert imaging and imaging.code == "31"
    assert class_of("00000-0") is None


def test_type_of_gives_system_and_label() -> None:
    found = type_of("60591-5")
    assert found and (found.system, found.display) == ("2.16.840.1.113883.6.1", "Synthèse médicale")
    french = type_of("CERT_DECL")
    assert french and french.system == "1.2.250.1.213.1.1.4.12"


def test_format_by_template_then_by_media_type() -> None:
    assert format_of(["2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.39"]).code == "urn:ihe:pharm:pre:2010"  # type: ignore[union-attr]
    vsm = format_of(["1.2.250.1.213.1.1.1.13"])
    assert vsm and vsm.system == "1.2.250.1.213.1.1.4.2.282"
    pdf = format_of(["1.3.6.1.4.1.19376.1.2.20"], "application/pdf")
    assert pdf and pdf.code == "urn:ihe:iti:xds-sd:pdf:2008"
    assert format_of(["1.2.3"]) is None


def test_specialities_by_code_or_by_shape() -> None:
    j01 = value_set("J01")
    assert j01.contains("G15_10/SM26", "1.2.250.1.213.1.1.4.5")
    assert j01.contains("G15_10/C33")
    assert not j01.contains("G99")
    assert not j01.contains("ZZZ", "1.2.250.1.213.1.1.4.5")


def test_confidentiality() -> None:
    flag = confidentiality("MASQUE_PS")
    assert flag and flag.system == "1.2.250.1.213.1.1.4.13"
    assert confidentiality("X") is None


def test_sets_of_the_header_are_whole() -> None:
    sizes = {"J02": 69, "J04": 12, "J07": 114, "J08": 6, "J47": 10, "J140": 6, "J141": 2, "J142": 8}
    sizes |= {"J143": 3, "J144": 7, "J245": 2, "J246": 6}
    for key, size in sizes.items():
        found = value_set(key)
        assert sum(len(codes) for codes in found.systems.values()) == size, key
        assert not found.open and not found.may_contain("x")


def test_the_set_held_in_part_says_so() -> None:
    j01 = value_set("J01")
    assert j01.open
    assert j01.may_contain("G15_99/XY1") and not j01.contains("G15_99/XY1")
    for refused in ("G15_10/SCH10", "G15_10/SCH16"):  # the official tool refuses them
        assert not j01.contains(refused) and not j01.may_contain(refused)
    assert not j01.may_contain("G99")
    assert j01.contains("ANY_THING", "1.2.250.1.213.1.1.4.6") and not j01.contains("ANY_THING")
