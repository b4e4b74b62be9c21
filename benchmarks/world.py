"""The national services without a socket, and one logged-in doctor: what the in-process measures share."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import html

from schemas.cda import Code, Header, PatientIdentity, Person
from simulators.core import pki
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.faults import FaultPlan
from simulators.core.identities import MEDECIN
from simulators.core.journal import Journal
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness
from simulators.core.service import Context, Handled, Request, Service
from simulators.national import Services, Settings, build
from simulators.psc.service import AUTHORIZE, OIDC, PscService

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SETTINGS = Settings(homologation="BANC-DMP-0001")
BASE_URL = "https://localhost:1"
CALLBACK = "http://127.0.0.1:9/psc/callback"
VERIFIER = "v" * 43
DOCTOR = MEDECIN
FORM = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class World:
    """Built services and what calls them."""

    services: Services
    pki: pki.Pki
    clock: Clock
    population: Population
    patient: Patient

    def tls(self, pair: str = "cabinet-auth") -> Tls:
        """What a client with this pair of the PKI shows."""
        return shown(self.pki, pair)


def shown(of: pki.Pki, pair: str = "cabinet-auth") -> Tls:
    """The session of a client with this pair of a PKI."""
    client, _ = of.pair(pair).load()
    der = client.public_bytes(Encoding.DER)
    return Tls("TLSv1.2", "", der, client.subject.rfc4514_string())


def cda_header(patient: Patient, rank: int, created: datetime) -> Header:
    """The header of a document of this patient by DOCTOR; the rank makes its identifiers."""
    structure = DOCTOR.structure
    author = Person(
        id=DOCTOR.id_nat,
        family=DOCTOR.family,
        given=DOCTOR.given,
        code=Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5"),
        organisation_id=structure.id_nat,
        organisation_name=structure.name,
    )
    identity = PatientIdentity(
        ins=patient.ins,
        local_ids=(("1.2.250.1.999.1.2", "IPP-42"),),
        birth_name=patient.birth_name,
        given=patient.given,
        given_names=" ".join(patient.given_names),
        sex=patient.sex,
        birth_date=f"{patient.birth_date:%Y%m%d}",
        birth_place=patient.birth_place,
    )
    return Header(f"1.2.250.1.999.1.{rank}", f"1.2.250.1.999.2.{rank}", created, identity, author)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """National services with a fresh PKI in this folder."""
    clock, population, randomness = Clock(START), Population(7), Randomness(7)
    journal = Journal(clock)
    made = pki.create(folder / "pki", START)
    services = build(
        SETTINGS, Context(clock, journal, FaultPlan()), made, population, randomness, "127.0.0.1", {}
    )
    services.psc.at(BASE_URL)
    try:
        yield World(services, made, clock, population, population.derive("bench"))
    finally:
        journal.close()


def login(psc: PscService, secret: str) -> str:
    """The whole login of the doctor at Pro Santé Connect, userinfo included; the access token."""
    challenge = hashlib.sha256(VERIFIER.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": psc.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid scope_all",
        "state": "etat-imprevisible",
        "nonce": "nonce-imprevisible",
        "acr_values": "eidas1",
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    page = handled(psc, Request("GET", f"{AUTHORIZE}?{urlencode(asked)}"))
    form = html.fromstring(page.response.body.decode()).forms[0]
    chosen = {**{key: value or "" for key, value in form.form_values()}, "user": "medecin"}
    back = handled(psc, Request("POST", str(form.action), (FORM,), urlencode(chosen).encode()))
    code = parse_qs(urlsplit(back.response.header("Location")).query)["code"][0]
    basic = base64.b64encode(f"{psc.client_id}:{secret}".encode()).decode()
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    headers = (("Authorization", f"Basic {basic}"), FORM)
    tokens = body(handled(psc, Request("POST", f"{OIDC}/token", headers, urlencode(given).encode())))
    token = str(tokens["access_token"])
    handled(psc, Request("GET", f"{OIDC}/userinfo", (("Authorization", f"Bearer {token}"),)))
    return token


def handled(service: Service, request: Request, *, deferred: bool = True) -> Handled:
    """One request with all its judgement; not `deferred`: without what comes after the answer.

    Raises RuntimeError when it is refused: it must not be timed.
    """
    done = service.handle(request)
    if deferred and done.judge_later is not None:
        list(done.judge_later())
    if done.facts.get("outcome") != "accepted":
        raise RuntimeError(f"{done.transaction}: {dict(done.facts)}")
    return done


def body(done: Handled) -> dict[str, Any]:
    """The JSON of an answer."""
    return dict(json.loads(done.response.body))
