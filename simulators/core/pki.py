"""The run's test PKI, a look-alike of IGC-Santé: authorities, servers, organisations, and what to refuse.

Everything is labelled TEST BANC. RSA only, as the national cipher lists want.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .identities import (
    CABINET,
    EMPLOYEES,
    INFIRMIER,
    LABORATOIRE,
    OFFICINE,
    PROFESSIONALS,
    SAGE_FEMME,
    Employee,
    Professional,
    Structure,
)

Key = rsa.RSAPrivateKey

AUTH_CLI = "AUTH_CLI"  # TLS client authentication
SIGN = "SIGN"  # contentCommitment: VIHF, XAdES
SSL_SERV = "SSL_SERV"  # TLS server
DAY = timedelta(days=1)
_CRL_END = b"-----END X509 CRL-----"
SERVER_NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.DNSName("*.test.mssante.fr"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path

    def load(self) -> tuple[x509.Certificate, Key]:
        key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return x509.load_pem_x509_certificate(self.certificate.read_bytes()), key


@dataclass(frozen=True, slots=True)
class Authority:
    certificate: x509.Certificate
    key: Key


class Pki:
    """The files of one test PKI in one folder.

    `ca_bundle` holds root and issuing authorities, of organisations then of cards: what a vendor must trust.
    `pair(name)` is one of `server`, `cabinet-auth`, `cabinet-sign`, `cabinet-insi`, `officine-auth`,
    `officine-sign`, `infirmier-auth`, `infirmier-sign`, `sage-femme-auth`, `sage-femme-sign`, `labo-auth`;
    `cps-medecin-auth`, `cps-medecin-sign` and so on for each professional of `identities`,
    `cpe-secretaire-auth`, `cpe-secretaire-sign` and so on for each employee, look-alikes of cards; and the
    certificates that services must refuse: `expired`, `not-yet-valid`, `revoked`, `wrong-usage`,
    `unknown-issuer`, `wrong-range` for authentication, `sign-expired`, `sign-not-yet-valid`,
    `sign-revoked`, `sign-unknown-issuer` for signature. Servers that clients must refuse: `server-expired`,
    `server-revoked`, `server-wrong-host`, `server-unknown-authority`, `server-wrong-range`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def ca_bundle(self) -> Path:
        return self.folder / "ca-bundle.pem"

    @property
    def crl(self) -> Path:
        return self.folder / "crl.pem"

    def pair(self, name: str) -> Pair:
        return Pair(self.folder / f"{name}.pem", self.folder / f"{name}.key")

    def names(self) -> list[str]:
        """Names of the pairs present."""
        return sorted(path.stem for path in self.folder.glob("*.key"))

    def authorities(self) -> list[x509.Certificate]:
        """Root, issuing authority of organisations, issuing authority of cards, in that order; then those of
        what was added later (`complete`)."""
        return x509.load_pem_x509_certificates(self.ca_bundle.read_bytes())

    def revoked_serials(self) -> frozenset[int]:
        """Serial numbers in the CRLs, one of each issuing authority."""
        lists = (part + _CRL_END for part in self.crl.read_bytes().split(_CRL_END) if part.strip())
        return frozenset(entry.serial_number for one in lists for entry in x509.load_pem_x509_crl(one))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root, in hex: identifies this PKI in a record."""
        return self.authorities()[0].fingerprint(hashes.SHA256()).hex()


def create(folder: Path, now: datetime) -> Pki:
    """Make a fresh PKI in `folder` (created if need be). Certificates are valid 2 years around `now`."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:  # OpenSSL releases the GIL
        keys = list(pool.map(lambda _: rsa.generate_private_key(65537, 2048), range(8)))
    root_key, org_key, server_key, cabinet_key, sign_key, officine_key, labo_key, stray_key = keys
    root = Authority(_authority("AC RACINE IGC-SANTE ELEMENTAIRE", root_key, None, now), root_key)
    org = Authority(_authority("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", org_key, root, now), org_key)
    stray = Authority(_authority("AC INCONNUE", stray_key, None, now), stray_key)
    personnes = Authority(_authority("AC IGC-SANTE STANDARD PERSONNES", stray_key, root, now), stray_key)

    cards = Authority(_authority("AC IGC-SANTE FORT PERSONNES", stray_key, root, now), stray_key)

    issued: dict[str, tuple[x509.Certificate, Key]] = {}

    def issue(
        name: str,
        usage: str,
        key: Key,
        structure: Structure | None,
        common_name: str,
        by: Authority = org,
        since: datetime = now - DAY,
        until: datetime = now + 730 * DAY,
        hosts: Sequence[x509.GeneralName] = SERVER_NAMES,
    ) -> None:
        subject = _subject(common_name, structure)
        issued[name] = (_leaf(subject, key, by, usage, since, until, hosts), key)

    issue("server", SSL_SERV, server_key, None, "localhost")
    issue("cabinet-auth", AUTH_CLI, cabinet_key, CABINET, "cabinet.test.banc")
    issue("cabinet-sign", SIGN, sign_key, CABINET, "cabinet.test.banc")
    issue("cabinet-insi", AUTH_CLI, cabinet_key, CABINET, "INSI-AUTO")
    issue("officine-auth", AUTH_CLI, officine_key, OFFICINE, "officine.test.banc")
    issue("officine-sign", SIGN, officine_key, OFFICINE, "officine.test.banc")
    issue("labo-auth", AUTH_CLI, labo_key, LABORATOIRE, "labo.test.banc")
    past, later = now - 400 * DAY, now + 400 * DAY
    issue("expired", AUTH_CLI, labo_key, CABINET, "cabinet.test.banc", since=past, until=now - 30 * DAY)
    issue("not-yet-valid", AUTH_CLI, labo_key, CABINET, "cabinet.test.banc", since=later, until=later + DAY)
    issue("revoked", AUTH_CLI, labo_key, CABINET, "cabinet.test.banc")
    issue("wrong-usage", SSL_SERV, labo_key, CABINET, "cabinet.test.banc")
    issue("wrong-range", AUTH_CLI, labo_key, CABINET, "cabinet.test.banc", by=personnes)
    issue("unknown-issuer", AUTH_CLI, labo_key, CABINET, "cabinet.test.banc", by=stray)
    ended = now - 30 * DAY
    issue("sign-expired", SIGN, labo_key, CABINET, "cabinet.test.banc", since=past, until=ended)
    issue("sign-not-yet-valid", SIGN, labo_key, CABINET, "cabinet.test.banc", since=later, until=later + DAY)
    issue("sign-revoked", SIGN, labo_key, CABINET, "cabinet.test.banc")
    issue("sign-unknown-issuer", SIGN, labo_key, CABINET, "cabinet.test.banc", by=stray)
    # Cards borrow keys that sign for nobody else: a key costs more than all the certificates together.
    lent = {AUTH_CLI: labo_key, SIGN: server_key}
    issued |= {name: _lent(subject, usage, lent, cards, now) for name, subject, usage in _cards()}
    issued |= {name: _lent(subject, usage, lent, org, now) for name, subject, usage in _later_structures()}
    issue("server-expired", SSL_SERV, server_key, None, "localhost", since=past, until=ended)
    issue("server-revoked", SSL_SERV, server_key, None, "localhost")
    elsewhere = [x509.DNSName("ailleurs.invalid")]
    issue("server-wrong-host", SSL_SERV, server_key, None, "ailleurs.invalid", hosts=elsewhere)
    issue("server-unknown-authority", SSL_SERV, server_key, None, "localhost", by=stray)
    issue("server-wrong-range", SSL_SERV, server_key, None, "localhost", by=personnes)

    pki = Pki(folder)
    pki.ca_bundle.write_bytes(b"".join(map(_pem, (root.certificate, org.certificate, cards.certificate))))
    revoked = [issued[name][0].serial_number for name in ("revoked", "sign-revoked", "server-revoked")]
    pki.crl.write_bytes(_crl(org, revoked, now) + _crl(cards, (), now))
    for name, (certificate, key) in issued.items():
        chain = _pem(certificate)
        if name.endswith("wrong-range"):
            chain += _pem(personnes.certificate)
        elif name.startswith(("cps-", "cpe-")):
            chain += _pem(cards.certificate)
        elif name.startswith("server"):
            chain += _pem(org.certificate)
        _write(pki.pair(name), chain, key)
    return pki


