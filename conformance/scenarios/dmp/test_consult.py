"""DMP: opening a file, what is new, criteria, several documents, preloading, and answers that go wrong."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from conformance.engine.bench import MEDECIN, PHARMACIEN, Bench, Known
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.messages import text
from schemas.xds import names

from .consulted import READ, given, ids, rights_first, searched
from .test_read import FILTER, LIST, ORDER

RULES: RuleSet[None] = RuleSet("scenarios.dmp.consult")
OPENED = RULES.declare("SCN-DMP-OUVERTURE", requirements=["DMP/UX.12"])
CONDITION = RULES.declare("SCN-DMP-LISTE-CONDITION", requirements=["DMP/UX.14"])
NEW = RULES.declare("SCN-DMP-NOUVEAUX", requirements=["DMP/UX.15"])
DEPOSITED = RULES.declare("SCN-DMP-DATE-DEPOT", requirements=["DMP/UX.27"], source="SEL-MP-037 TD3.1")
INTEGRATED = RULES.declare("SCN-DMP-INTEGRE", requirements=["DMP/UX.31"])
PRELOADED = RULES.declare("SCN-DMP-PRECHARGE", requirements=["DMP/UX.34"])
PARTIAL = RULES.declare("SCN-DMP-PARTIEL", requirements=["BEN-DMP-04"])
PARTIAL_TOLD = RULES.declare("SCN-DMP-PARTIEL-DIT", requirements=["BEN-DMP-04"])
MANY = RULES.declare("SCN-DMP-VOLUME", requirements=["BEN-DMP-09"])
UNREADABLE = RULES.declare("SCN-DMP-ILLISIBLE", requirements=["BEN-DMP-10"])
FORMER = RULES.declare("SCN-DMP-ANCIEN-INS", requirements=["DMP/UX.14"], source="SEL-MP-037 EX_3.1-1055")
AFTER_FEED = RULES.declare("SCN-DMP-TD31-APRES", requirements=["DMP/UX.08"], source="SEL-MP-037 EX_3.1-2030")
WRONG_KEY = RULES.declare("SCN-DMP-CLE-INS", requirements=["DMP/CONF.02"], source="SEL-MP-037 EX_GEN-1270")
FREE = RULES.declare("SCN-DMP-LIBRE", requirements=["LGC.DMP/UX.10"])

OPEN = [*READ, "patient.open"]
REPORT, LETTER, MEETING = "11502-2", "11490-0", "34794-8"
PREFIX = "$XDSDocumentEntry"
CODES = {  # criterion: parameter, value chosen
    "type_code": ("TypeCode", REPORT),
    "class_code": ("ClassCode", "10"),
    "practice_setting": ("PracticeSettingCode", "AMBULATOIRE"),
    "facility": ("HealthcareFacilityTypeCode", "SA25"),
    "event_code": ("EventCodeList", "CT^^1.2.250.1.213.1.1.5.618"),
    "format_code": ("FormatCode", "urn:ihe:iti:xds-sd:pdf:2008"),
    "confidentiality": ("ConfidentialityCode", "N"),
    "author": ("AuthorPerson", "MERCIER-TEST"),
    "status": ("Status", "archived"),
}
DAYS = {
    "created_from": "CreationTimeFrom",
    "created_to": "CreationTimeTo",
    "service_from": "ServiceStartTimeFrom",
    "service_to": "ServiceStartTimeTo",
}
DAY = "2026-03-10"
CHAIN = [names.FIND_SUBMISSION_SETS, names.GET_ASSOCIATIONS, names.GET_DOCUMENTS]
COPIES = 500
SLOW = 2.0  # seconds that the DMP takes


@scenario("DMP-OUV-01", theme="DMP", proves=["DMP/UX.12", "DMP/UX.14", "DMP/UX.08"], needs=OPEN)
@pytest.mark.parametrize("dmp_mode", ["", "carte"], ids=["usuel", "carte"])
def test_open(bench: Bench, dmp_mode: str) -> None:
    """The file is opened: existence, right and documents of the DMP show without any other gesture."""
    bench.among(dmp_mode=dmp_mode)
    bench.login()
    patient = bench.patient()
    deposited = sorted(bench.world.deposit(patient.patient, kind=kind) for kind in (REPORT, MEETING))
    mark = bench.mark()
    data = bench.do("patient.open", patient_id=patient.id).data
    tested = bench.expect("dmp", "TD0.2", rule=OPENED, since=mark, patient=patient.matricule)
    _state(bench, data["dmp"], tested.facts["status"] == "active")
    search = bench.expect("dmp", "TD3.1", rule=LIST, since=mark, patient=patient.matricule)
    rights_first(bench, ORDER)
    listed = ids(data["documents"])
    bench.check(LIST, listed == deposited, where=search.id, observed=listed, expected=deposited)


@scenario("DMP-OUV-02", theme="DMP", proves=["DMP/UX.12", "DMP/UX.14"], needs=OPEN)
def test_no_list(bench: Bench) -> None:
    """No DMP, or a closed one: the state shows, no list is asked for, none is shown."""
    bench.login()
    witness = bench.patient("temoin")
    control, _ = searched(bench, witness)
    for state in ("inexistant", "ferme"):
        patient = bench.patient(state, dmp=state)
        mark = bench.mark()
        data = bench.do("patient.open", patient_id=patient.id).data
        bench.expect("dmp", "TD0.2", since=mark, patient=patient.matricule)
        _state(bench, data["dmp"], False)
        bench.none(CONDITION, "dmp", "TD3.1", control=control, since=mark, patient=patient.matricule)
        listed = ids(data["documents"])
        bench.check(CONDITION, not listed, where=f"patient.open ({state})", observed=listed, expected=[])


def _state(bench: Bench, shown: dict[str, object], active: bool) -> None:
    bench.check(
        OPENED,
        shown["active"] is active,
        where="patient.open",
        observed=shown,
        expected=f"active={active}",
    )


@scenario("DMP-NOUV-01", theme="DMP", proves=["DMP/UX.15"], needs=[*OPEN, "document.submit"])
def test_new_documents(bench: Bench) -> None:
    """What others deposited since this user's last opening is signalled; their own documents are not."""
    bench.login()
    others = [PHARMACIEN] if PHARMACIEN in bench.software.users else []  # who opens the file too
    for user in others:
        bench.login(user)
    patient = bench.patient()
    for user in (MEDECIN, *others):
        _signalled(bench, patient, user)
    report = bench.world.deposit(patient.patient)
    _only(bench, _signalled(bench, patient), [report])
    own = bench.do("document.submit", patient_id=patient.id, kind="lettre").data["unique_id"]
    _only(bench, _signalled(bench, patient), [])
    for user in others:
        _only(bench, _signalled(bench, patient, user), sorted([report, own]))


