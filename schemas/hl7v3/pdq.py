"""TD0.5: a regulation centre looks for a patient without INS. PRPA_IN201305UV02 and PRPA_IN201306UV02.

Known: the family name, `POURCENTAGE`, `OPPOSITION_ACCES_URGENCE`, the counts of queryAck. Assumed (IHE
PDQv3): the other parameters.
"""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from schemas.ins import INS_OIDS, Ins
from schemas.xml import Element, local

from .details import AGAINST_REGULATION
from .model import HL7, Hl7Refused, Identity
from .request import identity, read_identity, value_of
from .wrapper import Header, read_error, read_header
from .wrapper import answer as write_message
from .wrapper import question as write_message_to

NS = f"{{{HL7}}}"
REQUEST, ANSWER = "PRPA_IN201305UV02", "PRPA_IN201306UV02"
CODE = "PRPA_TE201305UV02"
SCORE = ("POURCENTAGE", "1.2.250.1.213.4.1.2.3")
INTERACTION_CODES = "2.16.840.1.113883.1.6"


@dataclass(frozen=True, slots=True)
class Find:
    """The question. Texts are empty when not given; `sex` is F, M or empty; `birth_date` YYYYMMDD."""

    header: Header
    query_id: Identity
    family: str
    given: str = ""
    sex: str = ""
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A patient found. `score`: 0 to 100."""

    patient: Ins
    family: str
    given: str
    sex: str
    birth_date: str
    score: int
    opposes_regulation: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The answer as read: patients, how many there are in all, and the error if it is negative."""

    matches: tuple[Match, ...]
    total: int
    error: tuple[str, str] | None = None


def write_find(find: Find) -> str:
    """The question as an XML fragment, to be put in soap:Body."""
    parameters = ""
    if find.sex:
        parameters += _parameter(
            "livingSubjectAdministrativeGender", f'<value code="{find.sex}"/>', "administrativeGender"
        )
    if find.birth_date:
        value = f'<value value="{find.birth_date}"/>'
        parameters += _parameter("livingSubjectBirthTime", value, "birthTime")
    given = f"<given>{escape(find.given)}</given>" if find.given else ""
    name = f"<value><family>{escape(find.family)}</family>{given}</value>"
    parameters += _parameter("livingSubjectName", name, "name")
    act = (
        f'<controlActProcess classCode="CACT" moodCode="EVN"><code code="{CODE}" '
        f'codeSystem="{INTERACTION_CODES}"/><queryByParameter>{identity("queryId", find.query_id)}'
        f'<statusCode code="new"/><parameterList>{parameters}</parameterList></queryByParameter>'
        "</controlActProcess>"
    )
    return write_message_to(REQUEST, find.header, act)


def read_find(element: Element) -> Find:
    """Decode the question. Raises Hl7Refused when there is nothing to look for."""
    if element.tag != f"{NS}{REQUEST}":
        raise Hl7Refused(f"/{local(element)}", f"expected {REQUEST} in {HL7}")
    query = element.find(f"{NS}controlActProcess/{NS}queryByParameter")
    where = f"/{REQUEST}/controlActProcess/queryByParameter"
    if query is None:
        raise Hl7Refused(where, "absent")
    listed = query.find(f"{NS}parameterList")
    if listed is None:
        raise Hl7Refused(f"{where}/parameterList", "absent")
    name = f"{NS}livingSubjectName/{NS}value/{NS}"
    gender, born = f"livingSubjectAdministrativeGender/{NS}value", f"livingSubjectBirthTime/{NS}value"
    return Find(
        read_header(element),
        read_identity(query.find(f"{NS}queryId")),
        (listed.findtext(f"{name}family") or "").strip(),
        (listed.findtext(f"{name}given") or "").strip(),
        value_of(listed, gender, "code"),
        value_of(listed, born, "value"),
    )


