"""Defects of the metadata and of the lot de soumission, on laboratory reports only: one wrong template."""

from collections.abc import Callable
from dataclasses import replace

from schemas.xds import Code, DocumentEntry, names
from schemas.xds.model import Association, Submission

from .dmp import REPORT, on_reports
from .model import Defect

LINK = ("BEN-DMP-06",)
CODES = ("BEN-CDA-03",)
LOT = ("DMP/CONF.10",)


def entry(**values: object) -> Callable[[DocumentEntry], DocumentEntry]:
    """These metadata on every laboratory report."""
    return on_reports(lambda one: replace(one, **values))  # type: ignore[arg-type]


def on_lots(change: Callable[[Submission], Submission]) -> Callable[[Submission], Submission]:
    """The change, on lots that hold a laboratory report."""

    def submission(one: Submission) -> Submission:
        about = any(item.type_code is not None and item.type_code.code == REPORT for item in one.entries)
        return change(one) if about else one

    return submission


def without(type_: str) -> Callable[[Submission], Submission]:
    """No association of this type."""
    return on_lots(
        lambda one: replace(one, associations=tuple(a for a in one.associations if a.type != type_))
    )


def set_with(**values: object) -> Callable[[Submission], Submission]:
    return on_lots(lambda one: replace(one, submission_set=replace(one.submission_set, **values)))  # type: ignore[arg-type]


def signature_with(**values: object) -> Callable[[Submission], Submission]:
    """These metadata on the entry of the signature."""
    return on_lots(
        lambda one: replace(
            one,
            entries=tuple(replace(e, **values) if e.is_signature else e for e in one.entries),  # type: ignore[arg-type]
        )
    )


def appended(one: Submission) -> Submission:
    """The report is also sent as an addition to the one before."""
    link = Association(names.APND, one.documents[0].id, "urn:uuid:00000000-0000-4000-8000-000000000001")
    return replace(one, associations=(*one.associations, link))


def other_oid(one: Submission) -> Submission:
    wrong = one.submission_set.patient_id.replace("1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11")
    return replace(one, submission_set=replace(one.submission_set, patient_id=wrong))


def reformatted(signature: bytes) -> bytes:
    """Its manifest is laid out again after it was made."""
    return signature.replace(b"</ds:Manifest>", b"\n</ds:Manifest>")


def truncated(signature: bytes) -> bytes:
    """A column too short in the database of the software."""
    start = signature.index(b"SignatureValue") + len(b"SignatureValue>")
    return signature[:start] + signature[start:].replace(signature[start : start + 4], b"AAAA", 1)


def local_time(one: DocumentEntry) -> DocumentEntry:
    """The time of the act as on the clock of the practice, two hours ahead of UTC."""
    hours = (int(one.service_start[8:10]) + 2) % 24
    return replace(one, service_start=f"{one.service_start[:8]}{hours:02d}{one.service_start[10:]}")


def day_only(one: DocumentEntry) -> DocumentEntry:
    return replace(one, creation_time=one.creation_time[:8] + "120000")


def by_the_secretary(one: DocumentEntry) -> DocumentEntry:
    """The legal authenticator is whoever printed the report."""
    return replace(one, legal_authenticator=one.legal_authenticator.replace("899700100011", "899700100099"))


def other_sex(one: DocumentEntry) -> DocumentEntry:
    """The sex comes from a table read upside down."""
    turned = {"PID-8|M": "PID-8|F", "PID-8|F": "PID-8|M"}
    return replace(one, source_patient_info=tuple(turned.get(item, item) for item in one.source_patient_info))


def elsewhere(cda: bytes) -> bytes:
    """The author works, it says, at another practice."""
    return cda.replace(b"499700100011001", b"499700100045001") if REPORT.encode() in cda else cda


def another_author(one: DocumentEntry) -> DocumentEntry:
    return replace(
        one,
        authors=tuple(
            replace(a, person=a.person.replace("899700100011", "899700100099")) for a in one.authors
        ),
    )


def label_only(one: DocumentEntry) -> DocumentEntry:
    """The speciality is its label, without code nor code system."""
    return replace(
        one, authors=tuple(replace(a, specialties=("Médecin - Médecine générale",)) for a in one.authors)
    )


PHARMACY = Code("SA33", "1.2.250.1.71.4.2.4", "Pharmacie d'officine")
HOSPITAL = Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Etablissement de santé")
TEXT = Code("urn:ihe:iti:xds-sd:text:2008", names.IHE_FORMATS, "Texte")

