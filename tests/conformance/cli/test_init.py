"""`init`: two commented files that work as they are."""

import runpy
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli.main import main
from conformance.config import load


def test_the_files(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["init", str(tmp_path / "essai")])
    assert done.exit_code == 0
    config = load(tmp_path / "essai" / "bench.toml")
    assert (config.sut.driver, config.sut.endpoint) == ("http", "http://127.0.0.1:8080")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text("# le mien")
    done = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert done.exit_code == 2
    assert "bench.toml" in done.stderr
    assert (tmp_path / "bench.toml").read_text() == "# le mien"
    assert not (tmp_path / "endpoint.py").exists()
    assert CliRunner().invoke(main, ["init", str(tmp_path), "--force"]).exit_code == 0
    assert (tmp_path / "bench.toml").read_text() != "# le mien"


@pytest.mark.parametrize("target", ["/proc/essai", "file/essai"])
def test_a_folder_that_cannot_be(tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["init", str(tmp_path / target)])
    assert (done.exit_code, bool(done.stderr)) == (2, True)


def test_the_endpoint_starts_and_passes_doctor(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["init", str(tmp_path)])
    endpoint = runpy.run_path(str(tmp_path / "endpoint.py"))
    server = endpoint["ThreadingHTTPServer"](("127.0.0.1", 0), endpoint["Endpoint"])
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        done = CliRunner().invoke(
            main, ["doctor", "--config", str(tmp_path / "bench.toml"), "--sut", url, "--runs", str(tmp_path)]
        )
    finally:
        server.shutdown()
        server.server_close()
    assert "Mon logiciel" in done.stdout
    assert "à noter  actions déclarées : 1 sur" in done.stdout
    assert "actions inconnues" not in done.stdout
