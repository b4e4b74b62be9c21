"""DMP: the patient's choices, authorisations, users, emergencies, secret connections, traces."""

from typing import Any

from conformance.engine.bench import MEDECIN, PHARMACIEN, Bench
from conformance.engine.scenario import scenario
from schemas.actions import ORGANISATION
from schemas.finding import RuleSet
from simulators.core import identities

from .consulted import READ, searched
from .test_read import DENIED_TOLD, USER

RULES: RuleSet[None] = RuleSet("scenarios.dmp.rights")
OPPOSED = RULES.declare("SCN-DMP-CONSULTE-OPPOSE", requirements=["DMP/CONF.06"])
OPPOSED_TOLD = RULES.declare("SCN-DMP-CONSULTE-OPPOSE-DITE", requirements=["DMP/CONF.06"])
CHANGED = RULES.declare("SCN-DMP-CHANGEMENT", requirements=["DMP/UX.06"])
AUTOMATIC = RULES.declare("SCN-DMP-TD03-AUTO", requirements=["DMP/UX.50"], source="SEL-MP-037 EX_0.3-1010")
NOT_AGREED = RULES.declare(
    "SCN-DMP-TD03-SANS-ACCORD", requirements=["EX_0.3-1010"], source="SEL-MP-037 EX_0.3-1010"
)
LOGGED_IN = RULES.declare("SCN-DMP-PSC", requirements=["DMP/PSC.01"])
GLASS = RULES.declare("SCN-DMP-BRIS-DE-GLACE", requirements=["DMP/UX.08"], source="PDT-INF-526")
SECRET = RULES.declare("SCN-DMP-SECRET", requirements=["EX_0.1-1100"], source="SEL-MP-037 EX_0.1-1100")
RIGHTS = RULES.declare("SCN-DMP-DROITS", requirements=["DMP/UX.08"], source="PDT-INF-526")
TRACED = RULES.declare("SCN-DMP-TRACE-APPELS", requirements=["EX_AIR-070"], source="SEL-MP-037 EX_AIR-070")
TRACED_VIHF = RULES.declare("SCN-DMP-TRACE-VIHF", requirements=["EX_AIR-085"], source="SEL-MP-037 EX_AIR-085")

CONSENT = [*READ, "patient.consent", "patient.open"]
EMERGENCY = {"mode": "bris_de_glace", "reason": "Patient inconscient"}
WAYS: tuple[tuple[dict[str, str], dict[str, Any]], ...] = (
    (EMERGENCY, {"opposes_glass": True}),
    ({"mode": "centre_15"}, {"opposes_regulation": True}),
)


@scenario("DMP-CONF-01", theme="DMP", proves=["DMP/CONF.06", "DMP/UX.06"], needs=CONSENT)
def test_opposition(bench: Bench) -> None:
    """The patient refuses consultation: none is done. They change their mind: it is done again."""
    bench.login()
    patient = bench.patient()
    _choose(bench, patient.id, True)
    control, _ = searched(bench, patient)
    _choose(bench, patient.id, False)
    mark = bench.mark()
    answer = bench.ask("document.search", patient_id=patient.id)
    bench.ask("patient.open", patient_id=patient.id)
    bench.none(OPPOSED, "dmp", "TD3.*", control=control, since=mark, patient=patient.matricule)
    bench.told(OPPOSED_TOLD, answer)
    _choose(bench, patient.id, True)
    mark = bench.mark()
    bench.ask("document.search", patient_id=patient.id)
    bench.expect("dmp", "TD3.1", rule=CHANGED, since=mark, patient=patient.matricule, outcome="accepted")


def _choose(bench: Bench, patient_id: str, consultation: bool) -> None:
    data = bench.do("patient.consent", patient_id=patient_id, consultation=consultation).data
    kept = data["consultation"]
    bench.check(CHANGED, kept is consultation, where="patient.consent", observed=kept, expected=consultation)


