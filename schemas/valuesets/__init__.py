"""Code systems and value sets as data, and the one loader.

One JSON file a value set, re-typed from the published tables with its source and version; an operator may
replace a file by a newer edition. Codes whose label is not known to us have an empty label. Source of the
tables: ANS "jeux de valeurs" J01…J246, associations ASS_X04 (class of a type) and ASS_A11/A12 (format).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

LOINC = "2.16.840.1.113883.6.1"
TRE_A05 = "1.2.250.1.213.1.1.4.12"  # French type codes
TRE_A03 = "1.2.250.1.213.1.1.4.1"  # class codes
TRE_A06 = "1.2.250.1.213.1.1.4.2.282"  # French format codes
IHE_FORMAT = "1.3.6.1.4.1.19376.1.2.3"
HL7_CONFIDENTIALITY = "2.16.840.1.113883.5.25"
SPECIALITY = "1.2.250.1.213.1.1.4.5"
SECTOR = "1.2.250.1.71.4.2.4"
PRACTICE_SETTING = "1.2.250.1.213.1.1.4.9"


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its system (OID or `URN`) and label (may be empty)."""

    code: str
    system: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A value set: labels by code by code system, and for J01 the shape of the codes of a system.

    A shape of `within` is so loose that it counts only for a code that says its system.

    `open`: it is held in part, a code of a `plausible` shape may belong to it although we do not know it,
    save those known to be `refused`. Sets of plain words (civility) have one system, empty.
    """

    key: str
    name: str
    oid: str
    source: str
    version: str
    systems: Mapping[str, Mapping[str, str]]
    patterns: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    within: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    open: bool = False
    plausible: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()

    def contains(self, code: str, system: str | None = None) -> bool:
        """Whether the code is in the set; in that system when one is given, in any otherwise."""
        for oid in self.systems if system is None else (system,):
            if code in self.systems.get(oid, ()):
                return True
            pattern = self.patterns.get(oid)
            if pattern and pattern.fullmatch(code):
                return True
        loose = None if system is None else self.within.get(system)
        return bool(loose and loose.fullmatch(code))

    def may_contain(self, code: str) -> bool:
        """Whether a code that is not in the set as we hold it may be in the published one."""
        if not self.open or code in self.refused:
            return False
        return any(shape.fullmatch(code) for shape in self.plausible.values())

    def find(self, code: str) -> Concept | None:
        """The concept of this code in the first system that lists it; None when it is not listed."""
        for system, codes in self.systems.items():
            if code in codes:
                return Concept(code, system, codes[code])
        return None

    def display(self, code: str) -> str:
        """The published label; empty when unknown."""
        found = self.find(code)
        return found.display if found else ""


def _load(key: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        resources.files(__name__).joinpath(f"{key}.json").read_text(encoding="utf-8")
    )
    return data


@cache
def value_set(key: str) -> ValueSet:
    """The value set of this key. Raises FileNotFoundError.

    J01 specialities, J02 sectors, J04 practice settings, J07 types, J08 confidentiality, J11 relations, J47
    functions, J57 classes, J140 participations in an encounter, J141 roles, J142 encounters, J143 sexes, J144
    participations, J245 civilities, J246 titles.
    """
    data = _load(key)
    return ValueSet(
        key,
        data["name"],
        data["oid"],
        data["source"],
        data["version"],
        data["systems"],
        _shapes(data.get("patterns", {})),
        _shapes(data.get("within", {})),
        data.get("open", False),
        _shapes(data.get("plausible", {})),
        frozenset(code for codes in data.get("refused", {}).values() for code in codes),
    )


def _shapes(patterns: Mapping[str, str]) -> Mapping[str, re.Pattern[str]]:
    return {system: re.compile(pattern) for system, pattern in patterns.items()}


@cache
def _classes() -> Mapping[str, str]:
    classes: dict[str, str] = _load("ASS_X04")["classes"]
    return classes


@cache
def _formats() -> Mapping[str, Any]:
    return _load("J60")


def type_of(code: str) -> Concept | None:
    """The document type (J07) of this code, with its system and label."""
    return value_set("J07").find(code)


def class_of(type_code: str) -> Concept | None:
    """classCode of a typeCode (ASS_X04), with its scheme and label; None when the type is not associated."""
    code = _classes().get(type_code)
    return None if code is None else value_set("J57").find(code)


def format_of(template_ids: Iterable[str], media_type: str | None = None) -> Concept | None:
    """formatCode of a document: by its model templateId roots (ASS_A11), or for level 1 by the media type
    of its body (ASS_A12). None when neither is associated."""
    table = _formats()
    code = next((table["by_template"][root] for root in template_ids if root in table["by_template"]), None)
    if code is None and media_type is not None:
        code = table["by_media_type"].get(media_type)
    if code is None:
        return None
    return Concept(code, table["ihe"] if code.startswith("urn:ihe") else table["ans"])


def confidentiality(code: str) -> Concept | None:
    """The confidentialityCode (J08): N, R, V or one of the three masking flags of the DMP."""
    return value_set("J08").find(code)
