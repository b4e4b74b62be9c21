"""What a VIHF says, as asked for (`VihfRequest`) and as read (`Vihf`)."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from schemas.frozen import frozen
from schemas.ins import Ins, parse_cx

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
HL7 = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SUBJECT_NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"

# Values of Authentification_Mode
DIRECT = "DIRECTE"  # CPx card
INDIRECT = "INDIRECTE"  # organisation certificates: feeding
AIR = "INDIRECTE_RENFORCEE"  # organisation certificates and a professional known by PSC: reading
MODES = (DIRECT, INDIRECT, AIR)

# Names of attributes
VERSION = "VIHF_Version"
MODE = "Authentification_Mode"
STRUCTURE = "Identifiant_Structure"
SECTOR = "Secteur_Activite"
SUBJECT_ID = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
ROLE = "urn:oasis:names:tc:xacml:2.0:subject:role"
RESOURCE_ID = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
RESOURCE_URN = "Ressource_URN"
PURPOSE = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
REASON = "Mode_Acces_Raison"
CONFIDENTIALITY = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
LPS_ID = "LPS_ID"
LPS_NAME = "LPS_Nom"
LPS_VERSION = "LPS_Version"
HOMOLOGATION = "LPS_ID_HOMOLOGATION_DMP"
OBSOLETE = frozenset({"Profession", "Mode_Acces", "LPS_Type", "Confidentiality_code", "Identite_Utilisateur"})

# Code systems
PROFESSIONS = "1.2.250.1.71.1.2.7"  # TRE_G15
SPECIALITIES = "1.2.250.1.71.4.2.5"  # TRE_R01, and TRE_G05 sections of pharmacists
SECTORS = "1.2.250.1.71.4.2.4"
PURPOSES = "1.2.250.1.213.1.1.4.248"
SECRET = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"
AUTOMATON = "AUTOMATE"  # TRE_A00: nobody, a feeding program
PURPOSE_NAMES = {
    "normal": "Accès normal",
    "bris_de_glace": "Accès en bris de glace",
    "centre_15": "Accès par un centre de régulation médicale",
}


@frozen
class Role:
    """A coded value of the role attribute: profession first, then speciality. `type` is its xsi:type."""

    code: str
    system: str
    display: str = ""
    system_name: str = ""
    type: str = "CE"


@frozen
class VihfRequest:
    """What a software wants its VIHF to say. Instants are aware; `id` is a valid NCName.

    `authn_context` must tell how the user logged in; AIR also needs `authn_decl`.
    """

    id: str
    issue_instant: datetime
    name_id: str
    structure: str  # Struct_IdNat
    sector: str  # SA07
    roles: tuple[Role, ...]
    homologation: str
    lps_name: str
    lps_version: str
    mode: str = INDIRECT
    subject_id: str = ""  # "Prénom NOM"
    patient: Ins | None = None
    authn_instant: datetime | None = None
    authn_context: str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
    authn_decl: str = ""  # AIR: APP_BROWSER_AUTH
    purpose: str = "normal"
    reason: str = ""
    secret: bool = False  # secret connection of a minor
    lps_id: str = ""
    version: str = "3.0"


@frozen
class Vihf:
    """A VIHF as read, nothing judged. Absent texts are empty; `attributes` holds every text value by name.

    Worked out from it: `mode_name`, the attribute's name for the mode as the software spells it, empty when
    absent; `mode`, Authentification_Mode whatever the case of its name, `implied` when absent; `patient`, the
    INS of resource-id, None when absent or not in the form of one.
    """

    id: str
    version: str  # of SAML
    issue_instant: str
    issuer: str
    issuer_format: str
    name_id: str
    authn_instant: str
    authn_context: str
    authn_decl: str
    attributes: Mapping[str, tuple[str, ...]]
    roles: tuple[Role, ...] = ()
    purpose: Role | None = None
    not_before: str = ""
    not_on_or_after: str = ""
    audiences: tuple[str, ...] = ()
    repeated: tuple[str, ...] = field(default=())  # names of attributes present more than once
    implied: str = DIRECT  # the mode when no attribute says it
    mode_name: str = field(init=False, compare=False)
    mode: str = field(init=False, compare=False)
    structure: str = field(init=False, compare=False)
    patient: Ins | None = field(init=False, compare=False)

    def __post_init__(self) -> None:
        spelled = (name for name in self.attributes if name.lower() == MODE.lower())
        name = MODE if MODE in self.attributes else next(spelled, "")
        object.__setattr__(self, "mode_name", name)
        object.__setattr__(self, "mode", self.first(name) or self.implied)
        object.__setattr__(self, "structure", self.first(STRUCTURE))
        object.__setattr__(self, "patient", parse_cx(self.first(RESOURCE_ID)))

    def first(self, name: str) -> str:
        """The first value of an attribute; empty when absent."""
        values = self.attributes.get(name)
        return values[0] if values else ""
