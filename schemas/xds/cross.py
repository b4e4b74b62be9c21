"""The metadata against the CDA that they describe, field by field.

Each rule compares one attribute with the header it derives from. Source: CI-SIS "Partage de documents de
santé", lien entre en-tête CDA et métadonnées XDS.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from lxml import etree

from schemas import valuesets
from schemas.cda.model import ClinicalDocument
from schemas.cda.model import Code as CdaCode
from schemas.cda.timestamp import utc_stamp
from schemas.cda.tree import each
from schemas.finding import Keyword, Observation, RuleSet
from schemas.frozen import frozen
from schemas.xds import composite
from schemas.xds.derive import SEXES
from schemas.xds.model import Code, DocumentEntry
from schemas.xml import Element, local

SOURCE = "CI-SIS, lien en-tête CDA – métadonnées XDS"
_REQUIRES = ("BEN-DMP-06",)


@frozen
class Described:
    """An entry and the CDA that it describes. `replaces`: the submission has a RPLC from this entry.

    `archive`: the metadata travel in an XDM archive, where software is known to write local times, and where
    the entryUUID of a replaced document is not known.
    """

    entry: DocumentEntry
    document: ClinicalDocument
    replaces: bool = False
    archive: bool = False

    def at(self, name: str) -> str:
        return f"ExtrinsicObject[@id='{self.entry.id}']/{name}"


CROSS: RuleSet[Described] = RuleSet("xds-cda")


def _in_an_archive(pair: Described) -> bool:
    return pair.archive


def _differs(pair: Described, name: str, stated: str, wanted: str) -> Iterator[Observation]:
    if stated and " ".join(stated.split()) != " ".join(wanted.split()):
        yield Observation(pair.at(name), stated, wanted, pair.entry.line)


def _code_differs(
    pair: Described, name: str, stated: Code | None, code: str, system: str
) -> Iterator[Observation]:
    if stated is not None and (stated.code, stated.system) != (code, system):
        observed = f"{stated.code} ({stated.system})"
        yield Observation(pair.at(name), observed, f"{code} ({system})", pair.entry.line)


def _header_code_differs(
    pair: Described, name: str, stated: Code | None, wanted: CdaCode
) -> Iterator[Observation]:
    if wanted.code:
        yield from _code_differs(pair, name, stated, wanted.code, wanted.system)


@CROSS.rule("XDS-CDA-01", requirements=_REQUIRES, source=SOURCE)
def unique_id(pair: Described) -> Iterator[Observation]:
    """uniqueId is ClinicalDocument/id."""
    yield from _differs(pair, "uniqueId", pair.entry.unique_id, pair.document.unique_id)


@CROSS.rule("XDS-CDA-02", requirements=_REQUIRES, source=SOURCE)
def type_code(pair: Described) -> Iterator[Observation]:
    """typeCode is ClinicalDocument/code."""
    yield from _header_code_differs(pair, "typeCode", pair.entry.type_code, pair.document.type_code)


@CROSS.rule("XDS-CDA-03", requirements=_REQUIRES, source=SOURCE)
def title(pair: Described) -> Iterator[Observation]:
    """title is ClinicalDocument/title."""
    yield from _differs(pair, "title", pair.entry.title, pair.document.title)


@CROSS.rule("XDS-CDA-04", requirements=_REQUIRES, source=SOURCE)
def creation_time(pair: Described) -> Iterator[Observation]:
    """creationTime is ClinicalDocument/effectiveTime in UTC."""
    yield from _time(pair, "creationTime", pair.entry.creation_time, pair.document.effective_time)


def _time(pair: Described, name: str, stated: str, header: str) -> Iterator[Observation]:
    wanted = utc_stamp(header)
    tolerated = pair.archive and composite.same_instant(stated, header)
    if stated and not tolerated and not composite.same_instant(stated, wanted):
        yield Observation(pair.at(name), stated, f"{wanted} (CDA {header or 'absent'})", pair.entry.line)


@CROSS.rule("XDS-CDA-05", requirements=_REQUIRES, source=SOURCE)
def language(pair: Described) -> Iterator[Observation]:
    """languageCode is ClinicalDocument/languageCode."""
    yield from _differs(pair, "languageCode", pair.entry.language, pair.document.language)


@CROSS.rule("XDS-CDA-06", requirements=_REQUIRES, source=SOURCE)
def authors(pair: Described) -> Iterator[Observation]:
    """The authors are those of the header (compared by identifier: published examples swap the names)."""
    stated = sorted(composite.person_id(author.person) for author in pair.entry.authors if author.person)
    wanted = sorted(person.id for person in pair.document.authors if person.id)
    if stated and stated != wanted:
        yield Observation(pair.at("authorPerson"), " ".join(stated), " ".join(wanted), pair.entry.line)


@CROSS.rule("XDS-CDA-07", requirements=_REQUIRES, source=SOURCE)
def legal_authenticator(pair: Described) -> Iterator[Observation]:
    """legalAuthenticator is the one of the header."""
    signer = pair.document.legal_authenticator
    stated = composite.person_id(pair.entry.legal_authenticator)
    yield from _differs(pair, "legalAuthenticator", stated, signer.id if signer else "")


@CROSS.rule("XDS-CDA-08", requirements=_REQUIRES, source=SOURCE)
def patient_id(pair: Described) -> Iterator[Observation]:
    """patientId is the INS of the header."""
    known = pair.document.patient.ins
    stated = composite.patient(pair.entry.patient_id)
    yield from _differs(pair, "patientId", stated, known.cx() if known else "INS absente du CDA")


@CROSS.rule("XDS-CDA-09", requirements=_REQUIRES, source=SOURCE)
def facility(pair: Described) -> Iterator[Observation]:
    """healthcareFacilityTypeCode is healthCareFacility/code."""
    name = "healthcareFacilityTypeCode"
    yield from _header_code_differs(pair, name, pair.entry.facility, pair.document.facility)


@CROSS.rule("XDS-CDA-10", requirements=_REQUIRES, source=SOURCE)
def practice_setting(pair: Described) -> Iterator[Observation]:
    """practiceSettingCode is the performer's standardIndustryClassCode."""
    name = "practiceSettingCode"
    yield from _header_code_differs(pair, name, pair.entry.practice_setting, pair.document.practice_setting)


