"""Defects of consultation and rights: the patient's choices, authorisations, criteria, lists, traces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from schemas.hl7v3 import Answer
from schemas.ins import Ins
from schemas.xds import DocumentEntry

from ..state import Consent
from ..tracing import Trace
from .model import Defect

PAGE = 100
TEAM_MEETING = "34794-8"  # réunion de concertation pluridisciplinaire


def whenever_it_exists(status: Answer) -> bool:
    return status.found


def without_being_told(consultation: bool | None) -> bool:
    """An authorisation as soon as one is missing, whatever the patient said or did not say."""
    return True


def for_ever_opposed(before: Consent, after: Consent) -> Consent:
    return before if before.consultation is False else after


def never_by_itself(consultation: bool | None) -> bool:
    return False


def of_the_practice(user: str, patient: str) -> tuple[str, str]:
    """One last opening for everybody."""
    return "", patient


def first_page(entries: Sequence[DocumentEntry], ins: Ins) -> Sequence[DocumentEntry]:
    return entries[:PAGE]


def of_this_ins(entries: Sequence[DocumentEntry], ins: Ins) -> Sequence[DocumentEntry]:
    """Filtered here on the patient's identifier."""
    return [one for one in entries if one.patient_id.startswith(ins.matricule)]


def of_known_types(entries: Sequence[DocumentEntry], ins: Ins) -> Sequence[DocumentEntry]:
    """A type that this version does not know is left out of the list."""
    return [one for one in entries if one.type_code is None or one.type_code.code != TEAM_MEETING]


def without_authors(criteria: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in criteria.items() if name != "author"}


def without_dates(criteria: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in criteria.items() if name != "created_from"}


def the_first(chosen: Sequence[str]) -> Sequence[str]:
    return chosen[:1]


def of_metadata(transaction: str) -> bool:
    """Openings of documents leave no trace."""
    return transaction != "TD3.2"


def made_up(trace: Trace) -> Trace:
    """Another identifier than that of the assertion that left."""
    return replace(trace, vihf_id=f"_{trace.message_id.rpartition(':')[2]}")


def always_urgent(reason: str) -> str:
    return reason or "Urgence"


def never_secret(chosen: bool, minor: bool) -> bool:
    return False


def of_every_minor(chosen: bool, minor: bool) -> bool:
    return minor


