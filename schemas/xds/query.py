"""Stored queries (ITI-18): requests with their quoting rules, and answers.

A slot value is `'text'` (a quote inside is doubled), a bare number, or a list of these in parentheses. Values
of one list are alternatives; repeated values of one slot must all hold.
Sources: IHE ITI TF-2 §3.18.4.1.2.3.5, SEL-MP-037 (TD3.1).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.xds import composite, names
from schemas.xds.answers import errors_text, read_errors
from schemas.xds.model import Association, DocumentEntry, RegistryError, SubmissionSet, XdsRefused
from schemas.xds.reader import read_association, read_entry, read_submission_set
from schemas.xds.writer import association_text, entry_text, escape, set_text
from schemas.xml import Element

LEAF_CLASS, OBJECT_REF = "LeafClass", "ObjectRef"
PATIENT = "$XDSDocumentEntryPatientId"
STATUS = "$XDSDocumentEntryStatus"
UNIQUE_ID = "$XDSDocumentEntryUniqueId"
ENTRY_UUID = "$XDSDocumentEntryEntryUUID"
REFERENCE_ID = "$XDSDocumentEntryReferenceIdList"
UUID = "$uuid"
SET = "$XDSSubmissionSet"
SET_PATIENT, SET_STATUS = f"{SET}PatientId", f"{SET}Status"
PATIENTS = (PATIENT, SET_PATIENT, "$patientId")
TIMES = frozenset(
    {f"$XDSDocumentEntry{name}{end}" for name in ("CreationTime", "ServiceStartTime", "ServiceStopTime")
     for end in ("From", "To")}
    | {f"{SET}SubmissionTime{end}" for end in ("From", "To")}
)  # fmt: skip
CODED = frozenset(
    {
        *(
            f"$XDSDocumentEntry{name}"
            for name in (
                "ClassCode",
                "TypeCode",
                "PracticeSettingCode",
                "HealthcareFacilityTypeCode",
                "EventCodeList",
                "ConfidentialityCode",
                "FormatCode",
            )
        ),
        f"{SET}ContentType",
    }
)  # values `code^^scheme`

SINGLE = TIMES | frozenset(PATIENTS)
LISTS = frozenset(
    {
        STATUS,
        UNIQUE_ID,
        ENTRY_UUID,
        REFERENCE_ID,
        UUID,
        *CODED,
        "$XDSDocumentEntryAuthorPerson",
        "$XDSDocumentEntryType",
        SET_STATUS,
        f"{SET}SourceId",
    }
)
EITHER = frozenset({f"{SET}AuthorPerson"})  # written as a text or as a list in known software
# query: parameters that it requires, each with its alternatives; the patient may be left to the VIHF
REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    names.FIND_DOCUMENTS: ((STATUS,),),
    names.FIND_BY_REFERENCE_ID: ((STATUS,), (REFERENCE_ID,)),
    names.FIND_SUBMISSION_SETS: ((SET_STATUS,),),
    names.GET_ASSOCIATIONS: ((UUID,),),
    names.GET_DOCUMENTS: ((UNIQUE_ID, ENTRY_UUID),),
}

Group = tuple[str, ...]

RULES: RuleSet["Query"] = RuleSet("xds-query")


@dataclass(frozen=True, slots=True)
class Query:
    """A stored query. `slots` maps a parameter to its groups: all groups hold, one value of each suffices.

    `departures` are values whose quoting is wrong; they were read as far as possible.
    """

    id: str
    slots: Mapping[str, tuple[Group, ...]]
    return_type: str = LEAF_CLASS
    composed: bool = True
    departures: tuple[Observation, ...] = ()

    def one(self, name: str) -> str:
        """The first value of a parameter; empty when absent."""
        return next((group[0] for group in self.slots.get(name, ()) if group), "")

    def values(self, name: str) -> Group:
        """All values of a parameter, groups put together."""
        return tuple(value for group in self.slots.get(name, ()) for value in group)

    def allows(self, name: str, present: Iterable[str]) -> bool:
        """True when what is present satisfies the parameter, or when it was not asked."""
        have = set(present)
        return all(have.intersection(group) for group in self.slots.get(name, ()))


@dataclass(frozen=True, slots=True)
class QueryResponse:
    """Answer to a stored query: full entries or only references, by the type that was asked."""

    status: str = names.SUCCESS
    entries: tuple[DocumentEntry, ...] = ()
    references: tuple[str, ...] = ()
    associations: tuple[Association, ...] = ()
    errors: tuple[RegistryError, ...] = ()
    total: int | None = None
    submission_sets: tuple[SubmissionSet, ...] = ()


def coded(code: str, system: str) -> str:
    """A coded parameter value: `code^^scheme`."""
    return f"{code}^^{system}"


def find_documents(
    patient_cx: str,
    statuses: Iterable[str] = (names.APPROVED,),
    *,
    return_type: str = LEAF_CLASS,
    **others: Iterable[str],
) -> Query:
    """FindDocuments. `others` are parameters without their `$XDSDocumentEntry` (`TypeCode`, say)."""
    slots: dict[str, tuple[Group, ...]] = {PATIENT: ((patient_cx,),), STATUS: (tuple(statuses),)}
    slots.update({f"$XDSDocumentEntry{name}": (tuple(values),) for name, values in others.items()})
    return Query(names.FIND_DOCUMENTS, slots, return_type)


def get_documents(
    *, unique_ids: Iterable[str] = (), entry_uuids: Iterable[str] = (), return_type: str = LEAF_CLASS
) -> Query:
    """GetDocuments, by uniqueId or by entryUUID (one of them)."""
    unique = tuple(unique_ids)
    slots = {UNIQUE_ID: (unique,)} if unique else {ENTRY_UUID: (tuple(entry_uuids),)}
    return Query(names.GET_DOCUMENTS, slots, return_type)


def find_by_reference(
    patient_cx: str, reference_ids: Iterable[str], statuses: Iterable[str] = (names.APPROVED,)
) -> Query:
    """FindDocumentsByReferenceId: imaging documents by accession number, say."""
    slots = {PATIENT: ((patient_cx,),), STATUS: (tuple(statuses),), REFERENCE_ID: (tuple(reference_ids),)}
    return Query(names.FIND_BY_REFERENCE_ID, slots)


def find_submission_sets(
    patient_cx: str, *, since: str = "", until: str = "", return_type: str = LEAF_CLASS
) -> Query:
    """FindSubmissionSets, by time of submission (`YYYYMMDDhhmmss`, UTC): the first of three calls."""
    slots: dict[str, tuple[Group, ...]] = {SET_PATIENT: ((patient_cx,),), SET_STATUS: ((names.APPROVED,),)}
    slots.update(
        (f"{SET}SubmissionTime{end}", ((value,),)) for end, value in (("From", since), ("To", until)) if value
    )
    return Query(names.FIND_SUBMISSION_SETS, slots, return_type)


def get_associations(uuids: Iterable[str]) -> Query:
    """GetAssociations of these objects: the second call."""
    return Query(names.GET_ASSOCIATIONS, {UUID: (tuple(uuids),)})


def write_query(query: Query) -> bytes:
    """`query:AdhocQueryRequest`, without an XML declaration."""
    slots = "".join(
        f'<rim:Slot name="{escape(name)}"><rim:ValueList>'
        + "".join(f"<rim:Value>{escape(_quoted(name, group))}</rim:Value>" for group in groups)
        + "</rim:ValueList></rim:Slot>"
        for name, groups in query.slots.items()
    )
    return (
        f'<query:AdhocQueryRequest xmlns:query="{names.QUERY}" xmlns:rim="{names.RIM}">'
        f'<query:ResponseOption returnComposedObjects="{str(query.composed).lower()}"'
        f' returnType="{escape(query.return_type)}"/>'
        f'<rim:AdhocQuery id="{escape(query.id)}">{slots}</rim:AdhocQuery></query:AdhocQueryRequest>'
    ).encode()


def _quoted(name: str, group: Group) -> str:
    values = ["'" + value.replace("'", "''") + "'" for value in group]
    if name in SINGLE and len(values) == 1:
        value = group[0]
        return value if value.isdigit() and name.endswith(("From", "To")) else values[0]
    return f"({','.join(values)})"


_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(\d+))\s*")


def _parse(text: str) -> tuple[Group, bool, str]:
    """(values, was a list, fault) of one slot value."""
    stripped = text.strip()
    listed = stripped.startswith("(")
    body = stripped
    if listed:
        if not stripped.endswith(")"):
            return ((stripped.strip("()'"),), True, "parenthèse fermante absente")
        body = stripped[1:-1]
    values: list[str] = []
    position = 0
    while True:
        found = _TOKEN.match(body, position)
        if not found:
            return ((body.strip("'"),) if not values else tuple(values), listed, "guillemets simples absents")
        values.append(found[2] if found[1] is None else found[1].replace("''", "'"))
        position = found.end()
        if position == len(body):
            return (tuple(values), listed, "")
        if not listed:
            return ((body.strip("'"),), False, "guillemets simples autour de la valeur entière")
        if body[position] != ",":
            return (tuple(values), True, "séparateur inattendu")
        position += 1


def read_query(element: Element) -> Query:
    """Decode an AdhocQueryRequest. Raises XdsRefused with reason `not-a-query`."""
    request = next(element.iter(f"{{{names.QUERY}}}AdhocQueryRequest"), None)
    body = None if request is None else request.find(f"{{{names.RIM}}}AdhocQuery")
    if request is None or body is None:
        raise XdsRefused("not-a-query", "no AdhocQueryRequest with an AdhocQuery", element.sourceline)
    option = request.find(f"{{{names.QUERY}}}ResponseOption")
    slots: dict[str, tuple[Group, ...]] = {}
    departures: list[Observation] = []
    for slot in body.iterchildren(f"{{{names.RIM}}}Slot"):
        name = slot.get("name", "")
        groups = list(slots.get(name, ()))
        for value in slot.iter(f"{{{names.RIM}}}Value"):
            text = value.text or ""
            group, listed, fault = _parse(text)
            if not fault and name in LISTS and not listed:
                fault = "('…')"
            elif not fault and name in SINGLE and listed:
                fault = "'…'"
            if fault:
                departures.append(Observation(f"Slot[@name='{name}']", text, fault, value.sourceline))
            groups.append(group)
        slots[name] = tuple(groups)
    return Query(
        id=body.get("id", ""),
        slots=slots,
        return_type=LEAF_CLASS if option is None else option.get("returnType", "RegistryObject"),
        composed=option is not None and option.get("returnComposedObjects") == "true",
        departures=tuple(departures),
    )


def write_query_response(response: QueryResponse) -> bytes:
    """`query:AdhocQueryResponse`, without an XML declaration."""
    listed = (response.entries, response.references, response.associations, response.submission_sets)
    count = sum(map(len, listed))
    total = response.total if response.total is not None else count
    objects = (
        "".join(entry_text(entry) for entry in response.entries)
        + "".join(set_text(one, listed=True) for one in response.submission_sets)
        + "".join(f'<rim:ObjectRef id="{escape(ref)}"/>' for ref in response.references)
        + "".join(association_text(link, f"as{rank}") for rank, link in enumerate(response.associations, 1))
    )
    return (
        f'<query:AdhocQueryResponse xmlns:query="{names.QUERY}" xmlns:rim="{names.RIM}" xmlns:rs="{names.RS}"'
        f' status="{escape(response.status)}" startIndex="0" totalResultCount="{total}">'
        f"{errors_text(response.errors)}<rim:RegistryObjectList>{objects}</rim:RegistryObjectList>"
        "</query:AdhocQueryResponse>"
    ).encode()


def read_query_response(element: Element) -> QueryResponse:
    """Decode an AdhocQueryResponse. Raises XdsRefused with reason `not-a-response`."""
    response = next(element.iter(f"{{{names.QUERY}}}AdhocQueryResponse"), None)
    if response is None:
        raise XdsRefused("not-a-response", "no AdhocQueryResponse", element.sourceline)
    total = response.get("totalResultCount", "")
    rim = names.RIM
    listed = response.find(f"{{{rim}}}RegistryObjectList")
    objects = [] if listed is None else list(listed)
    return QueryResponse(
        status=response.get("status", ""),
        entries=tuple(read_entry(item) for item in objects if item.tag == f"{{{rim}}}ExtrinsicObject"),
        references=tuple(item.get("id", "") for item in objects if item.tag == f"{{{rim}}}ObjectRef"),
        associations=tuple(read_association(item) for item in objects if item.tag == f"{{{rim}}}Association"),
        submission_sets=tuple(
            read_submission_set(item) for item in objects if item.tag == f"{{{rim}}}RegistryPackage"
        ),
        errors=read_errors(response),
        total=int(total) if total.isascii() and total.isdigit() and len(total) < 10 else None,
    )


@RULES.rule("XDS-QRY-01", requirements=("DMP/UX.27",), source="IHE ITI TF-2 §3.18.4.1.2.3.5")
def values_are_quoted(query: Query) -> Iterator[Observation]:
    """Texts are between single quotes, multiple parameters between parentheses."""
    yield from query.departures


@RULES.rule("XDS-QRY-02", requirements=("DMP/UX.27",), source="IHE ITI TF-2 §3.18.4.1.2.3.7")
def required_parameters(query: Query) -> Iterator[Observation]:
    """Each query states what it requires; of two ways to name the documents, one."""
    for alternatives in REQUIRED.get(query.id, ()):
        if sum(bool(query.values(name)) for name in alternatives) != 1:
            yield Observation("AdhocQuery", ", ".join(query.slots), " | ".join(alternatives))


@RULES.rule(
    "XDS-QRY-03",
    requires=Keyword.DEVRAIT,
    requirements=("DMP/UX.27",),
    source="IHE ITI TF-2 §3.18.4.1.2.3.7",
)
def parameters_are_known(query: Query) -> Iterator[Observation]:
    """A parameter that no stored query defines is ignored by the registry: a filter that does not filter."""
    known = SINGLE | LISTS | EITHER
    for name in query.slots:
        if name not in known:
            yield Observation(f"Slot[@name='{name}']", name, "paramètre ITI-18")


@RULES.rule("XDS-QRY-04", requirements=("DMP/UX.27",), source="IHE ITI TF-2 §3.18.4.1.2.3.3")
def return_type_is_known(query: Query) -> Iterator[Observation]:
    """Metadata are asked for as LeafClass, references as ObjectRef."""
    if query.return_type not in (LEAF_CLASS, OBJECT_REF):
        yield Observation("ResponseOption/@returnType", query.return_type, f"{LEAF_CLASS} | {OBJECT_REF}")


@RULES.rule("XDS-QRY-05", requirements=("DMP/UX.27",), source="IHE ITI TF-2 §3.18.4.1.2.3.5")
def single_values(query: Query) -> Iterator[Observation]:
    """A parameter that takes one value has one."""
    for name in query.slots:
        if name in SINGLE and len(query.values(name)) > 1:
            yield Observation(f"Slot[@name='{name}']", ", ".join(query.values(name)), "1")


@RULES.rule("XDS-QRY-06", requirements=("DMP/UX.27",), source="IHE ITI TF-2 §3.18.4.1.2.3.4, §3.18.4.1.2.3.7")
def value_formats(query: Query) -> Iterator[Observation]:
    """Times are digits, year first; codes carry their scheme (`code^^scheme`)."""
    for name in query.slots:
        for value in query.values(name):
            if name in TIMES and not composite.WIRE_TIME.fullmatch(value):
                yield Observation(f"Slot[@name='{name}']", value, "AAAA[MM[JJ[hh[mm[ss]]]]]")
            elif name in CODED and not _is_coded(value):
                yield Observation(f"Slot[@name='{name}']", value, "code^^OID")


def _is_coded(value: str) -> bool:
    code, separator, scheme = value.partition("^^")
    return bool(code and separator and scheme)


def judge_query(query: Query) -> list[Finding]:
    """Every finding on a stored query."""
    return RULES.judge(query)
