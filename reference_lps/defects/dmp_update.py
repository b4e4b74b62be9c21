"""Defects of what happens to a document of the DMP: masking, changes of visibility, archiving, deletion."""

from collections.abc import Callable
from dataclasses import replace

from schemas.xds import Code, DocumentEntry, Submission, names
from schemas.xds.update import NEW_STATUS, PREVIOUS

from .dmp import REPORT, on_reports
from .model import Defect

IMAGING = "18748-4"
TO_MODIFY = ("DMP/va1.09", "DMP/va1.16", "DMP/va1.23")
MASKED = Code(names.MASQUE_PS, names.FRENCH_CONFIDENTIALITY, "Masqué aux professionnels de santé")
BOTH = {names.MASQUE_PS, names.INVISIBLE_PATIENT}


def but(excepted: str) -> Callable[[str], bool]:
    """True of all but this one."""
    return lambda asked: asked != excepted


def never(asked: str) -> bool:
    return False


def shown_as(wrong: str, right: str) -> Callable[[str], str]:
    """A status shown as another one."""
    return lambda status: wrong if status == right else status


def lacking(entry: DocumentEntry, flag: str) -> DocumentEntry:
    """The entry without this flag."""
    return replace(entry, confidentiality=tuple(one for one in entry.confidentiality if one.code != flag))


def parents_forgotten(entry: DocumentEntry) -> DocumentEntry:
    """Imaging reports of a minor lose the flag about the representatives."""
    imaging = entry.type_code is not None and entry.type_code.code == IMAGING
    return lacking(entry, names.INVISIBLE_REPRESENTANTS) if imaging else entry


