"""Defects of the login."""

from collections.abc import Mapping

from .model import Defect


def without_level(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The level of authentication under the name that an old guide gave it."""
    asked = {name: value for name, value in parameters.items() if name != "acr_values"}
    return {**asked, "acr": parameters["acr_values"]}


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
        "psc-niveau-non-demande",
        "psc",
        "Le niveau d'authentification est demandé par « acr », un paramètre que personne ne lit",
        "The authentication level is asked by `acr`, a parameter that nobody reads",
        "PSC-ACR",
        ("PSC.08",),
        {"authorization": without_level},
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
