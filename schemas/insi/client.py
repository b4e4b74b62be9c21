"""Reading what INSi answered, as a vendor's software must: tolerant of layout, never of a broken message."""

from schemas import xml
from schemas.xml import Element, children, local, where

from . import names
from .answer import Answer, HistoryEntry, Identity


class AnswerRefused(ValueError):
    """Not an answer of INSi. `reason`: that of an XmlRefused, `not-soap`, `no-result`, `no-code`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InsiFault(Exception):
    """INSi refused or failed. `code` is that of siram:Erreur (`desir_550`…), kept when unknown."""

    def __init__(self, code: str, subcode: str, severity: str, reason: str, text: str) -> None:
        super().__init__(f"{code or subcode}: {text or reason}")
        self.code = code
        self.subcode = subcode
        self.severity = severity
        self.reason = reason
        self.text = text


def read_answer(data: bytes) -> Answer:
    """Decode an answer of INSi by local names, in any order.

    An unknown result code is kept as it is. Raises InsiFault for a SOAP fault, AnswerRefused otherwise.
    """
    try:
        root = xml.parse(data)
    except xml.XmlRefused as error:
        raise AnswerRefused(error.reason, error.detail) from None
    if local(root) != "Envelope":
        raise AnswerRefused("not-soap", f"the root element is {local(root)}")
    fault = _first(root, "Fault")
    if fault is not None:
        raise _fault(fault)
    result = _first(root, "RESULTAT")
    if result is None:
        raise AnswerRefused("no-result", "the envelope holds neither RESULTAT nor a fault")
    code = _text(result, "CodeCR")
    if not code:
        raise AnswerRefused("no-code", "RESULTAT has no CodeCR")
    warnings: list[str] = []
    person = _first(result, "INDIVIDU")
    if code == names.FOUND and person is None:
        raise AnswerRefused("no-result", "code 00 comes with no INDIVIDU")
    identity = None if person is None else _identity(person, warnings)
    return Answer(code, _text(result, "LibelleCR"), identity, tuple(warnings))


def _identity(person: Element, warnings: list[str]) -> Identity:
    active = _first(person, "INSACTIF")
    if active is None:
        raise AnswerRefused("no-result", "INDIVIDU has no INSACTIF")
    current = _entry(active, warnings)
    history = tuple(_entry(item, warnings) for item in children(person) if local(item) == "INSHISTO")
    traits = _first(person, "TIQ")
    given = "" if traits is None else _text(traits, "ListePrenom") or _text(traits, "Prenom")
    read = ["" if traits is None else _text(traits, name) for name in _TRAITS]
    return Identity(
        current.number, current.key, current.oid, read[0], given, read[1], read[2], read[3], history
    )


_TRAITS = ("NomNaissance", "Sexe", "DateNaissance", "LieuNaissance")


def _entry(element: Element, warnings: list[str]) -> HistoryEntry:
    order = [local(item) for item in children(element)]
    if order and order[0] != "IdIndividu":
        warnings.append(f"{where(element)}: {' '.join(order)}")
    values = [_text(element, name) for name in ("NumIdentifiant", "Cle", "OID", "DateDeb", "DateFin")]
    return HistoryEntry(*values)


def _fault(element: Element) -> InsiFault:
    error = _first(element, "Erreur")
    subcode = _first(element, "Subcode")
    return InsiFault(
        code="" if error is None else error.get("code", ""),
        subcode="" if subcode is None else _text(subcode, "Value").rpartition(":")[2],
        severity="" if error is None else error.get("severite", ""),
        reason=_text(element, "Text"),
        text="" if error is None else str(error.xpath("string()")).strip(),
    )


def _first(parent: Element, name: str) -> Element | None:
    return next((item for item in parent.iter() if local(item) == name), None)


def _text(parent: Element, name: str) -> str:
    found = _first(parent, name)
    return "" if found is None else str(found.xpath("string()")).strip()
