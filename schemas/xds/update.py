"""Updates of metadata (ITI-57, TD3.3): codec and rules.

Two forms. A status changes in place: an association UpdateAvailabilityStatus, from the submission set to the
entryUUID, with OriginalStatus and NewStatus. Any other attribute changes in a new version of the entry: a
full copy under the same logical id, whose HasMember says which version it follows.
Sources: IHE ITI Metadata Update §3.57, published example messages of the DMP (TD3.3c, TD3.3d).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from schemas.finding import Finding, Observation, RuleSet
from schemas.xds import names
from schemas.xds.assemble import SET_ID
from schemas.xds.lot import Lot
from schemas.xds.model import Association, Author, Code, DocumentEntry, Submission, SubmissionSet, XdsRefused
from schemas.xds.reader import read_submission
from schemas.xds.rules import STRUCTURE
from schemas.xml import Element

ORIGINAL_STATUS, NEW_STATUS = "OriginalStatus", "NewStatus"
PREVIOUS = "PreviousVersion"
FEED_ONLY = frozenset({"XDS-REF-03"})  # associations of a feed: XDS-UPD-05 says those of an update

RULES: RuleSet[Lot] = RuleSet("xds-update")
ITI_57 = "IHE ITI Metadata Update §3.57"
TD33 = "SEL-MP-037 TD3.3"
_DMP = ("DMP/CONF.10",)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """Archive, un-archive or delete: the same entry, another status."""

    entry_uuid: str
    original: str
    new: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """The next version of an entry. `previous`: text of PreviousVersion, empty when absent."""

    entry: DocumentEntry
    previous: str


@dataclass(frozen=True, slots=True)
class Update:
    """A TD3.3 message. `metadata`: the element that it was read from."""

    submission: Submission
    metadata: Element | None = field(default=None, repr=False, compare=False)

    @property
    def statuses(self) -> tuple[StatusChange, ...]:
        return tuple(
            StatusChange(link.target, _one(link, ORIGINAL_STATUS), _one(link, NEW_STATUS), link.line)
            for link in self.submission.associations
            if link.type == names.UPDATE_STATUS
        )

    @property
    def versions(self) -> tuple[NewVersion, ...]:
        return tuple(
            NewVersion(entry, _previous(self.submission, entry)) for entry in self.submission.entries
        )


def change_status(
    entry_uuid: str,
    original: str,
    new: str,
    *,
    unique_id: str,
    source_id: str,
    patient_id: str,
    author: Author,
    content_type: Code,
    now: datetime,
) -> Submission:
    """The submission that archives, un-archives or deletes an entry. `unique_id`: of the set."""
    one = _set(unique_id, source_id, patient_id, author, content_type, now)
    slots = {ORIGINAL_STATUS: (original,), NEW_STATUS: (new,)}
    return Submission(one, (), (Association(names.UPDATE_STATUS, SET_ID, entry_uuid, slots=slots),))


def change_confidentiality(
    entry: DocumentEntry,
    confidentiality: tuple[Code, ...],
    *,
    unique_id: str,
    source_id: str,
    author: Author,
    content_type: Code,
    now: datetime,
) -> Submission:
    """The submission that gives an entry, as a search listed it, other codes of confidentiality."""
    copy = replace(entry, id="Document01", status="", version="", confidentiality=confidentiality)
    one = _set(unique_id, source_id, entry.patient_id, author, content_type, now)
    slots = {"SubmissionSetStatus": ("Original",), PREVIOUS: (entry.version or "1",)}
    return Submission(one, (copy,), (Association(names.HAS_MEMBER, SET_ID, copy.id, slots=slots),))


def _set(
    unique_id: str, source_id: str, patient_id: str, author: Author, content_type: Code, now: datetime
) -> SubmissionSet:
    time = now.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    return SubmissionSet(SET_ID, unique_id, source_id, patient_id, time, content_type, (author,))


def read_update(element: Element) -> Update:
    """Decode a `lcm:SubmitObjectsRequest` sent to the registry.

    Raises XdsRefused with the reasons of `read_submission`.
    """
    submit = next(element.iter(f"{{{names.LCM}}}SubmitObjectsRequest"), None)
    if submit is None:
        raise XdsRefused("not-a-submission", "no SubmitObjectsRequest", element.sourceline)
    return Update(read_submission(submit), submit)


def judge_update(lot: Lot) -> list[Finding]:
    """Every finding on an update: the structure that any submission has, then what is its own."""
    shared = [finding for finding in STRUCTURE.judge(lot) if finding.rule not in FEED_ONLY]
    return RULES.judge(lot) + shared


@RULES.rule("XDS-UPD-01", requirements=_DMP, source=ITI_57)
def something_is_asked(lot: Lot) -> Iterator[Observation]:
    """The message changes at least one status or carries at least one new version."""
    links = lot.submission.associations
    if not lot.submission.entries and not any(link.type == names.UPDATE_STATUS for link in links):
        observed = " ".join(link.type for link in links)
        yield Observation("RegistryObjectList", observed, f"{names.UPDATE_STATUS} | ExtrinsicObject")


@RULES.rule("XDS-UPD-05", requirements=_DMP, source=f"{ITI_57}; {TD33}")
def associations_are_allowed(lot: Lot) -> Iterator[Observation]:
    """HasMember and UpdateAvailabilityStatus only: replacing is feeding."""
    for link in lot.submission.associations:
        if link.type not in (names.HAS_MEMBER, names.UPDATE_STATUS):
            wanted = f"{names.HAS_MEMBER} {names.UPDATE_STATUS}"
            yield Observation(f"Association[@id='{link.id}']", link.type, wanted, link.line)


@RULES.rule("XDS-UPD-02", requirements=_DMP, source=f"{ITI_57}; {TD33}c, {TD33}d")
def status_changes(lot: Lot) -> Iterator[Observation]:
    """From the set to an entryUUID, with one OriginalStatus and another NewStatus, both known."""
    known = (names.APPROVED, names.DEPRECATED, names.ARCHIVED, names.DELETED)
    for link in lot.submission.associations:
        if link.type != names.UPDATE_STATUS:
            continue
        where = f"Association[@id='{link.id}']"
        if link.source != lot.submission.submission_set.id:
            wanted = lot.submission.submission_set.id
            yield Observation(f"{where}/@sourceObject", link.source, wanted, link.line)
        if not link.target.startswith("urn:uuid:"):
            yield Observation(f"{where}/@targetObject", link.target, "entryUUID (urn:uuid:…)", link.line)
        for name in (ORIGINAL_STATUS, NEW_STATUS):
            values = link.slots.get(name, ())
            if len(values) != 1 or values[0] not in known:
                observed = " ".join(values)
                yield Observation(f"{where}/Slot[@name='{name}']", observed, " | ".join(known), link.line)
        if _one(link, ORIGINAL_STATUS) and _one(link, ORIGINAL_STATUS) == _one(link, NEW_STATUS):
            observed = _one(link, NEW_STATUS)
            yield Observation(f"{where}/Slot[@name='{NEW_STATUS}']", observed, "autre statut", link.line)


@RULES.rule("XDS-UPD-03", requirements=_DMP, source=f"{ITI_57}; {TD33}a, {TD33}b")
def versions_follow(lot: Lot) -> Iterator[Observation]:
    """A new version says which document and which version it follows."""
    for where, entry in lot.entries():
        if not entry.lid.startswith("urn:uuid:"):
            yield Observation(f"{where}/@lid", entry.lid, "identifiant logique (urn:uuid:…)", entry.line)
        previous = _previous(lot.submission, entry)
        if not (previous.isascii() and previous.isdigit() and len(previous) < 10 and int(previous) > 0):
            place = f"Association[@targetObject='{entry.id}']/Slot[@name='{PREVIOUS}']"
            yield Observation(place, previous, "numéro de la version actuelle", entry.line)


@RULES.rule("XDS-UPD-04", requirements=_DMP, source=f"{ITI_57}; {TD33}a, {TD33}b")
def copies_are_full(lot: Lot) -> Iterator[Observation]:
    """What the repository had added is copied too."""
    for where, entry in lot.entries():
        added = {"hash": entry.hash, "size": entry.size, "repositoryUniqueId": entry.repository_unique_id}
        for name, value in added.items():
            if value in ("", None, -1):
                yield Observation(f"{where}/{name}", "", name, entry.line)


def _previous(submission: Submission, entry: DocumentEntry) -> str:
    links = (link for link in submission.associations if link.type == names.HAS_MEMBER)
    return next((_one(link, PREVIOUS) for link in links if link.target == entry.id), "")


def _one(link: Association, name: str) -> str:
    values = link.slots.get(name, ())
    return values[0] if values else ""
