"""Defects of the DMP client. Those of the metadata touch laboratory reports only: one wrong template."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from schemas.habilitations import TREATING, SetAuthorization
from schemas.hl7v3 import Answer
from schemas.vihf.model import VihfRequest
from schemas.xds import Code, DocumentEntry

from .model import Defect

REPORT = "11502-2"
PRESCRIPTION = "57833-6"
OTHER_TYPE = Code("18725-2", "2.16.840.1.113883.6.1", "Examens microbiologiques (synthèse)")
OTHER_CLASS = Code("11", "1.2.250.1.213.1.1.4.1", "Synthèse")


def on_reports(change: Callable[[DocumentEntry], DocumentEntry]) -> Callable[[DocumentEntry], DocumentEntry]:
    """The change, on laboratory reports only."""

    def entry(one: DocumentEntry) -> DocumentEntry:
        return change(one) if one.type_code is not None and one.type_code.code == REPORT else one

    return entry


def stale(request: VihfRequest) -> VihfRequest:
    """An assertion kept since the day before yesterday."""
    return replace(request, issue_instant=request.issue_instant - timedelta(days=2))


def generic(request: VihfRequest) -> VihfRequest:
    """One identifier for everybody in the practice."""
    return replace(request, name_id=f"{request.structure}/accueil")


def any_that_exists(status: Answer) -> bool:
    return status.found


def any_active(status: Answer) -> bool:
    return status.active


def prescriptions_only(type_code: str) -> bool:
    return type_code == PRESCRIPTION


def as_treating_doctor(asked: SetAuthorization) -> SetAuthorization:
    """Every authorisation is asked as the treating doctor's."""
    return replace(asked, role=TREATING)


DEFECTS = (
    Defect(
        "dmp-certificat-non-verifie",
        "dmp",
        "Le certificat que montre le DMP n'est pas vérifié",
        "The certificate that the DMP shows is not checked",
        "SCN-DMP-CERTIFICAT",
        ("DMP/CONF.10",),
        {"dmp_certificate_checked": False},
    ),
    Defect(
        "dmp-autorisation-medecin-traitant",
        "dmp",
        "L'autorisation est demandée avec le rôle de médecin traitant",
        "The authorisation is asked with the role of treating doctor",
        "SCN-DMP-AUTORISATION",
        ("EX_0.3-1010",),
        {"authorisation": as_treating_doctor},
    ),
    Defect(
        "dmp-autorisation-pour-alimenter",
        "dmp",
        "Une autorisation est demandée avant chaque alimentation",
        "An authorisation is asked before each feed",
        "SCN-DMP-TD03",
        ("DMP/CONF.05",),
        {"authorises_to_feed": True},
    ),
    Defect(
        "dmp-empreinte",
        "dmp",
        "L'empreinte (hash) annoncée n'est pas celle du compte rendu envoyé",
        "The hash in the metadata is not that of the report that is sent",
        "XDS-HASH-01",
        ("BEN-DMP-07",),
        {"entry": on_reports(lambda one: replace(one, hash="0" * 40))},
    ),
    Defect(
        "dmp-type-different",
        "dmp",
        "Le typeCode du compte rendu diffère du code de son CDA",
        "The typeCode of the report differs from the code of its CDA",
        "XDS-CDA-02",
        ("BEN-DMP-06",),
        {"entry": on_reports(lambda one: replace(one, type_code=OTHER_TYPE))},
    ),
    Defect(
        "dmp-classe",
        "dmp",
        "Le classCode n'est pas la classe du type de document",
        "The classCode is not the class of the document's type",
        "XDS-CODE-02",
        ("BEN-CDA-03",),
        {"entry": on_reports(lambda one: replace(one, class_code=OTHER_CLASS))},
    ),
    Defect(
        "dmp-sans-mtom",
        "dmp",
        "Les documents de niveau 1 partent en base64 dans le XML, sans MTOM",
        "Level-1 documents leave as base64 inside the XML, without MTOM",
        "SOAP-MTOM-01",
        ("EX_2.1-1260",),
        {"by_mtom": prescriptions_only},
    ),
    Defect(
        "dmp-vihf-perime",
        "dmp",
        "Le VIHF de consultation est gardé en mémoire et resservi deux jours après",
        "The VIHF for reading is kept and used again two days later",
        "VIHF-14",
        ("BEN-DMP-12",),
        {"consulting_vihf": stale},
    ),
    Defect(
        "dmp-identifiant-generique",
        "dmp",
        "Le VIHF de consultation porte un identifiant commun à tout le cabinet",
        "The VIHF for reading carries one identifier for the whole practice",
        "VIHF-18",
        ("DMP/AIRS.06",),
        {"consulting_vihf": generic},
    ),
    Defect(
        "dmp-ferme-alimente",
        "dmp",
        "Un DMP fermé est alimenté comme s'il était ouvert",
        "A closed DMP is fed as if it were open",
        "SCN-DMP-FERME",
        ("BEN-DMP-02",),
        {"may_feed": any_that_exists},
    ),
    Defect(
        "dmp-interdit-ignore",
        "dmp",
        "Le logiciel consulte bien que le patient ait bloqué ce professionnel",
        "The software reads although the patient has blocked this professional",
        "SCN-DMP-INTERDIT",
        ("BEN-DMP-11",),
        {"may_consult": any_active},
    ),
    Defect(
        "dmp-rejet-en-boucle",
        "dmp",
        "Un document rejeté par le registre est renvoyé encore et encore",
        "A document that the registry rejects is sent again and again",
        "SCN-DMP-REJET-RENVOI",
        ("BEN-DMP-03",),
        {"refused_feed_tries": 6},
    ),
)