def open_or_create(folder: Path, now: datetime) -> Pki:
    """The PKI of this folder while its server has a week left, completed when it lacks pairs made since; else
    a fresh one."""
    found = Pki(folder)
    server = found.pair("server").certificate
    if server.exists() and found.pair("cps-medecin-sign").certificate.exists():
        certificate = x509.load_pem_x509_certificate(server.read_bytes())
        if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - 7 * DAY:
            complete(found, now)
            return found
    return create(folder, now)


def complete(pki: Pki, now: datetime) -> None:
    """Add the cards and structures that a PKI made by an earlier version lacks; what it has stays as it is.

    Its authorities kept no key: two more issue them, added after the others to the bundle and to the CRLs, so
    that a software that trusts the root needs nothing new.
    """
    have = frozenset(pki.names())
    wanted = {"PERSONNES": _cards(), "ORGANISATIONS": _later_structures()}
    lacking = {range_: [one for one in pairs if one[0] not in have] for range_, pairs in wanted.items()}
    if not any(lacking.values()):
        return
    lent = {usage: pki.pair(name).load()[1] for usage, name in ((AUTH_CLI, "labo-auth"), (SIGN, "server"))}
    key = rsa.generate_private_key(65537, 2048)
    for range_, pairs in lacking.items():
        if not pairs:
            continue
        rank = len(pki.authorities())
        by = Authority(_authority(f"AC COMPLEMENT {rank} {range_}", key, None, now), key)
        pki.ca_bundle.write_bytes(pki.ca_bundle.read_bytes() + _pem(by.certificate))
        pki.crl.write_bytes(pki.crl.read_bytes() + _crl(by, (), now))
        for name, subject, usage in pairs:
            certificate, own = _lent(subject, usage, lent, by, now)
            _write(pki.pair(name), _pem(certificate) + _pem(by.certificate), own)


