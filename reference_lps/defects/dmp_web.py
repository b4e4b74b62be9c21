"""Defects of the contextual call to Web PS, and of what is remembered of a DMP that the patient changes."""

from schemas.ins import Ins
from schemas.xds import DocumentEntry, composite

from ..behaviour import contextual
from ..state import Patient, Store
from .model import Defect

CALL = ("DMP/UX.49",)
PAGES = ("DMP/UX.49", "DMP/va1.06", "DMP/va1.07", "DMP/va1.11", "DMP/va1.21")
PATIENT = ("DMP/UX.49", "DMP/va1.02")
QUALIFIED = ("DMP/va1.02",)
HOME = "DossierPatient"


def of_the_last_file(patient: Patient, store: Store) -> Ins | None:
    """The context of the last file opened, whichever file asks."""
    if patient.status != "QUALIFIEE":
        return None
    return next(one.ins for one in reversed(store.patients.values()) if one.ins is not None)


def whenever_known(patient: Patient, store: Store) -> Ins | None:
    return patient.ins


def always_home(base: str, page: str, ins: Ins) -> str:
    return contextual(base, HOME, ins)


def in_lower_case(base: str, page: str, ins: Ins) -> str:
    return contextual(base, page.lower(), ins)


def as_parameter(base: str, page: str, ins: Ins) -> str:
    return f"{base}/AccesDirect/{page}?ins={ins.matricule}"


def with_oid(base: str, page: str, ins: Ins) -> str:
    return f"{base}/AccesDirect/{page}/{ins.matricule}^^^&{ins.oid}&ISO^NH"


def written_in_the_code(base: str, page: str, ins: Ins) -> str:
    return contextual("https://web-ps.example", page, ins)


def only_to_feed(consulting: bool) -> bool:
    return not consulting


def only_to_consult(consulting: bool) -> bool:
    return consulting


def of_somebody_else(entry: DocumentEntry, user: str) -> bool:
    """Documents received from others are kept with their copies."""
    return all(composite.person_id(author.person) != user for author in entry.authors)


DEFECTS = (
    Defect(
        "web-ps-toujours-accueil",
        "dmp",
        "Le lien du Web PS mène toujours à l'accueil du dossier, quelle que soit la page demandée",
        "The link to Web PS always leads to the home of the record, whichever page is asked for",
        "SCN-DMP-WEB-PAGE",
        PAGES,
        {"web_address": always_home},
    ),
    Defect(
        "web-ps-autre-patient",
        "dmp",
        "Le lien du Web PS porte l'INS du dernier dossier créé, pas celui du dossier affiché",
        "The link to Web PS carries the INS of the last file created, not of the one on screen",
        "SCN-DMP-WEB-PATIENT",
        PATIENT,
        {"web_ins": of_the_last_file},
    ),
    Defect(
        "web-ps-ins-en-parametre",
        "dmp",
        "L'INS est passé en paramètre de requête du lien",
        "The INS is passed as a query parameter of the link",
        "WEB-PS-02",
        CALL,
        {"web_address": as_parameter},
    ),
    Defect(
        "web-ps-ins-avec-oid",
        "dmp",
        "L'INS du lien est suivi de son OID",
        "The INS of the link is followed by its OID",
        "WEB-PS-02",
        CALL,
        {"web_address": with_oid},
    ),
    Defect(
        "web-ps-casse",
        "dmp",
        "Le nom de la page est écrit en minuscules dans le lien",
        "The name of the page is written in lower case in the link",
        "WEB-PS-01",
        CALL,
        {"web_address": in_lower_case},
    ),
    Defect(
        "web-ps-hote-fige",
        "dmp",
        "L'hôte du Web PS est écrit dans le code : le lien ne suit pas l'environnement",
        "The host of Web PS is written in the code: the link does not follow the environment",
        "SCN-DMP-WEB-ADRESSE",
        CALL,
        {"web_address": written_in_the_code},
    ),
    Defect(
        "web-ps-non-qualifiee",
        "dmp",
        "Un lien est donné pour une identité récupérée que personne n'a vérifiée",
        "A link is given for an identity that nobody checked",
        "SCN-DMP-WEB-NON-QUALIFIEE",
        QUALIFIED,
        {"web_ins": whenever_known},
    ),
    Defect(
        "web-ps-refus-muet",
        "dmp",
        "Le refus du lien pour une identité non qualifiée n'est pas expliqué",
        "The refusal of the link for an identity that is not qualified is not explained",
        "SCN-DMP-WEB-NON-QUALIFIEE-DIT",
        QUALIFIED,
        {"web_refusal_told": False},
    ),
    Defect(
        "dmp-etat-garde-pour-consulter",
        "dmp",
        "L'état du DMP est gardé en mémoire : un blocage décidé depuis n'est pas vu",
        "The state of the DMP is kept in memory: a block decided since then is not seen",
        "SCN-DMP-INTERDIT",
        ("BEN-DMP-11",),
        {"asks_status": only_to_feed},
    ),
    Defect(
        "dmp-etat-garde-pour-alimenter",
        "dmp",
        "L'état du DMP est gardé en mémoire : une fermeture décidée depuis n'est pas vue",
        "The state of the DMP is kept in memory: a closure decided since then is not seen",
        "SCN-DMP-FERME",
        ("BEN-DMP-02",),
        {"asks_status": only_to_consult},
    ),
    Defect(
        "dmp-liste-gardee",
        "dmp",
        "Un document que le patient a masqué reste dans la liste déjà affichée",
        "A document that the patient masked stays in the list already shown",
        "SCN-DMP-MES-LISTE",
        ("DMP/UX.14",),
        {"keeps_listed": of_somebody_else},
    ),
)
