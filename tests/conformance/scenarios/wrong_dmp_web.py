"""What a wrong software does with links to Web PS, and with a DMP that the patient changes meanwhile."""

from dataclasses import replace

from .changes import Case, Change, last_patient, more, says, sends, silent, without
from .example import Example

CARD, LOGIN = "DMP-WEB-01[TableauDeBord-card]", "DMP-WEB-01[DossierPatient-login]"


def leads_elsewhere(where: str) -> Change:
    """The bench was given a link to somewhere else, and did not open it."""

    def change(case: Case) -> Case:
        visit = case.named("BENCH.open_web", -1)
        facts = {**visit.facts, "result": {"elsewhere": where}}
        kept = tuple(item for item in case.exchanges if item.service != "dmp-web")
        return Case(kept, case.patients).swapped(visit, replace(visit, facts=facts))

    return change


def masked(case: Case) -> list[dict[str, object]]:
    """The list as it was before the patient masked a document."""
    return list(case.answer("document.search", 0)["data"]["documents"])


EXAMPLES = (
    Example("SCN-DMP-WEB-PAGE", CARD, "la page n'est pas ouverte", without("TD0.9")),
    Example(
        "SCN-DMP-WEB-PAGE",
        CARD,
        "une autre page s'ouvre",
        sends("TD0.9", {"page": "DossierPatient"}),
    ),
    Example(
        "SCN-DMP-WEB-PATIENT",
        LOGIN,
        "la page est celle d'un autre patient",
        sends("TD0.10", {"patient": last_patient}),
    ),
    Example(
        "SCN-DMP-WEB-ADRESSE", CARD, "le lien mène ailleurs", leads_elsewhere("https://web-ps.example:443")
    ),
    Example(
        "SCN-DMP-WEB-NON-QUALIFIEE",
        "DMP-WEB-02",
        "un lien est donné",
        says("dmp.web", {"url": "https://localhost/AccesDirect/DossierPatient"}, outcome="done"),
    ),
    Example("SCN-DMP-WEB-NON-QUALIFIEE-DIT", "DMP-WEB-02", "rien n'est dit", silent("dmp.web")),
    Example(
        "SCN-DMP-INTERDIT",
        "DMP-MES-01",
        "la recherche part quand même",
        more("TD3.1", {"outcome": "refused"}, during="document.search"),
    ),
    Example("SCN-DMP-INTERDIT-DIT", "DMP-MES-01", "rien n'est dit", silent("document.search")),
    Example(
        "SCN-DMP-LISTE",
        "DMP-MES-02",
        "le document n'est pas montré",
        says("document.search", {"documents": []}, nth=0),
    ),
    Example("SCN-DMP-MES-LISTE", "DMP-MES-02", "la liste n'est pas redemandée", without("TD3.1", nth=1)),
    Example(
        "SCN-DMP-MES-LISTE",
        "DMP-MES-02",
        "le document masqué est encore montré",
        says("document.search", {"documents": masked}),
    ),
    Example(
        "SCN-DMP-FERME",
        "DMP-MES-03",
        "le document part",
        more("TD2.1", {"outcome": "refused"}, during="document.submit"),
    ),
    Example("SCN-DMP-FERME-DIT", "DMP-MES-03", "rien n'est dit", silent("document.submit")),
)
