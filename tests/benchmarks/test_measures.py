"""Each measure runs once and gives a figure. Nothing here says how long anything takes."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import MEASURES, main
from benchmarks.measure import Figure, Measure, take

QUICK = [measure for measure in MEASURES if not measure.slow]


@pytest.mark.parametrize("measure", QUICK, ids=lambda measure: measure.name)
def test_a_measure_gives_a_figure(measure: Measure, tmp_path: Path) -> None:
    (figure,) = take([measure], tmp_path, rounds=1)
    assert len(figure.samples) == 1
    assert figure.median > 0


def test_what_is_slow() -> None:
    assert {measure.name for measure in MEASURES if measure.slow} == {"registry-1m", "demo"}


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
