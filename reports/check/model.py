"""What was said of files judged alone. Plain values: they come back from worker processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.finding import Finding, errors

ROOT_CAUSES = ("CDA-CAUSE-", "CDA-XML-")  # rules that explain the others: shown first
NOT_JUDGED = ("CDA-XML-05", "CHECK-CHAINE")  # say that something was not judged: never hidden

FOLDER = "folder"  # kind of what is said of files together, under the name of their folder

EXIT_OK, EXIT_FAIL, EXIT_BENCH, EXIT_NOTHING = 0, 1, 3, 4


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A few lines of the document around a finding; `first`: number of the first; `line`: the one meant."""

    first: int
    line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was said of one file.

    `kind`: cda, xdm, mail, soap, vihf, pdf, folder (FOLDER), or empty when not recognised. `title`, `model`:
    of a CDA, its type in words, and the model by whose rules it was judged. `reach`: how far: `whole`,
    `partial` (header, type and sections), `none` (the bench does not know the model), empty for what is no
    CDA. `layers`: rule → layer of the official tool, empty when the rule is the bench's own. `excerpts`:
    position of a finding → lines. `remarks`: lines told under its name; `extra`: more members of its JSON,
    by name. `trouble`: what broke on our side; the file was not judged, or not by everything.
    """

    file: str
    kind: str = ""
    findings: tuple[Finding, ...] = ()
    title: str = ""
    model: str = ""
    reach: str = ""
    layers: Mapping[str, str] = field(default_factory=dict)
    excerpts: Mapping[int, Excerpt] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""

    @property
    def verdict(self) -> str:
        """PASS, WARN or FAIL. A file that the bench could not judge is not PASS."""
        found = verdict(self.findings)
        return "WARN" if self.trouble and found == "PASS" else found

    @property
    def official(self) -> str:
        """The verdict when only the rules that mirror a layer of the official tool count; for a CDA alone."""
        if self.kind != "cda" or self.trouble:
            return ""
        return verdict(tuple(finding for finding in self.findings if self.layers.get(finding.rule)))

    def count(self, severity: str) -> int:
        """How many findings of this severity."""
        return sum(finding.severity.value == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Something in a folder that was not judged. `reason`: unrecognised, hidden, link, special, folder."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one call of `check` said, in the order of its arguments."""

    files: tuple[Checked, ...]
    unjudged: tuple[Unjudged, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)  # more members of the JSON, by name
    remarks: tuple[str, ...] = ()  # lines told after the table
    decided: int | None = None  # the exit code, when other rules than ours had their say

    @property
    def exit_code(self) -> int:
        """As for `run`: 3 the bench broke, 1 a failing file, 4 nothing was judged, 0 otherwise."""
        if self.decided is not None:
            return self.decided
        if any(item.trouble for item in self.files):
            return EXIT_BENCH
        if any(item.verdict == "FAIL" for item in self.files):
            return EXIT_FAIL
        return EXIT_OK if self.files else EXIT_NOTHING

    @property
    def judged(self) -> int:
        """How many files were judged, folders left out."""
        return len(self.files) - self.compared

    @property
    def compared(self) -> int:
        """Of how many folders something is said of the files together."""
        return sum(item.kind == FOLDER for item in self.files)

    def counted(self) -> dict[str, int]:
        """How many files of each outcome: FAIL, WARN, PASS, ERROR (the bench broke)."""
        found = dict.fromkeys(("FAIL", "WARN", "PASS", "ERROR"), 0)
        for item in self.files:
            found[outcome(item)] += 1
        return found


def outcome(item: Checked) -> str:
    """PASS, WARN, FAIL; ERROR when the bench broke."""
    return "ERROR" if item.trouble else item.verdict


def verdict(findings: tuple[Finding, ...]) -> str:
    """FAIL on an error, WARN on a warning, PASS otherwise."""
    if errors(findings):
        return "FAIL"
    return "WARN" if any(finding.severity.value == "warning" for finding in findings) else "PASS"