@CROSS.rule("XDS-CDA-11", requirements=_REQUIRES, source="ANS ASS_A11, ASS_A12")
def format_code(pair: Described) -> Iterator[Observation]:
    """formatCode follows the templates, or the body of a level 1 (unknown models are not judged)."""
    nonxml = pair.document.nonxml
    known = valuesets.format_of(pair.document.template_ids, nonxml[0] if nonxml else None)
    if known is not None:
        yield from _code_differs(pair, "formatCode", pair.entry.format_code, known.code, known.system)


@CROSS.rule("XDS-CDA-12", requirements=_REQUIRES, source=SOURCE)
def service_times(pair: Described) -> Iterator[Observation]:
    """serviceStartTime and serviceStopTime are those of the main act, in UTC."""
    yield from _time(pair, "serviceStartTime", pair.entry.service_start, pair.document.service_start)
    yield from _time(pair, "serviceStopTime", pair.entry.service_stop, pair.document.service_stop)


@CROSS.rule("XDS-CDA-13", requirements=_REQUIRES, source=SOURCE)
def confidentiality(pair: Described) -> Iterator[Observation]:
    """confidentialityCode holds the level of the header."""
    stated = [code.code for code in pair.entry.confidentiality]
    level = pair.document.confidentiality
    if stated and level.code and level.code not in stated:
        yield Observation(pair.at("confidentialityCode"), " ".join(stated), level.code, pair.entry.line)


@CROSS.rule("XDS-CDA-14", requirements=_REQUIRES, source=SOURCE)
def source_patient_info(pair: Described) -> Iterator[Observation]:
    """sourcePatientInfo repeats the traits of the header: a family name, the birth date, the sex."""
    patient = pair.document.patient
    stated = [text.partition("|") for text in pair.entry.source_patient_info]
    families = [value.split("^")[0] for field, _, value in stated if field == "PID-5"]
    if families and patient.birth_name and _plain(patient.birth_name) not in map(_plain, families):
        observed = " ".join(families)
        yield Observation(pair.at("sourcePatientInfo/PID-5"), observed, patient.birth_name, pair.entry.line)
    for field, wanted in (("PID-7", patient.birth_date), ("PID-8", SEXES.get(patient.sex, patient.sex))):
        values = [value for name, _, value in stated if name == field]
        if values and wanted and values != [wanted]:
            place = pair.at(f"sourcePatientInfo/{field}")
            yield Observation(place, " ".join(values), wanted, pair.entry.line)


def _plain(text: str) -> str:
    return " ".join(text.upper().split())


