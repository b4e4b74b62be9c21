"""Documents that others wrote: one of a chosen kind, or any number drawn from the seed. Nothing is kept here.

Level-1 CDAs of the current header, about synthetic patients, by the test professionals or by the patient
themselves (EXPPAT_*, DOCPAT*: deposited in Mon espace santé).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from schemas import cda, pdf
from schemas.cda.build import KINDS
from schemas.valuesets import SPECIALITY, value_set
from schemas.xds import names
from simulators.core.identities import (
    BIOLOGISTE,
    CORRESPONDANT,
    INFIRMIER,
    MEDECIN,
    PHARMACIEN,
    PROFESSIONALS,
    SAGE_FEMME,
    Structure,
)
from simulators.core.population import Patient

PATIENT = "patient"  # as an author
PATIENT_TYPES = ("EXPPAT", "DOCPAT")
KEEPER = Structure("1750000045", "MON ESPACE SANTE DU BANC", "SNR")  # custodian of what the patient deposits
BY_USER = {one.user: one for one in PROFESSIONALS}
STATUSES = {
    "approuve": names.APPROVED,
    "obsolete": names.DEPRECATED,
    "archive": names.ARCHIVED,
    "supprime": names.DELETED,
}
YEARS = 5  # over which derived documents are spread
# What each author writes, when documents are drawn: kinds of `cda.build` or type codes of J07.
WRITTEN: Sequence[tuple[str, tuple[str, ...]]] = (
    (MEDECIN.user, ("lettre", "ordonnance", "prescription-bio", "certificat")),
    (BIOLOGISTE.user, ("cr-bio",)),
    (CORRESPONDANT.user, ("lettre", "adressage", "cr-hospitalier")),
    (PHARMACIEN.user, ("60593-1",)),
    (INFIRMIER.user, ("11506-3",)),
    (SAGE_FEMME.user, ("lettre",)),
    (PATIENT, ("EXPPAT_1", "EXPPAT_2")),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A document to write. `kind`: key of `cda.build.KINDS` or J07 type code. `status`: key of STATUSES."""

    kind: str
    author: str  # key of a professional, or PATIENT
    when: datetime
    flags: tuple[str, ...] = ()
    status: str = "approuve"
    replaces_previous: bool = False


def author_for(kind: str) -> str:
    """Who writes this kind when nobody is named."""
    if kind.startswith(PATIENT_TYPES):
        return PATIENT
    return next((author for author, kinds in WRITTEN if kind in kinds), CORRESPONDANT.user)


def derived(seed: int, patient: Patient, rank: int, now: datetime) -> Recipe:
    """The recipe of this rank: same seed, patient, rank and day, same recipe.

    Most are plain letters and reports of the last five years; some are masked, invisible, archived or
    deleted, and of each twelve one replaces the one before.
    """
    draw = _draw(seed, patient, rank)
    author, kinds = WRITTEN[draw[0] % len(WRITTEN)]
    kind = kinds[draw[1] % len(kinds)]
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = 1 + int.from_bytes(draw[2:6], "big") % (YEARS * 365 * 24 * 60)
    when = day - timedelta(minutes=minutes)
    if rank % 12 == 11:
        before = derived(seed, patient, rank - 1, now)
        return Recipe(before.kind, before.author, before.when + timedelta(minutes=1), replaces_previous=True)
    flags: tuple[str, ...] = ()
    if author != PATIENT and draw[6] < 26:
        flags = (names.MASQUE_PS,)
    elif author != PATIENT and draw[6] < 39:
        flags = (names.INVISIBLE_PATIENT,)
    elif patient.representatives and draw[6] < 64:
        flags = (names.INVISIBLE_REPRESENTANTS,)
    status = "approuve"
    if rank % 12 != 10 and draw[7] < 40:  # what is replaced is active until then
        status = "archive" if draw[7] < 26 else "supprime"
    return Recipe(kind, author, when, flags, status)


def oid(seed: int, patient: Patient, rank: int) -> str:
    """The uniqueId of the derived document of this rank."""
    return f"2.25.{int.from_bytes(_draw(seed, patient, rank)[16:32], 'big')}"


def write(recipe: Recipe, patient: Patient, unique_id: str, *, version: int = 1, replaces: str = "") -> bytes:
    """The CDA of a recipe. `version` and `replaces` (a uniqueId) make the next version of another document.

    Raises ValueError on an unknown kind, KeyError on an unknown author.
    """
    by_patient = recipe.author == PATIENT
    place = "EXP_PATIENT" if by_patient else BY_USER[recipe.author].structure.sector
    title = _title(recipe.kind)
    header = cda.Header(
        title=title,
        unique_id=unique_id,
        set_id=f"{replaces or unique_id}.1",
        created=recipe.when,
        patient=_identity(patient),
        author=_patient(patient) if by_patient else _professional(recipe.author),
        version=version,
        replaces=replaces or None,
        facility=place,
        practice_setting=place if by_patient else "AMBULATOIRE",
        custodian_id=KEEPER.id_nat if by_patient else "",
        custodian_name=KEEPER.name if by_patient else "",
    )
    return cda.build_document(cda.DocumentSpec(header, recipe.kind, _printed(title)))


def _draw(seed: int, patient: Patient, rank: int) -> bytes:
    return hashlib.sha256(f"{seed}:document:{patient.key}:{rank}".encode()).digest()


def _title(kind: str) -> str:
    if kind in KINDS:
        return KINDS[kind][1]
    return value_set("J07").display(kind) or "Document déposé par le patient"


@lru_cache(maxsize=64)
def _printed(title: str) -> bytes:
    """One for all the documents of this title: most of the cost of a document."""
    text = "Document de démonstration : il n'est celui de personne."
    return pdf.write_pdf(title, [pdf.Heading(title), text], created=datetime(2020, 1, 1, tzinfo=UTC))


def _professional(user: str) -> cda.Person:
    one = BY_USER[user]
    return cda.Person(
        one.id_nat,
        family=one.family,
        given=one.given,
        prefix=one.civility,
        code=cda.Code(one.speciality_code, SPECIALITY),
        organisation_id=one.structure.id_nat,
        organisation_name=one.structure.name,
    )


def _patient(patient: Patient) -> cda.Person:
    """The patient as author: their INS, under its own OID."""
    return cda.Person(
        patient.ins.matricule, id_system=patient.ins.oid, family=patient.birth_name, given=patient.given
    )


def _identity(patient: Patient) -> cda.PatientIdentity:
    return cda.PatientIdentity(
        ins=patient.ins,
        local_ids=(),
        birth_name=patient.birth_name,
        given=patient.given,
        given_names=" ".join(patient.given_names),
        sex=patient.sex,
        birth_date=f"{patient.birth_date:%Y%m%d}",
        birth_place=patient.birth_place,
    )
