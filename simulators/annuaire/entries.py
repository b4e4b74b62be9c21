"""The synthetic directory: the test identities, and enough others to fill several pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulators.core.identities import LABO_MAILBOX, LABORATOIRE, PROFESSIONALS

EXTRA = 60  # a page holds 50


@dataclass(frozen=True, slots=True)
class Mailbox:
    address: str
    kind: str  # TRE_R257: PER, ORG, APP
    red_list: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A Practitioner (number and names), one of its PractitionerRole, or an Organization (name only)."""

    resource: str
    id: str
    identifier: str  # PS_IdNat or Struct_IdNat
    family: str
    given: str = ""
    profession: str = ""
    mailboxes: tuple[Mailbox, ...] = ()
    practitioner: str = ""  # of a PractitionerRole: id of its person
    organization: str = ""  # of a PractitionerRole: Struct_IdNat of its place of exercise

    def visible(self) -> tuple[Mailbox, ...]:
        """Mailboxes that come out: red-listed ones do not."""
        return tuple(item for item in self.mailboxes if not item.red_list)


def entries() -> Sequence[Entry]:
    """All entries, in the order of their identifiers."""
    known = [
        Entry(
            "Practitioner",
            f"003-{person.rpps}",
            person.id_nat,
            person.family,
            person.given,
            person.profession,
            (Mailbox(person.mailbox, "PER"),),
        )
        for person in PROFESSIONALS
    ]
    special = [
        _other(1, "DEUXBOITES-TEST", ("PER", "PER")),
        _other(2, "SANSBOITE-TEST", ()),
        Entry(
            "Practitioner",
            "003-99700200003",
            "899700200003",
            "LISTEROUGE-TEST",
            "ALIX",
            "10",
            (Mailbox("alix.listerouge-test@medecin.test.mssante.fr", "PER", red_list=True),),
        ),
        Entry(
            "Organization",
            "001-LABO",
            LABORATOIRE.id_nat,
            LABORATOIRE.name,
            mailboxes=(
                Mailbox(LABO_MAILBOX, "APP"),
                Mailbox("secretariat@labo.test.mssante.fr", "ORG"),
            ),
        ),
    ]
    roles = [
        Entry(
            "PractitionerRole",
            f"005-{person.rpps}",
            person.id_nat,
            person.family,
            person.given,
            person.profession,
            (Mailbox(person.mailbox, "PER"),),
            f"003-{person.rpps}",
            person.structure.id_nat,
        )
        for person in PROFESSIONALS
    ]
    others = [_other(100 + rank, f"EXEMPLE{rank:03d}-TEST", ("PER",)) for rank in range(EXTRA)]
    return sorted([*known, *special, *roles, *others], key=lambda entry: (entry.resource, entry.identifier))


def _other(rank: int, family: str, kinds: Sequence[str]) -> Entry:
    number = f"99700{200000 + rank:06d}"
    boxes = tuple(
        Mailbox(f"claude.{family.lower()}{n or ''}@medecin.test.mssante.fr", kind)
        for n, kind in enumerate(kinds)
    )
    return Entry("Practitioner", f"003-{number}", f"8{number}", family, "CLAUDE", "10", boxes)
