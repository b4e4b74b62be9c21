"""HL7 v2 messages to the integration platform (PFI): reader, writer, what they say, rules.

The reader is ours: `hl7` 0.4.5 answers IndexError to a truncated MSH, drops what it cannot unescape and takes
3 s for a field of a million repetitions; `hl7apy` 1.3.5 refuses PRT in v2.5, which the volet of the ANS asks
for, and takes 24 s for a hundred thousand repetitions.
"""

from .message import Hl7Refused, Message, Segment, escape, read, write
from .rules import ADMISSION, DISCHARGE, DOCUMENT, VOLET
from .transmission import Transmission, identity, understand

__all__ = [
    "ADMISSION",
    "DISCHARGE",
    "DOCUMENT",
    "VOLET",
    "Hl7Refused",
    "Message",
    "Segment",
    "Transmission",
    "escape",
    "identity",
    "read",
    "understand",
    "write",
]
