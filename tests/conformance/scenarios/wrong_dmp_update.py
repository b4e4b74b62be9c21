"""What a wrong software does with documents that are already in the DMP, rule by rule."""

from .changes import more, says, sends, silent, without
from .example import Example

BOTH = ["N", "MASQUE_PS", "INVISIBLE_PATIENT"]
MODIFIED, SHOWN = "DMP-MAJ-01[cr-imagerie-structure]", "DMP-MAJ-02[show_patient]"


EXAMPLES = (
    Example("SCN-DMP-MODIFIE", MODIFIED, "rien n'est envoyé", without("TD2.1", nth=-1)),
    Example(
        "SCN-DMP-MODIFIE",
        "DMP-MAJ-01[lettre-carte]",
        "le nouveau document ne remplace rien",
        sends("TD2.1", {"documents.0.replaces": None}),
    ),
    Example("SCN-DMP-SUPPRIME", MODIFIED, "rien n'est supprimé", without("TD3.3")),
    Example(
        "SCN-DMP-SUPPRIME",
        MODIFIED,
        "un autre document est supprimé",
        sends("TD3.3", {"updates.0.unique_id": "2.25.1"}),
    ),
    Example(
        "SCN-DMP-SUPPRIME",
        "DMP-MAJ-01[lettre-carte]",
        "l'ancien état est montré",
        says("document.update", {"status": "approved"}),
    ),
    Example(
        "SCN-DMP-SUPPRIME-TD03", MODIFIED, "une autorisation est demandée", more("TD0.2", called="TD0.3")
    ),
    Example(
        "SCN-DMP-CONFIRME",
        SHOWN,
        "le changement part avant la confirmation",
        more("TD3.3", during="document.update", call=0),
    ),
    Example("SCN-DMP-CONFIRME-DIT", SHOWN, "rien n'est demandé", silent("document.update", nth=0)),
    Example("SCN-DMP-VISIBILITE", "DMP-MAJ-02[unmask]", "rien n'est changé", without("TD3.3")),
    Example(
        "SCN-DMP-VISIBILITE",
        "DMP-MAJ-02[show_representatives]",
        "le document est masqué en même temps",
        sends("TD3.3", {"updates.0.after.confidentiality": ["N", "MASQUE_PS"]}),
    ),
    Example("SCN-DMP-ARCHIVE", "DMP-MAJ-03", "rien n'est désarchivé", without("TD3.3", nth=-1)),
    Example(
        "SCN-DMP-ARCHIVE",
        "DMP-MAJ-03",
        "le document archivé est montré en vigueur",
        says("document.update", {"status": "approved"}, nth=0),
    ),
    Example("SCN-DMP-VERSION", "DMP-MAJ-04", "le second changement ne part pas", without("TD3.3", nth=-1)),
    Example(
        "SCN-DMP-VERSION",
        "DMP-MAJ-04",
        "le second changement suit la première version",
        sends("TD3.3", {"outcome": "refused", "reason": "XDSMetadataVersionError"}),
    ),
    Example("SCN-DMP-MAJ-REJET-DIT", "DMP-MAJ-05[version]", "rien n'est dit", silent("document.update")),
    Example("SCN-DMP-SUPPRIME-AUTRUI", "DMP-MAJ-06", "rien n'est dit", silent("document.update")),
    Example(
        "SCN-DMP-MASQUE-CHOIX",
        "DMP-MASQ-01[mineur]",
        "un choix est oublié",
        sends("TD2.1", {"documents.0.confidentiality": ["N", "MASQUE_PS"]}, nth=1),
    ),
    Example(
        "SCN-DMP-MASQUE-DOCUMENT",
        "DMP-MASQ-01[adulte]",
        "le dernier document garde le masquage du précédent",
        sends("TD2.1", {"documents.0.confidentiality": ["N", "MASQUE_PS"]}),
    ),
    Example(
        "SCN-DMP-MASQUE-CUMUL",
        "DMP-MASQ-02[alimentation]",
        "le document part avec les deux",
        more("TD2.1", {"documents.0.confidentiality": BOTH}, during="document.submit"),
    ),
    Example(
        "SCN-DMP-MASQUE-CUMUL-DIT", "DMP-MASQ-02[modification]", "rien n'est dit", silent("document.update")
    ),
    Example(
        "SCN-DMP-ANNONCE-AVANT",
        "DMP-MASQ-03",
        "le document part visible",
        sends("TD2.1", {"documents.0.confidentiality": ["N"]}),
    ),
    Example(
        "SCN-DMP-ANNONCE-AVANT",
        "DMP-MASQ-03",
        "le document est rendu visible avant l'annonce",
        more("TD3.3", during="document.submit"),
    ),
    Example("SCN-DMP-ANNONCE-APRES", "DMP-MASQ-03", "rien n'est rendu visible", without("TD3.3")),
    Example(
        "SCN-DMP-ANNONCE-APRES",
        "DMP-MASQ-03",
        "le document devient masqué",
        sends("TD3.3", {"updates.0.actions": ["mask", "show-patient"]}),
    ),
)
