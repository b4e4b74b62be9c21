"""VIHF to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from schemas.ins import Ins, key
from schemas.vihf import model
from schemas.vihf.model import AIR, Role, VihfRequest

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STEM = "2850263220701"
PATIENT = Ins(STEM + key(STEM))


def request(**changes: Any) -> VihfRequest:
    base = VihfRequest(
        id="_0a5b5c5e-0000-4000-8000-000000000001",
        issue_instant=NOW,
        name_id="899700100011",
        structure="499700100011001",
        sector="SA07",
        roles=(
            Role("10", model.PROFESSIONS, "Médecin"),
            Role("SM26", model.SPECIALITIES, "Qualifié en médecine générale"),
        ),
        homologation="BANC-DMP-0001",
        lps_name="reference_lps",
        lps_version="1.0",
        subject_id="CAMILLE DESCHAMPS-TEST",
        patient=PATIENT,
    )
    return replace(base, **changes)


def air(**changes: Any) -> VihfRequest:
    return request(**{"mode": AIR, "authn_decl": "APP_BROWSER_AUTH", **changes})
