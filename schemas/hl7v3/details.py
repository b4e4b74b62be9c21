"""Administrative data: what TD1.3a's answer adds to TD0.2's. Source: example messages of the DMP.

Where an element is named in public examples but its exact place is not (address, birth place), HL7v3's
Patient Administration decides.
"""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from schemas.xml import Element

from .model import HL7, Address, AdminData, Representative

NS = f"{{{HL7}}}"
OBSERVATIONS = "1.2.250.1.213.4.1.2.3"
ACCOUNT_OPEN = ("COMPTE_INTERNET_OUVERT", "1.2.250.1.213.4.1.2.9")
AGAINST_GLASS = ("OPPOSITION_BRIS_DE_GLACE", OBSERVATIONS)
AGAINST_REGULATION = ("OPPOSITION_ACCES_URGENCE", OBSERVATIONS)
LINKS = "2.16.840.1.113883.1.11.19579"  # PersonalRelationshipRoleType


@dataclass(frozen=True, slots=True)
class Written:
    """The three places that administrative data go to."""

    person: str  # after birthTime
    observations: str
    telecoms: str  # after name


def write_details(data: AdminData) -> Written:
    """Administrative data as fragments of patientPerson and patient."""
    place = f"<birthPlace><addr><county>{escape(data.birth_place)}</county></addr></birthPlace>"
    people = "".join(_representative(one) for one in data.representatives)
    flags = (
        (ACCOUNT_OPEN, data.account_open),
        (AGAINST_GLASS, data.opposes_glass),
        (AGAINST_REGULATION, data.opposes_regulation),
    )
    return Written(
        f'<deceasedInd value="{str(data.deceased).lower()}"/>{_address(data.address)}'
        f"{people}{place if data.birth_place else ''}",
        "".join(observation(code, value) for code, value in flags),
        "".join(f"<telecom value={quoteattr(one)}/>" for one in data.telecoms),
    )


def observation(code: tuple[str, str], value: bool) -> str:
    """A boolean observation about the patient's DMP."""
    return (
        f'<subjectOf typeCode="SBJ"><administrativeObservation classCode="OBS" moodCode="EVN"><code '
        f'code="{code[0]}" codeSystem="{code[1]}"/><value xsi:type="BL" value="{str(value).lower()}"/>'
        "</administrativeObservation></subjectOf>"
    )


def flag(patient: Element, code: tuple[str, str]) -> bool:
    """Whether a boolean observation is true; false when absent."""
    for item in patient.iterfind(f"{NS}subjectOf/{NS}administrativeObservation"):
        named, value = item.find(f"{NS}code"), item.find(f"{NS}value")
        if named is not None and value is not None and named.get("code") == code[0]:
            return value.get("value") == "true"
    return False


def read_details(patient: Element, person: Element) -> AdminData | None:
    """Administrative data of an answer; None when it has none (TD0.2)."""
    deceased = person.find(f"{NS}deceasedInd")
    if deceased is None:
        return None
    return AdminData(
        deceased=deceased.get("value") == "true",
        address=_read_address(person.find(f"{NS}addr")),
        birth_place=_text(person, f"{NS}birthPlace/{NS}addr/{NS}county"),
        telecoms=tuple(one.get("value", "") for one in person.iterfind(f"{NS}telecom")),
        representatives=tuple(
            _read_representative(one) for one in person.iterfind(f"{NS}personalRelationship")
        ),
        account_open=flag(patient, ACCOUNT_OPEN),
        opposes_glass=flag(patient, AGAINST_GLASS),
        opposes_regulation=flag(patient, AGAINST_REGULATION),
    )


def _address(one: Address | None) -> str:
    if one is None:
        return ""
    more = f"<additionalLocator>{escape(one.more)}</additionalLocator>" if one.more else ""
    return (
        f"<addr><streetAddressLine>{escape(one.street)}</streetAddressLine>{more}"
        f"<postalCode>{escape(one.postal_code)}</postalCode><city>{escape(one.city)}</city></addr>"
    )


def _read_address(element: Element | None) -> Address | None:
    if element is None:
        return None
    return Address(
        _text(element, f"{NS}streetAddressLine"),
        _text(element, f"{NS}postalCode"),
        _text(element, f"{NS}city"),
        _text(element, f"{NS}additionalLocator"),
    )


def _representative(one: Representative) -> str:
    telecoms = "".join(f"<telecom value={quoteattr(value)}/>" for value in one.telecoms)
    return (
        f'<personalRelationship classCode="PRS"><code code={quoteattr(one.link)} codeSystem="{LINKS}"/>'
        f'{_address(one.address)}{telecoms}<relationshipHolder1 classCode="PSN" determinerCode="INSTANCE">'
        f"<name><given>{escape(one.given)}</given><family>{escape(one.family)}</family></name>"
        "</relationshipHolder1></personalRelationship>"
    )


def _read_representative(element: Element) -> Representative:
    code = element.find(f"{NS}code")
    name = f"{NS}relationshipHolder1/{NS}name"
    return Representative(
        link=code.get("code", "") if code is not None else "",
        family=_text(element, f"{name}/{NS}family"),
        given=_text(element, f"{name}/{NS}given"),
        address=_read_address(element.find(f"{NS}addr")),
        telecoms=tuple(one.get("value", "") for one in element.iterfind(f"{NS}telecom")),
    )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
