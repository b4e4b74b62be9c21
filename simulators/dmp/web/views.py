"""What each page of a patient holds, for one visitor: plain values for its template, and facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.xds import names
from simulators.core.population import Patient

from ..access import Caller
from ..admin_data import admin_data
from ..audit import Trace, shown
from ..authorisations import State
from ..pages.documents import Line, latest, line
from ..rights import Action, Actor
from ..rows import Held
from ..service import DmpService
from ..visibility import Viewer, hidden
from . import address, errors

LAST_ADDED = 5  # documents on the home page (PDT-INF-527)
YEAR, AT_LEAST = timedelta(days=365), 100  # of the access history (PDT-INF-527)
VACCINATION = ("87273-9", "11369-6")  # note, and history made by the DMP
CURRENT, OLD = (names.APPROVED,), (names.APPROVED, names.ARCHIVED, names.DEPRECATED)

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor in front of an open DMP on which they are authorised."""

    dmp: DmpService
    patient: Patient
    caller: Caller
    viewer: Viewer
    now: datetime
    every: bool = False  # archived and replaced documents too

    @property
    def matricule(self) -> str:
        return self.patient.ins.matricule

    def visible(self, statuses: Sequence[str] = CURRENT) -> list[Held]:
        """The documents that this visitor finds, newest first."""
        entries = self.dmp.state.of_patient(self.matricule, statuses)
        return [one for one in entries if hidden(one, self.viewer, self.dmp.rules) is None]


@dataclass(frozen=True, slots=True)
class View:
    """A page ready for its template. `returned`: uniqueIds that it lists."""

    template: str
    values: Values
    returned: tuple[str, ...] = ()


def home(visit: Visit) -> View:
    """The last documents added, newest first."""
    visit.dmp.access.check(Action.SEARCH, visit.caller, visit.patient)
    entries = visit.dmp.state.of_patient(visit.matricule)
    found = latest(entries, visit.visible(), LAST_ADDED)
    return _listed("web_home", found, count=LAST_ADDED)


def documents(visit: Visit) -> View:
    """Every document found; with `every`, archived and replaced ones."""
    visit.dmp.access.check(Action.SEARCH, visit.caller, visit.patient)
    return _listed("web_documents", visit.visible(OLD if visit.every else CURRENT), every=visit.every)


def vaccines(visit: Visit) -> View:
    """Vaccination notes and history."""
    visit.dmp.access.check(Action.SEARCH, visit.caller, visit.patient)
    return _listed("web_vaccines", [one for one in visit.visible() if one.type_code in VACCINATION])


def pathway(visit: Visit) -> View:
    """The documents by structure (our idea of this page: its real content is not public)."""
    visit.dmp.access.check(Action.SEARCH, visit.caller, visit.patient)
    found = visit.visible()
    places: dict[str, list[Line]] = {}
    for one in map(line, found):
        places.setdefault(one.structure or "—", []).append(one)
    return View("web_pathway", {"places": places}, tuple(one.unique_id for one in found))


def record(visit: Visit) -> View:
    """Administrative data, as TD1.3a gives them."""
    visit.dmp.access.check(Action.ADMIN_DATA, visit.caller, visit.patient)
    return View("web_record", {"details": admin_data(visit.patient)})


def history(visit: Visit) -> View:
    """The accesses: one year of them, or the last hundred when the year has fewer."""
    traces = shown(visit.dmp.audit.of(visit.matricule), visit.viewer)
    everything = visit.viewer.actor is Actor.TREATING
    return View("web_history", {"traces": recent(traces, visit.now), "everything": everything})


def recent(traces: Sequence[Trace], now: datetime) -> list[Trace]:
    """Newest first: those of the last year, and older ones up to a hundred in all."""
    newest = list(reversed(traces))
    return [one for rank, one in enumerate(newest) if rank < AT_LEAST or one.when >= now - YEAR]


def wishes(visit: Visit) -> View:
    """Who is authorised or blocked, what the patient opposes. The treating doctor may block and unblock."""
    visit.dmp.access.check(Action.AUTHORISED, visit.caller, visit.patient)
    people = visit.dmp.desk.habilitations.professionals.values()
    held = [(one, visit.dmp.authorisations.of(visit.patient, one.id_nat, visit.now)) for one in people]
    listed = [(one, state) for one, state in held if state.state is not State.NONE]
    return View("web_wishes", {"people": listed, "may_block": visit.viewer.actor is Actor.TREATING})


VIEWS: Mapping[str, Callable[[Visit], View]] = {
    address.HOME: home,
    address.RECORD: record,
    address.DOCUMENTS: documents,
    address.PATHWAY: pathway,
    address.HISTORY: history,
    address.WISHES: wishes,
    address.VACCINES: vaccines,
}


def opened(visit: Visit, unique_id: str) -> tuple[Held, bytes]:
    """A document that this visitor may read, and its bytes. Raises Refused, Refusal."""
    visit.dmp.access.check(Action.RETRIEVE, visit.caller, visit.patient)
    held = visit.dmp.state.find(unique_id)
    if (
        held is None
        or held.patient != visit.matricule
        or hidden(held, visit.viewer, visit.dmp.rules, reading=True)
    ):
        raise errors.no_document(unique_id)
    return held, visit.dmp.state.body(held)


def _listed(template: str, found: Sequence[Held], **values: object) -> View:
    lines = [line(one) for one in found]
    return View(template, {"documents": lines, **values}, tuple(one.unique_id for one in found))
