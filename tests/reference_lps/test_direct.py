"""The software in direct authentication: the card connects and signs, and the DMP finds no fault."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from reference_lps.environment import Environment
from reference_lps.server import Server
from reference_lps.software import Software
from simulators.stack import Stack

from .conftest import Office


@pytest.fixture
def direct(stack: Stack, tmp_path: Path) -> Iterator[Office]:
    path = tmp_path / "environment.json"
    stack.environment.write(path)
    software = Software(Environment.read(path), direct=True)
    server = Server(software, 0)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield Office(software, stack, server, stack.journal.position)
    server.shutdown()
    server.server_close()
    software.close()


@pytest.mark.parametrize("user", ["medecin", "pharmacien"])
def test_feed_and_read_with_a_card(direct: Office, user: str) -> None:
    patient = direct.patient(f"carte-{user}")
    first = direct.do("document.submit", user, patient_id=patient, kind="lettre")["unique_id"]
    direct.do("document.submit", user, patient_id=patient, kind="lettre", replaces=first)
    direct.login(user)
    found = direct.do("document.search", user, patient_id=patient)["documents"]
    direct.do("document.retrieve", user, patient_id=patient, unique_id=found[0]["unique_id"])
    for transaction in ("TD0.2", "TD2.1", "TD3.1", "TD3.2"):
        facts = direct.seen("dmp", transaction)
        assert facts
        assert {(one["mode"], one["outcome"]) for one in facts} == {("DIRECTE", "accepted")}
    assert direct.errors() == []