DEFECTS = (
    Defect(
        "dmp-titre",
        "dmp",
        "Le titre des métadonnées est le nom du fichier",
        "The title in the metadata is the file name",
        "XDS-CDA-03",
        LINK,
        {"entry": entry(title="export.xml")},
    ),
    Defect(
        "dmp-date-creation",
        "dmp",
        "L'heure de création est remplacée par midi",
        "The creation time is replaced by noon",
        "XDS-CDA-04",
        LINK,
        {"entry": on_reports(day_only)},
    ),
    Defect(
        "dmp-langue",
        "dmp",
        "La langue est écrite « fr »",
        "The language is written “fr”",
        "XDS-CDA-05",
        LINK,
        {"entry": entry(language="fr")},
    ),
    Defect(
        "dmp-auteur",
        "dmp",
        "L'auteur des métadonnées n'est pas celui du CDA",
        "The author in the metadata is not the CDA's",
        "XDS-CDA-06",
        LINK,
        {"entry": on_reports(another_author)},
    ),
    Defect(
        "dmp-responsable",
        "dmp",
        "Le responsable légal n'est pas celui du CDA",
        "The legal authenticator is not the CDA's",
        "XDS-CDA-07",
        LINK,
        {"entry": on_reports(by_the_secretary)},
    ),
    Defect(
        "dmp-lieu",
        "dmp",
        "Le secteur du lieu d'exercice n'est pas celui du CDA",
        "The facility type is not the CDA's",
        "XDS-CDA-09",
        LINK,
        {"entry": entry(facility=PHARMACY)},
    ),
    Defect(
        "dmp-cadre",
        "dmp",
        "Le cadre d'exercice n'est pas celui du CDA",
        "The practice setting is not the CDA's",
        "XDS-CDA-10",
        LINK,
        {"entry": entry(practice_setting=HOSPITAL)},
    ),
    Defect(
        "dmp-format",
        "dmp",
        "Le formatCode annonce un texte, le corps est un PDF",
        "formatCode says text, the body is a PDF",
        "XDS-CDA-11",
        LINK,
        {"entry": entry(format_code=TEXT)},
    ),
    Defect(
        "dmp-heure-acte",
        "dmp",
        "L'heure de l'acte est locale, écrite comme UTC",
        "The time of the act is local, written as UTC",
        "XDS-CDA-12",
        LINK,
        {"entry": on_reports(local_time)},
    ),
    Defect(
        "dmp-traits",
        "dmp",
        "Le sexe des métadonnées n'est pas celui du CDA",
        "The sex in the metadata is not the CDA's",
        "XDS-CDA-14",
        LINK,
        {"entry": on_reports(other_sex)},
    ),
    Defect(
        "dmp-type-mime",
        "dmp",
        "Le type MIME annonce un PDF",
        "The MIME type says PDF",
        "XDS-CDA-16",
        LINK,
        {"entry": entry(mime_type="application/pdf")},
    ),
    Defect(
        "dmp-identifiant-local",
        "dmp",
        "L'identifiant local du patient n'est pas dans le CDA",
        "The patient's local identifier is not in the CDA",
        "XDS-CDA-24",
        LINK,
        {"entry": entry(source_patient_id="0^^^&1.2.250.1.999.1.9&ISO^PI")},
    ),
    Defect(
        "dmp-specialite",
        "dmp",
        "La spécialité de l'auteur est un libellé sans code",
        "The author's speciality is a label without code",
        "XDS-CDA-27",
        LINK,
        {"entry": on_reports(label_only)},
    ),
    Defect(
        "dmp-etablissement",
        "dmp",
        "L'établissement de l'auteur n'est pas celui de l'utilisateur",
        "The author's institution is not the user's",
        "XDS-AUT-01",
        ("EX_2.1-1140",),
        {"document": elsewhere},
    ),
    Defect(
        "dmp-taille",
        "dmp",
        "La taille annoncée n'est pas celle du document",
        "The size in the metadata is not that of the document",
        "XDS-HASH-02",
        ("BEN-DMP-07",),
        {"entry": entry(size=1)},
    ),
    Defect(
        "dmp-sans-membre",
        "dmp",
        "Les associations HasMember manquent",
        "The HasMember associations are missing",
        "XDS-REF-02",
        LOT,
        {"submission": without(names.HAS_MEMBER)},
    ),
    Defect(
        "dmp-sans-signs",
        "dmp",
        "L'association « signs » manque",
        "The association “signs” is missing",
        "XDS-SGD-02",
        LOT,
        {"submission": without(names.SIGNS)},
    ),
    Defect(
        "dmp-ajout",
        "dmp",
        "Une association APND est ajoutée au lot",
        "An APND association is added to the lot",
        "XDS-REF-03",
        LOT,
        {"submission": on_lots(appended)},
    ),
    Defect(
        "dmp-source",
        "dmp",
        "L'identifiant de la source du lot n'est pas un OID",
        "The source of the lot is not an OID",
        "XDS-STR-05",
        LOT,
        {"submission": set_with(source_id="reference_lps")},
    ),
    Defect(
        "dmp-type-lot",
        "dmp",
        "Le lot n'a pas de contentTypeCode",
        "The lot has no contentTypeCode",
        "XDS-STR-02",
        LOT,
        {"submission": set_with(content_type=None)},
    ),
    Defect(
        "dmp-sans-acte",
        "dmp",
        "Le début de l'acte manque",
        "The start of the act is missing",
        "XDS-STR-03",
        LOT,
        {"entry": entry(service_start="")},
    ),
    Defect(
        "dmp-ins-lot",
        "dmp",
        "Le lot porte l'INS avec un autre OID que ses documents",
        "The lot carries the INS with another OID than its documents",
        "XDS-PAT-01",
        LINK,
        {"submission": on_lots(other_oid)},
    ),
    Defect(
        "dmp-signature-retouchee",
        "dmp",
        "La signature du lot est remise en forme après coup",
        "The signature of the lot is reformatted afterwards",
        "XDS-SIG-03",
        LOT,
        {"lot_signature": reformatted},
    ),
    Defect(
        "dmp-signature-valeur",
        "dmp",
        "La valeur de la signature du lot est tronquée",
        "The value of the signature of the lot is cut",
        "XDS-SIG-02",
        LOT,
        {"lot_signature": truncated},
    ),
)
