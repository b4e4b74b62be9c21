"""What others do to a record while a scenario runs: other professionals, and the patient in Mon espace santé.

No call is made and nothing is traced: the software under test finds the record changed, as it would.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.xds import names
from simulators.core.clock import Clock, stamp
from simulators.core.identities import MEDECIN
from simulators.core.population import Patient, Population, opposing
from simulators.core.random import Randomness

from . import documents
from .authorisations import Authorisation, State
from .deposit import Deposited, described, put
from .documents import BY_USER, PATIENT, STATUSES, Recipe
from .service import DmpService

FLAGS = (names.MASQUE_PS, names.INVISIBLE_PATIENT, names.INVISIBLE_REPRESENTANTS)


@dataclass(frozen=True, slots=True)
class Others:
    """Everybody but the software under test. What changes a patient returns them as they are now."""

    dmp: DmpService
    population: Population
    randomness: Randomness
    clock: Clock

    def deposit(
        self,
        patient: Patient,
        *,
        kind: str = "cr-bio",
        flags: Iterable[str] = (),
        author: str = "",
        when: datetime | None = None,
        status: str = "approuve",
        data: bytes | None = None,
        replaces: str = "",
    ) -> Deposited:
        """Put one document into the patient's DMP.

        `kind`: key of `cda.build.KINDS` or type code of J07; EXPPAT_* and DOCPAT* are the patient's own.
        `flags`: French confidentiality codes. `author`: key of a professional, or `patient`; whoever usually
        writes this kind by default. `when`: made and deposited then (now by default). `status`: `approuve`,
        `obsolete`, `archive` or `supprime`. `data`: these very bytes, whatever they are; metadata come from
        them when they are a CDA. `replaces`: uniqueId of the active document that this one replaces.

        Raises ValueError on an unknown kind, author, flag or status, on a naive instant or on a document that
        is not this patient's; sqlite3.IntegrityError on a uniqueId that is held, Stale when the document to
        replace is not active.
        """
        recipe = Recipe(
            kind,
            author or documents.author_for(kind),
            when or self.clock.now(),
            tuple(flags),
            status,
        )
        return self._put(patient, recipe, self._new_oid(), replaces, data)

    def deposit_many(self, patient: Patient, count: int) -> tuple[Deposited, ...]:
        """Put so many documents drawn from the seed into the patient's DMP, after those drawn before.

        Same seed and patient, same documents: several types, authors, dates, confidentialities and statuses.
        """
        seed, state, now = self.population.seed, self.dmp.state, self.clock.now()
        rank = 0
        while state.find(documents.oid(seed, patient, rank)) is not None:
            rank += 1
        made = []
        for each in range(rank, rank + count):
            recipe = documents.derived(seed, patient, each, now)
            before = state.find(documents.oid(seed, patient, each - 1)) if recipe.replaces_previous else None
            active = (
                before is not None and before.status == names.APPROVED and before.patient == _key(patient)
            )
            replaces = before.unique_id if before is not None and active else ""
            made.append(self._put(patient, recipe, documents.oid(seed, patient, each), replaces))
        return tuple(made)

    def authorise(
        self, patient: Patient, state: str, holder: str = MEDECIN.id_nat, *, treating: bool = False
    ) -> None:
        """How a holder stands from now on: `VALIDE`, `EXPIRE`, `INTERDIT` (blocked) or `NON_EXISTE`.

        `holder`: PS_IdNat or Struct_IdNat. Raises ValueError on an unknown state.
        """
        now = self.clock.now()
        word = State(state)
        start = None if word is State.NONE else now - timedelta(days=400) if word is State.EXPIRED else now
        self.dmp.authorisations.put(
            patient, Authorisation(holder, word, start, now, treating and word is State.VALID)
        )

    def close(self, patient: Patient, reason: str = "") -> Patient:
        """The patient closes their DMP. `reason`: free text of the closure."""
        return self._change(
            patient, lambda one: replace(one, dmp="ferme", closure=reason, closed_at=stamp(self.clock.now()))
        )

    def oppose(
        self,
        patient: Patient,
        *,
        regulation: bool | None = None,
        glass: bool | None = None,
        masked_in_emergency: bool | None = None,
    ) -> Patient:
        """The patient changes their oppositions and their agreement; None leaves one as it is."""

        def change(one: Patient) -> Patient:
            return opposing(one, regulation=regulation, glass=glass, masked_in_emergency=masked_in_emergency)

        return self._change(patient, change)

    def change_ins(self, patient: Patient) -> Patient:
        """The patient gets another INS. Raises KeyError when the population has no such patient."""
        known = self._known(patient)
        changed = self.population.change_ins(known)
        self.dmp.changed_ins(known.ins.matricule, changed.ins.matricule)
        return changed

    def _put(
        self, patient: Patient, recipe: Recipe, unique_id: str, replaces: str = "", data: bytes | None = None
    ) -> Deposited:
        self._checked(recipe)
        before = self.dmp.state.find(replaces) if replaces else None
        if replaces and (before is None or before.patient != _key(patient)):
            raise ValueError(f"{replaces} is no document of this patient")
        version = {"version": 2, "replaces": before.unique_id} if before is not None else {}
        written = documents.write(recipe, patient, unique_id, **version)  # type: ignore[arg-type]
        document = written if data is None else data
        return put(
            self.dmp.state,
            patient,
            described(document, written, recipe.flags),
            document,
            self.randomness,
            status=STATUSES[recipe.status],
            received=stamp(recipe.when),
            replaces=before.uuid if before is not None else "",
        )

    def _checked(self, recipe: Recipe) -> None:
        """Raises ValueError with the known words."""
        if recipe.author != PATIENT and recipe.author not in BY_USER:
            raise ValueError(f"unknown author {recipe.author!r}: {PATIENT} or one of {', '.join(BY_USER)}")
        if recipe.status not in STATUSES:
            raise ValueError(f"unknown status {recipe.status!r}: one of {', '.join(STATUSES)}")
        unknown = [flag for flag in recipe.flags if flag not in FLAGS]
        if unknown:
            raise ValueError(f"unknown flag {unknown[0]!r}: one of {', '.join(FLAGS)}")

    def _new_oid(self) -> str:
        return f"2.25.{uuid.UUID(self.randomness.uuid('dmp.others')).int}"

    def _known(self, patient: Patient) -> Patient:
        """The patient as the population has them now: a scenario may hold them as they were."""
        known = self.population.holder(_key(patient))
        if known is None:
            raise KeyError(_key(patient))
        return known

    def _change(self, patient: Patient, change: Callable[[Patient], Patient]) -> Patient:
        changed = change(self._known(patient))
        self.population.register(changed)
        return changed


def _key(patient: Patient) -> str:
    return patient.ins.matricule