def _signalled(bench: Bench, patient: Known, user: str = MEDECIN) -> list[str]:
    mark = bench.mark()
    data = bench.do("patient.open", user=user, patient_id=patient.id).data
    bench.expect("dmp", "TD3.1", since=mark, patient=patient.matricule)
    return ids(data["new_documents"])


def _only(bench: Bench, signalled: list[str], expected: list[str]) -> None:
    bench.check(
        NEW, signalled == expected, where="patient.open new_documents", observed=signalled, expected=expected
    )


@scenario("DMP-CRIT-01", theme="DMP", proves=["DMP/UX.27"], needs=READ)
def test_every_criterion(bench: Bench) -> None:
    """Each criterion that the user may choose is a parameter of the stored query."""
    bench.login()
    patient = bench.patient()
    for criterion, (name, value) in CODES.items():
        search, _ = searched(bench, patient, filters={criterion: value})
        sent = [str(one) for one in search.facts["slots"].get(PREFIX + name, ())]
        wanted = value.partition("^")[0].lower()
        bench.check(
            FILTER,
            any(wanted in one.lower() for one in sent),
            where=f"{search.id} {criterion}",
            observed=search.facts["slots"],
            expected=f"{PREFIX}{name} : {value}",
        )
    for criterion, name in DAYS.items():
        search, _ = searched(bench, patient, filters={criterion: DAY})
        sent = search.facts["slots"].get(PREFIX + name, ())
        bench.check(
            FILTER,
            any(_about(str(one), DAY) for one in sent),
            where=f"{search.id} {criterion}",
            observed=search.facts["slots"],
            expected=f"{PREFIX}{name} : {DAY}",
        )


def _about(sent: str, day: str) -> bool:
    """A bound of that day: local or UTC, the day included or excluded."""
    try:
        bound = datetime.strptime(sent[:8], "%Y%m%d").date()
    except ValueError:
        return False
    return abs(bound - date.fromisoformat(day)) <= timedelta(days=1)


