"""A prescription and a dispensation that break no rule."""

from typing import Any

import pytest


def line(number: int, **changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "lineId": f"ligne-{number}",
        "category": "MED",
        "product": {"cis": "63107752", "cip13": "3400933516390", "label": "PARACETAMOL 1 g"},
        "posologyText": "1 comprimé matin et soir pendant 5 jours",
        "quantity": {"value": 2, "unit": {"system": "EDQM", "code": "30009000"}},
        "renewals": 0,
        "substitution": {"allowed": True, "reason": None},
        "ald": False,
        "atmp": False,
        "prevention": False,
        "notReimbursable": False,
        "offLabel": False,
    }
    return {**made, **changed}


@pytest.fixture
def prescription() -> dict[str, Any]:
    return {
        "epuId": "01S2TBPZ2JCNZZYGHZ",
        "writtenAt": "2026-03-02T09:10:00+01:00",
        "validity": {"start": "2026-03-02", "end": "2026-06-02"},
        "types": [],
        "software": {"idam": "SIMU0001", "name": "urn:lps:test:1.0", "version": "1.0"},
        "prescriber": {
            "rpps": "99700100011",
            "name": "DESCHAMPS-TEST CAMILLE",
            "structure": {"finessOrAm": "499700100011001", "name": "CABINET MEDICAL DU BANC"},
        },
        "patient": {
            "ins": {"value": "275126322074974", "oid": "1.2.250.1.213.1.4.10"},
            "birthName": "ADRUN",
            "firstNames": "ZOE",
            "sex": "F",
            "birthDate": "1975-12-31",
            "birthPlace": "63220",
        },
        "lines": [line(1), line(2)],
    }


@pytest.fixture
def dispensation() -> dict[str, Any]:
    return {
        "dispensationId": "d-1",
        "epuId": "01S2TBPZ2JCNZZYGHZ",
        "dispensedAt": "2026-03-02T11:00:00+01:00",
        "dispenser": {"rpps": "99700100029", "finess": "750000029", "name": "PHARMACIE DU BANC"},
        "lines": [
            {"lineId": "ligne-1", "outcome": "AS_PRESCRIBED"},
            {"lineId": "ligne-2", "outcome": "AS_PRESCRIBED"},
        ],
    }
