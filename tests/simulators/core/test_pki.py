"""The PKI of an earlier version is completed, and nothing that a vendor installed changes."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.vihf.certificates import (
    AUTHENTICATION,
    ORGANISATION,
    PERSON,
    SIGNATURE,
    Authorities,
    holder_of,
    structure_of,
)
from simulators.core import tls
from simulators.core.identities import ACCUEIL, EMPLOYEES, INFIRMIER, PROFESSIONALS, SECRETAIRE
from simulators.core.pki import Pki, create, open_or_create

NEW = ("cpe-secretaire", "cpe-accueil", "cps-infirmier", "cps-sage-femme", "infirmier", "sage-femme")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A PKI as it was before there were employees, nurses and midwives."""
    made = create(tmp_path_factory.mktemp("pki"), datetime.now(UTC))
    for name in NEW:
        for end in ("auth", "sign"):
            pair = made.pair(f"{name}-{end}")
            pair.certificate.unlink()
            pair.key.unlink()
    return made


def test_it_is_completed(old: Pki) -> None:
    now = datetime.now(UTC)
    bundle, crl, root = old.ca_bundle.read_bytes(), old.crl.read_bytes(), old.fingerprint
    server = old.pair("server").certificate.read_bytes()
    found = open_or_create(old.folder, now)
    assert found.ca_bundle.read_bytes().startswith(bundle)
    assert found.crl.read_bytes().startswith(crl)
    assert (found.fingerprint, found.pair("server").certificate.read_bytes()) == (root, server)
    authorities = Authorities.of(found.authorities(), found.revoked_serials())
    for name in NEW:
        kind = PERSON if name.startswith("cp") else ORGANISATION
        for end, usage in (("auth", AUTHENTICATION), ("sign", SIGNATURE)):
            certificate, _ = found.pair(f"{name}-{end}").load()
            assert authorities.problems(certificate, usage, now) == []
            assert authorities.kind(certificate) == kind
    again = found.ca_bundle.read_bytes()
    assert open_or_create(old.folder, now).ca_bundle.read_bytes() == again  # once


@pytest.mark.parametrize("name", ["cpe-secretaire-auth", "infirmier-auth", "cabinet-auth"])
def test_a_server_takes_what_was_added(old: Pki, name: str) -> None:
    found = open_or_create(old.folder, datetime.now(UTC))
    server, pair = found.pair("server"), found.pair(name)
    secure = tls.server_context(
        server.certificate, server.key, client_ca=found.ca_bundle, ciphers=tls.DMP_CIPHERS, crl=found.crl
    )
    client = ssl.create_default_context(cafile=str(found.ca_bundle))
    client.load_cert_chain(pair.certificate, pair.key)
    shaken(client, secure)


def shaken(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Both sides of a handshake, in memory. Raises ssl.SSLError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(back, there, server_hostname="localhost"),
        server.wrap_bio(there, back, server_side=True),
    ]
    for _ in range(10):
        for side in tuple(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert not sides


def test_cards_say_who_bears_them(tmp_path: Path) -> None:
    made = create(tmp_path, datetime.now(UTC))
    for one in (*PROFESSIONALS, *EMPLOYEES):
        kind = "cpe" if one in EMPLOYEES else "cps"
        assert holder_of(made.pair(f"{kind}-{one.user}-sign").load()[0]) == one.id_nat
    assert structure_of(made.pair("infirmier-sign").load()[0]) == INFIRMIER.structure.id_nat
    named = made.pair("cpe-secretaire-sign").load()[0].subject.rfc4514_string()
    assert SECRETAIRE.family in named
    bare = made.pair("cpe-accueil-sign").load()[0].subject
    assert len(bare.rdns[-1]) == 1
    assert ACCUEIL.structure.name in bare.rfc4514_string()


def test_an_old_one_is_made_anew(old: Pki) -> None:
    root = old.fingerprint
    later = datetime.now(UTC) + timedelta(days=729)
    assert open_or_create(old.folder, later).fingerprint != root
