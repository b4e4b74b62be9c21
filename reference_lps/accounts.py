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
    """Somebody and the structure that they work in. `pair` is the prefix of its certificates.

    An employee of the structure, who is no professional, has a `role` of TRE_A00 and no profession.
    """

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
    role: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def label(self) -> str:
        """How its mailbox is named: Titre_Prénom_NOM_Entité (Référentiel #2 MSSanté, ECO.2.2.7)."""
        return "_".join((self.civility, self.given, self.family, self.structure_name))

    @property
    def card(self) -> str:
        """Prefix of the certificates of this person's card (CPS, CPE), for direct authentication."""
        return f"cpe-{self.user}" if self.role else f"cps-{self.user}"

    @property
    def rpps(self) -> str:
        return self.id_nat[1:]

    def roles(self) -> tuple[Role, ...]:
        """Profession then speciality, as the VIHF wants them; an employee has but a role."""
        if self.role:
            return (Role(self.role, names.TRE_A00, self.profession_label),)
        profession = Role(self.profession, PROFESSIONS, self.profession_label)
        if not self.speciality:
            return (profession,)
        return (profession, Role(self.speciality, SPECIALITIES, self.speciality_label))

    def person(self) -> Person:
        """The author of a document."""
        parts = [part for part in (f"G15_{self.profession}", self.speciality) if part]
        label = " - ".join(part for part in (self.profession_label, self.speciality_label) if part)
        return Person(
            self.id_nat,
            family=self.family,
            given=self.given,
            prefix=self.civility,
            code=None if self.role else Code("/".join(parts), names.SPECIALTIES, label),
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
    "infirmier": Account(
        "infirmier",
        "899700100052",
        "GARNIER-TEST",
        "ALIX",
        "M",
        "60",
        "Infirmier",
        "",
        "",
        "499700100052001",
        "CABINET INFIRMIER DU BANC",
        "SA07",
        "alix.garnier-test@infirmier.test.mssante.fr",
        "infirmier",
    ),
    "sage-femme": Account(
        "sage-femme",
        "899700100060",
        "FONTAINE-TEST",
        "LOU",
        "MME",
        "50",
        "Sage-femme",
        "",
        "",
        "499700100060001",
        "CABINET DE SAGE-FEMME DU BANC",
        "SA07",
        "lou.fontaine-test@sage-femme.test.mssante.fr",
        "sage-femme",
    ),
    "secretaire": Account(
        "secretaire",
        "699700100011001/0000001",
        "PERRIN-TEST",
        "CHARLIE",
        "",
        "",
        "Secrétariat médical",
        "",
        "",
        "499700100011001",
        "CABINET MEDICAL DU BANC",
        "SA07",
        "",
        "cabinet",
        role="SECRETARIAT_MEDICAL",
    ),
}


def in_hospital(account: Account) -> Account:
    """The same professional, acting for the hospital of this installation, known by its FINESS."""
    return replace(
        account, structure="1750000045", structure_name="CENTRE HOSPITALIER DU BANC", sector="SA01"
    )


def author_for(account: Account) -> Account:
    """Who signs what this account sends: themselves, or for an employee a professional of the structure."""
    if not account.role:
        return account
    return next(one for one in ACCOUNTS.values() if one.structure == account.structure and not one.role)


def account_of(id_nat: str) -> Account | None:
    """The account of this national identifier."""
    return next((account for account in ACCOUNTS.values() if account.id_nat == id_nat), None)
