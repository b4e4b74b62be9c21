"""Answers spoilt on purpose, patients believed to be something else, patients that carry an incident."""

from collections.abc import Iterator

import pytest

from schemas import hl7v3
from schemas.soap.envelope import EnvelopeRefused, read
from schemas.soap.mtom import MultipartRefused
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault, FaultPlan
from simulators.core.incidents import Carriers
from simulators.core.journal import Journal
from simulators.core.personas import everyone, persona
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.core.service import Context, Request, Response, serve
from simulators.dmp.errors import RIGHTS
from simulators.dmp.rights import GLASS
from simulators.schedule import check, parse

from .conftest import START
from .kit import Kit, answered, body_of
from .questions import QUESTIONS

INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"


class World:
    """One DMP behind `serve`, with its journal and its plan."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.plan = FaultPlan(Carriers(kit.population.incidents))
        self.journal = Journal(kit.clock)

    def ask(self, transaction: str, patient: Patient, rule: str = "") -> tuple[Response, Exchange]:
        self.plan.clear()
        if rule:
            self.plan.schedule(parse(rule))
        made = QUESTIONS[transaction](self.kit, patient)
        return self.send(self.kit.request(made))

    def send(self, request: Request) -> tuple[Response, Exchange]:
        context = Context(self.kit.clock, self.journal, self.plan)
        response = serve(self.kit.service, request, context)
        return response, self.journal.exchanges()[-1]


@pytest.fixture(scope="module")
def world(test_pki: Pki) -> Iterator[World]:
    made = World(Kit(test_pki, Clock(START)))
    yield made
    made.journal.close()
    assert made.journal.bench_errors == []
    assert made.journal.intact()
    assert [f for x in made.journal.exchanges() for f in made.journal.findings(x) if f.is_error] == []


def take_apart(response: Response) -> list[bytes]:
    """The parts that the envelope refers to. Raises MultipartRefused."""
    carried = answered(response)
    assert carried.parts is not None
    names = [one.get("href", "") for one in read(carried.root).body.iter(INCLUDE)]
    return [carried.parts.resolve(name) for name in names]


@pytest.mark.parametrize(
    ("transaction", "how", "reason"),
    [
        ("TD2.1", "missing-root", "start"),
        ("TD2.1", "wrong-boundary", "boundary"),
        ("TD2.1", "truncated", "truncated"),
        ("TD2.2", "missing-root", "start"),
        ("TD3.2", "missing-root", "start"),
        ("TD3.2", "wrong-boundary", "boundary"),
        ("TD3.2", "unknown-cid", "content-id"),
        ("TD3.2", "truncated", "truncated"),
    ],
)
def test_a_multipart_that_does_not_hold(world: World, transaction: str, how: str, reason: str) -> None:
    patient = world.kit.population.derive("a")
    response, exchange = world.ask(transaction, patient, f"{transaction}: wrong-multipart {how}")
    assert exchange.accepted  # done, then spoilt
    assert exchange.facts["injected"] == f"wrong-multipart how={how}"
    with pytest.raises(MultipartRefused) as caught:
        take_apart(response)
    assert caught.value.reason == reason
    parts = take_apart(world.ask(transaction, patient)[0])  # and all is well again
    assert len(parts) == (transaction == "TD3.2")


@pytest.mark.parametrize("transaction", ["TD0.2", "TD2.1", "TD3.2"])
def test_an_older_envelope(world: World, transaction: str) -> None:
    patient = world.kit.population.derive("a")
    response, _ = world.ask(transaction, patient, f"{transaction}: wrong-soap-version")
    assert "text/xml" in response.header("Content-Type")
    assert "soap+xml" not in response.header("Content-Type")
    with pytest.raises(EnvelopeRefused) as caught:
        read(answered(response).root)
    assert caught.value.reason == "soap-1.1"


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("server-error", 500, b"<h1>Internal Server Error</h1>"),
        ("bad-gateway", 502, b"<h1>Bad Gateway</h1>"),
        ("unavailable", 503, b"Service Unavailable"),
        ("gateway-timeout", 504, b"<h1>Gateway Timeout</h1>"),
    ],
)
def test_nothing_is_done(world: World, kind: str, status: int, body: bytes) -> None:
    patient = world.kit.population.derive("a")
    request = world.kit.request(world.kit.feed(patient))
    world.plan.clear()
    world.plan.schedule(parse(f"TD2.1: {kind}"))
    response, exchange = world.send(request)
    assert (response.status, response.body) == (status, body)
    assert (exchange.fault, exchange.facts["outcome"]) == (kind, "refused")
    response, exchange = world.send(request)  # the same bytes, as software that queues sends them
    assert exchange.accepted and exchange.fault == ""
    assert "injected" not in exchange.facts and "replayed" not in exchange.facts


@pytest.mark.parametrize(
    "rule", ["soap-fault", "registry-error", "vihf-expired", "cut-after-commit", "empty"]
)
def test_sending_again_after_a_fault_of_ours_is_no_error(world: World, rule: str) -> None:
    patient = world.kit.population.derive("a")
    request = world.kit.request(world.kit.feed(patient))
    world.plan.clear()
    world.plan.schedule(parse(f"TD2.1: {rule}"))
    assert world.send(request)[1].fault
    _, exchange = world.send(request)
    world.journal.settle()
    assert exchange.fault == ""
    assert [found for found in world.journal.findings(exchange) if found.is_error] == []
    done = rule in ("cut-after-commit", "empty")
    assert exchange.facts.get("reason") == ("XDSDuplicateUniqueIdInRegistry" if done else None)


@pytest.mark.parametrize(("kind", "left"), [("not-xml", b"[bench]"), ("empty", b"")])
def test_a_200_that_says_nothing(world: World, kind: str, left: bytes) -> None:
    response, exchange = world.ask("TD3.1", world.kit.population.derive("a"), f"TD3.1: {kind}")
    assert response.status == 200 and exchange.accepted
    assert response.header("Content-Type").startswith("application/soap+xml")
    assert response.body[:7] == left == exchange.response_body[:7]


# --- states of the patient, for one call


def existence(response: Response) -> hl7v3.Answer:
    return hl7v3.read_answer(body_of(response))


@pytest.mark.parametrize(
    ("rule", "found", "status", "authorisation"),
    [
        ("patient-unknown", False, "", ""),
        ("patient-closed", True, "terminated", "VALIDE"),
        ("authorisation", True, "active", "INTERDIT"),
        ("authorisation EXPIRE", True, "active", "EXPIRE"),
        ("authorisation NON_EXISTE", True, "active", "NON_EXISTE"),
        ("opposition", True, "active", "VALIDE"),
    ],
)
def test_what_existence_says(world: World, rule: str, found: bool, status: str, authorisation: str) -> None:
    patient = world.kit.population.derive("a")
    read = existence(world.ask("TD0.2", patient, f"TD0.2: {rule}")[0])
    assert (read.ack, read.found, read.status, read.authorisation) == ("AA", found, status, authorisation)
    after = existence(world.ask("TD0.2", patient)[0])
    assert (after.status, after.authorisation) == ("active", "VALIDE")


@pytest.mark.parametrize(
    ("transaction", "rule", "reason"),
    [
        ("TD2.1", "patient-unknown", "XDSUnknownPatientId"),
        ("TD2.1", "patient-closed", "DMPClosed"),
        ("TD2.2", "patient-closed", "DMPClosed"),
        ("TD3.1", "patient-closed", "DMPClosed"),
        ("TD3.1", "authorisation", RIGHTS),
        ("TD3.2", "authorisation EXPIRE", RIGHTS),
        ("TD0.3", "patient-unknown", "XDSUnknownPatientId"),
    ],
)
def test_what_others_refuse(world: World, transaction: str, rule: str, reason: str) -> None:
    patient = world.kit.population.derive("a")
    _, exchange = world.ask(transaction, patient, f"{transaction}: {rule}")
    assert (exchange.facts["outcome"], exchange.facts["reason"]) == ("refused", reason)
    assert world.ask(transaction, patient)[1].accepted


def test_an_opposition_to_glass_breaking(world: World) -> None:
    kit, patient = world.kit, world.kit.population.derive("a")
    sent = kit.search(patient)
    sent.vihf = kit.vihf(patient, "DIRECTE", purpose=GLASS, reason="[bench] urgence")
    request = kit.request(sent)
    handled = kit.service.refuse(request, Fault("dmp", "TD3.1", "opposition", params={"to": "glass"}))
    assert handled.facts["cause"] == "opposition"
    handled = kit.service.refuse(request, Fault("dmp", "TD3.1", "opposition", params={"to": "regulation"}))
    assert handled.facts.get("cause") != "opposition"


# --- patients that carry their fault


def test_incidents_need_no_setting(world: World) -> None:
    people = world.kit.population
    slow, busy, plain = (
        persona(people, "incident-lent"),
        persona(people, "incident-registre"),
        people.derive("a"),
    )
    response, exchange = world.ask("TD0.2", slow)
    assert (response.delivery.delay, exchange.fault) == (10, "slow")
    assert world.ask("TD2.1", busy)[1].facts["reason"] == "XDSRegistryBusy"
    assert world.ask("TD0.2", busy)[1].fault == ""  # it is about documents
    assert world.ask("TD2.1", plain)[1].fault == ""


def test_an_incident_that_passes(world: World) -> None:
    patient = world.kit.population.derive("incident", incident="passager")
    faults = [world.ask("TD2.1", patient)[1].fault for _ in range(3)]
    assert faults == ["unavailable", "", ""]
    other = world.kit.population.derive("other-incident", incident="passager")
    assert world.ask("TD2.1", other)[1].fault == "unavailable"  # each patient has their own turns


@pytest.mark.parametrize("incident", ["indisponible", "passager", "coupure", "avertissement", "doublon"])
def test_an_employee_meets_the_incident_too(world: World, incident: str) -> None:
    patient = world.kit.population.derive(f"incident-cpe-{incident}", incident=incident)
    exchange = world.ask("TD2.2", patient)[1]
    assert exchange.transaction == "TD2.2" and exchange.fault


def test_an_incident_that_nobody_knows(world: World) -> None:
    with pytest.raises(KeyError, match="tremblement"):
        world.kit.population.derive("x", incident="tremblement")


def test_a_fault_for_one_patient(world: World) -> None:
    one, other = world.kit.population.derive("a"), world.kit.population.derive("b")
    rule = f"TD3.1@{one.ins.matricule}: always unavailable"
    assert world.ask("TD3.1", other, rule)[1].fault == ""
    assert world.ask("TD3.1", one, rule)[1].fault == "unavailable"


def test_personas_are_told_apart(world: World) -> None:
    people = everyone(world.kit.population)
    assert len({patient.ins.matricule for patient in people.values()}) == len(people)
    for patient in people.values():
        for fault in Carriers(world.kit.population.incidents).get(patient.ins.matricule, ()):
            check(fault)
