"""Our verdicts beside the official ones. `pytest tests/schemas/cda/test_official.py -s` prints the tables."""

from pathlib import Path

import pytest

from schemas import cda
from schemas.finding import errors
from tests.schemas.cda import official

pytestmark = pytest.mark.skipif(
    not official.TOOLS.is_dir(), reason="the official verdicts are not beside the checkout"
)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[official.Judged]:
    folder = tmp_path_factory.mktemp("mutants")
    official.write_mutants(folder)
    return list(official.judged(folder, official.TOOLS / "verdicts.tsv"))


def test_agreement(documents: list[official.Judged]) -> None:
    agreement = official.agreement(documents)
    print("\n" + official.table(documents) + "\n" + official.said(agreement))
    assert agreement.total == 227
    assert len(agreement.missed) <= 0.05 * agreement.failing
    assert agreement.kappa >= 0.9


def test_what_is_extra_is_marked_as_ours(documents: list[official.Judged]) -> None:
    alone = official.ours_alone()
    for one in official.agreement(documents).extra:
        assert {found.rule for found in one.errors} <= alone, one.file


def test_clean_documents_have_no_error(samples: Path) -> None:
    paths = sorted(samples.glob("*.xml"))
    assert len(paths) >= 40
    wrong = {path.name: [one.rule for one in errors(cda.judge(path.read_bytes()))] for path in paths}
    assert {name: rules for name, rules in wrong.items() if rules} == {}
