"""Web PS behind HTTP: who comes, where to, what is shown, what is kept of it."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from schemas.finding import Finding
from schemas.vihf.certificates import Authorities
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.identities import EMPLOYEES, Professional
from simulators.core.population import Patient
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request, Response
from simulators.psc.service import PscService

from .. import visibility
from ..access import Caller
from ..authorisations import State
from ..errors import Refusal
from ..pages import documents, guard, look
from ..rights import Action
from ..service import DmpService
from . import address, errors, gestures, views
from .address import Address
from .call import Call
from .errors import Refused
from .login import CALLBACK, Logins
from .rules import RULES, Called
from .views import Visit
from .visitor import Holder, Visitor, bearer, by_card, name_of

INDEX, ICON, LOGOUT = "/", "/favicon.ico", "/connexion/fin"
OWN = {INDEX: "WEB.index", ICON: "WEB.icon", CALLBACK: "WEB.callback", LOGOUT: "WEB.logout"}
CONTEXTUAL = ("TD0.9", "TD0.10", "WEB.login")
METHODS = ("GET", "HEAD", "POST")


class WebPs:
    """The pages of one DMP. Implements `simulators.core.service.Service`.

    `TD0.9` and `TD0.10` are the contextual calls; what a person does on the pages is `WEB.…`, and a call that
    Pro Santé Connect must identify first is `WEB.login`, then `WEB.callback`.
    """

    name = "dmp-web"

    def __init__(
        self,
        dmp: DmpService,
        psc: PscService,
        authorities: Authorities,
        client: tuple[str, str],
        *,
        clock: Clock,
        randomness: Randomness,
        test_ins: Collection[str] = (),
    ) -> None:
        """`client`: client_id and secret of these pages at Pro Santé Connect. `test_ins`: matricules of test
        patients that are public, besides those of the population."""
        self._dmp = dmp
        self._authorities = authorities
        self._clock = clock
        self._secret = randomness.token("web.secret")
        self._test_ins = frozenset(test_ins)
        self.logins = Logins(psc, client, clock, randomness, self._professionals.get)

    def at(self, base_url: str) -> None:
        """Tell the pages where they are reached: `https://host:port`."""
        self.logins.base_url = base_url

    # -- protocol Service --------------------------------------------------------------------------

    def identify(self, request: Request) -> str:
        own = OWN.get(request.path)
        if own is not None:
            return own
        if request.method == "POST":
            asked = request.form.get(gestures.FIELD, "")
            return f"WEB.{asked}" if asked in gestures.GESTURES else "WEB.?"
        if "document" in request.query:
            return "WEB.document"
        if request.tls is not None and request.tls.client_certificate:
            return "TD0.9"
        where = address.read(request.path)
        wanted = where.page and not where.fault
        return "WEB.login" if wanted and self.logins.visitor(request) is None else "TD0.10"

    def handle(self, request: Request) -> Handled:
        call = Call(request, address.read(request.path), self.identify(request), look.language(request))
        whose = bearer(request.tls, self._authorities)
        patient, known = self._patient(call.address), self._known(call.address)
        call.arrived(whose, known)
        called = Called(call.address, whose, known, request.target.partition("?")[2])
        findings = tuple(RULES.judge(called)) if call.transaction in CONTEXTUAL else ()
        try:
            response = self._answer(call)
            call.facts["outcome"] = "accepted"
        except Refused as refused:
            response = self._refusal(call, refused)
        except Refusal as refusal:
            response = self._refusal(call, errors.by_the_dmp(refusal))
        trace = call.trace(self._clock.now())
        if trace is not None:
            self._dmp.audit.add(patient.ins.matricule if patient else call.address.ins, trace)
        return Handled(response, call.transaction, call.facts, findings)

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """Raises ValueError: these pages have no fault of their own."""
        raise ValueError(f"Web PS knows no fault {fault.kind!r}")

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        if exchange.transaction not in CONTEXTUAL:
            return []
        target = exchange.request_head.partition("\n")[0].split(" ")[1]
        known = bool(exchange.facts.get("known", True))
        path, _, query = target.partition("?")
        return RULES.judge(Called(address.read(path), str(exchange.facts.get("bearer", "")), known, query))

    # -- behaviour ---------------------------------------------------------------------------------

    def _answer(self, call: Call) -> Response:
        """Raises Refused, Refusal."""
        request = call.request
        if request.path == ICON:
            return Response(204)
        if request.method not in METHODS:
            raise errors.not_allowed(request.method)
        if request.path == INDEX:
            return self._page(call, "web_index", {"prefix": address.PREFIX})
        if request.path == CALLBACK:
            response, visitor = self.logins.finish(request)
            call.recognised(visitor)
            return response
        card = by_card(request.tls, self._authorities, self._holders, self._clock.now())
        call.recognised(card or self.logins.visitor(request))
        if request.path == LOGOUT:
            return self._logout(call)
        self._well_addressed(call.address)
        if call.visitor is not None:
            return self._shown(call, call.visitor)
        if request.method == "POST":
            raise errors.nobody()
        return self.logins.start(call.link(address.of(call.address.page, call.address.ins)))

    def _well_addressed(self, where: Address) -> None:
        """Raises Refused."""
        if not where.page:
            raise errors.unknown_page(where.path)
        if where.fault:
            raise errors.bad_ins(where.ins, where.fault)
        if where.ins and not self._known(where) and not address.drawn(where.ins):
            raise errors.not_a_test_patient(where.ins)

    def _shown(self, call: Call, visitor: Visitor) -> Response:
        patient = self._patient(call.address)
        caller = self._dmp.access.caller(visitor.vihf(), patient, self._clock.now())
        self._dmp.access.permission(Action.WEB, caller)
        if call.address.ins:
            call.found(patient, caller.authorisation.state)
        if call.address.page == address.SETTINGS:
            call.facts["shown"] = "settings"
            return self._page(call, "web_settings", {})
        if call.address.page == address.DASHBOARD:
            return self._dashboard(call, caller, patient)
        opened = _opened(call.address, caller, patient)
        token = self._token(visitor, opened)
        if call.request.method == "POST":
            return self._gesture(call, caller, opened, token)
        if caller.authorisation.state is not State.VALID:
            call.facts["shown"] = "confirmation"
            values = {"patient": opened, "state": caller.authorisation.state.value, "token": token}
            return self._page(call, "web_confirm", values)
        visit = self._visit(call, visitor, caller, opened)
        if "document" in call.request.query:
            return self._document(call, visit)
        view = views.VIEWS[call.address.page](visit)
        call.facts.update(shown=view.template.removeprefix("web_"), returned=list(view.returned))
        return self._page(call, view.template, {"patient": opened, "token": token, **view.values})

    def _dashboard(self, call: Call, caller: Caller, patient: Patient | None) -> Response:
        """With an INS, the result of the existence test, whatever it is."""
        call.facts["shown"] = "dashboard"
        existing = patient if patient is not None and patient.dmp != "inexistant" else None
        values = {
            "patient": existing,
            "state": caller.authorisation.state.value,
            "treating": caller.authorisation.treating,
        }
        return self._page(call, "web_dashboard", values)

    def _gesture(self, call: Call, caller: Caller, patient: Patient, token: str) -> Response:
        if not guard.holds(call.request, token):
            raise errors.forged()
        page, facts = gestures.done(self._dmp, call.request.form, caller, patient, self._clock.now())
        call.facts.update(facts)
        where = call.link(address.of(page, patient.ins.matricule))
        return Response(303, (("Location", where), *look.COMMON))

    def _document(self, call: Call, visit: Visit) -> Response:
        unique_id, form = call.request.query["document"], call.request.query.get("forme", documents.PDF)
        call.facts.update(shown="document", form=form[:20], requested=[unique_id[:100]])
        held, data = views.opened(visit, unique_id)
        response = documents.given(held, data, form)
        if response is None:
            raise errors.no_pdf(unique_id)
        call.facts["documents"] = [
            {"unique_id": held.unique_id, "type_code": held.type_code, "sha256": held.sha256}
        ]
        return response

    def _logout(self, call: Call) -> Response:
        if call.request.method != "POST" or not guard.ours(call.request):
            raise errors.not_allowed(call.request.method)
        visitor, call.visitor = call.visitor, None  # nobody is left to be named on the page
        dropped = (self.logins.end(visitor),) if visitor is not None and visitor.session else ()
        return self._page(call, "web_ended", {}, *dropped)

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _professionals(self) -> Mapping[str, Professional]:
        return self._dmp.desk.habilitations.professionals

    @property
    def _holders(self) -> Mapping[str, Holder]:
        """Who bears a card."""
        return {**self._professionals, **{one.id_nat: one for one in EMPLOYEES}}

    def _name(self, patient: Patient | None, id_: str) -> str:
        """The name of a professional, of an employee or of the patient, by their identifier."""
        if patient is not None and id_ == patient.ins.matricule:
            return f"{patient.given} {patient.birth_name}"
        one = self._holders.get(id_)
        return name_of(one) if one else id_

    def _patient(self, where: Address) -> Patient | None:
        return self._dmp.access.patient(where.ins) if where.ins and not where.fault else None

    def _known(self, where: Address) -> bool:
        """Whether the INS is one of a test patient that the bench knows."""
        return self._patient(where) is not None or where.ins in self._test_ins

    def _visit(self, call: Call, visitor: Visitor, caller: Caller, patient: Patient) -> Visit:
        viewer = visibility.caller(
            caller.vihf, treating=caller.authorisation.treating, agreed=patient.masked_in_emergency
        )
        every = call.request.query.get("tous") == "1"
        return Visit(self._dmp, patient, caller, viewer, self._clock.now(), every)

    def _token(self, visitor: Visitor, patient: Patient) -> str:
        bound = (visitor.person.id_nat, visitor.mode, visitor.session, patient.ins.matricule)
        return guard.token(self._secret, *bound)

    def _refusal(self, call: Call, refused: Refused) -> Response:
        call.refused(refused)
        where = call.address
        ins = where.ins if where.page and not where.fault else ""
        values = {
            "cause": refused.cause,
            "detail": refused.detail,
            "board": address.of(address.DASHBOARD, ins) if refused.board else "",
            "again": call.transaction == "WEB.callback",
        }
        return self._page(call, "web_refused", values, status=refused.status)

    def _page(
        self, call: Call, template: str, values: dict[str, Any], *more: tuple[str, str], status: int = 200
    ) -> Response:
        where = call.address
        good = bool(where.page) and not where.fault
        common: dict[str, Any] = {
            "patient": None,
            "visitor": call.visitor,
            "link": call.link,
            "here": call.request.path if good else INDEX,
            "pages": address.PAGES,
            "page": where.page,
            "ins": where.ins if good else "",
            "path": address.of,
            "label": look.label,
            "name_of": partial(self._name, self._patient(where)),
        }
        return look.page(status, template, call.lang, {**common, **values}, *more)


def _opened(where: Address, caller: Caller, patient: Patient | None) -> Patient:
    """The patient of an open DMP that does not block this caller. Raises Refused."""
    if patient is None or patient.dmp == "inexistant":
        raise errors.no_record(where.ins)
    if patient.dmp == "ferme":
        raise errors.closed(where.ins)
    if caller.authorisation.state is State.BLOCKED:
        raise errors.blocked(where.ins)
    return patient
