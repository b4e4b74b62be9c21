"""One conformant submission of a level-1 letter, and its parts."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from schemas import cda, xds
from schemas.ins import Ins, key

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MATRICULE = "2790351215189"


class Signer(NamedTuple):
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def certificate(key: rsa.RSAPrivateKey, *, signing: bool) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST BANC")])
    usage = x509.KeyUsage(not signing, signing, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


@pytest.fixture(scope="session")
def signer() -> Signer:
    private = rsa.generate_private_key(65537, 2048)
    return Signer(certificate(private, signing=True), private)


@pytest.fixture(scope="session")
def authentication(signer: Signer) -> Signer:
    return Signer(certificate(signer.key, signing=False), signer.key)


def patient(birth_date: str = "19790328") -> cda.PatientIdentity:
    ins = Ins(MATRICULE + key(MATRICULE))
    return cda.PatientIdentity(
        ins, (("1.2.3.4", "IPP1"),), "PAT-TROIS", "DOMINIQUE", "DOMINIQUE", "F", birth_date, "51215"
    )


AUTHOR = cda.Person(
    "899700100011",
    family="DESCHAMPS-TEST",
    given="CAMILLE",
    code=cda.Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin - Médecine générale (SM)"),
    organisation_id="499700100011001",
    organisation_name="CABINET MEDICAL DU BANC",
)


def letter(unique_id: str = "1.2.250.1.999.1.1", **header: object) -> bytes:
    stated: dict[str, object] = {
        "unique_id": unique_id,
        "set_id": "1.2.250.1.999.1.9",
        "created": NOW,
        "patient": patient(),
        "author": AUTHOR,
        **header,
    }
    return cda.build_document(cda.DocumentSpec(cda.Header(**stated), "lettre", b"%PDF-1.4 lettre"))  # type: ignore[arg-type]


class Sample(NamedTuple):
    submission: xds.Submission
    documents: dict[str, bytes]

    @property
    def lot(self) -> xds.Lot:
        entry = self.submission.documents[0]
        return xds.Lot(
            self.submission, self.documents, "899700100011", "499700100011001", "DIRECTE", entry.patient_id
        )


@pytest.fixture(scope="session")
def sample(signer: Signer) -> Sample:
    """A conformant TD2.1: one letter, its signature."""
    data = letter()
    entry = xds.entry_from_cda(cda.read(data), data)
    submission = xds.new_submission(
        [entry],
        unique_id="1.2.250.1.999.2.1",
        source_id="1.2.250.1.999.2",
        author=entry.authors[0],
        content_type=xds.Code("07", "1.2.250.1.213.2.2", "Consultations (soins externes)"),
        now=NOW,
        signature_id="1.2.250.1.999.2.2",
    )
    signature = xds.sign_submission(
        "1.2.250.1.999.2.1", {entry.unique_id: data}, signer.certificate, signer.key, now=NOW
    )
    return Sample(submission, {"Document01": data, "Signature01": signature})
