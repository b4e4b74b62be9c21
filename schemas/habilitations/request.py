"""The questions of TD0.3, TD0.4 and TD1.6, read and written."""

from xml.sax.saxutils import escape

from schemas.xml import Element, children, local

from .model import (
    BY_PATIENT,
    HABILITATIONS,
    LIST,
    PATIENTS,
    SET,
    HabilitationRefused,
    ListByPatient,
    PatientList,
    Question,
    SetAuthorization,
)

NAMESPACES = {SET: HABILITATIONS, BY_PATIENT: HABILITATIONS, LIST: PATIENTS}
PARAMETERS = {
    SET: ("action", "role"),
    BY_PATIENT: ("mode",),
    LIST: ("startDate", "dateType", "psOwnerId"),
}


def operation_of(question: Question) -> str:
    """The name of the operation that asks this."""
    if isinstance(question, SetAuthorization):
        return SET
    return BY_PATIENT if isinstance(question, ListByPatient) else LIST


def write_question(question: Question) -> str:
    """The message as an XML fragment, to be put in soap:Body. Empty parameters are left out."""
    name = operation_of(question)
    if isinstance(question, SetAuthorization):
        values: tuple[str, ...] = (question.action, question.role)
    elif isinstance(question, ListByPatient):
        values = (question.mode,)
    else:
        values = (question.start, question.date_type, question.owner)
    inside = "".join(
        f"<{tag}>{escape(value)}</{tag}>"
        for tag, value in zip(PARAMETERS[name], values, strict=True)
        if value
    )
    return f'<{name} xmlns="{NAMESPACES[name]}"><input>{inside}</input></{name}>'


def read_question(element: Element) -> Question:
    """Decode a question, with or without `input`. Raises HabilitationRefused.

    A parameter in no namespace, or twice, can't be read as what it is: it is among the `unknown`.
    """
    name = local(element)
    namespace = NAMESPACES.get(name)
    if namespace is None or element.tag != f"{{{namespace}}}{name}":
        raise HabilitationRefused(f"/{name}", f"expected one of {', '.join(NAMESPACES)} in its namespace")
    holder = element.find(f"{{{namespace}}}input")
    found: dict[str, str] = {}
    unknown: list[str] = []
    for child in children(element if holder is None else holder):
        tag = local(child)
        if child.tag != f"{{{namespace}}}{tag}" or tag not in PARAMETERS[name] or tag in found:
            unknown.append(tag)
        else:
            found[tag] = (child.text or "").strip()
    extra = tuple(unknown)
    if name == SET:
        return SetAuthorization(found.get("action", ""), found.get("role", ""), extra)
    if name == BY_PATIENT:
        return ListByPatient(found.get("mode", ""), extra)
    start, date_type = found.get("startDate", ""), found.get("dateType", "")
    return PatientList(start, date_type, found.get("psOwnerId", ""), extra)
