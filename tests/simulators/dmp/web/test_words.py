"""Every word of the pages is in the catalogue: those of the templates, of refusals, of traces."""

import re
from importlib import resources
from types import ModuleType

import pytest

from schemas.messages import catalogue
from simulators.dmp import errors as dmp_errors
from simulators.dmp.mes import errors as mes_errors
from simulators.dmp.mes.gestures import GESTURES as MES_GESTURES
from simulators.dmp.mes.service import PAGES as MES_PAGES
from simulators.dmp.pages import look
from simulators.dmp.web import address
from simulators.dmp.web import errors as web_errors
from simulators.dmp.web.gestures import GESTURES as WEB_GESTURES

TEMPLATES = [
    entry
    for entry in (resources.files("simulators.dmp.pages") / "templates").iterdir()
    if entry.name.endswith(".j2")
]
QUOTED = re.compile(r'"((?:pages|web|mes)\.[^"]*)"')  # a key, or the start of one: `"web.page." ~ name`
CAUSES = [
    *(f"web.refused.{one}" for one in ("ins-absent", "ins-unwanted", "ins-malformed", "rights")),
    *(
        f"web.refused.card-{one}"
        for one in ("unknown-issuer", "expired", "not-yet-valid", "revoked", "wrong-usage")
    ),
    *("mes.refused.dmp-closed", "mes.refused.dmp-absent"),
]


def causes(module: ModuleType) -> list[str]:
    source = resources.files(module.__package__ or "") / "errors.py"
    return re.findall(r'Refused\(\s*"([a-z-]+)"', source.read_text(encoding="utf-8"))


def test_the_words_of_the_templates_exist() -> None:
    known = catalogue()
    used = {key for template in TEMPLATES for key in QUOTED.findall(template.read_text(encoding="utf-8"))}
    assert len(used) > 100
    unworded = [key for key in used if key not in known and not any(one.startswith(key) for one in known)]
    assert unworded == []


def test_no_word_is_left_over() -> None:
    used = {key for template in TEMPLATES for key in QUOTED.findall(template.read_text(encoding="utf-8"))}
    ours = [key for key in catalogue() if key.startswith(("pages.", "web.", "mes."))]
    assert [key for key in ours if not any(key == one or key.startswith(one) for one in used)] == []


def test_refusals_are_worded() -> None:
    web, mes = causes(web_errors), causes(mes_errors)
    assert len(web) >= 14 and len(mes) >= 12
    keys = {*(f"web.refused.{one}" for one in web), *(f"mes.refused.{one}" for one in mes), *CAUSES}
    assert keys - set(catalogue()) == set()
    assert dmp_errors.no_right("a", "b", "c", "d").cause == "rights"


def test_pages_and_traces_are_worded() -> None:
    keys = {
        *(f"web.page.{one}" for one in (*address.PAGES, "index")),
        *(f"mes.page.{one}" for one in (*MES_PAGES, "patients")),
        *(f"mes.done.{one}" for one in MES_GESTURES),
        *(f"pages.transaction.MES.{one}" for one in MES_GESTURES),
        *(f"pages.transaction.WEB.{one}" for one in (*WEB_GESTURES, "document")),
        *(f"pages.transaction.{one}" for one in ("TD0.9", "TD0.10", "TD2.1", "TD3.1", "TD3.2", "TD3.3")),
    }
    assert keys - set(catalogue()) == set()


@pytest.mark.parametrize(
    ("instant", "french"),
    [
        ("20260302093000", "02/03/2026 09:30 UTC"),
        ("202603020930", "02/03/2026 09:30 UTC"),
        ("20260302", "02/03/2026"),
        ("2026-03-02T09:30:00.000Z", "02/03/2026 09:30 UTC"),
        ("2026", "2026"),
        ("n'importe quoi", "n'importe quoi"),
        ("Tout sauf un instant", "Tout sauf un instant"),
        ("20261399", "20261399"),
        ("", ""),
    ],
)
def test_instants_are_read_by_people(instant: str, french: str) -> None:
    assert look.when(instant) == french
