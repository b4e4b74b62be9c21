"""`bench.toml`: read, and refused with the likely spelling."""

from pathlib import Path

import pytest

from conformance.config import Config, ConfigurationError, load
from conformance.engine.runtime import stack_settings
from conformance.engine.settings import choose_sut


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_values_are_read(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[sut]\ndriver = "http"\nendpoint = "http://x"\n[run]\nwindow = 2\n'))
    assert (config.sut.endpoint, config.run.window) == ("http://x", 2.0)


def test_the_template_is_valid(tmp_path: Path) -> None:
    template = Path(__file__).parents[2] / "conformance/cli/templates/bench.toml"
    assert load(template).stack.port_base == 18440


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[sut]\ndrivr = "http"', "driver"),
        ("[stak]\n", "stack"),
        ("[run]\nseed = 'x'", "un entier"),
        ("[run]\nseed = true", "un entier"),
        ("[sut]\ncommand = 'x'", "liste"),
        ("[sut\n", "bench.toml"),
        ("sut = 1", "table"),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(written(tmp_path, text))


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="segur-bench init"):
        load(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("spec", "driver", "defect"),
    [
        ("", "reference", ""),
        ("reference", "reference", ""),
        ("reference:xds-hash", "reference", "xds-hash"),
        ("http://127.0.0.1:1", "http", ""),
        ("command:./pilote --x", "command", ""),
        ("assisted", "assisted", ""),
        ("module:fabrique", "in-process", ""),
    ],
)
def test_sut_specifications(spec: str, driver: str, defect: str) -> None:
    config, sown = choose_sut(Config(), spec)
    assert (config.sut.driver, sown) == (driver, defect)


def test_an_unknown_sut_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--sut"):
        choose_sut(Config(), "nimporte")


def test_settings_of_the_dmp(tmp_path: Path) -> None:
    config = load(
        written(tmp_path, '[dmp]\nmax_results = 100\nsha1 = false\nhidden_types = ["80/15508-5"]\n')
    )
    assert (config.dmp.max_results, config.dmp.sha1) == (100, False)
    assert config.dmp.hidden_types == ("80/15508-5",)
    assert stack_settings(config, tmp_path).dmp == config.dmp
    assert stack_settings(Config(), tmp_path).dmp == Config().dmp


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[dmp]\nmax_result = 3", "max_results"),
        ("[dmp]\nsha1 = 1", "true ou false"),
        ("[dmp]\nhidden_types = ['40']", "TRE_G15"),
        ("[dmp]\nmajority_years = -1", "entre 0 et 150"),
        ("[dmp]\nvihf_window_hours = nan", "entre 0"),
        ("dmp = 1", "table"),
    ],
)
def test_mistakes_about_the_dmp_are_explained(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(written(tmp_path, text))
