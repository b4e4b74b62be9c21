"""A file written whole or not at all."""

from pathlib import Path


def publish(path: Path, content: str) -> None:
    """Write a text in UTF-8, its folder too. Raises OSError; what was there is then as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(content.encode("utf-8", "replace"))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
