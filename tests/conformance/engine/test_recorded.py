"""The recorded world: what a scenario may see of the past, and when."""

import json
from datetime import timedelta
from typing import Any

import pytest

from conformance.engine.browser import LoginRefused
from conformance.engine.outcomes import NonTestable
from conformance.engine.recorded import Diverged, RecordedJournal, RecordedSut, RecordedWorld
from conformance.sut.driver import SutError
from reports.record import Software
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange

SOFTWARE = Software("essai", "1", "", "", ("medecin",), (), "test")
NOW = Clock().now()


def exchange(number: int, service: str, transaction: str, body: object = "", **facts: Any) -> Exchange:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Exchange(number, service, transaction, NOW, 0.0, response_body=data, facts=facts)


def answered(number: int, action: str, since: int, outcome: str = "done", **data: Any) -> Exchange:
    body = {"outcome": outcome, "messages": [], "data": data}
    return exchange(number, "sut", f"SUT.{action}", body, since=since, outcome=outcome)


# Two calls: 11–12 came during the first, 14 between the two, 15 during the second, 17 after it.
PAST = (
    exchange(11, "dmp", "TD0.2"),
    exchange(12, "dmp", "TD2.1"),
    answered(13, "document.submit", since=10, unique_id="1.2"),
    exchange(14, "epu", "EPU.create"),
    exchange(15, "dmp", "TD3.1"),
    answered(16, "document.search", since=14, documents=[]),
    exchange(17, "epu", "EPU.create"),
)


class Past:
    def __init__(self, exchanges: tuple[Exchange, ...] = PAST, patients: tuple[str, ...] = ()) -> None:
        self.judged: list[int] = []
        self.journal = RecordedJournal(exchanges, self.judge)
        self.sut = RecordedSut(exchanges, self.journal, SOFTWARE)
        self.world = RecordedWorld(exchanges, self.journal, 1, patients)

    def judge(self, exchange: Exchange) -> list[Any]:
        self.judged.append(exchange.number)
        return []

    def seen(self, since: int = 0) -> list[int]:
        return [item.number for item in self.journal.exchanges(since=since)]


def test_a_call_uncovers_what_it_caused_and_no_more() -> None:
    past = Past()
    assert (past.journal.position, past.seen()) == (10, [])
    assert past.sut.call("document.submit", {}, {}).data == {"unique_id": "1.2"}
    assert past.seen() == [11, 12, 13]
    assert past.sut.call("document.search", {}, {}).done
    assert past.seen() == [11, 12, 13, 14, 15, 16]


def test_waiting_uncovers_what_came_before_the_next_call() -> None:
    past = Past()
    past.sut.call("document.submit", {}, {})
    assert past.journal.wait_for(lambda items: any(item.service == "epu" for item in items), since=13)
    assert past.seen(since=13) == [14]
    assert not past.journal.wait_for(lambda items: len(items) > 1, since=13)  # 15 belongs to the next call
    assert past.seen(since=13) == [14]


def test_what_came_after_the_last_call_is_after_a_mark() -> None:
    """A silent resend after the last answer must be found again in the window that follows the mark."""
    past = Past()
    past.sut.call("document.submit", {}, {})
    past.sut.call("document.search", {}, {})
    mark = past.journal.position
    past.journal.wait_for(lambda _: False, since=mark)
    assert past.seen(since=mark) == [17]


def test_settling_uncovers_the_end() -> None:
    past = Past()
    past.sut.call("document.submit", {}, {})
    past.sut.call("document.search", {}, {})
    past.journal.settle()
    assert past.seen()[-1] == 17


def test_each_exchange_is_judged_once() -> None:
    past = Past()
    for _ in range(2):
        past.journal.findings(PAST[0])
    assert past.judged == [11]


def test_a_scenario_that_asks_something_else_diverges() -> None:
    past = Past()
    with pytest.raises(Diverged, match=r"mail\.send"):
        past.sut.call("mail.send", {}, {})
    assert issubclass(Diverged, NonTestable)  # never the software's fault, and never ours


def test_a_scenario_that_asks_more_diverges() -> None:
    past = Past(PAST[:3])
    past.sut.call("document.submit", {}, {})
    with pytest.raises(Diverged):
        past.sut.call("document.submit", {}, {})


def test_calls_that_overlap_are_given_in_the_order_of_asking() -> None:
    past = Past(
        (
            exchange(11, "dmp", "TD3.1"),
            answered(12, "session.status", since=11),
            answered(13, "document.search", since=10),
            exchange(14, "dmp", "TD0.2"),
        )
    )
    past.world.together(
        lambda: past.sut.call("document.search", {}, {}),
        lambda: None,
        lambda: past.sut.call("session.status", {}, {}),
    )
    assert past.seen() == [11, 12, 13]


def test_a_software_that_could_not_be_driven() -> None:
    past = Past((exchange(1, "sut", "SUT.mail.send", "injoignable", since=0, outcome="error"),))
    with pytest.raises(SutError, match="injoignable"):
        past.sut.call("mail.send", {}, {})


def test_nothing_recorded() -> None:
    past = Past(())
    assert past.seen() == []
    with pytest.raises(Diverged):
        past.sut.call("mail.send", {}, {})


def test_what_the_bench_arranged_is_given_again() -> None:
    sent = {"message_id": "<1>", "unique_id": "1.2"}
    past = Past(
        (
            exchange(1, "bench", "BENCH.send_report", result=sent),
            exchange(2, "bench", "BENCH.deposit_report", result={"unique_id": "1.3"}),
            exchange(3, "psc", "PSC.authorize"),
            exchange(4, "bench", "BENCH.browse", "<p>Bienvenue</p>", result={}),
            exchange(5, "bench", "BENCH.browse", result={"refused": "trop de redirections"}),
        )
    )
    patient = past.world.patient("x")
    assert past.world.send_report(patient) == sent
    assert past.world.deposit_report(patient) == "1.3"
    assert past.world.browse("https://x", "medecin") == "<p>Bienvenue</p>"
    assert past.seen() == [1, 2, 3, 4]
    with pytest.raises(LoginRefused, match="redirections"):
        past.world.browse("https://x", "medecin")
    with pytest.raises(Diverged):
        past.world.send_mail(patient)


def test_arranging_changes_nothing() -> None:
    world = Past().world
    world.shift_clock(timedelta(days=3))
    world.calm()
    world.kick()
    assert world.journal.position == 10


def test_patients_have_the_matricule_of_the_record() -> None:
    derived = Past().world.patient("key")
    past = Past(patients=("186056322070038",))
    again = past.world.patient("key")
    assert again.ins.matricule == "186056322070038"
    assert (again.birth_name, again.ins.oid) == (derived.birth_name, derived.ins.oid)
    assert past.world.patient("key") == derived  # more patients than recorded: derived as ever
