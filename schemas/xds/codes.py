"""Rules on the codes of the metadata: schemes, the class of a type, value sets.

They need the value sets, so they are judged after the answer. Sources: ANS value sets J02, J04, J07, J60 and
association ASS_X04.
"""

from collections.abc import Iterator

from schemas import valuesets
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xds import names
from schemas.xds.lot import Lot
from schemas.xds.model import Code

CODES: RuleSet[Lot] = RuleSet("xds-codes")

_SCHEMES = {
    "classCode": (names.TRE_A03,),
    "typeCode": (names.LOINC, names.TRE_A05),
    "formatCode": (names.IHE_FORMATS, names.TRE_A06, names.DICOM_FORMATS),
    "healthcareFacilityTypeCode": (names.TRE_R02, names.TRE_A00),
    "practiceSettingCode": (names.PRACTICE_SETTINGS, names.TRE_A00),
}
# Published clients send class 10 for these, the association says otherwise
DISPUTED = frozenset({"87273-9", "11369-6", "18748-4"})


def _codes(lot: Lot) -> Iterator[tuple[str, str, Code, int | None]]:
    for where, entry in lot.health_documents():
        for name, code in (
            ("classCode", entry.class_code),
            ("typeCode", entry.type_code),
            ("formatCode", entry.format_code),
            ("healthcareFacilityTypeCode", entry.facility),
            ("practiceSettingCode", entry.practice_setting),
        ):
            if code is not None:
                yield f"{where}/{name}", name, code, entry.line


@CODES.rule("XDS-CODE-01", requirements=("BEN-CDA-03",), source="ANS JDV J02, J04, J06, J07, J60")
def schemes(lot: Lot) -> Iterator[Observation]:
    """Each code states the coding scheme of its value set."""
    for where, name, code, line in _codes(lot):
        if code.system not in _SCHEMES[name]:
            yield Observation(f"{where}/codingScheme", code.system, " | ".join(_SCHEMES[name]), line)


def _expected_class(lot: Lot, disputed: bool) -> Iterator[Observation]:
    for where, entry in lot.health_documents():
        if entry.type_code is None or entry.class_code is None:
            continue
        wanted = valuesets.class_of(entry.type_code.code)
        if wanted is None or wanted.code == entry.class_code.code:
            continue
        if (entry.type_code.code in DISPUTED and entry.class_code.code == "10") == disputed:
            expected = f"{wanted.code} ({wanted.display}), typeCode {entry.type_code.code}"
            yield Observation(f"{where}/classCode", entry.class_code.code, expected, entry.line)


@CODES.rule("XDS-CODE-02", requirements=("BEN-CDA-03",), source="ANS ASS_X04")
def class_follows_type(lot: Lot) -> Iterator[Observation]:
    """classCode is the class that ASS_X04 gives to the typeCode."""
    return _expected_class(lot, disputed=False)


@CODES.rule("XDS-CODE-03", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-03",), source="ANS ASS_X04")
def disputed_class(lot: Lot) -> Iterator[Observation]:
    """The same where published clients are known to send class 10 (imaging reports, vaccination)."""
    return _expected_class(lot, disputed=True)


@CODES.rule(
    "XDS-CODE-04", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-03",), source="ANS JDV J02, J04, J07"
)
def codes_are_in_their_value_set(lot: Lot) -> Iterator[Observation]:
    """typeCode, sector and practice setting belong to the published value sets (the DMP's are subsets)."""
    keys = {"typeCode": "J07", "healthcareFacilityTypeCode": "J02", "practiceSettingCode": "J04"}
    for where, name, code, line in _codes(lot):
        key = keys.get(name)
        if key and not valuesets.value_set(key).contains(code.code):
            yield Observation(where, code.code, f"JDV_{key}", line)


@CODES.rule("XDS-CODE-05", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-03",), source="CI-SIS")
def language(lot: Lot) -> Iterator[Observation]:
    """languageCode is fr-FR."""
    for where, entry in lot.health_documents():
        if entry.language and entry.language != "fr-FR":
            yield Observation(f"{where}/languageCode", entry.language, "fr-FR", entry.line)
