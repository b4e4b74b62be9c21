"""The patient's space behind HTTP: pages for people, and under `/api` the same in JSON for programs.

`/patients/<INS>/<onlooker>/<page>`: the onlooker is `patient` or `representant-1`…; pages are those of PAGES.
A gesture is a POST to `…/gestes`: a form of ours, or under `/api` a JSON object
`{"gesture": "mask", "document": uniqueId}`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote

from schemas import safe
from schemas.finding import Finding
from simulators.core.clock import iso
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.population import Patient
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request, Response, answer

from ..pages import documents, guard, look
from ..pages.documents import line
from ..rights import GLASS, REGULATION
from . import errors
from .errors import Refused
from .gestures import DOCUMENTS, GESTURES, PEOPLE, SETTINGS, Asked
from .space import Space

ROOT, API = "/patients", "/api"
HOME, HISTORY = "accueil", "acces"
PAGES: Mapping[str, str] = {  # page → transaction
    HOME: "MES.home",
    DOCUMENTS: "MES.documents",
    HISTORY: "MES.history",
    PEOPLE: "MES.professionals",
    SETTINGS: "MES.settings",
}
ACT = "gestes"
MAX_LISTED = 500  # patients: the last ones; the total is told
NAMED = ("professional", "document", "purpose")  # fields of a gesture that are facts
LAST_ADDED = 5
ICON = "/favicon.ico"

Json = dict[str, Any]


@dataclass(slots=True)
class _Call:
    """One request, as far as it is understood."""

    request: Request
    transaction: str
    lang: str
    api: bool
    ins: str = ""
    who: str = ""
    page: str = ""
    facts: Json = field(default_factory=dict)

    def link(self, path: str) -> str:
        """A path of ours in the language that was asked for."""
        chosen = self.request.query.get("lang") == self.lang
        return f"{path}{'&' if '?' in path else '?'}lang={self.lang}" if chosen else path

    def path(self, page: str, who: str = "") -> str:
        return f"{ROOT}/{self.ins}/{who or self.who}/{page}"


class Mes:
    """The spaces of one DMP. Implements `simulators.core.service.Service`."""

    name = "mes"

    def __init__(self, space: Space, randomness: Randomness) -> None:
        self.space = space
        self._secret = randomness.token("mes.secret")

    # -- protocol Service --------------------------------------------------------------------------

    def identify(self, request: Request) -> str:
        _, who, page = _parts(request)
        if request.path == ICON:
            return "MES.icon"
        if page == ACT:
            return f"MES.{_gesture(_asked(request)) or '?'}"
        if page == DOCUMENTS and "document" in request.query:
            return "MES.document"
        return PAGES.get(page, "?") if who else "MES.patients"

    def handle(self, request: Request) -> Handled:
        ins, who, page = _parts(request)
        api = request.path.startswith(f"{API}/")
        call = _Call(request, self.identify(request), look.language(request), api, ins, who, page)
        if ins:
            call.facts.update(patient=ins[:80], onlooker=who[:40])
        try:
            response = self._answer(call)
            call.facts["outcome"] = "accepted"
        except Refused as refused:
            call.facts.update(
                outcome="refused", reason=refused.cause, cause=refused.cause, detail=refused.detail[:400]
            )
            response = self._refusal(call, refused)
        return Handled(response, call.transaction, call.facts)

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """Raises ValueError: these pages have no fault of their own."""
        raise ValueError(f"the patient's space knows no fault {fault.kind!r}")

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        return []  # the patient's side judges nobody's software

    # -- behaviour ---------------------------------------------------------------------------------

    def _answer(self, call: _Call) -> Response:
        request = call.request
        if request.path == ICON:
            return Response(204)
        if call.page == ACT:
            return self._act(call)
        if request.method not in ("GET", "HEAD"):
            raise errors.not_allowed(request.method)
        if not call.ins:
            if request.path not in ("/", ROOT, API + ROOT):
                raise errors.unknown_page(request.path)
            return self._patients(call)
        if call.page not in PAGES:
            raise errors.unknown_page(request.path)
        patient = self.space.patient(call.ins)
        call.who = call.who or self.space.onlookers(patient)[0].who
        self.space.viewer(patient, call.who)
        if call.transaction == "MES.document":
            return self._document(call, patient)
        shown = self._shown(call, patient)
        if call.api:
            return _json(200, shown)
        return self._page(call, f"mes_{call.page}", patient, shown)

    def _patients(self, call: _Call) -> Response:
        found = [one for one in self.space.population if one.mes == "actif"]
        last = found[-MAX_LISTED:][::-1]
        if call.api:
            listed = [{"ins": one.ins.matricule, **one.traits()} for one in last]
            return _json(200, {"total": len(found), "patients": listed})
        return self._page(call, "mes_patients", None, {"patients": last, "total": len(found)})

    def _shown(self, call: _Call, patient: Patient) -> Json:
        """What a page holds, in values that JSON can carry. A closed record shows its history only."""
        space, who = self.space, call.who
        head: Json = {"ins": call.ins, "onlooker": who, "record": patient.dmp}
        if call.page == HISTORY:
            traces = space.history(patient)
            return {**head, "traces": [{**asdict(one), "when": iso(one.when)} for one in traces]}
        notices = [
            {**asdict(one), "first": iso(one.first), "last": iso(one.last)} for one in space.notices(patient)
        ]
        if call.page == HOME:
            lines = self._lines(patient, who) if patient.dmp == "actif" else []
            return {**head, "notices": notices, "documents": lines[:LAST_ADDED]}
        if call.page == SETTINGS:
            return {**head, **_settings(patient)}
        if call.page == DOCUMENTS:
            lines = self._lines(patient, who)
            call.facts["returned"] = [one["unique_id"] for one in lines]
            return {**head, "documents": lines}
        people = [
            {
                "id": one.id_nat,
                "family": one.family,
                "given": one.given,
                "structure": one.structure.name,
                "state": held.state.value,
                "treating": held.treating,
            }
            for one, held in space.professionals(patient)
        ]
        return {**head, "professionals": people}

    def _lines(self, patient: Patient, who: str) -> list[Json]:
        return [asdict(line(one)) for one in self.space.documents(patient, who)]

    def _document(self, call: _Call, patient: Patient) -> Response:
        unique_id, form = call.request.query["document"], call.request.query.get("forme", documents.PDF)
        held, data = self.space.document(patient, unique_id, call.who)
        call.facts["documents"] = [
            {"unique_id": held.unique_id, "type_code": held.type_code, "sha256": held.sha256}
        ]
        response = documents.given(held, data, form)
        if response is None:
            raise errors.no_pdf(unique_id)
        return response

    def _act(self, call: _Call) -> Response:
        request = call.request
        if request.method != "POST":
            raise errors.not_allowed(request.method)
        if not guard.ours(request):
            raise errors.forged()
        if call.api and request.header("Content-Type").partition(";")[0].strip() != "application/json":
            raise errors.not_json()
        if not call.api and not guard.holds(request, self._token(call)):
            raise errors.forged()
        asked = _asked(request)
        name = _gesture(asked)
        if not name:
            raise errors.bad_input(f"gesture : {', '.join(GESTURES)}")
        patient = self.space.patient(call.ins)
        self.space.viewer(patient, call.who)
        gesture, page = GESTURES[name]
        call.facts.update({key: safe.visible(str(asked[key]))[:100] for key in NAMED if key in asked})
        gesture(self.space, patient, call.who, asked)
        if call.api:
            return _json(200, {"ins": call.ins, "gesture": name, "done": True})
        return Response(303, (("Location", call.link(f"{call.path(page)}?fait={name}")), *look.COMMON))

    # -- inside ------------------------------------------------------------------------------------

    def _token(self, call: _Call) -> str:
        return guard.token(self._secret, call.ins, call.who)

    def _refusal(self, call: _Call, refused: Refused) -> Response:
        if call.api:
            told = {"error": refused.cause, "detail": refused.detail}
            return _json(refused.status, told)
        call.ins = ""
        return self._page(
            call,
            "mes_refused",
            None,
            {"cause": refused.cause, "detail": refused.detail},
            status=refused.status,
        )

    def _page(
        self, call: _Call, template: str, patient: Patient | None, values: Json, status: int = 200
    ) -> Response:
        people = self.space.dmp.desk.habilitations.professionals
        names = {one.id_nat: f"{one.given} {one.family}" for one in people.values()}
        if patient is not None:
            names[patient.ins.matricule] = f"{patient.given} {patient.birth_name}"
        done = call.request.query.get("fait", "")
        common = {
            "patient": patient,
            "onlookers": self.space.onlookers(patient) if patient is not None else (),
            "who": call.who,
            "page": call.page,
            "pages": PAGES,
            "link": call.link,
            "path": call.path,
            "here": call.path(call.page) if patient is not None else "/",
            "token": self._token(call) if patient is not None else "",
            "label": look.label,
            "name_of": lambda id_: names.get(id_, id_),
            "done": done if done in GESTURES else "",
            "purposes": (GLASS, REGULATION),
        }
        return look.page(status, template, call.lang, {**common, **values})


def _parts(request: Request) -> tuple[str, str, str]:
    """INS, onlooker and page (HOME when none is given) of a path; all empty outside `/patients/`."""
    path = request.path.removeprefix(API)
    if not path.startswith(f"{ROOT}/"):
        return "", "", ""
    ins, who, page, *more = (*path.removeprefix(f"{ROOT}/").split("/"), "", "", "")[:6]
    if any(more):
        return unquote(ins), unquote(who), "?"
    return unquote(ins, errors="replace"), unquote(who, errors="replace"), page or HOME


def _asked(request: Request) -> Asked:
    """The fields of a form, or of a JSON object; none when it is neither."""
    if not request.path.startswith(f"{API}/"):
        return request.form
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _gesture(asked: Asked) -> str:
    """The name of a known gesture; empty for anything else."""
    name = asked.get("gesture")
    return name if isinstance(name, str) and name in GESTURES else ""


def _settings(patient: Patient) -> Json:
    return {
        "opposes": {GLASS: patient.opposes_glass, REGULATION: patient.opposes_regulation},
        "masked_in_emergency": patient.masked_in_emergency,
    }


def _json(status: int, content: Json) -> Response:
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return answer(status, "application/json; charset=utf-8", body.decode(), *look.COMMON)
