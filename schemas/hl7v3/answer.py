"""PRPA_IN201308UV02, written and read."""

from xml.sax.saxutils import escape, quoteattr

from schemas.ins import INS_OIDS, Ins
from schemas.xml import Element, local

from .details import flag, observation, read_details, write_details
from .model import (
    ANSWER,
    AUTHORISATION_NAMES,
    AUTHORISATIONS,
    DMP_DEVICE,
    HL7,
    INTERACTIONS,
    STATUT_MT,
    Answer,
    Closure,
    Hl7Refused,
    Identity,
    Query,
)
from .request import NS, identity, read_identity, value_of

ATTACHED = ("RATTACHEMENT_ENS", "1.2.250.1.213.4.1.2.3")
CLOSURES = "1.2.250.1.213.4.1.2.4"


def write_answer(answer: Answer) -> str:
    """The message as an XML fragment, to be put in soap:Body."""
    response = "OK" if answer.found else "NF"
    subject = _subject(answer) if answer.found and answer.ack == "AA" else ""
    detail = ""
    if answer.error:
        detail = (
            f'<acknowledgementDetail typeCode="E"><code code={quoteattr(answer.error)}/>'
            f"<text>{escape(answer.error_text)}</text></acknowledgementDetail>"
        )
    act = ""
    if answer.ack == "AA":
        act = (
            f'<controlActProcess classCode="CACT" moodCode="EVN">{subject}'
            f'<queryAck>{identity("queryId", answer.query_id)}<queryResponseCode code="{response}"/>'
            f"</queryAck></controlActProcess>"
        )
    return (
        f'<{ANSWER} xmlns="{HL7}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ITSVersion="XML_1.0">'
        f'{identity("id", answer.id)}<creationTime value="{answer.created}"/>'
        f'<interactionId root="{INTERACTIONS}" extension="{ANSWER}"/>'
        f'<processingCode code="P"/><processingModeCode code="T"/><acceptAckCode code="NE"/>'
        f'<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE">'
        f"<id root={quoteattr(answer.device)}/><softwareName>{escape(answer.software)}</softwareName>"
        f'</device></receiver><sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">'
        f'<id root="{DMP_DEVICE}"/><softwareName>DMP</softwareName></device></sender>'
        f'{_attention(answer)}<acknowledgement typeCode="{answer.ack}"><targetMessage>'
        f"{identity('id', answer.target)}</targetMessage>{detail}</acknowledgement>{act}</{ANSWER}>"
    )


def write_error(query: Query, id: Identity, created: str, code: str, text: str, ack: str = "AE") -> str:
    """A negative acknowledgement (`AE` or `AR`) of this question."""
    return write_answer(
        Answer(
            id,
            created,
            query.id,
            query.query_id,
            ack=ack,
            found=False,
            error=code,
            error_text=text,
            software=query.software,
            device=query.device,
        )
    )


def _attention(answer: Answer) -> str:
    if not answer.authorisation or answer.ack != "AA" or not answer.found:
        return ""
    flag = "true" if answer.treating_doctor else "false"
    return (
        f'<attentionLine><keyWordText code="AUTORISATION" codeSystem="{AUTHORISATION_NAMES}"/>'
        f'<value xsi:type="CV" code="{answer.authorisation}" codeSystem="{AUTHORISATIONS}"/></attentionLine>'
        f'<attentionLine><keyWordText code="STATUT_MT" codeSystem="{STATUT_MT}"/>'
        f'<value xsi:type="BL" value="{flag}"/></attentionLine>'
    )


