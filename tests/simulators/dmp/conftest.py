"""One PKI for all DMP tests, a fresh DMP for each."""

from datetime import UTC, datetime

import pytest

from simulators.core import pki
from simulators.core.clock import Clock
from simulators.core.pki import Pki

from .kit import Kit

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def test_pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return pki.create(tmp_path_factory.mktemp("pki"), START)


@pytest.fixture
def kit(test_pki: Pki) -> Kit:
    return Kit(test_pki, Clock(START))
