"""Defects of the login."""

from collections.abc import Mapping

from .model import Defect


def plain_challenge(parameters: Mapping[str, str], verifier: str) -> Mapping[str, str]:
    """PKCE with the verifier itself as challenge."""
    return {**parameters, "code_challenge": verifier, "code_challenge_method": "plain"}


DEFECTS = (
    Defect(
        "psc-nonce-ignore",
        "psc",
        "Le nonce du jeton d'identité n'est pas comparé à celui de la demande",
        "The nonce of the ID token is not compared with that of the request",
        "SCN-PSC-NONCE",
        ("BEN-PSC-01",),
        {"nonce_checked": False},
    ),
    Defect(
        "psc-pkce-plain",
        "psc",
        "PKCE est demandé avec la méthode « plain »",
        "PKCE is asked with the plain method",
        "PSC-PKCE",
        ("SC.PSC.01",),
        {"authorization": plain_challenge},
    ),
    Defect(
        "psc-deconnexion-locale",
        "psc",
        "La déconnexion n'est pas signalée à Pro Santé Connect",
        "Logging out is not told to Pro Santé Connect",
        "SCN-PSC-DECONNEXION",
        ("BEN-PSC-04",),
        {"logout_at_provider": False},
    ),
)
