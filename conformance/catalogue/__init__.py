"""The requirements that scenarios prove: ids as written in their source, gists in our own words.

`status` tells where an id comes from: `real-final` (seen in use against a published REM), `real-draft` (ANS
working base of 2022–2024), `real-dmp` (DMP integration guide), `real-ref2` (Référentiel #2 MSSanté),
`real-edc` (espace de confiance PSC), `bench` (ours). None of this is official wording.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

VERSION = "2026.11"


@dataclass(frozen=True, slots=True)
class Requirement:
    id: str
    status: str
    wave: str
    theme: str
    sub_theme: str
    title_fr: str
    gist_en: str
    keyword: str  # DOIT or PEUT
    corridors: tuple[str, ...]
    verification: str  # auto, artefact, observed, manual, certificate
    negative: bool
    eco: str  # id in Référentiel #2, when it has one
    obsolete: bool
    confidence: str

    @property
    def ours(self) -> bool:
        return self.status == "bench"


@cache
def requirements() -> Mapping[str, Requirement]:
    """All rows by id. Raises ValueError on a duplicate id."""
    found: dict[str, Requirement] = {}
    text = (resources.files(__name__) / "requirements.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["id"] in found:
            raise ValueError(f"requirement {row['id']} is listed twice")
        typed: dict[str, Any] = {
            **row,
            "corridors": tuple(row["corridors"].split(";")),
            "negative": row["negative"] == "yes",
            "obsolete": row["obsolete"] == "yes",
        }
        found[row["id"]] = Requirement(**typed)
    return found