def _subject(answer: Answer) -> str:
    ins = answer.patient
    closure, reason = "", ""
    if answer.closure is not None:
        closure = f'<effectiveTime value="{escape(answer.closure.date)}"/>'
        reason = (
            f'<reasonOf typeCode="RSON"><detectedIssueEvent classCode="ALRT" moodCode="EVN">'
            f'<code code={quoteattr(answer.closure.motive)} codeSystem="{CLOSURES}"/>'
            f"<text>{escape(answer.closure.text)}</text></detectedIssueEvent></reasonOf>"
        )
    identifier = f'<id root="{ins.oid}" extension="{ins.matricule}"/>' if ins else ""
    usual = f'<family qualifier="SP">{escape(answer.usual)}</family>' if answer.usual else ""
    more = write_details(answer.details) if answer.details else None
    return (
        f'<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN">'
        f'<statusCode code="completed"/>{closure}<subject1 typeCode="SBJ"><patient classCode="PAT">'
        f'{identifier}<statusCode code="{answer.status}"/><patientPerson classCode="PSN" '
        f'determinerCode="INSTANCE"><name><given>{escape(answer.given)}</given>'
        f'<family qualifier="BR">{escape(answer.family)}</family>{usual}</name>'
        f"{more.telecoms if more else ''}"
        f'<administrativeGenderCode code="{answer.sex}" codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{answer.birth_date}"/>{more.person if more else ""}</patientPerson>'
        f"{observation(ATTACHED, answer.attached_to_mes)}{more.observations if more else ''}"
        f'</patient></subject1><custodian typeCode="CST"><assignedEntity classCode="ASSIGNED">'
        f'<id root="{DMP_DEVICE}"/></assignedEntity></custodian>{reason}</registrationEvent></subject>'
    )


def read_answer(element: Element) -> Answer:
    """Decode the answer, negative acknowledgements included. Raises Hl7Refused on another message."""
    if element.tag != f"{NS}{ANSWER}":
        raise Hl7Refused(f"/{local(element)}", f"expected {ANSWER} in {HL7}")
    ack = element.find(f"{NS}acknowledgement")
    if ack is None:
        raise Hl7Refused(f"/{ANSWER}/acknowledgement", "absent")
    detail = ack.find(f"{NS}acknowledgementDetail")
    act = element.find(f"{NS}controlActProcess")
    query_ack = act.find(f"{NS}queryAck") if act is not None else None
    patient = element.find(f".//{NS}subject1/{NS}patient")
    person = patient.find(f"{NS}patientPerson") if patient is not None else None
    lines = _lines(element)
    return Answer(
        id=read_identity(element.find(f"{NS}id")),
        created=value_of(element, "creationTime", "value"),
        target=read_identity(ack.find(f"{NS}targetMessage/{NS}id")),
        query_id=read_identity(query_ack.find(f"{NS}queryId") if query_ack is not None else None),
        ack=ack.get("typeCode", ""),
        found=query_ack is not None and value_of(query_ack, "queryResponseCode", "code") == "OK",
        status=value_of(patient, "statusCode", "code") if patient is not None else "",
        authorisation=lines.get("AUTORISATION", ""),
        treating_doctor=lines.get("STATUT_MT") == "true",
        patient=_ins(patient),
        family=_text(person, f"name/{NS}family"),
        given=_text(person, f"name/{NS}given"),
        sex=value_of(person, "administrativeGenderCode", "code") if person is not None else "",
        birth_date=value_of(person, "birthTime", "value") if person is not None else "",
        attached_to_mes=patient is not None and flag(patient, ATTACHED),
        closure=_closure(element),
        error=value_of(detail, "code", "code") if detail is not None else "",
        error_text=_text(detail, "text"),
        software=_text(element, f"receiver/{NS}device/{NS}softwareName"),
        device=value_of(element, f"receiver/{NS}device/{NS}id", "root"),
        usual=_usual(person),
        details=read_details(patient, person) if patient is not None and person is not None else None,
    )


def _usual(person: Element | None) -> str:
    for family in person.iterfind(f"{NS}name/{NS}family") if person is not None else ():
        if family.get("qualifier") == "SP":
            return (family.text or "").strip()
    return ""


def _lines(element: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in element.iterfind(f"{NS}attentionLine"):
        value = line.find(f"{NS}value")
        if value is not None:
            found[value_of(line, "keyWordText", "code")] = value.get("code") or value.get("value") or ""
    return found


def _ins(patient: Element | None) -> Ins | None:
    for item in patient.iterfind(f"{NS}id") if patient is not None else ():
        if item.get("root") in INS_OIDS:
            return Ins(item.get("extension", ""), item.get("root", ""))
    return None


def _closure(element: Element) -> Closure | None:
    event = element.find(f"{NS}controlActProcess/{NS}subject/{NS}registrationEvent")
    issue = event.find(f"{NS}reasonOf/{NS}detectedIssueEvent") if event is not None else None
    if event is None or issue is None:
        return None
    date = value_of(event, "effectiveTime", "value")
    return Closure(date, value_of(issue, "code", "code"), _text(issue, "text"))


def _text(element: Element | None, path: str) -> str:
    return (element.findtext(f"{NS}{path}") or "").strip() if element is not None else ""
