"""The four drivers: what they pass on, and what they say when the software does not follow the contract."""

import json
import queue
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from conformance.config import SutConfig
from conformance.sut.assisted import AssistedDriver
from conformance.sut.command import CommandDriver
from conformance.sut.driver import SutError
from conformance.sut.http import HttpDriver
from conformance.sut.inprocess import InProcessDriver
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.journal import Journal

CAPABILITIES = {
    "contract": "1",
    "name": "essai",
    "version": "2",
    "profiles": ["medecin"],
    "actions": ["session.logout"],
}
CONTEXT = {"run": "r", "scenario": "s", "user": "medecin", "now": None}
DONE = {"outcome": "done", "messages": [{"level": "info", "text": "au revoir"}], "data": {}}


class Vendor(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, bytes]]] = {}

    def do_GET(self) -> None:
        self.reply(200, json.dumps(CAPABILITIES).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(*self.answers[self.path])

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_http(endpoint: str) -> None:
    Vendor.answers = {"/actions/session.logout": (200, json.dumps(DONE).encode())}
    driver = HttpDriver(endpoint, 5.0)
    assert driver.capabilities().version == "2"
    answer = driver.call("session.logout", CONTEXT, {})
    assert (answer.done, answer.told()) == (True, "au revoir")
    driver.close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (500, b"<h1>oops</h1>", "HTTP 500"),
        (200, b"<html>", "JSON"),
        (200, b'{"outcome": "ok", "messages": [], "data": {}}', "contrat"),
        (200, b"[]", "contrat"),
        (200, b'{"outcome": "done", "messages": [{"level": "x", "text": ""}], "data": {}}', "contrat"),
    ],
)
def test_http_answers_that_break_the_contract(endpoint: str, status: int, body: bytes, said: str) -> None:
    Vendor.answers = {"/actions/session.logout": (status, body)}
    with pytest.raises(SutError, match=said):
        HttpDriver(endpoint, 5.0).call("session.logout", CONTEXT, {})


def test_http_unreachable() -> None:
    with pytest.raises(SutError, match="injoignable"):
        HttpDriver("http://127.0.0.1:9", 1.0).capabilities()


SCRIPT = """
import json, sys
verb, given = sys.argv[1], json.load(sys.stdin)
if verb == "capabilities":
    print(json.dumps({capabilities}))
elif verb == "session.logout":
    print(json.dumps({{"outcome": "done", "messages": [], "data": {{}}}}))
elif verb == "session.login":
    print("not json")
else:
    print("panne", file=sys.stderr); sys.exit(3)
"""


def test_command(tmp_path: Path) -> None:
    script = tmp_path / "pilote.py"
    script.write_text(SCRIPT.format(capabilities=CAPABILITIES))
    driver = CommandDriver([sys.executable, str(script)], 20.0)
    assert driver.capabilities().name == "essai"
    assert driver.call("session.logout", CONTEXT, {}).done
    with pytest.raises(SutError, match="JSON"):
        driver.call("session.login", CONTEXT, {})
    with pytest.raises(SutError, match="code de sortie 3 : panne"):
        driver.call("mail.fetch", CONTEXT, {})


def test_command_that_does_not_exist() -> None:
    with pytest.raises(SutError, match="absent"):
        CommandDriver(["./absent"], 5.0).capabilities()


class Product:
    """A vendor's object."""

    def capabilities(self) -> dict[str, Any]:
        return CAPABILITIES

    def call(self, action: str, context: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        if action == "session.login":
            raise RuntimeError("bug")
        return DONE


def test_in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "produit_essai.py").write_text("def fabrique():\n    return PRODUIT\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import produit_essai  # type: ignore[import-not-found]

    produit_essai.PRODUIT = Product()
    driver = InProcessDriver("produit_essai:fabrique")
    assert driver.capabilities().name == "essai"
    assert driver.call("session.logout", CONTEXT, {}).done
    with pytest.raises(SutError, match="RuntimeError : bug"):
        driver.call("session.login", CONTEXT, {})
    with pytest.raises(SutError, match="absent"):
        InProcessDriver("absent:fabrique")


class Person:
    """Types what the test puts in `lines`; keeps what was shown."""

    def __init__(self) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.shown: list[str] = []
        self.asked = threading.Event()

    def show(self, text: str) -> None:
        self.shown.append(text)

    def ask(self, prompt: str) -> str:
        self.asked.set()
        return self.lines.get()


@pytest.fixture
def journal() -> Iterator[Journal]:
    made = Journal(Clock())
    yield made
    made.close()


def test_assisted_a_person_decides(journal: Journal) -> None:
    person = Person()
    driver = AssistedDriver(SutConfig(driver="assisted", timeout=5.0), journal, person)
    person.lines.put("r")
    person.lines.put("identité non qualifiée")
    answer = driver.call("mail.send", CONTEXT, {"to": "patient"})
    assert (answer.outcome, answer.told()) == ("refused", "identité non qualifiée")
    assert "Envoyer un courriel MSSanté" in person.shown[0]
    assert "medecin" in person.shown[0]


def test_assisted_the_traffic_decides(journal: Journal) -> None:
    person = Person()
    driver = AssistedDriver(SutConfig(driver="assisted", timeout=5.0), journal, person)

    def traffic() -> None:
        person.asked.wait(5)
        facts = {"outcome": "accepted", "message_id": "<1@x>"}
        journal.append(Exchange(0, "mssante", "SMTP.message", Clock().now(), 0.0, facts=facts))

    threading.Thread(target=traffic).start()
    answer = driver.call("mail.send", CONTEXT, {"to": "patient"})
    assert (answer.outcome, answer.data) == ("done", {"message_id": "<1@x>"})


def test_assisted_what_the_traffic_says_otherwise_is_asked(journal: Journal) -> None:
    """The fact of that name is a list of matricules, the contract wants objects."""
    person = Person()
    driver = AssistedDriver(SutConfig(driver="assisted", timeout=5.0), journal, person)

    def traffic() -> None:
        person.asked.wait(5)
        facts = {"outcome": "accepted", "patients": ["255069999999934"]}
        journal.append(Exchange(0, "dmp", "TD0.4", Clock().now(), 0.0, facts=facts))
        person.lines.put("[]")

    threading.Thread(target=traffic).start()
    answer = driver.call("dmp.patients", CONTEXT, {"since": "2026-01-01", "by": "document"})
    assert (answer.outcome, answer.data) == ("done", {"patients": []})


def test_assisted_nobody_answers(journal: Journal) -> None:
    driver = AssistedDriver(SutConfig(driver="assisted", timeout=0.05), journal, Person())
    with pytest.raises(SutError, match="personne"):
        driver.call("session.logout", CONTEXT, {})
