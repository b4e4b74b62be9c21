"""The journal on disk and the journal that forgets: one chain whoever writes, nothing altered unseen."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.finding import Finding, Severity
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange, Line, Tls
from simulators.core.journal import BACKLOG, Journal
from simulators.core.ledger import BODIES, FILE, Broken, Ledger, verify

CLOCK = Clock()
FOUND = Finding("R-1", Severity.ERROR, "/a", "x", "y", 3, ("REQ",), "s")


def exchange(rank: int, size: int = 100, **others: object) -> Exchange:
    return Exchange(
        0,
        "dmp",
        f"T{rank}",
        CLOCK.now(),
        0.1,
        request_head="POST /é HTTP/1.1",
        request_body=b"q" * size + str(rank).encode(),
        response_body=b"r" * size,
        facts={"outcome": "accepted", "flags": ("a", "b"), "rank": rank},
        **others,  # type: ignore[arg-type]
    )


@contextmanager
def journal(folder: Path, **options: object) -> Iterator[Journal]:
    made = Journal(CLOCK, ledger=Ledger(folder), **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def test_everything_comes_back(tmp_path: Path) -> None:
    tls = Tls("TLSv1.3", "SUITE", b"der", "CN=a", "CN=b")
    told: list[Exchange] = []
    with journal(tmp_path) as one:
        kept = [
            one.append(exchange(1, tls=tls, dialogue=(Line("C", "EHLO"),), fault="slow"), [FOUND]),
            one.append(exchange(2, tls=tls)),
        ]
        assert one.intact()
    assert verify(tmp_path, seen=told.append).number == 2
    assert [(item.chain, item.links(), item.tls) for item in told] == [
        (item.chain, item.links(), item.tls) for item in kept
    ]
    assert (told[0].dialogue, told[0].fault, told[0].facts["rank"]) == (kept[0].dialogue, "slow", 1)
    assert (tmp_path / BODIES).read_bytes().count(b"der") == 1  # a certificate is written once


def test_two_writers_one_chain(tmp_path: Path) -> None:
    with journal(tmp_path) as one, journal(tmp_path, follows=True) as other:
        numbers = [writer.append(exchange(rank)).number for rank, writer in enumerate([one, other, one, one])]
        assert numbers == [1, 2, 3, 4]
        assert [item.number for item in one.exchanges()] == [1, 3, 4]  # its own
        assert [item.transaction for item in other.exchanges()] == ["T0", "T1", "T2", "T3"]
        assert [item.transaction for item in other.exchanges(since=2)] == ["T2", "T3"]
        found = other.get(3)
        assert found is not None and found.request_body.endswith(b"2")
        assert other.position == 4
        one.judge_later(found, lambda: [FOUND])
        one.judge_later(found, lambda: [][0])
        one.settle()
        other.refresh()
        assert other.findings(found) == (FOUND,)
        assert other.bench_errors == [(3, "IndexError: list index out of range")]
        assert one.intact() and other.intact()


def test_who_follows_is_told(tmp_path: Path) -> None:
    heard: list[int] = []
    with journal(tmp_path) as one, journal(tmp_path, follows=True) as other:
        other.subscribe(lambda item, _: heard.append(item.number))
        one.append(exchange(1))
        other.append(exchange(2))
        one.append(exchange(3))
        other.refresh()
    assert heard == [1, 2, 3]


def test_a_restart_goes_on(tmp_path: Path) -> None:
    for rank in (1, 2):
        with journal(tmp_path) as one:
            assert one.append(exchange(rank)).number == rank
            assert one.intact()


def test_the_half_line_of_the_dead(tmp_path: Path) -> None:
    with journal(tmp_path) as one:
        one.append(exchange(1))
        with (tmp_path / FILE).open("ab") as file:
            file.write(b'{"number":2,"chain":"')
        assert verify(tmp_path).number == 1
        assert one.append(exchange(2)).number == 2
        assert one.intact()


def spoilt_line(folder: Path) -> None:
    path = folder / FILE
    path.write_bytes(path.read_bytes().replace(b'"accepted"', b'"refused!"', 1))


def spoilt_body(folder: Path) -> None:
    path = folder / BODIES
    path.write_bytes(path.read_bytes().replace(b"q1", b"q9", 1))


def spoilt_certificate(folder: Path) -> None:
    path = folder / BODIES
    path.write_bytes(path.read_bytes().replace(b"der", b"dir", 1))


def shortened(folder: Path) -> None:
    path = folder / BODIES
    path.write_bytes(path.read_bytes()[:-1])


def removed(folder: Path) -> None:
    path = folder / FILE
    path.write_bytes(b"".join(path.read_bytes().splitlines(True)[1:]))


def swapped(folder: Path) -> None:
    path = folder / FILE
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(True))))


def cut(folder: Path) -> None:
    path = folder / FILE
    path.write_bytes(b"".join(path.read_bytes().splitlines(True)[:-1]))


@pytest.mark.parametrize(
    "spoil", [spoilt_line, spoilt_body, spoilt_certificate, shortened, removed, swapped, cut]
)
def test_what_was_altered_is_seen(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    with journal(tmp_path) as one:
        for rank in range(3):
            one.append(exchange(rank, tls=Tls("TLSv1.3", "SUITE", b"der")))
        assert one.intact()
        spoil(tmp_path)
        assert not one.intact()


def test_verifying_from_a_mark(tmp_path: Path) -> None:
    with journal(tmp_path) as one:
        one.append(exchange(1))
        mark = verify(tmp_path)
        one.append(exchange(2))
        seen: list[Exchange] = []
        assert verify(tmp_path, mark, seen.append).number == 2
        assert [item.number for item in seen] == [2]
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text(encoding="utf-8").splitlines()]
    assert [line["number"] for line in lines] == [1, 2]
    spoilt_line(tmp_path)
    with pytest.raises(Broken, match="x000001"):
        verify(tmp_path)


def test_a_journal_that_forgets() -> None:
    made = Journal(CLOCK, limit=2_000_000)
    for rank in range(1, 1001):
        assert made.append(exchange(rank, 10_000), [FOUND]).number == rank
    kept = made.exchanges()
    assert 1 < len(kept) < 120 and made.load["kept"] == len(kept)
    assert kept[-1].number == 1000 == made.position and made.intact()
    assert made.get(1) is None and made.findings(kept[0]) == (FOUND,)
    assert [item.number for item in made.exchanges(since=998)] == [999, 1000]
    forgotten = exchange(1)
    made.add_findings(forgotten, [FOUND])
    assert made.findings(forgotten) == ()
    made.close()


def test_one_that_is_larger_than_the_limit_is_kept() -> None:
    made = Journal(CLOCK, limit=10)
    made.append(exchange(1))
    made.append(exchange(2))
    assert [item.number for item in made.exchanges()] == [2]
    made.close()


def test_judgement_does_not_pile_up() -> None:
    made = Journal(CLOCK, limit=1_000_000)
    stored = made.append(exchange(1))
    for _ in range(BACKLOG * 3):
        made.judge_later(stored, lambda: ())
        assert made.load["pending"] <= BACKLOG
    made.settle()
    made.close()
