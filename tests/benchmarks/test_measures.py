"""Each measure runs once and gives a figure. Nothing here says how long anything takes."""

import json
from pathlib import Path

import pytest

from benchmarks import registry, throughput
from benchmarks.__main__ import MEASURES, main
from benchmarks.measure import Figure, Measure, take

QUICK = [measure for measure in MEASURES if not measure.slow]


@pytest.mark.parametrize("measure", QUICK, ids=lambda measure: measure.name)
def test_a_measure_gives_a_figure(measure: Measure, tmp_path: Path) -> None:
    (figure,) = take([measure], tmp_path, rounds=1)
    assert len(figure.samples) == 1
    assert figure.median > 0


def test_what_is_slow() -> None:
    assert {measure.name for measure in MEASURES if measure.slow} == {
        "demo",
        *(f"{what}-{size}" for what in ("feed", "search", "retrieve") for size in ("100k", "1m")),
        "load-1m",
        "size-1m",
        *(f"tls-{what}-{count}" for what in ("cpu", "rate") for count in (1, 2)),
        "worker-idle",
        "worker-used",
    }


def test_a_registry_of_a_million_on_a_small_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SIZES", (("10k", 1_000), ("1m", 1_000)))
    chosen = [measure for measure in MEASURES if measure.name in ("load-1m", "size-1m")]
    load, size = take(chosen, tmp_path)
    assert load.median > 0 and load.ratio is not None
    assert size.median > 0 and size.ratio is None


def test_one_process_and_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throughput, "CALLS", 4)
    monkeypatch.setattr(throughput, "CLIENTS", 1)
    by_name = {measure.name: measure for measure in MEASURES}
    (two,) = take([by_name["tls-rate-2"]], tmp_path, rounds=1)
    assert two.median > 0
    one = Figure(by_name["tls-rate-1"], (two.median / 2,), 1.0)
    assert throughput.summary([one, two]) == ["deux processus au lieu d'un : débit ×2.00"]
    assert throughput.summary([two]) == []


def test_how_calls_grow_is_said() -> None:
    by_name = {measure.name: measure for measure in MEASURES}
    figures = [
        Figure(by_name["search-10k"], (1.0,), 1.0),
        Figure(by_name["search-1m"], (1.2,), 1.0),
        Figure(by_name["feed-10k"], (1.0,), 1.0),
    ]
    assert registry.summary(figures) == ["recherche, documents ×100 : temps ×1.20"]


def test_one_by_name_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "--rounds", "1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [figure["name"] for figure in said["figures"]] == ["help"]
    assert said["figures"][0]["ratio"] > 0
    assert {"processor", "cores", "python", "lxml"} <= set(said["machine"])


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "--rounds", "1"]) == 0
    said = capsys.readouterr().out
    assert "segur-bench --help" in said
    assert "< 0.3 s" in said


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["inconnu"])


def test_medians_and_ratios() -> None:
    figure = Figure(MEASURES[0], (1.0, 9.0, 2.0), 4.0)
    assert (figure.median, figure.ratio) == (2.0, 0.5)
