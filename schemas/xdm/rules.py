"""Rules on an XDM archive: layout, metadata, documents, one person.

Sources: IHE ITI TF-2 §3.32 (XDM), Référentiel #2 ECO.2.1.1 and ECO.2.1.2.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from schemas import ins, xml
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.xdm.model import INDEX, METADATA, README, Archive
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
    """Each XML file of a subset is described by the metadata."""
    for subset in archive.subsets:
        known = {one.path.upper() for one in subset.documents}
        for name in subset.files:
            path = f"{subset.folder}/{name}"
            if subset.submission is not None and name.upper().endswith(".XML") and path.upper() not in known:
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


def judge_archive(archive: Archive) -> list[Finding]:
    """Every finding on an archive, its metadata against its CDA included; the CDA themselves apart."""
    findings = RULES.judge(archive)
    for subset in archive.subsets:
        if subset.submission is None:
            continue
        present = {one.entry.id: one.data for one in subset.documents if one.data is not None}
        lot = Lot(subset.submission, present, archive=True)
        read = {one.entry.id: one.document for one in subset.documents if one.document is not None}
        for finding in (*judge_decisive(lot), *judge_deferred(lot, read=read)):
            proves = tuple("BEN-CDA-06" if one in _HERE else one for one in finding.requirements)
            if finding.rule == "XDS-PAT-01":
                proves = _ONE_PERSON
            where = f"{subset.folder}/{METADATA} {finding.where}"
            findings.append(replace(finding, where=where, requirements=proves))
    return findings


def patient_of(archive: Archive) -> ins.Ins | None:
    """The person of the archive by its metadata (patientId): what a receiver goes by."""
    for one in archive.documents:
        found = ins.parse_cx(composite.patient(one.entry.patient_id))
        if found is not None:
            return found
    return None
