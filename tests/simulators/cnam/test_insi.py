"""INSi over mutual TLS and in process: searches, decisions, scheduled faults, recorded bytes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas import insi
from schemas.ins import well_formed
from schemas.insi.names import ACTION_CARD, ACTION_TRAITS, content_type
from simulators.cnam.insi import InsiService
from simulators.cnam.insi_register import persona_matricules, personas
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.faults import GENERIC, Fault
from simulators.core.population import Population
from simulators.core.service import Context, Request, Response, Service, serve

from .conftest import Hosted, Search

Call = Callable[..., Response]
ZOE = ("ADRUN", "ZOE", "F", "1975-12-31")
SAMPLES = Path(__file__).parents[3] / "../shared/data/insi"


@pytest.fixture
def call(insi_service: InsiService, context: Context, session_of: Callable[[str], Tls]) -> Call:
    def run(body: bytes, certificate: str = "cabinet-insi", action: str = ACTION_TRAITS) -> Response:
        headers = (("Content-Type", content_type(action)),)
        return serve(insi_service, Request("POST", "/lps", headers, body, session_of(certificate)), context)

    return run


def facts(context: Context) -> dict[str, Any]:
    return dict(context.journal.exchanges()[-1].facts)


def findings(context: Context) -> set[str]:
    return {finding.rule for finding in context.journal.findings(context.journal.exchanges()[-1])}


def test_one_identity(call: Call, search: Search, context: Context) -> None:
    response = call(search(*ZOE))
    assert response.status == 200
    assert response.header("Content-Type") == "application/soap+xml; charset=utf-8"
    answer = insi.read_answer(response.body)
    assert answer.identity is not None
    assert (answer.code, answer.identity.matricule) == ("00", "275126322074974")
    assert answer.identity.oid == "1.2.250.1.213.1.4.10"
    seen = facts(context)
    assert seen["outcome"] == "accepted"
    assert (seen["code"], seen["patient"]) == ("00", "275126322074974")
    assert seen["traits"] == {
        "birth_name": "ADRUN",
        "given_names": "ZOE",
        "sex": "F",
        "birth_date": "1975-12-31",
        "birth_place": "",
    }
    assert context.journal.exchanges()[-1].transaction == "INSi.traits"
    assert findings(context) == set()
    assert context.journal.bench_errors == []


@pytest.mark.parametrize(
    ("traits", "code"),
    [
        (("TCHITCHI", "OLA", "F", "1936-06-21"), "01"),
        (("TCHITCHI", "CATARINA", "F", "1936-06-21"), "00"),
        (("TCHITCHI", "BELLA", "F", "1936-06-21"), "00"),
        (("TCHITCHI", "CATARINA BELLA", "F", "1936-06-21", "63220"), "00"),
        (("TCHITCHI", "OLA CATARINA BELLA", "F", "1936-06-21"), "01"),
        (("TCHITCHI", "CATARINA", "F", "1936-06-21", "75056"), "01"),
        (("TCHITCHI", "CATARINA", "M", "1936-06-21"), "01"),
        (("ECETINSI", "PIERRE ALAIN", "M", "2009-07-14"), "00"),
        (("ECETINSI", "PIERRE-ALAIN MURIEL", "M", "2009-07-14"), "00"),
        (("HOUILLES", "PIERRE PAUL JACQUES", "M", "1993-01-27"), "01"),
        (("DE VINCI", "LEONARDO", "M", "2014-02-01"), "02"),
        (("INCONNU", "LEONARDO", "M", "2014-02-01"), "01"),
    ],
)
def test_codes(traits: tuple[str, ...], code: str, call: Call, search: Search) -> None:
    assert insi.read_answer(call(search(*traits)).body).code == code


@pytest.mark.parametrize("code", ["00", "01", "02"])
def test_synthetic_patients(code: str, call: Call, search: Search, population: Population) -> None:
    patient = population.derive("p", insi=code, given_count=3)
    for given in (*patient.given_names, " ".join(patient.given_names)):
        body = search(patient.birth_name, given, patient.sex, patient.birth_date.isoformat())
        answer = insi.read_answer(call(body).body)
        assert answer.code == code
        if answer.identity:
            assert answer.identity.matricule == patient.ins.matricule


def test_twins_need_more_traits(call: Call, search: Search, population: Population) -> None:
    one = population.derive("un")
    other = population.derive("deux")
    population.register(
        replace(
            other,
            birth_name=one.birth_name,
            given_names=one.given_names,
            sex=one.sex,
            birth_date=one.birth_date,
            birth_place="75056",
        )
    )
    traits = (one.birth_name, one.given, one.sex, one.birth_date.isoformat())
    assert insi.read_answer(call(search(*traits)).body).code == "02"
    assert insi.read_answer(call(search(*traits, one.birth_place)).body).code == "00"


def test_qualification_mode_and_nia(clock: Clock, population: Population, search: Search) -> None:
    service = InsiService(clock, population, oid_mode="qualif", require_certificate=False)
    request = Request("POST", "/lps", body=search(*ZOE))
    assert service.handle(request).facts["oid"] == "1.2.250.1.213.1.4.8"
    nia = Request("POST", "/lps", body=search("PROVISOIRE", "MATRICULE", "M", "2009-07-01"))
    assert service.handle(nia).facts["oid"] == "1.2.250.1.213.1.4.9"
    with pytest.raises(ValueError, match="oid_mode"):
        InsiService(clock, population, oid_mode="production")


def test_unknown_software(call: Call, search: Search, context: Context) -> None:
    response = call(search(*ZOE, idam="FAKE-IDAM"))
    assert response.status == 500
    with pytest.raises(insi.InsiFault) as fault:
        insi.read_answer(response.body)
    assert fault.value.code == "desir_550"
    assert facts(context)["reason"] == "desir_550"
    assert findings(context) == {"INSI-LPS-03"}


def test_wrong_certificate(call: Call, search: Search, context: Context) -> None:
    response = call(search(*ZOE), certificate="cabinet-auth")
    with pytest.raises(insi.InsiFault) as fault:
        insi.read_answer(response.body)
    assert (response.status, fault.value.code) == (500, "desir_560")
    assert findings(context) == {"INSI-AUTH-01"}


def test_repeated_identifiers(
    call: Call, search: Search, context: Context, insi_service: InsiService
) -> None:
    body = search(*ZOE)
    call(body)
    assert call(body).status == 200
    assert findings(context) == {"INSI-MSG-03"}
    exchange = context.journal.exchanges()[-1]
    assert {finding.rule for finding in insi_service.rejudge(exchange)} == {"INSI-MSG-03"}
    assert len(exchange.facts["reused"]) == 3


def test_missing_trait(call: Call, search: Search, context: Context) -> None:
    response = call(search("ADRUN", "ZOE", "", "1975-12-31"))
    assert response.status == 500
    assert b"BANC_TRAITS" in response.body
    assert findings(context) == {"INSI-TRAITS-01"}


def test_card_search(call: Call, context: Context) -> None:
    path = SAMPLES / "requests/vitale_constructed-from-xsd.xml"
    if not path.exists():
        pytest.skip("INSi samples are not beside the checkout")
    assert insi.read_answer(call(path.read_bytes(), action=ACTION_CARD).body).code == "00"
    assert context.journal.exchanges()[-1].transaction == "INSi.vitale"


@pytest.mark.parametrize("kind", ["desir-550", "desir-560", "insi-102", "desir-1020"])
def test_scheduled_faults(kind: str, call: Call, search: Search, context: Context) -> None:
    context.faults.schedule(Fault("insi", "INSi.traits", kind, skip=1))
    assert call(search(*ZOE)).status == 200
    response = call(search(*ZOE))
    assert response.status == 500
    with pytest.raises(insi.InsiFault) as fault:
        insi.read_answer(response.body)
    assert fault.value.code == kind.replace("-", "_")
    assert facts(context)["reason"] == kind.replace("-", "_")
    assert call(search(*ZOE)).status == 200


def test_scheduled_oddities(call: Call, search: Search, context: Context) -> None:
    context.faults.schedule(Fault("insi", "INSi.*", "unknown-code"))
    assert insi.read_answer(call(search(*ZOE)).body).code == "03"
    context.faults.schedule(Fault("insi", "INSi.*", "date-00"))
    identity = insi.read_answer(call(search(*ZOE)).body).identity
    assert identity is not None
    assert identity.birth_date == "1975-00-00"
    context.faults.schedule(Fault("insi", "INSi.*", "wrong-key"))
    identity = insi.read_answer(call(search(*ZOE)).body).identity
    assert identity is not None
    assert not well_formed(identity.matricule)
    context.faults.schedule(Fault("insi", "INSi.*", "empty-trait", params={"trait": "ListePrenom"}))
    identity = insi.read_answer(call(search(*ZOE)).body).identity
    assert identity is not None
    assert identity.given_names == ""


@pytest.mark.parametrize("kind", GENERIC)
def test_generic_faults_leave_no_bench_error(kind: str, call: Call, search: Search, context: Context) -> None:
    context.faults.schedule(Fault("insi", "INSi.traits", kind))
    call(search(*ZOE))
    assert context.journal.bench_errors == []


def test_unknown_fault_is_our_mistake(insi_service: InsiService, search: Search) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        insi_service.refuse(Request("POST", "/lps", body=search(*ZOE)), Fault("insi", "*", "nonsense"))


def test_bytes_are_those_recorded(
    clock: Clock, population: Population, search: Search, session_of: Callable[[str], Tls]
) -> None:
    """Answers of the qualification platform, byte for byte."""
    if not SAMPLES.is_dir():
        pytest.skip("INSi samples are not beside the checkout")
    service = InsiService(clock, population, oid_mode="qualif")
    tls = session_of("cabinet-insi")
    listed = json.loads((SAMPLES / "test-patients.json").read_text(encoding="utf-8"))

    def answered(body: bytes) -> bytes:
        return service.handle(Request("POST", "/lps", (), body, tls)).response.body

    for item in listed["positive"]:
        body = search(item["nom"], item.get("ok", item["req"][0]), item["sexe"], item["dn"])
        assert answered(body) == (SAMPLES / f"responses/CR00_{item['id']}.xml").read_bytes(), item["id"]
    nobody, several = listed["negative"]
    for item, name in ((nobody, "CR01_none"), (several, "CR02_multiple")):
        body = search(item["nom"], item["req"][0], item["sexe"], item["dn"])
        assert answered(body) == (SAMPLES / f"responses/{name}.xml").read_bytes()
    message_id = "b3549edd-4ae9-472a-b26f-fd2fb4ef397f"
    for kind, name in (
        ("desir-550", "siram_100_desir_550_unknown-idam"),
        ("insi-102", "siram_40_insi_102_technical"),
        ("desir-560", "siram_100_desir_560_certificate.SIMULATED"),
        ("desir-1020", "siram_40_desir_1020_unavailable.SIMULATED"),
    ):
        body = search(*ZOE)
        request = insi.read_request(body)
        body = body.replace(request.message_id.encode(), f"uuid:{message_id}".encode())
        got = service.refuse(Request("POST", "/lps", (), body, tls), Fault("insi", "*", kind)).response.body
        assert got == (SAMPLES / f"faults/{name}.xml").read_bytes(), kind


def test_personas_are_public_ones() -> None:
    assert len(personas()) == 11
    assert "275126322074974" in persona_matricules()


def test_over_mutual_tls(
    host: Callable[[Service], Hosted], insi_service: InsiService, search: Search, context: Context
) -> None:
    hosted = host(insi_service)
    headers = {"Content-Type": content_type(ACTION_TRAITS)}
    client = hosted.client("cabinet-insi")
    response = client.post(f"{hosted.url}/lps", data=search(*ZOE), headers=headers, timeout=10)
    assert insi.read_answer(response.content).code == "00"
    seen = context.journal.exchanges()[-1]
    assert seen.tls is not None
    assert "CN=INSI-AUTO" in seen.tls.client_subject
    assert seen.facts["certificate"] == "INSI-AUTO"
    assert {f.rule for f in context.journal.findings(seen)} == set()
    assert insi_service.rejudge(seen) == []

    refused = hosted.client("cabinet-auth").post(
        f"{hosted.url}/lps", data=search(*ZOE), headers=headers, timeout=10
    )
    assert refused.status_code == 500
    assert "desir_560" in refused.text


LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><l>&j;</l>"
)
HOSTILE = {
    "empty": b"",
    "text": b"\xff\xfe\x00 not xml",
    "laughs": LAUGHS,
    "xxe": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external-dtd": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
    "deep": b"<a>" * 100_000,
    "bom-utf16": "<a/>".encode("utf-16"),
    "truncated": b'<?xml version="1.0"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">',
    "nul": b"<a>\x00</a>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies(name: str, host: Callable[[Service], Hosted], insi_service: InsiService) -> None:
    hosted = host(insi_service)
    client = hosted.client("cabinet-insi")
    response = client.post(f"{hosted.url}/lps", data=HOSTILE[name], timeout=10)
    assert response.status_code == 500
    assert b"BANC_MESSAGE" in response.content
    assert b"root:" not in response.content
    assert hosted.context.journal.bench_errors == []
    judged = hosted.context.journal.findings(hosted.context.journal.exchanges()[-1])
    assert [finding.rule for finding in judged] == ["INSI-XML-01"]
    assert client.get(f"{hosted.url}/lps", timeout=10).status_code == 405


def test_hostile_values(call: Call, search: Search, context: Context) -> None:
    for name in ("A" * 2_000_000, "]]>", "' OR 1=1 --", "ADRUN\u2028"):
        assert insi.read_answer(call(search(name, "ZOE", "F", "1975-12-31")).body).code == "01"
    response = call(search(*ZOE).replace(b"uuid:", b"&quot;&lt;&amp;uuid:").replace(b"SIMU0001", b"X"))
    with pytest.raises(insi.InsiFault) as fault:
        insi.read_answer(response.body)
    assert fault.value.code == "desir_550"
    assert context.journal.bench_errors == []
