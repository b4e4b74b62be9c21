"""Every refusal of the simulated e-prescription service, with its HTTP status. Codes are the bench's.

Wording lives in the message catalogue under the code (`SIM-EPU-2101`); the list is published at
`/epu/v1/errors.json`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.finding import Finding
from schemas.messages import text
from schemas.prescription import CONTRACT

STATUS: Mapping[str, int] = {
    "SIM-EPU-1001": 401,  # token missing, unknown or expired
    "SIM-EPU-1002": 403,  # token bound to another certificate
    "SIM-EPU-1003": 403,  # software unknown
    "SIM-EPU-1004": 403,  # not the author
    "SIM-EPU-1005": 403,  # not in this role
    "SIM-EPU-1006": 403,  # patient's opposition
    "SIM-EPU-1101": 400,  # 2D code or number unreadable
    "SIM-EPU-1102": 415,  # media type
    "SIM-EPU-1103": 400,  # message not of the contract
    "SIM-EPU-1104": 413,  # too large
    "SIM-EPU-1105": 405,  # method
    "SIM-EPU-1106": 404,  # no such address
    "SIM-EPU-2001": 409,  # same id, other content
    "SIM-EPU-2002": 404,  # prescription unknown
    "SIM-EPU-2003": 410,  # expired or purged
    "SIM-EPU-2004": 404,  # dispensation unknown
    "SIM-EPU-2101": 409,  # nothing left to dispense
    "SIM-EPU-2102": 412,  # stale or missing version
    "SIM-EPU-2103": 409,  # a line was already dispensed
    "SIM-EPU-2104": 409,  # dispensation can't be withdrawn any more
    "SIM-EPU-2201": 422,  # no line
    "SIM-EPU-2202": 422,  # validity order
    "SIM-EPU-2203": 422,  # type code
    "SIM-EPU-2204": 422,  # product code, on that line
    "SIM-EPU-2205": 422,  # line without outcome
    "SIM-EPU-2206": 422,  # more than prescribed
    "SIM-EPU-2207": 422,  # change without agreement
    "SIM-EPU-2208": 422,  # not delivered without reason
    "SIM-EPU-2209": 422,  # substitution not described
    "SIM-EPU-2210": 422,  # substitution forbidden
    "SIM-EPU-2211": 422,  # secured: not in letters
    "SIM-EPU-2212": 422,  # opioid substitution without named pharmacy
    "SIM-EPU-2213": 422,  # locum without replaced prescriber
    "SIM-EPU-2214": 422,  # pregnancy not described
    "SIM-EPU-2215": 422,  # INS that is not a test one, or ill-formed
    "SIM-EPU-2216": 422,  # line id repeated or unknown
    "SIM-EPU-9001": 503,  # down
    "SIM-EPU-9002": 504,  # timeout behind
    "SIM-EPU-9003": 429,  # throttled
}

# Rules whose breach makes the service refuse, the first ones first. Other rules only leave a finding.
REFUSING: Mapping[str, str] = {
    "EPU-JSON-01": "SIM-EPU-1103",
    "EPU-JSON-02": "SIM-EPU-1103",
    "EPU-JSON-03": "SIM-EPU-1103",
    "EPU-PRESC-01": "SIM-EPU-1103",
    "EPU-DISP-06": "SIM-EPU-1103",
    "EPU-PRESC-02": "SIM-EPU-1004",
    "EPU-DISP-05": "SIM-EPU-1004",
    "EPU-INS-01": "SIM-EPU-2215",
    "EPU-INS-02": "SIM-EPU-2215",
    "EPU-LIGNE-01": "SIM-EPU-2201",
    "EPU-LIGNE-02": "SIM-EPU-2216",
    "EPU-VALID-01": "SIM-EPU-2202",
    "EPU-TYPE-01": "SIM-EPU-2203",
    "EPU-PROD-01": "SIM-EPU-2204",
    "EPU-SECU-01": "SIM-EPU-2211",
    "EPU-SECU-02": "SIM-EPU-2212",
    "EPU-PRESC-03": "SIM-EPU-2213",
    "EPU-PAT-01": "SIM-EPU-2214",
    "EPU-DISP-01": "SIM-EPU-2205",
    "EPU-DISP-03": "SIM-EPU-2207",
    "EPU-DISP-04": "SIM-EPU-2208",
    "EPU-DISP-02": "SIM-EPU-2209",
}


@dataclass(eq=False)
class Refusal(Exception):
    """A refusal of the service. `facts`: what had been understood, `fields`: what is wrong in the message."""

    code: str
    detail: str = ""
    fields: tuple[Mapping[str, str], ...] = ()
    facts: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.detail}"


def refuse_on(findings: Iterable[Finding], facts: Mapping[str, Any]) -> None:
    """Raise the Refusal that these findings call for; nothing when none of them refuses."""
    order = list(REFUSING)
    refusing = sorted((f for f in findings if f.rule in REFUSING), key=lambda f: order.index(f.rule))
    if not refusing:
        return
    code = REFUSING[refusing[0].rule]
    fields = tuple(
        {"field": f.where, "observed": f.observed, "expected": f.expected, "rule": f.rule} for f in refusing
    )
    raise Refusal(code, text(refusing[0].rule), fields, facts)


def catalogue() -> dict[str, Any]:
    """The published list of refusals."""
    return {
        "_contract": CONTRACT,
        "errors": [
            {
                "code": code,
                "status": status,
                "title": text(code),
                "title_en": text(code, "en"),
                "origin": "banc",
            }
            for code, status in STATUS.items()
        ],
    }
