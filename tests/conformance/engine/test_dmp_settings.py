"""The settings of the DMP from a configuration to a stack, into the record, and back for a replay."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from conformance.config import Config
from conformance.engine import recorder, replay
from conformance.engine.settings import Settings
from reports.record import RunRecord
from simulators.dmp.settings import DmpSettings


def test_they_are_kept_with_the_run_and_put_back(tmp_path: Path) -> None:
    config = Config(dmp=DmpSettings(max_results=5, opposable=()))
    kept = recorder._settings(Settings(config=config))
    assert kept["dmp"] == {"max_results": 5, "opposable": ()}
    assert restored(kept).config.dmp == config.dmp
    usual = recorder._settings(Settings())
    assert usual["dmp"] == {}
    del usual["dmp"]  # a record of before
    assert restored(usual).config.dmp == DmpSettings()


def restored(kept: dict[str, Any]) -> Settings:
    record = SimpleNamespace(settings=kept, seed=1, defect="", software=SimpleNamespace(clock="system"))
    return replay.settings_of(
        cast(RunRecord, record), [cast(Any, SimpleNamespace(started="", key="A"))], None
    )
