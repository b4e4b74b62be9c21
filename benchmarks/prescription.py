"""One e-prescription created (two lines) and judged, by the bench's own contract."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from schemas.prescription import new_epu_id
from simulators.cnam.epu_rules import EXCHANGE, TOKEN_TYPES
from simulators.core.random import Randomness
from simulators.core.service import Request

from .measure import CPU, Measure, Sample, cpu
from .world import DOCTOR, FORM, World, body, handled, login, world

BATCH = 20


def _line(rank: int) -> dict[str, Any]:
    return {
        "lineId": f"ligne-{rank}",
        "category": "MED",
        "product": {"cis": "63107752", "label": "PARACETAMOL 1 g"},
        "posologyText": "1 comprimé matin et soir",
        "quantity": {"value": 2},
        "renewals": 0,
        "substitution": {"allowed": True},
        "ald": False,
        "atmp": False,
        "prevention": False,
        "notReimbursable": False,
        "offLabel": False,
    }


def message(of: World, epu_id: str) -> dict[str, Any]:
    """A prescription that breaks no rule."""
    patient = of.patient
    return {
        "epuId": epu_id,
        "writtenAt": "2026-03-02T09:10:00+01:00",
        "validity": {"start": "2026-03-02", "end": "2026-06-02"},
        "types": [],
        "software": {"idam": "SIMU0001", "name": "urn:lps:test:1.0", "version": "1.0"},
        "prescriber": {
            "rpps": DOCTOR.rpps,
            "name": f"{DOCTOR.family} {DOCTOR.given}",
            "structure": {"finessOrAm": DOCTOR.structure.id_nat[1:], "name": DOCTOR.structure.name},
        },
        "patient": {
            "ins": {"value": patient.ins.matricule, "oid": patient.ins.oid},
            "birthName": patient.birth_name,
            "firstNames": " ".join(patient.given_names),
            "sex": patient.sex,
            "birthDate": patient.birth_date.isoformat(),
            "birthPlace": patient.birth_place,
        },
        "lines": [_line(1), _line(2)],
    }


def token(of: World) -> str:
    """The service's own token against one of Pro Santé Connect."""
    form = {
        "grant_type": EXCHANGE,
        "subject_token": login(of.services.psc, of.services.psc_secret),
        "subject_token_type": TOKEN_TYPES[0],
        "scope": "epu",
    }
    request = Request("POST", "/epu/v1/token", (FORM,), urlencode(form).encode(), of.tls())
    return str(body(handled(of.services.epu, request))["access_token"])


@contextmanager
def prepare(folder: Path) -> Iterator[Sample]:
    """Creates twenty prescriptions a sample."""
    with world(folder) as of:
        headers = (
            ("Authorization", f"Bearer {token(of)}"),
            ("X-Software", "SIMU0001;test;1.0"),
            ("Content-Type", "application/json"),
        )
        ranks = count()

        def request(rank: int) -> Request:
            data = json.dumps(message(of, new_epu_id(Randomness(rank).stream("epu")))).encode()
            return Request("POST", "/epu/v1/prescriptions", headers, data, of.tls())

        def sample() -> float:
            requests = [request(next(ranks)) for _ in range(BATCH)]
            return cpu(lambda: [handled(of.services.epu, one) for one in requests], BATCH)

        yield sample


MEASURE = Measure("prescription", "création d'e-prescription jugée", CPU, None, prepare)
