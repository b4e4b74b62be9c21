"""Rules on the structure of a submission: what a registry looks at before it accepts.

All are cheap: they read decoded metadata only. Sources: IHE ITI TF-3 §4.2, CI-SIS "Partage de documents de
santé", SEL-MP-037 (TD2.1).
"""

import hashlib
import re
from collections.abc import Iterator

from schemas import ins
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xds import composite, names
from schemas.xds.lot import DIRECTE, Lot

STRUCTURE: RuleSet[Lot] = RuleSet("xds")
FEED: RuleSet[Lot] = RuleSet("xds-feed")

CI_SIS = "CI-SIS Partage de documents de santé"
TD21 = "SEL-MP-037 TD2.1"
_DMP = ("DMP/CONF.10",)

_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_PID = re.compile(r"PID-\d{1,2}\|.+")


@STRUCTURE.rule("XDS-STR-01", requirements=_DMP, source="ebRIM 3.0, schéma rim.xsd")
def encoding(lot: Lot) -> Iterator[Observation]:
    """Elements in the order of the schema, with their required attributes."""
    yield from lot.submission.departures


@STRUCTURE.rule("XDS-STR-02", requirements=_DMP, source=f"{CI_SIS}, lot de soumission")
def set_attributes(lot: Lot) -> Iterator[Observation]:
    """The required attributes of the submission set are there."""
    one = lot.submission.submission_set
    present = {
        "uniqueId": one.unique_id,
        "sourceId": one.source_id,
        "patientId": one.patient_id,
        "submissionTime": one.submission_time,
        "contentTypeCode": one.content_type and one.content_type.code,
        "authorPerson": one.authors and one.authors[0].person,
        f"Classification[@classificationNode='{names.SUBMISSION_SET_NODE}']": one.marked,
    }
    for name, value in present.items():
        if not value:
            yield Observation(lot.set_where, "", name, one.line)


@STRUCTURE.rule("XDS-STR-03", requirements=_DMP, source=f"{CI_SIS}, fiche de document")
def entry_attributes(lot: Lot) -> Iterator[Observation]:
    """The required attributes of each document are there."""
    for where, entry in lot.entries():
        present: dict[str, object] = {
            "uniqueId": entry.unique_id,
            "patientId": entry.patient_id,
            "mimeType": entry.mime_type,
            "title": entry.title,
            "creationTime": entry.creation_time,
            "languageCode": entry.language,
            "authorPerson": entry.authors and entry.authors[0].person,
            "classCode": entry.class_code and entry.class_code.code,
            "typeCode": entry.type_code and entry.type_code.code,
            "formatCode": entry.format_code and entry.format_code.code,
            "healthcareFacilityTypeCode": entry.facility and entry.facility.code,
            "practiceSettingCode": entry.practice_setting and entry.practice_setting.code,
            "confidentialityCode": entry.confidentiality and entry.confidentiality[0].code,
        }
        if not entry.is_signature:
            present["legalAuthenticator"] = entry.legal_authenticator
            present["serviceStartTime"] = entry.service_start
            present["sourcePatientId"] = entry.source_patient_id
            present["sourcePatientInfo"] = entry.source_patient_info
        for name, value in present.items():
            if not value:
                yield Observation(where, "", name, entry.line)


@STRUCTURE.rule("XDS-STR-04", requirements=_DMP, source=f"{CI_SIS}, cardinalités")
def cardinalities(lot: Lot) -> Iterator[Observation]:
    """Nothing occurs more often than it may."""
    one = lot.submission.submission_set
    for name in one.duplicates:
        yield Observation(lot.set_where, f"{name} répété", "1", one.line)
    for where, entry in lot.entries():
        for name in entry.duplicates:
            yield Observation(where, f"{name} répété", "1", entry.line)
        if len(entry.confidentiality) > 4:
            yield Observation(where, f"{len(entry.confidentiality)} confidentialityCode", "1..4", entry.line)


