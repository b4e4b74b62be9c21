"""Namespaces, SOAP actions and result codes of INSi. Source: WSDL DESIR_ICIR_EXP 1.5.0 (Cnam)."""

from schemas.soap.envelope import SOAP, WSA, WSSE

BAM = "urn:siram:bam:ctxbam"
LPS = "urn:siram:lps:ctxlps"
SIRAM = "urn:siram"
BY_TRAITS = "http://www.cnamts.fr/INSiRecSans"
BY_CARD = "http://www.cnamts.fr/INSiRecVit"
RESULT = "http://www.cnamts.fr/INSiResultat"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"

ACTION_TRAITS = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"
ACTION_CARD = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"
ACTIONS = {"traits": ACTION_TRAITS, "vitale": ACTION_CARD}
CONTENT_TYPE = "application/soap+xml; charset=utf-8"

FOUND, NOBODY, SEVERAL = "00", "01", "02"
LABELS = {FOUND: "OK", NOBODY: "Aucune identite trouvee", SEVERAL: "Plusieurs identites trouvees"}

CERTIFICATE_NAMES = ("INSI-AUTO", "INSI-MANU")  # CN of the organisation certificates that INSi accepts

__all__ = [
    "ACTIONS",
    "ACTION_CARD",
    "ACTION_TRAITS",
    "BAM",
    "BY_CARD",
    "BY_TRAITS",
    "CERTIFICATE_NAMES",
    "CONTENT_TYPE",
    "FOUND",
    "LABELS",
    "LPS",
    "NOBODY",
    "RESULT",
    "SAML",
    "SEVERAL",
    "SIRAM",
    "SOAP",
    "WSA",
    "WSSE",
    "XMLDSIG",
]


def content_type(action: str) -> str:
    """The Content-Type of a request: SOAP 1.2 with its action."""
    return f'{CONTENT_TYPE}; action="{action}"'
