"""Medical devices: the supplied device of any document, and what a prescription adds to it.

Sources: CCD Supply Activity, CI-SIS FR-Dispositif-medical (20), cda.md §7.1 (Device item) and LDL-12.
"""

from schemas.cda.template import Template, template
from schemas.cda.templates.pharmacy.common import (
    CCD,
    FR,
    PRESCRIPTION_ROW,
    ROW,
    RULES,
    declared,
    prescribed,
    prescribed_now,
)
from schemas.cda.templates.pharmacy.shapes import SHAPE, Shaped

DEVICE = RULES.declare(
    "CDA-FR-3.20", layer="MODANS", requirements=ROW, source="CI-SIS, FR-Dispositif-medical"
)
PRESCRIBED = RULES.declare(
    "CDA-EP-20", layer="VOLET", requirements=PRESCRIPTION_ROW, source="CI-SIS, volet eP-MED-DM"
)

FLAGS = {
    f"{FR}48.13": "En rapport avec une ALD",
    f"{FR}48.14": "En rapport avec un accident du travail ou une maladie professionnelle",
    f"{FR}48.15": "Non remboursable",
}
"""templateId of a flag that each prescribed device says once → its label, which the official volet tests."""


def _once(oid: str, label: str) -> tuple[str, str, str]:
    named = f"[code/@displayName='{label}']" if label in FLAGS.values() else ""
    return (
        f"count(entryRelationship[@typeCode='COMP']/observation[{declared(oid)}]{named})=1",
        f"« {label} » ({oid}) 1..1, entryRelationship COMP",
        "entryRelationship/observation",
    )


TEMPLATES: tuple[Template, ...] = (
    template(
        f"{FR}20",
        DEVICE,
        on="supply",
        parents=(f"{CCD}34",),
        has=("id 1..1", "effectiveTime 1..1"),
        holds=(
            ("participant/@typeCode='DEV'", "participant DEV 1..*", "participant"),
            (
                "participant[@typeCode='DEV']/participantRole/@classCode='MANU'",
                "participantRole MANU",
                "participant/participantRole",
            ),
            (
                (
                    "participant[@typeCode='DEV']/participantRole/playingDevice"
                    "[@classCode='DEV'][@determinerCode='INSTANCE']"
                ),
                "playingDevice DEV, INSTANCE",
                "participant/participantRole/playingDevice",
            ),
            (
                "participant[@typeCode='DEV']/participantRole/playingDevice/code",
                "code 1..1",
                "participant/participantRole/playingDevice/code",
            ),
        ),
    ),
    template(f"{FR}20", SHAPE, checks=(Shaped(),)),
    template(
        f"{FR}20",
        PRESCRIBED,
        has=("repeatNumber 1..1",),
        holds=tuple(_once(oid, label) for oid, label in FLAGS.items()),
        applies=prescribed,
    ),
    template(
        f"{FR}20",
        PRESCRIBED,
        holds=(_once(f"{FR}48.34", "En rapport avec la prévention"),),
        applies=prescribed_now,
    ),
)