@scenario("DMP-AUT-02", theme="DMP", proves=["DMP/UX.50"], needs=CONSENT)
def test_automatic_authorisation(bench: Bench) -> None:
    """The patient agreed and no authorisation holds: TD0.2, TD0.3, TD3.1, without any other gesture."""
    bench.login()
    for state in ("NON_EXISTE", "EXPIRE"):
        patient = bench.patient(state, authorisation=state)
        bench.do("patient.consent", patient_id=patient.id, consultation=True)
        mark = bench.mark()
        bench.do("patient.open", patient_id=patient.id)
        about: dict[str, Any] = {"since": mark, "patient": patient.matricule}
        bench.expect("dmp", "TD0.2", **about)
        bench.expect("dmp", "TD0.3", rule=AUTOMATIC, **about, action="AJOUT", outcome="accepted")
        bench.expect("dmp", "TD3.1", rule=AUTOMATIC, **about, outcome="accepted")
        wanted = ("TD0.2", "TD0.3", "TD3.1")
        order = [one.transaction for one in bench.seen("dmp", **about) if one.transaction in wanted]
        first = list(dict.fromkeys(order))
        bench.check(
            AUTOMATIC,
            first == list(wanted) and order.count("TD0.3") == 1,
            where="patient.open",
            observed=order,
            expected=wanted,
        )


@scenario("DMP-AUT-03", theme="DMP", proves=["EX_0.3-1010"], needs=CONSENT)
def test_no_agreement(bench: Bench) -> None:
    """The patient said nothing, then no: no authorisation is asked in their name."""
    bench.login()
    patient = bench.patient(authorisation="NON_EXISTE")
    mark = bench.mark()
    bench.ask("patient.open", patient_id=patient.id)
    control = bench.expect("dmp", "TD0.2", since=mark, patient=patient.matricule)
    bench.ask("document.search", patient_id=patient.id)
    bench.do("patient.consent", patient_id=patient.id, consultation=False)
    bench.ask("patient.open", patient_id=patient.id)
    bench.none(NOT_AGREED, "dmp", "TD0.3", control=control, since=mark, patient=patient.matricule)


@scenario("DMP-USER-01", theme="DMP", proves=["DMP/AIRS.06"], needs=READ)
def test_two_users(bench: Bench) -> None:
    """Two users read the same DMP: each under their own national identifier."""
    bench.among(user=PHARMACIEN, dmp_mode=ORGANISATION)
    patient = bench.patient()
    for user, who in ((MEDECIN, identities.MEDECIN), (PHARMACIEN, identities.PHARMACIEN)):
        bench.login(user)
        mark = bench.mark()
        bench.ask("document.search", user=user, patient_id=patient.id)
        bench.expect("dmp", "TD0.2", since=mark, patient=patient.matricule)
        for call in bench.seen("dmp", since=mark, patient=patient.matricule):
            named = call.facts["user"]
            bench.check(USER, named == who.id_nat, where=call.id, observed=named, expected=who.id_nat)
        bench.expect("dmp", "TD3.1", since=mark, patient=patient.matricule, outcome="accepted")


@scenario("DMP-PSC-01", theme="DMP", proves=["DMP/PSC.01"], needs=[*READ, "session.logout"])
def test_identity_of_psc(bench: Bench) -> None:
    """By certificates of the structure, the DMP is read under the identity of PSC, or not at all."""
    bench.among(dmp_mode=ORGANISATION)
    bench.login()
    patient = bench.patient()
    control, _ = searched(bench, patient)
    identity = bench.do("session.status").data["user"]["id_nat"]
    bench.check(
        LOGGED_IN,
        control.facts["user"] == identity,
        where=control.id,
        observed=control.facts["user"],
        expected=identity,
    )
    bench.do("session.logout")
    mark = bench.mark()
    answer = bench.ask("document.search", patient_id=patient.id)
    bench.none(LOGGED_IN, "dmp", "TD3.*", control=control, since=mark)
    bench.told(LOGGED_IN, answer)


@scenario("DMP-URG-01", theme="DMP", proves=["DMP/UX.08"], needs=READ)
def test_break_the_glass(bench: Bench) -> None:
    """Bris de glace: only with a reason, only when the user chooses it, only for that access."""
    bench.login()
    witness = bench.patient("temoin")
    control, _ = searched(bench, witness)
    patient = bench.patient(authorisation="NON_EXISTE")
    mark = bench.mark()
    bench.ask("document.search", patient_id=patient.id, access={"mode": "bris_de_glace"})
    bench.none(GLASS, "dmp", "*", control=control, since=mark, purpose="bris_de_glace")
    search, _ = searched(bench, patient, access=EMERGENCY)
    facts = search.facts
    said = (facts["purpose"], facts["access_reason"])
    wanted = (EMERGENCY["mode"], EMERGENCY["reason"])
    bench.check(GLASS, said == wanted, where=search.id, observed=said, expected=wanted)
    mark = bench.mark()
    bench.ask("document.search", patient_id=patient.id)
    bench.none(GLASS, "dmp", "*", control=search, since=mark, purpose="bris_de_glace")


