"""An IHE_XDM.ZIP as a whole: the archive, each CDA in it, the PDF in each CDA."""

from dataclasses import replace

from schemas.beside.pair import judge_embedded
from schemas.finding import Finding
from schemas.xdm.model import Archive
from schemas.xdm.reader import read_archive
from schemas.xdm.rules import judge_archive
from schemas.xdm.unzip import ArchiveRefused, Limits
from schemas.xdm.zip_rules import refusal


def judge_whole_archive(data: bytes, limits: Limits | None = None) -> list[Finding]:
    """Every finding on the bytes of an archive. Never raises on its content: a zip that may not be opened is
    one finding (XDM-ZIP-…)."""
    try:
        archive = read_archive(data, limits)
    except ArchiveRefused as error:
        return [refusal(error)]
    return judge_archive(archive) + judge_documents(archive) + judge_prints(archive)


def judge_documents(archive: Archive) -> list[Finding]:
    """The rules of CDA documents on each one of the archive, with its path before the place."""
    from schemas.cda import judge_bytes, judge_document  # loads the rules only when there is a document

    findings = []
    for one in archive.documents:
        if one.document is not None and one.data is not None:
            found = judge_bytes(one.data, one.document) + judge_document(one.document)
            findings += [replace(finding, where=f"{one.path} {finding.where}") for finding in found]
    return findings


def judge_prints(archive: Archive) -> list[Finding]:
    """The PDF that each CDA embeds, against its header."""
    return [
        replace(finding, where=f"{one.path} {finding.where}")
        for one in archive.documents
        if one.document is not None
        for finding in judge_embedded(one.document)
    ]
