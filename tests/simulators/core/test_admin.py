"""The control API: what it shows, what it does, and whom it refuses."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from simulators.core import admin
from simulators.core.exchange import Exchange, Line
from simulators.core.identities import MEDECIN
from simulators.core.live import api
from simulators.core.live.page import page
from simulators.dmp.audit import Trace
from simulators.dmp.settings import sources
from simulators.stack import Stack


@pytest.fixture
def http(stack: Stack) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session
    stack.faults.clear()
    stack.clock.shift(timedelta(0))


@pytest.fixture
def url(stack: Stack) -> str:
    return stack.environment.control_url


@pytest.fixture
def recorded(stack: Stack) -> Callable[..., Exchange]:
    def make(**changes: Any) -> Exchange:
        draft: dict[str, Any] = {
            "number": 0,
            "service": "psc",
            "transaction": "PSC.token",
            "started": stack.clock.now(),
            "duration": 0.001,
            "facts": {"outcome": "accepted"},
        }
        return stack.journal.append(Exchange(**{**draft, **changes}))

    return make


def test_it_listens_on_the_loopback_only(stack: Stack) -> None:
    assert stack.environment.control_url.startswith("http://127.0.0.1:")
    with pytest.raises(ValueError, match="loopback"):
        import asyncio

        asyncio.run(admin.listen(stack, "0.0.0.0", 0))


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attaquant.example"},
        {"Host": "127.0.0.1.attaquant.example:80"},
        {"Host": ""},
        {"Origin": "https://attaquant.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_foreign_pages_are_refused(http: requests.Session, url: str, headers: dict[str, str]) -> None:
    for path in ("/", "/api/environment", "/api/events"):
        assert http.get(url + path, headers=headers, timeout=5).status_code == 403
    answer = http.post(f"{url}/api/faults", json={}, headers=headers, timeout=5)
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_its_own_names_are_accepted(http: requests.Session, url: str, name: str) -> None:
    host = f"{name}:{url.rpartition(':')[2]}"
    answer = http.get(f"{url}/api/clock", headers={"Host": host, "Origin": f"http://{host}"}, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 413),
        (b"[" * 50_000, "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"shift":"x"}', "application/json", 400),
        (b'{"shift":1e300}', "application/json", 400),
        (b'{"shift":NaN}', "application/json", 400),
        (b'{"shift":true}', "application/json", 400),
    ],
)
def test_input_is_json_and_sound(
    http: requests.Session, url: str, body: bytes, kind: str, status: int
) -> None:
    answer = http.post(f"{url}/api/clock", data=body, headers={"Content-Type": kind}, timeout=5)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/rien", "/api/exchanges/999999", "/api/exchanges/1/cookie", "/../etc/passwd"]
)
def test_what_does_not_exist(http: requests.Session, url: str, path: str) -> None:
    assert http.get(url + path, timeout=5).status_code == 404


def test_other_methods(http: requests.Session, url: str) -> None:
    assert http.put(f"{url}/api/clock", json={}, timeout=5).status_code == 405


def test_nothing_of_it_enters_the_journal(http: requests.Session, url: str, stack: Stack) -> None:
    before = stack.journal.position
    http.get(f"{url}/api/environment", timeout=5)
    assert stack.journal.position == before


def test_exchanges_are_decoded(http: requests.Session, url: str, recorded: Callable[..., Exchange]) -> None:
    made = recorded(
        request_head="POST /token HTTP/1.1\nAuthorization: Basic bGUtc2VjcmV0LWR1LWNsaWVudA==\n"
        "Content-Type: application/x-www-form-urlencoded",
        request_body=b"grant_type=authorization_code&code_verifier=un-verificateur-tres-long-et-secret",
        response_head="HTTP/1.1 200 OK\nContent-Type: application/json",
        response_body=json.dumps({"access_token": "jeton-tres-long-et-tres-secret-0123"}).encode(),
    )
    told = http.get(f"{url}/api/exchanges/{made.number}", timeout=5)
    assert "secret" not in told.text.replace("client_secret", "") and "bGUtc2VjcmV0" not in told.text
    content = told.json()
    assert content["request"]["blocks"][0]["kind"] == "form"
    assert content["response"]["blocks"][0]["text"].startswith("{\n")
    assert content["status"] == "200"
    raw = http.get(f"{url}/api/exchanges/{made.number}/request", timeout=5)
    assert raw.content == made.request_body
    assert raw.headers["Content-Disposition"].startswith("attachment")
    listed = http.get(f"{url}/api/exchanges?since={made.number - 1}", timeout=5).json()
    assert [item["id"] for item in listed["exchanges"]] == [made.id]
    assert http.get(f"{url}/api/exchanges?since=-1", timeout=5).status_code == 400


def test_findings_are_worded(
    http: requests.Session, url: str, stack: Stack, recorded: Callable[..., Exchange]
) -> None:
    from simulators.psc.rules import RULES

    made = recorded(transaction="PSC.authorize")
    stack.journal.add_findings(made, [RULES.rules["PSC-ACR"].finding("acr_values", "", "eidas1")])
    for lang, word in (("fr", "demande"), ("en", "request")):
        answer = http.get(f"{url}/api/findings?since={made.number - 1}&lang={lang}", timeout=5).json()
        (finding,) = answer["findings"]
        assert (finding["exchange"], finding["rule"]) == (made.number, "PSC-ACR")
        assert word in finding["text"] and finding["action"]


def events(connection: socket.socket) -> Iterator[dict[str, Any]]:
    """The data of each event of a stream."""
    for line in connection.makefile("r", encoding="utf-8"):
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_events_arrive_and_come_again_with_findings(
    url: str, stack: Stack, recorded: Callable[..., Exchange]
) -> None:
    from simulators.psc.rules import RULES

    past = recorded(transaction="PSC.jwks")
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        ask = f"GET /api/events?since={past.number - 1} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
        raw.sendall(ask.encode())
        stream = events(raw)
        assert next(stream)["number"] == past.number
        made = recorded(
            transaction="PSC.userinfo", facts={"outcome": "refused", "reason": "a\r\n\r\ndata: {}"}
        )
        seen = next(stream)
        while seen["number"] != made.number:
            seen = next(stream)
        assert seen["reason"] == "a\r\n\r\ndata: {}"
        stack.journal.add_findings(made, [RULES.rules["PSC-ACR"].finding("x")])
        assert next(stream)["errors"] == 1


def test_faults(http: requests.Session, url: str, stack: Stack) -> None:
    fault = {"service": "dmp", "transaction": "TD2.1", "kind": "unavailable", "times": 2}
    assert http.post(f"{url}/api/faults", json=fault, timeout=5).json()["faults"][0]["times"] == 2
    assert stack.faults.scheduled()[0].kind == "unavailable"
    for wrong in ({}, {**fault, "times": -1}, {**fault, "params": []}, {**fault, "kind": 3}):
        assert http.post(f"{url}/api/faults", json=wrong, timeout=5).status_code == 400
    assert http.delete(f"{url}/api/faults", timeout=5).json() == {"faults": []}


def test_faults_as_rules_with_their_counts(http: requests.Session, url: str, stack: Stack) -> None:
    for rule in ("psc/PSC.discovery: 2 bad-gateway", "TD2.1: every 5 slow 3"):
        answer = http.post(f"{url}/api/faults", json={"rule": rule}, timeout=5)
        assert answer.status_code == 200
    refused = http.post(f"{url}/api/faults", json={"rule": "TD2.1: registry-error XDSBusy"}, timeout=5)
    assert refused.status_code == 400 and "XDSRegistryBusy" in refused.json()["error"]
    unknown = {"service": "dmp", "transaction": "TD2.1", "kind": "earthquake"}
    assert http.post(f"{url}/api/faults", json=unknown, timeout=5).status_code == 400
    discovery = f"{stack.environment.psc_issuer}/.well-known/openid-configuration"
    codes = [http.get(discovery, verify=str(stack.pki.ca_bundle), timeout=5).status_code for _ in range(3)]
    assert codes == [200, 502, 200]
    first, second = http.get(f"{url}/api/faults", timeout=5).json()["faults"]
    assert (first["seen"], first["played"], first["over"]) == (3, 1, True)
    assert (second["told"], second["every"], second["seen"]) == ("slow seconds=3", 5, 0)
    left = http.delete(f"{url}/api/faults/{first['number']}", timeout=5).json()["faults"]
    assert [one["number"] for one in left] == [second["number"]]
    assert http.delete(f"{url}/api/faults/{first['number']}", timeout=5).status_code == 404


def test_the_page_is_told_which_fault_was_played(http: requests.Session, url: str, stack: Stack) -> None:
    stack.rule("psc/PSC.discovery: slow seconds=0.001")
    discovery = f"{stack.environment.psc_issuer}/.well-known/openid-configuration"
    http.get(discovery, verify=str(stack.pki.ca_bundle), timeout=5)
    last = http.get(f"{url}/api/exchanges?since={stack.journal.position - 1}", timeout=5).json()
    assert last["exchanges"][0]["fault"] == "slow seconds=0.001"


def test_clock(http: requests.Session, url: str, stack: Stack) -> None:
    assert http.post(f"{url}/api/clock", json={"shift": 180}, timeout=5).json()["shift"] == 180
    assert stack.clock.shifted.total_seconds() == 180
    assert http.post(f"{url}/api/clock", json={"shift": 0}, timeout=5).json()["shift"] == 0


def test_patients(http: requests.Session, url: str, stack: Stack) -> None:
    made = http.post(f"{url}/api/patients", json={"key": "x", "dmp": "ferme"}, timeout=5).json()
    assert stack.population.find(made["matricule"]) is not None
    assert made in http.get(f"{url}/api/patients", timeout=5).json()["patients"]
    carrier = http.post(f"{url}/api/patients", json={"key": "y", "incident": "lent"}, timeout=5).json()
    assert carrier["incident"] == "lent"
    for wrong in (
        {"key": "x", "incident": "inconnu"},
        {},
        {"key": "x", "dmp": "ouvert"},
        {"key": "x", "nir": "1"},
    ):
        assert http.post(f"{url}/api/patients", json=wrong, timeout=5).status_code == 400


def test_flags_of_patients(http: requests.Session, url: str) -> None:
    asked = {"key": "drapeaux", "opposes_glass": True, "ins_changed": True, "deceased": True, "minor": True}
    made = http.post(f"{url}/api/patients", json=asked, timeout=5).json()
    assert made["flags"] == ["opposes_glass", "deceased"]
    assert len(made["representatives"]) == 2
    (former,) = made["former"]
    assert http.get(f"{url}/api/patients/{former}", timeout=5).json()["patient"] == made
    assert http.get(f"{url}/api/patients/279035121518900", timeout=5).status_code == 404
    assert http.get(f"{url}/api/patients/x", timeout=5).status_code == 404


def test_a_record_and_its_trail(http: requests.Session, url: str, stack: Stack) -> None:
    patient = stack.population.derive("trace", authorisation="NON_EXISTE")
    stack.deposit(patient, kind="lettre", flags=["MASQUE_PS"])
    stack.others.authorise(patient, "INTERDIT")
    now = stack.clock.now()
    stack.services.dmp.audit.add(
        patient.ins.matricule,
        Trace(now, "899700100045", "1", "DIRECTE", "bris_de_glace", "coma", "TD3.2", ("1.2",), "accepted"),
    )
    told = http.get(f"{url}/api/patients/{patient.ins.matricule}", timeout=5).json()
    (document,) = told["documents"]
    assert (document["type_code"], document["flags"]) == ("11488-4", ["MASQUE_PS", "N"])
    (one,) = told["authorisations"]
    assert (one["holder"], one["state"]) == (MEDECIN.id_nat, "INTERDIT")
    (trace,) = told["trail"]
    assert (trace["who"], trace["reason"], trace["documents"]) == ("899700100045", "coma", ["1.2"])
    (notice,) = told["notifications"]
    assert (notice["who"], notice["documents"]) == ("899700100045", ["1.2"])
    assert notice["first"] == trace["when"]


@pytest.mark.parametrize(("lang", "said"), [("fr", "hypothèse du banc"), ("en", "hypothesis of the bench")])
def test_settings_of_the_dmp_are_told(http: requests.Session, url: str, lang: str, said: str) -> None:
    told = http.get(f"{url}/api/dmp/settings?lang={lang}", timeout=5).json()["settings"]
    assert {one["name"] for one in told} == set(sources())
    assert not any(one["changed"] for one in told)
    assert said in {one["source"] for one in told}
    assert all(one["what"] and not one["what"].startswith("dmp.setting") for one in told)


def test_the_laboratory(http: requests.Session, url: str) -> None:
    sent = http.post(f"{url}/api/laboratory/mail", json={"patient": "labo"}, timeout=20).json()
    assert sent["message_id"] and sent["unique_id"]
    deposited = http.post(f"{url}/api/laboratory/deposit", json={"patient": "labo"}, timeout=20).json()
    assert deposited["unique_id"] != sent["unique_id"]
    wrong = {"patient": "labo", "variant": "inconnue"}
    assert http.post(f"{url}/api/laboratory/mail", json=wrong, timeout=5).status_code == 400


def test_sessions_are_ended(http: requests.Session, url: str) -> None:
    assert http.post(f"{url}/api/mail/kick", json={}, timeout=5).json() == {}
    revoked = http.post(f"{url}/api/psc/revoke", json={"user": MEDECIN.id_nat}, timeout=5)
    assert revoked.json() == {}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_page_is_whole_and_closed(http: requests.Session, url: str, lang: str) -> None:
    answer = http.get(f"{url}/?lang={lang}", timeout=5)
    assert f'<html lang="{lang}">' in answer.text and "{{" not in answer.text
    assert "http://" not in answer.text and "https://" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert policy == page(lang).policy


def test_every_operation_is_safe_against_any_exchange(recorded: Callable[..., Exchange]) -> None:
    from simulators.core.live import decode

    hostile = [
        b"\x00" * 100,
        b"<" * 10_000,
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        b"{" * 10_000,
        b"PK\x03\x04" + b"\xff" * 100,
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" * 200,
        "é".encode("utf-16"),
    ]
    heads = [
        "",
        "POST / HTTP/1.1\nContent-Type: multipart/related; boundary=x",
        "HTTP/1.1\nContent-Type: ;;;",
    ]
    for body in hostile:
        for head in heads:
            made = recorded(
                request_head=head,
                request_body=body,
                response_head=head,
                response_body=body,
                dialogue=(Line("C", body.decode("latin-1")),),
            )
            told = decode.view(made)
            assert "root:" not in json.dumps(told)
            json.dumps(api.summary(made, ()))


def test_a_mail_is_taken_apart_without_its_secrets(recorded: Callable[..., Exchange]) -> None:
    from simulators.core.live import decode

    source = (
        b"Subject: =?utf-8?q?R=C3=A9sultat?=\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n"
        b"--x\nContent-Type: text/plain\n\npassword=motdepasse \xe2\x80\xae\n"
        b"--x\nContent-Type: application/zip; name=A.ZIP\n\nPK\x03\x04 no archive\n--x--\n"
    )
    told = decode.view(recorded(transaction="SMTP.message", request_body=source))["request"]["blocks"]
    assert "Subject: Résultat" in told[0]["text"]
    assert told[1]["text"] == "multipart/mixed\n  text/plain\n  application/zip  A.ZIP"
    assert told[2]["text"] == "password=…(10) ‹U+202E›"
    assert told[3]["text"].startswith("BadZipFile")
