"""The DMP service: decisions in the DMP's order, answers, facts."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas import xds
from schemas.finding import Finding
from schemas.soap.mtom import Attachment
from schemas.vihf import AIR, DIRECT, Vihf
from schemas.vihf import model as vihf_model
from schemas.vihf.rules import PS_ID
from schemas.xds import RegistryError, RetrieveResponse, names
from simulators.core.clock import Clock, stamp
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.identities import PROFESSIONALS, Professional
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request, Response
from simulators.core.whose import patient_of

from . import audit, consult, errors, faults, feed, visibility, wire
from . import update as updates
from .access import Access
from .audit import AuditTrail, Trace
from .authorisations import Authorisations
from .desk import Desk
from .errors import Refusal
from .examine import Examined, Examiner, Options
from .habilitations import Habilitations
from .rights import Action, Actor, actor_of
from .routes import FEED_CPE, FEEDS, RETRIEVE, SEARCH, UPDATE, identify
from .spoil import spoil
from .state import DmpState
from .visibility import Rules, Viewer


class DmpService:
    """One DMP of one stack. Implements `simulators.core.service.Service`."""

    name = "dmp"

    def __init__(
        self,
        options: Options,
        *,
        clock: Clock,
        randomness: Randomness,
        population: Population,
        state: DmpState | None = None,
        professionals: Iterable[Professional] = PROFESSIONALS,
        authorisations: Authorisations | None = None,
        trail: AuditTrail | None = None,
        rules: Rules = visibility.DEFAULT,
    ) -> None:
        self.state = state or DmpState()
        self.audit = trail or AuditTrail()
        self._rules = replace(rules, oddities=options.policy.oddities)
        self._options = options
        self._clock = clock
        self._random = randomness
        self._population = population
        self._examiner = Examiner(options, self._age, self._others)
        self._structures: dict[str, str] = {}  # PS_IdNat → Struct_IdNat
        known = {one.id_nat: one for one in professionals}
        for one in known.values():
            self._structures[one.id_nat] = one.structure.id_nat
        policy = options.policy
        self.authorisations = authorisations or Authorisations(clock.now(), lifetime=policy.lifetime)
        self.access = Access(population, self.authorisations, policy)
        self.desk = Desk(self.access, Habilitations(self.access, self.state, known))

    def changed_ins(self, former: str, present: str) -> None:
        """A patient's INS changed: documents, authorisations and trail follow. Both are matricules.

        Raises sqlite3.IntegrityError when documents are stored under the present one already.
        """
        self.state.rename(former, present)
        self.authorisations.rename(former, present)
        self.audit.rename(former, present)

    @property
    def rules(self) -> Rules:
        """What decides who sees which document, for the pages that show the same record."""
        return self._rules

    def identify(self, request: Request) -> str:
        return identify(request.path, request.body)

    def handle(self, request: Request) -> Handled:
        seen = self._examiner.examine(request, self._clock.now(), self.state.first_time)
        self._describe(seen)
        try:
            if seen.refusal is not None:
                raise seen.refusal
            return self._handled(seen, self._answer(seen))
        except Refusal as refused:
            return self._refused(seen, refused)

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """Answer a fault of `faults`. Raises ValueError for another kind."""
        if fault.kind in faults.REMARKS:
            return self._remarking(request, fault)
        if fault.kind in faults.SPOILT:
            handled = self.handle(request)
            return replace(handled, response=spoil(handled.response, fault))
        if fault.kind in faults.STATES:
            return self._believing(request, fault).handle(request)
        refused = faults.refusal(fault)
        seen = self._examiner.examine(request, self._clock.now(), self.state.first_time)
        self._describe(seen)
        return self._refused(seen, refused)

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        """Every finding about a recorded exchange, at the time of the exchange."""
        replayed = exchange.facts.get("replayed", ())
        others = frozenset(exchange.facts.get("same_patient", ()))
        seen = replace(self._examiner, others_of=lambda _: others).examine(
            recorded(exchange), exchange.started, lambda kind, _: kind not in replayed
        )
        return seen.findings + (seen.deferred() if seen.deferred else [])

    def _answer(self, seen: Examined) -> Response:
        caller = seen.vihf
        assert caller is not None and seen.operation is not None
        self._know(caller)
        now = self._clock.now()
        if self.desk.answers(seen):
            id_ = self._random.uuid("dmp.message")
            return wire.reply(seen, seen.operation, self.desk.answer(seen, id_, now), f"urn:uuid:{id_}")
        patient = self.access.record(seen.patient)
        known = self.access.caller(caller, patient, now)
        for action in _actions(seen):
            self.access.check(action, known, patient)
        if seen.operation in FEEDS:
            return self._feed(seen, patient)
        viewer = visibility.caller(
            caller, treating=known.authorisation.treating, agreed=patient.masked_in_emergency
        )
        if seen.operation is SEARCH:
            return self._search(seen, viewer, patient)
        if seen.operation is UPDATE:
            return self._update(seen, viewer, patient)
        return self._retrieve(seen, viewer, patient)

    def _know(self, caller: Vihf) -> None:
        """The structure and the professional, known and linked."""
        if caller.structure not in self._structures.values():
            raise errors.unknown_structure(caller.structure)
        home = self._structures.get(caller.name_id)
        if home is None and actor_of(caller, False) is Actor.CPE:  # an employee is known by their structure
            prefix = caller.name_id.partition("/")[0]
            if not prefix or prefix[1:] != caller.structure[1:]:
                raise errors.unlinked(caller.name_id, caller.structure)
            return
        personal = caller.mode in (AIR, DIRECT) or bool(PS_ID.fullmatch(caller.name_id))
        if personal and home != caller.structure:
            raise errors.unlinked(caller.name_id, caller.structure)

    def _feed(self, seen: Examined, patient: Patient) -> Response:
        provided = seen.payload
        assert isinstance(provided, xds.Provided) and seen.operation is not None
        if provided.submission.folders and not self._options.folders:
            where = provided.submission.folders[0]
            raise errors.registry("XDSRepositoryMetadataError", "classeur non admis", "folder", where)
        feed.feed(
            self.state,
            provided,
            patient.ins.matricule,
            self._random,
            seen.facts["documents"],
            stamp(self._clock.now()),
        )
        remarks = (*_remarks(seen), *_not_saved(provided))
        body = xds.write_registry_response(xds.RegistryResponse(errors=remarks))
        return wire.reply(seen, seen.operation, body, self._message_id())

    def _update(self, seen: Examined, viewer: Viewer, patient: Patient) -> Response:
        asked = seen.payload
        assert isinstance(asked, xds.Update) and seen.operation is not None
        updates.update(
            self.state, asked, patient.ins.matricule, viewer, self._random, seen.facts, self._rules
        )
        body = xds.write_registry_response(xds.RegistryResponse(errors=_remarks(seen)))
        return wire.reply(seen, seen.operation, body, self._message_id())

    def _search(self, seen: Examined, viewer: Viewer, patient: Patient) -> Response:
        query = seen.payload
        assert isinstance(query, xds.Query) and seen.operation is not None
        found = consult.search(
            self.state, query, patient.ins.matricule, viewer, self._rules, asked_as=seen.patient
        )
        references = query.return_type == "ObjectRef"
        if 0 < self._options.max_results < len(found) and not references:
            raise errors.too_many(len(found), self._options.max_results)
        seen.facts["returned"] = [one.name for one in found]
        body = wire.search_answer(
            found,
            references=references,
            errors=_remarks(seen),
            status=_status(_remarks(seen)),
        )
        return wire.reply(seen, seen.operation, body, self._message_id())

    def _retrieve(self, seen: Examined, viewer: Viewer, patient: Patient) -> Response:
        assert isinstance(seen.payload, tuple) and seen.operation is not None
        found = consult.retrieve(self.state, seen.payload, patient.ins.matricule, viewer, self._rules)
        if not found.documents:
            raise errors.none_given(found.errors)
        refused = (*found.errors, *_remarks(seen))
        attachments, documents = [], []
        for rank, (held, data) in enumerate(found.documents, 1):
            name = f"document{rank}.{self._random.uuid('dmp.part')}@dmp"
            attachments.append(Attachment(name, data, held.mime_type))
            documents.append(
                xds.Retrieved(names.DMP_REPOSITORY, held.unique_id, held.mime_type, href=f"cid:{name}")
            )
        seen.facts["documents"] = [
            {
                "unique_id": held.unique_id,
                "type_code": held.type_code,
                "title": held.title,
                "sha256": held.sha256,
                "size": len(data),
            }
            for held, data in found.documents
        ]
        body = xds.write_retrieve_response(RetrieveResponse(_status(refused), tuple(documents), refused))
        return wire.reply(seen, seen.operation, body, self._message_id(), attachments)

    def _believing(self, request: Request, fault: Fault) -> "DmpService":
        """This DMP, believing something else of the patient of a request."""
        patient = self._population.find(patient_of(request.body))
        if patient is None:
            return self
        beside = Population(self._population.seed)
        beside.register(faults.altered(patient, fault))
        other = copy.copy(self)
        other.access = replace(self.access, population=beside)
        other.desk = replace(self.desk, access=other.access)
        return other

    def _remarking(self, request: Request, fault: Fault) -> Handled:
        """Do what is asked, and say that something is missing, or only warn."""
        seen = self._examiner.examine(request, self._clock.now(), self.state.first_time)
        partial = fault.kind == faults.PARTIAL_SUCCESS
        if seen.operation not in ((SEARCH, RETRIEVE) if partial else (*FEEDS, UPDATE, SEARCH, RETRIEVE)):
            raise ValueError(f"{fault.kind} makes no sense for {seen.transaction}")
        self._describe(seen)
        default = "XDSRegistryError" if partial else "XDSExtraMetadataNotSaved"
        seen.facts["partial" if partial else "warning"] = str(fault.params.get("code", default))
        try:
            if seen.refusal is not None:
                raise seen.refusal
            return self._handled(seen, self._answer(seen))
        except Refusal as refused:
            return self._refused(seen, refused)

    def _describe(self, seen: Examined) -> None:
        """Facts that the message itself gives, whatever comes of it."""
        payload = seen.payload
        if isinstance(payload, xds.Provided):
            seen.facts["documents"] = feed.describe(payload)
            seen.facts["submission"] = payload.submission.submission_set.unique_id
        elif isinstance(payload, xds.Query):
            slots = {name: [v for group in groups for v in group] for name, groups in payload.slots.items()}
            seen.facts.update(query=payload.id, return_type=payload.return_type, slots=slots)
        elif isinstance(payload, xds.Update):
            seen.facts.update(updates.describe(payload))
        elif isinstance(payload, tuple):
            seen.facts["requested"] = [one.unique_id for one in payload]

    def _handled(self, seen: Examined, response: Response) -> Handled:
        facts = {**seen.facts, "outcome": "accepted"}
        self._trace(seen, facts)
        return Handled(response, seen.transaction, facts, tuple(seen.findings), seen.deferred)

    def _refused(self, seen: Examined, refused: Refusal) -> Handled:
        response = wire.refusal(seen, refused, self._message_id(), stamp(self._clock.now()))
        facts: Mapping[str, Any] = {
            **seen.facts,
            "outcome": "refused",
            "reason": refused.code or refused.cause,
            "cause": refused.cause,
            "detail": refused.text[:400],
        }
        if seen.refusal is None and refused.cause != "injected":
            self._trace(seen, facts)
        return Handled(response, seen.transaction, facts, tuple(seen.findings), seen.deferred)

    def _trace(self, seen: Examined, facts: Mapping[str, Any]) -> None:
        """Into the trail of the record: who is sure by now."""
        caller = seen.vihf
        assert caller is not None
        patient = self.access.patient(seen.patient)
        self.audit.add(
            patient.ins.matricule if patient else seen.patient,
            Trace(
                self._clock.now(),
                caller.name_id,
                caller.structure,
                caller.mode,
                caller.purpose.code if caller.purpose else "",
                caller.first(vihf_model.REASON),
                seen.transaction,
                audit.documents_of(facts),
                str(facts["outcome"]),
                str(facts.get("reason", "")),
            ),
        )

    def _message_id(self) -> str:
        return f"urn:uuid:{self._random.uuid('dmp.message')}"

    def _others(self, matricule: str) -> frozenset[str]:
        """The other INS of this patient, as patientId (`composite.patient`)."""
        patient = self.access.patient(matricule)
        if patient is None or not patient.former:
            return frozenset()
        return frozenset(one.cx() for one in (patient.ins, *patient.former))

    def _age(self, matricule: str, now: datetime) -> int | None:
        patient = self._population.holder(matricule)
        if patient is None:
            return None
        born = patient.birth_date
        return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def _actions(seen: Examined) -> tuple[Action, ...]:
    """The lines of the sheets of rights that a feed, a search, a retrieval or an update is about."""
    if seen.operation in FEEDS:
        return (Action.FEED_CPE if seen.operation is FEED_CPE else Action.FEED,)
    if isinstance(seen.payload, xds.Update):
        return updates.actions(seen.payload)
    if seen.operation is RETRIEVE:
        return (Action.RETRIEVE,)
    query = seen.payload
    references = isinstance(query, xds.Query) and query.return_type == "ObjectRef"
    return (Action.SEARCH_REFERENCES if references else Action.SEARCH,)


def _not_saved(provided: xds.Provided) -> tuple[RegistryError, ...]:
    """A warning for each folder: taken, and not kept by the bench."""
    return tuple(
        RegistryError(
            "XDSExtraMetadataNotSaved", "[bench] classeur non conservé", one, names.SEVERITY_WARNING
        )
        for one in provided.submission.folders
    )


def _remarks(seen: Examined) -> tuple[RegistryError, ...]:
    """The error or the warning that a fault adds to a right answer."""
    if "partial" in seen.facts:
        return (RegistryError(str(seen.facts["partial"]), "[bench] réponse partielle injectée"),)
    if "warning" in seen.facts:
        text = "[bench] avertissement injecté"
        return (RegistryError(str(seen.facts["warning"]), text, severity=names.SEVERITY_WARNING),)
    return ()


def _status(listed: Sequence[RegistryError]) -> str:
    """What is done with these errors is done in part; warnings take nothing away."""
    grave = any(one.severity != names.SEVERITY_WARNING for one in listed)
    return names.PARTIAL if grave else names.SUCCESS


def recorded(exchange: Exchange) -> Request:
    """The request of a recorded exchange."""
    first, *lines = exchange.request_head.split("\n")
    method, _, rest = first.partition(" ")
    headers = tuple(
        (name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon
    )
    request = Request(method, rest.rpartition(" ")[0], headers, exchange.request_body)
    return replace(request, tls=exchange.tls)
