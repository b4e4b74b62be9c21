"""What a wrong software does when it feeds the DMP by itself, rule by rule."""

from dataclasses import replace

from .changes import Case, Change, both, last_patient, more, says, sends, silent, without
from .example import Example

OTHER_ID = "2.25.1"
FIRST_ID = "documents.0.unique_id"


def swapped_ids(action: str, first: int, second: int) -> Change:
    """Two answers of an action exchange their uniqueIds: each document is taken for the other."""

    def change(case: Case) -> Case:
        one, other = (case.answer(action, nth)["data"]["unique_id"] for nth in (first, second))
        return both(
            says(action, {"unique_id": other}, nth=first), says(action, {"unique_id": one}, nth=second)
        )(case)

    return change


def carries(nth: int, like: int) -> Change:
    """A feed carries the document of another feed."""

    def change(case: Case) -> Case:
        sent, other = case.named("TD2.1", nth), case.named("TD2.1", like)
        new = replace(sent, request_head=other.request_head, request_body=other.request_body)
        return case.swapped(sent, new)

    return change


def all_at_once(case: Case) -> Case:
    """Every feed begins at the same instant."""
    began = case.named("TD2.1", 0).started
    exchanges = (replace(one, started=began) if one.transaction == "TD2.1" else one for one in case.exchanges)
    return replace(case, exchanges=tuple(exchanges))


def of_the_lot(rank: int) -> Change:
    """Only this document is in the first feed."""

    def change(case: Case) -> Case:
        kept = case.named("TD2.1", 0).facts["documents"][rank]
        return sends("TD2.1", {"documents": [kept]}, nth=0)(case)

    return change


def in_two_lots(case: Case) -> Case:
    """The documents of the first feed leave in two."""
    second = case.named("TD2.1", 0).facts["documents"][1]
    return both(more("TD2.1", {"documents": [second]}, during="document.feed"), of_the_lot(0))(case)


def last_recorded(case: Case) -> str:
    return str(case.answer("document.record")["data"]["unique_id"])


def shown_as_fed(case: Case) -> Case:
    """Every document of the record is shown as fed."""
    rows = [{**row, "dmp": "fed"} for row in case.answer("document.history")["data"]["documents"]]
    return says("document.history", {"documents": rows})(case)


AUTO, IMAGING = "DMP-AUTO-01[lettre]", "DMP-AUTO-01[cr-imagerie-structure]"
OUTAGE = "DMP-FILE-01[unavailable]"
SOUND = "DMP-EAI-01[schema]"

