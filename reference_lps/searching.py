"""Finding documents of a DMP: the user's criteria as parameters of stored queries (TD3.1).

A date of deposit is no criterion of FindDocuments: it takes FindSubmissionSets, GetAssociations and
GetDocuments (SEL-MP-037). Days are those of Paris; the DMP counts in UTC, an upper bound being excluded.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas import valuesets, xds
from schemas.ins import Ins
from schemas.xds import names
from schemas.xds.query import LEAF_CLASS, coded, find_submission_sets, get_associations, get_documents

from .consulting import STATUSES, complete
from .outcome import Call, Failed
from .services.dmp import DmpClient
from .services.dmp_call import Access
from .software import Software
from .state import Patient

PARIS = ZoneInfo("Europe/Paris")
CCAM = "1.2.250.1.213.2.5"
CODED = {  # criterion: parameter, set of values, scheme of the codes that the set does not hold
    "type_code": ("TypeCode", "J07", names.LOINC),
    "class_code": ("ClassCode", "J57", names.TRE_A03),
    "practice_setting": ("PracticeSettingCode", "J04", names.PRACTICE_SETTINGS),
    "facility": ("HealthcareFacilityTypeCode", "J02", names.TRE_R02),
    "event_code": ("EventCodeList", "", CCAM),
    "format_code": ("FormatCode", "", names.TRE_A06),
    "confidentiality": ("ConfidentialityCode", "J08", names.FRENCH_CONFIDENTIALITY),
}
DAYS = {
    "created_from": ("CreationTimeFrom", 0),
    "created_to": ("CreationTimeTo", 1),
    "service_from": ("ServiceStartTimeFrom", 0),
    "service_to": ("ServiceStartTimeTo", 1),
}
DEPOSITED = ("submitted_from", "submitted_to")


def look(
    lps: Software, call: Call, patient: Patient, ins: Ins, access: Access, criteria: Mapping[str, str]
) -> list[xds.DocumentEntry]:
    """The documents that meet the criteria, signatures left out; remembered as listed.

    Raises Rejected, Failed.
    """
    client, asked = lps.dmp(call), dict(lps.behaviour.criteria(criteria))
    status = STATUSES.get(asked.get("status", "approved").lower(), asked.get("status", ""))
    dates = {name: asked[name] for name in DEPOSITED if asked.get(name)}
    if dates and not lps.behaviour.deposit_dates_chained:
        asked |= {name.replace("submitted", "created"): day for name, day in dates.items()}
        dates = {}
    answers: list[xds.QueryResponse] = []
    entries: Sequence[xds.DocumentEntry] = []
    others = parameters(asked)
    if others or not dates:
        query = xds.find_documents(ins.cx(), [status], return_type=LEAF_CLASS, **others)
        answers.append(client.search(query, ins, access))
        entries = answers[0].entries
    if dates:
        deposited = _deposited(client, ins, access, dates, answers)
        kept = {one.id for one in entries}
        entries = [one for one in deposited if one.status == status and (not others or one.id in kept)]
    if not complete(lps, call, *answers):
        raise Failed("La liste des documents n'a pas pu être obtenue.")
    found = [one for one in lps.behaviour.listed(entries, ins) if not one.is_signature]
    for entry in found:
        lps.store.listed[(patient.id, entry.unique_id)] = (entry.id, entry.repository_unique_id)
    return found


def parameters(criteria: Mapping[str, str]) -> dict[str, list[str]]:
    """The parameters of FindDocuments, without their prefix. A code may bring its scheme, `code^^scheme`."""
    found = {
        name: [criteria[criterion] if "^^" in criteria[criterion] else _coded(criteria[criterion], *known)]
        for criterion, (name, *known) in CODED.items()
        if criteria.get(criterion)
    }
    if criteria.get("author"):
        found["AuthorPerson"] = [f"%{criteria['author']}%"]
    for criterion, (name, after) in DAYS.items():
        if criteria.get(criterion):
            found[name] = [instant(criteria[criterion], after)]
    return found


def instant(day: str, after: int = 0) -> str:
    """The beginning of a day of Paris (or of the one after), YYYYMMDDhhmmss in UTC."""
    begins = datetime.combine(date.fromisoformat(day) + timedelta(days=after), time(), PARIS)
    return begins.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _coded(code: str, values: str, usual: str) -> str:
    if code.startswith("urn:ihe:"):
        return coded(code, names.IHE_FORMATS)
    found = valuesets.value_set(values).find(code) if values else None
    return coded(code, found.system if found else usual)


def _deposited(
    client: DmpClient,
    ins: Ins,
    access: Access,
    dates: Mapping[str, str],
    answers: list[xds.QueryResponse],
) -> Sequence[xds.DocumentEntry]:
    since, until = (dates.get(name, "") for name in DEPOSITED)
    sets = client.search(
        find_submission_sets(
            ins.cx(), since=instant(since) if since else "", until=instant(until, 1) if until else ""
        ),
        ins,
        access,
    )
    answers.append(sets)
    if not sets.submission_sets:
        return ()
    links = client.search(get_associations([one.id for one in sets.submission_sets]), ins, access)
    answers.append(links)
    members = [link.target for link in links.associations if link.type == names.HAS_MEMBER]
    if not members:
        return ()
    found = client.search(get_documents(entry_uuids=dict.fromkeys(members)), ins, access)
    answers.append(found)
    return found.entries
