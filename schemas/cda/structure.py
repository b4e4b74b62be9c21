"""Order and cardinality of the header, without the schema. Source: HL7 CDA R2 XSD."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.look import at
from schemas.cda.model import ClinicalDocument, Q
from schemas.finding import Observation, RuleSet
from schemas.xml import Element, local

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-structure")

# type → its children in order; `+` ends a mandatory name, `*` one that may repeat, `&` one that is both;
# `name:type` gives the type of the child when it is checked too.
_MODELS = {
    "ClinicalDocument": "realmCode* typeId templateId* id+ code+ title effectiveTime+ confidentialityCode+ "
    "languageCode setId versionNumber copyTime recordTarget&:recordTarget author&:author dataEnterer "
    "informant* custodian+:custodian informationRecipient* legalAuthenticator:signer authenticator*:signer "
    "participant* inFulfillmentOf* documentationOf*:documentationOf relatedDocument*:relatedDocument "
    "authorization* componentOf:componentOf component+",
    "recordTarget": "patientRole+:patientRole",
    "patientRole": "id& addr* telecom* patient:patient providerOrganization:organization",
    "patient": "id name* administrativeGenderCode birthTime maritalStatusCode religiousAffiliationCode "
    "raceCode ethnicGroupCode guardian* birthplace languageCommunication*",
    "author": "functionCode time+ assignedAuthor+:assignedAuthor",
    "assignedAuthor": "id& code addr* telecom* assignedPerson:person assignedAuthoringDevice "
    "representedOrganization:organization",
    "person": "name*",
    "organization": "id* name* telecom* addr* standardIndustryClassCode asOrganizationPartOf",
    "custodian": "assignedCustodian+:assignedCustodian",
    "assignedCustodian": "representedCustodianOrganization+:custodianOrganization",
    "custodianOrganization": "id& name telecom addr",
    "signer": "time+ signatureCode+ assignedEntity+:assignedEntity",
    "assignedEntity": "id& code addr* telecom* assignedPerson:person representedOrganization:organization",
    "documentationOf": "serviceEvent+:serviceEvent",
    "serviceEvent": "id* code effectiveTime performer*:performer",
    "performer": "functionCode time assignedEntity+:assignedEntity",
    "relatedDocument": "parentDocument+:parentDocument",
    "parentDocument": "id& code text setId versionNumber",
    "componentOf": "encompassingEncounter+:encounter",
    "encounter": "id* code effectiveTime+ dischargeDispositionCode responsibleParty encounterParticipant* "
    "location:location",
    "location": "healthCareFacility+:facility",
    "facility": "id* code location serviceProviderOrganization",
}
COMMON = frozenset({f"{Q}realmCode", f"{Q}typeId", f"{Q}templateId"})
ROOT_ATTRIBUTES = frozenset({"classCode", "moodCode", "nullFlavor"})
# what another rule says better
REPEATS_SAID = {"ClinicalDocument": frozenset({"id", "code", "custodian", "component"})}
ABSENCE_SAID = {
    "ClinicalDocument": frozenset({"id", "code", "effectiveTime", "confidentialityCode", "recordTarget"})
    | {"author", "custodian", "component"},
    "recordTarget": frozenset(),
    "patientRole": frozenset({"id"}),
    "author": frozenset({"time", "assignedAuthor"}),
    "assignedAuthor": frozenset({"id"}),
    "custodian": frozenset({"assignedCustodian"}),
    "assignedCustodian": frozenset({"representedCustodianOrganization"}),
    "custodianOrganization": frozenset({"id"}),
    "signer": frozenset({"time", "signatureCode", "assignedEntity"}),
    "assignedEntity": frozenset({"id"}),
    "parentDocument": frozenset({"id"}),
    "encounter": frozenset({"effectiveTime"}),
    "componentOf": frozenset({"encompassingEncounter"}),
}


@dataclass(frozen=True, slots=True)
class _Model:
    """What an element may hold: qualified name → (position, may repeat, type of the child); what it must."""

    children: dict[str, tuple[int, bool, str]]
    demanded: tuple[str, ...]
    order: str  # for people


def _compile(kind: str, text: str) -> _Model:
    children: dict[str, tuple[int, bool, str]] = {}
    names, demanded = [], []
    for position, item in enumerate(text.split()):
        marked, _, child = item.partition(":")
        name = marked.rstrip("+*&")
        names.append(name)
        repeats = marked[-1] in "*&" or name in REPEATS_SAID.get(kind, ())
        children[Q + name] = (position, repeats, child)
        if marked[-1] in "+&" and name not in ABSENCE_SAID.get(kind, ()):
            demanded.append(name)
    return _Model(children, tuple(demanded), " ".join(names))


MODELS = {kind: _compile(kind, text) for kind, text in _MODELS.items()}


@RULES.rule("CDA-XSD-01", requirements=("BEN-CDA-01",), source="HL7 CDA R2, POCD_MT000040")
def elements_are_known_and_in_order(document: ClinicalDocument) -> Iterator[Observation]:
    """Each element of the header is one of the schema, at its place, not more often than it may."""
    yield from _walk(document.root, "ClinicalDocument")


@RULES.rule("CDA-XSD-02", requirements=("BEN-CDA-01",), source="HL7 CDA R2, POCD_MT000040")
def root_attributes_are_known(document: ClinicalDocument) -> Iterator[Observation]:
    """ClinicalDocument carries no attribute unknown to the schema."""
    for name in document.root.attrib:
        text = str(name)
        if not text.startswith("{") and text not in ROOT_ATTRIBUTES:
            yield at(document.root, f"@{text}", "classCode, moodCode", f"@{text}")


def _walk(element: Element, kind: str) -> Iterator[Observation]:
    model = MODELS[kind]
    last = -1
    seen: set[str] = set()
    for child in element:
        tag = str(child.tag)
        entry = model.children.get(tag)
        if entry is None:
            if tag.startswith(Q) and tag not in COMMON:  # not a comment, not an extension (sdtc, pharm…)
                yield at(child, local(child), model.order)
            continue
        position, repeats, child_kind = entry
        if position < last:
            yield at(child, local(child), f"ordre : {model.order}")
        elif tag in seen and not repeats:
            yield at(child, f"{local(child)} répété", f"{local(child)} 0..1")
        seen.add(tag)
        last = max(last, position)
        if child_kind:
            yield from _walk(child, child_kind)
    for name in model.demanded:
        if Q + name not in seen:
            yield at(element, "absent", name, name)