EXAMPLES = (
    Example("SCN-DMP-AUTO", AUTO, "rien ne part", without("TD2.1")),
    Example(
        "SCN-DMP-AUTO", AUTO, "un autre document part", says("document.validate", {"unique_id": OTHER_ID})
    ),
    Example("SCN-DMP-AUTO-RADIO", IMAGING, "rien ne part", without("TD2.1")),
    Example(
        "SCN-DMP-RETENU-BIO",
        "DMP-AUTO-02[cr-bio]",
        "il part quand même",
        more("TD2.1", during="document.validate"),
    ),
    Example(
        "SCN-DMP-RETENU-RADIO",
        "DMP-AUTO-02[cr-imagerie]",
        "il part un peu plus tard",
        more("TD2.1"),
    ),
    Example("SCN-DMP-VIDE", "DMP-AUTO-03[vide]", "il part", more("TD2.1", during="document.validate")),
    Example(
        "SCN-DMP-INCHANGE", "DMP-AUTO-03[inchange]", "il part", more("TD2.1", during="document.validate")
    ),
    Example("SCN-DMP-OPPOSITION", "DMP-AUTO-04", "il part", more("TD2.1", during="document.validate")),
    Example(
        "SCN-DMP-OPPOSITION",
        "DMP-AUTO-05",
        "la file part sans égard",
        more("TD2.1", {"patient": last_patient}, during="document.resend"),
    ),
    Example(
        "SCN-DMP-OPPOSITION-TRACEE",
        "DMP-AUTO-04",
        "l'opposition est oubliée",
        says("patient.consent", {"feeding": None}),
    ),
    Example(
        "SCN-DMP-PARTIEL-COMPLET",
        "DMP-AUTO-06",
        "le complet ne remplace rien",
        sends("TD2.1", {"documents.0.replaces": None}),
    ),
    Example("SCN-DMP-PARTIEL-SETID", "DMP-AUTO-06", "le setId change", carries(2, 0)),
    Example("SCN-DMP-PARTIEL-SETID", "DMP-AUTO-06", "le setId est commun à tous", carries(0, 1)),
    Example("SCN-DMP-FEUILLE", "DMP-AUTO-07", "rien ne part", without("TD2.1")),
    Example(
        "SCN-DMP-FEUILLE",
        "DMP-AUTO-07",
        "un autre document part",
        says("document.validate", {"unique_id": OTHER_ID}),
    ),
    Example(
        "SCN-DMP-INS-INSI",
        "DMP-AUTO-08",
        "la lettre devient un chiffre",
        sends("TD0.2", {"patient": "199011900470012"}),
    ),
    Example("SCN-DMP-FILE-DIT", OUTAGE, "rien n'est dit", silent("document.validate", nth=0)),
    Example("SCN-DMP-FILE-REPRISE", OUTAGE, "un autre identifiant", sends("TD2.1", {FIRST_ID: OTHER_ID})),
    Example("SCN-DMP-FILE-REPRISE", OUTAGE, "le dernier part deux fois", more("TD2.1", nth=-1)),
    Example("SCN-DMP-FILE-PERTE", OUTAGE, "le dernier est perdu", without("TD2.1", nth=-1)),
    Example("SCN-DMP-FILE-ORDRE", OUTAGE, "le dernier d'abord", swapped_ids("document.validate", 0, 1)),
    Example("SCN-DMP-ETAT", "DMP-FILE-02", "le rejeté passe pour alimenté", shown_as_fed),
    Example(
        "SCN-DMP-DATE-ACTE", "DMP-HISTO-01", "les dates sont d'autres", swapped_ids("document.record", 0, 1)
    ),
    Example(
        "SCN-DMP-AUTEUR-PARTI",
        "DMP-HISTO-02",
        "l'entité n'est pas auteur",
        swapped_ids("document.record", 0, 1),
    ),
    Example(
        "SCN-DMP-HISTO-CHOISIS",
        "DMP-HISTO-03[un-par-un]",
        "un autre part à sa place",
        sends("TD2.1", {FIRST_ID: OTHER_ID}),
    ),
    Example("SCN-DMP-HISTO-CHOISIS", "DMP-HISTO-03[en-un-lot]", "un seul part", of_the_lot(1)),
    Example("SCN-DMP-HISTO-LOT", "DMP-HISTO-03[en-un-lot]", "un lot pour chacun", in_two_lots),
    Example("SCN-DMP-HISTO-AUTO", "DMP-HISTO-04", "le dernier manque", without("TD2.1", nth=-1)),
    Example(
        "SCN-DMP-HISTO-EXCLUS",
        "DMP-HISTO-04",
        "un exclu part",
        more("TD2.1", {FIRST_ID: last_recorded}, during="document.backlog"),
    ),
    Example("SCN-DMP-DEBIT", "DMP-HISTO-04", "tout part à la fois", all_at_once),
    Example(
        "SCN-DMP-CHIFFRE-HISTO",
        "DMP-CHIFFRE-01",
        "le compte est faux",
        says("dmp.indicators", {"history": 99}),
    ),
    Example(
        "SCN-DMP-CHIFFRE-TOTAL", "DMP-CHIFFRE-02", "le compte est faux", says("dmp.indicators", {"fed": 99})
    ),
    Example(
        "SCN-DMP-CHIFFRE-TYPES",
        "DMP-CHIFFRE-02",
        "un type est mal compté",
        says("dmp.indicators", {"by_type.11488-4": 99}),
    ),
    Example("SCN-DMP-EAI-TRANSMIS", SOUND, "rien ne part", without("TD2.1")),
    Example("SCN-DMP-EAI-TRANSMIS", SOUND, "un autre part", sends("TD2.1", {FIRST_ID: OTHER_ID})),
    Example("SCN-DMP-EAI-ARRETE", SOUND, "il part", more("TD2.1", during="document.forward")),
    Example("SCN-DMP-EAI-DIT", "DMP-EAI-01[jeu-de-valeurs]", "rien n'est dit", silent("document.forward")),
)
