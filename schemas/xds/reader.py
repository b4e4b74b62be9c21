"""ebRIM to metadata: one pass over the tree, no XPath.

Tolerant: whatever can be understood is kept and the departure noted, so that rules may judge it. Only a
submission without exactly one submission set is refused outright.
"""

from dataclasses import dataclass, field

from schemas.finding import Observation
from schemas.xds import names
from schemas.xds.model import Association, Author, Code, DocumentEntry, Submission, SubmissionSet, XdsRefused
from schemas.xml import Element

_R = f"{{{names.RIM}}}"
_SLOT, _VALUES, _VALUE = f"{_R}Slot", f"{_R}ValueList", f"{_R}Value"
_NAME, _TEXT, _DESCRIPTION = f"{_R}Name", f"{_R}LocalizedString", f"{_R}Description"
_CLASSIFICATION, _IDENTIFIER = f"{_R}Classification", f"{_R}ExternalIdentifier"
_VERSION = f"{_R}VersionInfo"
_EXTRINSIC, _PACKAGE, _ASSOCIATION = f"{_R}ExtrinsicObject", f"{_R}RegistryPackage", f"{_R}Association"
_LIST = f"{_R}RegistryObjectList"
_SUBMIT = f"{{{names.LCM}}}SubmitObjectsRequest"

_ORDER = {_SLOT: 0, _NAME: 1, _DESCRIPTION: 2, _VERSION: 3, _CLASSIFICATION: 4, _IDENTIFIER: 5}

Values = tuple[str, ...]


@dataclass(slots=True)
class _Object:
    """What every registry object carries, gathered in one pass over its children."""

    slots: dict[str, Values] = field(default_factory=dict)
    title: str = ""
    description: str = ""
    version: str = ""
    codes: dict[str, list[Code]] = field(default_factory=dict)
    authors: dict[str, list[Author]] = field(default_factory=dict)
    identifiers: dict[str, list[str]] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)

    def one(self, scheme: str, name: str) -> Code | None:
        found = self.codes.get(scheme)
        if not found:
            return None
        if len(found) > 1:
            self.duplicates.append(name)
        return found[0]

    def identifier(self, scheme: str, name: str) -> str:
        found = self.identifiers.get(scheme)
        if not found:
            return ""
        if len(found) > 1:
            self.duplicates.append(name)
        return found[0]

    def value(self, slot: str) -> str:
        values = self.slots.pop(slot, ())
        if len(values) > 1:
            self.duplicates.append(slot)
        return values[0] if values else ""

    def unknown(self, known: frozenset[str]) -> tuple[str, ...]:
        seen = (*self.codes, *self.authors, *self.identifiers)
        return tuple(scheme for scheme in seen if scheme not in known)


_ENTRY_SCHEMES = frozenset(
    {
        names.ENTRY_AUTHOR,
        names.CLASS_CODE,
        names.TYPE_CODE,
        names.CONFIDENTIALITY,
        names.FORMAT_CODE,
        names.FACILITY,
        names.PRACTICE_SETTING,
        names.EVENT,
        names.ENTRY_PATIENT,
        names.ENTRY_UNIQUE,
    }
)
_SET_SCHEMES = frozenset(
    {names.SET_AUTHOR, names.CONTENT_TYPE, names.SET_PATIENT, names.SET_SOURCE, names.SET_UNIQUE}
)
_AUTHORS = frozenset({names.ENTRY_AUTHOR, names.SET_AUTHOR})


