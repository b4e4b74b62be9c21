"""One mail of an SMTP session, from MAIL FROM to its end."""

from dataclasses import dataclass, field
from datetime import datetime

from simulators.core.faults import Fault

from .service import Envelope

MAX_FACTS = 500  # recipients kept in the facts of one exchange


@dataclass(slots=True)
class Transaction:
    """One mail, from MAIL FROM to its end."""

    started: datetime
    ticks: float
    sender: str
    envelope: Envelope
    fault: Fault | None
    declared: int | None = None
    replies: dict[str, str] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    notify: dict[str, str] = field(default_factory=dict)
    reason: str = ""  # of the last refusal
    reply: str = ""
