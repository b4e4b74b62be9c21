"""DMP: documents of the past: dates, authors, chosen or all, at which pace, and the figures of the month."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.xds import composite
from simulators.core.exchange import Exchange

from .opposition import oppose
from .sent import await_documents, feeds, ids_of, sent_as

RULES: RuleSet[None] = RuleSet("scenarios.dmp.past")
ACT_DATE = RULES.declare("SCN-DMP-DATE-ACTE", requirements=["DMP/HISTO.03"])
TWO_AUTHORS = RULES.declare("SCN-DMP-AUTEUR-PARTI", requirements=["DMP/HISTO.04"])
CHOSEN = RULES.declare("SCN-DMP-HISTO-CHOISIS", requirements=["DMP/HISTO.05"])
ONE_LOT = RULES.declare("SCN-DMP-HISTO-LOT", requirements=["DMP/HISTO.05"])
ALL_OF_THEM = RULES.declare("SCN-DMP-HISTO-AUTO", requirements=["DMP/HISTO.06"])
NO_OTHER = RULES.declare("SCN-DMP-HISTO-EXCLUS", requirements=["DMP/HISTO.06"])
PACE = RULES.declare("SCN-DMP-DEBIT", requirements=["BEN-DMP-15", "DMP/HISTO.06"])
PAST_FIGURE = RULES.declare("SCN-DMP-CHIFFRE-HISTO", requirements=["DMP/HISTO.07"])
TOTAL_FIGURE = RULES.declare("SCN-DMP-CHIFFRE-TOTAL", requirements=["DMP/HISTO.08"])
TYPE_FIGURES = RULES.declare("SCN-DMP-CHIFFRE-TYPES", requirements=["DMP/HISTO.09"])

FILE = ["patient.record", "identity.search", "document.record"]
FEED = [*FILE, "document.feed"]
FIGURES = [*FEED, "document.validate", "dmp.indicators"]
PARIS = ZoneInfo("Europe/Paris")
MOST = 4  # feeds in any second of what runs by itself


def file(bench: Bench, patient: str, count: int = 1, **given: Any) -> list[str]:
    """File that many letters in the software's record of this patient."""
    asked = {"patient_id": patient, "kind": "lettre", **given}
    return [str(bench.do("document.record", **asked).data["unique_id"]) for _ in range(count)]


def day_of(stamp: str) -> str:
    """The day in France of an instant of the metadata (UTC), or the day itself when there is no hour."""
    if len(stamp) < 12:
        return stamp[:8]
    utc = datetime.strptime(stamp[:12], "%Y%m%d%H%M").replace(tzinfo=UTC)
    return f"{utc.astimezone(PARIS):%Y%m%d}"


@scenario("DMP-HISTO-01", theme="DMP", proves=["DMP/HISTO.03"], needs=FEED)
def test_dated_by_the_act(bench: Bench) -> None:
    """Two documents of the past: each carries the date of its act, in the metadata as in the CDA."""
    patient = bench.patient()
    days = ["2023-03-11", "2022-10-05"]
    filed = [file(bench, patient.id, act_date=day)[0] for day in days]
    mark = bench.mark()
    bench.do("document.feed", patient_id=patient.id, unique_ids=filed)
    found = await_documents(bench, patient, 2, since=mark)
    for unique_id, day in zip(filed, days, strict=True):
        seen = day_of(sent_as(found, unique_id).entry.service_start)
        wanted = day.replace("-", "")
        bench.check(ACT_DATE, seen == wanted, where="serviceStartTime", observed=seen, expected=wanted)


@scenario("DMP-HISTO-02", theme="DMP", proves=["DMP/HISTO.04"], needs=FEED)
def test_author_who_left(bench: Bench) -> None:
    """The author is no longer in the national directory: the legal entity is an author too."""
    patient = bench.patient()
    [usual] = file(bench, patient.id, act_date="2023-03-11")
    [left] = file(bench, patient.id, act_date="2023-03-11", author_left=True)
    mark = bench.mark()
    bench.do("document.feed", patient_id=patient.id, unique_ids=[usual, left])
    found = await_documents(bench, patient, 2, since=mark)
    person = sent_as(found, usual).entry.authors[0].person
    authors = sent_as(found, left).entry.authors
    structure = found[0].facts["structure"]
    of_it = [
        one.person
        for one in authors
        if structure in map(composite.institution_id, one.institutions) and one.person != person
    ]
    said = [one.person for one in authors]
    both = person in said and bool(of_it)
    bench.check(TWO_AUTHORS, both, where="authorPerson", observed=said, expected=f"{person} + {structure}")


@scenario("DMP-HISTO-03", theme="DMP", proves=["DMP/HISTO.05"], needs=FEED)
@pytest.mark.parametrize("how", ["un-par-un", "en-un-lot"])
def test_chosen_documents(bench: Bench, how: str) -> None:
    """Three older documents, two chosen: these reach the DMP and the third does not; in one lot if asked."""
    patient = bench.patient()
    wanted = file(bench, patient.id, 3, act_date="2023-03-11")[1:]
    mark = bench.mark()
    given: dict[str, Any] = {"patient_id": patient.id, "unique_ids": wanted, "together": how == "en-un-lot"}
    bench.do("document.feed", **given)
    await_documents(bench, patient, 2, since=mark)
    bench.watch(since=bench.mark())
    found = feeds(bench, patient, since=mark)
    held = ids_of(found)
    bench.check(CHOSEN, sorted(held) == sorted(wanted), where="TD2.1", observed=held, expected=wanted)
    if given["together"]:
        bench.check(ONE_LOT, len(found) == 1, where="TD2.1", observed=len(found), expected=1)