def read_submission(element: Element) -> Submission:
    """Decode a `lcm:SubmitObjectsRequest` (or any element that holds one, or its `RegistryObjectList`).

    Raises XdsRefused with reason `not-a-submission`, `no-submission-set` or `several-submission-sets`.
    """
    found = object_list(element)
    if found is None:
        raise XdsRefused("not-a-submission", "no RegistryObjectList", element.sourceline)
    departures: list[Observation] = []
    entries: list[DocumentEntry] = []
    sets: list[tuple[Element, _Object]] = []
    associations: list[Association] = []
    marked: set[str] = set()
    folders: set[str] = set()
    for child in found.iterchildren():
        tag = child.tag
        if tag == _EXTRINSIC:
            entries.append(read_entry(child, departures))
        elif tag == _ASSOCIATION:
            associations.append(_association(child, departures))
        elif tag == _PACKAGE:
            sets.append((child, _object(child, departures)))
        elif tag == _CLASSIFICATION and child.get("classificationNode") == names.SUBMISSION_SET_NODE:
            marked.add(child.get("classifiedObject", ""))
        elif tag == _CLASSIFICATION and child.get("classificationNode") == names.FOLDER_NODE:
            folders.add(child.get("classifiedObject", ""))
    folders |= {element.get("id", "") for element, seen in sets if names.FOLDER_NODE in seen.nodes}
    if folders:
        sets = [pair for pair in sets if pair[0].get("id", "") not in folders]
    packages = [pair for pair in sets if _is_set(pair, marked)] or sets
    if not packages:
        raise XdsRefused("no-submission-set", "no RegistryPackage", found.sourceline)
    if len(packages) > 1:
        raise XdsRefused(
            "several-submission-sets", f"{len(packages)} RegistryPackage", packages[1][0].sourceline
        )
    chosen = _submission_set(*packages[0], marked=_is_set(packages[0], marked))
    return Submission(chosen, tuple(entries), tuple(associations), tuple(departures), tuple(sorted(folders)))


def object_list(element: Element) -> Element | None:
    """The first RegistryObjectList at or under this element; None when there is none."""
    if element.tag == _LIST:
        return element
    return next(element.iter(_LIST), None)


def _is_set(pair: tuple[Element, _Object], marked: set[str]) -> bool:
    return pair[0].get("id", "") in marked or names.SUBMISSION_SET_NODE in pair[1].nodes


def read_entry(element: Element, departures: list[Observation] | None = None) -> DocumentEntry:
    """Decode one ExtrinsicObject; faults of encoding are appended to `departures`."""
    seen = _object(element, departures if departures is not None else [])
    size = seen.value("size")
    entry_id = element.get("id", "")
    return DocumentEntry(
        id=entry_id,
        unique_id=seen.identifier(names.ENTRY_UNIQUE, "uniqueId"),
        patient_id=seen.identifier(names.ENTRY_PATIENT, "patientId"),
        mime_type=element.get("mimeType", ""),
        title=seen.title,
        comments=seen.description,
        creation_time=seen.value("creationTime"),
        language=seen.value("languageCode"),
        legal_authenticator=seen.value("legalAuthenticator"),
        service_start=seen.value("serviceStartTime"),
        service_stop=seen.value("serviceStopTime"),
        source_patient_id=seen.value("sourcePatientId"),
        source_patient_info=seen.slots.pop("sourcePatientInfo", ()),
        authors=tuple(seen.authors.get(names.ENTRY_AUTHOR, ())),
        class_code=seen.one(names.CLASS_CODE, "classCode"),
        type_code=seen.one(names.TYPE_CODE, "typeCode"),
        format_code=seen.one(names.FORMAT_CODE, "formatCode"),
        facility=seen.one(names.FACILITY, "healthcareFacilityTypeCode"),
        practice_setting=seen.one(names.PRACTICE_SETTING, "practiceSettingCode"),
        confidentiality=tuple(seen.codes.get(names.CONFIDENTIALITY, ())),
        events=tuple(seen.codes.get(names.EVENT, ())),
        reference_ids=seen.slots.pop(names.REFERENCE_ID_LIST, ()),
        hash=seen.value("hash"),
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else (-1 if size else None),
        uri=seen.value("URI"),
        repository_unique_id=seen.value("repositoryUniqueId"),
        object_type=element.get("objectType", ""),
        status=element.get("status", ""),
        lid=element.get("lid", ""),
        version=seen.version,
        other_slots=tuple(seen.slots.items()),
        duplicates=tuple(seen.duplicates),
        schemes=seen.unknown(_ENTRY_SCHEMES),
        line=element.sourceline,
    )


def _submission_set(element: Element, seen: _Object, *, marked: bool) -> SubmissionSet:
    return SubmissionSet(
        id=element.get("id", ""),
        unique_id=seen.identifier(names.SET_UNIQUE, "uniqueId"),
        source_id=seen.identifier(names.SET_SOURCE, "sourceId"),
        patient_id=seen.identifier(names.SET_PATIENT, "patientId"),
        submission_time=seen.value("submissionTime"),
        content_type=seen.one(names.CONTENT_TYPE, "contentTypeCode"),
        authors=tuple(seen.authors.get(names.SET_AUTHOR, ())),
        title=seen.title,
        comments=seen.description,
        intended_recipients=seen.slots.pop("intendedRecipient", ()),
        marked=marked,
        status=element.get("status", ""),
        other_slots=tuple(seen.slots.items()),
        duplicates=tuple(seen.duplicates),
        schemes=seen.unknown(_SET_SCHEMES),
        line=element.sourceline,
    )


