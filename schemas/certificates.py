"""Certificates that come with messages, read once: software shows the same ones at each call."""

from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAX_KEPT = 16 * 1024  # bytes: a larger one is read, not remembered


def load(der: bytes) -> x509.Certificate:
    """A certificate whose key and subject can be read. Raises ValueError otherwise."""
    return _load(der) if len(der) > MAX_KEPT else _known(der)


def _load(der: bytes) -> x509.Certificate:
    certificate = x509.load_der_x509_certificate(der)
    try:
        certificate.public_key()
        certificate.subject.rfc4514_string()
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    return certificate


_known = lru_cache(maxsize=256)(_load)


@lru_cache(maxsize=256)
def rsa_key(certificate: x509.Certificate) -> RSAPublicKey | None:
    """The key of a certificate, read once; None when it is not RSA."""
    key = certificate.public_key()
    return key if isinstance(key, RSAPublicKey) else None


@lru_cache(maxsize=256)
def may_commit(certificate: x509.Certificate) -> bool:
    """Whether keyUsage says contentCommitment (nonRepudiation); False when there is none to read."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        return usage.content_commitment
    except (x509.ExtensionNotFound, ValueError):
        return False
