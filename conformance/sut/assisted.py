"""Driver `assisted`: a person is told what to do in the software; the traffic decides, or the person does."""

import base64
import json
import queue
import threading
from pathlib import Path
from typing import Any, Protocol

from conformance.config import SutConfig
from reports.record import Software
from schemas.actions import PROFILES, Action, actions, problems
from schemas.messages import text
from simulators.core.exchange import Exchange
from simulators.core.journal import Journal

from .driver import Answer, Json, SutError

# The exchange by which the bench knows that the person has done it.
WITNESS = {
    "identity.search": ("insi", "INSi.traits"),
    "dmp.status": ("dmp", "TD0.2"),
    "dmp.authorise": ("dmp", "TD0.3"),
    "document.submit": ("dmp", "TD2.1"),
    "document.search": ("dmp", "TD3.1"),
    "document.retrieve": ("dmp", "TD3.2"),
    "document.forward": ("dmp", "TD2.1"),
    "document.integrate": ("dmp", "TD3.2"),
    "document.preload": ("dmp", "TD3.2"),
    "patient.open": ("dmp", "TD0.2"),
    "dmp.patients": ("dmp", "TD0.4"),
    "dmp.find": ("dmp", "TD0.5"),
    "dmp.record": ("dmp", "TD1.3a"),
    "dmp.professionals": ("dmp", "TD1.6"),
    "prescription.scan": ("epu", "EPU.read"),
    "prescription.dispense": ("epu", "EPU.dispense"),
    "prescription.cancel": ("epu", "EPU.cancel"),
    "prescription.execution": ("epu", "EPU.execution"),
    "mail.send": ("mssante", "SMTP.message"),
    "directory.search": ("annuaire", "ANN.search"),
    "document.update": ("dmp", "TD3.3"),
}


class Console(Protocol):
    """Where the person reads and types."""

    def show(self, text: str) -> None: ...

    def ask(self, prompt: str) -> str: ...


class Terminal:
    """The terminal of the person who runs the bench."""

    def show(self, text: str) -> None:
        print(text, flush=True)

    def ask(self, prompt: str) -> str:
        return input(prompt)


class AssistedDriver:
    """Shows each action as an instruction in French and waits for the traffic or for a word.

    `f` (or Enter): done; `r`: refused by the software; `e`: it failed; the message that it showed is asked.
    When a witness exchange arrives first, it decides. After `timeout` seconds without either: SutError.
    """

    name = "assisted"

    def __init__(self, sut: SutConfig, journal: Journal, console: Console) -> None:
        profiles = sut.profiles or PROFILES
        self._software = Software(
            name=sut.name or "logiciel assisté",
            version=sut.version or "?",
            vendor=sut.vendor,
            nil=sut.nil,
            profiles=tuple(profiles),
            actions=sut.actions or tuple(name for name in actions() if name != "environment.configure"),
            driver=self.name,
        )
        self._timeout = sut.timeout
        self._journal = journal
        self._console = console
        self._typed: queue.Queue[str] = queue.Queue()
        self._reader: threading.Thread | None = None

    def capabilities(self) -> Software:
        return self._software

    def configure(self, environment: Json) -> None:
        """The person reads the addresses in environment.json."""

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        known = actions()[action]
        since = self._journal.position
        self._console.show(instruction(known, context, arguments))
        verdict = self._decision(WITNESS.get(action), since)
        if isinstance(verdict, Exchange):
            outcome = "done" if verdict.accepted else "failed"
        else:
            outcome = {"r": "refused", "e": "failed"}.get(verdict, "done")
        messages: tuple[tuple[str, str], ...] = ()
        if outcome != "done":
            shown = self._read(text("assist.shown", "fr"))
            messages = (("error", shown),) if shown else ()
        data = self._data(known, verdict) if outcome == "done" else {}
        return Answer(outcome, data, messages)

    def _decision(self, witness: tuple[str, str] | None, since: int) -> Exchange | str:
        """The witness exchange, or the letter typed, whichever comes first."""
        arrived = threading.Event()

        def watch(exchange: Exchange, _: object) -> None:
            if (exchange.service, exchange.transaction) == witness and not arrived.is_set():
                arrived.set()
                self._typed.put("")

        stop = self._journal.subscribe(watch)
        try:
            self._start_reading(text("assist.prompt", "fr"))
            letter = self._typed.get(timeout=self._timeout)
        except queue.Empty:
            raise SutError(f"personne n'a répondu en {self._timeout:g} s") from None
        finally:
            stop()
        if arrived.is_set() and witness is not None:
            seen = self._journal.exchanges(since=since, service=witness[0], transaction=witness[1])
            self._console.show(text("assist.seen", "fr", transaction=seen[-1].transaction, id=seen[-1].id))
            return seen[-1]
        return letter.strip().lower()[:1]

    def _start_reading(self, prompt: str) -> None:
        """Read one line in a thread: traffic may decide before anybody types."""
        if self._reader is not None and self._reader.is_alive():
            self._console.show(prompt)  # the line asked before is still being waited for
            return

        def read() -> None:
            try:
                self._typed.put(self._console.ask(prompt))
            except EOFError:
                self._typed.put("e")

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()

    def _read(self, prompt: str) -> str:
        self._start_reading(prompt)
        try:
            return self._typed.get(timeout=self._timeout).strip()
        except queue.Empty:
            raise SutError(f"personne n'a répondu en {self._timeout:g} s") from None

    def _data(self, action: Action, verdict: Exchange | str) -> dict[str, Any]:
        """The data of the answer: from the traffic where it holds them, else asked from the person."""
        facts = dict(verdict.facts) if isinstance(verdict, Exchange) else {}
        data: dict[str, Any] = {}
        for name in action.data.get("required", ()):
            schema = action.data["properties"][name]
            if name in facts and not any(problems(schema, facts[name])):
                data[name] = facts[name]
                continue
            data[name] = _typed_value(schema, self._read(text("assist.value", "fr", name=name)))
        return data

    def close(self) -> None:
        """The reading thread is a daemon: it ends with the process."""


def instruction(action: Action, context: Json, arguments: Json) -> str:
    """What the person is told to do, in French."""
    user = text("assist.user", "fr", user=context["user"], scenario=context["scenario"])
    details = json.dumps(dict(arguments), ensure_ascii=False, indent=2) if arguments else "—"
    return f"\n■ {user}\n  {action.title_fr}\n{details}"


def _typed_value(schema: Json, typed: str) -> Any:
    """A typed line as the schema wants it. Raises SutError when a file cannot be read or JSON is wrong."""
    kind = schema.get("type")
    if kind == "boolean":
        return typed.lower() in ("o", "oui", "y", "yes", "1", "true")
    if schema.get("contentEncoding") == "base64":
        try:
            return base64.b64encode(Path(typed).read_bytes()).decode()
        except OSError as error:
            raise SutError(f"{typed} : {error.strerror}") from None
    if kind == "string" or (isinstance(kind, list) and "string" in kind):
        return typed or (None if isinstance(kind, list) else "")
    try:
        return json.loads(typed or "null")
    except ValueError:
        raise SutError(f"ce n'est pas du JSON : {typed!r}") from None
