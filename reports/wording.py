"""The words of reports, in one language: messages, dates, durations, sizes, labels of verdicts and rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas import messages
from schemas.finding import Finding

from .record import ScenarioResult, Verdict


@dataclass(frozen=True, slots=True)
class Words:
    """Wording for one language, `fr` or `en`."""

    lang: str = "fr"

    def __call__(self, key: str, /, **values: object) -> str:
        """The message `report.<key>`."""
        return messages.text(f"report.{key}", self.lang, **values)

    def plural(self, key: str, count: int, /, **values: object) -> str:
        """The message `report.<key>.one` or `.many`: zero is singular in French, plural in English."""
        one = count <= 1 if self.lang == "fr" else count == 1
        return self(f"{key}.{'one' if one else 'many'}", count=count, **values)

    def verdict(self, verdict: Verdict) -> str:
        return messages.text(f"verdict.{verdict.value}", self.lang)

    def verdict_meaning(self, verdict: Verdict) -> str:
        return self(f"meaning.{verdict.value}")

    def theme(self, theme: str) -> str:
        return self._label("theme", theme)

    def status(self, status: str) -> str:
        """Where a requirement comes from: real (final), real (draft)… or a rule of the bench."""
        return self._label("status", status)

    def severity(self, severity: str) -> str:
        return self._label("severity", severity)

    def driver(self, name: str) -> str:
        return self._label("driver", name)

    def _label(self, family: str, value: str) -> str:
        key = f"report.{family}.{value}"
        return messages.text(key, self.lang) if key in messages.catalogue() else value or "—"

    def rule(self, rule: str) -> str:
        """The sentence of a rule; empty when the catalogue has none."""
        return messages.text(rule, self.lang) if rule in messages.catalogue() else ""

    def action(self, rule: str) -> str:
        """What to do next about a rule; general advice when the catalogue has none."""
        return messages.action(rule, self.lang) or self("action.default")

    def finding(self, finding: Finding) -> str:
        """A finding as a few lines: rule, where, observed, expected, requirements, what to do."""
        line = "" if finding.line is None else f", {self('line')} {finding.line}"
        told = (
            (self("where"), finding.where + line),
            (self("observed"), finding.observed or self("nothing")),
            (self("expected"), finding.expected or "—"),
            (self("requirement"), ", ".join(finding.requirements) or "—"),
            (self("todo"), self.action(finding.rule)),
        )
        sentence = self.rule(finding.rule)
        head = f"{finding.rule} — {sentence}" if sentence else finding.rule
        return "\n".join([head, *(f"  {label}{self('colon')} {value}" for label, value in told)])

    def title(self, case: ScenarioResult) -> str:
        return (case.title_en if self.lang == "en" else case.title_fr) or case.key

    def instant(self, iso: str) -> str:
        """`24 novembre 2026 à 10:47:03 UTC`; the text itself when it is no instant."""
        when = _parse(iso)
        if when is None:
            return iso
        month = self("months").split()[when.month - 1]
        return self("instant", day=when.day, month=month, year=when.year, time=when.strftime("%H:%M:%S"))

    def time(self, iso: str) -> str:
        """`10:47:03.125 UTC`."""
        when = _parse(iso)
        return iso if when is None else self.decimal(when.strftime("%H:%M:%S.%f")[:-3]) + " UTC"

    def duration(self, seconds: float) -> str:
        """`12 ms`, `3,2 s`, `4 min 05 s`."""
        if seconds < 1:
            return f"{seconds * 1000:.0f} ms"
        if seconds < 60:
            return self.decimal(f"{seconds:.1f}") + " s"
        minutes, left = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {left:02d} s"

    def shift(self, seconds: float) -> str:
        """A distance between clocks: `+2 j 3 h`, `−15 min`."""
        sign = "−" if seconds < 0 else "+"
        rest = abs(round(seconds))
        days, rest = divmod(rest, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, rest = divmod(rest, 60)
        units = ((days, self("unit.day")), (hours, "h"), (minutes, "min"), (rest, "s"))
        return sign + (" ".join(f"{count} {unit}" for count, unit in units if count) or "0 s")

    def fault(self, fault: Mapping[str, Any]) -> str:
        """A scheduled fault: `dmp TD2.1 : registry-error XDSRegistryBusy (appel 3)`."""
        # a code goes without its name: `code=` would be taken for a secret of OAuth
        params = "".join(
            f" {value}" if name == "code" else f" {name}={value}"
            for name, value in fault.get("params", {}).items()
        )
        first, times, every = fault.get("skip", 0) + 1, fault.get("times", 1), fault.get("every", 1)
        if every > 1:
            calls = self("fault.every", every=every, first=first)
        elif not times:
            calls = self("fault.from", first=first)
        else:
            calls = self.plural("fault.calls", times, first=first, last=first + times - 1)
        patient = f" {fault['patient']}" if fault.get("patient") else ""
        where = f"{fault['service']} {fault['transaction']}{patient}"
        return f"{where}{self('colon')} {fault['kind']}{params} ({calls})"

    def between(self, started: str, ended: str) -> str:
        """The duration between two instants; empty when they can't be read."""
        start, end = _parse(started), _parse(ended)
        return "" if start is None or end is None else self.duration((end - start).total_seconds())

    def size(self, count: int) -> str:
        """`312 octets`, `14,2 Ko`, `3,1 Mo`."""
        if count < 1000:
            return f"{count} {self('unit.byte')}"
        if count < 1_000_000:
            return self.decimal(f"{count / 1000:.1f}") + f" {self('unit.kilobyte')}"
        return self.decimal(f"{count / 1_000_000:.1f}") + f" {self('unit.megabyte')}"

    def decimal(self, number: str) -> str:
        return number.replace(".", ",") if self.lang == "fr" else number


def _parse(iso: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
