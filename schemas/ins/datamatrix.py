"""The INS datamatrix printed on documents, both ways, and what is allowed in it.

Source: ANS "Datamatrix INS" v2.2 (ISO/IEC 16022 ECC200, no signature). A header of 26 characters (`IS`,
version `01`, 22 zeros) then tagged fields; a variable field shorter than its maximum and not last ends
with GS.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.ins import INS_OIDS, MATRICULE, Ins, well_formed

GS = "\x1d"
HEADER = "IS01" + "0" * 22
FIXED = {"S1": 15, "S5": 1, "S6": 10, "S7": 5}
LIMITS = {"S2": 20, "S3": 100, "S4": 100}
DEMANDED = ("S1", "S2", "S3", "S4", "S5", "S6")
TRAIT = re.compile(r"[A-Z](?:[A-Z]|['\- ](?=[A-Z'\-]))*")
BIRTH_DATE = re.compile(r"\d{2}-\d{2}-\d{4}")

SOURCE = "ANS, Datamatrix INS v2.2"


class DatamatrixRefused(ValueError):
    """The text is no INS datamatrix at all: not even its header mark."""


@dataclass(frozen=True, slots=True)
class InsDatamatrix:
    """What a datamatrix says. `fields`: tag → value, first occurrence. `faults`: departures from the layout,
    as (rule id, place, observed, expected). `birth_date` is JJ-MM-AAAA as printed."""

    text: str
    header: str
    fields: Mapping[str, str]
    faults: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def ins(self) -> Ins:
        return Ins(self.fields.get("S1", ""), self.fields.get("S2", ""))

    @property
    def given_names(self) -> str:
        return self.fields.get("S3", "")

    @property
    def birth_name(self) -> str:
        return self.fields.get("S4", "")

    @property
    def sex(self) -> str:
        return self.fields.get("S5", "")

    @property
    def birth_date(self) -> str:
        return self.fields.get("S6", "")

    @property
    def birth_place(self) -> str:
        return self.fields.get("S7", "")


def encode(
    ins: Ins, *, given_names: str, birth_name: str, sex: str, birth_date: date | str, birth_place: str = ""
) -> str:
    """The text to put in the datamatrix. `birth_date`: a date, or `YYYYMMDD` (a lunar date is kept as it is).

    Raises ValueError when a field is missing or has not the length of the specification.
    """
    text = birth_date.strftime("%Y%m%d") if isinstance(birth_date, date) else birth_date.replace("-", "")
    fields = {
        "S1": ins.matricule,
        "S2": ins.oid,
        "S3": given_names,
        "S4": birth_name,
        "S5": sex,
        "S6": f"{text[6:8]}-{text[4:6]}-{text[:4]}",
    }
    if birth_place:
        fields["S7"] = birth_place
    parts = [HEADER]
    for index, (tag, value) in enumerate(fields.items(), 1):
        limit = FIXED.get(tag) or LIMITS[tag]
        if not value or len(value) > limit or (tag in FIXED and len(value) != limit) or GS in value:
            raise ValueError(f"{tag} is not a field of {limit} characters: {value!r}")
        ends = tag in FIXED or len(value) == limit or index == len(fields)
        parts.append(f"{tag}{value}" if ends else f"{tag}{value}{GS}")
    return "".join(parts)


def decode(text: str) -> InsDatamatrix:
    """What the text of a datamatrix says, in any order of fields; layout departures are kept as `faults`.

    Raises DatamatrixRefused when it does not begin with `IS`.
    """
    if not text.startswith("IS"):
        raise DatamatrixRefused(f"not an INS datamatrix: {text[:12]!r}")
    header, rest = text[: len(HEADER)], text[len(HEADER) :]
    faults: list[tuple[str, str, str, str]] = []
    fields: dict[str, str] = {}
    while rest:
        tag, rest = rest[:2], rest[2:]
        if tag not in FIXED and tag not in LIMITS:
            faults.append(("INS-DMX-02", tag, tag + rest[:10], "S1…S7"))
            break
        if tag in FIXED:
            value, rest = rest[: FIXED[tag]], rest[FIXED[tag] :]
        else:
            end = rest.find(GS)
            size = min(end if end >= 0 else len(rest), LIMITS[tag])
            value, rest = rest[:size], rest[size:]
            if rest.startswith(GS):
                if size == LIMITS[tag] or len(rest) == 1:
                    faults.append(("INS-DMX-03", tag, "GS", ""))
                rest = rest[1:]
        if rest.startswith(GS):
            faults.append(("INS-DMX-03", tag, "GS", ""))
            rest = rest[1:]
        if tag in fields:
            faults.append(("INS-DMX-02", tag, f"{tag}{value}", "1"))
        fields.setdefault(tag, value)
    missing = [tag for tag in DEMANDED if tag not in fields]
    swallowed = [tag for tag in ("S3", "S4") if re.search(r"S[1-7]", fields.get(tag, ""))]
    if missing and swallowed:
        faults.append(("INS-DMX-03", swallowed[0], fields[swallowed[0]], f"GS, {missing[0]}"))
    elif missing and not any(rule == "INS-DMX-02" for rule, *_ in faults):
        faults.append(("INS-DMX-02", missing[0], "", " ".join(missing)))
    return InsDatamatrix(text, header, fields, tuple(faults))


RULES: RuleSet[InsDatamatrix] = RuleSet("ins-datamatrix")


@RULES.rule("INS-DMX-01", requirements=("INS/va1.03",), source=SOURCE)
def header_is_the_current_one(code: InsDatamatrix) -> Iterator[Observation]:
    """The header is `IS01` and 22 zeros."""
    if code.header != HEADER:
        yield Observation("en-tête", code.header, HEADER)


@RULES.rule("INS-DMX-02", requirements=("INS/va1.03",), source=SOURCE)
def tags_are_known_unique_and_complete(code: InsDatamatrix) -> Iterator[Observation]:
    """S1 to S6 are there once, S7 at most once, and nothing else."""
    yield from _faults(code, "INS-DMX-02")


@RULES.rule("INS-DMX-03", requirements=("INS/va1.03",), source=SOURCE)
def separators_are_where_they_must(code: InsDatamatrix) -> Iterator[Observation]:
    """GS ends a variable field that is neither full nor last, and stands nowhere else."""
    yield from _faults(code, "INS-DMX-03")


@RULES.rule("INS-DMX-04", requirements=("INS/va1.03",), source=SOURCE)
def birth_date_is_french(code: InsDatamatrix) -> Iterator[Observation]:
    """The birth date is JJ-MM-AAAA (a lunar month is accepted)."""
    if "S6" in code.fields and not BIRTH_DATE.fullmatch(code.birth_date):
        yield Observation("S6", code.birth_date, "JJ-MM-AAAA")


@RULES.rule("INS-DMX-05", requires=Keyword.DEVRAIT, requirements=("INS/va1.03",), source=SOURCE)
def matricule_has_its_key(code: InsDatamatrix) -> Iterator[Observation]:
    """The matricule is 13 characters and its key."""
    value = code.fields.get("S1")
    if value is None:
        return
    if not MATRICULE.fullmatch(value):
        yield Observation("S1", value, "13 caractères et clé (15)")
    elif not well_formed(value):
        yield Observation("S1", value, "clé = 97 − (13 caractères mod 97)")


@RULES.rule("INS-DMX-06", requirements=("BEN-INS-06",), source=SOURCE)
def oid_is_known(code: InsDatamatrix) -> Iterator[Observation]:
    """The OID is one of the INS authorities."""
    value = code.fields.get("S2")
    if value is not None and value not in INS_OIDS:
        yield Observation("S2", value, " | ".join(sorted(INS_OIDS)))


@RULES.rule("INS-DMX-07", requirements=("INS/va1.03",), source=SOURCE)
def traits_are_written_as_insi_gives_them(code: InsDatamatrix) -> Iterator[Observation]:
    """Names are capitals without accent, with spaces, hyphens and apostrophes only; sex is M or F."""
    for tag in ("S3", "S4"):
        value = code.fields.get(tag)
        if value is not None and not _swallows(value) and not TRAIT.fullmatch(value.lstrip("'")):
            yield Observation(tag, value, "A-Z, espace, ' et -")
    if "S5" in code.fields and code.sex not in ("M", "F"):
        yield Observation("S5", code.sex, "M | F")


def judge(code: InsDatamatrix) -> list[Finding]:
    """The findings of every rule on a decoded datamatrix."""
    return RULES.judge(code)


def _swallows(value: str) -> bool:
    """A separator is missing: the next field is inside this one (INS-DMX-03 says so)."""
    return re.search(r"S[1-7]", value) is not None


def _faults(code: InsDatamatrix, rule: str) -> Iterator[Observation]:
    for name, where, observed, expected in code.faults:
        if name == rule:
            yield Observation(where, observed, expected)
