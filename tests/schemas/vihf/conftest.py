"""A signing certificate, a stranger's, and the authorities that know only one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from schemas.vihf.certificates import Authorities
from simulators.core import pki

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Signers:
    pki: pki.Pki
    authorities: Authorities

    def load(self, name: str) -> tuple[x509.Certificate, RSAPrivateKey]:
        return self.pki.pair(name).load()


@pytest.fixture(scope="session")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signers]:
    folder: Path = tmp_path_factory.mktemp("pki")
    made = pki.create(folder, NOW)
    yield Signers(made, Authorities.of(made.authorities(), made.revoked_serials()))
