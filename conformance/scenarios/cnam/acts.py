"""What several scenarios do with prescriptions: medicines, prescribing, dispensing."""

from collections.abc import Mapping
from typing import Any

from conformance.engine.bench import PHARMACIEN, Bench

PARACETAMOL: dict[str, Any] = {
    "label": "PARACETAMOL 1 g, comprimé",
    "cis": "63107752",
    "cip13": "3400933516390",
    "posology": "1 comprimé matin et soir pendant 5 jours",
    "quantity": 1,
}
AMOXICILLINE: dict[str, Any] = {
    "label": "AMOXICILLINE 500 mg, gélule",
    "cis": "60234100",
    "cip13": "3400930000014",
    "posology": "1 gélule trois fois par jour pendant 7 jours",
    "quantity": 2,
    "renewals": 0,
}
LEVOTHYROX: dict[str, Any] = {
    "label": "LEVOTHYROXINE 75 µg, comprimé",
    "cis": "61234567",
    "cip13": "3400930000021",
    "posology": "1 comprimé le matin à jeun",
    "quantity": 1,
    "renewals": 2,
    "substitution": {"allowed": False, "reason": "MTE"},
    "ald": True,
}


def prescribe(bench: Bench, patient_id: str, lines: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Validate a prescription that must succeed; returns the answer's data."""
    return dict(bench.do("prescription.create", patient_id=patient_id, lines=lines, **options).data)


def whole(read: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every line of a prescription that was read, delivered as prescribed."""
    return [{"line_id": line["line_id"], "outcome": "AS_PRESCRIBED"} for line in read["lines"]]


def dispense_all(bench: Bench, code: str) -> list[dict[str, Any]]:
    """The pharmacy reads the prescription and dispenses every line; returns what was asked for the lines."""
    read = bench.do("prescription.scan", user=PHARMACIEN, code=code).data
    lines = whole(read)
    bench.do("prescription.dispense", user=PHARMACIEN, epu_id=read["epu_id"], lines=lines)
    return lines
