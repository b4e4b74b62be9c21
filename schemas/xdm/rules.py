"""Rules on an XDM archive: layout, metadata, documents, one person.

Sources: IHE ITI TF-2 §3.32 (XDM), Référentiel #2 ECO.2.1.1 and ECO.2.1.2.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from schemas import ins, xml
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.xdm.files import FILES, actions, is_style_sheet
from schemas.xdm.media import MEDIA
from schemas.xdm.model import INDEX, METADATA, README, Archive, Subset
from schemas.xdm.reader import read_archive
from schemas.xdm.rewriting import causes
from schemas.xdm.unzip import ArchiveRefused, Limits
from schemas.xdm.zip_rules import refusal
from schemas.xds import composite
from schemas.xds.judge import judge_decisive, judge_deferred
from schemas.xds.lot import Lot
from schemas.xds.schema import departures

RULES: RuleSet[Archive] = RuleSet("xdm")

XDM = "IHE ITI TF-2 §3.32.4.1"
_REQUIRES = ("BEN-CDA-06",)
_ISO_NAME = re.compile(r"[A-Z0-9_]{1,8}(?:\.[A-Z0-9_]{1,3})?")
# Rules shared with the feed of the DMP prove another requirement here
_HERE = {"DMP/CONF.10", "BEN-DMP-07", "DMP/va1.18", "BEN-INS-06"}
_ONE_PERSON = ("MSS/CONF.23",)
_DRESS = (".XSL", ".XSLT", ".CSS", ".PNG", ".GIF", ".JPG", ".JPEG", ".PDF")  # PDF: XDM-LAY-04
_OF_BYTES = ("XDS-HASH-01", "XDS-HASH-02")
_LAYOUT = ("XDM-LAY-",)


@RULES.rule("XDM-LAY-01", requirements=_REQUIRES, source=XDM)
def layout(archive: Archive) -> Iterator[Observation]:
    """README.TXT and INDEX.HTM at the root, IHE_XDM with a METADATA.XML in each subset."""
    if archive.readme is None:
        yield Observation("/", " ".join(archive.names), README)
    if archive.index is None:
        yield Observation("/", " ".join(archive.names), INDEX)
    if not archive.subsets:
        yield Observation("/", " ".join(archive.names), f"IHE_XDM/SUBSET01/{METADATA}")
    for subset in archive.subsets:
        if subset.metadata is None:
            yield Observation(subset.folder, " ".join(subset.files), METADATA)


@RULES.rule("XDM-LAY-02", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=f"{XDM}; ISO 9660")
def names(archive: Archive) -> Iterator[Observation]:
    """Names are in capitals, eight characters and three (ISO 9660 level 1), folders separated by `/`."""
    for name in archive.names:
        if "\\" in name or not all(_ISO_NAME.fullmatch(part) for part in name.split("/")):
            yield Observation(name, name, "A-Z 0-9 _ (8.3)")


@RULES.rule("XDM-LAY-03", requires=Keyword.PEUT, source=XDM)
def no_junk(archive: Archive) -> Iterator[Observation]:
    """No file left behind by an operating system."""
    for name in archive.junk:
        yield Observation(name, name, "aucun fichier étranger")


@RULES.rule("XDM-LAY-04", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source="Référentiel #2 ECO.2.1.1")
def no_pdf(archive: Archive) -> Iterator[Observation]:
    """The PDF copies are attached beside the archive, not put inside."""
    for name in archive.names:
        if name.lower().endswith(".pdf"):
            yield Observation(name, name, "PDF/A-1 joint au courriel, hors de l'archive")


@RULES.rule("XDM-LAY-05", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=XDM)
def index_leads_to_readme(archive: Archive) -> Iterator[Observation]:
    """INDEX.HTM links to README.TXT."""
    if archive.index is not None and README.encode() not in archive.index.upper():
        yield Observation(INDEX, "", f'<a href="{README}">')


@RULES.rule("XDM-META-01", requirements=_REQUIRES, source=f"{XDM}; ebRIM 3.0")
def metadata_decode(archive: Archive) -> Iterator[Observation]:
    """METADATA.XML is an ebRIM submission that describes at least one document."""
    for subset in archive.subsets:
        where = f"{subset.folder}/{METADATA}"
        if subset.refused:
            yield Observation(where, subset.refused, "lcm:SubmitObjectsRequest")
        elif subset.submission is not None and not subset.submission.entries:
            yield Observation(where, "0 ExtrinsicObject", "au moins 1")


@RULES.rule("XDM-META-02", requirements=_REQUIRES, source=f"{XDM}; ebRIM 3.0, schémas lcm.xsd et rim.xsd")
def metadata_follow_the_schema(archive: Archive) -> Iterator[Observation]:
    """METADATA.XML is valid against the ebRIM schema."""
    for subset in archive.subsets:
        if subset.metadata is not None and subset.submission is not None:
            for seen in departures(xml.parse(subset.metadata), subset.submission):
                yield replace(seen, where=f"{subset.folder}/{METADATA} {seen.where}")


@RULES.rule("XDM-DOC-01", requirements=_REQUIRES, source=XDM)
def files_exist(archive: Archive) -> Iterator[Observation]:
    """Each described document gives its URI, and the file of that name is there."""
    for subset in archive.subsets:
        for one in subset.documents:
            where = f"{subset.folder}/{METADATA} ExtrinsicObject[@id='{one.entry.id}']/URI"
            if not one.entry.uri:
                yield Observation(where, "", " ".join(subset.files), one.entry.line)
            elif one.data is None:
                yield Observation(where, one.entry.uri, " ".join(subset.files), one.entry.line)


@RULES.rule("XDM-DOC-02", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=XDM)
def uri_has_the_case_of_the_file(archive: Archive) -> Iterator[Observation]:
    """The URI is written as the file is named."""
    for one in archive.documents:
        if one.data is not None and not one.exact:
            yield Observation(one.path, one.entry.uri, one.path.rpartition("/")[2], one.entry.line)


@RULES.rule("XDM-DOC-03", requirements=_REQUIRES, source=XDM)
def hash_and_size_are_stated(archive: Archive) -> Iterator[Observation]:
    """hash and size are required in an archive."""
    for one in archive.documents:
        for name, value in (("hash", one.entry.hash), ("size", one.entry.size)):
            if value in ("", None):
                yield Observation(f"ExtrinsicObject[@id='{one.entry.id}']/{name}", "", name, one.entry.line)


@RULES.rule("XDM-DOC-04", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=XDM)
def files_are_described(archive: Archive) -> Iterator[Observation]:
    """Each file of a subset is described by the metadata, but for style sheets and pictures."""
    for subset in archive.subsets:
        known = {one.path.upper() for one in subset.documents}
        for name in subset.files:
            path = f"{subset.folder}/{name}"
            dress = name.upper().endswith(_DRESS) or "/" in name
            if subset.submission is not None and not dress and path.upper() not in known:
                yield Observation(path, name, "décrit dans METADATA.XML")


@RULES.rule("XDM-PAT-01", requirements=_ONE_PERSON, source="Référentiel #2 ECO.2.1.1")
def one_person(archive: Archive) -> Iterator[Observation]:
    """The whole archive concerns one person, by its metadata and by its documents."""
    seen: dict[str, str] = {}
    for one in archive.documents:
        found = ins.parse_cx(one.entry.patient_id)
        if found is not None:
            seen.setdefault(found.matricule, f"{one.path} (patientId)")
        if one.document is not None and one.document.patient.ins is not None:
            seen.setdefault(one.document.patient.ins.matricule, f"{one.path} (CDA)")
    if len(seen) > 1:
        yield Observation(" ; ".join(seen.values()), " ".join(seen), "une seule personne")


def judge_archive(archive: Archive, *, layout: bool = True) -> list[Finding]:
    """Every finding on an archive, its metadata against its CDA included; the CDA themselves apart.

    `layout` False leaves out what only a whole archive has: its root files, its folders, its names.
    """
    findings = RULES.judge(archive) + MEDIA.judge(archive) + FILES.judge(archive)
    if not layout:
        findings = [finding for finding in findings if not finding.rule.startswith(_LAYOUT)]
    for subset in archive.subsets:
        findings += _judge_metadata(subset)
    return findings


def _judge_metadata(subset: Subset) -> Iterator[Finding]:
    if subset.submission is None:
        return
    present = {one.entry.id: one.data for one in subset.documents if one.data is not None}
    lot = Lot(subset.submission, present, archive=True)
    read = {one.entry.id: one.document for one in subset.documents if one.document is not None}
    said_by_set = bool(actions(subset.submission.submission_set.other_slots))
    sheets = {f"ExtrinsicObject[@id='{one.entry.id}']" for one in subset.documents if is_style_sheet(one)}
    for finding in (*judge_decisive(lot), *judge_deferred(lot, read=read)):
        if finding.rule == "XDS-CDA-19" and said_by_set:
            continue  # the metadata `action` is on the submission set
        if finding.rule == "XDS-CDA-17" and finding.where in sheets:
            continue  # described, as it may be, and no CDA
        proves = tuple("BEN-CDA-06" if one in _HERE else one for one in finding.requirements)
        if finding.rule == "XDS-PAT-01":
            proves = _ONE_PERSON
        where = f"{subset.folder}/{METADATA} {finding.where}"
        told = _explained(finding, subset) if finding.rule in _OF_BYTES else finding
        yield replace(told, where=where, requirements=proves)


def _explained(finding: Finding, subset: Subset) -> Finding:
    """A wrong hash or size with what explains it, when the file was rewritten in a usual way."""
    for one in subset.documents:
        if one.data is None or not finding.where.startswith(f"ExtrinsicObject[@id='{one.entry.id}']/"):
            continue
        of_hash, of_size = causes(one.data, one.entry.hash, one.entry.size)
        cause = of_hash if finding.rule == "XDS-HASH-01" else of_size
        return replace(finding, observed=f"{finding.observed} : {cause}") if cause else finding
    return finding


def judge_bytes(data: bytes, limits: Limits | None = None) -> list[Finding]:
    """Every finding on the bytes of an IHE_XDM.ZIP: one that tells why it may not be opened, or those of
    `judge_archive`."""
    try:
        archive = read_archive(data, limits)
    except ArchiveRefused as error:
        return [refusal(error)]
    return judge_archive(archive)


def patient_of(archive: Archive) -> ins.Ins | None:
    """The person of the archive by its metadata (patientId): what a receiver goes by."""
    for one in archive.documents:
        found = ins.parse_cx(composite.patient(one.entry.patient_id))
        if found is not None:
            return found
    return None
