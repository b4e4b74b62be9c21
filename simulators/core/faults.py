"""The fault schedule: what goes wrong, where, and on which call. Deterministic, never a probability."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Kinds that the hosting applies to any service. Each service may know more (see its faults.py).
UNAVAILABLE = "unavailable"  # HTTP 503, nothing is done
SERVER_ERROR = "server-error"  # HTTP 500 without a body of the service, nothing is done
SLOW = "slow"  # done, answer after params["seconds"]
CUT_AFTER_COMMIT = "cut-after-commit"  # done, then the connection is dropped before the answer
MALFORMED = "malformed"  # done, the answer's body is truncated
WRONG_CONTENT_TYPE = "wrong-content-type"  # done, answer as text/html
GENERIC = (UNAVAILABLE, SERVER_ERROR, SLOW, CUT_AFTER_COMMIT, MALFORMED, WRONG_CONTENT_TYPE)


@dataclass(frozen=True, slots=True)
class Fault:
    """`skip` calls of that transaction go through first, then `times` calls suffer (0: all of them).

    `transaction` ending in `*` matches by prefix.
    """

    service: str
    transaction: str
    kind: str
    skip: int = 0
    times: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    def concerns(self, service: str, transaction: str) -> bool:
        if service != self.service:
            return False
        if self.transaction.endswith("*"):
            return transaction.startswith(self.transaction[:-1])
        return transaction == self.transaction


class FaultPlan:
    """The scheduled faults of a run, consumed call by call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[Fault, list[int]]] = []  # fault, [calls seen]

    def schedule(self, fault: Fault) -> None:
        with self._lock:
            self._entries.append((fault, [0]))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def scheduled(self) -> list[Fault]:
        with self._lock:
            return [fault for fault, _ in self._entries]

    def take(self, service: str, transaction: str) -> Fault | None:
        """The fault that this call must suffer, if any; counts the call."""
        with self._lock:
            hit: Fault | None = None
            for fault, seen in self._entries:
                if not fault.concerns(service, transaction):
                    continue
                seen[0] += 1
                due = seen[0] > fault.skip and (fault.times == 0 or seen[0] <= fault.skip + fault.times)
                if due and hit is None:
                    hit = fault
            return hit
