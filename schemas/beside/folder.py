"""Files side by side in a folder: an unzipped XDM, a CDA with its PDF, two versions of one document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from schemas.beside.pair import CODE_PAGES, Pair, judge_pair, match
from schemas.cda.codec import read as read_cda
from schemas.cda.model import CdaRefused, ClinicalDocument
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.pdf import PdfRefused, read_pdf
from schemas.xdm.model import INDEX, METADATA, README, ROOT, Archive
from schemas.xdm.reader import read_archive, read_files
from schemas.xdm.rules import judge_archive
from schemas.xdm.unzip import ArchiveRefused
from schemas.xml import XmlRefused

MAX_FILES = 500
MAX_DOCUMENTS = 100
_TOP = (README, INDEX, ROOT)
ALONE = f"{ROOT}/SUBSET01/"  # where METADATA.XML and its documents are taken to be

Named = tuple[str, ClinicalDocument]


@dataclass(frozen=True, slots=True)
class Versions:
    """The documents of a folder, by file name."""

    documents: tuple[Named, ...]


VERSIONS: RuleSet[Versions] = RuleSet("beside-versions")


@VERSIONS.rule(
    "CROSS-VER-01",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-DMP-06",),
    source="CI-SIS structuration minimale, relatedDocument ; SEL-MP-037 TD2.2 (remplacement)",
)
def a_new_version_follows_the_old_one(seen: Versions) -> Iterator[Observation]:
    """A document that replaces another has its setId and the version number that follows."""
    by_id = {document.unique_id: (name, document) for name, document in seen.documents}
    for name, document in seen.documents:
        if document.replaces not in by_id or document.replaces is None:
            continue
        old_name, old = by_id[document.replaces]
        if old is document:
            continue
        if document.set_id != old.set_id:
            yield Observation(
                f"{name} /ClinicalDocument/setId", document.set_id, f"{old.set_id} ({old_name})"
            )
        if document.version != old.version + 1:
            where = f"{name} /ClinicalDocument/versionNumber"
            yield Observation(where, document.version, f"{old.version + 1} ({old_name} : {old.version})")


# Warnings, both: a working folder may hold trials of one document, that were never sent together.
@VERSIONS.rule(
    "CROSS-VER-02",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-07",),
    source="CI-SIS structuration minimale, id",
)
def an_id_is_of_one_document(seen: Versions) -> Iterator[Observation]:
    """Two documents of one id are the same document."""
    first: dict[str, Named] = {}
    for name, document in seen.documents:
        known, old = first.setdefault(document.unique_id, (name, document))
        same = (old.effective_time, old.version, old.title, old.patient) == (
            document.effective_time,
            document.version,
            document.title,
            document.patient,
        )
        if document.unique_id and not same:
            yield Observation(f"{name} /ClinicalDocument/id", document.unique_id, f"déjà pris par {known}")


def judge_beside(files: Mapping[str, bytes]) -> list[Finding]:
    """What files that lie together show of each other; each file alone is not judged again here.

    `files`: bytes by path, relative to the folder that was given, with `/` (`DOC0001.XML`,
    `IHE_XDM/SUBSET01/METADATA.XML`, `20260302_Lettre_NOM_Prenom.pdf`). What is recognised: METADATA.XML with
    the documents that it describes (an unzipped XDM, with its layout when IHE_XDM is there); CDA documents,
    also those inside a zip; PDF that belong to one of them (see `pair.match`); two versions of a document.

    Findings say the file first in `where`. Never raises on the content of a file: what cannot be read is left
    to the judge of that file. At most `MAX_FILES` files are looked at, in the order of their names.
    """
    chosen = {name: files[name] for name in sorted(files)[:MAX_FILES]}
    archives = _archives(chosen)
    findings: list[Finding] = []
    for unzipped in _unzipped(chosen, archives):
        found = judge_archive(unzipped.archive, layout=unzipped.whole)
        findings += [replace(one, where=unzipped.place(one.where)) for one in found]
    documents = _documents(chosen, archives)
    findings += VERSIONS.judge(Versions(tuple(documents)))
    pdfs = [(name, data) for name, data in chosen.items() if data[:1024].lstrip().startswith(b"%PDF-")]
    for place, rank in match(documents, pdfs):
        name, data = pdfs[rank]
        try:
            pdf = read_pdf(data, code_pages=CODE_PAGES)
        except PdfRefused:
            continue
        path, document = documents[place]
        pair = Pair(document, name, data, pdf, codes=True)
        findings += [replace(one, where=f"{one.where} ({path})") for one in judge_pair(pair)]
    return findings


def _archives(files: Mapping[str, bytes]) -> dict[str, Archive]:
    """The zips of a folder that open."""
    found = {}
    for name, data in files.items():
        if data.startswith(b"PK\x03\x04"):
            try:
                found[name] = read_archive(data)
            except ArchiveRefused:
                continue
    return found


@dataclass(frozen=True, slots=True)
class Unzipped:
    """An XDM that lies in a folder. `whole`: with its IHE_XDM, else METADATA.XML and its documents alone."""

    archive: Archive
    folder: str
    whole: bool

    def place(self, where: str) -> str:
        """A place in the archive as a place among the files that were given."""
        inside = where if self.whole else where.removeprefix(ALONE)
        return f"{self.folder}/{inside.lstrip('/')}" if self.folder else inside


def _unzipped(files: Mapping[str, bytes], archives: Mapping[str, Archive]) -> Iterator[Unzipped]:
    zipped = {subset.metadata for archive in archives.values() for subset in archive.subsets}
    tops: dict[str, None] = {}
    for name, data in files.items():
        *folders, base = name.split("/")
        if base.upper() != METADATA or (data in zipped and not _has_xml_beside(name, files)):
            continue  # taken out of a zip that is here, without its documents
        upper = [folder.upper() for folder in folders]
        if ROOT in upper:
            tops.setdefault("/".join(folders[: upper.index(ROOT)]))
            continue
        folder = "/".join(folders)
        inside = {path: one for path, one in files.items() if path.rpartition("/")[0] == folder}
        described = {f"{ALONE}{path.rpartition('/')[2]}": one for path, one in inside.items()}
        yield Unzipped(read_files(described), folder, whole=False)
    for top in tops:
        start = f"{top}/" if top else ""
        below = {path.removeprefix(start): one for path, one in files.items() if path.startswith(start)}
        # what else lies at the root of a working folder (PDF, zip, mail) was not taken out of the archive
        inside = {path: one for path, one in below.items() if path.partition("/")[0].upper() in _TOP}
        yield Unzipped(read_files(inside), top, whole=True)


def _has_xml_beside(name: str, files: Mapping[str, bytes]) -> bool:
    folder = name.rpartition("/")[0]
    return any(
        path != name and path.rpartition("/")[0] == folder and path.upper().endswith(".XML") for path in files
    )


def _documents(files: Mapping[str, bytes], archives: Mapping[str, Archive]) -> list[Named]:
    """The readable CDA of the folder and of its zips, each unique document once."""
    found: list[Named] = []
    contents: set[bytes] = set()
    for name, data in files.items():
        if (
            data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
            and name.rpartition("/")[2].upper() != METADATA
        ):
            try:
                document = read_cda(data)
            except (XmlRefused, CdaRefused):
                continue
            contents.add(data)
            found.append((name, document))
    for name, archive in archives.items():
        for one in archive.documents:
            if one.document is not None and one.data not in contents:
                found.append((f"{name}/{one.path}", one.document))
    return found[:MAX_DOCUMENTS]