@CROSS.rule("XDS-CDA-15", requirements=_REQUIRES, source=f"{SOURCE}; IHE ITI TF-3 §4.2.2.2.3")
def replacement(pair: Described) -> Iterator[Observation]:
    """RPLC in the metadata and relatedDocument in the header go together."""
    parent = pair.document.replaces
    if pair.replaces and not parent:
        yield Observation(pair.at("Association RPLC"), "RPLC", "relatedDocument[@typeCode='RPLC']")
    elif parent and not pair.replaces and not pair.archive:
        yield Observation("/ClinicalDocument/relatedDocument", parent, "Association RPLC")


@CROSS.rule(
    "XDS-CDA-16", requirements=_REQUIRES, source="ANS, volet Transmission d'un document CDA R2 en HL7 v2"
)
def mime_type(pair: Described) -> Iterator[Observation]:
    """mimeType is text/xml, or application/xslt+xml for a self-presentable CDA."""
    if pair.entry.mime_type not in ("text/xml", "application/xslt+xml"):
        yield Observation(pair.at("@mimeType"), pair.entry.mime_type, "text/xml", pair.entry.line)


@CROSS.rule(
    "XDS-CDA-18",
    requires=Keyword.DEVRAIT,
    requirements=_REQUIRES,
    source="IHE ITI TF-3 §4.2.3.1.7",
    when=_in_an_archive,
)
def local_times(pair: Described) -> Iterator[Observation]:
    """In an archive too, times are in UTC: a local time without its zone is another instant."""
    entry, document = pair.entry, pair.document
    for name, stated, header in (
        ("creationTime", entry.creation_time, document.effective_time),
        ("serviceStartTime", entry.service_start, document.service_start),
        ("serviceStopTime", entry.service_stop, document.service_stop),
    ):
        wanted = utc_stamp(header)
        local = stated and composite.same_instant(stated, header)
        if local and not composite.same_instant(stated, wanted):
            yield Observation(pair.at(name), stated, f"{wanted} (UTC)", entry.line)


@CROSS.rule(
    "XDS-CDA-19",
    requires=Keyword.DEVRAIT,
    requirements=("MSS/va1.02",),
    source="ANS, volet Transmission d'un document CDA R2 en HL7 v2 (métadonnée action)",
    when=_in_an_archive,
)
def replacement_in_an_archive(pair: Described) -> Iterator[Observation]:
    """In an archive, a replacing document says so by the metadata `action` = C (encoding not public)."""
    slots = pair.entry.other_slots
    action = any(name == "action" or name.endswith(":action") for name, _ in slots)
    if pair.document.replaces and not (pair.replaces or action):
        yield Observation(pair.at("Slot[@name='action']"), "", "C", pair.entry.line)


def _about(text: str) -> tuple[str, str]:
    """(identifier, OID) of a CX."""
    parts = text.split("^")
    return parts[0], (parts[3].split("&")[1:2] or [""])[0] if len(parts) > 3 else ""


def _ids(elements: Iterable[Element]) -> set[tuple[str, str]]:
    return {(found.get("extension", ""), found.get("root", "")) for found in elements}


@CROSS.rule(
    "XDS-CDA-20", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=f"{SOURCE} (libellé du typeCode)"
)
def type_label(pair: Described) -> Iterator[Observation]:
    """The label of the typeCode is that of ClinicalDocument/code, or the published one."""
    stated, wanted = pair.entry.type_code, pair.document.type_code
    if stated is None or not stated.display or stated.code != wanted.code or not wanted.display:
        return
    if stated.display == wanted.display:
        return
    published = valuesets.value_set("J07").display(wanted.code)
    if _letters(stated.display) not in (_letters(wanted.display), _letters(published)):
        yield Observation(pair.at("typeCode/Name"), stated.display, wanted.display, pair.entry.line)


