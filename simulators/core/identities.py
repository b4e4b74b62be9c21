"""The synthetic professionals and structures of the test world. Nobody here exists.

Identifiers: PS_IdNat is `8`+RPPS; Struct_IdNat is `1`+FINESS or `4`+RPPS+rank (CI-SIS).
"""

from dataclasses import dataclass


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
    speciality: str  # TRE_R38/R01 for doctors, TRE_G05 section for pharmacists
    structure: Structure
    mailbox: str

    @property
    def rpps(self) -> str:
        return self.id_nat[1:]

    @property
    def speciality_code(self) -> str:
        """authorSpecialty / CDA author code: `G15_10/SM26`, scheme 1.2.250.1.213.1.1.4.5."""
        return f"G15_{self.profession}/{self.speciality}"


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
PROFESSIONALS = (MEDECIN, PHARMACIEN, BIOLOGISTE, CORRESPONDANT)
LABO_MAILBOX = "app.labo@labo.test.mssante.fr"  # application mailbox
