"""Every refusal of INSi with its wire form, and what a scenario may schedule.

`desir_550` and `insi_102` are as recorded; `desir_560` and `desir_1020` are real codes in an envelope of
ours; codes that begin with `BANC_` are ours: the real service's answer to such a request is not public.
"""

from dataclasses import dataclass

from schemas.insi import write_fault
from schemas.messages import text


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of INSi. `reason` and `detail` are sent as they are; `layout` see `write_fault`."""

    code: str
    subcode: str
    sender: bool
    severity: str
    reason: str
    detail: str
    layout: str = "soap"

    def body(self, message_id: str, detail: str = "") -> bytes:
        """The SOAP fault that answers this MessageID."""
        return write_fault(
            self.code,
            subcode=self.subcode,
            sender=self.sender,
            severity=self.severity,
            reason=self.reason,
            text=detail or self.detail,
            message_id=message_id,
            layout=self.layout,
        )


UNKNOWN_SOFTWARE = Refusal(
    "desir_550",
    "siram_100",
    True,
    "erreur",
    "L'accès par ce progiciel au service n'est pas autorisé. Contactez l'éditeur du progiciel ou votre"
    " responsable informatique.",
    "Numéro d'autorisation du logiciel inconnu.",
    "soap-plain",
)
ACCESS = Refusal(
    "desir_560",
    "siram_100",
    True,
    "erreur",
    "Le certificat présenté ne donne pas accès au service.",
    "Niveau d'accès insuffisant",
)
TECHNICAL = Refusal(
    "insi_102",
    "siram_40",
    False,
    "fatal",
    "Le service est temporairement inaccessible. Veuillez renouveler votre demande ultérieurement. Si le"
    " problème persiste, contactez l'éditeur du progiciel ou votre responsable informatique.",
    "L'appel au service de recherche avec les traits d'identité renvoie une erreur technique.",
    "S",
)
UNAVAILABLE = Refusal(
    "desir_1020",
    "siram_40",
    False,
    "fatale",
    "Le service est temporairement inaccessible.",
    "Le service appelé est temporairement indisponible",
)

# Kinds of scheduled faults, beside the generic ones.
SCHEDULED = {
    "desir-550": UNKNOWN_SOFTWARE,
    "desir-560": ACCESS,
    "insi-102": TECHNICAL,
    "desir-1020": UNAVAILABLE,
}
UNKNOWN_CODE = "unknown-code"  # params["code"], "03" by default: a result code that nobody documents
EMPTY_TRAIT = "empty-trait"  # found, with params["trait"] of TIQ empty ("Sexe" by default)
DATE_00 = "date-00"  # found, with month and day 00 in the birth date
WRONG_KEY = "wrong-key"  # found, with a key that is not that of the number


def of_bench(code: str) -> Refusal:
    """A refusal of ours, `BANC_MESSAGE` or `BANC_TRAITS`: its texts say so."""
    return Refusal(code, "siram_100", True, "erreur", text(f"{code}.reason"), text(code))