@STRUCTURE.rule("XDS-STR-05", requirements=_DMP, source="IHE ITI TF-3 §4.2.3.1.7")
def formats(lot: Lot) -> Iterator[Observation]:
    """Identifiers are OIDs, times are digits, composite values have their shape."""
    one = lot.submission.submission_set
    for name, value in (("uniqueId", one.unique_id), ("sourceId", one.source_id)):
        if value and not _is_oid(value):
            yield Observation(f"{lot.set_where}/{name}", value, "OID (64 max)", one.line)
    if one.submission_time and not composite.WIRE_TIME.fullmatch(one.submission_time):
        yield Observation(f"{lot.set_where}/submissionTime", one.submission_time, "AAAAMMJJhhmmss", one.line)
    for where, entry in lot.entries():
        root = entry.unique_id.partition("^")[0] if lot.archive else entry.unique_id
        if entry.unique_id and not _is_oid(root):
            yield Observation(f"{where}/uniqueId", entry.unique_id, "OID sans ^extension", entry.line)
        times = (
            ("creationTime", entry.creation_time),
            ("serviceStartTime", entry.service_start),
            ("serviceStopTime", entry.service_stop),
        )
        for name, value in times:
            if value and not composite.WIRE_TIME.fullmatch(value):
                yield Observation(f"{where}/{name}", value, "AAAAMMJJhhmmss", entry.line)
        if entry.hash and not _SHA1.fullmatch(entry.hash):
            yield Observation(f"{where}/hash", entry.hash, "SHA-1, 40 chiffres hexadécimaux", entry.line)
        if entry.size == -1:
            yield Observation(f"{where}/size", "", "nombre d'octets", entry.line)
        for value in entry.source_patient_info:
            if not _PID.fullmatch(value):
                yield Observation(f"{where}/sourcePatientInfo", value, "PID-n|valeur", entry.line)
        if entry.object_type != names.STABLE_DOCUMENT:
            yield Observation(f"{where}/@objectType", entry.object_type, names.STABLE_DOCUMENT, entry.line)


def _is_oid(text: str) -> bool:
    return len(text) <= 64 and composite.OID.fullmatch(text) is not None


@STRUCTURE.rule("XDS-STR-06", requires=Keyword.DEVRAIT, requirements=_DMP, source="IHE ITI TF-3 §4.2.5.2")
def known_schemes(lot: Lot) -> Iterator[Observation]:
    """Classifications and identifiers use the schemes of XDS (one wrong formatCode scheme is in use)."""
    one = lot.submission.submission_set
    for scheme in one.schemes:
        yield Observation(lot.set_where, scheme, "schéma XDSSubmissionSet", one.line)
    for where, entry in lot.entries():
        for scheme in entry.schemes:
            yield Observation(where, scheme, "schéma XDSDocumentEntry", entry.line)


@STRUCTURE.rule("XDS-REF-01", requirements=_DMP, source="IHE ITI TF-3 §4.2.1.4")
def references_resolve(lot: Lot) -> Iterator[Observation]:
    """Object ids are unique; what an association names is in the submission, or is an entryUUID."""
    ids = [lot.submission.submission_set.id, *(entry.id for entry in lot.submission.entries)]
    ids += lot.submission.folders
    for one in sorted({one for one in ids if not one or ids.count(one) > 1}):
        yield Observation("RegistryObjectList", f"{ids.count(one)} × id '{one}'", "id unique")
    for link in lot.submission.associations:
        where = f"Association[@id='{link.id}']"
        for name, target in (("sourceObject", link.source), ("targetObject", link.target)):
            if target not in ids and not target.startswith("urn:uuid:"):
                yield Observation(f"{where}/@{name}", target, " ".join(ids), link.line)


@STRUCTURE.rule("XDS-REF-02", requirements=_DMP, source="IHE ITI TF-3 §4.2.1.4")
def members(lot: Lot) -> Iterator[Observation]:
    """Each document is a member of the submission set, with the status Original."""
    one = lot.submission.submission_set
    found = {
        link.target: link
        for link in lot.submission.associations
        if link.type == names.HAS_MEMBER and link.source == one.id
    }
    for where, entry in lot.entries():
        link = found.get(entry.id)
        if link is None:
            yield Observation(where, "", f"HasMember {one.id} → {entry.id}", entry.line)
        elif link.slots.get("SubmissionSetStatus") != ("Original",):
            status = " ".join(link.slots.get("SubmissionSetStatus", ()))
            yield Observation(
                f"Association[@id='{link.id}']", status, "SubmissionSetStatus=Original", link.line
            )


@STRUCTURE.rule("XDS-REF-03", requirements=_DMP, source=f"{CI_SIS}; {TD21}")
def associations_are_allowed(lot: Lot) -> Iterator[Observation]:
    """HasMember, signs and RPLC only; RPLC goes from a document of the submission to an entryUUID."""
    allowed = (names.HAS_MEMBER, names.SIGNS, names.RPLC)
    ids = {entry.id for entry in lot.submission.entries}
    for link in lot.submission.associations:
        where = f"Association[@id='{link.id}']"
        if link.type not in allowed:
            yield Observation(where, link.type, " ".join(allowed), link.line)
        elif link.type == names.RPLC and link.source not in ids:
            yield Observation(f"{where}/@sourceObject", link.source, "document du lot", link.line)
        elif link.type == names.RPLC and link.target in ids:
            yield Observation(f"{where}/@targetObject", link.target, "entryUUID (urn:uuid:…)", link.line)


