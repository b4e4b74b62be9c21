"""Order and cardinality of the header, without the schema. Source: HL7 CDA R2 XSD."""

from collections.abc import Iterator

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
REPEATS_SAID = frozenset({"id", "code", "custodian", "component"})  # by the header rules
COMMON = frozenset({"realmCode", "typeId", "templateId"})
ROOT_ATTRIBUTES = frozenset({"classCode", "moodCode", "nullFlavor"})


def _compile(text: str) -> dict[str, tuple[int, bool, str]]:
    """name → (position, may repeat, type of the child)."""
    model: dict[str, tuple[int, bool, str]] = {}
    for position, item in enumerate(text.split()):
        name, _, kind = item.partition(":")
        model[name.rstrip("+*&")] = (position, name[-1] in "*&", kind)
    return model


MODELS = {kind: _compile(text) for kind, text in _MODELS.items()}
DEMANDED = {
    kind: tuple(item.partition(":")[0][:-1] for item in text.split() if item.partition(":")[0][-1] in "+&")
    for kind, text in _MODELS.items()
}
# what another rule says better
SAID_ELSEWHERE = {
    "ClinicalDocument": frozenset(DEMANDED["ClinicalDocument"]),
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
        if not isinstance(child.tag, str) or not str(child.tag).startswith(Q):
            continue  # comments, extensions (sdtc, pharm…)
        name = local(child)
        entry = model.get(name)
        if entry is None:
            if name not in COMMON:
                yield at(child, name, " ".join(model))
            continue
        position, repeats, child_kind = entry
        if position < last:
            yield at(child, name, "ordre : " + " ".join(model))
        elif name in seen and not repeats and not (kind == "ClinicalDocument" and name in REPEATS_SAID):
            yield at(child, f"{name} répété", f"{name} 0..1")
        seen.add(name)
        last = max(last, position)
        if child_kind:
            yield from _walk(child, child_kind)
    elsewhere = SAID_ELSEWHERE.get(kind, frozenset())
    for name in DEMANDED[kind]:
        if name not in seen and name not in elsewhere:
            yield at(element, "absent", name, name)
