"""All that a message says by itself: decoded, judged, and refused when that is enough to refuse it.

Nothing here remembers anything, so that a recorded exchange can be judged again from its bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from cryptography import x509

from schemas import cda, certificates, hl7v3, soap, vihf, xds
from schemas.finding import Finding
from schemas.habilitations import HabilitationRefused
from schemas.hl7v3.rules import RULES as HL7_RULES
from schemas.ins import PRODUCTION_OIDS, parse_cx
from schemas.soap import message
from schemas.soap.envelope import Envelope, EnvelopeRefused
from schemas.soap.message import Carried
from schemas.soap.mtom import MultipartRefused
from schemas.soap.rules import BROKEN, MALFORMED, REPEATED_ID, VERSION, Sent
from schemas.soap.rules import RULES as SOAP_RULES
from schemas.vihf import Vihf, rights
from schemas.vihf.certificates import AUTHENTICATION, ORGANISATION, SIGNATURE, Authorities
from schemas.vihf.policy import DEFAULT
from schemas.vihf.policy import Policy as VihfPolicy
from schemas.vihf.rules import Presented
from schemas.vihf.rules import judge as judge_vihf
from schemas.vihf.signature import SignatureRefused, Signed, verify
from schemas.xds.errors import REGISTRY_METADATA_ERROR
from schemas.xds.judge import judge_decisive, judge_deferred
from schemas.xds.query import PATIENTS
from schemas.xml import XmlRefused
from simulators.core.exchange import Tls
from simulators.core.service import Request

from . import errors, patient_messages, routes
from .errors import Refusal
from .policy import Policy
from .rights import Actor, actor_of
from .routes import EXISTENCE, FEED, SEARCH, UPDATE, Operation

_UNIT = re.compile(r"(?:^|[,+])OU=([^,+]*)")


Payload = (
    hl7v3.Query | xds.Provided | xds.Query | xds.Update | tuple[xds.Wanted, ...] | patient_messages.Question
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a DMP is set to. `homologation`: the number declared by the vendor (empty: not compared).

    `vihf`: what is accepted in a VIHF, where the public texts are silent.
    """

    authorities: Authorities
    homologation: str = ""
    require_tls: bool = True
    vihf: VihfPolicy = DEFAULT
    policy: Policy = field(default_factory=Policy)
    max_document: int = 10 * 1024 * 1024  # bytes, 0 for none; the real limit is not public
    max_submission: int = 0  # bytes of the documents of a submission, 0 for none
    max_results: int = 0  # objects of a LeafClass search, 0 for none
    cumulative: bool = False  # parameter `cumul-invisible_patient-masque_ps` of the DMP
    folders: bool = True  # taken with a warning
    soap11: bool = False  # tolerated, and judged all the same
    document_id_any_case: bool = False  # so is an id of Document that differs from its entry's by case


@dataclass(slots=True)
class Examined:
    """A message as understood. `refusal` is the first reason to refuse, in the DMP's order of decisions."""

    transaction: str
    operation: Operation | None = None
    carried: Carried | None = None
    envelope: Envelope | None = None
    vihf: Vihf | None = None
    signer: x509.Certificate | None = None
    payload: "Payload | None" = None
    patient: str = ""  # matricule
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    deferred: Callable[[], list[Finding]] | None = None

    def refuse(self, refusal: Refusal) -> "Examined":
        """Keep the first refusal."""
        self.refusal = self.refusal or refusal
        return self

    @property
    def message_id(self) -> str:
        return (self.envelope.message_id or "") if self.envelope else ""


