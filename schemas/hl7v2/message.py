"""HL7 v2 messages in ER7 (`|^~\\&`): a small strict reader, and a writer.

Source: HL7 v2.5 and v2.6, chapter 2 (delimiters, escapes, MSH-18 and table 0211).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

CHARSETS: Mapping[str, str] = {  # MSH-18 (table 0211) → Python's name
    "": "ascii",
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
}
MAX_SIZE = 64 * 1024 * 1024  # bytes
MAX_SEGMENTS = 10_000
MAX_REPETITIONS = 1_000  # of a field
START, END = b"\x0b", b"\x1c\r"  # MLLP
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile("[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f]")


class Hl7Refused(ValueError):
    """A message that cannot be read. `reason` is a stable word, `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The characters of MSH-1 and MSH-2. `truncation` (v2.7) may be absent."""

    fields: str = "|"
    components: str = "^"
    repetitions: str = "~"
    escape: str = "\\"
    subcomponents: str = "&"
    truncation: str = ""

    @property
    def encoding(self) -> str:
        """MSH-2."""
        return self.components + self.repetitions + self.escape + self.subcomponents + self.truncation


STANDARD = Delimiters()


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. `texts` holds its fields as written; number 0 is the name, and MSH counts as HL7 does."""

    name: str
    texts: tuple[str, ...]
    number: int  # rank in the message, from 1
    delimiters: Delimiters = field(default=STANDARD, repr=False)

    def raw(self, number: int) -> str:
        """A field as written; empty when the segment is shorter."""
        return self.texts[number] if number < len(self.texts) else ""

    def repetitions(self, number: int) -> tuple[tuple[str, ...], ...]:
        """The repetitions of a field, each as its components; none when the field is empty."""
        raw = self.raw(number)
        if not raw:
            return ()
        marks = self.delimiters
        return tuple(tuple(one.split(marks.components)) for one in raw.split(marks.repetitions))

    def value(self, number: int, component: int = 1, sub: int = 1, *, repetition: int = 1) -> str:
        """The text of a field, component and subcomponent (from 1), unescaped; empty when absent."""
        if self.name == "MSH" and number <= 2:
            return self.raw(number)
        found = self.repetitions(number)
        parts = found[repetition - 1] if repetition <= len(found) else ()
        return self.text(parts, component, sub)

    def text(self, components: Sequence[str], component: int, sub: int = 1) -> str:
        """One text of a repetition, unescaped; empty when absent."""
        if component > len(components):
            return ""
        subs = components[component - 1].split(self.delimiters.subcomponents)
        return _unescaped(subs[sub - 1], self.delimiters) if sub <= len(subs) else ""

    def place(self, number: int) -> str:
        """How people name this field: `OBX[2]-5`."""
        return f"{self.name}[{self.number}]-{number}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that could be read whole. Never empty: the first segment is its MSH."""

    segments: tuple[Segment, ...]
    delimiters: Delimiters
    charset: str

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def all(self, name: str) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.name == name)

    def first(self, name: str) -> Segment | None:
        return next((segment for segment in self.segments if segment.name == name), None)

    def groups(self, name: str) -> Iterator[tuple[Segment, tuple[Segment, ...]]]:
        """Each segment of this name and those that follow it, up to the next of this name."""
        starts = [rank for rank, segment in enumerate(self.segments) if segment.name == name]
        for start, end in zip(starts, [*starts[1:], len(self.segments)], strict=True):
            yield self.segments[start], self.segments[start + 1 : end]


def read(data: bytes) -> Message:
    """Decode one message, with or without its MLLP envelope.

    Raises Hl7Refused: `size`, `envelope`, `header`, `delimiters`, `charset`, `encoding`, `terminator`,
    `segment`, `control`, `repetitions`, `escape`.
    """
    if len(data) > MAX_SIZE:
        raise Hl7Refused("size", f"{len(data)} octets, {MAX_SIZE} au plus")
    data = _unwrapped(data)
    marks = _delimiters(data)
    charset = _charset(data, marks)
    try:
        text = data.decode(CHARSETS[charset])
    except UnicodeDecodeError as error:
        detail = f"octet {data[error.start]:#04x} à la position {error.start}, MSH-18 « {charset} »"
        raise Hl7Refused("encoding", detail) from None
    if "\n" in text:
        raise Hl7Refused("terminator", "un segment finit par CR (0x0D) seul, pas par LF")
    lines = text.removesuffix("\r").split("\r")
    if len(lines) > MAX_SEGMENTS:
        raise Hl7Refused("segment", f"{len(lines)} segments, {MAX_SEGMENTS} au plus")
    return Message(tuple(_segment(line, rank, marks) for rank, line in enumerate(lines, 1)), marks, charset)


def write(segments: Sequence[Sequence[str]], charset: str = "UNICODE UTF-8") -> bytes:
    """The message of these segments: name, then fields as they must be written (see `escape`).

    MSH is given from MSH-3 on, after its name. Raises ValueError when a character has no byte in `charset`.
    """
    lines = []
    for name, *fields in segments:
        marks = [STANDARD.encoding] if name == "MSH" else []
        lines.append("|".join([name, *marks, *fields]).rstrip("|"))
    return ("\r".join(lines) + "\r").encode(CHARSETS[charset])


def escape(text: str) -> str:
    """Text safe in a component, under the standard delimiters."""
    return "".join(_ESCAPED.get(char, char) for char in text)


_ESCAPED = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\r": "\\.br\\", "\n": ""}


def _unwrapped(data: bytes) -> bytes:
    if not data.startswith(START):
        return data
    if not data.endswith(END):
        raise Hl7Refused("envelope", "MLLP : 0x1C 0x0D attendus à la fin")
    return data[1 : -len(END)]


def _delimiters(data: bytes) -> Delimiters:
    if not data.startswith(b"MSH"):
        raise Hl7Refused("header", f"MSH attendu, lu {data[:3]!r}")
    separator = data[3:4]
    encoding = data[4:].partition(separator)[0][:6] if separator else b""
    marks = separator + encoding
    usable = all(0x20 < byte < 0x7F and not chr(byte).isalnum() for byte in marks)
    if len(encoding) not in (4, 5) or not usable or len(set(marks)) != len(marks):
        raise Hl7Refused("delimiters", f"MSH-1 et MSH-2 : {marks!r}, attendu |^~\\& ou cinq signes distincts")
    return Delimiters(*(chr(byte) for byte in marks))


def _charset(data: bytes, marks: Delimiters) -> str:
    header = data.partition(b"\r")[0].split(marks.fields.encode(), 18)
    raw = header[17].partition(marks.repetitions.encode())[0] if len(header) > 17 else b""
    charset = raw.decode("ascii", "replace")
    if charset not in CHARSETS:
        wanted = ", ".join(name for name in CHARSETS if name)
        raise Hl7Refused("charset", f"MSH-18 « {charset[:40]} », attendu {wanted}")
    return charset


def _segment(line: str, rank: int, marks: Delimiters) -> Segment:
    name, *fields = line.split(marks.fields)
    if not _NAME.fullmatch(name):
        raise Hl7Refused("segment", f"segment {rank} : « {name[:20]} » n'est pas un nom de segment")
    if (name == "MSH") is not (rank == 1):
        raise Hl7Refused("segment", f"segment {rank} : MSH, une seule fois et en tête")
    found = _CONTROL.search(line)
    if found:
        raise Hl7Refused("control", f"segment {rank} ({name}) : caractère U+{ord(found[0]):04X}")
    if name == "MSH":
        fields = [marks.fields, *fields]
    segment = Segment(name, (name, *fields), rank, marks)
    for number, text in enumerate(segment.texts):
        if name == "MSH" and number <= 2:
            continue
        if text.count(marks.repetitions) >= MAX_REPETITIONS:
            raise Hl7Refused(
                "repetitions", f"{segment.place(number)} : {MAX_REPETITIONS} répétitions au plus"
            )
        if marks.escape in text:
            try:
                _unescaped(text, marks)
            except ValueError as error:
                raise Hl7Refused("escape", f"{segment.place(number)} : {error}") from None
    return segment


def _unescaped(text: str, marks: Delimiters) -> str:
    """Raises ValueError on a sequence unknown to HL7. Highlighting and local sequences are dropped."""
    if marks.escape not in text:
        return text
    pieces = text.split(marks.escape)
    if len(pieces) % 2 == 0:
        raise ValueError(f"séquence {marks.escape} non fermée")
    known = _known(marks)
    for rank in range(1, len(pieces), 2):
        code = pieces[rank]
        pieces[rank] = known[code] if code in known else _sequence(code, marks.escape)
    return "".join(pieces)


def _known(marks: Delimiters) -> Mapping[str, str]:
    return {
        "F": marks.fields,
        "S": marks.components,
        "R": marks.repetitions,
        "E": marks.escape,
        "T": marks.subcomponents,
        "P": marks.truncation,
        "H": "",
        "N": "",
    }


def _sequence(code: str, mark: str) -> str:
    if code.startswith("X") and re.fullmatch("([0-9A-Fa-f]{2})+", code[1:]):
        return bytes.fromhex(code[1:]).decode("ascii", "replace")
    if code.startswith("."):
        return "\n" if code in (".br", ".sp") else ""
    if code.startswith(("Z", "C", "M")):
        return ""
    raise ValueError(f"séquence {mark}{code[:10]}{mark} inconnue")
