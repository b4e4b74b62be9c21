"""CPU time of one fully judged DMP feed (TD2.1, about 60 kB): answer and deferred judgement.

Run with `python -m benchmarks.feed [--profile]`. The aim is under 2 ms of CPU.
"""

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from schemas import xds
from schemas.cda import Code as CdaCode
from schemas.cda import DocumentSpec, Header, PatientIdentity, Person, build_document, read
from schemas.soap import envelope, mtom
from schemas.vihf import Role, VihfRequest, build, model
from schemas.vihf.certificates import Authorities
from schemas.xds import Code, names
from simulators.core import pki
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.identities import MEDECIN
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request
from simulators.dmp.examine import Options
from simulators.dmp.routes import BASE, FEED
from simulators.dmp.service import DmpService

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PDF_BYTES = 22_000  # makes a message of about 60 kB


def requests_of(count: int, made: pki.Pki, patient: Patient, clock: Clock) -> list[Request]:
    """That many different feeds of one patient."""
    certificate, key = made.pair("cabinet-sign").load()
    client, _ = made.pair("cabinet-auth").load()
    tls = Tls(
        "TLSv1.2", "", client.public_bytes(pki.serialization.Encoding.DER), client.subject.rfc4514_string()
    )
    structure = MEDECIN.structure
    person = Person(
        id=MEDECIN.id_nat,
        family=MEDECIN.family,
        given=MEDECIN.given,
        code=CdaCode("G15_10/SM26", "1.2.250.1.213.1.1.4.5"),
        organisation_id=structure.id_nat,
        organisation_name=structure.name,
    )
    identity = PatientIdentity(
        ins=patient.ins,
        local_ids=(("1.2.250.1.999.1.2", "IPP-42"),),
        birth_name=patient.birth_name,
        given=patient.given,
        given_names=" ".join(patient.given_names),
        sex=patient.sex,
        birth_date=f"{patient.birth_date:%Y%m%d}",
        birth_place=patient.birth_place,
    )
    pdf = b"%PDF-1.4\n" + Randomness(1).token("pdf", PDF_BYTES).encode() + b"\n%%EOF\n"
    built = []
    for rank in range(count):
        header = Header(f"1.2.250.1.999.1.{rank}", f"1.2.250.1.999.2.{rank}", START, identity, person)
        data = build_document(DocumentSpec(header, "lettre", pdf))
        document = read(data)
        entry = xds.entry_from_cda(document, data)
        submission = xds.new_submission(
            [entry],
            unique_id=f"1.2.250.1.999.3.{rank}",
            source_id="1.2.250.1.999.7",
            author=xds.author_of(document.author),
            content_type=Code("07", names.TRE_R209, "Consultations (soins externes)"),
            now=START,
            signature_id=f"1.2.250.1.999.4.{rank}",
        )
        signature = xds.sign_submission(
            submission.submission_set.unique_id, {entry.unique_id: data}, certificate, key, now=START
        )
        body = xds.write_provide(
            xds.write_submission(submission), {entry.id: "cid:doc", "Signature01": "cid:sig"}
        )
        asked = VihfRequest(
            id=f"_v{rank}",
            issue_instant=clock.now(),
            name_id=MEDECIN.id_nat,
            structure=structure.id_nat,
            sector="SA07",
            roles=(Role("10", model.PROFESSIONS), Role("SM26", model.SPECIALITIES)),
            homologation="BANC-DMP-0001",
            lps_name="bench",
            lps_version="1",
            subject_id="CAMILLE DESCHAMPS-TEST",
            patient=patient.ins,
        )
        message = envelope.write(
            body,
            action=FEED.action,
            message_id=f"urn:uuid:{rank}",
            security=build(asked, certificate, key).decode(),
        )
        content_type, data = mtom.join(
            message,
            [mtom.Attachment("doc", data, "text/xml"), mtom.Attachment("sig", signature)],
            FEED.action,
        )
        built.append(Request("POST", f"{BASE}/repository", (("Content-Type", content_type),), data, tls))
    return built


def judged(service: DmpService, request: Request) -> Handled:
    """One feed with all its judgement."""
    handled = service.handle(request)
    if handled.judge_later is not None:
        list(handled.judge_later())
    return handled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    clock, population = Clock(START), Population(7)
    patient = population.derive("bench")
    with tempfile.TemporaryDirectory() as folder:
        made = pki.create(Path(folder), START)
        feeds = requests_of(options.rounds + 20, made, patient, clock)
        service = DmpService(
            Options(Authorities.of(made.authorities(), made.revoked_serials()), "BANC-DMP-0001"),
            clock=clock,
            randomness=Randomness(7),
            population=population,
        )
        for request in feeds[:20]:
            judged(service, request)
        if options.profile:
            profile = cProfile.Profile()
            profile.enable()
            for request in feeds[20:]:
                judged(service, request)
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
            return
        answers, all_ = [], []
        for request in feeds[20:]:
            start = time.process_time()
            handled = service.handle(request)
            answered = time.process_time()
            assert handled.facts["outcome"] == "accepted", handled.facts
            assert handled.judge_later is not None
            list(handled.judge_later())
            answers.append((answered - start) * 1000)
            all_.append((time.process_time() - start) * 1000)
        size = len(feeds[-1].body)
        print(
            f"TD2.1 of {size} bytes, {len(all_)} feeds, CPU: answer {statistics.median(answers):.2f} ms, "
            f"fully judged {statistics.median(all_):.2f} ms (median), {min(all_):.2f} ms (best)"
        )


if __name__ == "__main__":
    main()
