"""Single defects of a VIHF, as data: which rule sees each, and what the DMP answers."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas import hl7v3
from schemas.finding import Finding
from schemas.ins import Ins
from schemas.vihf import AIR, DIRECT, INDIRECT, Role, VihfRequest, issuer
from schemas.vihf.build import assertion_xml
from schemas.vihf.policy import CARD_CONTEXT, Policy
from schemas.vihf.rules import RULES
from schemas.vihf.signature import sign
from schemas.xml import parse
from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.core.service import Handled
from tests.schemas.vihf.attacks import ATTACKS, Attack, assertion_of

from .conftest import START
from .kit import Kit, Message, body_of, error_of, fault_of

TABLE = Path(__file__).parents[2] / "schemas" / "vihf" / "mutations.toml"
MUTATIONS: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["mutation"]
MODES = {"indirect": INDIRECT, "air": AIR, "direct": DIRECT}
PAIRS = {DIRECT: ("cps-medecin-sign", "cps-medecin-auth")}


def kit_for(pki: Pki, mutation: Mapping[str, Any]) -> Kit:
    settings = dict(mutation.get("policy", {}))
    if "max_age" in settings:
        settings["max_age"] = timedelta(seconds=settings["max_age"])
    for name in ("versions", "air_contexts"):
        if name in settings:
            settings[name] = tuple(settings[name])
    return Kit(pki, Stopped(), options={"vihf": Policy(**settings)})


class Stopped(Clock):
    """Instants are those that the table writes."""

    def __init__(self) -> None:
        super().__init__(START)
        self.moved = timedelta()

    def now(self) -> Any:
        return START + self.moved


def patient_of(kit: Kit, minor: bool) -> Patient:
    people = (kit.population.derive(f"vihf-{rank}") for rank in range(100))
    return next(one for one in people if (START.year - one.birth_date.year < 17) is minor)


def asked(kit: Kit, patient: Patient, mode: str, changes: Mapping[str, Any]) -> VihfRequest:
    given = dict(changes)
    if "roles" in given:
        given["roles"] = tuple(Role(*role.split("^")) for role in given["roles"])
    if "patient" in given:
        given["patient"] = Ins(given["patient"]) if given["patient"] else None
    base = kit.vihf(patient, mode)
    if mode == DIRECT:
        base = replace(base, subject_id="", authn_context=CARD_CONTEXT)
    return replace(base, **{"id": "_vihf-of-the-table", **given})


def signed(kit: Kit, request: VihfRequest, mutation: Mapping[str, Any], pair: str) -> str:
    certificate, key = kit.pki.pair(pair).load()
    text = assertion_xml(request, issuer.written(certificate.subject))
    for old, new in mutation.get("text", ()):
        assert old in text, old
        text = text.replace(old, new)
    written = sign(parse(text.encode()), certificate, key, mutation.get("digest", "sha256")).decode()
    for old, new in mutation.get("sent", ()):
        assert old in written, old
        written = written.replace(old, new.replace("{id}", request.id))
    return written


def message(kit: Kit, patient: Patient, mode: str, transaction: str) -> Message:
    if transaction == "TD2.1":
        return kit.feed(patient)
    return kit.search(patient) if transaction == "TD3.1" else kit.exists(patient, mode)


def played(kit: Kit, mutation: Mapping[str, Any]) -> Handled:
    mode = MODES[mutation.get("base", "indirect")]
    sign_pair, tls_pair = PAIRS.get(mode, ("cabinet-sign", "cabinet-auth"))
    patient = patient_of(kit, mutation.get("minor", False))
    request = asked(kit, patient, mode, mutation.get("request", {}))
    security = signed(kit, request, mutation, mutation.get("sign", sign_pair))
    tls = kit.tls(mutation.get("tls", tls_pair))
    sent = message(kit, patient, mode, mutation.get("on", "TD0.2"))
    sent.options["security"] = security
    first = kit.request(sent, tls=tls)
    again = mutation.get("again")
    assert isinstance(kit.clock, Stopped)
    kit.clock.moved = timedelta(seconds=mutation.get("later", 0))
    handled = kit.service.handle(first)
    if again is None:
        return handled
    assert handled.facts["outcome"] == "accepted"
    return kit.service.handle(first if again == "same" else kit.request(sent, tls=tls))


def of_vihf(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {one.rule: one.severity.value for one in findings if one.rule in RULES.rules}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["name"])
def test_a_defect_is_seen_and_answered(test_pki: Pki, mutation: dict[str, Any]) -> None:
    handled = played(kit_for(test_pki, mutation), mutation)
    seen = of_vihf(tuple(handled.findings))
    assert set(seen) == {mutation["rule"], *mutation.get("also", ())}, handled.findings
    assert seen[mutation["rule"]] == mutation.get("level", "error")
    cause = mutation.get("cause", "none")
    assert handled.facts.get("cause", "none") == cause, handled.facts
    if cause == "none":
        assert handled.facts["outcome"] == "accepted"
        return
    code = mutation.get("code", "")
    if mutation.get("carrier", "fault") == "fault":
        assert handled.response.status == 500
        fault = fault_of(handled.response)
        assert (fault.code, fault.subcode) == ("Sender", code)
        assert fault.reason
    else:
        assert handled.response.status == 200
        assert refused_code(handled) == code


def refused_code(handled: Handled) -> str:
    if handled.transaction == "TD0.2":
        answer = hl7v3.read_answer(body_of(handled.response))
        assert answer.ack == "AE"
        return answer.error
    return error_of(handled.response)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("minor", [False, True])
def test_a_right_one_in_each_mode_is_accepted(test_pki: Pki, mode: str, minor: bool) -> None:
    mutation = {"base": mode, "minor": minor, "request": {"secret": minor}}
    handled = played(kit_for(test_pki, mutation), mutation)
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert not of_vihf(tuple(handled.findings))


RIGHT: list[dict[str, Any]] = [
    {"base": "air", "on": "TD3.1", "request": {"purpose": "bris_de_glace", "reason": "urgence vitale"}},
    {"base": "air", "on": "TD3.1", "request": {"purpose": "centre_15"}},
    {"base": "air", "request": {"authn_decl": "CONF_EXI_PGSSIS"}},
    {"base": "direct", "on": "TD2.1"},
    {"base": "direct", "on": "TD3.1"},
    {"base": "direct", "text": [["2.5.4.42=#0c0743414d494c4c45", "GN=CAMILLE"]]},
    {"base": "direct", "request": {"subject_id": "CAMILLE DESCHAMPS-TEST"}},
    {"request": {"version": "4.0"}},
    {"request": {"name_id": "499700100011001/42"}},
    {"request": {"name_id": "699700100011001/42"}},  # 6: RPPS and rank, as a PS_IdNat has it
    {"request": {"roles": ["60^1.2.250.1.71.1.2.7"]}},
    {"request": {"roles": ["21^1.2.250.1.71.1.2.7", "A^1.2.250.1.71.4.2.5"]}},
    {
        "on": "TD2.1",
        "request": {
            "roles": ["AUTOMATE^1.2.250.1.213.1.1.4.6"],
            "authn_context": "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
        },
    },
    {"policy": {"max_age": 1200}, "later": 200},
]


@pytest.mark.parametrize("mutation", RIGHT, ids=str)
def test_what_is_right_is_left_alone(test_pki: Pki, mutation: dict[str, Any]) -> None:
    handled = played(kit_for(test_pki, mutation), mutation)
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert not of_vihf(tuple(handled.findings))


def test_a_submission_sent_again_is_for_the_registry_to_answer(test_pki: Pki) -> None:
    mutation = {"on": "TD2.1", "again": "same"}
    handled = played(kit_for(test_pki, mutation), mutation)
    assert error_of(handled.response) == "XDSDuplicateUniqueIdInRegistry"
    assert of_vihf(tuple(handled.findings)) == {"VIHF-15": "warning"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_wrapping_is_refused_by_the_service(test_pki: Pki, attack: Attack) -> None:
    kit = kit_for(test_pki, {})
    request = kit.request(kit.exists(patient_of(kit, False), INDIRECT))
    root = parse(request.body)
    attack(root, assertion_of(root))
    handled = kit.service.handle(replace(request, body=etree.tostring(root)))
    errors = {one.rule for one in handled.findings if one.is_error}
    rule, cause = next((rule, cause) for rule, cause in ANSWERED.items() if rule in errors)
    assert errors & set(ANSWERED) == {rule}
    assert (handled.facts["outcome"], handled.facts["cause"]) == ("refused", cause)
    assert handled.response.status == 500
    assert fault_of(handled.response).code == "Sender"
    assert (rule == "VIHF-XSW") is (attack.__name__ not in TAMPERED)


ANSWERED = {"VIHF-XSW": "vihf-wrapped", "VIHF-01": "vihf-signature"}
# One assertion and one signature, alone in their places: the form or the digest says no.
TAMPERED = {
    "reference_to_a_sibling",
    "signature_beside",
    "reference_to_the_document",
    "reference_by_xpointer",
    "reference_to_nothing",
    "transform_xpath",
    "transform_xpath_filter",
    "transform_xslt",
    "transform_base64",
    "transform_enveloped_twice",
    "transforms_swapped",
    "transforms_many",
    "transforms_none",
    "transform_with_comments",
    "instruction_in_the_name",
    "element_in_the_name",
}


def test_every_rule_has_its_defects() -> None:
    assert {mutation["rule"] for mutation in MUTATIONS} == set(RULES.rules)
    assert len({mutation["name"] for mutation in MUTATIONS}) == len(MUTATIONS)