DEFECTS = (
    Defect(
        "dmp-opposition-consultation",
        "dmp",
        "L'opposition du patient à la consultation est enregistrée et n'empêche rien",
        "The patient's opposition to consultation is recorded and prevents nothing",
        "SCN-DMP-CONSULTE-OPPOSE",
        ("DMP/CONF.06",),
        {"opposition_blocks": False},
    ),
    Defect(
        "dmp-choix-fige",
        "dmp",
        "L'opposition du patient ne peut plus être levée",
        "The patient's opposition can no longer be withdrawn",
        "SCN-DMP-CHANGEMENT",
        ("DMP/UX.06",),
        {"choice": for_ever_opposed},
    ),
    Defect(
        "dmp-td03-sans-accord",
        "dmp",
        "L'autorisation manquante est demandée sans accord enregistré du patient",
        "A missing authorisation is asked without a recorded agreement of the patient",
        "SCN-DMP-TD03-SANS-ACCORD",
        ("EX_0.3-1010",),
        {"may_authorise": without_being_told},
    ),
    Defect(
        "dmp-td03-jamais",
        "dmp",
        "L'autorisation n'est jamais ajoutée d'elle-même, malgré l'accord du patient",
        "The authorisation is never added by itself, although the patient agreed",
        "SCN-DMP-TD03-AUTO",
        ("DMP/UX.50",),
        {"may_authorise": never_by_itself},
    ),
    Defect(
        "dmp-etat-ouvert",
        "dmp",
        "À l'ouverture du dossier, un DMP fermé est montré comme ouvert",
        "When the file is opened, a closed DMP is shown as open",
        "SCN-DMP-OUVERTURE",
        ("DMP/UX.12",),
        {"shown_open": whenever_it_exists},
    ),
    Defect(
        "dmp-nouveaux-les-siens",
        "dmp",
        "Les documents de l'utilisateur lui sont signalés comme nouveaux",
        "The user's own documents are signalled to them as new",
        "SCN-DMP-NOUVEAUX",
        ("DMP/UX.15",),
        {"own_are_new": True},
    ),
    Defect(
        "dmp-nouveaux-du-cabinet",
        "dmp",
        "La dernière ouverture est celle de n'importe quel utilisateur du cabinet",
        "The last opening is that of any user of the practice",
        "SCN-DMP-NOUVEAUX",
        ("DMP/UX.15",),
        {"visit": of_the_practice},
    ),
    Defect(
        "dmp-type-ignore",
        "dmp",
        "Un document dont le logiciel ne connaît pas le type n'est pas montré",
        "A document of a type that the software does not know is not shown",
        "SCN-DMP-LISTE",
        ("DMP/UX.14",),
        {"listed": of_known_types},
    ),
    Defect(
        "dmp-liste-tronquee",
        "dmp",
        "Seuls les cent premiers documents d'une longue liste sont montrés",
        "Only the first hundred documents of a long list are shown",
        "SCN-DMP-VOLUME",
        ("BEN-DMP-09",),
        {"listed": first_page},
    ),
    Defect(
        "dmp-ancien-ins-ecarte",
        "dmp",
        "Les documents classés sous un ancien INS du patient sont écartés",
        "Documents filed under a former INS of the patient are left out",
        "SCN-DMP-ANCIEN-INS",
        ("DMP/UX.14",),
        {"listed": of_this_ins},
    ),
    Defect(
        "dmp-critere-auteur",
        "dmp",
        "Le critère d'auteur n'est pas envoyé au DMP",
        "The criterion of author is not sent to the DMP",
        "SCN-DMP-CRITERES",
        ("DMP/UX.27",),
        {"criteria": without_authors},
    ),
    Defect(
        "dmp-date-depot",
        "dmp",
        "La date de dépôt est cherchée comme une date de création",
        "The date of deposit is searched as a date of creation",
        "SCN-DMP-DATE-DEPOT",
        ("DMP/UX.27",),
        {"deposit_dates_chained": False},
    ),
    Defect(
        "dmp-integration-partielle",
        "dmp",
        "De plusieurs documents choisis, seul le premier est intégré",
        "Of several chosen documents, only the first is integrated",
        "SCN-DMP-INTEGRE",
        ("DMP/UX.31",),
        {"integrated": the_first},
    ),
    Defect(
        "dmp-precharge-sans-droit",
        "dmp",
        "Le préchargement ne contrôle pas le droit d'accès",
        "Preloading does not check the right of access",
        "SCN-DMP-TD02-AVANT",
        ("DMP/UX.08",),
        {"preload_checks": False},
    ),
    Defect(
        "dmp-precharge-sans-date",
        "dmp",
        "Le préchargement oublie la date demandée",
        "Preloading forgets the date that was asked",
        "SCN-DMP-PRECHARGE",
        ("DMP/UX.34",),
        {"preload_criteria": without_dates},
    ),
    Defect(
        "dmp-partiel-jete",
        "dmp",
        "Une réponse partielle du DMP est traitée comme un échec",
        "A partial answer of the DMP is treated as a failure",
        "SCN-DMP-PARTIEL",
        ("BEN-DMP-04",),
        {"partial_shown": False},
    ),
    Defect(
        "dmp-partiel-muet",
        "dmp",
        "Une réponse partielle du DMP est montrée comme complète",
        "A partial answer of the DMP is shown as complete",
        "SCN-DMP-PARTIEL-DIT",
        ("BEN-DMP-04",),
        {"partial_told": False},
    ),
    Defect(
        "dmp-illisible-plante",
        "dmp",
        "Un document illisible fait planter le logiciel",
        "An unreadable document makes the software crash",
        "SCN-DMP-ILLISIBLE",
        ("BEN-DMP-10",),
        {"opens_unreadable": False},
    ),
    Defect(
        "dmp-recherche-apres-alimentation",
        "dmp",
        "Chaque alimentation est suivie d'une recherche",
        "Each feed is followed by a search",
        "SCN-DMP-TD31-APRES",
        ("DMP/UX.08",),
        {"searches_after_feed": True},
    ),
    Defect(
        "dmp-interface-bloquee",
        "dmp",
        "Rien d'autre n'est possible pendant que le DMP répond",
        "Nothing else is possible while the DMP answers",
        "SCN-DMP-LIBRE",
        ("LGC.DMP/UX.10",),
        {"free_while_waiting": False},
    ),
    Defect(
        "dmp-sans-session-psc",
        "dmp",
        "La consultation continue après la déconnexion de Pro Santé Connect",
        "Consultation goes on after logging out of Pro Santé Connect",
        "SCN-DMP-PSC",
        ("DMP/PSC.01",),
        {"psc_required": False},
    ),
    Defect(
        "dmp-glace-sans-raison",
        "dmp",
        "Le logiciel met lui-même une raison au bris de glace",
        "The software itself gives a reason for the bris de glace",
        "SCN-DMP-BRIS-DE-GLACE",
        ("DMP/UX.08",),
        {"reason": always_urgent},
    ),
    Defect(
        "dmp-glace-gardee",
        "dmp",
        "Après un bris de glace, les accès suivants en restent un",
        "After a bris de glace, the accesses that follow stay one",
        "SCN-DMP-BRIS-DE-GLACE",
        ("DMP/UX.08",),
        {"way_forgotten": False},
    ),
    Defect(
        "dmp-refus-muet",
        "dmp",
        "Le refus d'un accès d'urgence est montré comme une liste vide",
        "The refusal of an emergency access is shown as an empty list",
        "SCN-DMP-INTERDIT-DIT",
        ("BEN-DMP-11",),
        {"denial_told": False},
    ),
    Defect(
        "dmp-secret-oublie",
        "dmp",
        "La connexion secrète choisie par un mineur n'est pas transmise",
        "The secret connection that a minor chose is not passed on",
        "SCN-DMP-SECRET",
        ("EX_0.1-1100",),
        {"secret": never_secret},
    ),
    Defect(
        "dmp-secret-toujours",
        "dmp",
        "La connexion est secrète pour tout mineur, sans que personne le demande",
        "The connection is secret for every minor, without anybody asking",
        "SCN-DMP-SECRET",
        ("EX_0.1-1100",),
        {"secret": of_every_minor},
    ),
    Defect(
        "dmp-trace-incomplete",
        "dmp",
        "L'ouverture d'un document du DMP n'est pas tracée",
        "Opening a document of the DMP leaves no trace",
        "SCN-DMP-TRACE-APPELS",
        ("EX_AIR-070",),
        {"traced": of_metadata},
    ),
    Defect(
        "dmp-trace-vihf",
        "dmp",
        "La trace ne porte pas l'identifiant du VIHF envoyé",
        "The trace does not carry the identifier of the VIHF that was sent",
        "SCN-DMP-TRACE-VIHF",
        ("EX_AIR-085",),
        {"trace": made_up},
    ),
)
