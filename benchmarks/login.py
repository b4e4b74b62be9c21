"""One login at Pro Santé Connect: page, choice of the identity, tokens (RSA signatures), userinfo."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .measure import CPU, Measure, Sample, cpu
from .world import login, world

BATCH = 5


@contextmanager
def prepare(folder: Path) -> Iterator[Sample]:
    """Logs in five times a sample."""
    with world(folder) as of:
        psc, secret = of.services.psc, of.services.psc_secret
        yield lambda: cpu(lambda: [login(psc, secret) for _ in range(BATCH)], BATCH)


MEASURE = Measure("psc", "connexion Pro Santé Connect", CPU, None, prepare)
