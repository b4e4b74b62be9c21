"""PRPA_IN201307UV02, written and read."""

from xml.sax.saxutils import escape, quoteattr

from schemas.ins import Ins
from schemas.xml import Element, local

from .model import EXISTENCE, HL7, INTERACTIONS, REASONS, REQUEST, Hl7Refused, Identity, Query

NS = f"{{{HL7}}}"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def identity(tag: str, one: Identity) -> str:
    """An II element as text."""
    extension = f" extension={quoteattr(one.extension)}" if one.extension else ""
    return f"<{tag} root={quoteattr(one.root)}{extension}/>"


def write_query(query: Query) -> str:
    """The message as an XML fragment, to be put in soap:Body."""
    return (
        f'<{REQUEST} xmlns="{HL7}" xmlns:xsi="{XSI}" ITSVersion="XML_1.0">'
        f'{identity("id", query.id)}<creationTime value="{escape(query.created)}"/>'
        f'<interactionId root="{INTERACTIONS}" extension="{REQUEST}"/>'
        f'<processingCode code="{query.processing}"/><processingModeCode code="T"/><acceptAckCode code="AL"/>'
        f'<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE">'
        f'<id root="{query.receiver}"/><softwareName>DMP</softwareName></device></receiver>'
        f'<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">'
        f"<id root={quoteattr(query.device)}/><softwareName>{escape(query.software)}</softwareName></device>"
        f'</sender><controlActProcess classCode="CACT" moodCode="EVN">'
        f'<reasonCode code={quoteattr(query.reason)} codeSystem="{REASONS}"/><queryByParameter>'
        f'{identity("queryId", query.query_id)}<statusCode code="new"/><parameterList>'
        f'<dataSource xsi:nil="true"/><patientIdentifier>'
        f"<value root={quoteattr(query.patient.oid)} extension={quoteattr(query.patient.matricule)}/>"
        f"<semanticsText>Patient.id</semanticsText></patientIdentifier></parameterList></queryByParameter>"
        f"</controlActProcess></{REQUEST}>"
    )


def read_query(element: Element) -> Query:
    """Decode the question. Raises Hl7Refused when what is needed to answer is missing."""
    if element.tag != f"{NS}{REQUEST}":
        raise Hl7Refused(f"/{local(element)}", f"expected {REQUEST} in {HL7}")
    act = element.find(f"{NS}controlActProcess")
    parameters = act.find(f"{NS}queryByParameter") if act is not None else None
    if act is None or parameters is None:
        raise Hl7Refused(f"/{REQUEST}/controlActProcess/queryByParameter", "absent")
    values = parameters.findall(f"{NS}parameterList/{NS}patientIdentifier/{NS}value")
    if len(values) != 1 or not values[0].get("root") or not values[0].get("extension"):
        where = f"/{REQUEST}/controlActProcess/queryByParameter/parameterList/patientIdentifier/value"
        raise Hl7Refused(where, f"{len(values)} identifiers, expected one with root and extension")
    reason = act.find(f"{NS}reasonCode")
    return Query(
        id=read_identity(element.find(f"{NS}id")),
        created=value_of(element, "creationTime", "value"),
        device=value_of(element, f"sender/{NS}device/{NS}id", "root"),
        software=(element.findtext(f"{NS}sender/{NS}device/{NS}softwareName") or "").strip(),
        query_id=read_identity(parameters.find(f"{NS}queryId")),
        patient=Ins(values[0].get("extension", ""), values[0].get("root", "")),
        reason=reason.get("code", "") if reason is not None else EXISTENCE,
        processing=value_of(element, "processingCode", "code"),
        receiver=value_of(element, f"receiver/{NS}device/{NS}id", "root"),
    )


def read_identity(element: Element | None) -> Identity:
    """An II element; empty when absent."""
    return (
        Identity("", "")
        if element is None
        else Identity(element.get("root", ""), element.get("extension", ""))
    )


def value_of(element: Element, path: str, attribute: str) -> str:
    """An attribute of the element at this path (first step without namespace); empty when absent."""
    found = element.find(f"{NS}{path}")
    return found.get(attribute, "") if found is not None else ""
