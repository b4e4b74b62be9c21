"""Bytes to Archive: bounded unpacking, then metadata and documents decoded once."""

from collections.abc import Iterable, Mapping

from schemas import xml
from schemas.cda.codec import read as read_cda
from schemas.cda.model import CdaRefused, ClinicalDocument
from schemas.xdm.model import INDEX, METADATA, README, ROOT, Archive, ArchivedDocument, Subset
from schemas.xdm.unzip import Limits, Member, is_junk, unpack
from schemas.xds.model import DocumentEntry, Submission, XdsRefused
from schemas.xds.reader import read_submission


def read_archive(data: bytes, limits: Limits | None = None) -> Archive:
    """Open an IHE_XDM.ZIP. Lower case and junk entries are tolerated (the rules tell).

    Raises ArchiveRefused when the zip itself must not be opened; metadata or documents that cannot be decoded
    are kept as such.
    """
    members, junk = unpack(data, limits)
    return _archive(members, junk)


def read_files(files: Mapping[str, bytes]) -> Archive:
    """The same of an archive that was unzipped: bytes by path from its root, with `/`."""
    found = [Member(path, path, data) for path, data in files.items() if not is_junk(path)]
    return _archive(found, [path for path in files if is_junk(path)])


def _archive(members: Iterable[Member], junk: Iterable[str]) -> Archive:
    members = list(members)
    roots = {member.path.upper(): member.data for member in members if "/" not in member.path}
    folders: dict[str, dict[str, bytes]] = {}
    for member in members:
        head, _, rest = member.path.partition("/")
        folder, _, name = rest.partition("/")
        if head.upper() == ROOT and name:
            folders.setdefault(f"{head}/{folder}", {})[name] = member.data
    return Archive(
        names=tuple(member.name for member in members),
        readme=roots.get(README),
        index=roots.get(INDEX),
        subsets=tuple(_subset(folder, files) for folder, files in sorted(folders.items())),
        junk=tuple(junk),
    )


def _subset(folder: str, files: dict[str, bytes]) -> Subset:
    name = next((name for name in files if name.upper() == METADATA), None)
    metadata = None if name is None else files.pop(name)
    submission: Submission | None = None
    refused = ""
    if metadata is not None:
        try:
            submission = read_submission(xml.parse(metadata))
        except (xml.XmlRefused, XdsRefused) as error:
            refused = str(error)
    entries = submission.entries if submission else ()
    documents = tuple(_document(folder, entry, files) for entry in entries)
    return Subset(folder, metadata, submission, refused, files, documents)


def _document(folder: str, entry: DocumentEntry, files: dict[str, bytes]) -> ArchivedDocument:
    uri = entry.uri.replace("\\", "/").removeprefix("./")
    exact = uri in files
    name = uri if exact else next((one for one in files if one.upper() == uri.upper()), None)
    data = files.get(name) if name else None
    document: ClinicalDocument | None = None
    refused = ""
    if data is not None and "xml" in entry.mime_type:
        try:
            document = read_cda(data)
        except (xml.XmlRefused, CdaRefused) as error:
            refused = str(error)
    return ArchivedDocument(entry, f"{folder}/{name or uri}", data, document, refused, exact)
