"""TD1.1, TD1.2, TD1.3b and TD1.4: creation and revision of a DMP, read as far as it takes to answer them.

Software no longer creates DMPs; the other three are for DMPs that are not attached to Mon espace santé.
"""

from dataclasses import dataclass

from schemas.ins import INS_OIDS, Ins
from schemas.xml import Element, local

from .model import HL7, Hl7Refused, Identity
from .request import value_of
from .wrapper import Header, answer, read_header

NS = f"{{{HL7}}}"
CREATION, REVISION = "PRPA_IN201311UV02", "PRPA_IN201314UV02"
REASONS = {"REAC": "TD1.2", "MODIF_DATA": "TD1.3b", "FERM": "TD1.4"}
WRAPPER = "asip:ci-sis:gdp:2010"
NEGATIVE = {CREATION: "PRPA_IN201313UV02", REVISION: "PRPA_IN201316UV02"}


@dataclass(frozen=True, slots=True)
class Revision:
    """A creation or a revision. `transaction` is TD1.1, TD1.2, TD1.3b, TD1.4, or `?` for another reason."""

    header: Header
    message: str
    transaction: str
    patient: Ins | None


def read_revision(element: Element) -> Revision:
    """Decode what is needed to refuse. Raises Hl7Refused on another message."""
    name = local(element)
    if name not in NEGATIVE or element.tag != f"{NS}{name}":
        raise Hl7Refused(f"/{name}", f"expected {CREATION} or {REVISION} in {HL7}")
    reason = value_of(element, f"controlActProcess/{NS}reasonCode", "code")
    transaction = "TD1.1" if name == CREATION else REASONS.get(reason, "?")
    ids = (
        Ins(one.get("extension", ""), one.get("root", ""))
        for patient in element.iter(f"{NS}patient")
        for one in patient.iterfind(f"{NS}id")
        if one.get("root") in INS_OIDS
    )
    return Revision(read_header(element), name, transaction, next(ids, None))


def write_refusal(asked: Revision, id_: Identity, created: str, code: str, text: str, ack: str = "AE") -> str:
    """The negative answer (201313 or 201316) in its wrapper."""
    tag = f"{asked.message}_Response"
    inside = answer(NEGATIVE[asked.message], id_, created, asked.header, "", (code, text), ack)
    return f'<gdp:{tag} xmlns:gdp="{WRAPPER}">{inside}</gdp:{tag}>'
