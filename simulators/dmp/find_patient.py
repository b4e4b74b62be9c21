"""TD0.5: patients without INS, for regulation centres. How the DMP scores is not public."""

from datetime import date

from schemas.hl7v3.pdq import Find, Match
from simulators.core.population import Patient, Population

NAME, GIVEN, SEX, BIRTH = 50, 20, 10, 20  # points of each trait, 100 in all (invented)


def find_patients(population: Population, find: Find, at_most: int) -> tuple[tuple[Match, ...], int]:
    """Holders of an open DMP whose family name begins as asked, best first, and how many in all.

    A trait that is given and differs sets the patient aside; one that is not given costs its points.
    Patients opposed to regulation are listed, flagged.
    """
    found = [_match(patient, score) for patient in population if (score := _score(patient, find))]
    found.sort(key=lambda one: (-one.score, one.family, one.given, one.patient.matricule))
    return tuple(found[:at_most]), len(found)


def _score(patient: Patient, find: Find) -> int:
    asked = find.family.upper()
    names = (patient.birth_name, patient.usual_name)
    if patient.dmp != "actif" or not asked or not any(name.startswith(asked) for name in names):
        return 0
    given = find.given.upper()
    if given and given not in patient.given_names:
        return 0
    if find.sex in ("F", "M") and find.sex != patient.sex:
        return 0
    if find.birth_date and not _stamp(patient.birth_date).startswith(find.birth_date):
        return 0
    return (
        NAME * (asked in names)
        + NAME // 2 * (asked not in names)
        + GIVEN * bool(given)
        + SEX * bool(find.sex)
        + BIRTH * (len(find.birth_date) == 8)
    )


def _match(patient: Patient, score: int) -> Match:
    return Match(
        patient.ins,
        patient.birth_name,
        patient.given,
        patient.sex,
        _stamp(patient.birth_date),
        score,
        patient.opposes_regulation,
    )


def _stamp(day: date) -> str:
    return f"{day:%Y%m%d}"