def _letters(text: str) -> str:
    """A label compared without accents, case, typographic signs or doubled blanks."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return " ".join("".join(sign for sign in folded if not unicodedata.combining(sign)).casefold().split())


@CROSS.rule("XDS-CDA-21", requirements=_REQUIRES, source=f"{SOURCE}; IHE ITI TF-3 §4.2.3.2.19")
def act_ends_after_its_start(pair: Described) -> Iterator[Observation]:
    """serviceStopTime is not before serviceStartTime."""
    start, stop = pair.entry.service_start, pair.entry.service_stop
    size = min(len(start), len(stop))
    if start.isdigit() and stop.isdigit() and stop[:size] < start[:size]:
        yield Observation(pair.at("serviceStopTime"), stop, f"≥ {start}", pair.entry.line)


@CROSS.rule("XDS-CDA-22", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=SOURCE)
def end_of_the_act_is_told(pair: Described) -> Iterator[Observation]:
    """serviceStopTime is there when the header gives the end of the main act."""
    if pair.document.service_stop and not pair.entry.service_stop:
        wanted = utc_stamp(pair.document.service_stop)
        yield Observation(pair.at("serviceStopTime"), "", wanted, pair.entry.line)


@CROSS.rule("XDS-CDA-23", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=SOURCE)
def events(pair: Described) -> Iterator[Observation]:
    """Each eventCode is the code of an act of the header, or at least stands in the document."""
    acts = {code.code for code in pair.document.service_codes}
    missing = [code for code in pair.entry.events if code.code not in acts]
    if missing:
        inside = {found.get("code") for found in pair.document.root.iter(etree.Element)}
        for code in missing:
            if code.code not in inside:
                observed = f"{code.code} ({code.system})"
                wanted = " ".join(sorted(acts)) or "aucun acte codé dans le CDA"
                yield Observation(pair.at("eventCodeList"), observed, wanted, pair.entry.line)


@CROSS.rule("XDS-CDA-24", requirements=_REQUIRES, source=SOURCE)
def source_patient_id(pair: Described) -> Iterator[Observation]:
    """sourcePatientId is one of the identifiers of the patient in the header."""
    stated, role = pair.entry.source_patient_id, pair.document.places.role
    if not stated or role is None:
        return
    known = _ids(each(role, "id"))
    if _about(stated) not in known:
        wanted = " | ".join(f"{value} ({root})" for value, root in sorted(known))
        yield Observation(pair.at("sourcePatientId"), stated, wanted, pair.entry.line)


@CROSS.rule("XDS-CDA-25", requirements=_REQUIRES, source=SOURCE)
def author_institutions(pair: Described) -> Iterator[Observation]:
    """authorInstitution is the structure of an author of the header, by its identifier."""
    known = {person.organisation_id for person in pair.document.authors if person.organisation_id}
    for author in pair.entry.authors:
        for institution in author.institutions:
            stated = composite.institution_id(institution)
            if stated and known and stated not in known:
                where = pair.at("authorInstitution")
                yield Observation(where, institution, " ".join(sorted(known)), pair.entry.line)


@CROSS.rule("XDS-CDA-26", requires=Keyword.DEVRAIT, requirements=_REQUIRES, source=SOURCE)
def author_roles(pair: Described) -> Iterator[Observation]:
    """authorRole is the label of the functionCode of an author of the header, when there is one."""
    labels = [person.function.display for person in pair.document.authors if person.function]
    known = {_letters(label) for label in labels if label}
    for author in pair.entry.authors:
        for role in author.roles:
            if known and _letters(role) not in known:
                yield Observation(pair.at("authorRole"), role, " | ".join(labels), pair.entry.line)


@CROSS.rule("XDS-CDA-27", requirements=_REQUIRES, source=SOURCE)
def author_specialties(pair: Described) -> Iterator[Observation]:
    """authorSpecialty is `code^libellé^OID` of the code of an author of the header."""
    known = {(person.code.code, person.code.system) for person in pair.document.authors if person.code}
    for author in pair.entry.authors:
        for specialty in author.specialties:
            parts = specialty.split("^")
            if known and (parts[0], parts[2] if len(parts) > 2 else "") not in known:
                wanted = " | ".join(f"{code}^…^{system}" for code, system in sorted(known))
                yield Observation(pair.at("authorSpecialty"), specialty, wanted, pair.entry.line)


@CROSS.rule(
    "XDS-CDA-28", requirements=_REQUIRES, source="ANS, volet Transmission d'un document CDA R2 en HL7 v2"
)
def self_presentable(pair: Described) -> Iterator[Observation]:
    """application/xslt+xml is said of a document inside its style sheet, and of no other."""
    root = pair.document.root.getroottree().getroot()
    dressed = root is not pair.document.root and local(root) in ("stylesheet", "transform")
    if dressed and pair.entry.mime_type == "text/xml":
        yield Observation(pair.at("@mimeType"), "text/xml", "application/xslt+xml", pair.entry.line)
    elif not dressed and pair.entry.mime_type == "application/xslt+xml":
        yield Observation(pair.at("@mimeType"), "application/xslt+xml", "text/xml", pair.entry.line)
