"""The fault schedule: what goes wrong, where, and on which call. Deterministic, never a probability.

What each kind does, and its parameters: `simulators.core.menu`. The text form: `simulators.schedule`.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

# Kinds that the hosting applies to any service. Each service may know more (see its faults.py).
UNAVAILABLE = "unavailable"  # HTTP 503, nothing is done
BAD_GATEWAY = "bad-gateway"  # HTTP 502, nothing is done
GATEWAY_TIMEOUT = "gateway-timeout"  # HTTP 504, nothing is done
SERVER_ERROR = "server-error"  # HTTP 500 without a body of the service, nothing is done
CLOSED = "closed"  # the connection is closed without an answer, nothing is done
SLOW = "slow"  # done, answer after params["seconds"], and up to params["jitter"] more
SLOW_BODY = "slow-body"  # done, the body in params["pieces"] pieces over params["seconds"]
CUT_AFTER_COMMIT = "cut-after-commit"  # done, then the connection is dropped before the answer
CUT_IN_BODY = "cut-in-body"  # done, then the connection is dropped in the middle of the body
MALFORMED = "malformed"  # done, the answer's body is truncated
WRONG_CONTENT_TYPE = "wrong-content-type"  # done, answer as text/html
NOT_XML = "not-xml"  # done, a body that is no XML under the right Content-Type
EMPTY = "empty"  # done, HTTP 200 and no body
BAD_CERTIFICATE = "bad-certificate"  # at the handshake, whatever the transaction
NOT_DONE = (UNAVAILABLE, BAD_GATEWAY, GATEWAY_TIMEOUT, SERVER_ERROR, CLOSED)  # the service sees nothing
SPOILT = (
    SLOW,
    SLOW_BODY,
    CUT_AFTER_COMMIT,
    CUT_IN_BODY,
    MALFORMED,
    WRONG_CONTENT_TYPE,
    NOT_XML,
    EMPTY,
)
GENERIC = NOT_DONE + SPOILT
TLS = "TLS"  # the transaction of what goes wrong at the handshake


@dataclass(frozen=True, slots=True)
class Fault:
    """`skip` calls of that transaction go through first, then `times` calls suffer (0: all of them).

    `every`: after `skip`, only one call out of `every` suffers, the last of each lot. `transaction` ending in
    `*` matches by prefix, never TLS. `patient`: 15-character matricule that the VIHF of the call must name;
    other calls are not counted.
    """

    service: str
    transaction: str
    kind: str
    skip: int = 0
    times: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    every: int = 1
    patient: str = ""

    def concerns(self, service: str, transaction: str) -> bool:
        if service != self.service:
            return False
        if self.transaction.endswith("*") and transaction != TLS:
            return transaction.startswith(self.transaction[:-1])
        return transaction == self.transaction

    def due(self, call: int) -> bool:
        """Whether the call of this rank (1: the first that it concerns) suffers."""
        turn, rest = divmod(call - self.skip, self.every)
        return turn > 0 and rest == 0 and (self.times == 0 or turn <= self.times)

    def told(self) -> str:
        """Kind and parameters, in one line: `registry-error XDSRegistryBusy`, `slow seconds=3`.

        A code goes without its name: reports would take `code=` for a secret of OAuth and shorten it.
        """
        code = [_quoted(self.params["code"])] if "code" in self.params else []
        others = (f"{name}={_quoted(value)}" for name, value in self.params.items() if name != "code")
        return " ".join([self.kind, *code, *others])


def _quoted(value: object) -> str:
    text = str(value)
    plain = text and not any(char.isspace() or char in "'\"\\" for char in text)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Counted:
    """A scheduled fault, its number, the calls that it concerned so far, and those that suffered."""

    number: int
    fault: Fault
    seen: int = 0
    played: int = 0

    @property
    def over(self) -> bool:
        """Whether it will never be played again."""
        return bool(self.fault.times) and self.played >= self.fault.times


class FaultPlan:
    """The scheduled faults of a run, consumed call by call.

    `carried` gives, by matricule, the faults that a patient carries: they stay when the plan is cleared, and
    come after those that were scheduled.
    """

    def __init__(self, carried: Mapping[str, Sequence[Fault]] | None = None) -> None:
        self._lock = threading.Lock()
        self._scheduled: list[Counted] = []
        self._numbers = 0
        self._carried: Mapping[str, Sequence[Fault]] = {} if carried is None else carried
        self._by_patient: dict[tuple[str, int], Counted] = {}  # matricule and rank of its fault

    def schedule(self, fault: Fault) -> int:
        """Add a fault; returns its number."""
        with self._lock:
            self._numbers += 1
            self._scheduled.append(Counted(self._numbers, fault))
            return self._numbers

    def clear(self) -> None:
        """Forget every scheduled fault; patients keep theirs."""
        with self._lock:
            self._scheduled.clear()

    def remove(self, number: int) -> None:
        """Forget one fault. Raises LookupError when there is none of this number."""
        with self._lock:
            kept = [one for one in self._scheduled if one.number != number]
            if len(kept) == len(self._scheduled):
                raise LookupError(number)
            self._scheduled = kept

    def scheduled(self) -> list[Fault]:
        with self._lock:
            return [one.fault for one in self._scheduled]

    def counted(self) -> list[Counted]:
        """The scheduled faults as they stand."""
        with self._lock:
            return list(self._scheduled)

    @property
    def idle(self) -> bool:
        """Whether no call has anything to suffer: nothing is scheduled, no patient carries anything."""
        return not self._scheduled and not self._carried

    def take(self, service: str, transaction: str, whose: Callable[[], str] = lambda: "") -> Fault | None:
        """The fault that this call must suffer, if any; counts the call.

        `whose` finds the patient of the call; it is only asked when a patient matters.
        """
        with self._lock:
            if self.idle:
                return None
            if transaction == TLS or (
                not self._carried and not any(one.fault.patient for one in self._scheduled)
            ):
                patient = ""
            else:
                patient = whose()
            hit: Fault | None = None
            for at, one in enumerate(self._scheduled):
                fault = one.fault
                if fault.concerns(service, transaction) and fault.patient in ("", patient):
                    self._scheduled[at], hit = _counting(one, hit)
            for rank, fault in enumerate(self._carried.get(patient, ())):
                if fault.concerns(service, transaction):
                    one = self._by_patient.get((patient, rank)) or Counted(0, fault)
                    self._by_patient[(patient, rank)], hit = _counting(one, hit)
            return hit


def _counting(one: Counted, hit: Fault | None) -> tuple[Counted, Fault | None]:
    """This call counted; the fault to suffer is the first that is due."""
    seen = one.seen + 1
    if hit is not None or not one.fault.due(seen):
        return replace(one, seen=seen), hit
    return replace(one, seen=seen, played=one.played + 1), _drawn(one.fault, one.played)


def _drawn(fault: Fault, turn: int) -> Fault:
    """The fault with its jitter drawn: the same seed and turn, the same delay."""
    if "jitter" not in fault.params:
        return fault
    digest = hashlib.sha256(f"{fault.params.get('seed', 0)}:{turn}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    seconds = float(fault.params.get("seconds", 0.0)) + share * float(fault.params["jitter"])
    return replace(fault, params={**fault.params, "seconds": round(seconds, 3)})
