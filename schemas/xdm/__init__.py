"""XDM: the archive of documents that travels in a mail."""

from schemas.xdm.model import Archive, ArchivedDocument, Subset
from schemas.xdm.reader import read_archive
from schemas.xdm.rules import judge_archive, judge_bytes, patient_of
from schemas.xdm.unzip import ArchiveRefused, Limits
from schemas.xdm.writer import Sender, write_archive

__all__ = [
    "Archive",
    "ArchiveRefused",
    "ArchivedDocument",
    "Limits",
    "Sender",
    "Subset",
    "judge_archive",
    "judge_bytes",
    "patient_of",
    "read_archive",
    "write_archive",
]