def read_submission_set(element: Element) -> SubmissionSet:
    """Decode one RegistryPackage, as an answer lists it."""
    seen = _object(element, [])
    return _submission_set(element, seen, marked=_is_set((element, seen), set()))


def read_association(element: Element) -> Association:
    """Decode one Association."""
    return _association(element, [])


def _association(element: Element, departures: list[Observation]) -> Association:
    slots = {
        child.get("name", ""): _values(child, departures)
        for child in element.iterchildren()
        if child.tag == _SLOT
    }
    return Association(
        type=element.get("associationType", ""),
        source=element.get("sourceObject", ""),
        target=element.get("targetObject", ""),
        id=element.get("id", ""),
        slots=slots,
        line=element.sourceline,
    )


def _object(element: Element, departures: list[Observation]) -> _Object:
    seen = _Object()
    rank = 0
    for child in element:
        tag = child.tag
        position = _ORDER.get(tag)  # type: ignore[arg-type]  # comments have a function as tag
        if position is None:
            if isinstance(tag, str):
                departures.append(Observation(_at(element, child), tag, "rim:Slot…", child.sourceline))
            continue
        if position < rank:
            order = "Slot, Name, Description, VersionInfo, Classification, ExternalIdentifier"
            departures.append(Observation(_at(element, child), "ordre", order, child.sourceline))
        else:
            rank = position
        if tag == _SLOT:
            name = child.get("name", "")
            if not name:
                departures.append(Observation(_at(element, child), "Slot", "Slot/@name", child.sourceline))
            if name in seen.slots:
                seen.duplicates.append(name)
            else:
                seen.slots[name] = _values(child, departures)
        elif tag == _CLASSIFICATION:
            _classification(element, child, seen, departures)
        elif tag == _IDENTIFIER:
            scheme, value = child.get("identificationScheme", ""), child.get("value")
            if not scheme or value is None:
                wanted = "@identificationScheme, @value"
                departures.append(Observation(_at(element, child), "", wanted, child.sourceline))
            seen.identifiers.setdefault(scheme, []).append(value or "")
        elif tag == _NAME:
            seen.title = _localized(child)
        elif tag == _DESCRIPTION:
            seen.description = _localized(child)
        else:
            seen.version = child.get("versionName", "")
    return seen


def _classification(parent: Element, element: Element, seen: _Object, departures: list[Observation]) -> None:
    scheme = element.get("classificationScheme")
    if scheme is None:
        node = element.get("classificationNode")
        if node is None:
            wanted = "@classificationScheme | @classificationNode"
            departures.append(Observation(_at(parent, element), "", wanted, element.sourceline))
        else:
            seen.nodes.append(node)
        return
    slots: dict[str, Values] = {}
    display = ""
    for child in element:
        if child.tag == _SLOT:
            slots[child.get("name", "")] = _values(child, departures)
        elif child.tag == _NAME:
            display = _localized(child)
    if scheme in _AUTHORS:
        persons = slots.get("authorPerson", ())
        author = Author(
            persons[0] if persons else "",
            slots.get("authorInstitution", ()),
            slots.get("authorRole", ()),
            slots.get("authorSpecialty", ()),
        )
        seen.authors.setdefault(scheme, []).append(author)
        return
    systems = slots.get("codingScheme", ())
    code = Code(element.get("nodeRepresentation", ""), systems[0] if systems else "", display)
    seen.codes.setdefault(scheme, []).append(code)


def _values(slot: Element, departures: list[Observation]) -> Values:
    for values in slot:
        if values.tag == _VALUES:
            return tuple([(value.text or "").strip() for value in values if value.tag == _VALUE])
    departures.append(
        Observation(f"Slot[@name='{slot.get('name', '')}']", "", "ValueList/Value", slot.sourceline)
    )
    return ()


def _localized(element: Element) -> str:
    for text in element:
        if text.tag == _TEXT:
            return text.get("value", "")
    return ""


def _at(parent: Element, child: Element) -> str:
    name = str(child.tag).rpartition("}")[2]
    return f"{str(parent.tag).rpartition('}')[2]}[@id='{parent.get('id', '')}']/{name}"