def _cards() -> list[tuple[str, x509.Name, str]]:
    """Name, subject and usage of each pair of a card."""
    people: list[tuple[str, Professional | Employee]] = [("cps", one) for one in PROFESSIONALS]
    people += [("cpe", one) for one in EMPLOYEES]
    return [
        (f"{kind}-{one.user}-{suffix}", _card_subject(one), usage)
        for kind, one in people
        for suffix, usage in (("auth", AUTH_CLI), ("sign", SIGN))
    ]


def _later_structures() -> list[tuple[str, x509.Name, str]]:
    """Name, subject and usage of each pair of the structures that came after the first ones."""
    return [
        (f"{one.user}-{suffix}", _subject(f"{one.user}.test.banc", one.structure), usage)
        for one in (INFIRMIER, SAGE_FEMME)
        for suffix, usage in (("auth", AUTH_CLI), ("sign", SIGN))
    ]


def _lent(
    subject: x509.Name, usage: str, keys: Mapping[str, Key], by: Authority, now: datetime
) -> tuple[x509.Certificate, Key]:
    key = keys[usage]
    return _leaf(subject, key, by, usage, now - DAY, now + 730 * DAY, ()), key


def _write(pair: Pair, chain: bytes, key: Key) -> None:
    pair.certificate.write_bytes(chain)
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    pair.key.chmod(0o600)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _subject(common_name: str, structure: Structure | None) -> x509.Name:
    # RFC 4514 prints the reverse of this order: CN=…,OU=<Struct_IdNat>,O=…,ST=…,C=FR
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]
    if structure is None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SEGUR-BENCH TEST"))
    else:
        parts += [
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, structure.department),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, structure.name),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, structure.id_nat),
        ]
    parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(parts)


def _card_subject(one: Professional | Employee) -> x509.Name:
    """CN, SN and GN in one RDN, as in the public example of direct authentication; CN is the PS_IdNat.

    The O of an employee's card is their structure; some such cards have neither SN nor GN (PDT-INF-617).
    """
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, one.id_nat)]
    if one.family:
        parts.append(x509.NameAttribute(NameOID.SURNAME, one.family))
    if one.given:
        parts.append(x509.NameAttribute(NameOID.GIVEN_NAME, one.given))
    issuer = one.structure.name if isinstance(one, Employee) else "SEGUR-BENCH TEST"
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)
    return x509.Name(
        [
            *(x509.RelativeDistinguishedName([part]) for part in (country, organisation)),
            x509.RelativeDistinguishedName(parts),
        ]
    )


def _authority(common_name: str, key: Key, parent: Authority | None, now: datetime) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SEGUR-BENCH TEST"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"TEST BANC {common_name}"),
        ]
    )
    signer = parent.key if parent else key
    issuer = parent.certificate.subject if parent else subject
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 800 * DAY)
        .not_valid_after(now + 3650 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usages(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )


def _leaf(
    subject: x509.Name,
    key: Key,
    by: Authority,
    usage: str,
    since: datetime,
    until: datetime,
    hosts: Sequence[x509.GeneralName],
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since.astimezone(UTC))
        .not_valid_after(until.astimezone(UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False
        )
    )
    if usage == SIGN:
        builder = builder.add_extension(_usages(content_commitment=True), critical=True)
    elif usage == AUTH_CLI:
        builder = builder.add_extension(_usages(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        builder = builder.add_extension(_usages(digital_signature=True, key_encipherment=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    return builder.sign(by.key, hashes.SHA256())


def _usages(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _crl(authority: Authority, serials: Sequence[int], now: datetime) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - DAY)
        .next_update(now + 730 * DAY)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
