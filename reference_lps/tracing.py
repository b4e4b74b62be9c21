"""What this software keeps of its calls to the DMP: who asked what, when, under which assertion.

Sources: SEL-MP-037 (EX_AIR-070, EX_AIR-085).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Trace:
    """One call, kept before it leaves: also when no answer comes. `ins` is empty when no patient is named."""

    at: datetime
    transaction: str  # TD0.2, TD2.1…
    message_id: str
    vihf_id: str
    user: str  # NameID of the assertion
    ins: str
    mode: str
