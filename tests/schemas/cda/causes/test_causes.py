"""Each root cause: a document without it, one with it where it is said first, and the errors that follow."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml import etree

from schemas.cda import Header, build_document, judge, read
from schemas.cda.model import DocumentSpec
from schemas.cda.verdict import ALL_RULES
from schemas.finding import Severity, errors

H = {"h": "urn:hl7-org:v3"}
Change = Callable[[bytes], bytes]
PDF = b"%PDF-1.4 pdfaid"
ACCENT = "Compte rendu d'hôpital"


def swap(before: str, after: str) -> Change:
    """Replace a text that is there."""

    def change(data: bytes) -> bytes:
        assert before.encode() in data, before
        return data.replace(before.encode(), after.encode(), 1)

    return change


def titled(data: bytes) -> str:
    start, end = data.index(b"<title>") + 7, data.index(b"</title>")
    return data[:start].decode() + ACCENT + data[end:].decode()


def latin_bytes(data: bytes) -> bytes:
    return titled(data).encode("cp1252")


def said_latin(data: bytes) -> bytes:
    return titled(data).replace("UTF-8", "ISO-8859-1", 1).encode()


def wide(data: bytes) -> bytes:
    return titled(data).replace("UTF-8", "UTF-16", 1).encode("utf-16")


def twice_encoded(data: bytes) -> bytes:
    return titled(data).replace(ACCENT, ACCENT.encode().decode("latin-1")).encode()


def both(*changes: Change) -> Change:
    def change(data: bytes) -> bytes:
        for one in changes:
            data = one(data)
        return data

    return change


INS = 'root="1.2.250.1.213.1.4.10"'
STRUCTURE = 'root="1.2.250.1.71.4.2.2"'
PROFESSIONAL = 'root="1.2.250.1.71.4.2.1"'
OLD_TEMPLATE = '<templateId root="1.3.6.1.4.1.19376.1.2.20"/>'
MODEL = '<templateId root="1.2.250.1.213.1.1.1.39" extension="{}"/>'

ON_LEVEL_1: list[tuple[str, Change]] = [
    ("CDA-CAUSE-01", latin_bytes),
    ("CDA-CAUSE-02", wide),
    ("CDA-CAUSE-03", said_latin),
    ("CDA-CAUSE-04", twice_encoded),
    ("CDA-CAUSE-05", swap("<setId ", '<setId xmlns="" ')),
    ("CDA-CAUSE-05", swap("<setId ", '<setId xmlns="urn:hl7-org:V3" ')),
    ("CDA-CAUSE-06", swap("JVBERi0xLjQK", "JVBERi0xLjQK&#13;\n")),
    ("CDA-CAUSE-06", swap('"B64">', '"B64">data:application/pdf;base64,')),
    ("CDA-CAUSE-06B", swap("JVBERi0xLjQK", "JVBERi0xLjQK\r\n")),
    ("CDA-CAUSE-07", swap(INS, 'root="1.2.250.1.213.1.4"')),
    ("CDA-CAUSE-07", swap(INS, 'root="1.2.250.1.213.1.4.2"')),
    ("CDA-CAUSE-07", swap(INS, 'root="1.2.250.1.213.1.4.100"')),
    ("CDA-CAUSE-08", swap(f"{PROFESSIONAL}", f"{STRUCTURE}")),
    (
        "CDA-CAUSE-08",
        swap(f'{STRUCTURE} extension="499700100011001"', f'{PROFESSIONAL} extension="1750803447"'),
    ),
    ("CDA-CAUSE-09", swap('<birthTime value="19790328"/>', "")),
    ("CDA-CAUSE-10", swap(">51215<", "><")),
    ("CDA-CAUSE-10", swap(">PAT-TROIS<", "><")),
    ("CDA-CAUSE-12", swap('qualifier="BR">PAT-TROIS', 'qualifier="SP">PAT-TROIS')),
    ("CDA-PAT-20", swap(INS, 'root="1.2.250.1.213.1.4.8"')),
]
ON_PRESCRIPTION: list[tuple[str, Change]] = [
    ("CDA-CAUSE-10", swap("<title>Copie du document</title>", "<title/>")),
    ("CDA-CAUSE-11", swap('extension="2024.01"', 'extension="2022.01"')),
    ("CDA-CAUSE-11", swap('extension="2024.01"/>', 'extension="2024.01"/>' + MODEL.format("2022.01"))),
]
RULES = {rule.id: rule for rules in ALL_RULES for rule in rules.rules.values()}


def check(data: bytes, rule: str, change: Change) -> None:
    assert rule not in {finding.rule for finding in judge(data)}
    changed = change(data)
    assert changed != data
    found = judge(changed)
    assert found[0].rule == rule, [finding.rule for finding in found]
    assert found[0].observed and found[0].expected and found[0].line


@pytest.mark.parametrize(("rule", "change"), ON_LEVEL_1, ids=[rule for rule, _ in ON_LEVEL_1])
def test_cause_is_said_first(level1: bytes, rule: str, change: Change) -> None:
    check(level1, rule, change)


@pytest.mark.parametrize(("rule", "change"), ON_PRESCRIPTION, ids=[rule for rule, _ in ON_PRESCRIPTION])
def test_cause_is_said_first_of_a_prescription(prescription: bytes, rule: str, change: Change) -> None:
    check(prescription, rule, change)


def test_every_cause_is_seeded() -> None:
    seeded = {rule for rule, _ in (*ON_LEVEL_1, *ON_PRESCRIPTION)} | {"CDA-CAUSE-14"}
    assert {rule for rule in RULES if rule.startswith("CDA-CAUSE-")} - seeded == set()


def test_wrong_bytes_are_not_called_malformed(level1: bytes) -> None:
    [found] = judge(latin_bytes(level1))
    assert found.rule == "CDA-CAUSE-01" and found.severity is Severity.ERROR
    assert "0xF4" in found.observed and "« ô »" in found.observed
    assert found.line == level1[: level1.index(b"<title>")].count(b"\n") + 1


def test_wide_characters_are_judged_further(level1: bytes) -> None:
    assert [finding.rule for finding in judge(wide(level1))] == ["CDA-CAUSE-02", "CDA-XML-04"]
    lying = titled(level1).encode("utf-16-le")  # says UTF-8, without mark
    assert judge(lying)[0].rule == "CDA-CAUSE-02"
    cut = lying[:-20]  # malformed besides
    assert judge(cut)[0].rule == "CDA-CAUSE-02"


def test_a_lie_about_the_encoding_hides_no_broken_xml(level1: bytes) -> None:
    rules = [finding.rule for finding in judge(said_latin(level1)[:-20])]
    assert rules == ["CDA-CAUSE-03", "CDA-XML-01"]


def test_an_encoding_that_is_not_read_is_said(level1: bytes) -> None:
    told = level1.replace(b"UTF-8", b"UTF-7", 1)
    assert [finding.rule for finding in judge(told)] == ["CDA-XML-04"]


def test_a_mark_hides_no_lie(level1: bytes) -> None:
    rules = [finding.rule for finding in judge(b"\xef\xbb\xbf" + said_latin(level1))]
    assert rules[:2] == ["CDA-XML-03", "CDA-CAUSE-03"]


def test_what_follows_is_kept(level1: bytes) -> None:
    empty = judge(swap(">PAT-TROIS<", "><")(level1))
    assert [finding.rule for finding in empty][:2] == ["CDA-CAUSE-10", "CDA-CAUSE-09"]
    assert {"CDA-PAT-05", "CDA-DT-06"} <= {finding.rule for finding in errors(empty)}


def old(header: Header) -> bytes:
    """The same document in the previous header: SP, no setId, no template of level 1, half the traits."""
    data = build_document(DocumentSpec(replace(header, patient=replace(header.patient)), "lettre", PDF))
    root = etree.fromstring(data)
    for path in ("h:setId", "h:templateId[@root='1.3.6.1.4.1.19376.1.2.20']", "//h:given[not(@qualifier)]"):
        for found in root.xpath(path, namespaces=H)[:1]:
            found.getparent().remove(found)
    name = root.xpath("//h:patient/h:name/h:family", namespaces=H)[0]
    name.addnext(etree.fromstring("<family xmlns='urn:hl7-org:v3' qualifier='SP'>X</family>"))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def test_old_header_by_each_setting(header: Header) -> None:
    data = old(header)
    auto = judge(data)
    assert auto[0].rule == "CDA-CAUSE-12" and not auto[0].is_error
    assert "SP" in auto[0].observed and "setId" in auto[0].observed
    assert {"CDA-PAT-07", "CDA-HDR-12", "CDA-L1-02", "CDA-PAT-05"} <= {f.rule for f in errors(auto)}
    current = judge(data, header="3.0")
    assert {finding.rule for finding in auto} - {finding.rule for finding in current} == {"CDA-CAUSE-12"}
    by_old = judge(data, header="2.41")
    assert errors(by_old) == [] and by_old[0].rule == "CDA-CAUSE-14"


def test_one_missing_thing_is_no_old_header(level1: bytes) -> None:
    root = etree.fromstring(level1)
    for found in root.findall("h:setId", H):
        root.remove(found)
    assert [finding.rule for finding in judge(etree.tostring(root))] == ["CDA-HDR-12"]


def test_unknown_header_is_refused(level1: bytes) -> None:
    with pytest.raises(ValueError, match=r"2\.41"):
        judge(level1, header="4")


def test_signs_need_no_complete_document() -> None:
    document = read(b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>")
    assert document.level == 3
    assert judge(b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>")
