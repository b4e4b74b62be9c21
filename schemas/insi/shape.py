"""Order and number of the elements of an INSi request, told element by element.

Source: schemas of WSDL DESIR_ICIR_EXP 1.5.0 (sequences), rewritten here as tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemas.finding import Observation
from schemas.xml import Element, children, local, where

MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A child element of a sequence: its name, how many times, and its own sequence."""

    name: str
    least: int
    most: int
    parts: tuple["Part", ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


def one(name: str, *parts: Part, attributes: Mapping[str, str] | None = None) -> Part:
    return Part(name, 1, 1, parts, attributes or {})


def maybe(name: str, *parts: Part) -> Part:
    return Part(name, 0, 1, parts)


_NUMBER = (maybe("NumIdentifiant"), maybe("Cle"), maybe("TypeMatricule"))
RECSANSVITALE = (
    maybe("NomNaissance"),
    Part("Prenom", 0, MANY),
    maybe("Sexe"),
    maybe("DateNaissance"),
    maybe("LieuNaissance"),
)
RECVITALE = (
    maybe("MatriculeIndividu", *_NUMBER),
    maybe("MatriculeOD", *_NUMBER),
    maybe("NomNaissance"),
    maybe("DateNaissance"),
    maybe("RangNaissance"),
)
BODIES = {"traits": RECSANSVITALE, "vitale": RECVITALE}
CONTEXTE_LPS = (
    one("Id"),
    one("Temps"),
    maybe("Emetteur"),
    one("LPS", one("IDAM", attributes={"R": "4"}), one("Version"), one("Instance"), one("Nom")),
)
CONTEXTE_BAM = (one("Id"), one("Temps"), maybe("Emetteur"), maybe("DateRef"), maybe("COUVERTURE"))
CONTEXTE_LPS_ATTRIBUTES = {"Nature": "CTXLPS", "Version": "01_00"}
CONTEXTE_BAM_ATTRIBUTES = {"Version": "01_02"}


def departures(element: Element, parts: tuple[Part, ...]) -> Iterator[Observation]:
    """Every departure of the children of `element` from this sequence, in one pass.

    Contents of parts declared without their own sequence are not looked at.
    """
    namespace = str(element.tag).rpartition("}")[0]
    known = {part.name: rank for rank, part in enumerate(parts)}
    expected = " ".join(part.name for part in parts)
    reached = 0
    seen: dict[str, int] = {}
    for child in children(element):
        name = local(child)
        if name not in known or str(child.tag).rpartition("}")[0] != namespace:
            yield Observation(where(child), str(child.tag), expected, child.sourceline)
            continue
        seen[name] = seen.get(name, 0) + 1
        part = parts[known[name]]
        if known[name] < reached:
            yield Observation(where(child), name, expected, child.sourceline)
        reached = max(reached, known[name])
        if seen[name] == part.most + 1:
            yield Observation(
                where(child), f"{name} x {seen[name]}", f"{name} x {part.most}", child.sourceline
            )
        yield from attributes(child, part.attributes)
        if part.parts:
            yield from departures(child, part.parts)
    for part in parts:
        if seen.get(part.name, 0) < part.least:
            yield Observation(f"{where(element)}/{part.name}", "", part.name, element.sourceline)


def attributes(element: Element, expected: Mapping[str, str]) -> Iterator[Observation]:
    """Attributes whose value is not the expected one."""
    for name, value in expected.items():
        if element.get(name) != value:
            yield Observation(f"{where(element)}/@{name}", element.get(name, ""), value, element.sourceline)