@STRUCTURE.rule("XDS-DOC-03", requirements=("BEN-CDA-07",), source="IHE ITI TF-2 §3.41.4.1.3")
def unique_ids(lot: Lot) -> Iterator[Observation]:
    """No uniqueId twice in the message."""
    seen = {lot.submission.submission_set.unique_id}
    for where, entry in lot.entries():
        if entry.unique_id and entry.unique_id in seen:
            yield Observation(f"{where}/uniqueId", entry.unique_id, "identifiant non réutilisé", entry.line)
        seen.add(entry.unique_id)


@STRUCTURE.rule("XDS-HASH-01", requirements=("BEN-DMP-07",), source="IHE ITI TF-3 §4.2.3.2.10")
def hashes(lot: Lot) -> Iterator[Observation]:
    """A hash that is sent is the SHA-1 of the bytes that are sent."""
    for where, entry in lot.entries():
        data = lot.documents.get(entry.id)
        if data is not None and _SHA1.fullmatch(entry.hash):
            computed = hashlib.sha1(data, usedforsecurity=False).hexdigest()
            if entry.hash.lower() != computed:
                yield Observation(f"{where}/hash", entry.hash, computed, entry.line)


@STRUCTURE.rule("XDS-HASH-02", requirements=("BEN-DMP-07",), source="IHE ITI TF-3 §4.2.3.2.23")
def sizes(lot: Lot) -> Iterator[Observation]:
    """A size that is sent is the number of bytes that are sent."""
    for where, entry in lot.entries():
        data = lot.documents.get(entry.id)
        if data is not None and entry.size not in (None, -1, len(data)):
            yield Observation(f"{where}/size", entry.size, len(data), entry.line)


@STRUCTURE.rule("XDS-PAT-01", requirements=("BEN-DMP-06",), source=f"{CI_SIS}; {TD21}")
def one_patient(lot: Lot) -> Iterator[Observation]:
    """patientId is the same on the set and on each document, and is the patient of the VIHF."""
    one = lot.submission.submission_set
    wanted = composite.patient(lot.patient or one.patient_id)
    if one.patient_id and wanted and composite.patient(one.patient_id) != wanted:
        yield Observation(f"{lot.set_where}/patientId", one.patient_id, wanted, one.line)
    for where, entry in lot.entries():
        said = composite.patient(entry.patient_id)
        if entry.patient_id and wanted and said != wanted and said not in lot.others:
            yield Observation(f"{where}/patientId", entry.patient_id, wanted, entry.line)


@STRUCTURE.rule("XDS-PAT-02", requirements=("BEN-INS-06",), source="CI-SIS structuration minimale, INS")
def patient_is_an_ins(lot: Lot) -> Iterator[Observation]:
    """patientId is `INS^^^&OID&ISO^NH`, with an OID of INS and a right key."""
    one = lot.submission.submission_set
    for text in sorted({one.patient_id, *(entry.patient_id for entry in lot.submission.entries)} - {""}):
        found = ins.parse_cx(text)
        if found is None or found.oid not in ins.INS_OIDS:
            yield Observation("patientId", text, "INS^^^&OID&ISO^NH", one.line)
        elif not ins.well_formed(found.matricule):
            yield Observation("patientId", found.matricule, "13 caractères et leur clé", one.line)


@STRUCTURE.rule("XDS-PAT-03", requirements=("BEN-SSI-04",), source="Règle du banc : aucune donnée réelle")
def patient_is_a_test_patient(lot: Lot) -> Iterator[Observation]:
    """The INS carries a test OID: no real patient on a bench."""
    one = lot.submission.submission_set
    for text in sorted({one.patient_id, *(entry.patient_id for entry in lot.submission.entries)} - {""}):
        found = ins.parse_cx(text)
        if found is not None and found.oid in ins.PRODUCTION_OIDS:
            yield Observation("patientId", found.oid, ins.NIR_TEST, one.line)


