"""Each rule has a document that passes and a seeded defect that fails that rule and no other error rule."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from schemas.cda import DocumentSpec, Header, PrescriptionSpec, build_document, build_prescription, judge
from schemas.cda.verdict import ALL_RULES
from schemas.finding import Severity, errors
from schemas.messages import catalogue
from schemas.xml import Element
from tests.schemas.cda.mutation import mutations

H = {"h": "urn:hl7-org:v3"}
Edit = Callable[[Element], None]
C = "/h:ClinicalDocument"
PATIENT = f"{C}/h:recordTarget/h:patientRole"
ACT = f"{C}/h:documentationOf[1]/h:serviceEvent"
ENCOUNTER = f"{C}/h:componentOf/h:encompassingEncounter"
LINE = "//h:substanceAdministration"
SECTION = "//h:section[h:templateId/@root='1.2.250.1.213.1.1.2.{}']"


def put(xpath: str, name: str, value: str) -> Edit:
    """Set an attribute on the first element found."""

    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].set(name, value)

    return edit


def unset(xpath: str, name: str) -> Edit:
    def edit(root: Element) -> None:
        del root.xpath(xpath, namespaces=H)[0].attrib[name]

    return edit


def drop(xpath: str) -> Edit:
    """Remove every element found."""

    def edit(root: Element) -> None:
        found = root.xpath(xpath, namespaces=H)
        assert found, xpath
        for element in found:
            element.getparent().remove(element)

    return edit


def say(xpath: str, text: str) -> Edit:
    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].text = text

    return edit


def twice(xpath: str) -> Edit:
    """Repeat an element right after itself."""

    def edit(root: Element) -> None:
        found = root.xpath(xpath, namespaces=H)[0]
        found.addnext(etree.fromstring(etree.tostring(found)))

    return edit


def after(xpath: str, xml: str) -> Edit:
    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].addnext(
            etree.fromstring(xml.replace(">", ' xmlns="urn:hl7-org:v3">', 1))
        )

    return edit


def before(xpath: str, xml: str) -> Edit:
    def edit(root: Element) -> None:
        element = etree.fromstring(xml.replace(">", ' xmlns="urn:hl7-org:v3">', 1))
        root.xpath(xpath, namespaces=H)[0].addprevious(element)

    return edit


def both(*edits: Edit) -> Edit:
    def edit(root: Element) -> None:
        for one in edits:
            one(root)

    return edit


AUTHENTICATOR = (
    "<authenticator><time value='20261124093000+0000'/><signatureCode code='S'/><assignedEntity>"
    "<id root='1.2.3' extension='x'/></assignedEntity></authenticator>"
)
INFORMANT = (
    "<informant><relatedEntity classCode='{}'>"
    "<code code='{}' displayName='x' codeSystem='2.16.840.1.113883.5.111'/></relatedEntity></informant>"
)
RECIPIENT = (
    "<informationRecipient><intendedRecipient><id root='1.2.250.1.71.4.2.1'/></intendedRecipient>"
    "</informationRecipient>"
)
PARTICIPANT = (
    "<participant typeCode='{}'><time nullFlavor='NAV'/><associatedEntity classCode='PROV'/></participant>"
)
MIXED_ADDRESS = "<addr><streetAddressLine>x</streetAddressLine><city>y</city></addr>"
CONSENT = "<authorization><consent><statusCode code='completed'/></consent></authorization>"
RELATED = "<relatedDocument typeCode='{}'><parentDocument><id root='{}'/></parentDocument></relatedDocument>"

ON_LEVEL_1: list[tuple[str, Edit]] = [
    ("CDA-XSD-01", after(f"{C}/h:title", "<subtitle>x</subtitle>")),
    ("CDA-XSD-01", both(drop(f"{C}/h:title"), after(f"{C}/h:effectiveTime", "<title>x</title>"))),
    ("CDA-XSD-01", put(C, "color", "red")),
    ("CDA-HDR-01", put(f"{C}/h:realmCode", "code", "US")),
    ("CDA-HDR-01", drop(f"{C}/h:realmCode")),
    ("CDA-HDR-02", put(f"{C}/h:typeId", "extension", "POCD_HD000041")),
    ("CDA-HDR-03", drop(f"{C}/h:templateId[@root='2.16.840.1.113883.2.8.2.1']")),
    ("CDA-HDR-04", drop(f"{C}/h:templateId[@root='1.2.250.1.213.1.1.1.1']")),
    ("CDA-HDR-06", drop(f"{C}/h:id")),
    ("CDA-HDR-06", put(f"{C}/h:id", "root", "0be24ec5-f2dc-44eb-8a14-4a83d1e0ff71")),
    ("CDA-HDR-06", put(f"{C}/h:id", "root", "1.02.3")),
    ("CDA-HDR-07", unset(f"{C}/h:code", "displayName")),
    ("CDA-HDR-07", drop(f"{C}/h:code")),
    ("CDA-JDV-07", put(f"{C}/h:code", "code", "99999-9")),
    ("CDA-JDV-07", put(f"{C}/h:code", "codeSystem", "1.2.3")),
    ("CDA-HDR-08", say(f"{C}/h:title", " ")),
    ("CDA-HDR-09", put(f"{C}/h:effectiveTime", "value", "20261324")),
    ("CDA-HDR-09", drop(f"{C}/h:effectiveTime")),
    ("CDA-HDR-10", put(f"{C}/h:confidentialityCode", "code", "X")),
    ("CDA-HDR-11", put(f"{C}/h:languageCode", "code", "fr")),
    ("CDA-HDR-12", drop(f"{C}/h:setId")),
    ("CDA-HDR-13", put(f"{C}/h:versionNumber", "value", "1.0")),
    ("CDA-HDR-14", put(C, "classCode", "DOC")),
    ("CDA-HDR-15", twice(f"{C}/h:component")),
    ("CDA-REL-01", after(f"{C}/h:documentationOf", RELATED.format("RPLC", "x"))),
    ("CDA-EXT-01", put(f"{C}/h:setId", "root", "1.2.250.1.999.1.1.7")),
    ("CDA-EXT-01", after(f"{C}/h:documentationOf", RELATED.format("RPLC", "1.2.250.1.999.1.1.7"))),
    ("CDA-EXT-02", put(f"{C}/h:code", "displayName", "Analyses")),
    ("CDA-EXT-03", put(f"{C}/h:effectiveTime", "value", "20261124")),
    ("CDA-EXT-04", put(f"{C}/h:confidentialityCode", "code", "R")),
    ("CDA-EXT-05", put(f"{C}/h:versionNumber", "value", "0")),
    ("CDA-EXT-06", after(f"{C}/h:documentationOf", RELATED.format("APND", "1.2.3"))),
    ("CDA-EXT-07", put(C, "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "a b")),
    ("CDA-EXT-08", put(f"{C}/h:author/h:time", "value", "20270101000000+0000")),
    ("CDA-EXT-09", put(f"{C}/h:legalAuthenticator/h:time", "value", "20261124093000+000")),
    ("CDA-PAT-01", twice(f"{C}/h:recordTarget")),
    ("CDA-PAT-02", unset(f"{PATIENT}/h:id[1]", "extension")),
    ("CDA-PAT-02", drop(f"{PATIENT}/h:id")),
    ("CDA-PAT-05", drop("//h:given[@qualifier='BR']")),
    ("CDA-PAT-05", drop("//h:birthplace")),
    ("CDA-PAT-06", drop(f"{PATIENT}/h:patient/h:name")),
    ("CDA-PAT-07", after(f"{PATIENT}/h:patient/h:name/h:family", "<family qualifier='SP'>X</family>")),
    ("CDA-PAT-08", after(f"{PATIENT}/h:patient/h:name/h:family", "<given qualifier='SP'>X</given>")),
    ("CDA-PAT-09", both(*[after(f"{PATIENT}/h:patient/h:name/h:family", "<prefix>M</prefix>")] * 2)),
    ("CDA-PAT-10", put("//h:administrativeGenderCode", "code", "U")),
    ("CDA-PAT-11", put("//h:birthTime", "value", "1979-03-28")),
    ("CDA-PAT-12", say("//h:county", "PARIS")),
    ("CDA-PAT-13", before(f"{PATIENT}/h:telecom", MIXED_ADDRESS)),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "value", "0102030405")),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "use", "XX")),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "nullFlavor", "UNK")),
    ("CDA-PAT-18", put(f"{PATIENT}/h:id[1]", "extension", "279035121518900")),
    ("CDA-PAT-18", put(f"{PATIENT}/h:id[1]", "extension", "2790351215189")),
    ("CDA-PAT-19", both(
        put(f"{PATIENT}/h:id[1]", "root", "1.2.3"), put(f"{PATIENT}/h:id[1]", "extension", "297022A02077878")
    )),
    ("CDA-PAT-20", put(f"{PATIENT}/h:id[1]", "root", "1.2.250.1.213.1.4.8")),
    ("CDA-PAT-21", put("//h:birthTime", "value", "19790231")),
    ("CDA-AUT-01", drop(f"{C}/h:author")),
    ("CDA-AUT-01", drop(f"{C}/h:author/h:time")),
    ("CDA-AUT-02", unset(f"{C}/h:author//h:id", "extension")),
    ("CDA-AUT-03", put(f"{C}/h:author//h:code", "code", "G99")),
    ("CDA-AUT-03B", unset(f"{C}/h:author//h:code", "displayName")),
    ("CDA-AUT-04", drop(f"{C}/h:author//h:family")),
    ("CDA-AUT-05", say(f"{C}/h:author//h:prefix", "Mr")),
    ("CDA-AUT-06", before(f"{C}/h:author/h:time", "<functionCode code='ZZZ'></functionCode>")),
    ("CDA-AUT-07", put(f"{C}/h:author//h:representedOrganization/h:id", "root", "1.2.3")),
    ("CDA-AUT-08", put(f"{C}/h:author/h:assignedAuthor/h:id", "extension", "12")),
    ("CDA-CUS-01", put("//h:representedCustodianOrganization/h:id", "root", "1.2.3")),
    ("CDA-CUS-01", drop(f"{C}/h:custodian")),
    ("CDA-CUS-02", drop("//h:representedCustodianOrganization/h:name")),
    ("CDA-LEG-01", put(f"{C}/h:legalAuthenticator/h:signatureCode", "code", "X")),
    ("CDA-LEG-01", drop(f"{C}/h:legalAuthenticator")),
    ("CDA-LEG-02", unset(f"{C}/h:legalAuthenticator//h:id", "extension")),
    ("CDA-ATN-01", after(f"{C}/h:legalAuthenticator", AUTHENTICATOR)),
    ("CDA-INF-01", after(f"{C}/h:author", INFORMANT.format("XX", "SIS"))),
    ("CDA-INF-01", after(f"{C}/h:author", INFORMANT.format("ECON", "ZZZ"))),
    ("CDA-REC-01", after(f"{C}/h:custodian", RECIPIENT)),
    ("CDA-PAR-01", after(f"{C}/h:legalAuthenticator", PARTICIPANT.format("ENT"))),
    ("CDA-AE-01", put("//h:standardIndustryClassCode", "code", "ZZZ")),
    ("CDA-SRV-01", drop(f"{C}/h:documentationOf")),
    ("CDA-SRV-02", twice(f"{ACT}/h:performer")),
    ("CDA-SRV-02", drop(f"{ACT}/h:performer")),
    ("CDA-SRV-03", drop(f"{ACT}/h:effectiveTime/h:low")),
    ("CDA-SRV-04", drop("//h:standardIndustryClassCode")),
    ("CDA-SRV-05", unset(f"{ACT}/h:code", "codeSystem")),
    ("CDA-SRV-06", after(f"{ACT}/h:effectiveTime/h:low", "<high value='20200101'></high>")),
    ("CDA-ENC-01", drop(f"{C}/h:componentOf")),
    ("CDA-ENC-01", after(f"{ENCOUNTER}/h:effectiveTime/h:low", "<high value='20200101'></high>")),
    ("CDA-ENC-02", drop("//h:healthCareFacility/h:code")),
    ("CDA-ENC-05", put("//h:healthCareFacility/h:code", "code", "SA99")),
    ("CDA-ENC-05", put(f"{ENCOUNTER}/h:code", "code", "ZZZ")),
    ("CDA-CON-01", after(f"{C}/h:documentationOf", CONSENT)),
    ("CDA-DT-02", put(f"{C}/h:author//h:representedOrganization/h:id", "root", "abc")),
    ("CDA-DT-03", put(f"{ACT}/h:code", "nullFlavor", "UNK")),
    ("CDA-DT-06", say(f"{C}/h:author//h:given", "")),
    ("CDA-DT-07", put(f"{PATIENT}/h:addr", "nullFlavor", "NA")),
    ("CDA-L1-02", put(f"{C}/h:templateId[3]", "root", "1.2.250.1.213.1.1.1.55")),
    ("CDA-L1-03", unset("//h:nonXMLBody/h:text", "representation")),
    ("CDA-L1-03", say("//h:nonXMLBody/h:text", "ceci n'est pas du base64")),
    ("CDA-L1-04", put("//h:nonXMLBody/h:text", "mediaType", "text/html")),
    ("CDA-L1-05", say("//h:nonXMLBody/h:text", "aGVsbG8=")),
    ("CDA-L1-06", say("//h:nonXMLBody/h:text", "JVBERi0xLjQK")),
]  # fmt: skip

ON_PRESCRIPTION: list[tuple[str, Edit]] = [
    ("CDA-HDR-05", drop(f"{C}/h:templateId[position() > 2]")),
    ("CDA-DT-08", put("//h:content[@ID='med-002-ALD']", "ID", "med-001-ALD")),
    ("CDA-MOD-02", drop(f"{C}/h:templateId[@root='1.2.250.1.213.1.1.1.39']")),
    ("CDA-MOD-01", put(f"{C}/h:code", "code", "57828-6")),
    ("CDA-EP-H3", drop(f"{PATIENT}/h:telecom")),
    ("CDA-EP-H4", drop(f"{C}/h:author/h:assignedAuthor/h:code")),
    ("CDA-EP-H4", drop(f"{C}/h:author//h:representedOrganization/h:name")),
    ("CDA-EP-H5", drop(f"{ACT}/h:effectiveTime/h:high")),
    ("CDA-MOD-04", unset(f"{C}/h:templateId[@root='1.2.250.1.213.1.1.1.39']", "extension")),
    ("CDA-EP-02", put(f"{ACT}/h:id", "extension", "abc")),
    ("CDA-EP-03", drop(SECTION.format(223) + "/..")),
    ("CDA-EP-03", drop(f"{ACT}/h:id")),
    ("CDA-EP-04", say("//h:observationMedia[@ID='code-2d']/h:value", "aGVsbG8=")),
    ("CDA-EP-04B", put("//h:observationMedia[@ID='code-2d']/h:value", "mediaType", "image/jpeg")),
    ("CDA-EP-05", put(f"{ACT}/h:id", "extension", "01AAAAAAAAAAAAAAAA")),
    ("CDA-EP-06", drop(SECTION.format(243) + "/..")),
    ("CDA-EP-06", say(SECTION.format(243) + "/h:title", "Copie")),
    ("CDA-EP-06", say("//h:observationMedia[@ID='doc-pdf']/h:value", "aGVsbG8=")),
    ("CDA-EP-07", put(f"{ACT}/h:effectiveTime/h:low", "value", "20261101093000+0000")),
    ("CDA-EP-08", put(f"{C}/h:documentationOf[2]/h:serviceEvent/h:code", "code", "MED-0000")),
    ("CDA-EP-09", twice(f"{C}/h:author")),
    ("CDA-EP-11", put(f"{LINE}/h:text/h:reference", "value", "#nope")),
    ("CDA-EP-11B", put("//h:observation/h:text/h:reference", "value", "#nope")),
    ("CDA-EP-12", drop(f"({LINE})[1]/h:entryRelationship[h:observation/h:code/@code='MED-574']")),
    ("CDA-EP-12", twice(f"({LINE})[1]/h:entryRelationship[h:observation/h:code/@code='GEN-179']")),
    ("CDA-EP-12B", drop(f"({LINE})[1]/h:entryRelationship[h:observation/h:code/@code='GEN-295']")),
    ("CDA-EP-13", drop(f"({LINE})[2]//h:act/h:code/h:originalText")),
    ("CDA-EP-13", say("//h:content[@ID='med-002-substitution']", "")),
    (
        "CDA-EP-14",
        put("//h:observation[h:code/@code='MED-574'][h:value/@value='true']/h:value", "value", "false"),
    ),
    ("CDA-EP-B1", drop(SECTION.format(171) + "/..")),
    ("CDA-EP-B3", put(SECTION.format(171) + "/h:code", "code", "57833-6")),
    ("CDA-EP-B3", drop(SECTION.format(171) + "/h:templateId[@root='1.2.250.1.213.1.1.2.171']")),
    ("CDA-EP-M1", drop(f"({LINE})[1]/h:templateId[@root='1.3.6.1.4.1.19376.1.5.3.1.4.7.1']")),
    ("CDA-EP-M4", put(LINE, "moodCode", "EVN")),
    ("CDA-EP-M4", drop(f"({LINE})[1]/h:id")),
    ("CDA-EP-M4", put(f"{LINE}/h:statusCode", "code", "active")),
    ("CDA-EP-M8", put(f"{LINE}/h:effectiveTime/h:high", "value", "20200101")),
    ("CDA-EP-M9", drop(f"({LINE})[1]/h:repeatNumber")),
    ("CDA-EP-M13", put("//h:manufacturedMaterial/h:code", "codeSystem", "1.2.3")),
    ("CDA-EP-M13", drop(f"({LINE})[1]/h:consumable")),
    ("CDA-EP-M15", put("//h:act/h:code", "code", "E")),
    ("CDA-EP-M18", put("//h:observation[h:code/@code='MED-574']/h:value", "value", "non")),
    ("CDA-EP-M19", unset("//h:supply/h:quantity", "value")),
    ("CDA-XSD-03", put("//h:renderMultiMedia", "referencedObject", "nope")),
]

# What another rule rightly says of the same defect
FOLLOWS = {"CDA-HDR-05": {"CDA-MOD-02"}}
RULES = {rule.id: rule for rules in ALL_RULES for rule in rules.rules.values()}


def changed(data: bytes, edit: Edit) -> bytes:
    root = etree.fromstring(data)
    edit(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def check(data: bytes, rule: str, edit: Edit) -> None:
    assert rule not in {finding.rule for finding in judge(data)}
    found = judge(changed(data, edit))
    expected = {rule, *FOLLOWS.get(rule, ())} if RULES[rule].keyword.severity is Severity.ERROR else set()
    assert rule in {finding.rule for finding in found}
    # what the schema refuses too, it says besides the rule that says it better
    assert {finding.rule for finding in errors(found)} - {"CDA-XSD-01"} == expected - {"CDA-XSD-01"}
    seen = next(finding for finding in found if finding.rule == rule)
    assert seen.where.startswith("/ClinicalDocument") and seen.line and seen.expected is not None


@pytest.mark.parametrize(("rule", "edit"), ON_LEVEL_1, ids=[rule for rule, _ in ON_LEVEL_1])
def test_level_1_defects(level1: bytes, rule: str, edit: Edit) -> None:
    check(level1, rule, edit)


@pytest.mark.parametrize(("rule", "edit"), ON_PRESCRIPTION, ids=[rule for rule, _ in ON_PRESCRIPTION])
def test_prescription_defects(prescription_spec: PrescriptionSpec, rule: str, edit: Edit) -> None:
    check(build_prescription(replace(prescription_spec, types=("MED-1096",))), rule, edit)


def test_what_we_write_has_no_error(header: Header, prescription_spec: PrescriptionSpec) -> None:
    for kind in ("lettre", "lettre-liaison", "cr-bio", "vsm", "cr-imagerie", "certificat", "adressage"):
        assert judge(build_document(DocumentSpec(header, kind, b"%PDF-1.4 pdfaid"))) == []
    assert judge(build_prescription(prescription_spec)) == []
    assert judge(build_prescription(replace(prescription_spec, epu_id=None, valid_until=None))) == []
    replaced = replace(header, replaces="1.2.3.4", version=2, recipients=(header.author,))
    assert judge(build_document(DocumentSpec(replaced, "lettre", b"%PDF-1.4 pdfaid"))) == []


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "CDA-XML-01"),
        (b"<ClinicalDocument", "CDA-XML-01"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "CDA-XML-01"),
        (b"<a/>", "CDA-XML-02"),
        (b"<ClinicalDocument/>", "CDA-XML-02"),
    ],
)
def test_a_root_cause_stands_alone(data: bytes, rule: str) -> None:
    assert [finding.rule for finding in judge(data)] == [rule]


def test_encoding_and_mark(level1: bytes) -> None:
    assert [finding.rule for finding in judge(b"\xef\xbb\xbf" + level1)] == ["CDA-XML-03"]
    latin = etree.tostring(etree.fromstring(level1), xml_declaration=True, encoding="ISO-8859-1")
    assert [finding.rule for finding in judge(latin)] == ["CDA-XML-04"]


def test_unknown_model_is_said(prescription: bytes) -> None:
    text = prescription
    for root in (b"1.2.250.1.213.1.1.1.39", b"1.3.6.1.4.1.19376.1.9.1.1.1"):
        text = text.replace(
            b'templateId root="' + root, b'templateId root="1.2.250.1.999.' + root.rpartition(b".")[2]
        )
    text = text.replace(
        b'<code code="57833-6" displayName="Prescription de produits', b'<code code="57828-6" displayName="P'
    )
    assert [finding.rule for finding in errors(judge(text))] == []
    assert "CDA-XML-05" in {finding.rule for finding in judge(text)}


def test_not_deep_decodes_no_picture(prescription: bytes) -> None:
    garbled = changed(prescription, say("//h:observationMedia[@ID='code-2d']/h:value", "aGVsbG8="))
    assert errors(judge(garbled, deep=False)) == []


def test_every_rule_is_seeded_and_has_its_words() -> None:
    seeded = {rule for rule, _ in (*ON_LEVEL_1, *ON_PRESCRIPTION)} | {f"CDA-XML-0{n}" for n in range(1, 6)}
    seeded |= {one.rule for one in mutations()} | {"CDA-MOD-03", "CDA-MOD-05", "CDA-JDV-OPEN"}  # test_models
    assert set(RULES) - seeded == set()
    for rule in RULES:
        entry = catalogue()[rule]
        assert entry["fr"] and entry["en"] and entry["action_fr"] and entry["action_en"], rule


def test_clean_official_documents_have_no_error(samples: Path) -> None:
    documents = sorted(samples.glob("*.xml"))
    assert len(documents) >= 40
    wrong = {path.name: errors(judge(path.read_bytes())) for path in documents}
    assert {name: [finding.rule for finding in found] for name, found in wrong.items() if found} == {}
