"""`doctor`: what would make scenarios fail for reasons that are not conformance."""

import json
import socket
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli.main import main
from schemas.actions import actions
from simulators.core import pki as pkis
from simulators.core.clock import Clock


def doctor(folder: Path, toml: str, *arguments: str) -> Result:
    path = folder / "doctor.toml"
    path.write_text(toml, encoding="utf-8")
    return CliRunner().invoke(main, ["doctor", "--config", str(path), *arguments])


def checks(result: Result) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(result.stdout)}


def test_a_sound_endpoint(vendor: Any, tmp_path: Path) -> None:
    vendor.capabilities["actions"] = sorted(actions())
    result = doctor(tmp_path, f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\n', "--json")
    assert result.exit_code == 0
    assert {name for name, check in checks(result).items() if not check["ok"]} == set()
    assert {"ports", "PKI de test", "logiciel testé", "horloges", "actions déclarées"} <= set(checks(result))


def test_for_people(vendor: Any, tmp_path: Path) -> None:
    result = doctor(tmp_path, f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\n')
    assert result.exit_code == 0  # missing actions: noted, not blocking
    assert "à noter  actions déclarées : 0 sur" in result.stdout
    assert "non testables" in result.stdout


def test_nobody_listens(tmp_path: Path) -> None:
    result = doctor(tmp_path, '[sut]\ndriver = "http"\nendpoint = "http://127.0.0.1:9"\n', "--json")
    assert result.exit_code == 2
    said = checks(result)["logiciel testé"]
    assert (said["ok"], "injoignable" in said["detail"], bool(said["todo"])) == (False, True, True)


def test_no_endpoint_given(tmp_path: Path) -> None:
    result = doctor(tmp_path, '[sut]\ndriver = "http"\n', "--json")
    assert (result.exit_code, checks(result)["logiciel testé"]["detail"]) == (2, "[sut] endpoint manque")


def test_the_clock_of_the_endpoint(vendor: Any, tmp_path: Path) -> None:
    vendor.date = format_datetime(Clock().now() - timedelta(minutes=10), usegmt=True)
    result = doctor(tmp_path, f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\n', "--json")
    assert result.exit_code == 2
    assert checks(result)["horloges"]["ok"] is False


@pytest.mark.parametrize("date", ["hier", "Mon, 99 Foo 2026 99:99:99 GMT", "Tue, 24 Nov 2026 10:00:00"])
def test_an_unreadable_date_is_no_crash(vendor: Any, tmp_path: Path, date: str) -> None:
    vendor.date = date
    result = doctor(tmp_path, f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\n', "--json")
    assert "horloges" in checks(result)


def test_misspelt_actions(vendor: Any, tmp_path: Path) -> None:
    vendor.capabilities["actions"] = ["patient.recrod"]
    result = doctor(tmp_path, f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\n', "--json")
    assert result.exit_code == 2
    assert checks(result)["actions inconnues"]["detail"] == "patient.recrod"


def test_a_declaration_that_breaks_the_contract(vendor: Any, tmp_path: Path) -> None:
    vendor.capabilities = {"name": "essai"}
    result = doctor(tmp_path, f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\n', "--json")
    assert (result.exit_code, "contrat" in checks(result)["logiciel testé"]["detail"]) == (2, True)


def test_two_product_references(vendor: Any, tmp_path: Path) -> None:
    vendor.capabilities["nil"] = "AUTRE"
    toml = f'[sut]\ndriver = "http"\nendpoint = "{vendor.url}"\nnil = "BANC000001"\n'
    result = doctor(tmp_path, toml, "--json")
    assert (result.exit_code, checks(result)["NIL"]["ok"]) == (2, False)


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        for base in range(20000, 30000, 20):
            try:
                taken.bind(("127.0.0.1", base + 3))
                break
            except OSError:
                continue
        taken.listen()
        result = doctor(tmp_path, f"[stack]\nport_base = {base}\n", "--sut", "reference", "--json")
    assert result.exit_code == 2
    assert str(base + 3) in checks(result)["ports"]["detail"]


def test_the_kept_pki(tmp_path: Path, pki: Path) -> None:
    result = doctor(tmp_path, f'[stack]\npki = "{pki}"\n', "--sut", "reference", "--json")
    assert (result.exit_code, checks(result)["PKI de test"]["ok"]) == (0, True)


@pytest.mark.parametrize("damage", ["outdated", "garbled", "no key"])
def test_a_kept_pki_that_cannot_serve(tmp_path: Path, pki: Path, damage: str) -> None:
    source = pkis.Pki(pki)
    kept = pkis.Pki(tmp_path / "kept")
    kept.folder.mkdir()
    name = "server-expired" if damage == "outdated" else "server"
    kept.pair("server").certificate.write_bytes(source.pair(name).certificate.read_bytes())
    if damage != "no key":
        kept.pair("server").key.write_bytes(source.pair(name).key.read_bytes())
    if damage == "garbled":
        kept.pair("server").certificate.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n")
    result = doctor(tmp_path, f'[stack]\npki = "{kept.folder}"\n', "--sut", "reference", "--json")
    check = checks(result)["PKI de test"]
    assert (result.exit_code, check["ok"], str(kept.folder) in check["todo"]) == (2, False, True)


def test_a_folder_for_reports_that_cannot_be(tmp_path: Path) -> None:
    result = doctor(tmp_path, "", "--sut", "reference", "--runs", "/proc/nowhere", "--json")
    assert (result.exit_code, checks(result)["dossier des rapports"]["ok"]) == (2, False)