@STRUCTURE.rule("XDS-CONF-01", requirements=("EX_2.1-1050",), source=f"EX_2.1-1050; {TD21}")
def masking_is_not_cumulated(lot: Lot) -> Iterator[Observation]:
    """A document is never both masked to professionals and invisible to the patient."""
    if lot.cumulative:
        return
    for where, entry in lot.health_documents():
        codes = {code.code for code in entry.confidentiality}
        if {names.MASQUE_PS, names.INVISIBLE_PATIENT} <= codes:
            observed = f"{names.MASQUE_PS} + {names.INVISIBLE_PATIENT}"
            yield Observation(f"{where}/confidentialityCode", observed, "l'un ou l'autre", entry.line)


@STRUCTURE.rule("XDS-CONF-02", requirements=("DMP/va1.18",), source="ANS JDV_J08 (confidentialityCode)")
def confidentiality_codes(lot: Lot) -> Iterator[Observation]:
    """One of N, R, V, and the three French flags only, each in its scheme."""
    for where, entry in lot.entries():
        levels = 0
        for code in entry.confidentiality:
            if code.code in ("N", "R", "V"):
                levels += 1
                wanted = names.HL7_CONFIDENTIALITY
            elif code.code in names.CONFIDENTIALITY_DISPLAY:
                wanted = names.FRENCH_CONFIDENTIALITY
            else:
                wanted = " ".join(names.CONFIDENTIALITY_DISPLAY)
            if code.system != wanted:
                observed = f"{code.code} ({code.system})"
                yield Observation(f"{where}/confidentialityCode", observed, wanted, entry.line)
        if entry.confidentiality and levels != 1:
            yield Observation(
                f"{where}/confidentialityCode", f"{levels} niveau(x)", "N (ou R, ou V) une fois", entry.line
            )


@STRUCTURE.rule("XDS-CONF-03", requirements=("DMP/va1.18",), source=f"{CI_SIS}; {TD21}")
def representatives_of_minors(lot: Lot) -> Iterator[Observation]:
    """INVISIBLE_REPRESENTANTS_LEGAUX is for minors only."""
    day = lot.submission.submission_set.submission_time[:8]
    for where, entry in lot.health_documents():
        if not any(code.code == names.INVISIBLE_REPRESENTANTS for code in entry.confidentiality):
            continue
        birth = next((i[6:14] for i in entry.source_patient_info if i.startswith("PID-7|")), "")
        if not (birth.isdigit() and day.isdigit() and len(birth) == len(day) == 8):
            continue
        age = int(day[:4]) - int(birth[:4]) - (day[4:] < birth[4:])
        if age >= lot.majority:
            yield Observation(
                f"{where}/confidentialityCode",
                f"{names.INVISIBLE_REPRESENTANTS}, {age} ans",
                f"moins de {lot.majority} ans",
                entry.line,
            )


@STRUCTURE.rule(
    "XDS-CONF-04",
    requires=Keyword.DEVRAIT,
    requirements=("DMP/va1.18",),
    source="ANS, volet Transmission d'un document CDA R2 en HL7 v2",
)
def reinforced_levels_are_not_shared(lot: Lot) -> Iterator[Observation]:
    """Documents of level R or V are not meant to be shared."""
    for where, entry in lot.health_documents():
        for code in entry.confidentiality:
            if code.code in ("R", "V"):
                yield Observation(f"{where}/confidentialityCode", code.code, "N", entry.line)


# What only a feed of the DMP needs


@FEED.rule("XDS-DOC-01", requirements=_DMP, source="IHE ITI TF-2 §3.41.4.1.3")
def documents_are_sent(lot: Lot) -> Iterator[Observation]:
    """Each entry has its document in the message, under the same id."""
    for where, entry in lot.entries():
        if entry.id not in lot.documents:
            yield Observation(where, " ".join(lot.documents), f"Document[@id='{entry.id}']", entry.line)


@FEED.rule("XDS-DOC-02", requirements=_DMP, source="IHE ITI TF-2 §3.41.4.1.3")
def documents_are_described(lot: Lot) -> Iterator[Observation]:
    """Each document in the message has its entry, under the same id (case matters)."""
    ids = {entry.id for entry in lot.submission.entries}
    for one in lot.documents:
        if one not in ids:
            yield Observation(f"Document[@id='{one}']", one, " ".join(sorted(ids)))


@FEED.rule("XDS-SGD-01", requirements=_DMP, source=f"{TD21}; IHE DSG")
def signature_is_there(lot: Lot) -> Iterator[Observation]:
    """The submission carries exactly one signature document."""
    count = sum(entry.is_signature for entry in lot.submission.entries)
    if count != 1:
        yield Observation("RegistryObjectList", f"{count} document de signature", "1")


