"""A small DMP client for tests: builds right messages, which tests then spoil."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from schemas import hl7v3, xds
from schemas.cda import Code as CdaCode
from schemas.cda import DocumentSpec, Header, PatientIdentity, Person, build_document, read
from schemas.soap import envelope, message, mtom
from schemas.vihf import AIR, DIRECT, INDIRECT, Role, VihfRequest, build, model
from schemas.vihf.certificates import Authorities
from schemas.vihf.policy import CARD_CONTEXT
from schemas.xds import Code, composite, names
from schemas.xml import Element
from simulators.core.clock import Clock, stamp
from simulators.core.exchange import Tls
from simulators.core.identities import EMPLOYEES, MEDECIN, PROFESSIONALS
from simulators.core.pki import Pki
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request, Response
from simulators.dmp import configure, routes
from simulators.dmp.examine import Options
from simulators.dmp.routes import EXISTENCE, FEED, RETRIEVE, SEARCH, UPDATE, Operation
from simulators.dmp.service import DmpService
from simulators.dmp.settings import DmpSettings

PDF = b"%PDF-1.4\n% a stand-in\n%%EOF\n"
SOURCE = "1.2.250.1.999.7"
CONTENT = Code("07", names.TRE_R209, "Consultations (soins externes)")


def identity(patient: Patient) -> PatientIdentity:
    return PatientIdentity(
        ins=patient.ins,
        local_ids=(("1.2.250.1.999.1.2", "IPP-42"),),
        birth_name=patient.birth_name,
        given=patient.given,
        given_names=" ".join(patient.given_names),
        sex=patient.sex,
        birth_date=f"{patient.birth_date:%Y%m%d}",
        birth_place=patient.birth_place,
    )


def doctor() -> Person:
    structure = MEDECIN.structure
    return Person(
        id=MEDECIN.id_nat,
        family=MEDECIN.family,
        given=MEDECIN.given,
        prefix=MEDECIN.civility,
        suffix="DR",
        code=CdaCode("G15_10/SM26", "1.2.250.1.213.1.1.4.5"),
        organisation_id=structure.id_nat,
        organisation_name=structure.name,
    )


@dataclass
class Message:
    """A message about to be sent, easy to spoil."""

    operation: Operation
    body: str | bytes
    vihf: VihfRequest | None
    attachments: list[mtom.Attachment] = field(default_factory=list)
    plain: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass
class Kit:
    """One DMP and one doctor's software."""

    pki: Pki
    clock: Clock
    population: Population = field(default_factory=lambda: Population(7))
    randomness: Randomness = field(default_factory=lambda: Randomness(7))
    options: dict[str, Any] = field(default_factory=dict)
    settings: DmpSettings | None = None
    service: DmpService = field(init=False)

    def __post_init__(self) -> None:
        authorities = Authorities.of(self.pki.authorities(), self.pki.revoked_serials())
        settled = Options(authorities, **{"homologation": "BANC-DMP-0001", **self.options})
        if self.settings is not None:
            settled = configure.options(self.settings, authorities, "BANC-DMP-0001")
        self.service = DmpService(
            settled,
            rules=configure.rules(self.settings or DmpSettings()),
            clock=self.clock,
            randomness=self.randomness,
            population=self.population,
        )
        self._count = 0
        self._loaded = {name: self.pki.pair(name).load() for name in ("cabinet-auth", "cabinet-sign")}

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def oid(self) -> str:
        self._count += 1
        return f"1.2.250.1.999.1.{self._count}"

    def tls(self, pair: str = "cabinet-auth") -> Tls:
        certificate, _ = self._loaded.get(pair) or self.pki.pair(pair).load()
        return Tls(
            "TLSv1.2",
            "ECDHE-RSA-AES128-GCM-SHA256",
            certificate.public_bytes(Encoding.DER),
            certificate.subject.rfc4514_string(),
            certificate.issuer.rfc4514_string(),
        )

    def vihf(self, patient: Patient | None, mode: str = INDIRECT, **changes: Any) -> VihfRequest:
        self._count += 1
        base = VihfRequest(
            id=f"_vihf-{self._count}",
            issue_instant=self.now,
            name_id=MEDECIN.id_nat,
            structure=MEDECIN.structure.id_nat,
            sector="SA07",
            roles=(Role("10", model.PROFESSIONS), Role("SM26", model.SPECIALITIES)),
            homologation="BANC-DMP-0001",
            lps_name="reference_lps",
            lps_version="1.0",
            mode=mode,
            subject_id="CAMILLE DESCHAMPS-TEST",
            patient=patient.ins if patient else None,
            authn_decl="APP_BROWSER_AUTH" if mode == AIR else "",
        )
        if mode == DIRECT:
            base = replace(base, authn_context=CARD_CONTEXT)
        return replace(base, **changes)

    def sign(self, asked: VihfRequest, pair: str = "cabinet-sign", digest: str = "sha256") -> bytes:
        certificate, key = self._loaded.get(pair) or self.pki.pair(pair).load()
        return build(asked, certificate, key, digest)

    def cda(self, patient: Patient, pdf: bytes = PDF, **changes: Any) -> bytes:
        header = Header(
            unique_id=self.oid(),
            set_id=self.oid(),
            created=self.now,
            patient=identity(patient),
            author=doctor(),
        )
        return build_document(DocumentSpec(replace(header, **changes), "lettre", pdf))

    def feed(
        self,
        patient: Patient,
        data: bytes | None = None,
        *,
        flags: tuple[str, ...] = (),
        replaces: str = "",
        change: Callable[[xds.Submission], xds.Submission] = lambda submission: submission,
        set_id: str = "",
    ) -> Message:
        data = data or self.cda(patient)
        document = read(data)
        entry = xds.entry_from_cda(document, data, flags=flags)
        author = xds.author_of(document.author)
        submission = xds.new_submission(
            [entry],
            unique_id=set_id or self.oid(),
            source_id=SOURCE,
            author=author,
            content_type=CONTENT,
            now=self.now,
            signature_id=self.oid(),
            replaces={entry.id: replaces} if replaces else None,
        )
        submission = change(submission)
        certificate, key = self._loaded["cabinet-sign"]
        set_unique = submission.submission_set.unique_id
        signature = xds.sign_submission(set_unique, {entry.unique_id: data}, certificate, key, now=self.now)
        documents = {entry.id: "cid:doc1@kit", "Signature01": "cid:sig1@kit"}
        body = xds.write_provide(xds.write_submission(submission), documents)
        attachments = [
            mtom.Attachment("doc1@kit", data, "text/xml"),
            mtom.Attachment("sig1@kit", signature, "text/xml"),
        ]
        return Message(FEED, body, self.vihf(patient), attachments)

    def exists(self, patient: Patient, mode: str = AIR) -> Message:
        query = hl7v3.Query(
            hl7v3.Identity(SOURCE, self.oid()),
            stamp(self.now),
            SOURCE,
            "reference_lps",
            hl7v3.Identity(SOURCE, self.oid()),
            patient.ins,
        )
        return Message(EXISTENCE, hl7v3.write_query(query), self.vihf(patient, mode), plain=True)

    def ask(
        self, operation: Operation, body: str, patient: Patient | None, mode: str = AIR, **vihf: Any
    ) -> Message:
        """A plain message with this body."""
        return Message(operation, body, self.vihf(patient, mode, **vihf), plain=True)

    def search(self, patient: Patient, query: xds.Query | None = None, mode: str = AIR) -> Message:
        query = query or xds.find_documents(patient.ins.cx())
        return Message(SEARCH, xds.write_query(query), self.vihf(patient, mode), plain=True)

    def retrieve(self, patient: Patient, *unique_ids: str, mode: str = AIR) -> Message:
        wanted = [xds.Wanted(names.DMP_REPOSITORY, unique_id) for unique_id in unique_ids]
        return Message(RETRIEVE, xds.write_retrieve(wanted), self.vihf(patient, mode))

    def lot(self, patient: Patient, *documents: bytes) -> Message:
        """A feed of several documents in one submission."""
        entries = [
            xds.entry_from_cda(read(data), data, entry_id=f"Document{rank:02d}")
            for rank, data in enumerate(documents, 1)
        ]
        submission = xds.new_submission(
            entries,
            unique_id=self.oid(),
            source_id=SOURCE,
            author=xds.author_of(doctor()),
            content_type=CONTENT,
            now=self.now,
            signature_id=self.oid(),
        )
        certificate, key = self._loaded["cabinet-sign"]
        sent = {entry.unique_id: data for entry, data in zip(entries, documents, strict=True)}
        signature = xds.sign_submission(
            submission.submission_set.unique_id, sent, certificate, key, now=self.now
        )
        parts = [*zip((entry.id for entry in entries), documents, strict=True), ("Signature01", signature)]
        body = xds.write_provide(
            xds.write_submission(submission), {name: f"cid:{name}@kit" for name, _ in parts}
        )
        attachments = [mtom.Attachment(f"{name}@kit", data, "text/xml") for name, data in parts]
        return Message(FEED, body, self.vihf(patient), attachments)

    def entry(self, patient: Patient, unique_id: str) -> xds.DocumentEntry:
        """The entry of a document, as its author's software finds it."""
        found = self.call(self.search(patient, xds.get_documents(unique_ids=[unique_id])))
        (entry,) = xds.read_query_response(body_of(found.response)).entries
        return entry

    def status(self, patient: Patient, uuid: str, before: str, after: str, mode: str = AIR) -> Message:
        """TD3.3c or TD3.3d."""
        submission = xds.change_status(uuid, before, after, patient_id=patient.ins.cx(), **self._made())
        return self.update(patient, submission, mode)

    def flags(self, patient: Patient, unique_id: str, *flags: str, mode: str = AIR) -> Message:
        """TD3.3a or TD3.3b: these French flags and no other, after a search for the entry."""
        entry = self.entry(patient, unique_id)
        return self.update(patient, xds.change_confidentiality(entry, levels(*flags), **self._made()), mode)

    def update(self, patient: Patient, submission: xds.Submission, mode: str = AIR) -> Message:
        return Message(UPDATE, xds.write_submission(submission), self.vihf(patient, mode), plain=True)

    def _made(self) -> dict[str, Any]:
        return {
            "unique_id": self.oid(),
            "source_id": SOURCE,
            "author": xds.author_of(doctor()),
            "content_type": CONTENT,
            "now": self.now,
        }

    def request(self, sent: Message, *, pair: str = "", tls: Tls | None = None) -> Request:
        """`pair` and `tls`: by default those of the cabinet, or of the caller's card in DIRECTE."""
        self._count += 1
        holder = _holder(sent.vihf)
        security = self.sign(sent.vihf, pair or f"{holder}-sign").decode() if sent.vihf else ""
        data = envelope.write(
            sent.body,
            **{
                "action": sent.operation.action,
                "message_id": f"urn:uuid:{self.randomness.uuid('kit')}",
                "to": "https://dmp",
                "security": security,
                **sent.options,
            },
        )
        content_type = f'application/soap+xml; charset=UTF-8; action="{sent.operation.action}"'
        if not sent.plain:
            content_type, data = mtom.join(data, sent.attachments, sent.operation.action)
        path = sent.path or f"{routes.BASE}/{sent.operation.service}"
        return Request(
            "POST", path, (("Content-Type", content_type),), data, tls or self.tls(f"{holder}-auth")
        )

    def call(self, sent: Message, **options: Any) -> Handled:
        return self.service.handle(self.request(sent, **options))


def _holder(asked: VihfRequest | None) -> str:
    if asked is None or asked.mode != DIRECT:
        return "cabinet"
    cards = {one.id_nat: f"cps-{one.user}" for one in PROFESSIONALS}
    cards |= {one.id_nat: f"cpe-{one.user}" for one in EMPLOYEES}
    return cards.get(asked.name_id, "cps-medecin")


def levels(*flags: str) -> tuple[Code, ...]:
    """N and these French flags."""
    return (
        Code("N", names.HL7_CONFIDENTIALITY, "Normal"),
        *(Code(one, names.FRENCH_CONFIDENTIALITY, names.CONFIDENTIALITY_DISPLAY[one]) for one in flags),
    )


def answered(response: Response) -> message.Carried:
    return message.read(response.header("Content-Type"), response.body)


def body_of(response: Response) -> Element:
    return envelope.read(answered(response).root).body


def fault_of(response: Response) -> envelope.SoapFault:
    found = envelope.read_fault(body_of(response))
    assert found is not None
    return found


def error_of(response: Response) -> str:
    answer = xds.read_registry_response(body_of(response))
    return answer.errors[0].code


def person_id(text: str) -> str:
    return composite.person_id(text)
