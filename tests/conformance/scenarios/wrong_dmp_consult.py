"""What a wrong software does when it reads the DMP: opening, novelties, criteria, choices, emergencies."""

from dataclasses import replace
from typing import Any

from simulators.core.identities import MEDECIN, PHARMACIEN

from .changes import Case, Change, both, last_patient, more, says, sends, silent, without
from .example import Example

OTHER_ID = "2.25.1"
GLASS = {"purpose": "bris_de_glace"}
NO_LIST = says("document.search", {"documents": []})


def crashes(action: str, *, nth: int = -1) -> Change:
    """The software gives no answer of the contract."""

    def change(case: Case) -> Case:
        said = case.named(f"SUT.{action}", nth)
        facts = {**said.facts, "outcome": "error"}
        return case.swapped(said, replace(said, response_body=b"HTTP 500", facts=facts))

    return change


def answered_after(action: str, other: str) -> Change:
    """The answer to `action` comes after that to `other`, which was asked before it."""

    def change(case: Case) -> Case:
        late, first = case.named(f"SUT.{action}", -1), case.named(f"SUT.{other}", -1)
        return case.swapped(late, replace(late, duration=first.duration))

    return change


def first_only(case: Case) -> list[Any]:
    """Of the documents retrieved, the first."""
    return list(case.named("TD3.2", -1).facts["documents"][:1])


def unfiltered(case: Case) -> Case:
    """The second search gives all that the first gave, and the list shows it."""
    everything, listed = case.named("TD3.1", 0).facts["returned"], case.answer("document.search", 0)
    change = both(
        sends("TD3.1", {"returned": everything}),
        says("document.search", {"documents": listed["data"]["documents"]}),
    )
    return change(case)


def but_one(case: Case) -> list[Any]:
    """Of the traces, all but one."""
    return list(case.answer("dmp.traces")["data"]["traces"][1:])


