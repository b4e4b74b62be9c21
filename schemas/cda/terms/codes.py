"""Do codes have the check digit of their system? LOINC (modulus 10) and SNOMED CT (Verhoeff).

Sources: LOINC Users' Guide, appendix C; SNOMED CT Technical Implementation Guide, SCTID.
"""

import re

LOINC = "2.16.840.1.113883.6.1"
SNOMED_CT = "2.16.840.1.113883.6.96"

LOINC_CODE = re.compile(r"(\d{1,7})-(\d)")
LOINC_PART = re.compile(r"L[A-Z]\d+-\d")  # parts, answers and groups: their key is another one
SCTID = re.compile(r"[1-9]\d{5,17}")
# The dihedral group of the pentagon, and the permutation that Verhoeff's digit applies at each rank
PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
PERMUTATION = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def loinc(code: str) -> bool:
    """Whether a LOINC code has its check digit; parts and answers are taken as they are."""
    if LOINC_PART.fullmatch(code):
        return True
    found = LOINC_CODE.fullmatch(code)
    if not found:
        return False
    total = 0
    for rank, digit in enumerate(reversed(found[1])):
        doubled = int(digit) * (2 - rank % 2)
        total += doubled // 10 + doubled % 10
    return -total % 10 == int(found[2])


def snomed_ct(code: str) -> bool:
    """Whether a SNOMED CT identifier has its check digit."""
    if not SCTID.fullmatch(code):
        return False
    check = 0
    for rank, digit in enumerate(reversed(code)):
        check = int(PRODUCT[check][int(PERMUTATION[rank % 8][int(digit)])])
    return check == 0


def well_formed(code: str, system: str | None) -> bool:
    """False only for a code that cannot be one of its system; True for a system that is not known here."""
    if system == LOINC:
        return loinc(code)
    if system == SNOMED_CT:
        return snomed_ct(code)
    return True