@scenario("DMP-CRIT-02", theme="DMP", proves=["DMP/UX.27"], needs=READ)
def test_date_of_deposit(bench: Bench) -> None:
    """By date of deposit: FindSubmissionSets, GetAssociations, GetDocuments; only what came then."""
    bench.login()
    patient = bench.patient()
    now = bench.expect("insi", "INSi.traits").started
    bench.world.deposit(patient.patient)
    old = bench.world.deposit(patient.patient, when=now - timedelta(days=40))
    searched(bench, patient)
    days = [(now.date() - timedelta(days=ago)).isoformat() for ago in (50, 30)]
    mark = bench.mark()
    _, listed = searched(bench, patient, filters={"submitted_from": days[0], "submitted_to": days[1]})
    queries = bench.seen("dmp", "TD3.1", since=mark, patient=patient.matricule, outcome="accepted")
    chain = [one.facts["query"] for one in queries if one.facts["query"] in CHAIN]
    where = ", ".join(one.id for one in queries)
    bench.check(DEPOSITED, chain == CHAIN, where=where, observed=chain, expected=CHAIN)
    slots = queries[0].facts["slots"]
    sent = [slots.get(f"$XDSSubmissionSetSubmissionTime{end}", [""])[0] for end in ("From", "To")]
    good = all(_about(str(one), day) for one, day in zip(sent, days, strict=True))
    bench.check(DEPOSITED, good, where=queries[0].id, observed=slots, expected=days)
    bench.check(DEPOSITED, listed == [old], where="document.search", observed=listed, expected=[old])


@scenario("DMP-INT-01", theme="DMP", proves=["DMP/UX.31"], needs=[*READ, "document.integrate"])
def test_integrate(bench: Bench) -> None:
    """Two documents of three are chosen: both are integrated, byte for byte, the third is not."""
    bench.login()
    patient = bench.patient()
    deposited = [bench.world.deposit(patient.patient) for _ in range(3)]
    searched(bench, patient)
    chosen = sorted([deposited[0], deposited[2]])
    mark = bench.mark()
    answer = bench.do("document.integrate", patient_id=patient.id, unique_ids=chosen)
    bench.expect("dmp", "TD3.2", rule=INTEGRATED, since=mark, patient=patient.matricule)
    got = given(bench, patient, mark)
    bench.check(INTEGRATED, sorted(got) == chosen, where="TD3.2", observed=sorted(got), expected=chosen)
    kept = {one["unique_id"]: one["sha256"] for one in answer.data["documents"]}
    bench.check(INTEGRATED, kept == got, where="document.integrate", observed=kept, expected=got)


@scenario("DMP-PRE-01", theme="DMP", proves=["DMP/UX.34", "DMP/UX.08"], needs=[*READ, "document.preload"])
def test_preload(bench: Bench) -> None:
    """Before the patient comes: right checked first, type and date respected; nothing of who is blocked."""
    bench.login()
    patient = bench.patient()
    now = bench.expect("insi", "INSi.traits").started
    wanted = bench.world.deposit(patient.patient)
    bench.world.deposit(patient.patient, when=now - timedelta(days=400))
    bench.world.deposit(patient.patient, kind=LETTER)
    criteria: dict[str, Any] = {
        "type_codes": [REPORT],
        "since": (now.date() - timedelta(days=30)).isoformat(),
    }
    mark = bench.mark()
    bench.do("document.preload", patient_id=patient.id, **criteria)
    control = bench.expect("dmp", "TD3.2", rule=PRELOADED, since=mark, patient=patient.matricule)
    rights_first(bench, ORDER)
    got = sorted(given(bench, patient, mark))
    bench.check(PRELOADED, got == [wanted], where=control.id, observed=got, expected=[wanted])
    blocked = bench.patient("interdit", authorisation="INTERDIT")
    bench.world.deposit(blocked.patient)
    mark = bench.mark()
    bench.ask("document.preload", patient_id=blocked.id, **criteria)
    bench.none(PRELOADED, "dmp", "TD3.2", control=control, since=mark)


@scenario("DMP-PART-01", theme="DMP", proves=["BEN-DMP-04"], needs=[*READ, "document.retrieve"])
@pytest.mark.parametrize("transaction", ["TD3.1", "TD3.2"])
def test_partial_success(bench: Bench, transaction: str) -> None:
    """The DMP gives a part and says so: that part is shown, with a warning."""
    bench.login()
    patient = bench.patient()
    deposited = bench.world.deposit(patient.patient)
    searched(bench, patient)
    bench.fault("dmp", transaction, "partial-success", times=0)
    mark = bench.mark()
    if transaction == "TD3.1":
        answer = bench.ask("document.search", patient_id=patient.id)
        shown = ids(answer.data["documents"]) if answer.done else []
    else:
        answer = bench.ask("document.retrieve", patient_id=patient.id, unique_id=deposited)
        opened = answer.data["sha256"] if answer.done else ""
        shown = [id_ for id_, digest in given(bench, patient, mark).items() if digest == opened]
    seen = bench.expect("dmp", transaction, since=mark, patient=patient.matricule)
    bench.check(PARTIAL, shown == [deposited], where=seen.id, observed=shown, expected=[deposited])
    bench.told(PARTIAL_TOLD, answer)


