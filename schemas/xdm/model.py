"""An XDM archive once opened. Sources: IHE ITI TF-2 §3.32 (XDM), CI-SIS volet "Échange de documents"."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.cda.model import ClinicalDocument
from schemas.xds.model import DocumentEntry, Submission

README, INDEX, ROOT, METADATA = "README.TXT", "INDEX.HTM", "IHE_XDM", "METADATA.XML"


@dataclass(frozen=True, slots=True)
class ArchivedDocument:
    """A document that the metadata describe. `data` is None when the file is missing; `document` is None when
    it is no readable CDA, and `refused` says why. `exact`: the URI has the very case of the file name."""

    entry: DocumentEntry
    path: str
    data: bytes | None
    document: ClinicalDocument | None
    refused: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Subset:
    """One folder of IHE_XDM. `metadata` is None without METADATA.XML; `refused`: why it cannot be decoded.

    `files`: bytes by name within the folder, METADATA.XML left out.
    """

    folder: str
    metadata: bytes | None
    submission: Submission | None
    refused: str
    files: Mapping[str, bytes]
    documents: tuple[ArchivedDocument, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """`names`: paths as written, junk left out; `junk`: entries that were ignored."""

    names: tuple[str, ...]
    readme: bytes | None
    index: bytes | None
    subsets: tuple[Subset, ...]
    junk: tuple[str, ...] = ()

    @property
    def documents(self) -> tuple[ArchivedDocument, ...]:
        return tuple(document for subset in self.subsets for document in subset.documents)

    @property
    def cdas(self) -> tuple[ClinicalDocument, ...]:
        """The readable CDA documents, in the order of the metadata."""
        return tuple(one.document for one in self.documents if one.document is not None)
