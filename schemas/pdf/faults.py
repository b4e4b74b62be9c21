"""Departures from PDF/A-1 met while a PDF is looked at: what the rules of `schemas.pdf.rules` tell."""

from dataclasses import dataclass, field
from enum import StrEnum

PER_FAMILY = 20  # a broken producer repeats itself on each page


class Family(StrEnum):
    """Families of clauses of ISO 19005-1; each has one rule."""

    FONT_FILE = "font-file"
    TRANSPARENCY = "transparency"
    ACTIVE = "active"
    HEADER = "header"
    END = "end"
    OBJECT_STREAMS = "object-streams"
    EXTERNAL = "external"
    FILTER = "filter"
    LAYERS = "layers"
    COLOUR = "colour"
    GRAPHICS = "graphics"
    XMP = "xmp"
    INFO = "info"
    FONT = "font"
    ANNOTATION = "annotation"
    FORM = "form"
    LIMIT = "limit"
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Fault:
    """One departure: where (`objet 12`, `page 1`, `XMP`), what was seen, what was wanted."""

    family: Family
    where: str
    observed: str
    expected: str = ""


@dataclass(slots=True)
class Faults:
    """Collects departures, each once and at most `PER_FAMILY` of a family."""

    found: dict[Fault, None] = field(default_factory=dict)
    counts: dict[Family, int] = field(default_factory=dict)

    def add(self, family: Family, where: str, observed: object, expected: str = "") -> None:
        fault = Fault(family, where, str(observed)[:200], expected)
        if fault not in self.found and self.counts.get(family, 0) < PER_FAMILY:
            self.found[fault] = None
            self.counts[family] = self.counts.get(family, 0) + 1
