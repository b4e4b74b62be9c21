"""One fully judged DMP feed: TD2.1 of about 60 kB, the answer and the deferred judgement."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

from schemas import xds
from schemas.cda import DocumentSpec, build_document, read
from schemas.soap import envelope, mtom
from schemas.vihf import Role, VihfRequest, model
from schemas.vihf import build as build_vihf
from schemas.xds import Code, names
from simulators.core.faults import FaultPlan
from simulators.core.journal import Journal
from simulators.core.random import Randomness
from simulators.core.service import Context, Request, serve
from simulators.dmp.routes import BASE, FEED

from .measure import CPU, Measure, Sample, cpu
from .world import DOCTOR, START, World, cda_header, handled, world

PDF_BYTES = 22_000  # makes a message of about 60 kB
PDFA = b"<pdfaid:part>1</pdfaid:part>"
BATCH = 20


def request_of(of: World, rank: int) -> Request:
    """A feed of one letter, about which no rule has anything to say.

    Nothing but the patient and the author is that of another rank: the VIHF, the letter and both signatures
    are new each time.
    """
    draw = Randomness(rank)
    certificate, key = of.pki.pair("cabinet-sign").load()
    patient = of.patient
    pdf = b"%PDF-1.4\n" + PDFA + draw.stream("pdf").randbytes(PDF_BYTES) + b"\n%%EOF\n"
    created = START - timedelta(seconds=61 * (rank + 1))
    document = build_document(DocumentSpec(cda_header(patient, rank, created), "lettre", pdf))
    decoded = read(document)
    entry = xds.entry_from_cda(decoded, document)
    submission = xds.new_submission(
        [entry],
        unique_id=f"1.2.250.1.999.3.{rank}",
        source_id="1.2.250.1.999.7",
        author=xds.author_of(decoded.author),
        content_type=Code("07", names.TRE_R209, "Consultations (soins externes)"),
        now=START,
        signature_id=f"1.2.250.1.999.4.{rank}",
    )
    signature = xds.sign_submission(
        submission.submission_set.unique_id, {entry.unique_id: document}, certificate, key, now=START
    )
    body = xds.write_provide(
        xds.write_submission(submission), {entry.id: "cid:doc", "Signature01": "cid:sig"}
    )
    asked = VihfRequest(
        id=f"_{draw.uuid('vihf')}",
        issue_instant=of.clock.now(),
        name_id=DOCTOR.id_nat,
        structure=DOCTOR.structure.id_nat,
        sector="SA07",
        roles=(Role("10", model.PROFESSIONS), Role("SM26", model.SPECIALITIES)),
        homologation="BANC-DMP-0001",
        lps_name="bench",
        lps_version="1",
        subject_id=f"{DOCTOR.given} {DOCTOR.family}",
        patient=patient.ins,
    )
    message = envelope.write(
        body,
        action=FEED.action,
        message_id=f"urn:uuid:{rank}",
        security=build_vihf(asked, certificate, key).decode(),
    )
    content_type, data = mtom.join(
        message,
        [mtom.Attachment("doc", document, "text/xml"), mtom.Attachment("sig", signature)],
        FEED.action,
    )
    return Request("POST", f"{BASE}/repository", (("Content-Type", content_type),), data, of.tls())


@contextmanager
def prepare(folder: Path) -> Iterator[Sample]:
    """Feeds one patient, twenty documents a sample."""
    with world(folder) as of:
        ranks = count()
        dmp = of.services.dmp

        def sample() -> float:
            requests = [request_of(of, next(ranks)) for _ in range(BATCH)]

            def feed_all() -> None:
                for request in requests:
                    handled(dmp, request)

            return cpu(feed_all, BATCH)

        first = dmp.handle(request_of(of, next(ranks)))
        found = [*first.findings, *(first.judge_later() if first.judge_later else ())]
        if found:
            raise RuntimeError(f"the feed to time is not clean: {found}")
        yield sample


@contextmanager
def prepare_served(folder: Path) -> Iterator[Sample]:
    """The same through the journal: each feed is judged beside the answers to the next ones."""
    with world(folder) as of, closing(Journal(of.clock)) as journal:
        ranks = count()
        context = Context(of.clock, journal, FaultPlan())

        def sample() -> float:
            requests = [request_of(of, next(ranks)) for _ in range(BATCH)]

            def serve_all() -> None:
                for request in requests:
                    serve(of.services.dmp, request, context)
                journal.settle()

            spent = cpu(serve_all, BATCH)
            served = journal.exchanges()[-BATCH:]
            if journal.bench_errors or not all(one.accepted for one in served):
                raise RuntimeError(f"refused: {[dict(one.facts) for one in served if not one.accepted]}")
            return spent

        yield sample


MEASURES: tuple[Measure, ...] = (
    Measure("feed", "alimentation DMP de 60 ko, entièrement jugée", CPU, 1.5, prepare),
    Measure("feed-served", "la même par le journal, jugée à côté", CPU, None, prepare_served),
)
