"""What may be set on the operator, before or during a run."""

from dataclasses import dataclass, field

SIZE = 25 * 1024 * 1024


@dataclass(slots=True)
class Options:
    """Behaviour of the mock operator. Values marked (bench) are ours: no public text fixes them.

    `reject_mode`: a recipient problem is told at RCPT (`rcpt`) or by a DSN after acceptance (`dsn`).
    `patient_reject_mode`: the same for patients; None follows `reject_mode`.
    `xoauth2_fail_mode`: after a refused token, `close` as seen on a real platform, or `rfc`: the client
    answers an empty line and gets 535.
    """

    reject_mode: str = "rcpt"  # (bench)
    patient_reject_mode: str | None = None  # (bench)
    xoauth2_fail_mode: str = "rfc"
    max_size: int = SIZE  # bytes; Mon espace santé refuses above 25 MB
    max_recipients: int = 100  # RFC 5321 §4.5.3.1.8
    max_line: int = 16 * 1024  # bytes; a base64 token needs more than RFC 5321's 512
    max_errors: int = 20  # refused commands before the connection is closed (bench)
    idle_timeout: float = 300.0  # seconds; RFC 5321 §4.5.3.2.7
    data_timeout: float = 180.0  # seconds between two pieces of a message
    handshake_timeout: float = 15.0  # seconds
    slow: float = 58.0  # seconds of the mailbox `lent` (bench)
    flood: int = 5  # refused authentications a minute, above which a client floods (bench)
    white_list: set[str] = field(default_factory=set)  # domains added to those of the test world
