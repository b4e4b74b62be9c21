"""Defects of what feeds the DMP by itself: validation, opposition, queue, past, figures, interface engine."""

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from schemas import cda
from schemas.ins import Ins

from ..behaviour import never_fed_and_allowed, of_the_month, only_when_qualified
from ..sheet import SHEET
from ..state import Consent, Document, FedOnce, Figures, Order, Patient
from .model import Defect


def all_but(kind: str) -> Callable[[str], bool]:
    return lambda other: other != kind


def nobody(patient: Patient) -> bool:
    return False


def forgotten(before: Consent, after: Consent) -> Consent:
    return replace(after, feeding=before.feeding)


def digits_only(patient: Patient) -> Ins | None:
    """The matricule in a numeric field: 2A becomes 19, 2B becomes 18, as in the computation of the key."""
    ins = only_when_qualified(patient)
    if ins is None:
        return None
    return Ins(ins.matricule.replace("2A", "19").replace("2B", "18"), ins.oid)


def without_realm(data: bytes) -> bytes:
    """The template of one type of document lacks the realm."""
    return data.replace(b'<realmCode code="FR"/>', b"") if b'<code code="60591-5"' in data else data


def renumbered(data: bytes) -> bytes:
    """The same CDA under another identifier, derived from the first."""
    old = cda.read(data).unique_id
    return data.replace(old.encode(), f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, old).int}".encode())


def made_again(document: Document) -> Document:
    data = renumbered(document.data)
    return replace(document, unique_id=cda.read(data).unique_id, data=data)


def newest_first(queue: Sequence[Order]) -> Sequence[Order]:
    return tuple(reversed(queue))


def of_today(act: datetime, now: datetime) -> datetime:
    return now


def whole_record(chosen: Sequence[str], held: Sequence[str]) -> Sequence[str]:
    """A choice of several is taken for all."""
    return chosen if len(chosen) == 1 else held


def the_dead_too(patient: Patient, document: Document) -> bool:
    return never_fed_and_allowed(replace(patient, deceased=False), document)


def sent_ones_too(patient: Patient, document: Document) -> bool:
    return never_fed_and_allowed(patient, replace(document, fed=False))


def only_who_said_yes(patient: Patient, document: Document) -> bool:
    """Silence is taken for an opposition."""
    return patient.consent.feeding is True and never_fed_and_allowed(patient, document)


def nothing_wrong(received: bytes) -> Sequence[str]:
    return ()


def all_of_the_past(fed: Sequence[FedOnce]) -> Figures:
    return replace(of_the_month(fed), history=len(fed))


def lots(fed: Sequence[FedOnce]) -> Figures:
    """Submissions counted instead of documents."""
    return replace(of_the_month(fed), fed=len({one.lot for one in fed}))


def types_of_today(fed: Sequence[FedOnce]) -> Figures:
    """Documents of the past left out of the figures by type."""
    return replace(
        of_the_month(fed), by_type=dict(Counter(one.type_code for one in fed if not one.historical))
    )


