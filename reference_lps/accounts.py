"""The local accounts: who works with this installation of the software, and where.

They are the test professionals of the bench, as an administrator would have typed them in. Nobody here
exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.cda.model import Code, Person
from schemas.vihf.model import PROFESSIONS, SPECIALITIES, Role
from schemas.xds import names

NAME, VERSION, VENDOR = "reference_lps", "1.0", "segur-bench"


@dataclass(frozen=True, slots=True)
class Account:
    """A professional and the structure that they work in. `pair` is the prefix of its certificates."""

    user: str
    id_nat: str  # PS_IdNat
    family: str
    given: str
    civility: str
    profession: str  # TRE_G15
    profession_label: str
    speciality: str
    speciality_label: str
    structure: str  # Struct_IdNat
    structure_name: str
    sector: str
    mailbox: str
    pair: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def label(self) -> str:
        """How its mailbox is named: Titre_Prénom_NOM_Entité (Référentiel #2 MSSanté, ECO.2.2.7)."""
        return "_".join((self.civility, self.given, self.family, self.structure_name))

    @property
    def card(self) -> str:
        """Prefix of the certificates of this professional's CPS card, for direct authentication."""
        return f"cps-{self.user}"

    @property
    def rpps(self) -> str:
        return self.id_nat[1:]

    def roles(self) -> tuple[Role, ...]:
        """Profession then speciality, as the VIHF wants them."""
        return (
            Role(self.profession, PROFESSIONS, self.profession_label),
            Role(self.speciality, SPECIALITIES, self.speciality_label),
        )

    def person(self) -> Person:
        """The author of a document."""
        code = f"G15_{self.profession}/{self.speciality}"
        return Person(
            self.id_nat,
            family=self.family,
            given=self.given,
            prefix=self.civility,
            code=Code(code, names.SPECIALTIES, f"{self.profession_label} - {self.speciality_label}"),
            organisation_id=self.structure,
            organisation_name=self.structure_name,
        )


ACCOUNTS: Mapping[str, Account] = {
    "medecin": Account(
        "medecin",
        "899700100011",
        "DESCHAMPS-TEST",
        "CAMILLE",
        "MME",
        "10",
        "Médecin",
        "SM26",
        "Qualifié en Médecine Générale (SM)",
        "499700100011001",
        "CABINET MEDICAL DU BANC",
        "SA07",
        "camille.deschamps-test@medecin.test.mssante.fr",
        "cabinet",
    ),
    "pharmacien": Account(
        "pharmacien",
        "899700100029",
        "LEMOINE-TEST",
        "NOA",
        "M",
        "21",
        "Pharmacien",
        "A",
        "Pharmacien titulaire d'officine (A)",
        "1750000029",
        "PHARMACIE DU BANC",
        "SA33",
        "noa.lemoine-test@pharmacien.test.mssante.fr",
        "officine",
    ),
}


def in_hospital(account: Account) -> Account:
    """The same professional, acting for the hospital of this installation, known by its FINESS."""
    return replace(
        account, structure="1750000045", structure_name="CENTRE HOSPITALIER DU BANC", sector="SA01"
    )


def account_of(id_nat: str) -> Account | None:
    """The account of this national identifier."""
    return next((account for account in ACCOUNTS.values() if account.id_nat == id_nat), None)
