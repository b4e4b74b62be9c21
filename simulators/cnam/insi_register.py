"""Who INSi knows: the public test personas and the run's synthetic patients; the search itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from schemas.ins import NIA_PRODUCTION, NIR_PRODUCTION, NIR_TEST
from schemas.insi import Card, HistoryEntry, Identity, Traits
from schemas.insi.names import FOUND, NOBODY, SEVERAL
from simulators.core.population import Population

OID_MODES = {"test": NIR_TEST, "qualif": NIR_PRODUCTION}  # the qualification platform returns the .8


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody in the register. `code` is what a search that fits answers (`01`: erased on purpose)."""

    traits: Traits  # one given name an item
    number: str = ""
    key: str = ""
    code: str = FOUND
    nia: bool = False
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    code: str
    identity: Identity | None = None


@cache
def personas() -> tuple[Known, ...]:
    """The public test identities of the INSi qualification platform."""
    text = resources.files("simulators.cnam").joinpath("personas.json").read_text(encoding="utf-8")
    return tuple(
        Known(
            Traits(
                item["birth_name"],
                tuple(item["given_names"]),
                item["sex"],
                item["birth_date"],
                item.get("birth_place", ""),
            ),
            item.get("number", ""),
            item.get("key", ""),
            item.get("code", FOUND),
            item.get("nia", False),
            tuple(
                HistoryEntry(entry["number"], entry["key"], "", entry.get("start", ""), entry.get("end", ""))
                for entry in item.get("history", ())
            ),
        )
        for item in json.loads(text)["personas"]
    )


def persona_matricules() -> frozenset[str]:
    """15-character matricules of the public personas: the only ones allowed under a production OID."""
    return frozenset(known.number + known.key for known in personas() if known.number)


class Register:
    """The register of one run. `oid_mode`: `test` answers with the test OID, `qualif` with `…4.8`."""

    def __init__(self, population: Population, oid_mode: str = "test") -> None:
        if oid_mode not in OID_MODES:
            raise ValueError(f"oid_mode is {oid_mode!r}: expected one of {', '.join(OID_MODES)}")
        self._population = population
        self._oid = OID_MODES[oid_mode]

    def _everybody(self) -> Iterator[Known]:
        yield from personas()
        for patient in self._population:
            yield Known(
                Traits(
                    patient.birth_name,
                    patient.given_names,
                    patient.sex,
                    patient.birth_date.isoformat(),
                    patient.birth_place,
                ),
                patient.ins.matricule[:13],
                patient.ins.matricule[13:],
                patient.insi,
            )

    def by_traits(self, traits: Traits) -> Found:
        """Search by traits: nobody, one, or several."""
        return self._settle([known for known in self._everybody() if fits(known.traits, traits)])

    def by_card(self, card: Card) -> Found:
        """Search with what a Vitale card gives: number, and birth date when it is given."""
        return self._settle(
            [
                known
                for known in self._everybody()
                if known.number == card.number and card.birth_date in ("", known.traits.birth_date)
            ]
        )

    def _settle(self, fitting: list[Known]) -> Found:
        if any(known.code == SEVERAL for known in fitting):
            return Found(SEVERAL)
        fitting = [known for known in fitting if known.code == FOUND]
        if not fitting:
            return Found(NOBODY)
        if len(fitting) > 1:
            return Found(SEVERAL)
        return Found(FOUND, self._identity(fitting[0]))

    def _identity(self, known: Known) -> Identity:
        oid = NIA_PRODUCTION if known.nia else self._oid
        return Identity(
            known.number,
            known.key,
            oid,
            known.traits.birth_name,
            known.traits.given,
            known.traits.sex,
            known.traits.birth_date,
            known.traits.birth_place,
            tuple(HistoryEntry(e.number, e.key, oid, e.start, e.end) for e in known.history),
        )


def fits(known: Traits, asked: Traits) -> bool:
    """Whether these traits designate this person.

    Name, sex and birth date must be equal; the birth place only when it is asked. Given names fit when they
    are one of the birth act, its first ones in order, or all of them. Hyphen, apostrophe and space count as
    the same character (Guide INS, EXI ID 10).
    """
    if asked.birth_place and known.birth_place and asked.birth_place != known.birth_place:
        return False
    if asked.sex != known.sex or asked.birth_date != known.birth_date:
        return False
    if _same(asked.birth_name) != _same(known.birth_name):
        return False
    given = [_same(name) for name in known.given_names]
    wanted = _same(asked.given)
    return bool(wanted) and (
        wanted in given or any(wanted == " ".join(given[: count + 1]) for count in range(len(given)))
    )


def _same(name: str) -> str:
    return " ".join(part for part in name.replace("-", " ").replace("'", " ").split(" ") if part)
