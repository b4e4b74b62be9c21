"""Rules opened over a small folder of our own; the cache goes to a temporary place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.ans import Rules, open_rules
from tests.conformance.ans.tree import write_tree

Opened = Callable[..., Rules]


@pytest.fixture(autouse=True)
def cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where compiled sheets go."""
    home = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """The rules of the small folder, with some of its files changed."""
    return lambda **changes: open_rules(write_tree(tmp_path, changes.get("files")))
