"""Synthetic patients: any number of them, derived from the seed, never stored beyond the run.

Names come from Faker with a fixed seed; matricules never do (Faker's NIR can be somebody's). Ours are in
commune 63220 with order numbers from 700, the range of the public INSi test personas.
"""

import hashlib
import json
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from schemas.ins import NIR_TEST, Ins, key

from .incidents import INCIDENTS

FIRST_ORDER = 700  # of the order numbers that the bench gives

if TYPE_CHECKING:
    from faker import Faker


@dataclass(frozen=True, slots=True)
class Representative:
    """A legal representative of a minor. `link`: HL7 PersonalRelationshipRoleType, `MTH`, `FTH`…"""

    link: str
    family: str
    given: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient and how each national service knows them.

    `insi`: result code that INSi gives for the traits (`00` found, `01` nobody, `02` several).
    `dmp`: `actif`, `ferme` or `inexistant`. `authorisation`: of the test doctor on this DMP, `VALIDE`,
    `EXPIRE`, `INTERDIT` or `NON_EXISTE`: how it stands at the start. `treated`: the test doctor is a
    treating doctor of this DMP. `mes`: mailbox in Mon espace santé, `actif`, `ferme` or `absent`.
    `closure`: free text of the closure of a closed DMP. `former`: INS that were theirs before this one,
    newest first.
    """

    key: str
    birth_name: str
    given_names: tuple[str, ...]
    sex: str  # "F" or "M"
    birth_date: date
    birth_place: str  # COG code, 5 characters
    ins: Ins
    insi: str = "00"
    dmp: str = "actif"
    authorisation: str = "VALIDE"
    mes: str = "actif"
    opposes_execution_view: bool = False
    treated: bool = False
    closure: str = ""
    opposes_regulation: bool = False  # OPPOSITION_ACCES_URGENCE: centre_15
    opposes_glass: bool = False  # OPPOSITION_BRIS_DE_GLACE
    masked_in_emergency: bool = False  # agrees that masked documents are read in an emergency
    usual_name: str = ""
    birth_rank: int = 1
    representatives: tuple[Representative, ...] = ()
    incident: str = ""  # faults that their calls suffer: a name of `incidents`
    former: tuple[Ins, ...] = ()
    deceased: bool = False
    closed_at: str = ""  # YYYYMMDDhhmmss: when the patient closed the DMP; empty for one always closed

    @property
    def given(self) -> str:
        return self.given_names[0]

    def traits(self) -> dict[str, str]:
        """The identity traits of the INS as plain JSON, the form used by the contract's actions."""
        return {
            "birth_name": self.birth_name,
            "given_names": " ".join(self.given_names),
            "sex": self.sex,
            "birth_date": self.birth_date.isoformat(),
            "birth_place": self.birth_place,
        }


def opposing(
    patient: Patient,
    *,
    regulation: bool | None = None,
    glass: bool | None = None,
    masked_in_emergency: bool | None = None,
) -> Patient:
    """The patient with other oppositions and another agreement; None leaves one as it is."""
    return replace(
        patient,
        opposes_regulation=patient.opposes_regulation if regulation is None else regulation,
        opposes_glass=patient.opposes_glass if glass is None else glass,
        masked_in_emergency=(
            patient.masked_in_emergency if masked_in_emergency is None else masked_in_emergency
        ),
    )


PRESENT = "present"  # on a shelf, in the place of a patient whose INS changed: the present matricule


class Shelf(Protocol):
    """Keeps patients, as text, for other processes and for the next start."""

    def put(self, matricule: str, text: str) -> None: ...

    def get(self, matricule: str) -> str | None: ...

    def all(self) -> list[tuple[str, str]]: ...


