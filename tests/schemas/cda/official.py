"""Our verdicts beside the official ones, where the sample documents and the mutants' generator are present.

`python -m tests.schemas.cda.official` prints the table by layer, what is missed and what is extra;
`--set DIR VERDICTS.tsv` judges other documents the same way.
"""

import csv
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from schemas import cda
from schemas.cda.verdict import ALL_RULES
from schemas.finding import Finding, errors

SHARED = Path(__file__).resolve().parents[4] / "shared"
SAMPLES = SHARED / "data" / "cda"
TOOLS = SHARED / "tools" / "cda_mutants"
LAYERS = ("XSD", "STRUCT", "IHE", "MODCDA", "MODANS", "TERMINO", "VOLET")


@dataclass(frozen=True, slots=True)
class Judged:
    """One document: what the official tool says (layers that fail), and our errors."""

    file: str
    description: str
    failed: bool
    layers: tuple[str, ...]
    found: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        return errors(self.found)


@dataclass(slots=True)
class Agreement:
    """Counts of one set: officially failing or not, by us or not."""

    cells: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    missed: list[Judged] = field(default_factory=list)
    extra: list[Judged] = field(default_factory=list)

    def add(self, one: Judged) -> None:
        ours = bool(one.errors)
        self.cells[one.failed, ours] += 1
        if one.failed and not ours:
            self.missed.append(one)
        if ours and not one.failed:
            self.extra.append(one)

    @property
    def total(self) -> int:
        return sum(self.cells.values())

    @property
    def failing(self) -> int:
        return self.cells[True, True] + self.cells[True, False]

    @property
    def kappa(self) -> float:
        """Cohen's kappa, official against ours (1 when both are constant and equal)."""
        n = self.total
        if not n:
            return 1.0
        agreed = (self.cells[True, True] + self.cells[False, False]) / n
        official, ours = self.failing / n, (self.cells[True, True] + self.cells[False, True]) / n
        chance = official * ours + (1 - official) * (1 - ours)
        return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def ours_alone() -> set[str]:
    """The rules that are the bench's own."""
    return {rule.id for rules in ALL_RULES for rule in rules.rules.values() if not rule.layer}


def write_mutants(folder: Path) -> None:
    """The 227 single-defect documents and their six bases, in this folder."""
    for command in (["mutate.py", str(SAMPLES), str(folder)], ["mutate_headers.py", str(folder)]):
        subprocess.run(
            [sys.executable, "-B", str(TOOLS / command[0]), *command[1:]], check=True, capture_output=True
        )


def judged(folder: Path, verdicts: Path) -> Iterator[Judged]:
    """The documents of a folder that the table of official verdicts lists, bases left out."""
    csv.field_size_limit(10**9)
    present = {unicodedata.normalize("NFC", path.name): path for path in folder.iterdir()}
    with verdicts.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            name = row["file"].rpartition("/")[2]
            path = present.get(unicodedata.normalize("NFC", name))
            if path is None or name.startswith("BASE-"):
                continue
            failed = tuple(layer for layer in LAYERS if (row.get(f"{layer}_err") or "0") != "0")
            found = tuple(cda.judge(path.read_bytes()))
            yield Judged(name, row["description"], row["official_verdict"] == "FAIL", failed, found)


def table(documents: list[Judged]) -> str:
    """Rows: layer, documents it fails, caught by any rule of ours, caught by a rule of that layer."""
    layer_of = {rule.id: rule.layer for rules in ALL_RULES for rule in rules.rules.values()}
    lines = [f"{'layer':<8} {'failing':>8} {'caught':>8} {'same layer':>11}"]
    for layer in LAYERS:
        mine = [one for one in documents if layer in one.layers]
        caught = [one for one in mine if one.errors]
        same = [one for one in caught if any(layer_of.get(f.rule) == layer for f in one.errors)]
        lines.append(f"{layer:<8} {len(mine):>8} {len(caught):>8} {len(same):>11}")
    return "\n".join(lines)


def agreement(documents: Iterable[Judged]) -> Agreement:
    """The counts of these documents."""
    found = Agreement()
    for one in documents:
        found.add(one)
    return found


def said(found: Agreement) -> str:
    """The counts in one line."""
    return (
        f"{found.total} documents, {found.failing} officially failing: {len(found.missed)} missed, "
        f"{len(found.extra)} extra, kappa {found.kappa:.3f}"
    )


def main() -> None:
    if sys.argv[1:2] == ["--set"]:
        documents = list(judged(Path(sys.argv[2]), Path(sys.argv[3])))
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_mutants(Path(folder))
            documents = list(judged(Path(folder), TOOLS / "verdicts.tsv"))
    counted = agreement(documents)
    print(table(documents))
    print("\n" + said(counted))
    alone = ours_alone()
    for one in counted.missed:
        print(f"missed  {one.file:<12} {','.join(one.layers):<14} {one.description}")
    for one in counted.extra:
        rules = sorted({f.rule + ("" if f.rule in alone else " (NOT marked as ours)") for f in one.errors})
        print(f"extra   {one.file:<12} {one.description}  → {', '.join(rules)}")
    for path in sorted(SAMPLES.glob("*.xml")):
        found = errors(cda.judge(path.read_bytes()))
        for rule in sorted({f.rule for f in found}):
            example = next(f for f in found if f.rule == rule)
            print(f"clean   {path.name}: {rule} {example.where} {example.observed} / {example.expected}")


if __name__ == "__main__":
    main()
