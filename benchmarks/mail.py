"""One mail with an archive of 100 kB: received by SMTP over TLS, stored, judged.

The client is another process, so that its time is not counted; it keeps its connection.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

from schemas import cda, mail, pdf, xdm, xds
from schemas.cda.writer import coded
from simulators.core.identities import CORRESPONDANT
from simulators.core.journal import Journal
from simulators.core.random import Randomness
from simulators.stack import Stack, StackSettings

from .measure import CPU, Measure, Sample, cpu
from .world import DOCTOR, START, login

BATCH = 5
FILLING = 92_000  # bytes that do not compress, in the PDF of the document: an archive of 100 kB


def source(stack: Stack, page: bytes, rank: int) -> bytes:
    """A document mail of the doctor to a correspondent; `page` is a PDF to fill."""
    patient = stack.population.derive("bench")
    created = START - timedelta(seconds=61 * (rank + 1))
    printed = page + b"\n%" + Randomness(rank).stream("pdf").randbytes(FILLING)
    structure = DOCTOR.structure
    header = cda.Header(
        f"1.2.250.1.999.5.{rank}",
        f"1.2.250.1.999.6.{rank}",
        created,
        cda.PatientIdentity(
            ins=patient.ins,
            local_ids=(),
            birth_name=patient.birth_name,
            given=patient.given,
            given_names=" ".join(patient.given_names),
            sex=patient.sex,
            birth_date=f"{patient.birth_date:%Y%m%d}",
            birth_place=patient.birth_place,
        ),
        cda.Person(
            DOCTOR.id_nat,
            family=DOCTOR.family,
            given=DOCTOR.given,
            code=coded("J01", DOCTOR.speciality_code),
            organisation_id=structure.id_nat,
            organisation_name=structure.name,
        ),
    )
    document = cda.build_document(cda.DocumentSpec(header, "lettre", printed))
    decoded = cda.read(document)
    entry = xds.entry_from_cda(decoded, document)
    submission = xds.new_submission(
        [entry],
        unique_id=f"1.2.250.1.999.8.{rank}",
        source_id="1.2.250.1.999.7",
        author=xds.author_of(decoded.author),
        content_type=xds.Code("07", xds.names.TRE_R209, "Consultations (soins externes)"),
        now=START,
    )
    sender = xdm.Sender(f"{DOCTOR.given} {DOCTOR.family}", structure.name, application="bench")
    archive = xdm.write_archive(submission, {entry.id: document}, sender, now=START)
    draft = mail.Draft(
        sender=mail.Address(DOCTOR.mailbox, f"Dr_{DOCTOR.given}_{DOCTOR.family}"),
        to=(mail.Address(CORRESPONDANT.mailbox),),
        subject="",
        body="Bonjour,\n\nVeuillez trouver ci-joint une lettre.",
        message_id=f"<{rank}@lps.test>",
        date=START,
        nil=stack.settings.nil,
    )
    return mail.compose(mail.with_documents(draft, archive, [decoded], [printed]))


CLIENT = """
import smtplib, ssl, sys
port, trust, login, to = sys.argv[1:]
client = smtplib.SMTP("localhost", int(port), timeout=30)
client.starttls(context=ssl.create_default_context(cafile=trust))
client.ehlo()
token = sys.stdin.readline().strip()
xoauth2 = f"user={login}\\x01auth=Bearer {token}\\x01\\x01"
client.auth("XOAUTH2", lambda challenge=None: xoauth2 if challenge is None else "")
print("ready", flush=True)
for line in sys.stdin:
    with open(line.strip(), "rb") as file:
        client.sendmail(login, [to], file.read())
    print("sent", flush=True)
client.quit()
"""


@contextmanager
def prepare(folder: Path) -> Iterator[Sample]:
    """Sends five mails a sample over one connection."""
    with Stack(StackSettings(1, folder / "pki", clock_start=START)) as stack:
        to = (str(stack.services.mail.smtp), str(stack.pki.ca_bundle), DOCTOR.mailbox, CORRESPONDANT.mailbox)
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, *to], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert client.stdin is not None and client.stdout is not None
        said, heard = client.stdin, client.stdout
        page = pdf.write_pdf("Lettre", ["Cher confrère,"], created=START)
        ranks = count()

        def tell(line: str, wanted: str) -> None:
            said.write(line + "\n")
            said.flush()
            if heard.readline().strip() != wanted:
                raise RuntimeError("the mail client failed")

        def send(paths: list[Path]) -> None:
            for path in paths:
                tell(str(path), "sent")
            stack.journal.settle()

        def sample() -> float:
            paths = []
            for _ in range(BATCH):
                rank = next(ranks)
                paths.append(folder / f"{rank}.eml")
                paths[-1].write_bytes(source(stack, page, rank))
            taken = cpu(lambda: send(paths), BATCH)
            _check(stack.journal)
            return taken

        try:
            tell(login(stack.services.psc, stack.services.psc_secret), "ready")
            yield sample
        finally:
            client.communicate(timeout=30)


def _check(journal: Journal) -> None:
    """Raises RuntimeError when a mail was refused or not judged: that must not be timed."""
    last = journal.exchanges(transaction="SMTP.message")[-1]
    if journal.bench_errors or not last.accepted or not last.facts.get("documents"):
        raise RuntimeError(f"the mail was not received: {dict(last.facts)} {journal.bench_errors}")


MEASURE = Measure("mail", "courriel avec archive de 100 ko, reçu et jugé", CPU, None, prepare)
