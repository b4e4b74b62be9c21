"""Each rule on the VIHF: nothing to say of a right one, and one seeded defect that only this rule sees."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.finding import Severity
from schemas.messages import catalogue
from schemas.vihf import VihfRequest, read
from schemas.vihf.build import assertion_xml
from schemas.vihf.certificates import AUTHENTICATION, SIGNATURE
from schemas.vihf.model import AIR, DIRECT, INDIRECT, PROFESSIONS, SPECIALITIES, Role
from schemas.vihf.policy import CARD_CONTEXT, Policy
from schemas.vihf.rules import RULES, Presented, judge
from schemas.vihf.signature import SignatureRefused, sign, verify
from schemas.xml import parse

from .conftest import Signers
from .samples import NOW, PATIENT, air, request

Change = Callable[[str], str]


def presented(
    signers: Signers,
    asked: VihfRequest,
    change: Change = lambda text: text,
    pair: str = "cabinet-sign",
    digest: str = "sha256",
    **around: Any,
) -> Presented:
    certificate, key = signers.load(pair)
    text = change(assertion_xml(asked, certificate.subject.rfc4514_string()))
    root = parse(sign(parse(text.encode()), certificate, key, digest))
    signed = verify(root, root)
    tls, _ = signers.load("cabinet-auth")
    base = Presented(
        vihf=read(root),
        now=NOW,
        transaction="TD0.2",
        signature=signed,
        signer_problems=tuple(signers.authorities.problems(certificate, SIGNATURE, NOW)),
        tls_problems=tuple(signers.authorities.problems(tls, AUTHENTICATION, NOW)),
        tls_structure="499700100011001",
        body_patient=PATIENT.matricule,
        homologation="BANC-DMP-0001",
        age=40,
    )
    return replace(base, **around)


@pytest.mark.parametrize(
    "asked",
    [
        request(),
        air(),
        request(mode=DIRECT, subject_id="", authn_context=CARD_CONTEXT),
        request(name_id="499700100011001/42"),
        request(purpose="bris_de_glace", reason="urgence vitale"),
        request(roles=(Role("60", PROFESSIONS),)),
        request(issue_instant=NOW - timedelta(minutes=4), version="4.0"),
    ],
)
def test_right_ones_have_no_finding(signers: Signers, asked: VihfRequest) -> None:
    assert judge(presented(signers, asked)) == []


def test_secret_connection_of_a_minor(signers: Signers) -> None:
    assert judge(presented(signers, request(secret=True), age=12)) == []


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def without(name: str) -> Change:
    def change(text: str) -> str:
        start = text.index(f'<saml2:Attribute Name="{name}"')
        end = text.index("</saml2:Attribute>", start) + len("</saml2:Attribute>")
        return text[:start] + text[end:]

    return change


def twice(text: str) -> str:
    value = "<saml2:AttributeValue>urn:dmp</saml2:AttributeValue>"
    attribute = f'<saml2:Attribute Name="Ressource_URN">{value}</saml2:Attribute>'
    return text.replace("</saml2:AttributeStatement>", attribute + "</saml2:AttributeStatement>")


def obsolete(text: str) -> str:
    value = "<saml2:AttributeValue>10</saml2:AttributeValue>"
    attribute = f'<saml2:Attribute Name="Profession">{value}</saml2:Attribute>'
    return text.replace("</saml2:AttributeStatement>", attribute + "</saml2:AttributeStatement>")


def condition(content: str) -> Change:
    return swap("</saml2:Subject>", f"</saml2:Subject>{content}")


def case(rule: str, asked: VihfRequest | None = None, change: Change = lambda text: text, **more: Any) -> Any:
    return pytest.param(rule, asked or request(), change, more)


CERTIFICATES = {"AC": "unknown-issuer", "EXP": "expired", "FUT": "not-yet-valid", "REV": "revoked"}
LATE = {"now": NOW + timedelta(hours=25)}

DEFECTS = [
    case("VIHF-01", signature=SignatureRefused("digest", "…")),
    case("VIHF-SHA1", digest="sha1"),
    case("VIHF-XSW", signature=SignatureRefused("wrapping", "…")),
    case("VIHF-SHA1R", digest="sha1", policy=Policy(sha1=False)),
    *(
        case(f"VIHF-{which}-{end}", **{f"{field}_problems": (problem,)})
        for which, field in (("02", "signer"), ("TLS-01", "tls"))
        for end, problem in CERTIFICATES.items()
    ),
    case("VIHF-26", signer_kind="person"),
    case("VIHF-26", tls_kind="person"),
    case("VIHF-26", request(mode=DIRECT, authn_context=CARD_CONTEXT), signer_kind="organisation"),
    case("VIHF-23", replayed=True, resent=True),
    case("VIHF-23", replayed=True, policy=Policy(reuse=False)),
    case("VIHF-24", change=swap('AuthnInstant="2026-03-02T09', 'AuthnInstant="2026-03-02T11')),
    case(
        "VIHF-25",
        change=swap('AuthnInstant="2026-03-02T09:30:00.000Z', 'AuthnInstant="2026-03-02T09:30:00+00:00'),
    ),
    case("VIHF-27", request(mode=DIRECT)),
    case("VIHF-28", request(roles=(Role("99", PROFESSIONS),))),
    case("VIHF-02", pair="cabinet-auth"),
    case("VIHF-TLS-01", tls_problems=("wrong-usage",)),
    case("VIHF-TLS-02", tls_structure="1750000029"),
    case("VIHF-03", change=swap("CN=cabinet", "CN=autre")),
    case("VIHF-03", change=swap(",ST=Paris", ",S=Paris")),
    case("VIHF-03", change=swap("nameid-format:X509SubjectName", "nameid-format:unspecified")),
    case("VIHF-04", change=without("Secteur_Activite")),
    case("VIHF-04", change=without("VIHF_Version")),
    case("VIHF-04", change=without("urn:oasis:names:tc:xacml:2.0:subject:role")),
    case("VIHF-04", change=without("urn:oasis:names:tc:xspa:1.0:subject:purposeofuse")),
    case("VIHF-04", change=twice),
    case("VIHF-04", request(version="2.0")),
    case("VIHF-04", request(name_id="")),
    case("VIHF-04", request(patient=None)),
    case("VIHF-05", change=swap("urn:dmp", "urn:mms")),
    case("VIHF-06", change=swap("ISO^NH", "ISO^INS-C")),
    case("VIHF-06", change=swap("1.2.250.1.213.1.4.10", "1.2.3")),
    case("VIHF-06", change=swap("ISO^NH", "ISO^NH^^20260101")),
    case("VIHF-07", body_patient="185026322070188"),
    case("VIHF-08", request(sector="ZZ99")),
    case("VIHF-08", change=swap("SA07^1.2.250.1.71.4.2.4", "SA07")),
    case("VIHF-09", request(roles=(Role("10", PROFESSIONS),))),
    case("VIHF-09", request(roles=(Role("21", PROFESSIONS), Role("x", "1.2.250.1.71.1.2.1")))),
    case("VIHF-09", request(roles=(Role("60", PROFESSIONS),) * 5)),
    case("VIHF-09", request(roles=(Role("", PROFESSIONS),))),
    case("VIHF-09", air(roles=(Role("AUTOMATE", "1.2.250.1.213.1.1.4.6"),))),
    case("VIHF-10", request(mode="CARTE")),
    case("VIHF-10", request(subject_id="")),
    case("VIHF-10", air(authn_decl="")),
    case("VIHF-10", request(authn_decl="APP_BROWSER_AUTH")),
    case("VIHF-10", request(authn_context="")),
    case("VIHF-11", request(purpose="curiosite")),
    case("VIHF-11", request(purpose="bris_de_glace")),
    case("VIHF-12", request(secret=True)),
    case("VIHF-12", request(secret=True), age=18),
    case("VIHF-12", request(secret=True), swap("REPRESENTANTS_LEGAUX", "REP_LEGAUX"), age=12),
    case("VIHF-13", request(homologation="AUTRE")),
    case("VIHF-13", request(lps_version="")),
    case("VIHF-14", **LATE),
    case("VIHF-14", now=NOW - timedelta(hours=25)),
    case(
        "VIHF-14",
        change=swap('IssueInstant="2026-03-02T09:30:00.000Z"', 'IssueInstant="2026-03-02T09:30:00"'),
    ),
    case("VIHF-14W", now=NOW + timedelta(minutes=6)),
    case("VIHF-15", request(id="0a5b")),
    case("VIHF-15", replayed=True),
    case("VIHF-16", request(structure="1750000029", roles=(Role("60", PROFESSIONS),))),
    case("VIHF-17", change=swap("Authentification_Mode", "Authentification_mode")),
    case("VIHF-18", air(name_id="cabinet")),
    case("VIHF-18", request(name_id="cabinet")),
    case("VIHF-18", air(name_id="499700100011001/42")),
    case("VIHF-18", request(name_id="1750000029/42")),
    case("VIHF-19", change=condition('<saml2:Conditions NotOnOrAfter="2026-03-02T09:00:00Z"/>')),
    case("VIHF-19", change=condition('<saml2:Conditions NotBefore="2026-03-02T10:00:00Z"/>')),
    case(
        "VIHF-19",
        change=condition(
            "<saml2:Conditions><saml2:AudienceRestriction><saml2:Audience>dmp</saml2:Audience>"
            "</saml2:AudienceRestriction></saml2:Conditions>"
        ),
    ),
    case("VIHF-20", air(), transaction="TD2.1"),
    case("VIHF-20", request(), transaction="TD3.1"),
    case("VIHF-20", request(), transaction="TD3.2"),
    case("VIHF-21", change=obsolete),
]


@pytest.mark.parametrize(("rule", "asked", "change", "more"), DEFECTS)
def test_a_defect_makes_only_its_rule_fail(
    signers: Signers, rule: str, asked: VihfRequest, change: Change, more: dict[str, Any]
) -> None:
    findings = judge(presented(signers, asked, change, **more))
    assert {finding.rule for finding in findings} == {rule}


def test_conditions_that_hold(signers: Signers) -> None:
    change = condition(
        '<saml2:Conditions NotBefore="2026-03-02T09:29:00Z" NotOnOrAfter="2026-03-02T10:00:00Z"/>'
    )
    assert judge(presented(signers, request(), change)) == []


@pytest.mark.parametrize(
    ("mode", "transaction", "right"),
    [
        (INDIRECT, "TD2.1", True),
        (AIR, "TD3.2", True),
        (AIR, "TD3.1", True),
        (INDIRECT, "TD3.1 références", True),
        (DIRECT, "TD2.1", True),
        (AIR, "TD2.1", False),
    ],
)
def test_rights(signers: Signers, mode: str, transaction: str, right: bool) -> None:
    asked = (
        air()
        if mode == AIR
        else request(mode=mode, **({"authn_context": CARD_CONTEXT} if mode == DIRECT else {}))
    )
    found = {finding.rule for finding in judge(presented(signers, asked, transaction=transaction))}
    assert found == (set() if right else {"VIHF-20"})


def test_corsican_matricule(signers: Signers) -> None:
    from schemas.ins import Ins, key

    stem = "285022B033701"
    corsican = Ins(stem + key(stem))
    asked = request(patient=corsican)
    assert judge(presented(signers, asked, body_patient=corsican.matricule)) == []


def test_wrong_key_of_the_matricule(signers: Signers) -> None:
    from schemas.ins import Ins

    wrong = Ins(PATIENT.matricule[:13] + "00")
    asked = request(patient=wrong)
    found = judge(presented(signers, asked, body_patient=wrong.matricule))
    assert [finding.rule for finding in found] == ["VIHF-06"]


def test_card_name_in_hexadecimal() -> None:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    from schemas.vihf.issuer import same_subject

    subject = x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]),
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.SURNAME, "TEST, L'A")]),
        ]
    )
    der = b"\x0c\x09" + b"TEST, L'A"
    assert same_subject(f"2.5.4.4=#{der.hex()},C=FR", subject)
    assert not same_subject("2.5.4.4=#00zz,C=FR", subject)
    assert not same_subject("nonsense", subject)


def test_every_rule_has_its_words() -> None:
    for rule in RULES.rules:
        assert {"fr", "en", "action_fr", "action_en"} <= set(catalogue()[rule])


def test_severity_follows_the_keyword() -> None:
    weights = {rule.id: rule.keyword.severity for rule in RULES.rules.values()}
    assert weights["VIHF-15"] is Severity.WARNING
    assert weights["VIHF-SHA1"] is Severity.INFO


def test_every_rule_has_a_defect_here() -> None:
    assert {param.values[0] for param in DEFECTS} == set(RULES.rules)


def test_speciality_system_is_the_published_one() -> None:
    assert SPECIALITIES == "1.2.250.1.71.4.2.5"
