"""The synthetic professionals and structures of the test world. Nobody here exists.

Identifiers: PS_IdNat is `8`+RPPS; Struct_IdNat is `1`+FINESS or `4`+RPPS+rank (CI-SIS). An employee is known
inside their structure: `3`+FINESS or `6`+RPPS of the cabinet and its rank, `/`, an identifier of its own.
"""

import re
from dataclasses import dataclass

_SPECIAL = re.compile(r"[^\w' -]|_")  # PDT-INF-617 keeps the apostrophe, the hyphen and the space


@dataclass(frozen=True, slots=True)
class Structure:
    id_nat: str  # Struct_IdNat, OID 1.2.250.1.71.4.2.2
    name: str
    sector: str  # TRE_R02, OID 1.2.250.1.71.4.2.4
    department: str = "Paris (75)"


@dataclass(frozen=True, slots=True)
class Professional:
    """A health professional, as Pro Santé Connect and the annuaire know them."""

    user: str  # key in the contract with the vendor's software
    id_nat: str  # PS_IdNat: `8` and the 11 digits of the RPPS
    family: str
    given: str
    civility: str  # "MME", "M"
    profession: str  # TRE_G15
    speciality: str  # TRE_R38/R01 for doctors, TRE_G05 section for pharmacists, empty for the others
    structure: Structure
    mailbox: str

    @property
    def rpps(self) -> str:
        return self.id_nat[1:]

    @property
    def speciality_code(self) -> str:
        """authorSpecialty / CDA author code: `G15_10/SM26` or `G15_60`, scheme 1.2.250.1.213.1.1.4.5."""
        return f"G15_{self.profession}/{self.speciality}" if self.speciality else f"G15_{self.profession}"


@dataclass(frozen=True, slots=True)
class Employee:
    """Who bears a CPE card: an employee of a structure, no professional.

    `role` is the code of TRE_A00 (1.2.250.1.213.1.1.4.6) that their VIHF gives. `family` and `given` are
    empty on a card that names nobody.
    """

    user: str
    id_nat: str  # PS_IdNat of somebody inside a structure: `6…/…`
    family: str
    given: str
    role: str
    structure: Structure

    @property
    def author_names(self) -> tuple[str, str]:
        """Family name and given name of an author, never empty (PDT-INF-617).

        A card without SN and GN lends its O as family name and its CN as given name, in which all special
        characters but apostrophe, hyphen and space become hyphens.
        """
        if self.family and self.given:
            return self.family, self.given
        return _SPECIAL.sub("-", self.structure.name), _SPECIAL.sub("-", self.id_nat)


CABINET = Structure("499700100011001", "CABINET MEDICAL DU BANC", "SA07")
OFFICINE = Structure("1750000029", "PHARMACIE DU BANC", "SA33")
LABORATOIRE = Structure("1750000037", "LABORATOIRE DU BANC", "SA25")

MEDECIN = Professional(
    "medecin",
    "899700100011",
    "DESCHAMPS-TEST",
    "CAMILLE",
    "MME",
    "10",
    "SM26",
    CABINET,
    "camille.deschamps-test@medecin.test.mssante.fr",
)
PHARMACIEN = Professional(
    "pharmacien",
    "899700100029",
    "LEMOINE-TEST",
    "NOA",
    "M",
    "21",
    "A",
    OFFICINE,
    "noa.lemoine-test@pharmacien.test.mssante.fr",
)
BIOLOGISTE = Professional(
    "biologiste",
    "899700100037",
    "MERCIER-TEST",
    "SACHA",
    "M",
    "10",
    "SM03",
    LABORATOIRE,
    "sacha.mercier-test@labo.test.mssante.fr",
)
CORRESPONDANT = Professional(
    "correspondant",
    "899700100045",
    "ROUSSEL-TEST",
    "MAXIME",
    "M",
    "10",
    "SM04",
    Structure("499700100045001", "CABINET DE CARDIOLOGIE DU BANC", "SA07"),
    "maxime.roussel-test@medecin.test.mssante.fr",
)
INFIRMIER = Professional(
    "infirmier",
    "899700100052",
    "GARNIER-TEST",
    "ALIX",
    "M",
    "60",
    "",
    Structure("499700100052001", "CABINET INFIRMIER DU BANC", "SA07"),
    "alix.garnier-test@infirmier.test.mssante.fr",
)
SAGE_FEMME = Professional(
    "sage-femme",
    "899700100060",
    "FONTAINE-TEST",
    "LOU",
    "MME",
    "50",
    "",
    Structure("499700100060001", "CABINET DE SAGE-FEMME DU BANC", "SA07"),
    "lou.fontaine-test@sage-femme.test.mssante.fr",
)
PROFESSIONALS = (MEDECIN, PHARMACIEN, BIOLOGISTE, CORRESPONDANT, INFIRMIER, SAGE_FEMME)

SECRETAIRE = Employee(
    "secretaire", f"6{CABINET.id_nat[1:]}/0000001", "PERRIN-TEST", "CHARLIE", "SECRETARIAT_MEDICAL", CABINET
)
ACCUEIL = Employee("accueil", f"6{CABINET.id_nat[1:]}/0000002", "", "", "SECRETARIAT_MEDICAL", CABINET)
EMPLOYEES = (SECRETAIRE, ACCUEIL)
LABO_MAILBOX = "app.labo@labo.test.mssante.fr"  # application mailbox
