"""The whole stack: it starts where it is told, says where it is, keeps to itself, and stops cleanly."""

import json
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from simulators.core import pki as pkis
from simulators.core.clock import Clock
from simulators.core.environment import PORTS, Environment
from simulators.core.identities import MEDECIN
from simulators.core.pki import Pki
from simulators.dmp.settings import DmpSettings
from simulators.stack import Stack, StackSettings, recorded_judge


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pkis.create(tmp_path_factory.mktemp("pki"), Clock().now())


def free_base() -> int:
    """A port base whose ports are all free, just now."""
    for _ in range(50):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            base = probe.getsockname()[1]
        if base + len(PORTS) > 65_000:
            continue
        opened = []
        try:
            for offset in range(len(PORTS)):
                opened.append(socket.create_server(("127.0.0.1", base + offset)))
        except OSError:
            continue
        finally:
            for one in opened:
                one.close()
        return base
    pytest.fail("no free range of ports")


def discovery(stack: Stack) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        url = f"{stack.environment.psc_issuer}/.well-known/openid-configuration"
        return session.get(url, verify=str(stack.pki.ca_bundle), timeout=5)


def test_ports_follow_the_base(pki: Pki, tmp_path: Path) -> None:
    base = free_base()
    with Stack(StackSettings(seed=1, pki=pki.folder, port_base=base)) as stack:
        told = stack.environment
        assert f":{base}/" in told.dmp_url and f":{base + 1}/" in told.insi_url
        mail = (told.smtp, told.imap, told.smtp_app, told.imap_app)
        assert [one.port for one in mail] == [base + PORTS.index(n) for n in PORTS[4:8]]
        assert told.control_url == f"http://127.0.0.1:{base + 8}"
        told.write(tmp_path / "environment.json")
        read = json.loads((tmp_path / "environment.json").read_text(encoding="utf-8"))
        assert Environment.from_dict(read) == told
        assert discovery(stack).json()["issuer"] == told.psc_issuer
    with Stack(StackSettings(seed=1, pki=pki.folder, port_base=base)) as again:  # the ports were given back
        assert discovery(again).status_code == 200


def test_two_stacks_keep_to_themselves(pki: Pki) -> None:
    one, other = (StackSettings(seed=seed, pki=pki.folder) for seed in (1, 2))
    with Stack(one) as first, Stack(other) as second:
        port = int(first.environment.dmp_url.split(":")[2].partition("/")[0])
        context = ssl.create_default_context(cafile=str(pki.ca_bundle))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            pytest.raises(ssl.SSLError),
        ):
            context.wrap_socket(raw, server_hostname="localhost")
        assert first.journal.wait_for(lambda seen: bool(seen), timeout=5)
        assert [item.transaction for item in first.journal.exchanges()] == ["TLS.refused"]
        assert second.journal.position == 0
        assert first.environment.psc_client_secret != second.environment.psc_client_secret
        assert first.pki.fingerprint == second.pki.fingerprint


def test_it_stops_cleanly_and_quickly(pki: Pki) -> None:
    before = threading.active_count()
    clock = Clock()
    stack = Stack(StackSettings(seed=1, pki=pki.folder))
    stack.start()
    host, port = stack.environment.control_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as page:  # a live page left open
        page.sendall(f"GET /api/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        assert page.recv(4096).startswith(b"HTTP/1.1 200")
        started = clock.ticks()
        stack.stop()
        assert clock.ticks() - started < 3
    assert threading.active_count() <= before


def test_it_listens_on_the_loopback(pki: Pki) -> None:
    with Stack(StackSettings(seed=1, pki=pki.folder)) as stack:
        for name, listener in stack._listeners.items():
            assert listener.host == "127.0.0.1", name


def test_records_are_judged_again_without_a_socket(pki: Pki) -> None:
    settings = StackSettings(seed=1, pki=pki.folder)
    with Stack(settings) as stack, requests.Session() as session:
        session.trust_env = False
        base = stack.environment.psc_issuer.partition("/auth/")[0]
        session.get(f"{base}/auth?client_id=x", verify=str(pki.ca_bundle), timeout=5)
        session.get(
            f"{stack.environment.annuaire_url}/Practitioner?cle=x", verify=str(pki.ca_bundle), timeout=5
        )
        seen = [(item, stack.journal.findings(item)) for item in stack.journal.exchanges()]
    judge = recorded_judge(settings)
    assert len(seen) == 2
    for exchange, findings in seen:
        assert tuple(judge(exchange)) == findings != ()


def test_nothing_heavy_is_imported_to_start() -> None:
    """Start-up is counted in tenths of a second: what only some exchanges need comes later."""
    heavy = {"faker", "pypdfium2", "pikepdf", "fpdf", "zxingcpp", "segno", "jinja2", "xmlschema", "responses"}
    script = "import sys, simulators.stack; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()


def test_others_act_on_a_running_stack(pki: Pki) -> None:
    """A document, many, a block, an opposition, another INS, a closure: as a third party would."""
    with Stack(StackSettings(seed=1, pki=pki.folder)) as stack:
        patient = stack.population.derive("a")
        made = stack.deposit(patient, kind="EXPPAT_1")
        many = stack.deposit_many(patient, 30)
        stack.others.authorise(patient, "EXPIRE")
        changed = stack.others.change_ins(patient)
        stack.others.oppose(changed, glass=True)
        closed = stack.others.close(changed, "voilà")
        told = stack.record(closed)
        assert {one["unique_id"] for one in told["documents"]} == {one.unique_id for one in (made, *many)}
        assert {one["holder"]: one["state"] for one in told["authorisations"]}[MEDECIN.id_nat] == "EXPIRE"
        assert (closed.dmp, closed.closure, closed.opposes_glass) == ("ferme", "voilà", True)
        assert closed.former == (patient.ins,)


def test_a_stack_is_set(pki: Pki) -> None:
    dmp = DmpSettings(max_results=3)
    with Stack(StackSettings(seed=1, pki=pki.folder, dmp=dmp)) as stack:
        assert [one["name"] for one in stack.dmp_settings() if one["changed"]] == ["max_results"]
    with pytest.raises(ValueError, match=r"dmp\.homonyms"):
        Stack(StackSettings(seed=1, pki=pki.folder, dmp=DmpSettings(homonyms=0))).start()
