"""The answers of TD0.3, TD0.4 and TD1.6: `output`, its lines, `status` and `context`."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from schemas.ins import Ins
from schemas.xml import Element, children, local

from .model import HabilitationRefused, ListedPatient, ListedProfessional, Outcome
from .request import NAMESPACES

Lines = Sequence[ListedPatient] | Sequence[ListedProfessional]


def write_answer(operation: str, outcome: Outcome, lines: Lines = ()) -> str:
    """The answer of an operation (`setAuthorization`…) as an XML fragment, to be put in soap:Body."""
    written = "".join(
        _patient(one) if isinstance(one, ListedPatient) else _professional(one) for one in lines
    )
    context = _text("context", outcome.context)
    return (
        f'<{operation}Response xmlns="{NAMESPACES[operation]}"><output>{written}'
        f"<status>{escape(outcome.status)}</status>{context}</output></{operation}Response>"
    )


def read_outcome(element: Element) -> Outcome:
    """Status and context. Raises HabilitationRefused on another message."""
    output = _output(element)
    return Outcome(_one(output, "status"), _one(output, "context"))


def read_patients(element: Element) -> tuple[ListedPatient, ...]:
    """The lines of TD0.4. Raises HabilitationRefused on another message."""
    return tuple(
        ListedPatient(
            identifiers=tuple(
                Ins(_one(one, "nationalId"), _one(one, "nationalIdType"))
                for one in _all(line, "patientIdentifier")
            ),
            usual_name=_one(line, "lastName"),
            birth_name=_one(line, "patronymicalName"),
            given=_one(line, "firstName"),
            civility=_one(line, "civility"),
            birth_date=_one(line, "dateOfBirth"),
            treating=_one(line, "MT") == "true",
            message=_one(line, "message") == "true",
            last_access=_one(line, "lastAccessDate"),
            last_update=_one(line, "lastUpdateDate"),
            last_addition=_one(line, "lastAddDate"),
        )
        for line in _all(_output(element), "patientlistData")
    )


def read_professionals(element: Element) -> tuple[ListedProfessional, ...]:
    """The lines of TD1.6. Raises HabilitationRefused on another message."""
    return tuple(
        ListedProfessional(
            id=_one(line, "nationalId"),
            given=_one(line, "firstName"),
            family=_one(line, "lastName"),
            start=_one(line, "startOfAuthorization"),
            last_action=_one(line, "lastActionDate"),
            mode=_one(line, "mode"),
            specialities=tuple(
                zip(
                    (_content(one) for one in _all(line, "codeSpeciality")),
                    (_content(one) for one in _all(line, "libSpeciality")),
                    strict=False,
                )
            ),
            rights=tuple(_content(one) for one in _all(line, "specificRight")),
            id_type=_one(line, "nationalIdType"),
        )
        for line in _all(_output(element), "listOfAuthorizationByPatient")
    )


def _patient(one: ListedPatient) -> str:
    identifiers = "".join(
        f"<patientIdentifier>{_text('nationalId', ins.matricule)}{_text('nationalIdType', ins.oid)}"
        "</patientIdentifier>"
        for ins in one.identifiers
    )
    return (
        f"<patientlistData>{identifiers}{_text('lastName', one.usual_name)}"
        f"{_text('patronymicalName', one.birth_name)}{_text('firstName', one.given)}"
        f"{_text('civility', one.civility)}{_text('dateOfBirth', one.birth_date)}"
        f"<MT>{str(one.treating).lower()}</MT><message>{str(one.message).lower()}</message>"
        f"{_text('lastAccessDate', one.last_access)}{_text('lastUpdateDate', one.last_update)}"
        f"{_text('lastAddDate', one.last_addition)}</patientlistData>"
    )


def _professional(one: ListedProfessional) -> str:
    codes = "".join(_text("codeSpeciality", code) for code, _ in one.specialities)
    labels = "".join(_text("libSpeciality", label) for _, label in one.specialities)
    rights = "".join(_text("specificRight", right) for right in one.rights)
    return (
        f"<listOfAuthorizationByPatient>{_text('nationalId', one.id)}{_text('nationalIdType', one.id_type)}"
        f"{_text('firstName', one.given)}{_text('lastName', one.family)}{codes}{labels}"
        f"{_text('startOfAuthorization', one.start)}{_text('lastActionDate', one.last_action)}"
        f"{_text('mode', one.mode)}{rights}</listOfAuthorizationByPatient>"
    )


def _text(tag: str, value: str) -> str:
    return f"<{tag}>{escape(value)}</{tag}>" if value else ""


def _output(element: Element) -> Element:
    name = local(element)
    operation = name.removesuffix("Response")
    namespace = NAMESPACES.get(operation)
    if namespace is None or element.tag != f"{{{namespace}}}{operation}Response":
        raise HabilitationRefused(f"/{name}", "not the answer of an operation on authorisations")
    output = element.find(f"{{{namespace}}}output")
    if output is None:
        raise HabilitationRefused(f"/{name}/output", "absent")
    return output


def _all(element: Element, name: str) -> Iterable[Element]:
    return (child for child in children(element) if local(child) == name)


def _one(element: Element, name: str) -> str:
    return next((_content(child) for child in _all(element, name)), "")


def _content(element: Element) -> str:
    return (element.text or "").strip()