@scenario("DMP-VOL-01", theme="DMP", proves=["BEN-DMP-09"], needs=READ)
def test_many_documents(bench: Bench) -> None:
    """Five hundred documents: all those that the DMP gives are listed, and a filter is left to it."""
    bench.login()
    patient = bench.patient()
    bench.world.deposit_many(patient.patient, COPIES)
    searches = (searched(bench, patient), searched(bench, patient, filters={"type_code": REPORT}))
    for search, listed in searches:
        came = sorted(search.facts["returned"])
        bench.check(MANY, listed == came, where=search.id, observed=len(listed), expected=len(came))
    whole, part = (search.facts["returned"] for search, _ in searches)
    bench.check(
        MANY, len(part) < len(whole), where=searches[1][0].id, observed=len(part), expected="TypeCode"
    )


@scenario("DMP-CDA-01", theme="DMP", proves=["BEN-DMP-10"], needs=[*READ, "document.retrieve"])
def test_unreadable_document(bench: Bench) -> None:
    """A document of the DMP cannot be read: the software answers, and goes on working."""
    bench.login()
    patient = bench.patient()
    broken = bench.world.deposit(patient.patient, data=b"<ClinicalDocument xmlns='urn:hl7-org:v3'><id")
    searched(bench, patient)
    bench.answered(UNREADABLE, "document.retrieve", patient_id=patient.id, unique_id=broken)
    bench.expect("dmp", "TD3.2", patient=patient.matricule)
    mark = bench.mark()
    bench.answered(UNREADABLE, "document.search", patient_id=patient.id)
    bench.expect("dmp", "TD3.1", rule=UNREADABLE, since=mark, patient=patient.matricule)


@scenario("DMP-INS-01", theme="DMP", proves=["DMP/UX.14"], needs=READ)
def test_former_ins(bench: Bench) -> None:
    """The patient's INS changed; the DMP gives a document filed under the former one: it is shown."""
    bench.login()
    person = bench.derive()
    former = bench.world.deposit(person)
    patient = bench.record(bench.world.change_ins(person))
    search, listed = searched(bench, patient)
    bench.check(FORMER, former in listed, where=search.id, observed=listed, expected=former)


@scenario(
    "DMP-ALIM-10",
    theme="DMP",
    proves=["DMP/UX.08"],
    needs=["patient.record", "identity.search", "document.submit"],
)
def test_no_search_after_feed(bench: Bench) -> None:
    """A document is fed: no search follows by itself."""
    patient = bench.patient()
    bench.do("document.submit", patient_id=patient.id, kind="lettre")
    fed = bench.expect("dmp", "TD2.1", patient=patient.matricule)
    bench.none(AFTER_FEED, "dmp", "TD3.1", control=fed, since=fed.number)


@scenario("DMP-CLE-01", theme="DMP", proves=["DMP/CONF.02"], needs=OPEN)
def test_wrong_key(bench: Bench) -> None:
    """The INS received has a wrong key: nothing is asked of the DMP about that person."""
    bench.login()
    witness = bench.patient("temoin")
    control, _ = searched(bench, witness)
    person = bench.derive("cle-fausse")
    known = bench.do("patient.record", traits=person.traits(), document_checked=True).data["patient_id"]
    bench.fault("insi", "INSi.traits", "wrong-key", times=0)
    mark = bench.mark()
    bench.ask("identity.search", patient_id=known)
    bench.expect("insi", "INSi.traits", since=mark)
    bench.ask("patient.open", patient_id=known)
    bench.ask("document.search", patient_id=known)
    bench.none(WRONG_KEY, "dmp", "*", control=control, since=mark)


@scenario("DMP-LENT-01", theme="DMP", proves=["LGC.DMP/UX.10"], needs=[*READ, "session.status"])
def test_not_blocked(bench: Bench) -> None:
    """The DMP is slow: another action of the same user is done meanwhile."""
    bench.login()
    patient = bench.patient()
    bench.fault("dmp", "TD3.1", "slow", times=1, seconds=SLOW)
    free = bench.meanwhile(
        lambda: bench.ask("document.search", patient_id=patient.id),
        lambda: bench.ask("session.status"),
        during=("dmp", "TD3.1"),
    )
    bench.check(FREE, free, where="session.status", observed=free, expected=text("expected.meanwhile", "fr"))