def first_of_both(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Of two flags that exclude each other, the second one is lost."""
    return tuple(flag for flag in flags if flag != names.INVISIBLE_PATIENT) if set(flags) >= BOTH else flags


def archived_instead(message: Submission) -> Submission:
    """Deleting only archives."""
    links = []
    for link in message.associations:
        deleting = link.slots.get(NEW_STATUS) == (names.DELETED,)
        slots = {**link.slots, NEW_STATUS: (names.ARCHIVED,)} if deleting else link.slots
        links.append(replace(link, slots=slots))
    return replace(message, associations=tuple(links))


def always_the_first(message: Submission) -> Submission:
    """Every change says that it follows version 1."""
    links = (
        replace(link, slots={**link.slots, PREVIOUS: ("1",)}) if PREVIOUS in link.slots else link
        for link in message.associations
    )
    return replace(message, associations=tuple(links))


def poor_copy(message: Submission) -> Submission:
    """The new version leaves out what the repository had added."""
    return replace(message, entries=tuple(replace(one, hash="", size=None) for one in message.entries))


def masked_once_announced(message: Submission) -> Submission:
    """A report that is shown to the patient becomes hidden from professionals."""

    def swapped(entry: DocumentEntry) -> DocumentEntry:
        codes = {code.code for code in entry.confidentiality}
        report = entry.type_code is not None and entry.type_code.code == REPORT
        if not report or codes & BOTH:
            return entry
        return replace(entry, confidentiality=(*entry.confidentiality, MASKED))

    return replace(message, entries=tuple(map(swapped, message.entries)))


DEFECTS = (
    Defect(
        "dmp-modifie-comme-nouveau",
        "dmp",
        "Un compte rendu d'imagerie modifié part comme un nouveau document",
        "A modified imaging report leaves as a new document",
        "SCN-DMP-MODIFIE",
        TO_MODIFY,
        {"replaces": but(IMAGING)},
    ),
    Defect(
        "dmp-suppression-locale",
        "dmp",
        "La suppression reste dans le logiciel : rien n'est envoyé au DMP",
        "A deletion stays in the software: nothing is sent to the DMP",
        "SCN-DMP-SUPPRIME",
        ("DMP/CONF.03", *TO_MODIFY),
        {"updated_in_dmp": but("delete")},
    ),
    Defect(
        "dmp-suppression-archive",
        "dmp",
        "La suppression ne fait qu'archiver le document",
        "Deleting only archives the document",
        "SCN-DMP-SUPPRIME",
        ("DMP/CONF.03", *TO_MODIFY),
        {"update": archived_instead},
    ),
    Defect(
        "dmp-suppression-etat",
        "dmp",
        "Un document supprimé est encore montré comme en vigueur",
        "A deleted document is still shown as in force",
        "SCN-DMP-SUPPRIME",
        ("DMP/CONF.03", *TO_MODIFY),
        {"status_shown": shown_as("approved", "deleted")},
    ),
    Defect(
        "dmp-suppression-autorisation",
        "dmp",
        "Une autorisation est demandée avant chaque suppression",
        "An authorisation is asked before each deletion",
        "SCN-DMP-SUPPRIME-TD03",
        ("DMP/CONF.05",),
        {"authorises_to_delete": True},
    ),
    Defect(
        "dmp-suppression-autrui",
        "dmp",
        "Supprimer le document d'un tiers l'ôte de la liste, comme si le DMP l'avait fait",
        "Deleting somebody else's document takes it off the list, as if the DMP had done it",
        "SCN-DMP-SUPPRIME-AUTRUI",
        ("DMP/CONF.03",),
        {"refuses_to_delete_others": False},
    ),
    Defect(
        "dmp-visible-sans-confirmer",
        "dmp",
        "Un document est rendu visible sans que l'utilisateur confirme",
        "A document is made visible although the user did not confirm",
        "SCN-DMP-CONFIRME",
        ("EX_3.3-1045",),
        {"confirmed_first": never},
    ),
    Defect(
        "dmp-confirmation-muette",
        "dmp",
        "Sans confirmation rien ne part, et l'utilisateur n'en sait rien",
        "Without confirmation nothing leaves, and the user is not told",
        "SCN-DMP-CONFIRME-DIT",
        ("EX_3.3-1045",),
        {"confirmation_shown": False},
    ),
    Defect(
        "dmp-visible-en-local",
        "dmp",
        "Rendre visible aux représentants ne change que l'écran du logiciel",
        "Showing to the representatives only changes the software's screen",
        "SCN-DMP-VISIBILITE",
        ("DMP/va1.14", "DMP/va1.17"),
        {"updated_in_dmp": but("show_representatives")},
    ),
    Defect(
        "dmp-version-figee",
        "dmp",
        "Chaque changement dit suivre la version 1 de la fiche",
        "Each change says that it follows version 1 of the entry",
        "SCN-DMP-VERSION",
        ("DMP/CONF.10",),
        {"update": always_the_first},
    ),
    Defect(
        "dmp-copie-partielle",
        "dmp",
        "La nouvelle version de la fiche omet l'empreinte et la taille",
        "The new version of the entry leaves out hash and size",
        "XDS-UPD-04",
        ("DMP/CONF.10",),
        {"update": poor_copy},
    ),
    Defect(
        "dmp-archive-etat",
        "dmp",
        "Un document archivé est encore montré comme en vigueur",
        "An archived document is still shown as in force",
        "SCN-DMP-ARCHIVE",
        ("EX_3.1-1080",),
        {"status_shown": shown_as("approved", "archived")},
    ),
    Defect(
        "dmp-changement-refuse-muet",
        "dmp",
        "Un changement que le DMP refuse est montré comme fait",
        "A change that the DMP refuses is shown as done",
        "SCN-DMP-MAJ-REJET-DIT",
        ("BEN-DMP-03",),
        {"refused_update_shown": False},
    ),
    Defect(
        "dmp-representants-oublies",
        "dmp",
        "Le masquage aux représentants légaux est perdu pour l'imagerie",
        "Hiding from the representatives is lost for imaging reports",
        "SCN-DMP-MASQUE-CHOIX",
        ("DMP/va1.10", "DMP/va1.14", "DMP/va1.17"),
        {"entry": parents_forgotten},
    ),
    Defect(
        "dmp-masquage-memorise",
        "dmp",
        "Le masquage choisi pour un document sert aux documents suivants du patient",
        "The masking chosen for a document serves for the patient's next ones",
        "SCN-DMP-MASQUE-DOCUMENT",
        ("EX_2.1-1050",),
        {"flags_remembered": True},
    ),
    Defect(
        "dmp-masquage-cumule",
        "dmp",
        "Un document part masqué aux professionnels et invisible au patient",
        "A document leaves masked to professionals and invisible to the patient",
        "XDS-CONF-01",
        ("EX_2.1-1050",),
        {"flags_checked": False},
    ),
    Defect(
        "dmp-cumul-tranche",
        "dmp",
        "De deux masquages qui s'excluent, le logiciel en garde un sans le dire",
        "Of two maskings that exclude each other, the software keeps one without a word",
        "SCN-DMP-MASQUE-CUMUL-DIT",
        ("EX_2.1-1050",),
        {"flags": first_of_both},
    ),
    Defect(
        "dmp-annonce-visible",
        "dmp",
        "Un compte rendu à annoncer part visible par le patient",
        "A report to be announced leaves visible to the patient",
        "SCN-DMP-ANNONCE-AVANT",
        ("BEN-DMP-14",),
        {"entry": on_reports(lambda one: lacking(one, names.INVISIBLE_PATIENT))},
    ),
    Defect(
        "dmp-annonce-masque",
        "dmp",
        "Après l'annonce, le compte rendu est masqué aux professionnels",
        "After the announcement, the report is masked to professionals",
        "SCN-DMP-ANNONCE-APRES",
        ("BEN-DMP-14",),
        {"update": masked_once_announced},
    ),
)
