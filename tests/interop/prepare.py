"""What an independent client is given: files and environment variables, and nothing of ours to run."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from schemas import xds
from schemas.cda import read
from schemas.soap.envelope import WSSE
from schemas.vihf import AIR, INDIRECT
from schemas.xds import Code, Submission, names
from schemas.xds.assemble import SIGNATURE_ID
from simulators.core.pki import Pki
from simulators.core.population import Patient
from simulators.stack import Stack
from tests.simulators.dmp.kit import SOURCE, Kit

WSDL = Path(__file__).with_name("repository.wsdl")
PASSWORD = "interop"
NAME = "HÉLÈNE « L'ŒIL » & DESCHAMPS-TEST"  # a stack that touches the encoding breaks the signature
CLIENT, SIGNER = "cabinet-auth", "cabinet-sign"
# After the root of a CDA, where a signature still covers it: line ends, text like a delimiter, a last LF.
TAIL = b"\r\n<?banc \r\n--uuid-segur-bench\r\nContent-ID: <root>\r\n\r\n--uuid-segur-bench--\r\n %%EOF\n?>\n"
# What breaks those who write or read multipart: every line end, delimiters of every stack, every byte.
NASTY = (
    b"\r\n--uuid-segur-bench\r\nContent-ID: <root.message@segur-bench>\r\n\r\n--uuid-segur-bench--\r\n==\r\n"
    b"------=_Part_0\r\n\n\r--MIMEBoundary\n&lt;<![CDATA[\r\n--\r\n" + bytes(range(256)) + b"%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Given:
    """What one client was given. `documents`: the bytes to send, by uniqueId, without the signature."""

    folder: Path
    patient: Patient
    documents: dict[str, bytes]
    environment: dict[str, str]

    def retrieved(self) -> dict[str, bytes]:
        """The bytes that the client was given back, by uniqueId."""
        return {path.name: path.read_bytes() for path in (self.folder / "retrieved").iterdir()}

    def digests(self) -> dict[str, str]:
        """SHA-256 of the documents, by uniqueId."""
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.documents.items()}


def prepare(stack: Stack, folder: Path, *, spoilt: bool = False) -> Given:
    """Write all that a client needs for one TD2.1 and one TD3.2 against a stack of its own.

    `spoilt`: a letter of each signed VIHF is changed, so that the DMP answers with faults.

    `submission.xml`: lcm:SubmitObjectsRequest. `documents.tsv`: entry id, uniqueId, file, the signature last
    (its uniqueId is empty: nobody is shown it). `feed-security.xml`, `retrieve-security.xml`: wsse:Security
    with a signed VIHF. `client.pem`: certificate and key; `client.p12`; `ca.pem`.
    """
    (folder / "retrieved").mkdir(parents=True)
    kit = Kit(stack.pki, stack.clock, stack.population)
    patient = stack.population.derive("interop")
    submission, documents = _submission(kit, patient)
    (folder / "submission.xml").write_bytes(xds.write_submission(submission))
    lines = []
    for entry in submission.entries:
        (folder / entry.id).write_bytes(documents[entry.id])
        shown = "" if entry.id == SIGNATURE_ID else entry.unique_id
        lines.append(f"{entry.id}\t{shown}\t{folder / entry.id}\n")
    (folder / "documents.tsv").write_text("".join(lines))
    for name, mode in (("feed", INDIRECT), ("retrieve", AIR)):
        signed = kit.sign(kit.vihf(patient, mode, subject_id=NAME), SIGNER).decode()
        if spoilt:
            signed = signed.replace("DESCHAMPS-TEST", "DUPONT-TEST")
        security = f'<wsse:Security xmlns:wsse="{WSSE}">{signed}</wsse:Security>'
        (folder / f"{name}-security.xml").write_text(security, encoding="utf-8")
    _keys(stack.pki, folder)
    environment = {
        "INTEROP_URL": f"{stack.environment.dmp_url}/repository",
        "INTEROP_WSDL": str(WSDL),
        "INTEROP_DATA": str(folder),
        "INTEROP_REPOSITORY": names.DMP_REPOSITORY,
        "INTEROP_PASSWORD": PASSWORD,
    }
    sent = {entry.unique_id: documents[entry.id] for entry in submission.documents}
    return Given(folder, patient, sent, environment)


def _submission(kit: Kit, patient: Patient) -> tuple[Submission, dict[str, bytes]]:
    """A CDA and a lump of bytes, with a signature of the CDA."""
    cda = kit.cda(patient) + TAIL
    other = read(kit.cda(patient))
    entries = [
        xds.entry_from_cda(read(cda), cda),
        xds.entry_from_cda(other, NASTY, entry_id="Document02"),
    ]
    submission = xds.new_submission(
        entries,
        unique_id=kit.oid(),
        source_id=SOURCE,
        author=xds.author_of(other.author),
        content_type=Code("07", names.TRE_R209, "Consultations (soins externes)"),
        now=kit.now,
        signature_id=kit.oid(),
    )
    signed = {entries[0].unique_id: cda}
    signature = xds.sign_submission(
        submission.submission_set.unique_id, signed, *kit.pki.pair(SIGNER).load(), now=kit.now
    )
    return submission, {"Document01": cda, "Document02": NASTY, SIGNATURE_ID: signature}


def _keys(pki: Pki, folder: Path) -> None:
    """The client's certificate in the forms that the stacks want."""
    pair = pki.pair(CLIENT)
    certificate, key = pair.load()
    chain = x509.load_pem_x509_certificates(pair.certificate.read_bytes())[1:]
    (folder / "client.pem").write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    (folder / "client.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"client", key, certificate, chain, BestAvailableEncryption(PASSWORD.encode())
        )
    )
    (folder / "ca.pem").write_bytes(pki.ca_bundle.read_bytes())
