"""What the rules on a submission look at: the metadata with what surrounds them."""

from collections.abc import Mapping
from dataclasses import field

from schemas.frozen import frozen
from schemas.xds.model import DocumentEntry, Submission
from schemas.xml import Element

DIRECTE, INDIRECTE = "DIRECTE", "INDIRECTE"


@frozen
class Lot:
    """A submission (lot de soumission) to judge.

    `documents`: bytes by entry id, the signature included. `author_id` and `structure_id` come from the VIHF
    (NameID and Identifiant_Structure), `mode` is its authentication mode, `patient` its resource-id as CX;
    what is empty is not checked. `archive` says that the metadata travels in an XDM archive: no signature is
    due there, but hash, size and URI are. `majority` is the age in years, `cumulative` the DMP parameter that
    allows MASQUE_PS with INVISIBLE_PATIENT. `others`: INS of the same patient under which an entry may have
    been fed (CX). `employee`: who feeds bears a CPE card (TD2.2). `metadata`: the element that the submission
    was read from, compared with the schema when it is given.
    `size`: the bytes of the XML around it, 0 when unknown.
    """

    submission: Submission
    documents: Mapping[str, bytes] = field(default_factory=dict)
    author_id: str = ""
    structure_id: str = ""
    mode: str = ""
    patient: str = ""
    archive: bool = False
    majority: int = 18
    cumulative: bool = False
    others: frozenset[str] = frozenset()
    employee: bool = False
    metadata: Element | None = field(default=None, repr=False, compare=False)
    size: int = field(default=0, repr=False, compare=False)

    _entries: tuple[tuple[str, DocumentEntry], ...] = field(init=False, repr=False, compare=False)
    _documents: tuple[tuple[str, DocumentEntry], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entries = tuple([(f"ExtrinsicObject[@id='{one.id}']", one) for one in self.submission.entries])
        object.__setattr__(self, "_entries", entries)
        documents = tuple([pair for pair in entries if not pair[1].is_signature])
        object.__setattr__(self, "_documents", documents)

    def entries(self) -> tuple[tuple[str, DocumentEntry], ...]:
        """Each entry with the words that say where it is."""
        return self._entries

    def health_documents(self) -> tuple[tuple[str, DocumentEntry], ...]:
        """The same without the signature."""
        return self._documents

    @property
    def set_where(self) -> str:
        return f"RegistryPackage[@id='{self.submission.submission_set.id}']"
