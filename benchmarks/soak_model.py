"""What a soak knows to be true of the DMP: every document that was acknowledged, and what became of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.xds import names
from simulators.core.population import Patient

from .messages import Lot


@dataclass(slots=True)
class Document:
    """A document that the DMP said it took."""

    unique_id: str
    patient: Patient
    sha256: str
    set_id: str
    status: str = names.APPROVED
    version: int = 1  # of its metadata
    masked: bool = False
    replaces: str = ""  # uniqueId

    @property
    def shown(self) -> bool:
        """Whether its author finds it among what is approved or archived."""
        return self.status in (names.APPROVED, names.ARCHIVED)


@dataclass(slots=True)
class Model:
    """The documents of one client, which alone touches them."""

    documents: dict[str, Document] = field(default_factory=dict)
    sets: set[str] = field(default_factory=set)  # uniqueIds of the submission sets that were accepted
    signatures: set[str] = field(default_factory=set)

    def fed(self, patient: Patient, lot: Lot, replaced: Document | None = None) -> None:
        """A lot was taken."""
        self.sets.add(lot.unique_id)
        self.signatures.add(lot.signature_id)
        for unique_id, data in lot.documents.items():
            digest = hashlib.sha256(data).hexdigest()
            self.documents[unique_id] = Document(unique_id, patient, digest, lot.unique_id)
            if replaced is not None:
                replaced.status = names.DEPRECATED
                self.documents[unique_id].replaces = replaced.unique_id

    def of(self, patient: Patient) -> Iterator[Document]:
        return (one for one in self.documents.values() if one.patient is patient)

    def expected_rows(self) -> set[tuple[str, int, str, bool, str, str]]:
        """Every row that the registry must hold: uniqueId, version, status, superseded, hash, matricule."""
        rows = set()
        for one in self.documents.values():
            for version in range(1, one.version + 1):
                last = version == one.version
                status = one.status if last else names.DEPRECATED
                rows.add((one.unique_id, version, status, not last, one.sha256, one.patient.ins.matricule))
        return rows

    def expected_links(self) -> set[tuple[str, str]]:
        """Pairs of uniqueIds: the new document and the one that it replaces."""
        return {(one.unique_id, one.replaces) for one in self.documents.values() if one.replaces}
