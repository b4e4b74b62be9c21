"""Append-only, hash-chained store of exchanges, with the findings that judgement adds to them.

A run needs all of its exchanges, and keeps them in memory. A server that runs for weeks keeps the last ones
(`limit`), and all of them on disk where there is a ledger, which other processes may write too.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from schemas.finding import Finding

from .clock import Clock
from .exchange import Exchange
from .ledger import Ledger, judgement

OVERHEAD = 8_000  # bytes that an exchange weighs beside its bodies: heads, facts, findings
MARGIN = 64  # exchanges forgotten at once
BACKLOG = 256  # judgements to come at most where there is a limit: then the next call waits
FOLLOWED = 1_000  # lines of other processes taken in at once; older ones are only on disk
FAILURES = 1_000  # bench errors kept at most where there is a limit

Listener = Callable[[Exchange, tuple[Finding, ...]], None]


class Journal:
    """The memory of a run. Services append, scenarios read and wait, reports read at the end.

    Deep judgement goes through `judge_later`: it runs in one worker after the answer has left, and
    `settle` waits for it. An exception there is kept in `bench_errors`, apart from findings.
    `limit`: bytes that the exchanges kept in memory may weigh, the oldest are forgotten; None: no limit.
    `follows`: also keeps what other processes write into the ledger, else only what this one writes.
    """

    def __init__(
        self,
        clock: Clock,
        limit: int | None = None,
        ledger: Ledger | None = None,
        *,
        follows: bool = False,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._ledger = ledger
        self._follows = follows
        self._exchanges: list[Exchange] = []
        self._weight = 0
        self._before = ""  # chain of the last exchange that was forgotten
        self._findings: dict[int, tuple[Finding, ...]] = {}
        self._changed = threading.Condition()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judgement")
        self._pending: set[Future[None]] = set()
        self._listeners: list[Listener] = []
        self._news: list[bytes] = []  # lines of other processes
        self.bench_errors: list[tuple[int, str]] = []
        self.scenario = ""  # id of the running scenario: stamped on each exchange

    def append(self, exchange: Exchange, findings: Iterable[Finding] = ()) -> Exchange:
        """Number, chain and store an exchange; returns it as stored."""
        found = tuple(findings)
        if self.scenario and not exchange.scenario:
            exchange = replace(exchange, scenario=self.scenario)
        with self._changed:
            if self._ledger is None:
                draft = replace(exchange, number=self._last + 1)
                stored = replace(draft, chain=draft.seal(self._chain))
                heard: list[Exchange] = []
            else:
                stored = self._ledger.append(exchange, self._hear)
                heard = self._take_news()
                if found:
                    self._ledger.judged(stored.number, found, self._hear)
            self._keep(stored, found)
            self._changed.notify_all()
        for one in (*heard, stored):
            self._tell(one)
        return stored

    def refresh(self) -> None:
        """Take in what other processes have written, where this journal follows them."""
        if self._ledger is None or not self._follows:
            return
        with self._changed:
            self._ledger.news(self._hear)
            heard = self._take_news()
            if heard:
                self._changed.notify_all()
        for one in heard:
            self._tell(one)

    def _hear(self, line: bytes) -> None:
        if self._follows:
            self._news.append(line)

    def _take_news(self) -> list[Exchange]:
        """Keep what the lines heard tell; returns the exchanges that they are about, each once."""
        told: dict[int, Exchange] = {}
        news, self._news = self._news, []
        for line in news[-FOLLOWED:]:
            later = judgement(line)
            if later is None:
                assert self._ledger is not None
                found = self._ledger.exchange(line)
                if found is not None:
                    self._keep(found, ())
                    told[found.number] = found
                continue
            number, findings, error = later
            known = self._get(number)
            if error:
                self._fail(number, error)
            elif known is not None:
                self._findings[number] += findings
                told[number] = known
        return list(told.values())

    def _keep(self, exchange: Exchange, findings: tuple[Finding, ...]) -> None:
        self._exchanges.append(exchange)
        self._findings[exchange.number] = findings
        if self._limit is None:
            return
        self._weight += _weight(exchange)
        if self._weight > self._limit:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Down to a little less than the limit; the last exchange always stays."""
        assert self._limit is not None
        gone = 0
        while gone < len(self._exchanges) - 1 and (gone < MARGIN or self._weight > self._limit):
            one = self._exchanges[gone]
            self._weight -= _weight(one)
            self._before = one.chain
            self._findings.pop(one.number, None)
            gone += 1
        del self._exchanges[:gone]

    def _fail(self, number: int, error: str) -> None:
        self.bench_errors.append((number, error))
        if self._limit is not None:
            del self.bench_errors[:-FAILURES]

    def fail(self, exchange: Exchange, error: str) -> None:
        """Keep that the bench itself failed at this exchange."""
        with self._changed:
            self._fail(exchange.number, error)
            if self._ledger is not None:
                self._ledger.failed(exchange.number, error, self._hear)

    def add_findings(self, exchange: Exchange, findings: Iterable[Finding]) -> None:
        """Add findings made after the answer left."""
        added = tuple(findings)
        if not added:
            return
        with self._changed:
            if exchange.number in self._findings:
                self._findings[exchange.number] += added
            if self._ledger is not None:
                self._ledger.judged(exchange.number, added, self._hear)
            self._changed.notify_all()
        self._tell(exchange)

    def judge_later(self, exchange: Exchange, judge: Callable[[], Iterable[Finding]]) -> None:
        """Run a judgement in the worker; its findings join the exchange."""

        def work() -> None:
            try:
                self.add_findings(exchange, judge())
            except Exception as error:
                self.fail(exchange, f"{type(error).__name__}: {error}")

        with self._changed:
            while self._limit is not None and len(self._pending) >= BACKLOG:
                self._changed.wait()
            future = self._worker.submit(work)
            self._pending.add(future)
        future.add_done_callback(self._forget)

    def _forget(self, future: "Future[None]") -> None:
        with self._changed:
            self._pending.discard(future)
            self._changed.notify_all()

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
        self.refresh()
        with self._changed:
            return self._last

    def exchanges(
        self, *, since: int = 0, service: str | None = None, transaction: str | None = None
    ) -> list[Exchange]:
        """Exchanges after position `since`, filtered. A transaction ending in `*` matches by prefix."""
        self.refresh()
        with self._changed:
            taken = self._since(since)
        return [item for item in taken if matches(item, service, transaction)]

    def get(self, number: int) -> Exchange | None:
        """The exchange of this number; None when there is none, or when it was forgotten."""
        self.refresh()
        with self._changed:
            return self._get(number)

    @property
    def _last(self) -> int:
        if self._ledger is not None:
            return self._ledger.last
        return self._exchanges[-1].number if self._exchanges else 0

    @property
    def _chain(self) -> str:
        return self._exchanges[-1].chain if self._exchanges else ""

    def _since(self, number: int) -> list[Exchange]:
        return self._exchanges[bisect_right(self._exchanges, number, key=_number) :]

    def _get(self, number: int) -> Exchange | None:
        at = bisect_right(self._exchanges, number, key=_number) - 1
        found = self._exchanges[at] if at >= 0 else None
        return found if found is not None and found.number == number else None

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
            while not found(self._since(since)):
                left = deadline - self._clock.ticks()
                if left <= 0 or not self._changed.wait(left):
                    return found(self._since(since))
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
        """Whether the hash chain holds, from the first exchange of the ledger, else of those kept."""
        if self._ledger is not None:
            return self._ledger.intact()
        previous = self._before
        for exchange in self.exchanges():
            if exchange.chain != replace(exchange, chain="").seal(previous):
                return False
            previous = exchange.chain
        return True

    def close(self) -> None:
        """Finish pending judgements, stop the worker, close the ledger."""
        self._worker.shutdown(wait=True)
        if self._ledger is not None:
            self._ledger.close()

    @property
    def load(self) -> dict[str, int]:
        """What this journal holds, to see that it does not grow: exchanges kept, judgements to come."""
        with self._changed:
            return {"kept": len(self._exchanges), "pending": len(self._pending)}


def _number(exchange: Exchange) -> int:
    return exchange.number


def _weight(exchange: Exchange) -> int:
    lines = sum(len(line.text) + 100 for line in exchange.dialogue)
    heads = len(exchange.request_head) + len(exchange.response_head)
    return OVERHEAD + len(exchange.request_body) + len(exchange.response_body) + heads + lines


def matches(exchange: Exchange, service: str | None, transaction: str | None) -> bool:
    """Whether an exchange is of this service and transaction (`*` at the end: by prefix)."""
    if service is not None and exchange.service != service:
        return False
    if transaction is None:
        return True
    if transaction.endswith("*"):
        return exchange.transaction.startswith(transaction[:-1])
    return exchange.transaction == transaction
