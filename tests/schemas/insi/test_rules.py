"""Each rule passes on a sound request and alone fails on its own defect."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.insi import RULES
from schemas.insi.names import ACTION_CARD, BY_CARD, content_type
from schemas.messages import action, catalogue

from .conftest import NOW, Judge

UUID = "7a1f3a52-3a5e-4ef5-9b6c-1b0f2b1c9d0"
ASSERTION = (
    '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
    '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Subject>'
    '<NameID NameQualifier="%s">8997</NameID>'
    "</Subject></Assertion></wsse:Security></soap:Header>"
)
PSC, CPS = ASSERTION % "PSC", ASSERTION % "CPS"

REWRITTEN = [
    ("INSI-XML-01", "RECSANSVITALE", "RECHERCHE"),
    ("INSI-ACTION-01", "rechercherInsAvecTraitsIdentite<", "rechercherInsAvecCarteVitale<"),
    ("INSI-MSG-01", f"<wsa:MessageID>uuid:{UUID}2</wsa:MessageID>", ""),
    ("INSI-MSG-02", "uuid:7a1f", "urn:uuid:7a1f"),
    ("INSI-LPS-01", '<ctxlps:IDAM R="4">', '<ctxlps:IDAM R="2">'),
    ("INSI-LPS-02", "urn:lps:reference_lps:1.0", "reference_lps"),
    ("INSI-LPS-03", "SIMU0001", "FAKE-IDAM"),
    ("INSI-BAM-01", 'ContexteBAM Version="01_02"', 'ContexteBAM Version="01_01"'),
    ("INSI-BAM-01", "<ctxbam:COUVERTURE></ctxbam:COUVERTURE>", "<ctxbam:Couverture></ctxbam:Couverture>"),
    ("INSI-LPS-01", f"<ctxlps:Instance>{UUID}1</ctxlps:Instance>", ""),
    ("INSI-LPS-01", "<ctxlps:LPS>", "<ctxlps:LPS><ctxlps:Nom>urn:lps:a:1</ctxlps:Nom>"),
    ("INSI-CORPS-01", "<r:Sexe>F</r:Sexe>", "<r:Sexe>F</r:Sexe><r:Autre/>"),
    ("INSI-CORPS-01", "<r:LieuNaissance>63220</r:LieuNaissance>", "<LieuNaissance>63220</LieuNaissance>"),
    ("INSI-TRAITS-01", "<r:Sexe>F</r:Sexe>", ""),
    ("INSI-TRAITS-02", "<r:Prenom>ZOE</r:Prenom>", "<r:Prenom>Zoé</r:Prenom>"),
    ("INSI-TRAITS-02", "D'ADRUN-TEST", "ADRUN  TEST"),
    ("INSI-TRAITS-03", "1975-12-31", "31/12/1975"),
    ("INSI-TRAITS-03", "63220", "6322"),
    ("INSI-AUTH-02", "</soap:Header>", PSC),
]
AROUND: list[tuple[str, dict[str, Any]]] = [
    ("INSI-HTTP-01", {"content_type": "text/xml; charset=utf-8"}),
    ("INSI-MSG-03", {"reused": ("/Envelope/Header/MessageID",)}),
    ("INSI-CTX-01", {"now": NOW + timedelta(hours=2)}),
    ("INSI-AUTH-01", {"common_name": "cabinet.test.banc"}),
    ("INSI-AUTH-01", {"common_name": None}),
]


def test_sound_request_has_no_finding(sound: bytes, judged: Judge) -> None:
    assert judged(sound) == []


@pytest.mark.parametrize(("rule", "before", "after"), REWRITTEN)
def test_one_defect_one_rule(rule: str, before: str, after: str, sound: bytes, judged: Judge) -> None:
    spoilt = sound.decode().replace(before, after)
    assert spoilt != sound.decode()
    assert {finding.rule for finding in judged(spoilt.encode())} == {rule}


@pytest.mark.parametrize(("rule", "around"), AROUND)
def test_one_defect_around_one_rule(rule: str, around: dict[str, Any], sound: bytes, judged: Judge) -> None:
    assert {finding.rule for finding in judged(sound, **around)} == {rule}


def test_schema_findings_say_what_was_expected(sound: bytes, judged: Judge) -> None:
    (found,) = judged(sound.replace(b"<r:Sexe>F</r:Sexe>", b"<r:Sexe>F</r:Sexe><r:Prenom>ZOE</r:Prenom>"))
    assert (found.rule, found.observed) == ("INSI-CORPS-01", "Prenom")
    assert found.where == "/Envelope/Body/RECSANSVITALE/Prenom[2]"
    assert found.expected == "DateNaissance | LieuNaissance"
    (found,) = judged(sound.replace(f"<ctxlps:Instance>{UUID}1</ctxlps:Instance>".encode(), b""))
    assert (found.rule, found.observed, found.expected) == ("INSI-LPS-01", "Nom", "Instance")
    (found,) = judged(sound.replace(b'IDAM R="4"', b'IDAM R="2"'))
    assert (found.where, found.observed, found.expected) == (
        "/Envelope/Header/ContexteLPS/LPS/IDAM/@R",
        "2",
        "4",
    )


def card_request(sound: bytes, body: str) -> bytes:
    text = sound.decode().replace("rechercherInsAvecTraitsIdentite", "rechercherInsAvecCarteVitale")
    start, end = text.index("<r:RECSANSVITALE"), text.index("</soap:Body>")
    return f'{text[:start]}<v:RECVITALE xmlns:v="{BY_CARD}">{body}</v:RECVITALE>{text[end:]}'.encode()


NUMBER = "<v:NumIdentifiant>2970299999008</v:NumIdentifiant><v:Cle>{}</v:Cle>"
CARD = f"<v:MatriculeIndividu>{NUMBER}</v:MatriculeIndividu><v:RangNaissance>1</v:RangNaissance>"


def test_card_request(sound: bytes, judged: Judge) -> None:
    by_card = {"content_type": content_type(ACTION_CARD)}
    assert judged(card_request(sound, CARD.format("78")), **by_card) == []
    (found,) = judged(card_request(sound, CARD.format("7")), **by_card)
    assert (found.rule, found.observed, found.expected) == ("INSI-CORPS-01", "7", "[0-9]{2}")
    (found,) = judged(card_request(sound, CARD.format("78") + "<v:Sexe>F</v:Sexe>"), **by_card)
    assert (found.rule, found.observed) == ("INSI-CORPS-01", "Sexe")


def test_other_namespaces_may_mark_a_context(sound: bytes, judged: Judge) -> None:
    """A stack that signs or targets a header block adds attributes of its own namespaces."""
    marked = b'ContexteLPS xmlns:wsu="urn:wsu" wsu:Id="_7" soap:mustUnderstand="1" Nature'
    assert judged(sound.replace(b"ContexteLPS Nature", marked)) == []


def test_assertion_of_a_person(sound: bytes, judged: Judge) -> None:
    psc = sound.replace(b"</soap:Header>", PSC.encode())
    assert judged(psc, common_name=None) == []
    unsigned = sound.replace(b"</soap:Header>", CPS.encode())
    assert {finding.rule for finding in judged(unsigned, common_name=None)} == {"INSI-AUTH-03"}


@pytest.mark.parametrize("born", ["1975-00-00", "1975-20-12", "1975-42-31"])
def test_lunar_dates_are_accepted(born: str, sound: bytes, judged: Judge) -> None:
    assert judged(sound.replace(b"1975-12-31", born.encode())) == []


@pytest.mark.parametrize("name", ["DE LA TOUR", "'T HOOFT", "ADR--TEST", "O'NEIL-TEST"])
def test_allowed_names(name: str, sound: bytes, judged: Judge) -> None:
    assert judged(sound.replace(b"D'ADRUN-TEST", name.encode())) == []


def test_missing_contexts(sound: bytes, judged: Judge) -> None:
    text = sound.decode()
    start, end = text.index("<ctxbam:ContexteBAM"), text.index("</ctxbam:ContexteBAM>") + 21
    assert {f.rule for f in judged((text[:start] + text[end:]).encode())} == {"INSI-BAM-01"}
    start, end = text.index("<ctxlps:ContexteLPS"), text.index("</ctxlps:ContexteLPS>") + 21
    assert {f.rule for f in judged((text[:start] + text[end:]).encode())} == {"INSI-LPS-01", "INSI-LPS-03"}


def test_every_rule_is_worded_and_tested() -> None:
    tested = {row[0] for row in REWRITTEN} | {row[0] for row in AROUND} | {"INSI-AUTH-03"}
    assert tested == set(RULES.rules)
    for rule in RULES.rules:
        assert catalogue()[rule]["en"]
        assert action(rule)
        assert action(rule, "en")