@scenario(
    "DMP-HISTO-04",
    theme="DMP",
    proves=["DMP/HISTO.06", "DMP/CONF.09", "BEN-DMP-15"],
    needs=[*FEED, "patient.consent", "document.backlog"],
)
def test_automatic_feeding_of_the_past(bench: Bench) -> None:
    """What was never sent leaves, for patients alive, qualified and not opposed; four a second at most."""
    willing = [bench.patient("un"), bench.patient("deux")]
    wanted = [unique_id for one in willing for unique_id in file(bench, one.id, 4)]
    [already] = file(bench, willing[0].id)
    bench.do("document.feed", patient_id=willing[0].id, unique_ids=[already])
    bench.expect("dmp", "TD2.1", patient=willing[0].matricule, outcome="accepted")
    opposed = bench.patient("opposant")
    doubtful = bench.patient("doute", status="RECUPEREE")
    oppose(bench, opposed)
    others = [opposed.id, doubtful.id, dead(bench)]
    unwanted = [already, *(unique_id for one in others for unique_id in file(bench, one))]
    mark = bench.mark()
    bench.ask("document.backlog")
    for patient in willing:
        await_documents(bench, patient, 4, since=mark)
    bench.watch(since=bench.mark())
    sendings = [one for one in bench.seen("dmp", "TD2.1", since=mark) if "documents" in one.facts]
    held = ids_of(sendings)
    missing = sorted(set(wanted) - set(held))
    bench.check(ALL_OF_THEM, not missing, where="TD2.1", observed=held, expected=wanted)
    intruders = [one for one in held if one in unwanted]
    bench.check(NO_OTHER, not intruders, where="TD2.1", observed=intruders, expected="aucun")
    most = busiest_second(sendings)
    bench.check(PACE, most <= MOST, where="TD2.1", observed=most, expected=f"≤ {MOST} par seconde")


def dead(bench: Bench) -> str:
    """A patient recorded as dead, with a qualified identity: their number in the software."""
    traits = bench.derive("mort").traits()
    known = bench.do("patient.record", traits=traits, document_checked=True, deceased=True)
    patient_id = str(known.data["patient_id"])
    bench.do("identity.search", patient_id=patient_id)
    return patient_id


def busiest_second(sendings: list[Exchange]) -> int:
    """The greatest number of exchanges that began within one second, wherever it starts."""
    began = sorted(one.started.timestamp() for one in sendings)
    return max((sum(first <= one < first + 1 for one in began) for first in began), default=0)


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much the software's figures grew, and what the DMP accepted meanwhile."""

    shown: Mapping[str, int]
    by_type: Mapping[str, int]
    accepted: Counter[str]  # documents by typeCode
    past: int


def grow(bench: Bench) -> Growth:
    """Feed two letters of the past in one lot and a certificate just validated; a last one is rejected."""
    patient = bench.patient()
    month = f"{bench.seen('sut')[-1].started.astimezone(PARIS):%Y-%m}"
    before = bench.do("dmp.indicators", month=month).data
    mark = bench.mark()
    past = file(bench, patient.id, 2, act_date="2023-03-11")
    bench.do("document.feed", patient_id=patient.id, unique_ids=past, together=True)
    bench.do("document.validate", patient_id=patient.id, kind="certificat")
    found = await_documents(bench, patient, 3, since=mark)
    refuse_one(bench, patient)
    after = bench.do("dmp.indicators", month=month).data
    names = {*before["by_type"], *after["by_type"]}
    types = {one: after["by_type"].get(one, 0) - before["by_type"].get(one, 0) for one in names}
    accepted = Counter(str(one["type_code"]) for fed in found for one in fed.facts["documents"])
    return Growth(
        {name: after[name] - before[name] for name in ("fed", "history")},
        {name: count for name, count in types.items() if count},
        accepted,
        len(set(past) & set(ids_of(found))),
    )


def refuse_one(bench: Bench, patient: Known) -> None:
    bench.fault("dmp", "TD2.1", "registry-error", times=0, code="XDSRepositoryError")
    mark = bench.mark()
    bench.ask("document.validate", patient_id=patient.id, kind="certificat")
    bench.expect("dmp", "TD2.1", since=mark, outcome="refused")
    bench.calm()


@scenario("DMP-CHIFFRE-01", theme="DMP", proves=["DMP/HISTO.07"], needs=FIGURES)
def test_figure_of_the_past(bench: Bench) -> None:
    """The month's figure of documents of the past grows by what the DMP accepted of them."""
    seen = grow(bench)
    shown = seen.shown["history"]
    bench.check(PAST_FIGURE, shown == seen.past, where="history", observed=shown, expected=seen.past)


@scenario(
    "DMP-CHIFFRE-02",
    theme="DMP",
    proves=["DMP/HISTO.08", "DMP/HISTO.09"],
    needs=FIGURES,
    profile="hopital",
)
def test_figures_of_a_hospital(bench: Bench) -> None:
    """The month's figures, in all and by type, grow by what the DMP accepted."""
    seen = grow(bench)
    shown, count = seen.shown["fed"], seen.accepted.total()
    bench.check(TOTAL_FIGURE, shown == count, where="fed", observed=shown, expected=count)
    types = dict(seen.accepted)
    bench.check(TYPE_FIGURES, seen.by_type == types, where="by_type", observed=seen.by_type, expected=types)
