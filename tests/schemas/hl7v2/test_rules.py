"""Each rule on the messages to the platform: one message that passes, and what makes it fail alone."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schemas import cda, hl7v2
from schemas.finding import RuleSet
from schemas.hl7v2 import Transmission, identity, understand
from schemas.ins import NIR_TEST, Ins, key

FINESS = "1750000045"
AUTHOR = cda.Person(
    "899700100011",
    family="DESCHAMPS-TEST",
    given="CAMILLE",
    code=cda.Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin"),
    organisation_id=FINESS,
    organisation_name="CENTRE HOSPITALIER DU BANC",
)
STEM = "2550663220700"
INS = Ins(STEM + key(STEM), NIR_TEST)
Segments = list[list[str]]
Change = Callable[[Segments], Segments]


def document(kind: str = "lettre") -> bytes:
    patient = cda.PatientIdentity(
        ins=INS,
        local_ids=(("1.2.250.1.999.1.1", "P1"),),
        birth_name="D'ARC",
        given="JEANNE",
        given_names="JEANNE",
        sex="F",
        birth_date="19550601",
        birth_place="63220",
    )
    header = cda.Header(
        unique_id="1.2.250.1.999.9.1",
        set_id="1.2.250.1.999.9.2",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        patient=patient,
        author=AUTHOR,
        title="Lettre",
    )
    return cda.build_document(cda.DocumentSpec(header, kind, b"%PDF-1.4"))


def msh(structure: str, version: str, profile: str = "") -> list[str]:
    head = [
        "MSH",
        "DPI",
        f"HOPITAL^{FINESS}^L",
        "PFI",
        "",
        "20260101120000",
        "",
        structure,
        "1",
        "T",
        version,
    ]
    return [*head, *[""] * 4, "FRA", "UNICODE UTF-8", "", "", profile]


PID = [
    "PID",
    "1",
    "",
    f"{INS.matricule}^^^INS-NIR&{INS.oid}&ISO^INS",
    "",
    "D'ARC^JEANNE",
    "",
    "19550601",
    "F",
]
PRT = [
    *["PRT", "1", "UC", "", "SB^Send by", "899700100011^DESCHAMPS-TEST^CAMILLE", "", ""],
    f"CENTRE HOSPITALIER DU BANC^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{FINESS}",
]


def flag(code: str, value: str, kind: str) -> list[str]:
    return ["OBX", "2", kind, f"{code}^^MetaDMPMSS", "", f"{value}^^expandedYes-NoIndicator", *[""] * 5, "F"]


def sent(kind: str = "CWE") -> Segments:
    coded = "11488-4^Compte rendu^LN"
    carried = "^text^XML^Base64^" + base64.b64encode(document()).decode()
    obx = ["OBX", "1", "ED", coded, "", carried, *[""] * 5, "F"]
    flags = [flag(code, "N", kind) for code in ("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX")]
    if kind == "CE":
        head = [msh("ORU^R01^ORU_R01", "2.5", "2.1^CISIS_CDA_HL7_V2"), PID, ["PV1", "1", "I"], ["OBR", "1"]]
    else:
        head = [
            msh("MDM^T02^MDM_T02", "2.6", "2.1^CISIS_CDA_HL7_V2"),
            ["EVN"],
            PID,
            ["PV1", "1", "I"],
            ["TXA"],
        ]
    return [*head, obx, PRT, *flags, flag("DESTDMP", "Y", kind)]


def stay(event: str) -> Segments:
    time = "20260101120000"
    visit = ["PV1", "1", "I", *[""] * 41, time, time if event == "A03" else ""]
    zfa = [["ZFA", "ACTIF", time, "", "Y", time]] if event == "A01" else []
    return [msh(f"ADT^{event}^ADT_{event}", "2.5^FRA^2.11"), ["EVN", "", time], PID, visit, *zfa]


def put(name: str, number: int, text: str, *, nth: int = 0) -> Change:
    """Another text in a field of the nth segment of this name."""

    def change(segments: Segments) -> Segments:
        rank = [rank for rank, one in enumerate(segments) if one[0] == name][nth]
        held = [*segments[rank], *[""] * 20]
        held[number - 2 if name == "MSH" else number] = text
        return [*segments[:rank], held, *segments[rank + 1 :]]

    return change


def lacking(name: str, *, nth: int = 0) -> Change:
    def change(segments: Segments) -> Segments:
        rank = [rank for rank, one in enumerate(segments) if one[0] == name][nth]
        return [*segments[:rank], *segments[rank + 1 :]]

    return change


def again(name: str, *, nth: int = 0) -> Change:
    def change(segments: Segments) -> Segments:
        return [*segments, [one for one in segments if one[0] == name][nth]]

    return change


def both(one: Change, other: Change) -> Change:
    return lambda segments: other(one(segments))


def judged(rules: RuleSet[Transmission], segments: Segments) -> list[str]:
    read = understand(hl7v2.read(hl7v2.write(segments)))
    return list(dict.fromkeys(finding.rule for finding in rules.judge(read)))


@pytest.mark.parametrize("kind", ["CE", "CWE"])
def test_a_right_document(kind: str) -> None:
    assert judged(hl7v2.DOCUMENT, sent(kind)) == []


def test_a_right_stay() -> None:
    assert judged(hl7v2.ADMISSION, stay("A01")) == []
    assert judged(hl7v2.DISCHARGE, stay("A03")) == []


YES = "Y^^expandedYes-NoIndicator"


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("HL7-DOC-01", put("MSH", 9, "MDM^T01^MDM_T01")),
        ("HL7-DOC-01", put("MSH", 12, "2.5")),
        ("HL7-DOC-01", put("MSH", 17, "BEL")),
        ("HL7-DOC-01", put("MSH", 18, "")),
        ("HL7-DOC-01", put("MSH", 21, "2.0^CISIS_CDA_HL7_V2")),
        ("HL7-DOC-01", lacking("TXA")),
        ("HL7-DOC-02", put("OBX", 3, "11490-0^Lettre^LN")),
        ("HL7-DOC-02", put("OBX", 3, "11488-4^Compte rendu^L")),
        ("HL7-DOC-02", put("OBX", 5, "^text^XML^Base64^PDF!")),
        ("HL7-DOC-02", put("OBX", 5, "^text^XML^Base64^" + base64.b64encode(b"<a/>").decode())),
        ("HL7-DOC-02", put("OBX", 5, "^text^XML^Base64^" + base64.b64encode(b"%PDF").decode())),
        ("HL7-DOC-02", put("OBX", 11, "P")),
        ("HL7-DOC-02", put("OBX", 2, "ST")),
        ("HL7-DOC-03", put("PID", 3, "P1^^^LPS&1.2.250.1.999.1.1&ISO^PI")),
        ("HL7-DOC-04", again("OBX", nth=3)),
        ("HL7-DOC-04", put("OBX", 3, "MASQUE_PS^^L", nth=1)),
        ("HL7-DOC-04", put("OBX", 2, "CE", nth=1)),
        ("HL7-DOC-04", put("OBX", 5, "O^^expandedYes-NoIndicator", nth=1)),
        ("HL7-DOC-04", put("OBX", 5, "Y", nth=1)),
        ("HL7-DOC-04", put("OBX", 11, "P", nth=1)),
        ("HL7-DOC-06", lacking("OBX", nth=4)),
        ("HL7-DOC-04", again("OBX", nth=4)),
        ("HL7-DOC-05", both(put("OBX", 5, YES, nth=1), put("OBX", 5, YES, nth=2))),
        ("HL7-VIHF-01", put("PRT", 8, "CH^^^^^^^^^2750000045")),
        ("HL7-VIHF-01", put("PRT", 8, "CH^^^^^^^^^1750000046")),
        ("HL7-VIHF-02", put("PRT", 5, "")),
        ("HL7-VIHF-02", put("PRT", 5, "899700100029^LEMOINE-TEST^NOA")),
        ("HL7-VIHF-02", lacking("PRT")),
    ],
)
def test_a_wrong_document(rule: str, change: Change) -> None:
    assert judged(hl7v2.DOCUMENT, change(sent())) == [rule]


def test_a_flag_spelt_as_in_xds() -> None:
    change = put("OBX", 3, "INVISIBLE_REPRESENTANTS_LEGAUX^^MetaDMPMSS", nth=3)
    assert judged(hl7v2.DOCUMENT, change(sent())) == ["HL7-DOC-04", "HL7-DOC-06"]


def test_a_document_of_nobody() -> None:
    assert judged(hl7v2.DOCUMENT, lacking("PID")(sent())) == ["HL7-DOC-01", "HL7-DOC-03"]


def test_a_lacking_participation_leaves_the_facility() -> None:
    assert judged(hl7v2.DOCUMENT, lacking("PRT")(sent())) == ["HL7-VIHF-02"]
    without = both(lacking("PRT"), put("MSH", 4, ""))(sent())
    assert judged(hl7v2.DOCUMENT, without) == ["HL7-VIHF-01", "HL7-VIHF-02"]


def test_a_document_alone_or_for_mssante_may_hold_both() -> None:
    masked = both(put("OBX", 5, YES, nth=1), put("OBX", 5, YES, nth=2))(sent())
    kept = put("OBX", 5, "N^^expandedYes-NoIndicator", nth=4)(masked)
    assert judged(hl7v2.DOCUMENT, kept) == []


def test_the_body_of_a_mail_is_no_flag_to_answer() -> None:
    body = ["OBX", "9", "ED", "CORPSMAIL_PS^^MetaDMPMSS", "", "^TEXT^^Base64^QQ==", *[""] * 5, "F"]
    assert judged(hl7v2.DOCUMENT, [*sent(), body]) == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("HL7-ADT-01", put("MSH", 9, "ADT^A04^ADT_A01")),
        ("HL7-ADT-01", put("MSH", 17, "")),
        ("HL7-ADT-01", put("MSH", 18, "8859/1")),
        ("HL7-ADT-01", lacking("PV1")),
        ("HL7-ADT-01", put("EVN", 2, "hier")),
        ("HL7-ADT-01", put("PV1", 2, "")),
        ("HL7-ADT-01", put("PV1", 44, "")),
        ("HL7-ADT-02", lacking("ZFA")),
        ("HL7-ADT-02", again("ZFA")),
        ("HL7-ADT-02", put("ZFA", 1, "OUVERT")),
        ("HL7-ADT-02", put("ZFA", 2, "")),
        ("HL7-ADT-02", put("ZFA", 4, "")),
    ],
)
def test_a_wrong_admission(rule: str, change: Change) -> None:
    assert judged(hl7v2.ADMISSION, change(stay("A01"))) == [rule]


@pytest.mark.parametrize(
    "change", [put("MSH", 9, "ADT^A01^ADT_A01"), put("PV1", 45, ""), lacking("EVN"), put("EVN", 2, "")]
)
def test_a_wrong_discharge(change: Change) -> None:
    assert judged(hl7v2.DISCHARGE, change(stay("A03"))) == ["HL7-ADT-03"]


def test_who_a_message_is_about() -> None:
    found, traits = identity(hl7v2.read(hl7v2.write(stay("A01"))))
    assert found == INS
    assert traits == {"birth_name": "D'ARC", "given": "JEANNE", "birth_date": "19550601", "sex": "F"}
    assert identity(hl7v2.read(hl7v2.write([msh("ADT", "2.5")]))) == (None, {})
