"""What several scenarios of consultation look at: who checked their right, what was listed and given."""

from typing import Any

from conformance.engine.bench import Bench, Known
from schemas.finding import Rule
from simulators.core.exchange import Exchange

READ = ["patient.record", "identity.search", "session.login", "document.search"]


def rights_first(bench: Bench, rule: Rule) -> None:
    """Over the whole case: before each TD3.1 or TD3.2, this user had checked their right on this patient."""
    for consulted in (*bench.seen("dmp", "TD3.1"), *bench.seen("dmp", "TD3.2")):
        patient, user = consulted.facts["patient"], consulted.facts["user"]
        checks = (
            *bench.seen("dmp", "TD0.2", patient=patient, user=user, outcome="accepted"),
            *bench.seen("dmp", "TD0.4", patients=patient, user=user, outcome="accepted"),
        )
        bench.check(
            rule,
            any(one.number < consulted.number for one in checks),
            where=f"{consulted.id} {consulted.transaction}",
            observed=[f"{one.id} {one.transaction}" for one in checks],
            expected=f"TD0.2 | TD0.4 ({user}) avant {consulted.id}",
        )


def ids(documents: list[dict[str, Any]]) -> list[str]:
    """The uniqueIds of documents that the software shows."""
    return sorted(str(one["unique_id"]) for one in documents)


def given(bench: Bench, patient: Known, since: int) -> dict[str, str]:
    """SHA-256 by uniqueId of what the DMP gave (TD3.2) about this patient."""
    return {
        one["unique_id"]: one["sha256"]
        for got in bench.seen("dmp", "TD3.2", since=since, patient=patient.matricule, outcome="accepted")
        for one in got.facts["documents"]
    }


def searched(bench: Bench, patient: Known, **arguments: Any) -> tuple[Exchange, list[str]]:
    """A search that succeeds: its last TD3.1, and the uniqueIds that are shown."""
    mark = bench.mark()
    shown = bench.do("document.search", patient_id=patient.id, **arguments).data["documents"]
    return bench.expect("dmp", "TD3.1", since=mark, patient=patient.matricule), ids(shown)
