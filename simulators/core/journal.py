"""Append-only, hash-chained store of exchanges, with the findings that judgement adds to them."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from schemas.finding import Finding

from .clock import Clock
from .exchange import Exchange

Listener = Callable[[Exchange, tuple[Finding, ...]], None]


class Journal:
    """The memory of a run. Services append, scenarios read and wait, reports read at the end.

    Deep judgement goes through `judge_later`: it runs in one worker after the answer has left, and
    `settle` waits for it. An exception there is kept in `bench_errors`, apart from findings.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._exchanges: list[Exchange] = []
        self._findings: dict[int, tuple[Finding, ...]] = {}
        self._changed = threading.Condition()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judgement")
        self._pending: set[Future[None]] = set()
        self._listeners: list[Listener] = []
        self.bench_errors: list[tuple[int, str]] = []
        self.scenario = ""  # id of the running scenario: stamped on each exchange

    def append(self, exchange: Exchange, findings: Iterable[Finding] = ()) -> Exchange:
        """Number, chain and store an exchange; returns it as stored."""
        with self._changed:
            number = len(self._exchanges) + 1
            draft = replace(exchange, number=number, scenario=exchange.scenario or self.scenario)
            previous = self._exchanges[-1].chain if self._exchanges else ""
            stored = replace(draft, chain=draft.seal(previous))
            self._exchanges.append(stored)
            self._findings[number] = tuple(findings)
            self._changed.notify_all()
        self._tell(stored)
        return stored

    def add_findings(self, exchange: Exchange, findings: Iterable[Finding]) -> None:
        """Add findings made after the answer left."""
        added = tuple(findings)
        if not added:
            return
        with self._changed:
            self._findings[exchange.number] += added
            self._changed.notify_all()
        self._tell(exchange)

    def judge_later(self, exchange: Exchange, judge: Callable[[], Iterable[Finding]]) -> None:
        """Run a judgement in the worker; its findings join the exchange."""

        def work() -> None:
            try:
                self.add_findings(exchange, judge())
            except Exception as error:
                self.bench_errors.append((exchange.number, f"{type(error).__name__}: {error}"))

        future = self._worker.submit(work)
        with self._changed:
            self._pending.add(future)
        future.add_done_callback(self._forget)

    def _forget(self, future: "Future[None]") -> None:
        with self._changed:
            self._pending.discard(future)

    def settle(self, timeout: float = 30.0) -> None:
        """Wait until every judgement asked for is made. Raises TimeoutError."""
        with self._changed:
            pending = set(self._pending)
        if wait(pending, timeout=timeout).not_done:
            raise TimeoutError("judgement did not finish")

    def findings(self, exchange: Exchange) -> tuple[Finding, ...]:
        with self._changed:
            return self._findings.get(exchange.number, ())

    @property
    def position(self) -> int:
        """Number of the last exchange: a mark for `since`."""
        with self._changed:
            return len(self._exchanges)

    def exchanges(
        self, *, since: int = 0, service: str | None = None, transaction: str | None = None
    ) -> list[Exchange]:
        """Exchanges after position `since`, filtered. A transaction ending in `*` matches by prefix."""
        with self._changed:
            taken = self._exchanges[since:]
        return [item for item in taken if matches(item, service, transaction)]

    def get(self, number: int) -> Exchange | None:
        with self._changed:
            return self._exchanges[number - 1] if 0 < number <= len(self._exchanges) else None

    def wait_for(
        self,
        found: Callable[[list[Exchange]], bool],
        *,
        since: int = 0,
        timeout: float = 10.0,
    ) -> bool:
        """Wait until the exchanges after `since` satisfy `found`; False when time ran out."""
        deadline = self._clock.ticks() + timeout
        with self._changed:
            while not found(self._exchanges[since:]):
                left = deadline - self._clock.ticks()
                if left <= 0 or not self._changed.wait(left):
                    return found(self._exchanges[since:])
            return True

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(exchange, findings)` on each append and each judgement; returns the way to stop.

        Listeners are called from the thread that appends: they must be quick.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, exchange: Exchange) -> None:
        for listener in tuple(self._listeners):
            listener(exchange, self.findings(exchange))

    def intact(self) -> bool:
        """Whether the hash chain holds from the first exchange to the last."""
        previous = ""
        for exchange in self.exchanges():
            if exchange.chain != replace(exchange, chain="").seal(previous):
                return False
            previous = exchange.chain
        return True

    def close(self) -> None:
        """Finish pending judgements and stop the worker."""
        self._worker.shutdown(wait=True)


def matches(exchange: Exchange, service: str | None, transaction: str | None) -> bool:
    """Whether an exchange is of this service and transaction (`*` at the end: by prefix)."""
    if service is not None and exchange.service != service:
        return False
    if transaction is None:
        return True
    if transaction.endswith("*"):
        return exchange.transaction.startswith(transaction[:-1])
    return exchange.transaction == transaction
