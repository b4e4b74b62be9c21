"""Verdicts stay what they are: a feed spoilt in hundreds of ways, and the rules that each way breaks.

`verdicts.json` holds them. Rules that it does not know are left out of the comparison, so that a new rule
breaks nothing here. After a change of verdict that is wanted, write it again from the root of the project:
`python -m tests.simulators.dmp.test_verdicts`.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from conformance.catalogue.rules import all_rules
from schemas.vihf.certificates import Authorities
from simulators.core import pki
from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.random import Randomness
from simulators.dmp.examine import Options
from simulators.dmp.service import DmpService

from .kit import Kit
from .mutants import spoilt_feeds

EXPECTED = Path(__file__).with_name("verdicts.json")
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STEP = 7  # one way of spoiling in so many: all of them take a quarter of a minute


class Stopped(Clock):
    """Every age and every stamp is the same at each run."""

    def now(self) -> datetime:
        return START


def verdicts(made: Pki) -> dict[str, str]:
    """What the DMP decides and the rules broken, by way of spoiling; the good feed under `good`."""
    kit = Kit(made, Stopped())
    good = kit.request(kit.feed(kit.population.derive("a")))
    options = Options(Authorities.of(made.authorities(), made.revoked_serials()), "BANC-DMP-0001")
    found = {}
    for name, request in [("good", good), *spoilt_feeds(good, STEP)]:
        dmp = DmpService(options, clock=kit.clock, randomness=Randomness(7), population=kit.population)
        handled = dmp.handle(request)
        later = handled.judge_later() if handled.judge_later else ()
        rules = sorted(finding.rule for finding in (*handled.findings, *later))
        found[name] = " ".join([str(handled.facts["outcome"]), *rules])
    return found


def test_verdicts_are_those_of_before(test_pki: Pki) -> None:
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    known = {*expected["rules"], "accepted", "refused"}
    now = {
        name: " ".join(word for word in said.split() if word in known)
        for name, said in verdicts(test_pki).items()
    }
    assert now["good"].startswith("accepted")
    assert now == expected["verdicts"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        written = {
            "rules": sorted(all_rules()),
            "verdicts": verdicts(pki.create(Path(folder), START)),
        }
    EXPECTED.write_text(json.dumps(written, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
