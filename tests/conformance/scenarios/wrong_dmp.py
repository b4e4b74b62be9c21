"""What a wrong software does with the DMP, rule by rule."""

import base64

from simulators.core.identities import PHARMACIEN

from .changes import last_patient, more, says, sends, silent, without
from .example import Example

OTHER_ID = "2.25.1"


EXAMPLES = (
    Example("SCN-DMP-ALIMENTE", "DMP-ALIM-01[lettre]", "rien n'est envoyé", without("TD2.1")),
    Example(
        "SCN-DMP-ALIMENTE",
        "DMP-ALIM-01[vsm]",
        "un autre document est envoyé",
        says("document.submit", {"unique_id": OTHER_ID}),
    ),
    Example(
        "SCN-DMP-MASQUAGE",
        "DMP-ALIM-02[MASQUE_PS]",
        "le choix est oublié",
        sends("TD2.1", {"documents.0.confidentiality": ["N"]}),
    ),
    Example(
        "SCN-DMP-MASQUAGE",
        "DMP-ALIM-02[INVISIBLE_PATIENT]",
        "un autre masquage s'ajoute",
        sends("TD2.1", {"documents.0.confidentiality": ["N", "INVISIBLE_PATIENT", "MASQUE_PS"]}),
    ),
    Example(
        "SCN-DMP-REMPLACE",
        "DMP-ALIM-03",
        "la version 3 ne remplace rien",
        sends("TD2.1", {"documents.0.replaces": None}),
    ),
    Example(
        "SCN-DMP-INEXISTANT",
        "DMP-ALIM-04[inexistant]",
        "le document part",
        more("TD2.1", {"patient": last_patient}, during="document.submit"),
    ),
    Example("SCN-DMP-INEXISTANT-DIT", "DMP-ALIM-04[inexistant]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-FERME",
        "DMP-ALIM-04[ferme]",
        "le document part plus tard",
        more("TD2.1", {"patient": last_patient}),
    ),
    Example("SCN-DMP-FERME-DIT", "DMP-ALIM-04[ferme]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-REJET-DIT", "DMP-ALIM-05[XDSRepositoryError]", "rien n'est dit", silent("document.submit")
    ),
    Example("SCN-DMP-REJET-DIT", "DMP-ALIM-06[malformed]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-REJET-RENVOI",
        "DMP-ALIM-05[XDSRegistryBusy]",
        "le lot est renvoyé trois fois",
        more("TD2.1", times=3),
    ),
    Example("SCN-DMP-VIHF-PERIME-DIT", "DMP-ALIM-07", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-DOUBLON",
        "DMP-ALIM-08",
        "un second document est déposé",
        more("TD2.1", {"documents.0.unique_id": OTHER_ID}),
    ),
    Example(
        "SCN-DMP-CERTIFICAT",
        "DMP-TLS-01[expired]",
        "le document part quand même",
        more("TD2.1", {"patient": last_patient}),
    ),
    Example("SCN-DMP-CERTIFICAT-DIT", "DMP-TLS-01[host]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-TD03",
        "DMP-ALIM-09",
        "une autorisation est demandée",
        more("TD0.2", called="TD0.3"),
    ),
    Example(
        "SCN-DMP-EXISTENCE",
        "DMP-EXIST-01[ferme]",
        "le DMP fermé passe pour ouvert",
        says("dmp.status", {"active": True}),
    ),
    Example(
        "SCN-DMP-EXISTENCE",
        "DMP-EXIST-01[inexistant]",
        "l'absence passe pour une fermeture",
        says("dmp.status", {"exists": True}),
    ),
    Example("SCN-DMP-EXISTENCE", "DMP-EXIST-01[actif]", "le DMP n'est pas interrogé", without("TD0.2")),
    Example("SCN-DMP-TD02-AVANT", "DMP-CONS-01", "l'existence n'est pas testée", without("TD0.2")),
    Example(
        "SCN-DMP-LISTE",
        "DMP-CONS-01",
        "le document n'est pas montré",
        says("document.search", {"documents": []}),
    ),
    Example(
        "SCN-DMP-UTILISATEUR",
        "DMP-CONS-01",
        "la recherche est au nom d'un autre",
        sends("TD3.1", {"user": PHARMACIEN.id_nat}),
    ),
    Example("SCN-DMP-CRITERES", "DMP-CONS-02", "le critère est oublié", sends("TD3.1", {"slots": {}})),
    Example(
        "SCN-DMP-OCTETS",
        "DMP-CONS-03",
        "le second document est transformé",
        says("document.retrieve", {"document_base64": base64.b64encode(b"<ClinicalDocument/>").decode()}),
    ),
    Example(
        "SCN-DMP-INTERDIT",
        "DMP-CONS-04",
        "la recherche part quand même",
        more("TD3.1", {"patient": last_patient}, during="document.search"),
    ),
    Example("SCN-DMP-AUTORISATION", "DMP-AUT-01[EXPIRE]", "rien n'est demandé", without("TD0.3")),
    Example("SCN-DMP-AUTORISATION", "DMP-AUT-01[EXPIRE]", "rien n'est consulté", without("TD3.1")),
    Example(
        "SCN-DMP-AUTORISATION",
        "DMP-AUT-01[NON_EXISTE]",
        "le médecin devient médecin traitant",
        sends("TD0.3", {"role": "MEDECIN_TRAITANT"}),
    ),
    Example(
        "SCN-DMP-AUTORISATION",
        "DMP-AUT-01[NON_EXISTE]",
        "l'autorisation n'est pas montrée",
        says("dmp.authorise", {"authorisation": "NON_EXISTE"}),
    ),
    Example("SCN-DMP-INTERDIT-DIT", "DMP-CONS-04", "rien n'est dit", silent("document.search")),
)