@FEED.rule("XDS-SGD-02", requirements=_DMP, source=f"{TD21}; IHE DSG")
def signature_signs(lot: Lot) -> Iterator[Observation]:
    """An association `signs` goes from the signature to the submission set."""
    signature = lot.submission.signature
    if signature is None:
        return
    wanted = (names.SIGNS, signature.id, lot.submission.submission_set.id)
    if not any((link.type, link.source, link.target) == wanted for link in lot.submission.associations):
        yield Observation("RegistryObjectList", "", " ".join(wanted), signature.line)


@FEED.rule("XDS-SGD-03", requires=Keyword.DEVRAIT, requirements=_DMP, source=f"{TD21}; IHE DSG")
def signature_metadata(lot: Lot) -> Iterator[Observation]:
    """The signature is described as IHE DSG and the published examples do."""
    signature = lot.submission.signature
    if signature is None:
        return
    stated = {
        "mimeType": (signature.mime_type, "text/xml"),
        "languageCode": (signature.language, "art"),
        "classCode": (signature.class_code and signature.class_code.code, names.SIGNATURE_CLASS),
        "typeCode": (signature.type_code and signature.type_code.code, names.SIGNATURE_TYPE),
        "formatCode": (signature.format_code and signature.format_code.code, names.SIGNATURE_FORMAT),
        "confidentialityCode": (
            " ".join(sorted(code.code for code in signature.confidentiality)),
            f"{names.INVISIBLE_PATIENT} {names.MASQUE_PS} N",
        ),
    }
    for name, (value, wanted) in stated.items():
        if value != wanted:
            where = f"ExtrinsicObject[@id='{signature.id}']/{name}"
            yield Observation(where, value or "", wanted, signature.line)


@FEED.rule("XDS-FLD-01", requires=Keyword.DEVRAIT, source=f"{CI_SIS} ; exemples de messages du DMP")
def folders_are_not_used(lot: Lot) -> Iterator[Observation]:
    """The DMP's published messages have no folder; what it keeps of one is unknown."""
    for folder in lot.submission.folders:
        yield Observation(f"RegistryPackage[@id='{folder}']", "classeur (Folder)", "lot de soumission seul")


@FEED.rule("XDS-AUT-01", requirements=("EX_2.1-1140",), source="EX_2.1-1140")
def author_is_the_user(lot: Lot) -> Iterator[Observation]:
    """Direct: the user of the VIHF is an author or signs. Otherwise, and for an employee: its structure is
    that of an author."""
    direct = lot.mode in ("", DIRECTE) and not lot.employee
    wanted = lot.author_id if direct else lot.structure_id
    if not wanted:
        return
    for where, entry in lot.health_documents():
        if direct:
            persons = [author.person for author in entry.authors] + [entry.legal_authenticator]
            stated = [composite.person_id(text) for text in persons]
            place = f"{where}/authorPerson"
        else:
            stated = [composite.institution_id(text) for a in entry.authors for text in a.institutions]
            place = f"{where}/authorInstitution"
        if wanted not in stated:
            yield Observation(place, " ".join(stated), wanted, entry.line)


@FEED.rule("XDS-AUT-02", requires=Keyword.DEVRAIT, requirements=("EX_2.1-1140",), source=CI_SIS)
def submitter_is_the_user(lot: Lot) -> Iterator[Observation]:
    """The author of the submission set is the user of the VIHF."""
    one = lot.submission.submission_set
    stated = [composite.person_id(author.person) for author in one.authors]
    if lot.author_id and lot.mode in ("", DIRECTE) and lot.author_id not in stated:
        yield Observation(f"{lot.set_where}/authorPerson", " ".join(stated), lot.author_id, one.line)


@FEED.rule("XDS-AUT-03", requirements=("EX_2.1-1140",), source="PDT-INF-617 (CPE non nominatives)")
def employees_have_names(lot: Lot) -> Iterator[Observation]:
    """Fed by an employee: every authorPerson has a family name and a given name (XCN.2, XCN.3)."""
    if not lot.employee:
        return
    places = [(where, author, entry.line) for where, entry in lot.entries() for author in entry.authors]
    one = lot.submission.submission_set
    places += [(lot.set_where, author, one.line) for author in one.authors]
    for where, author, line in places:
        _, family, given, *_ = [*author.person.split("^"), "", ""]
        if author.person and not (family.strip() and given.strip()):
            wanted = "NOM^Prénom (à défaut, O et CN de la carte)"
            yield Observation(f"{where}/authorPerson", author.person, wanted, line)