class Population:
    """The patients that the services know in this run.

    With a shelf, those that another process derives on it are known too, as soon as they are there.
    """

    def __init__(self, seed: int, shelf: Shelf | None = None) -> None:
        self.seed = seed
        self._shelf = shelf
        self._texts: dict[str, str] = {}  # matricule → what the shelf said of a patient that is known here
        self._lock = threading.Lock()
        self._by_matricule: dict[str, Patient] = {}
        self.incidents: dict[str, str] = {}  # by matricule, of those who carry one
        self._former: dict[str, str] = {}  # a former matricule: the present one
        if shelf is not None:
            for matricule, text in shelf.all():
                self._learn(matricule, text)
        self._faker: Faker | None = None

    def derive(
        self,
        key_: str,
        *,
        insi: str = "00",
        dmp: str = "actif",
        authorisation: str = "VALIDE",
        mes: str = "actif",
        opposes_execution_view: bool = False,
        sex: str | None = None,
        corsican: bool = False,
        given_count: int | None = None,
        treated: bool = False,
        closure: str = "",
        opposes_regulation: bool = False,
        opposes_glass: bool = False,
        masked_in_emergency: bool = False,
        usual_name: str = "",
        minor: bool = False,
        twin_of: str = "",
        incident: str = "",
        ins_changed: bool = False,
        deceased: bool = False,
    ) -> Patient:
        """The patient of this key: same seed and key, same patient. Registers and returns it.

        `minor` makes a child with two representatives. `twin_of` is the matricule of a patient of this
        population: same family name, birth and place. `incident` is a name of `incidents`. `ins_changed`: the
        national services know a former INS of theirs too. Raises KeyError when there is no such patient or
        incident.
        """
        digest = hashlib.sha256(f"{self.seed}:patient:{key_}".encode()).digest()
        number = int.from_bytes(digest[:12], "big")
        with self._lock:
            fake = self._fake()
            fake.seed_instance(number)
            sex = sex or ("F" if number % 2 else "M")
            draw = fake.first_name_female if sex == "F" else fake.first_name_male
            given = tuple(dict.fromkeys(_plain(draw()) for _ in range(6)))[: given_count or 1 + number % 3]
            family = _plain(fake.last_name())
            born = date(1935, 1, 1) + timedelta(days=number // 7 % 30_000)
            place = ("2A004" if number % 2 else "2B033") if corsican else "63220"
            rank = 1
            if minor:
                born = date(2014, 1, 1) + timedelta(days=number // 7 % 1_500)
            if twin_of:
                twin = self._by_matricule[twin_of]
                family, born, place, rank = twin.birth_name, twin.birth_date, twin.birth_place, 2
            parents = self._parents(fake, family) if minor else ()
            order = number // 11 % 300
            ins = self._ins(key_, sex, born, place, order)
            former = (self._ins(key_, sex, born, place, order + 1, but=ins.matricule),) if ins_changed else ()
            patient = Patient(
                key_,
                family,
                given,
                sex,
                born,
                place,
                ins,
                insi,
                dmp,
                authorisation,
                mes,
                opposes_execution_view,
                treated,
                closure,
                opposes_regulation,
                opposes_glass,
                masked_in_emergency,
                usual_name,
                rank,
                parents,
                incident,
                former,
                deceased,
            )
            self._keep(patient)
            return patient

    def change_ins(self, patient: Patient) -> Patient:
        """Give a patient another INS, the one they had becoming a former one. Registers and returns them.

        The same changes give the same INS.
        """
        with self._lock:
            ins = patient.ins.matricule
            order = int(ins[10:13]) - FIRST_ORDER + 1
            new = self._ins(patient.key, patient.sex, patient.birth_date, ins[5:10], order, but=ins)
            changed = replace(patient, ins=new, former=(patient.ins, *patient.former))
            self._by_matricule.pop(ins, None)
            self.incidents.pop(ins, None)
            self._keep(changed)
            return changed

    def _keep(self, patient: Patient) -> None:
        """Know a patient, here and on the shelf. Raises KeyError for an unknown incident."""
        self._know(patient)
        if self._shelf is not None:
            self._put(patient.ins.matricule, as_text(patient))
            for one in patient.former:
                self._put(one.matricule, json.dumps({PRESENT: patient.ins.matricule}))

    def _know(self, patient: Patient) -> None:
        if patient.incident and patient.incident not in INCIDENTS:
            raise KeyError(patient.incident)
        matricule = patient.ins.matricule
        self._by_matricule[matricule] = patient
        self.incidents.pop(matricule, None)
        if patient.incident:
            self.incidents[matricule] = patient.incident
        self._former.pop(matricule, None)
        for one in patient.former:
            self._former[one.matricule] = patient.ins.matricule

    def _put(self, matricule: str, text: str) -> None:
        assert self._shelf is not None
        if self._texts.get(matricule) != text:
            self._texts[matricule] = text
            self._shelf.put(matricule, text)

    def _look(self, matricule: str) -> Patient | None:
        """The patient of this matricule: as the shelf has them, where there is one."""
        if self._shelf is not None and (text := self._shelf.get(matricule)) is not None:
            self._learn(matricule, text)
        return self._by_matricule.get(matricule)

    def _learn(self, matricule: str, text: str) -> None:
        """Take in what the shelf says of a matricule: its patient, or which one took its place."""
        if self._texts.get(matricule) == text:
            return
        self._texts[matricule] = text
        present = json.loads(text).get(PRESENT)
        if present is None:
            self._know(from_text(text))
        else:
            self._former[matricule] = present
            self._by_matricule.pop(matricule, None)
            self.incidents.pop(matricule, None)

    @staticmethod
    def _parents(fake: "Faker", family: str) -> tuple[Representative, ...]:
        mother, maiden = _plain(fake.first_name_female()), _plain(fake.last_name())
        return (
            Representative("MTH", maiden, mother),
            Representative("FTH", family, _plain(fake.first_name_male())),
        )

    def _ins(self, key_: str, sex: str, born: date, place: str, order: int, but: str = "") -> Ins:
        """The first INS from this order that is free, or this key's already; never `but`."""
        while True:
            rank = FIRST_ORDER + order % (1000 - FIRST_ORDER)
            stem = f"{'2' if sex == 'F' else '1'}{born:%y%m}{place}{rank:03d}"
            matricule = stem + key(stem)
            holder = self._by_matricule.get(self._former.get(matricule, matricule))
            if (holder is None or holder.key == key_) and matricule != but:
                return Ins(matricule, NIR_TEST)
            order += 1

    def _fake(self) -> "Faker":
        if self._faker is None:
            from faker import Faker  # 0.6 s of import: only when a patient is wanted

            self._faker = Faker("fr_FR")
        return self._faker

    def register(self, patient: Patient) -> None:
        """Add or replace a patient made elsewhere."""
        with self._lock:
            self._keep(patient)

    def holder(self, matricule: str) -> Patient | None:
        """The patient of whom this matricule is the INS, or was."""
        with self._lock:
            found = self._look(matricule)
            present = self._former.get(matricule, matricule)
            return found if present == matricule else self._look(present)

    def find(self, matricule: str) -> Patient | None:
        """The patient of this 15-character matricule."""
        with self._lock:
            return self._look(matricule)

    def __iter__(self) -> Iterator[Patient]:
        with self._lock:
            if self._shelf is not None:
                for matricule, text in self._shelf.all():
                    self._learn(matricule, text)
            return iter(list(self._by_matricule.values()))


def as_text(patient: Patient) -> str:
    """A patient as JSON."""
    return json.dumps(asdict(patient), ensure_ascii=False, default=str)


def from_text(text: str) -> Patient:
    """The inverse of `as_text`. Raises ValueError, KeyError or TypeError on anything else."""
    told = json.loads(text)
    return Patient(
        **{
            **told,
            "given_names": tuple(told["given_names"]),
            "birth_date": date.fromisoformat(told["birth_date"]),
            "ins": Ins(**told["ins"]),
            "former": tuple(Ins(**one) for one in told["former"]),
            "representatives": tuple(Representative(**one) for one in told["representatives"]),
        }
    )


def _plain(name: str) -> str:
    """Upper case A–Z, space, apostrophe and hyphen only: the rule for INSi traits (SEL-MP-043)."""
    stripped = "".join(char for char in unicodedata.normalize("NFD", name) if not unicodedata.combining(char))
    kept = "".join(char if char.isalpha() or char in " '-" else " " for char in stripped.upper())
    return " ".join(kept.split())
