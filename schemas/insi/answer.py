"""INSi answers and faults, as templates: clients compare raw text, so the layout is the recorded one.

Prefixes, attribute order and the declaration of unused namespaces are those of the qualification platform
(`soap:Envelope` around `env:Body`, default namespace on RESULTAT, no `Prenom` in TIQ). Source: recorded
answers published with an open-source INSi client; WSDL DESIR_ICIR_EXP 1.5.0.
"""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from . import names

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ENVELOPE = f'<soap:Envelope xmlns:soap="{names.SOAP}">'
_S = f' xmlns:S="{names.SOAP}"'
_BODY = f'<env:Body{_S} xmlns:env="{names.SOAP}">'
_BODY_WITHOUT_S = f'<env:Body xmlns:env="{names.SOAP}">'
_END = "</env:Body></soap:Envelope>"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An earlier INS. Dates are as received (`YYYY-MM-DD` or empty), even when the end precedes the start."""

    number: str  # 13 characters
    key: str
    oid: str
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity as INSi returns it. `given_names` is the list of the birth act, separated by spaces."""

    number: str  # 13 characters
    key: str
    oid: str
    birth_name: str
    given_names: str
    sex: str
    birth_date: str
    birth_place: str
    history: tuple[HistoryEntry, ...] = ()

    @property
    def matricule(self) -> str:
        """The 15 characters of the INS."""
        return self.number + self.key


@dataclass(frozen=True, slots=True)
class Answer:
    """A result: `code` may be one that nobody knows yet; `identity` comes with 00 only."""

    code: str
    label: str
    identity: Identity | None = None
    warnings: tuple[str, ...] = field(default=())  # what a tolerant reader had to forgive


def write_answer(code: str, identity: Identity | None = None, label: str | None = None) -> bytes:
    """The answer of INSi with this code, and the identity when there is one."""
    label = names.LABELS.get(code, "") if label is None else label
    person = "" if identity is None else _individual(identity)
    return (
        f'{_DECLARATION}{_ENVELOPE}{_BODY}<RESULTAT xmlns="{names.RESULT}" xmlns:ns0="{names.BY_CARD}"'
        f' xmlns:ns1="{names.BY_TRAITS}"><CR><CodeCR>{escape(code)}</CodeCR>'
        f"<LibelleCR>{escape(label)}</LibelleCR></CR>{person}</RESULTAT>{_END}"
    ).encode()


def _individual(identity: Identity) -> str:
    active = _ins("INSACTIF", HistoryEntry(identity.number, identity.key, identity.oid))
    history = "".join(_ins("INSHISTO", entry) for entry in identity.history)
    traits = "".join(
        _element(name, value)
        for name, value in (
            ("NomNaissance", identity.birth_name),
            ("ListePrenom", identity.given_names),
            ("Sexe", identity.sex),
            ("DateNaissance", identity.birth_date),
            ("LieuNaissance", identity.birth_place),
        )
    )
    return f"<INDIVIDU>{active}{history}<TIQ>{traits}</TIQ></INDIVIDU>"


def _ins(name: str, entry: HistoryEntry) -> str:
    key = _element("Cle", entry.key) if entry.key else ""
    dates = "".join(
        _element(tag, value) for tag, value in (("DateDeb", entry.start), ("DateFin", entry.end)) if value
    )
    return (
        f"<{name}><IdIndividu>{_element('NumIdentifiant', entry.number)}{key}</IdIndividu>"
        f"{_element('OID', entry.oid)}{dates}</{name}>"
    )


def _element(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


def write_fault(
    code: str,
    *,
    subcode: str,
    sender: bool,
    severity: str,
    reason: str,
    text: str,
    message_id: str = "",
    layout: str = "soap",
) -> bytes:
    """A fault (HTTP 500) with its `siram:Erreur`.

    `layout` is one of the two seen in real faults: `soap` (desir family: prefix `soap:`, messageID echoed)
    or `S` (insi family: prefix `S:`, severity first, no messageID). The recorded desir_550 declares no `S`
    prefix: use `soap-plain` for it.
    """
    if layout == "S":
        return _fault_s(code, subcode, sender, severity, reason, text)
    body = _BODY_WITHOUT_S if layout == "soap-plain" else _BODY
    return (
        f"{_DECLARATION}{_ENVELOPE}{body}<soap:Fault><soap:Code><soap:Value>"
        f"soap:{'Sender' if sender else 'Receiver'}</soap:Value><soap:Subcode><soap:Value>soap:{subcode}"
        f'</soap:Value></soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang="fr">{escape(reason)}'
        f"</soap:Text></soap:Reason><soap:Detail><siram:Erreur code={quoteattr(code)}"
        f' messageID={quoteattr(message_id)} severite="{severity}" xmlns:siram="{names.SIRAM}">'
        f"{escape(text)}</siram:Erreur></soap:Detail></soap:Fault>{_END}"
    ).encode()


def _fault_s(code: str, subcode: str, sender: bool, severity: str, reason: str, text: str) -> bytes:
    return (
        f"{_DECLARATION}{_ENVELOPE}{_BODY}"
        '<S:Fault xmlns:ns4="http://schemas.xmlsoap.org/soap/envelope/"><S:Code><S:Value>'
        f"S:{'Sender' if sender else 'Receiver'}</S:Value><S:Subcode><S:Value>S:{subcode}</S:Value>"
        f'</S:Subcode></S:Code><S:Reason><S:Text xml:lang="en">{escape(reason)}</S:Text></S:Reason>'
        f'<S:Detail><siram:Erreur severite="{severity}" code={quoteattr(code)} xmlns:siram="{names.SIRAM}">'
        f"{escape(text)}</siram:Erreur></S:Detail></S:Fault>{_END}"
    ).encode()
