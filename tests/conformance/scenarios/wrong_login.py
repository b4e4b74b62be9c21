"""What a wrong software does with the login, rule by rule."""

from simulators.core.identities import PHARMACIEN

from .changes import both, says, sends, shows_page, silent, without
from .example import Example

EXAMPLES = (
    Example(
        "SCN-PSC-DECONNEXION",
        "PSC-04",
        "le jeton d'identité n'est pas joint",
        sends("PSC.logout", {"outcome": "refused", "reason": "id_token_hint"}),
    ),
    Example("SCN-PSC-PARCOURS", "PSC-01[medecin]", "userinfo n'est pas lu", without("PSC.userinfo")),
    Example(
        "SCN-PSC-PARCOURS",
        "PSC-01[pharmacien]",
        "aucune session n'est ouverte",
        says("session.status", {"authenticated": False}),
    ),
    Example(
        "SCN-PSC-IDENTITE",
        "PSC-01[medecin]",
        "le compte d'un autre est ouvert",
        says("session.status", {"user.id_nat": PHARMACIEN.id_nat}),
    ),
    Example(
        "SCN-PSC-NONCE",
        "PSC-02[nonce]",
        "la session est ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example(
        "SCN-PSC-STATE",
        "PSC-02[state]",
        "la session est ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example(
        "SCN-PSC-SIGNATURE",
        "PSC-02[signature]",
        "la session est ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example("SCN-PSC-RAFRAICHIR", "PSC-03", "le jeton n'est pas renouvelé", without("PSC.refresh")),
    Example(
        "SCN-PSC-RAFRAICHIR",
        "PSC-03",
        "le relevé échoue",
        says("mail.fetch", outcome="failed"),
    ),
    Example("SCN-PSC-DECONNEXION", "PSC-04", "la déconnexion reste locale", without("PSC.logout")),
    Example(
        "SCN-PSC-DECONNEXION",
        "PSC-04",
        "la session reste ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example(
        "SCN-PSC-PANNE",
        "PSC-05[PSC.token]",
        "la page est celle d'une connexion réussie",
        both(
            silent("session.status"),
            shows_page(lambda case: case.named("BENCH.browse", 0).response_body.decode()),
        ),
    ),
    Example(
        "SCN-PSC-PANNE",
        "PSC-05[PSC.userinfo]",
        "une session est ouverte sans identité",
        says("session.status", {"authenticated": True}),
    ),
)
