"""The content of a submitted mail: what it holds, as facts, and what the rules of `schemas.mail` say of it.

`schemas.mail` is imported at the first mail: the servers start without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.finding import Finding

from .rules import UNREADABLE

if TYPE_CHECKING:
    from schemas.mail import Mail


@dataclass(frozen=True, slots=True)
class Content:
    """A mail decoded once. `mail` is None when it may not be decoded, and `refused` says why."""

    mail: "Mail | None"
    refused: str = ""


def read(source: bytes) -> Content:
    """Decode a mail. Never raises."""
    from schemas.mail import MailRefused, read_mail

    try:
        return Content(read_mail(source))
    except MailRefused as error:
        return Content(None, str(error))


def facts(content: Content) -> dict[str, Any]:
    """What the archive holds: `codes` (of its CDA), `documents` (unique ids), `patient` (matricule).

    No codes and no documents without an archive that can be read.
    """
    from schemas.xdm import patient_of

    mail = content.mail
    if mail is None or mail.archive is None:
        return {"codes": [], "documents": []}
    documents = mail.archive.cdas
    patient = patient_of(mail.archive)
    return {
        "codes": [document.type_code.code for document in documents],
        "documents": [document.unique_id for document in documents],
        **({"patient": patient.matricule} if patient is not None else {}),
    }


@dataclass(frozen=True, slots=True)
class ContentJudge:
    """Judges mails with what the operator knows: `nil` is the product reference declared ("" unknown)."""

    nil: str = ""

    def judge(self, source: bytes, known: Mapping[str, Any], content: Content | None = None) -> list[Finding]:
        """Every finding on a mail source; `known` are the facts of its exchange."""
        from schemas.mail import MailContext, judge_mail

        content = content or read(source)
        if content.mail is None:
            return [UNREADABLE.finding("message", content.refused, "RFC 5322")]
        envelope = MailContext(
            nil=self.nil,
            sender_type=str(known.get("sender_type", "")),
            envelope=tuple(known.get("recipients", ())),
            notify=bool(known.get("dsn", {}).get("notify")),
            known_ids=frozenset({content.mail.message_id}) if known.get("message_id_reused") else frozenset(),
        )
        return judge_mail(content.mail, envelope)
