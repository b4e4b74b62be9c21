"""The user's folder: found, indexed, pinned."""

from pathlib import Path

import pytest

from conformance.ans import AnsProblem, open_rules, saxon
from conformance.ans.folder import open_folder
from tests.conformance.ans.tree import write_tree


def test_the_folder_or_the_one_above_it(tmp_path: Path) -> None:
    folder = write_tree(tmp_path)
    assert open_folder(folder).sha256 == open_folder(tmp_path).sha256
    assert open_folder(tmp_path).root == folder.resolve()


@pytest.mark.parametrize("given", ["absent", "empty"])
def test_another_folder_is_refused(tmp_path: Path, given: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnsProblem, match=r"n'est pas un dossier"):
        open_folder(tmp_path / given)


def test_the_refusal_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "schematrons").mkdir()
    with pytest.raises(AnsProblem, match=r"schematrons/profils.*\.sch"):
        open_folder(tmp_path)


def test_letter_case_and_unicode_form_do_not_matter(tmp_path: Path) -> None:
    folder = open_folder(write_tree(tmp_path))
    place = folder.root / "schematrons/profils/structurationMinimale"
    name = "Données communes.sch"
    assert folder.beside(place, f"INCLUDE/{name}") is not None
    assert folder.get("SCHEMATRONS/profils/ihe.SCH") is not None
    assert folder.beside(place, "../../../../outside.sch") is None
    assert folder.beside(Path("/etc"), "passwd") is None


def test_the_pin_follows_content_not_place_nor_line_ends(tmp_path: Path) -> None:
    one = open_folder(write_tree(tmp_path / "one"))
    other = write_tree(tmp_path / "two")
    for path in other.rglob("*.sch"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (other / "ExemplesCDA").mkdir()
    (other / "ExemplesCDA/a.xml").write_text("<a/>")  # no rule
    assert open_folder(other).sha256 == one.sha256
    (other / "jeuxDeValeurs/JDV_Sexe.xml").write_text("<changed/>")
    assert open_folder(other).sha256 != one.sha256


def test_a_pin_that_differs_is_refused(tmp_path: Path) -> None:
    folder = write_tree(tmp_path)
    pin = open_folder(folder).sha256
    assert open_rules(folder, pin.upper()).folder.sha256 == pin
    with pytest.raises(AnsProblem, match=pin):
        open_rules(folder, "0" * 64)


def test_version_from_the_readme_and_from_git(tmp_path: Path) -> None:
    folder = write_tree(tmp_path)
    assert open_folder(folder).version == "outil 3.0"
    git = folder / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text("# pack-refs\n7cd489b0123456789 refs/heads/main\n")
    assert open_folder(folder).version == "outil 3.0 (7cd489b012)"
    (folder / "README.md").unlink()
    (git / "HEAD").write_text("61e148b0123456789\n")
    assert open_folder(folder).version == "outil (61e148b012)"


def test_without_saxon_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saxon.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AnsProblem, match=r"pip install 'segur-bench\[schematron\]'"):
        open_rules(write_tree(tmp_path))
