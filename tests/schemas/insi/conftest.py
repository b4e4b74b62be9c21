"""A request that breaks no rule, and the public samples where they stand beside the checkout."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.finding import Finding
from schemas.insi import Software, Traits, judge, write_traits_request
from schemas.insi.names import ACTION_TRAITS, content_type

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SAMPLES = Path(__file__).parents[3] / "../shared/data/insi"

Judge = Callable[..., list[Finding]]


@pytest.fixture
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("INSi samples are not beside the checkout")
    return SAMPLES


@pytest.fixture
def sound() -> bytes:
    return write_traits_request(
        Traits("D'ADRUN-TEST", ("ZOE",), "F", "1975-12-31", "63220"),
        Software("SIMU0001", "reference_lps", "1.0", "7a1f3a52-3a5e-4ef5-9b6c-1b0f2b1c9d01"),
        message_id="7a1f3a52-3a5e-4ef5-9b6c-1b0f2b1c9d02",
        bam_id="7a1f3a52-3a5e-4ef5-9b6c-1b0f2b1c9d03",
        lps_id="7a1f3a52-3a5e-4ef5-9b6c-1b0f2b1c9d04",
        now=NOW,
        emitter="499700100011001",
    )


@pytest.fixture
def judged() -> Judge:
    def run(data: bytes, **around: object) -> list[Finding]:
        known: dict[str, object] = {
            "now": NOW,
            "content_type": content_type(ACTION_TRAITS),
            "common_name": "INSI-AUTO",
            "idams": frozenset({"SIMU0001"}),
        }
        return judge(data, **{**known, **around})  # type: ignore[arg-type]

    return run
