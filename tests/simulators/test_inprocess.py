"""`requests` answered inside the process by the very code that listens on sockets."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from schemas import insi
from simulators.core import pki as pkis
from simulators.core.clock import Clock
from simulators.core.faults import Fault
from simulators.core.identities import CORRESPONDANT
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.core.random import Randomness
from simulators.inprocess import National, national_services


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pkis.create(tmp_path_factory.mktemp("pki"), Clock().now())


@pytest.fixture
def national(pki: Pki) -> Iterator[National]:
    with national_services(seed=3, pki=pki.folder) as made:
        yield made


def certificate(national: National, name: str) -> tuple[str, str]:
    pair = national.pki.pair(name)
    return str(pair.certificate), str(pair.key)


def search(national: National, patient: Patient, cert: tuple[str, str] | None) -> requests.Response:
    draw = Randomness(9)
    body = insi.write_traits_request(
        insi.Traits(
            patient.birth_name,
            (patient.given,),
            patient.sex,
            patient.birth_date.isoformat(),
            patient.birth_place,
        ),
        insi.Software("SIMU0001", "test", "1", draw.uuid("a")),
        message_id=draw.uuid("b"),
        bam_id=draw.uuid("c"),
        lps_id=draw.uuid("d"),
        now=national.clock.now(),
        emitter="499700100011001",
    )
    headers = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{insi.names.ACTION_TRAITS}"'}
    return requests.post(national.environment.insi_url, data=body, headers=headers, cert=cert, timeout=5)


def test_discovery(national: National) -> None:
    issuer = national.environment.psc_issuer
    document = requests.get(f"{issuer}/.well-known/wallet-openid-configuration", timeout=5).json()
    assert document["issuer"] == issuer
    keys = requests.get(document["jwks_uri"], timeout=5).json()["keys"]
    assert keys and "d" not in keys[0]
    assert [item.transaction for item in national.journal.exchanges()] == ["PSC.discovery", "PSC.jwks"]


def test_directory(national: National) -> None:
    answer = requests.get(
        f"{national.environment.annuaire_url}/Practitioner",
        params={"family": CORRESPONDANT.family},
        headers={"ESANTE-API-KEY": national.environment.annuaire_api_key},
        timeout=5,
    )
    assert answer.json()["total"] == 1
    assert answer.headers["Content-Type"].startswith("application/fhir+json")


def test_identity_search(national: National) -> None:
    patient = national.population.derive("inprocess", given_count=1)
    answer = search(national, patient, certificate(national, "cabinet-insi"))
    assert answer.status_code == 200
    assert patient.ins.matricule[:13] in answer.text
    seen = national.journal.exchanges(transaction="INSi.traits")[-1]
    assert (seen.facts["code"], seen.facts["patient"]) == ("00", patient.ins.matricule)
    assert seen.tls is not None and "INSI-AUTO" in seen.tls.client_subject


def test_the_dmp_answers_in_soap(national: National) -> None:
    answer = requests.post(
        f"{national.environment.dmp_url}/patients",
        data=b"<nothing/>",
        headers={"Content-Type": "application/soap+xml"},
        cert=certificate(national, "cabinet-auth"),
        timeout=5,
    )
    assert answer.status_code in (400, 500)
    assert "Fault" in answer.text
    assert national.journal.exchanges(service="dmp")[-1].facts["outcome"] == "refused"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "no-certificate"),
        ("expired", "expired"),
        ("not-yet-valid", "not-yet-valid"),
        ("revoked", "revoked"),
        ("unknown-issuer", "unknown-issuer"),
        ("wrong-usage", "wrong-usage"),
    ],
)
def test_certificates_are_verified(national: National, name: str, reason: str) -> None:
    cert = certificate(national, name) if name else None
    with pytest.raises(requests.exceptions.SSLError, match=reason):
        requests.post(national.environment.insi_url, data=b"x", cert=cert, timeout=5)
    refused = national.journal.exchanges(transaction="TLS.refused")[-1]
    assert reason in refused.facts["reason"]


def test_faults(national: National) -> None:
    url = f"{national.environment.psc_issuer}/.well-known/openid-configuration"
    for fault in (
        Fault("psc", "PSC.discovery", "unavailable"),
        Fault("psc", "PSC.discovery", "cut-after-commit", skip=1),
        Fault("psc", "PSC.discovery", "slow", skip=2, params={"seconds": 60}),
    ):
        national.faults.schedule(fault)
    assert requests.get(url, timeout=5).status_code == 503
    with pytest.raises(requests.ConnectionError, match="closed"):
        requests.get(url, timeout=5)
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=5)
    assert requests.get(url, timeout=5).status_code == 200


def test_faults_below_http(national: National) -> None:
    url = f"{national.environment.psc_issuer}/.well-known/openid-configuration"
    for rule in (
        "psc/TLS: 1-2 bad-certificate host",
        "psc/PSC.*: 2 cut-in-body",
        "psc/PSC.*: 3 slow-body 60",
    ):
        national.schedule(rule)
    with pytest.raises(requests.exceptions.SSLError, match="host"):
        requests.get(url, timeout=5)
    assert requests.get(url, timeout=5, verify=False).status_code == 200
    shown, accepted = national.journal.exchanges()[-2:]
    assert (shown.transaction, accepted.facts["presented"]) == ("TLS.presented", "host")
    assert accepted.fault == "bad-certificate"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(url, timeout=5)
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=5)
    assert requests.get(url, timeout=5).status_code == 200
    with pytest.raises(ValueError, match="closed"):
        national.schedule("TD2.1: closd")


def test_every_form_of_body(national: National) -> None:
    url, cert = national.environment.insi_url, certificate(national, "cabinet-auth")
    for body in (b"<a/>", "<é/>", iter([b"<a", b"/>"])):
        assert requests.post(url, data=body, cert=cert, timeout=5).status_code == 500
    assert [item.request_body for item in national.journal.exchanges()] == [b"<a/>", "<é/>".encode(), b"<a/>"]


def test_elsewhere_nobody_answers(national: National) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get("https://ailleurs.banc.test/", timeout=5)


def test_two_seeds_two_worlds(pki: Pki) -> None:
    with national_services(seed=1, pki=pki.folder) as first:
        one = first.population.derive("x").ins
    with national_services(seed=1, pki=pki.folder) as again:
        assert again.population.derive("x").ins == one
        assert again.journal.position == 0
    with national_services(seed=2, pki=pki.folder) as second:
        assert second.population.derive("x").ins != one


def test_without_a_folder_the_pki_is_thrown_away() -> None:
    before = threading.active_count()
    with national_services() as national:
        folder = Path(national.environment.pki)
        assert (folder / "ca-bundle.pem").exists()
    assert not folder.exists()
    assert threading.active_count() <= before


def test_pages_of_the_dmp(national: National) -> None:
    """The pages ask for a card and do not demand one; a login goes all the way."""
    patient = national.population.derive("pages", authorisation="NON_EXISTE")
    url = f"{national.environment.dmp_web_url}/AccesDirect/TableauDeBord/{patient.ins.matricule}"
    by_card = requests.get(url, cert=certificate(national, f"cps-{CORRESPONDANT.user}-auth"), timeout=5)
    assert by_card.status_code == 200 and patient.birth_name in by_card.text
    assert requests.get(url, cert=certificate(national, "cabinet-auth"), timeout=5).status_code == 403
    choice = requests.get(url, timeout=5)
    assert choice.url.startswith(national.environment.psc_issuer.partition("/auth/")[0])
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url, cert=certificate(national, "revoked"), timeout=5)
    space = f"{national.environment.mes_url}/api/patients/{patient.ins.matricule}"
    assert requests.get(space, timeout=5).json()["record"] == "actif"
    assert [item.transaction for item in national.journal.exchanges(service="dmp-web")] == [
        "TD0.9",
        "TD0.9",
        "WEB.login",
        "TLS.refused",
    ]
