"""What a message says about a patient, and the document that it carries, ready to be judged."""

import base64
import binascii
from dataclasses import dataclass

from schemas import cda, ins
from schemas.xml import XmlRefused

from . import names
from .message import Message, Segment


@dataclass(frozen=True, slots=True)
class Flag:
    """A coded OBX of table MetaDMPMSS."""

    code: str
    value: str
    segment: Segment


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, for the VIHF that the platform will build: the identifiers, empty when absent."""

    person: str = ""
    device: str = ""
    structure: str = ""
    segment: Segment | None = None

    @property
    def id(self) -> str:
        return self.person or self.device


@dataclass(frozen=True, slots=True)
class Transmission:
    """A message. `document` is the CDA of its first ED observation, None with a `problem` otherwise."""

    message: Message
    observation: Segment | None
    document: cda.ClinicalDocument | None
    problem: str
    flags: tuple[Flag, ...]
    sender: Sender

    def flag(self, code: str) -> str:
        """The value of a flag; empty when the message does not give it."""
        return next((flag.value for flag in self.flags if flag.code == code), "")

    @property
    def kind(self) -> str:
        """ADT, ORU or MDM."""
        return self.message.header.value(9)

    @property
    def structure(self) -> str:
        """MSH-9 whole."""
        header = self.message.header
        return "^".join(header.value(9, component) for component in (1, 2, 3))


def understand(message: Message) -> Transmission:
    """What a message says. Never raises: what cannot be read is told by `problem`."""
    observations = message.all("OBX")
    carrier = next((one for one in observations if one.value(2) == "ED" and not _is_flag(one)), None)
    document, problem = _document(carrier)
    return Transmission(
        message,
        carrier,
        document,
        problem,
        tuple(Flag(one.value(3), one.value(5), one) for one in observations if _is_flag(one)),
        _sender(message),
    )


def identity(message: Message) -> tuple[ins.Ins | None, dict[str, str]]:
    """The INS of PID-3 (the identifier whose authority is one of its OIDs) and the traits of PID."""
    pid = message.first("PID")
    if pid is None:
        return None, {}
    found = None
    for parts in pid.repetitions(3):
        oid = pid.text(parts, 4, 2)
        if oid in ins.INS_OIDS and found is None:
            found = ins.Ins(pid.text(parts, 1), oid)
    traits = {
        "birth_name": pid.value(5, 1),
        "given": pid.value(5, 2),
        "birth_date": pid.value(7)[:8],
        "sex": pid.value(8),
    }
    return found, traits


def _is_flag(segment: Segment) -> bool:
    return segment.value(3, 3) == names.META or segment.value(3) in names.META_CODES


def _document(carrier: Segment | None) -> tuple[cda.ClinicalDocument | None, str]:
    if carrier is None:
        return None, "aucun OBX de type ED"
    try:
        data = base64.b64decode(carrier.value(5, 5), validate=True)
        return cda.read(data), ""
    except binascii.Error as error:
        return None, f"base64 : {error}"
    except (XmlRefused, cda.CdaRefused) as error:
        return None, str(error)


def _sender(message: Message) -> Sender:
    """The participation SB under the document; its structure, else the sending facility (MSH-4)."""
    facility = message.header.value(4, 2) or message.header.value(4)
    for segment in message.all("PRT"):
        if segment.value(4) == names.SENT_BY:
            structure = segment.value(8, 10) or segment.value(8, 3) or facility
            return Sender(segment.value(5), segment.value(10), structure, segment)
    return Sender(structure=facility)
