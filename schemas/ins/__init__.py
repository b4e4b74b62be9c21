"""INS: matricule, key, OIDs. Source: RNIV and CI-SIS "structuration minimale"."""

import re
from dataclasses import dataclass
from functools import lru_cache

NIR_PRODUCTION = "1.2.250.1.213.1.4.8"
NIA_PRODUCTION = "1.2.250.1.213.1.4.9"
NIR_TEST = "1.2.250.1.213.1.4.10"
NIR_DEMO = "1.2.250.1.213.1.4.11"
PRODUCTION_OIDS = frozenset({NIR_PRODUCTION, NIA_PRODUCTION})
TEST_OIDS = frozenset({NIR_TEST, NIR_DEMO})
INS_OIDS = PRODUCTION_OIDS | TEST_OIDS

CX = re.compile(r"([^\^]+)\^\^\^&([\d.]+)&ISO\^NH(?:\^\^\d*)?")
MAX_KEPT = 128  # characters: a longer CX is read, not remembered
MATRICULE = re.compile(r"(?a)\d{5}(?:\d{2}|2A|2B)\d{6}\d{2}")  # 13 characters and the key


@dataclass(frozen=True, slots=True)
class Ins:
    """A patient's INS: 15 characters (13 and the 2-digit key) and the OID of its authority."""

    matricule: str
    oid: str = NIR_TEST

    def cx(self) -> str:
        """The patientId of XDS and the resource-id of the VIHF: `INS^^^&OID&ISO^NH`."""
        return f"{self.matricule}^^^&{self.oid}&ISO^NH"

    @property
    def mail(self) -> str:
        """The patient's MSSanté address."""
        return f"{self.matricule}@patient.mssante.fr"


def key(number: str) -> str:
    """The key of 13 characters: 97 − (n mod 97), 2A as 19 and 2B as 18, two digits.

    Raises ValueError on anything else than 13 such characters.
    """
    digits = number.replace("2A", "19", 1) if number[5:7] == "2A" else number
    digits = digits.replace("2B", "18", 1) if digits[5:7] == "2B" else digits
    if len(digits) != 13 or not digits.isascii() or not digits.isdigit():
        raise ValueError(f"not a 13-character matricule: {number!r}")
    return f"{97 - int(digits) % 97:02d}"


def well_formed(matricule: str) -> bool:
    """15 characters of the right shape with the right key."""
    return bool(MATRICULE.fullmatch(matricule)) and key(matricule[:13]) == matricule[13:]


def parse_cx(text: str) -> Ins | None:
    """`INS^^^&OID&ISO^NH` (a date after it is tolerated) as an Ins; None when it is not one."""
    return _known(text) if len(text) < MAX_KEPT else _parse_cx(text)


def _parse_cx(text: str) -> Ins | None:
    found = CX.fullmatch(text.strip())
    return Ins(found[1], found[2]) if found else None


_known = lru_cache(maxsize=1024)(_parse_cx)  # a message says the same patient a dozen times