DEFECTS = (
    Defect(
        "dmp-validation-sans-envoi",
        "dmp",
        "Une synthèse médicale validée attend que l'utilisateur clique sur « envoyer »",
        "A validated medical summary waits for the user to click on “send”",
        "SCN-DMP-AUTO",
        ("DMP/va1.01",),
        {"feeds_at_validation": all_but("vsm")},
    ),
    Defect(
        "dmp-radio-sans-envoi",
        "dmp",
        "Un compte rendu d'imagerie validé attend que l'utilisateur clique sur « envoyer »",
        "A validated imaging report waits for the user to click on “send”",
        "SCN-DMP-AUTO-RADIO",
        ("DMP/va1.13",),
        {"feeds_at_validation": all_but("cr-imagerie")},
    ),
    Defect(
        "dmp-cda-sans-realm",
        "dmp",
        "Le CDA de la synthèse médicale n'a pas de realmCode",
        "The CDA of the medical summary has no realmCode",
        "CDA-HDR-01",
        ("EX_2.1-1071",),
        {"document": without_realm},
    ),
    Defect(
        "dmp-retenu-bio-envoye",
        "dmp",
        "Le blocage d'un compte rendu de biologie est oublié à la validation",
        "The block on a laboratory report is forgotten at validation",
        "SCN-DMP-RETENU-BIO",
        ("DMP/va1.22",),
        {"withholds": all_but("cr-bio")},
    ),
    Defect(
        "dmp-retenu-radio-envoye",
        "dmp",
        "Le blocage d'un compte rendu d'imagerie est oublié à la validation",
        "The block on an imaging report is forgotten at validation",
        "SCN-DMP-RETENU-RADIO",
        ("DMP/va1.12",),
        {"withholds": all_but("cr-imagerie")},
    ),
    Defect(
        "dmp-document-vide",
        "dmp",
        "Un document sans contenu est envoyé",
        "A document without content is sent",
        "SCN-DMP-VIDE",
        ("EX_GEN-1060",),
        {"empty_kept": False},
    ),
    Defect(
        "dmp-document-inchange",
        "dmp",
        "Un document validé de nouveau sans changement est renvoyé",
        "A document validated again without a change is sent again",
        "SCN-DMP-INCHANGE",
        ("EX_GEN-1060",),
        {"unchanged_kept": False},
    ),
    Defect(
        "dmp-opposition-ignoree",
        "dmp",
        "L'opposition à l'alimentation n'empêche pas les envois",
        "The opposition to feeding does not stop the sendings",
        "SCN-DMP-OPPOSITION",
        ("DMP/CONF.09",),
        {"opposed": nobody},
    ),
    Defect(
        "dmp-opposition-oubliee",
        "dmp",
        "L'opposition à l'alimentation n'est pas enregistrée",
        "The opposition to feeding is not kept",
        "SCN-DMP-OPPOSITION-TRACEE",
        ("DMP/CONF.09",),
        {"choice": forgotten},
    ),
    Defect(
        "dmp-complet-sans-remplacement",
        "dmp",
        "Le compte rendu complet est déposé à côté du partiel",
        "The complete report is deposited beside the partial one",
        "SCN-DMP-PARTIEL-COMPLET",
        ("DMP/va1.15",),
        {"completes": False},
    ),
    Defect(
        "dmp-complet-autre-setid",
        "dmp",
        "Le compte rendu complet change de setId",
        "The complete report changes its setId",
        "SCN-DMP-PARTIEL-SETID",
        ("DMP/va1.15",),
        {"same_set": False},
    ),
    Defect(
        "dmp-feuille-script",
        "dmp",
        "La feuille de style embarquée contient un script",
        "The embedded style sheet holds a script",
        "CDA-STYLE-01",
        ("EX_2.1-1115",),
        {"sheet": SHEET.replace("</body>", "<script>window.print()</script></body>")},
    ),
    Defect(
        "dmp-feuille-lien",
        "dmp",
        "La feuille de style embarquée charge le logo de l'éditeur sur son site",
        "The embedded style sheet loads the vendor's logo from its site",
        "CDA-STYLE-02",
        ("EX_2.1-1115",),
        {"sheet": SHEET.replace("</body>", '<img src="https://example.org/logo.png" alt=""/></body>')},
    ),
    Defect(
        "dmp-ins-corse",
        "dmp",
        "Le matricule d'un patient né en Corse perd sa lettre",
        "The matricule of a patient born in Corsica loses its letter",
        "SCN-DMP-INS-INSI",
        ("EX_GEN-1530",),
        {"feed_ins": digits_only},
    ),
    Defect(
        "dmp-attente-tue",
        "dmp",
        "DMP en panne : le document est mis en attente sans le dire",
        "DMP down: the document is queued without a word",
        "SCN-DMP-FILE-DIT",
        ("BEN-DMP-03",),
        {"wait_told": False},
    ),
    Defect(
        "dmp-reprise-autre-identifiant",
        "dmp",
        "Après une panne, le document en attente est refait sous un autre identifiant",
        "After an outage, the waiting document is made again under another identifier",
        "SCN-DMP-FILE-REPRISE",
        ("BEN-DMP-05",),
        {"resent": made_again},
    ),
    Defect(
        "dmp-file-perdue",
        "dmp",
        "Un document en attente est abandonné quand son renvoi échoue",
        "A waiting document is given up when its resending fails",
        "SCN-DMP-FILE-PERTE",
        ("BEN-DMP-05",),
        {"kept_after_new_failure": False},
    ),
    Defect(
        "dmp-file-inversee",
        "dmp",
        "La file d'attente part du plus récent au plus ancien",
        "The queue leaves from the newest to the oldest",
        "SCN-DMP-FILE-ORDRE",
        ("BEN-DMP-05",),
        {"order": newest_first},
    ),
    Defect(
        "dmp-rejet-montre-alimente",
        "dmp",
        "Un document rejeté est montré comme alimenté",
        "A rejected document is shown as fed",
        "SCN-DMP-ETAT",
        ("BEN-DMP-03",),
        {"rejected_stays_unfed": False},
    ),
    Defect(
        "dmp-histo-date-du-jour",
        "dmp",
        "Un document ancien est daté du jour de son envoi",
        "A document of the past is dated by the day of its sending",
        "SCN-DMP-DATE-ACTE",
        ("DMP/HISTO.03",),
        {"act_date": of_today},
    ),
    Defect(
        "dmp-histo-auteur-seul",
        "dmp",
        "L'entité juridique n'est pas ajoutée quand l'auteur est parti",
        "The legal entity is not added when the author left",
        "SCN-DMP-AUTEUR-PARTI",
        ("DMP/HISTO.04",),
        {"names_the_structure": False},
    ),
    Defect(
        "dmp-histo-tout-envoye",
        "dmp",
        "Plusieurs documents choisis : tout le dossier part",
        "Several chosen documents: the whole record leaves",
        "SCN-DMP-HISTO-CHOISIS",
        ("DMP/HISTO.05",),
        {"chosen": whole_record},
    ),
    Defect(
        "dmp-histo-lots-separes",
        "dmp",
        "Des documents choisis ensemble partent dans des lots séparés",
        "Documents chosen together leave in separate submissions",
        "SCN-DMP-HISTO-LOT",
        ("DMP/HISTO.05",),
        {"one_lot": False},
    ),
    Defect(
        "dmp-histo-incomplet",
        "dmp",
        "L'alimentation automatique prend le silence du patient pour une opposition",
        "The automatic feeding takes the patient's silence for an opposition",
        "SCN-DMP-HISTO-AUTO",
        ("DMP/HISTO.06",),
        {"in_backlog": only_who_said_yes},
    ),
    Defect(
        "dmp-histo-decede",
        "dmp",
        "L'alimentation automatique envoie les documents de patients décédés",
        "The automatic feeding sends the documents of dead patients",
        "SCN-DMP-HISTO-EXCLUS",
        ("DMP/HISTO.06",),
        {"in_backlog": the_dead_too},
    ),
    Defect(
        "dmp-histo-deja-envoye",
        "dmp",
        "L'alimentation automatique renvoie ce qui l'a déjà été",
        "The automatic feeding sends again what already was",
        "SCN-DMP-HISTO-EXCLUS",
        ("DMP/HISTO.06",),
        {"in_backlog": sent_ones_too},
    ),
    Defect(
        "dmp-debit",
        "dmp",
        "L'alimentation automatique part aussi vite que possible",
        "The automatic feeding goes as fast as it can",
        "SCN-DMP-DEBIT",
        ("BEN-DMP-15", "DMP/HISTO.06"),
        {"pause": 0.0},
    ),
    Defect(
        "dmp-chiffre-histo",
        "dmp",
        "L'indicateur de l'historique compte tous les documents",
        "The figure of the past counts all documents",
        "SCN-DMP-CHIFFRE-HISTO",
        ("DMP/HISTO.07",),
        {"figures": all_of_the_past},
    ),
    Defect(
        "dmp-chiffre-lots",
        "dmp",
        "L'indicateur total compte les lots et non les documents",
        "The total figure counts submissions instead of documents",
        "SCN-DMP-CHIFFRE-TOTAL",
        ("DMP/HISTO.08",),
        {"figures": lots},
    ),
    Defect(
        "dmp-chiffre-types",
        "dmp",
        "Les indicateurs par type oublient les documents de l'historique",
        "The figures by type forget the documents of the past",
        "SCN-DMP-CHIFFRE-TYPES",
        ("DMP/HISTO.09",),
        {"figures": types_of_today},
    ),
    Defect(
        "dmp-eai-sans-controle",
        "dmp",
        "Un CDA reçu d'une autre application part sans contrôle",
        "A CDA received from another application leaves unchecked",
        "SCN-DMP-EAI-ARRETE",
        ("EX_2.1-1090",),
        {"wrong_in": nothing_wrong},
    ),
    Defect(
        "dmp-eai-muet",
        "dmp",
        "Un CDA non conforme est écarté sans le dire",
        "An unsound CDA is put aside without a word",
        "SCN-DMP-EAI-DIT",
        ("EX_2.1-1090",),
        {"stop_told": False},
    ),
    Defect(
        "dmp-eai-renumerote",
        "dmp",
        "Un CDA reçu d'une autre application repart sous un autre identifiant",
        "A CDA received from another application leaves under another identifier",
        "SCN-DMP-EAI-TRANSMIS",
        ("EX_2.1-1090",),
        {"forwarded": renumbered},
    ),
)
