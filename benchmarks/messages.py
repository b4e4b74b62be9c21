"""Signed DMP messages of the test doctor, ready for the wire: what the soak and the load generators send."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from cryptography.x509 import Certificate

from schemas import habilitations, hl7v3, xds
from schemas.cda import DocumentSpec, build_document, read
from schemas.soap import envelope, mtom
from schemas.vihf import AIR, INDIRECT, Role, VihfRequest, build, model
from schemas.xds import Code, names
from simulators.core.clock import Clock, stamp
from simulators.core.pki import Key, Pki
from simulators.core.population import Patient
from simulators.core.random import Randomness
from simulators.dmp.routes import AUTHORISE, BASE, EXISTENCE, FEED, RETRIEVE, SEARCH, UPDATE, Operation

from .world import DOCTOR, cda_header

SOURCE = "1.2.250.1.999.7"
SOFTWARE = "bench"
CONTENT = Code("07", names.TRE_R209, "Consultations (soins externes)")
PDF_BYTES = 22_000  # makes a feed of about 60 kB


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message as it goes: path, content type, bytes."""

    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Lot:
    """A submission to come: the uniqueId of its set, and its documents by uniqueId."""

    unique_id: str
    signature_id: str
    documents: dict[str, bytes]
    made: datetime


@dataclass(slots=True)
class Writer:
    """Writes messages. `arc`: the last arcs of every OID, which no other writer of the same DMP may have."""

    pki: Pki
    clock: Clock
    arc: int
    homologation: str = "BANC-DMP-0001"
    _ranks: "count[int]" = field(default_factory=lambda: count(1))
    _randomness: Randomness = field(init=False)
    _certificate: Certificate = field(init=False)
    _key: Key = field(init=False)

    def __post_init__(self) -> None:
        self._certificate, self._key = self.pki.pair("cabinet-sign").load()
        self._randomness = Randomness(self.arc, "writer")

    # -- what is said -------------------------------------------------------------------------------

    def lot(self, patient: Patient, documents: int = 1, pdf_bytes: int = PDF_BYTES) -> Lot:
        """A lot of letters with random PDF contents."""
        now = self.clock.now()
        made: dict[str, bytes] = {}
        for _ in range(documents):
            rank = next(self._ranks)
            filling = self._randomness.stream("pdf").randbytes(pdf_bytes)
            header = replace(
                cda_header(patient, rank, now),
                unique_id=f"{self._documents}{rank}",
                set_id=f"1.2.250.1.999.2.{self.arc}.{rank}",
            )
            pdf = b"%PDF-1.4\n" + filling + b"\n%%EOF\n"
            made[header.unique_id] = build_document(DocumentSpec(header, "lettre", pdf))
        return Lot(self.oid(3), self.oid(4), made, now)

    @property
    def _documents(self) -> str:
        return f"1.2.250.1.999.1.{self.arc}."

    def wrote(self, unique_id: str) -> bool:
        """Whether a document is of this writer."""
        return unique_id.startswith(self._documents)

    def oid(self, branch: int) -> str:
        return f"1.2.250.1.999.{branch}.{self.arc}.{next(self._ranks)}"

    # -- how it goes: each call signs a new VIHF, and has a new MessageID ------------------------------

    def feed(self, patient: Patient, lot: Lot, replaces: str = "") -> Sealed:
        """TD2.1. `replaces`: the entryUUID that the only document of the lot replaces."""
        decoded = {unique_id: read(data) for unique_id, data in lot.documents.items()}
        entries = [
            xds.entry_from_cda(decoded[unique_id], data, entry_id=f"Document{rank:02d}")
            for rank, (unique_id, data) in enumerate(lot.documents.items(), 1)
        ]
        submission = xds.new_submission(
            entries,
            unique_id=lot.unique_id,
            source_id=SOURCE,
            author=xds.author_of(next(iter(decoded.values())).author),
            content_type=CONTENT,
            now=lot.made,
            signature_id=lot.signature_id,
            replaces={entries[0].id: replaces} if replaces else None,
        )
        signature = xds.sign_submission(
            lot.unique_id, lot.documents, self._certificate, self._key, now=lot.made
        )
        parts = [*zip((entry.id for entry in entries), lot.documents.values(), strict=True)]
        parts.append(("Signature01", signature))
        body = xds.write_provide(
            xds.write_submission(submission), {name: f"cid:{name}@bench" for name, _ in parts}
        )
        attachments = [mtom.Attachment(f"{name}@bench", data, "text/xml") for name, data in parts]
        return self._sealed(FEED, body, patient, INDIRECT, attachments)

    def exists(self, patient: Patient) -> Sealed:
        """TD0.2, in the user's name."""
        query = hl7v3.Query(
            hl7v3.Identity(SOURCE, self.oid(5)),
            stamp(self.clock.now()),
            SOURCE,
            SOFTWARE,
            hl7v3.Identity(SOURCE, self.oid(5)),
            patient.ins,
        )
        return self._sealed(EXISTENCE, hl7v3.write_query(query), patient, AIR)

    def authorise(self, patient: Patient, action: str) -> Sealed:
        """TD0.3. `action`: AJOUT or SUPPRESSION."""
        asked = habilitations.write_question(habilitations.SetAuthorization(action))
        return self._sealed(AUTHORISE, asked, patient, AIR)

    def search(self, patient: Patient, query: xds.Query) -> Sealed:
        """TD3.1."""
        return self._sealed(SEARCH, xds.write_query(query), patient, AIR)

    def retrieve(self, patient: Patient, unique_ids: Sequence[str]) -> Sealed:
        """TD3.2."""
        wanted = [xds.Wanted(names.DMP_REPOSITORY, one) for one in unique_ids]
        return self._sealed(RETRIEVE, xds.write_retrieve(wanted), patient, AIR, [])

    def status(self, patient: Patient, set_id: str, uuid: str, before: str, after: str) -> Sealed:
        """TD3.3c or TD3.3d."""
        submission = xds.change_status(
            uuid,
            before,
            after,
            unique_id=set_id,
            source_id=SOURCE,
            patient_id=patient.ins.cx(),
            author=self._author(patient),
            content_type=CONTENT,
            now=self.clock.now(),
        )
        return self._sealed(UPDATE, xds.write_submission(submission), patient, AIR)

    def mask(self, patient: Patient, set_id: str, entry: xds.DocumentEntry, masked: bool) -> Sealed:
        """TD3.3a on an entry as a search gave it."""
        levels = [Code("N", names.HL7_CONFIDENTIALITY, "Normal")]
        if masked:
            code = names.MASQUE_PS
            levels.append(Code(code, names.FRENCH_CONFIDENTIALITY, names.CONFIDENTIALITY_DISPLAY[code]))
        submission = xds.change_confidentiality(
            entry,
            tuple(levels),
            unique_id=set_id,
            source_id=SOURCE,
            author=self._author(patient),
            content_type=CONTENT,
            now=self.clock.now(),
        )
        return self._sealed(UPDATE, xds.write_submission(submission), patient, AIR)

    # -- inside ----------------------------------------------------------------------------------------

    def _author(self, patient: Patient) -> xds.Author:
        return xds.author_of(cda_header(patient, 0, self.clock.now()).author)

    def _sealed(
        self,
        operation: Operation,
        body: str | bytes,
        patient: Patient,
        mode: str,
        parts: Sequence[mtom.Attachment] | None = None,
    ) -> Sealed:
        written = envelope.write(
            body,
            action=operation.action,
            message_id=f"urn:uuid:{self._randomness.uuid('message')}",
            to="https://dmp",
            security=self._vihf(patient, mode).decode(),
        )
        path = f"{BASE}/{operation.service}"
        if parts is None:
            content_type = f'application/soap+xml; charset=UTF-8; action="{operation.action}"'
            return Sealed(path, content_type, written)
        content_type, data = mtom.join(written, parts, operation.action)
        return Sealed(path, content_type, data)

    def _vihf(self, patient: Patient, mode: str) -> bytes:
        asked = VihfRequest(
            id=f"_{self._randomness.uuid('vihf')}",
            issue_instant=self.clock.now(),
            name_id=DOCTOR.id_nat,
            structure=DOCTOR.structure.id_nat,
            sector="SA07",
            roles=(Role("10", model.PROFESSIONS), Role("SM26", model.SPECIALITIES)),
            homologation=self.homologation,
            lps_name=SOFTWARE,
            lps_version="1",
            mode=mode,
            subject_id=f"{DOCTOR.given} {DOCTOR.family}",
            patient=patient.ins,
            authn_decl="APP_BROWSER_AUTH" if mode == AIR else "",
        )
        return build(asked, self._certificate, self._key)