EXAMPLES = (
    Example("SCN-DMP-OUVERTURE", "DMP-OUV-01[usuel]", "le DMP n'est pas interrogé", without("TD0.2")),
    Example(
        "SCN-DMP-OUVERTURE",
        "DMP-OUV-02",
        "le DMP fermé passe pour ouvert",
        says("patient.open", {"dmp.active": True}),
    ),
    Example("SCN-DMP-LISTE", "DMP-OUV-01[usuel]", "la liste n'est pas demandée", without("TD3.1")),
    Example(
        "SCN-DMP-LISTE", "DMP-OUV-01[carte]", "rien n'est montré", says("patient.open", {"documents": []})
    ),
    Example(
        "SCN-DMP-TD02-AVANT",
        "DMP-OUV-01[carte]",
        "le droit contrôlé est celui d'un autre",
        sends("TD0.2", {"user": PHARMACIEN.id_nat}),
    ),
    Example(
        "SCN-DMP-LISTE-CONDITION",
        "DMP-OUV-02",
        "la liste est demandée quand même",
        more("TD3.1", {"patient": last_patient}, during="patient.open"),
    ),
    Example(
        "SCN-DMP-LISTE-CONDITION",
        "DMP-OUV-02",
        "une vieille liste est montrée",
        says("patient.open", {"documents": [{"unique_id": OTHER_ID}]}),
    ),
    Example(
        "SCN-DMP-NOUVEAUX",
        "DMP-NOUV-01",
        "rien n'est signalé",
        says("patient.open", {"new_documents": []}),
    ),
    Example("SCN-DMP-CRITERES", "DMP-CRIT-01", "le type est oublié", sends("TD3.1", {"slots": {}}, nth=0)),
    Example("SCN-DMP-CRITERES", "DMP-CRIT-01", "la date est oubliée", sends("TD3.1", {"slots": {}})),
    Example("SCN-DMP-DATE-DEPOT", "DMP-CRIT-02", "une requête manque", without("TD3.1", nth=2)),
    Example(
        "SCN-DMP-DATE-DEPOT",
        "DMP-CRIT-02",
        "les dates ne sont pas envoyées",
        sends("TD3.1", {"slots": {}}, nth=1),
    ),
    Example("SCN-DMP-DATE-DEPOT", "DMP-CRIT-02", "rien n'est montré", NO_LIST),
    Example("SCN-DMP-INTEGRE", "DMP-INT-01", "rien n'est récupéré", without("TD3.2")),
    Example(
        "SCN-DMP-INTEGRE", "DMP-INT-01", "un seul est récupéré", sends("TD3.2", {"documents": first_only})
    ),
    Example(
        "SCN-DMP-INTEGRE",
        "DMP-INT-01",
        "un autre contenu est gardé",
        says("document.integrate", {"documents.0.sha256": "0" * 64}),
    ),
    Example("SCN-DMP-PRECHARGE", "DMP-PRE-01", "rien n'est préchargé", without("TD3.2")),
    Example(
        "SCN-DMP-PRECHARGE",
        "DMP-PRE-01",
        "un autre document est préchargé",
        sends("TD3.2", {"documents.0.unique_id": OTHER_ID}),
    ),
    Example(
        "SCN-DMP-PRECHARGE",
        "DMP-PRE-01",
        "un document est préchargé sans droit",
        more("TD3.2", during="document.preload"),
    ),
    Example("SCN-DMP-PARTIEL", "DMP-PART-01[TD3.1]", "rien n'est montré", NO_LIST),
    Example(
        "SCN-DMP-PARTIEL-DIT",
        "DMP-PART-01[TD3.2]",
        "la réponse passe pour complète",
        silent("document.retrieve"),
    ),
    Example(
        "SCN-DMP-VOLUME", "DMP-VOL-01", "la liste est vide", says("document.search", {"documents": []}, nth=0)
    ),
    Example("SCN-DMP-VOLUME", "DMP-VOL-01", "le filtre n'est pas envoyé", unfiltered),
    Example("SCN-DMP-ILLISIBLE", "DMP-CDA-01", "l'ouverture plante", crashes("document.retrieve")),
    Example("SCN-DMP-ILLISIBLE", "DMP-CDA-01", "la suite plante", crashes("document.search")),
    Example("SCN-DMP-ILLISIBLE", "DMP-CDA-01", "plus rien n'est demandé", without("TD3.1", nth=-1)),
    Example("SCN-DMP-ANCIEN-INS", "DMP-INS-01", "le document est écarté", NO_LIST),
    Example("SCN-DMP-TD31-APRES", "DMP-ALIM-10", "une recherche suit", more("TD0.2", called="TD3.1", nth=-1)),
    Example(
        "SCN-DMP-CLE-INS",
        "DMP-CLE-01",
        "l'existence est testée quand même",
        more("TD0.2", during="document.search"),
    ),
    Example(
        "SCN-DMP-LIBRE",
        "DMP-LENT-01",
        "la réponse attend celle du DMP",
        answered_after("session.status", "document.search"),
    ),
    Example(
        "SCN-DMP-CONSULTE-OPPOSE",
        "DMP-CONF-01",
        "la recherche part quand même",
        more("TD3.1", during="document.search", call=1),
    ),
    Example(
        "SCN-DMP-CONSULTE-OPPOSE-DITE", "DMP-CONF-01", "rien n'est dit", silent("document.search", nth=1)
    ),
    Example(
        "SCN-DMP-CHANGEMENT",
        "DMP-CONF-01",
        "le changement n'est pas enregistré",
        says("patient.consent", {"consultation": False}),
    ),
    Example("SCN-DMP-CHANGEMENT", "DMP-CONF-01", "le blocage demeure", without("TD3.1", nth=-1)),
    Example("SCN-DMP-TD03-AUTO", "DMP-AUT-02", "rien n'est demandé", without("TD0.3")),
    Example("SCN-DMP-TD03-AUTO", "DMP-AUT-02", "rien n'est consulté", without("TD3.1")),
    Example(
        "SCN-DMP-TD03-AUTO",
        "DMP-AUT-02",
        "l'autorisation est demandée deux fois",
        more("TD0.3", nth=-1, during="patient.open"),
    ),
    Example("SCN-DMP-TD03-SANS-ACCORD", "DMP-AUT-03", "elle est demandée", more("TD0.2", called="TD0.3")),
    Example(
        "SCN-DMP-UTILISATEUR",
        "DMP-USER-01",
        "le pharmacien est le médecin",
        sends("TD3.1", {"user": MEDECIN.id_nat}),
    ),
    Example(
        "SCN-DMP-PSC",
        "DMP-PSC-01",
        "l'identité est une autre",
        says("session.status", {"user.id_nat": PHARMACIEN.id_nat}),
    ),
    Example(
        "SCN-DMP-PSC",
        "DMP-PSC-01",
        "la consultation continue",
        more("TD3.1", during="document.search"),
    ),
    Example("SCN-DMP-PSC", "DMP-PSC-01", "rien n'est dit", silent("document.search")),
    Example(
        "SCN-DMP-BRIS-DE-GLACE",
        "DMP-URG-01",
        "il se passe de raison",
        more("TD0.2", GLASS, during="document.search", call=1),
    ),
    Example(
        "SCN-DMP-BRIS-DE-GLACE",
        "DMP-URG-01",
        "la raison est une autre",
        sends("TD3.1", {"access_reason": "Urgence"}),
    ),
    Example(
        "SCN-DMP-BRIS-DE-GLACE",
        "DMP-URG-01",
        "il dure",
        more("TD0.2", GLASS, during="document.search"),
    ),
    Example("SCN-DMP-INTERDIT-DIT", "DMP-URG-02", "rien n'est dit", silent("document.search")),
    Example(
        "SCN-DMP-SECRET", "DMP-SECR-01", "le secret est oublié", sends("TD3.1", {"secret": False}, nth=1)
    ),
    Example(
        "SCN-DMP-SECRET",
        "DMP-SECR-01",
        "un majeur l'obtient",
        more("TD0.2", {"secret": True}, during="document.search"),
    ),
    Example("SCN-DMP-DROITS", "DMP-DROIT-01", "TD0.4 n'est pas appelée", without("TD0.4")),
    Example("SCN-DMP-DROITS", "DMP-DROIT-01", "TD1.6 n'est pas appelée", without("TD1.6")),
    Example("SCN-DMP-DROITS", "DMP-DROIT-01", "aucun patient montré", says("dmp.patients", {"patients": []})),
    Example(
        "SCN-DMP-DROITS",
        "DMP-DROIT-01",
        "aucun professionnel montré",
        says("dmp.professionals", {"professionals": []}),
    ),
    Example(
        "SCN-DMP-TRACE-APPELS", "DMP-TRAC-01", "un appel manque", says("dmp.traces", {"traces": but_one})
    ),
    Example(
        "SCN-DMP-TRACE-VIHF",
        "DMP-TRAC-01",
        "une autre assertion",
        says("dmp.traces", {"traces.0.vihf_id": "_autre"}),
    ),
)