@scenario("DMP-URG-02", theme="DMP", proves=["BEN-DMP-11"], needs=READ)
def test_opposed_to_emergencies(bench: Bench) -> None:
    """The patient opposes bris de glace, or regulation: the DMP refuses, and the user is told."""
    bench.login()
    for way, flags in WAYS:
        patient = bench.patient(way["mode"], authorisation="NON_EXISTE", **flags)
        mark = bench.mark()
        answer = bench.ask("document.search", patient_id=patient.id, access=way)
        bench.expect("dmp", "TD3.1", since=mark, patient=patient.matricule, outcome="refused")
        bench.told(DENIED_TOLD, answer)


@scenario("DMP-SECR-01", theme="DMP", proves=["EX_0.1-1100"], needs=READ)
def test_secret_connection(bench: Bench) -> None:
    """A minor asks for secrecy: the VIHF says so. Nobody asks, or somebody of age does: it does not."""
    bench.login()
    child = bench.patient("mineur", minor=True)
    for secret in (False, True):
        mark = bench.mark()
        searched(bench, child, **({"access": {"secret": True}} if secret else {}))
        for call in bench.seen("dmp", since=mark, patient=child.matricule):
            said = call.facts["secret"]
            bench.check(SECRET, said is secret, where=call.id, observed=said, expected=secret)
    control = bench.expect("dmp", "TD3.1", patient=child.matricule)
    adult = bench.patient("majeur")
    mark = bench.mark()
    searched(bench, adult)
    bench.ask("document.search", patient_id=adult.id, access={"secret": True})
    bench.none(SECRET, "dmp", "*", control=control, since=mark, secret=True)


@scenario(
    "DMP-DROIT-01", theme="DMP", proves=["DMP/UX.08"], needs=[*READ, "dmp.patients", "dmp.professionals"]
)
def test_rights_shown(bench: Bench) -> None:
    """DMPs on which the user is authorised (TD0.4), and who is on one of them (TD1.6), as told."""
    bench.login()
    patient = bench.patient()
    bench.patient("sans-droit", authorisation="NON_EXISTE")
    mark = bench.mark()
    data = bench.do("dmp.patients", since="2000-01-01", by="authorisation").data
    asked = bench.expect("dmp", "TD0.4", rule=RIGHTS, since=mark, outcome="accepted")
    shown = sorted(one["ins"] for one in data["patients"])
    bench.check(
        RIGHTS,
        shown == sorted(asked.facts["patients"]) and patient.matricule in shown,
        where=asked.id,
        observed=shown,
        expected=asked.facts["patients"],
    )
    data = bench.do("dmp.professionals", patient_id=patient.id, which="all").data
    asked = bench.expect("dmp", "TD1.6", rule=RIGHTS, since=mark, outcome="accepted")
    shown = sorted(one["id"] for one in data["professionals"])
    said = sorted(asked.facts["professionals"])
    bench.check(RIGHTS, shown == said, where=asked.id, observed=shown, expected=said)


@scenario(
    "DMP-TRAC-01",
    theme="DMP",
    proves=["EX_AIR-070", "EX_AIR-085"],
    needs=[*READ, "document.retrieve", "dmp.traces"],
)
def test_traces(bench: Bench) -> None:
    """The local traces are the calls that the DMP received: each one, its assertion and its user."""
    bench.login()
    patient = bench.patient()
    document = bench.world.deposit(patient.patient)
    searched(bench, patient)
    bench.ask("document.retrieve", patient_id=patient.id, unique_id=document)
    bench.expect("dmp", "TD3.2", patient=patient.matricule)
    kept = bench.do("dmp.traces", patient_id=patient.id).data["traces"]
    calls = bench.seen("dmp", patient=patient.matricule)
    names = sorted(one["transaction"] for one in kept)
    sent = sorted(one.transaction for one in calls)
    bench.check(TRACED, names == sent, where="dmp.traces", observed=names, expected=sent)
    traced = sorted((one["vihf_id"], one["user"]) for one in kept)
    said = sorted((one.facts["vihf_id"], one.facts["user"]) for one in calls)
    bench.check(TRACED_VIHF, traced == said, where="dmp.traces", observed=traced, expected=said)
