"""Mailboxes that do one thing each, at `…@comportement.test.mssante.fr`, for a client to be tried on.

The pattern is that of the NIST Edge Testing Tool. All of it is the bench's own.
"""

import re
from dataclasses import dataclass, field

from . import errors
from .errors import Refusal
from .options import Options
from .state import BEHAVIOUR_DOMAIN

# One address a behaviour, with what it does: shown to the vendor.
CATALOGUE: dict[str, str] = {
    "ok": "accepte, accusé de distribution si demandé",
    "mdn-affiche": "accepte, renvoie un accusé de lecture « displayed »",
    "mdn-traite": "accepte, renvoie un accusé « processed »",
    "mdn-ko-902": "accepte, renvoie un accusé d'erreur (codes 900 à 906)",
    "mdn-ko-902-v112": "le même, dans l'ancienne écriture",
    "sans-mdn": "accepte, ne renvoie jamais d'accusé de lecture",
    "mdn-double": "accepte, renvoie deux fois le même accusé",
    "mdn-faux-id": "accepte, renvoie un accusé sur un autre Message-ID",
    "inconnu": "550 5.1.1",
    "suspendu": "550 5.2.1",
    "plein": "452 4.2.2",
    "trop-gros": "552 5.3.4",
    "virus": "554 5.7.1",
    "greylist": "451 4.7.1 un essai sur deux",
    "lent": "répond à DATA après un long délai (lent-5 : 5 secondes)",
    "coupe": "coupe après le message sans l'accepter, un essai sur deux",
    "coupe-apres": "accepte le message puis coupe sans répondre, un essai sur deux",
    "dsn-tardif": "accepte, puis renvoie un avis de non-distribution",
    "repond": "accepte, puis répond au message",
    "envoie-xdm": "accepte, puis envoie un compte rendu de biologie (envoie-xdm-wrong-patient…)",
}

# What the laboratory can send, and to `envoie-xdm-<variant>` sends back.
REPORTS = {
    "nominal": "conforme",
    "wrong-patient": "le courriel nomme le patient, l'archive est d'un autre",
    "corrupt-zip": "archive tronquée",
    "missing-metadata": "archive sans METADATA.XML",
    "two-patients": "deux documents, de deux patients",
    "hash-mismatch": "document modifié après le calcul de son empreinte",
    "not-xdm": "PDF seul, sans archive",
    "same-document": "le dernier document envoyé pour ce patient, dans un autre courriel",
    "no-ins": "document sans INS",
}

KNOWN = re.compile(
    r"ok|mdn-affiche|mdn-traite|mdn-ko-90[0-6](?:-v112)?|sans-mdn|mdn-double|mdn-faux-id|inconnu|suspendu|plein"
    r"|trop-gros|virus|greylist|lent(?:-\d{1,3})?|coupe|coupe-apres|dsn-tardif|repond|envoie-xdm(?:-(?:"
    + "|".join(REPORTS)
    + "))?"
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What the connection must suffer at the end of DATA."""

    delay: float = 0.0  # seconds before the reply
    cut: str = ""  # "before" or "after" the message is kept


@dataclass(slots=True)
class Behaviours:
    """Counts attempts, for the behaviours that change from one try to the next."""

    options: Options
    attempts: dict[tuple[str, str], int] = field(default_factory=dict)

    def at_recipient(self, sender: str, address: str) -> tuple[Refusal | None, Effect]:
        """The refusal at RCPT, if any, and the effect on the end of the message."""
        name = local_part(address)
        if not KNOWN.fullmatch(name):
            return errors.unknown_mailbox(address), Effect()
        refusals = {
            "inconnu": errors.unknown_mailbox(address),
            "suspendu": errors.suspended(address),
            "plein": errors.full(address),
        }
        if name in refusals:
            return refusals[name], Effect()
        if name == "greylist" and self._odd(sender, name):
            return errors.greylisted(), Effect()
        if name.startswith("lent"):
            asked = float(name[5:]) if name[5:] else self.options.slow
            return None, Effect(delay=min(asked, self.options.slow))
        if name.startswith("coupe") and self._odd(sender, name):
            return None, Effect(cut="after" if name == "coupe-apres" else "before")
        return None, Effect()

    def at_end(self, address: str) -> Refusal | None:
        """The refusal of the message itself."""
        name = local_part(address)
        if name == "trop-gros":
            return errors.too_big(self.options.max_size)
        return errors.malware() if name == "virus" else None

    def afterwards(self, address: str) -> Refusal | None:
        """The refusal told by a DSN, once the message is accepted."""
        if concerns(address) and local_part(address) == "dsn-tardif":
            return errors.unknown_mailbox(address)
        return None

    def _odd(self, sender: str, name: str) -> bool:
        count = self.attempts.get((sender, name), 0) + 1
        self.attempts[(sender, name)] = count
        return count % 2 == 1


def concerns(address: str) -> bool:
    """Whether this address is one of those."""
    return address.lower().rpartition("@")[2] == BEHAVIOUR_DOMAIN


def local_part(address: str) -> str:
    return address.lower().rpartition("@")[0]
