"""TD1.3a: administrative data. Contact details are invented from the matricule, in reserved ranges."""

from schemas.hl7v3.model import Address, AdminData, Representative
from simulators.core.population import Patient

STREETS = ("RUE DES ESSAIS", "PLACE DU BANC", "IMPASSE DE LA CONFORMITE", "AVENUE DU TEST")


def admin_data(patient: Patient) -> AdminData:
    """What TD1.3a says besides existence, oppositions and legal representatives included.

    Telephone numbers are of the ranges kept for fiction (ARCEP: 01 99 00, 06 39 98).
    """
    number = int(patient.ins.matricule[-6:])
    address = Address(f"{1 + number % 98} {STREETS[number % len(STREETS)]}", "63000", "CLERMONT-FERRAND")
    own = (f"tel:+3319900{number % 10_000:04d}", f"tel:+3363998{number % 10_000:04d}")
    mail = f"mailto:patient{number:06d}@patient.example"
    return AdminData(
        deceased=patient.deceased,
        address=address,
        birth_place=patient.birth_place,
        telecoms=(*own, mail) if not patient.representatives else (),
        representatives=tuple(
            Representative(one.link, one.family, one.given, address, (own[1],))
            for one in patient.representatives
        ),
        account_open=patient.mes == "actif",
        opposes_glass=patient.opposes_glass,
        opposes_regulation=patient.opposes_regulation,
    )
