"""One INSi search by traits that finds the patient."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from cryptography.x509.oid import NameOID

from schemas import insi
from schemas.insi.names import ACTION_TRAITS, content_type
from simulators.core.random import Randomness
from simulators.core.service import Request

from .measure import CPU, Measure, Sample, cpu
from .world import World, handled, world

BATCH = 20
CERTIFICATE = "cabinet-insi"


def request_of(of: World, rank: int) -> Request:
    """A search with fresh identifiers."""
    certificate, _ = of.pki.pair(CERTIFICATE).load()
    emitter = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value
    fresh = [Randomness(rank).uuid(name) for name in ("message", "bam", "lps", "software")]
    patient = of.patient
    traits = insi.Traits(
        patient.birth_name,
        (patient.given,),
        patient.sex,
        patient.birth_date.isoformat(),
        patient.birth_place,
    )
    data = insi.write_traits_request(
        traits,
        insi.Software("SIMU0001", "bench", "1", fresh[3]),
        message_id=fresh[0],
        bam_id=fresh[1],
        lps_id=fresh[2],
        now=of.clock.now(),
        emitter=str(emitter),
    )
    return Request(
        "POST", "/lps", (("Content-Type", content_type(ACTION_TRAITS)),), data, of.tls(CERTIFICATE)
    )


@contextmanager
def prepare(folder: Path) -> Iterator[Sample]:
    """Searches twenty times a sample."""
    with world(folder) as of:
        ranks = count()

        def sample() -> float:
            requests = [request_of(of, next(ranks)) for _ in range(BATCH)]
            return cpu(lambda: [handled(of.services.insi, one) for one in requests], BATCH)

        yield sample


MEASURE = Measure("insi", "recherche INSi par les traits", CPU, None, prepare)