@dataclass(slots=True)
class Examiner:
    """Examines messages. `age_of(matricule, now)` gives a patient's age in years, None when unknown;
    `others_of(matricule)` every INS of a patient who had several, as CX."""

    options: Options
    age_of: Callable[[str, datetime], int | None]
    others_of: Callable[[str], frozenset[str]]

    def examine(self, request: Request, now: datetime, first_time: Callable[[str, str], bool]) -> Examined:
        """Decode and judge a request. `first_time(kind, id)` tells whether an identifier is new."""
        seen = Examined("?")
        service = routes.service_of(request.path)
        if not service:
            return seen.refuse(errors.not_found(request.path))
        if self.options.require_tls and request.tls is None:
            seen.refuse(errors.no_tls())
        if not self._open(request, seen):
            seen.transaction = routes.identify(request.path, request.body)
            return seen
        assert seen.envelope is not None and seen.carried is not None
        operation = routes.dispatch(seen.envelope)
        if operation is None or service not in routes.SERVICES:
            seen.transaction = routes.identify(request.path, request.body)
            what = seen.transaction if seen.transaction != "?" else seen.envelope.body.tag
            gone = any(name == seen.transaction for _, name in routes.REMOVED)
            return seen.refuse(errors.removed(str(what)) if gone else errors.not_simulated(str(what)))
        seen.operation, seen.transaction = operation, operation.transaction
        undecoded = self._decode(seen, operation)
        self._judge_carriage(seen, operation, service, first_time)
        self._judge_vihf(seen, request.tls, now, first_time)
        if undecoded is not None:
            seen.refuse(undecoded)
        self._judge_body(seen)
        return seen

    def _open(self, request: Request, seen: Examined) -> bool:
        """From bytes to an envelope."""
        try:
            seen.carried = message.read(request.header("Content-Type"), request.body)
            seen.envelope = soap.envelope.read(seen.carried.root, soap11=self.options.soap11)
            if self.options.soap11 and seen.envelope.root.tag != f"{{{soap.envelope.SOAP}}}Envelope":
                seen.findings.append(VERSION.finding("/Envelope", "SOAP 1.1", "SOAP 1.2"))
        except MultipartRefused as error:
            seen.findings.append(BROKEN.finding(f"multipart ({error.reason})", error.detail))
            seen.refuse(errors.malformed("mtom", error.detail))
        except XmlRefused as error:
            seen.findings.append(MALFORMED.finding(f"XML ({error.reason})", error.detail, "", error.line))
            seen.refuse(errors.malformed("xml", error.detail))
        except EnvelopeRefused as error:
            rule = VERSION if error.reason == "soap-1.1" else MALFORMED
            seen.findings.append(rule.finding("/Envelope", error.detail, "SOAP 1.2"))
            if error.reason == "soap-1.1":
                seen.refuse(errors.old_soap(error.detail))
            elif error.reason == "must-understand":
                seen.refuse(errors.not_understood(error.detail))
            else:
                seen.refuse(errors.malformed("soap", error.detail))
        return seen.envelope is not None

    def _decode(self, seen: Examined, operation: Operation) -> Refusal | None:
        """From the body to what is asked; the refusal comes later, after those about the VIHF."""
        assert seen.envelope is not None and seen.carried is not None
        body = seen.envelope.body
        if body.tag != operation.body:
            return errors.wrong_action(seen.envelope.action or "", operation.transaction)
        try:
            if operation is EXISTENCE:
                query = hl7v3.read_query(body)
                seen.payload, seen.patient = query, query.patient.matricule
                if query.reason == hl7v3.ADMIN_DATA:
                    seen.operation, seen.transaction = routes.ADMIN_DATA, routes.ADMIN_DATA.transaction
            elif operation in patient_messages.OPERATIONS:
                read = patient_messages.read(body, operation)
                seen.payload, seen.patient, seen.operation = read
                seen.transaction = seen.operation.transaction
            elif operation is FEED:
                provided = xds.read_provide(body, seen.carried.referenced(body))
                ins = parse_cx(provided.submission.submission_set.patient_id)
                seen.payload, seen.patient = provided, ins.matricule if ins else ""
            elif operation is SEARCH:
                stored = xds.read_query(body)
                ins = parse_cx(next(filter(None, map(stored.one, PATIENTS)), ""))
                seen.payload, seen.patient = stored, ins.matricule if ins else ""
            elif operation is UPDATE:
                asked = xds.read_update(body)
                ins = parse_cx(asked.submission.submission_set.patient_id)
                seen.payload, seen.patient = asked, ins.matricule if ins else ""
            else:
                seen.payload = xds.read_retrieve(body)
        except (hl7v3.Hl7Refused, HabilitationRefused) as error:
            seen.findings.append(MALFORMED.finding(error.where, error.detail))
            return errors.unreadable_body(str(error))
        except xds.XdsRefused as error:
            rule = BROKEN if error.reason in ("missing-attachment", "bad-base64") else MALFORMED
            seen.findings.append(rule.finding(f"body ({error.reason})", error.detail, "", error.line))
            return errors.unreadable_body(str(error), xds.refusal_code(error))
        return None

    def _judge_carriage(
        self, seen: Examined, operation: Operation, service: str, first_time: Callable[[str, str], bool]
    ) -> None:
        assert seen.envelope is not None and seen.carried is not None
        inline = seen.payload.inline if isinstance(seen.payload, xds.Provided) else ()
        where = tuple(f"Document[@id='{name}']" for name in inline)
        expected = next((o.action for o in routes.OPERATIONS if o.body == seen.envelope.body.tag), "")
        sent = Sent(seen.carried, seen.envelope, operation is FEED, expected or operation.action, where)
        seen.findings += SOAP_RULES.judge(sent)
        if seen.message_id and not first_time("message", seen.message_id):
            seen.findings.append(REPEATED_ID.finding("/Envelope/Header/MessageID", seen.message_id))
            seen.facts.setdefault("replayed", []).append("message")
        if seen.envelope.missing:
            seen.refuse(errors.addressing(seen.envelope.missing))
        if service != operation.service:
            seen.refuse(errors.wrong_service(service, operation.service))

    def _judge_vihf(
        self, seen: Examined, tls: Tls | None, now: datetime, first_time: Callable[[str, str], bool]
    ) -> None:
        assert seen.envelope is not None and seen.carried is not None
        try:
            assertion = vihf.find(seen.envelope.root, seen.envelope.security)
        except vihf.VihfRefused as error:
            rule = vihf.rules.RULES.rules["VIHF-XSW" if error.wrapped else "VIHF-01"]
            where = f"/Envelope/Header/Security ({error.reason})"
            seen.findings.append(rule.finding(where, error.detail, "saml2:Assertion"))
            seen.refuse(errors.wrapped_vihf(error.detail) if error.wrapped else errors.no_vihf(error.detail))
            return
        signature: Signed | SignatureRefused
        try:
            signature = verify(assertion, seen.envelope.root, seen.carried.written)
        except SignatureRefused as error:
            signature = error
        read = vihf.read(assertion)
        authorities, client, kind = self.options.authorities, self._client(tls), ""
        if isinstance(signature, Signed):
            seen.signer = signature.certificate
            kind = authorities.kind(signature.certificate)
            if kind == ORGANISATION and not read.mode_name:
                read = replace(read, implied=vihf.INDIRECT)  # card software says DIRECTE by saying nothing
        seen.vihf = read
        replayed = bool(read.id) and not first_time("vihf", read.id)
        if replayed:
            seen.facts.setdefault("replayed", []).append("vihf")
        if seen.operation is FEED and actor_of(read, False) is Actor.CPE:
            seen.operation, seen.transaction = routes.FEED_CPE, routes.FEED_CPE.transaction
        patient = read.patient
        matricule = patient.matricule if patient else ""
        findings = judge_vihf(
            Presented(
                vihf=read,
                now=now,
                transaction=_right(seen),
                signature=signature,
                signer_problems=self._problems(seen.signer, SIGNATURE, now),
                tls_problems=self._problems(client, AUTHENTICATION, now),
                tls_structure=_structure(tls),
                body_patient=seen.patient,
                homologation=self.options.homologation,
                age=self.age_of(matricule, now),
                replayed=replayed,
                resent="message" in seen.facts.get("replayed", ()),
                policy=self.options.vihf,
                signer_kind=kind,
                tls_kind=authorities.kind(client) if client is not None else "",
                tls_certificate=client,
            )
        )
        seen.findings += findings
        refusal = errors.for_vihf(findings)
        if refusal is not None:
            seen.refuse(refusal)
        if not self.options.vihf.mode_any_case and read.mode_name not in ("", vihf.model.MODE):
            seen.refuse(errors.misspelt_mode(read.mode_name))
        if patient is not None and patient.oid in PRODUCTION_OIDS:
            seen.refuse(errors.registry("XDSUnknownPatientId", "OID d'INS de production refusé par le banc"))
        seen.patient = seen.patient or matricule
        seen.facts.update(user=read.name_id, mode=read.mode, structure=read.structure)
        seen.facts.update(
            vihf_id=read.id,
            message_id=seen.message_id,
            purpose=read.purpose.code if read.purpose else "",
            access_reason=read.first(vihf.model.REASON),
            secret=vihf.model.CONFIDENTIALITY in read.attributes,
        )
        seen.facts.update(
            software=read.first(vihf.model.LPS_NAME), version=read.first(vihf.model.LPS_VERSION)
        )

    def _problems(self, certificate: x509.Certificate | None, usage: str, now: datetime) -> tuple[str, ...]:
        if certificate is None:
            return ()
        return tuple(self.options.authorities.problems(certificate, usage, now))

    def _client(self, tls: Tls | None) -> x509.Certificate | None:
        if tls is None or not tls.client_certificate:
            return None
        return certificates.load(tls.client_certificate)

    def _judge_body(self, seen: Examined) -> None:
        seen.facts["patient"] = seen.patient
        payload = seen.payload
        if isinstance(payload, hl7v3.Query):
            findings = HL7_RULES.judge(payload)
            seen.findings += findings
            if any(finding.rule == "HL7-02" for finding in findings):
                seen.refuse(errors.unknown_patient(payload.patient.matricule))
        elif isinstance(payload, xds.Query):
            seen.findings += xds.judge_query(payload)
        elif isinstance(payload, patient_messages.QUESTIONS):
            findings, refusal = patient_messages.judge(payload)
            seen.findings += findings
            if refusal is not None:
                seen.refuse(refusal)
        elif isinstance(payload, xds.Provided) and seen.vihf is not None:
            self._judge_feed(seen, payload, seen.vihf)
        elif isinstance(payload, xds.Update) and seen.vihf is not None:
            self._judge_update(seen, payload, seen.vihf)

    def _judge_update(self, seen: Examined, asked: xds.Update, read: Vihf) -> None:
        patient = read.patient.cx() if read.patient else ""
        others = self.others_of(seen.patient)
        if others:
            seen.facts["same_patient"] = sorted(others)  # to judge the exchange again
        lot = xds.Lot(
            asked.submission,
            patient=patient,
            others=others,
            majority=self.options.vihf.majority,
            cumulative=self.options.cumulative,
            metadata=asked.metadata,
        )
        findings = xds.judge_update(lot)
        seen.findings += findings
        first = next((finding for finding in findings if finding.is_error), None)
        if first is not None:
            detail = f"{first.rule} {first.where} : {first.observed or 'absent'}, attendu {first.expected}"
            code = xds.error_code(first.rule, REGISTRY_METADATA_ERROR)
            seen.refuse(errors.registry(code, detail, "metadata", first.where))
        seen.deferred = partial(judge_deferred, lot)

    def _judge_feed(self, seen: Examined, provided: xds.Provided, read: Vihf) -> None:
        ins = read.patient
        lot = xds.Lot(
            provided.submission,
            provided.documents,
            read.name_id,
            read.structure,
            read.mode,
            ins.cx() if ins else "",
            majority=self.options.vihf.majority,
            cumulative=self.options.cumulative,
            employee=seen.operation is routes.FEED_CPE,
            metadata=provided.metadata,
            size=len(seen.carried.written) if seen.carried else 0,
        )
        decisive = judge_decisive(lot)
        seen.findings += decisive
        tolerated: frozenset[str] = frozenset()
        if self.options.document_id_any_case and any(one.rule in _BY_CASE for one in decisive):
            tolerated, seen.payload = _matched(provided)
        first = next((one for one in decisive if one.is_error and one.rule not in tolerated), None)
        if first is not None:
            detail = f"{first.rule} {first.where} : {first.observed or 'absent'}, attendu {first.expected}"
            seen.refuse(errors.registry(xds.error_code(first.rule), detail, "metadata", first.where))
        too_big = _too_big(provided, self.options)
        if too_big:
            seen.refuse(errors.registry("XDSRepositoryOutOfResources", too_big, "size"))
        seen.deferred = partial(_judge_later, lot, seen.signer)