def write_found(
    find: Find,
    id_: Identity,
    created: str,
    matches: tuple[Match, ...],
    total: int,
    error: tuple[str, str] | None = None,
    ack: str = "AE",
) -> str:
    """The answer as an XML fragment. `matches` are the first of `total` patients.

    `error` is a code and words, `ack` then `AE` or `AR`.
    """
    act = ""
    if error is None:
        response = "OK" if matches else "NF"
        act = (
            f'<controlActProcess classCode="CACT" moodCode="EVN"><code code="{CODE}" '
            f'codeSystem="{INTERACTION_CODES}"/>{"".join(map(_match, matches))}<queryAck>'
            f'{identity("queryId", find.query_id)}<queryResponseCode code="{response}"/>'
            f'<resultTotalQuantity value="{total}"/><resultCurrentQuantity value="{len(matches)}"/>'
            f'<resultRemainingQuantity value="{total - len(matches)}"/></queryAck></controlActProcess>'
        )
    return write_message(ANSWER, id_, created, find.header, act, error, ack)


def read_found(element: Element) -> Found:
    """Decode the answer. Raises Hl7Refused on another message."""
    if element.tag != f"{NS}{ANSWER}":
        raise Hl7Refused(f"/{local(element)}", f"expected {ANSWER} in {HL7}")
    act = element.find(f"{NS}controlActProcess")
    if act is None:
        return Found((), 0, read_error(element))
    matches = tuple(_read_match(one) for one in act.iter(f"{NS}patient"))
    total = value_of(act, f"queryAck/{NS}resultTotalQuantity", "value")
    return Found(matches, int(total or 0), read_error(element))


def _parameter(tag: str, value: str, meaning: str) -> str:
    return f"<{tag}>{value}<semanticsText>LivingSubject.{meaning}</semanticsText></{tag}>"


def _match(one: Match) -> str:
    flag = str(one.opposes_regulation).lower()
    return (
        '<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN"><statusCode '
        'code="active"/><subject1 typeCode="SBJ"><patient classCode="PAT">'
        f'<id root="{one.patient.oid}" extension="{one.patient.matricule}"/><statusCode code="active"/>'
        f'<patientPerson classCode="PSN" determinerCode="INSTANCE"><name><given>{escape(one.given)}</given>'
        f'<family qualifier="BR">{escape(one.family)}</family></name><administrativeGenderCode '
        f'code={quoteattr(one.sex)} codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{one.birth_date}"/></patientPerson><subjectOf1 typeCode="SBJ">'
        f'<queryMatchObservation classCode="OBS" moodCode="EVN"><code code="{SCORE[0]}" '
        f'codeSystem="{SCORE[1]}"/><value xsi:type="INT" value="{one.score}"/></queryMatchObservation>'
        f'</subjectOf1><subjectOf2 typeCode="SBJ"><administrativeObservation classCode="OBS" '
        f'moodCode="EVN"><code code="{AGAINST_REGULATION[0]}" codeSystem="{AGAINST_REGULATION[1]}"/>'
        f'<value xsi:type="BL" value="{flag}"/></administrativeObservation></subjectOf2></patient>'
        "</subject1></registrationEvent></subject>"
    )


def _read_match(patient: Element) -> Match:
    person = f"patientPerson/{NS}"
    ins = next((one for one in patient.iterfind(f"{NS}id") if one.get("root") in INS_OIDS), None)
    score = value_of(patient, f"subjectOf1/{NS}queryMatchObservation/{NS}value", "value")
    opposed = value_of(patient, f"subjectOf2/{NS}administrativeObservation/{NS}value", "value")
    return Match(
        Ins(ins.get("extension", ""), ins.get("root", "")) if ins is not None else Ins("", ""),
        (patient.findtext(f"{NS}{person}name/{NS}family") or "").strip(),
        (patient.findtext(f"{NS}{person}name/{NS}given") or "").strip(),
        value_of(patient, f"{person}administrativeGenderCode", "code"),
        value_of(patient, f"{person}birthTime", "value"),
        int(score or 0),
        opposed == "true",
    )