_BY_CASE = frozenset({"XDS-DOC-01", "XDS-DOC-02"})


def _matched(provided: xds.Provided) -> tuple[frozenset[str], xds.Provided]:
    """The documents under the ids of their entries, which differ by case alone, and the rules that this
    excuses; none when some document still has no entry, or several."""
    ids: dict[str, str] = {}
    for entry in provided.submission.entries:
        ids[entry.id.lower()] = entry.id
    renamed = {ids.get(name.lower(), name): data for name, data in provided.documents.items()}
    if set(renamed) != {entry.id for entry in provided.submission.entries} or len(renamed) != len(
        provided.documents
    ):
        return frozenset(), provided
    return _BY_CASE, replace(provided, documents=renamed)


def _too_big(provided: xds.Provided, options: Options) -> str:
    """What is larger than it may be; empty when nothing is."""
    for entry, data in provided.documents.items():
        if 0 < options.max_document < len(data):
            return f"document {entry} de {len(data)} octets, au plus {options.max_document}"
    if options.max_submission:
        total = sum(map(len, provided.documents.values()))
        if total > options.max_submission:
            return f"documents du lot de {total} octets, au plus {options.max_submission}"
    return ""


def _judge_later(lot: xds.Lot, signer: x509.Certificate | None) -> list[Finding]:
    """Each CDA read once, for its own rules, the signature and the comparison with its metadata."""
    found: list[Finding] = []
    read: dict[str, cda.ClinicalDocument] = {}
    for entry in lot.submission.documents:
        if entry.id not in lot.documents:
            continue
        document, seen = cda.open_document(lot.documents[entry.id])
        found += seen
        if document is not None:
            read[entry.id] = document
            found += cda.judge_document(document)
    return judge_deferred(lot, signer=signer, read=read) + found


def _right(seen: Examined) -> str:
    assert seen.operation is not None
    if isinstance(seen.payload, xds.Query) and seen.payload.return_type == "ObjectRef":
        return rights.SEARCH_REFERENCES
    return seen.operation.transaction


def _structure(tls: Tls | None) -> str | None:
    """The OU of the TLS client certificate, from its subject; None without TLS."""
    if tls is None or not tls.client_subject:
        return None
    found = _UNIT.search(tls.client_subject)
    return found[1] if found else ""
