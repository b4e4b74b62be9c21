"""INSi requests: write one as a vendor's software does, read any that arrives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

from schemas import xml
from schemas.soap import envelope
from schemas.xml import Element, children, local

from . import names


class RequestRefused(ValueError):
    """Not a request that INSi can dispatch. `reason` is a stable word, `detail` is for people.

    Reasons: those of `schemas.xml.XmlRefused` and `schemas.soap.envelope.EnvelopeRefused`, and
    `unknown-operation`.
    """

    def __init__(self, reason: str, detail: str, line: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.line = line


@dataclass(frozen=True, slots=True)
class Traits:
    """Traits of a search. `given_names`: one item for each `Prenom` element.

    `birth_date` is text, `YYYY-MM-DD`, and may be lunar (month or day 00). `birth_place` is a COG code.
    """

    birth_name: str
    given_names: tuple[str, ...]
    sex: str
    birth_date: str
    birth_place: str = ""

    @property
    def given(self) -> str:
        """The given names as one text, separated by spaces."""
        return " ".join(self.given_names)

    def as_dict(self) -> dict[str, str]:
        return {
            "birth_name": self.birth_name,
            "given_names": self.given,
            "sex": self.sex,
            "birth_date": self.birth_date,
            "birth_place": self.birth_place,
        }


@dataclass(frozen=True, slots=True)
class Card:
    """What a Vitale card gives to a search: 13-character numbers, the birth date as written on the card."""

    number: str
    key: str
    birth_name: str = ""
    birth_date: str = ""
    rank: str = ""


@dataclass(frozen=True, slots=True)
class Software:
    """The software in ContexteLPS: authorisation number, name, version, installed instance (UUID)."""

    idam: str
    name: str
    version: str
    instance: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """The SAML assertion of a person's authentication (CPx card or Pro Santé Connect)."""

    qualifier: str  # NameQualifier: "CPS" or "PSC"
    subject: str
    signed: bool
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InsiRequest:
    """A request as read; a missing header value is an empty string."""

    operation: str  # "traits" or "vitale"
    root: Element
    content: Element  # RECSANSVITALE or RECVITALE
    action: str = ""
    message_id: str = ""
    bam: Element | None = None
    lps: Element | None = None
    assertion: Assertion | None = None
    traits: Traits | None = None
    card: Card | None = None
    repeated: tuple[str, ...] = field(default=())

    @property
    def idam(self) -> str:
        return text(self.lps, names.LPS, "LPS/IDAM")

    @property
    def emitter(self) -> str:
        """Emetteur of ContexteLPS, else of ContexteBAM."""
        return text(self.lps, names.LPS, "Emetteur") or text(self.bam, names.BAM, "Emetteur")

    def identifiers(self) -> dict[str, str]:
        """The values that must be new in each request, by where they stand."""
        found = {
            "/Envelope/Header/MessageID": self.message_id,
            "/Envelope/Header/ContexteBAM/Id": text(self.bam, names.BAM, "Id"),
            "/Envelope/Header/ContexteLPS/Id": text(self.lps, names.LPS, "Id"),
        }
        return {where: value for where, value in found.items() if value}


def text(parent: Element | None, namespace: str, path: str) -> str:
    """Text of a descendant, comments left out; empty when absent. `path` has local names of `namespace`."""
    found = (
        None
        if parent is None
        else parent.find("/".join(f"{{{namespace}}}{step}" for step in path.split("/")))
    )
    return "" if found is None else str(found.xpath("string()"))


def write_traits_request(
    traits: Traits,
    software: Software,
    *,
    message_id: str,
    bam_id: str,
    lps_id: str,
    now: datetime,
    emitter: str,
    assertion: str = "",
) -> bytes:
    """A search by traits (`rechercherInsAvecTraitsIdentite`).

    The three ids are fresh UUIDs; `emitter` is the OU of the certificate (mTLS) or the person's identifier.
    Without `assertion` (XML text), the request is in mTLS mode: no wsse:Security, no Id on the body.
    """
    stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    context = {"stamp": stamp, "emitter": emitter}
    given = "".join(f"<r:Prenom>{escape(name)}</r:Prenom>" for name in traits.given_names)
    place = f"<r:LieuNaissance>{escape(traits.birth_place)}</r:LieuNaissance>" if traits.birth_place else ""
    security = f'<wsse:Security xmlns:wsse="{names.WSSE}">{assertion}</wsse:Security>' if assertion else ""
    body_id = ' Id="_0"' if assertion else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soap:Envelope xmlns:soap="{names.SOAP}" xmlns:ctxbam="{names.BAM}" xmlns:ctxlps="{names.LPS}"'
        f' xmlns:wsa="{names.WSA}"><soap:Header>'
        f'<ctxbam:ContexteBAM Version="01_02">{_context("ctxbam", bam_id, context)}'
        "<ctxbam:COUVERTURE></ctxbam:COUVERTURE></ctxbam:ContexteBAM>"
        f'<ctxlps:ContexteLPS Nature="CTXLPS" Version="01_00">{_context("ctxlps", lps_id, context)}'
        f'<ctxlps:LPS><ctxlps:IDAM R="4">{escape(software.idam)}</ctxlps:IDAM>'
        f"<ctxlps:Version>{escape(software.version)}</ctxlps:Version>"
        f"<ctxlps:Instance>{escape(software.instance)}</ctxlps:Instance>"
        f"<ctxlps:Nom>urn:lps:{escape(software.name)}:{escape(software.version)}</ctxlps:Nom></ctxlps:LPS>"
        f"</ctxlps:ContexteLPS><wsa:Action>{names.ACTION_TRAITS}</wsa:Action>"
        f"<wsa:MessageID>uuid:{escape(message_id)}</wsa:MessageID>{security}</soap:Header>"
        f"<soap:Body{body_id}>"
        f'<r:RECSANSVITALE xmlns:r="{names.BY_TRAITS}"><r:NomNaissance>{escape(traits.birth_name)}'
        f"</r:NomNaissance>{given}<r:Sexe>{escape(traits.sex)}</r:Sexe>"
        f"<r:DateNaissance>{escape(traits.birth_date)}</r:DateNaissance>{place}</r:RECSANSVITALE>"
        "</soap:Body></soap:Envelope>"
    ).encode()


def _context(prefix: str, id: str, values: Mapping[str, str]) -> str:
    return (
        f"<{prefix}:Id>{escape(id)}</{prefix}:Id><{prefix}:Temps>{values['stamp']}</{prefix}:Temps>"
        f"<{prefix}:Emetteur>{escape(values['emitter'])}</{prefix}:Emetteur>"
    )


def read_request(data: bytes) -> InsiRequest:
    """Decode a request to INSi, whatever its prefixes. Raises RequestRefused."""
    try:
        root = xml.parse(data)
        for item in root.iterfind(f"{{{names.SOAP}}}Header/*"):
            if str(item.tag).startswith((f"{{{names.BAM}}}", f"{{{names.LPS}}}")):
                item.attrib.pop(f"{{{names.SOAP}}}mustUnderstand", None)  # INSi understands its contexts
        read = envelope.read(root)
    except xml.XmlRefused as error:
        raise RequestRefused(error.reason, error.detail, error.line) from None
    except envelope.EnvelopeRefused as error:
        raise RequestRefused(error.reason, error.detail) from None
    operations = {
        f"{{{names.BY_TRAITS}}}RECSANSVITALE": "traits",
        f"{{{names.BY_CARD}}}RECVITALE": "vitale",
    }
    operation = operations.get(str(read.body.tag))
    if operation is None:
        raise RequestRefused("unknown-operation", f"soap:Body holds {read.body.tag!s}", read.body.sourceline)
    header = read.root.find(f"{{{names.SOAP}}}Header")
    assertion = None if read.security is None else read.security.find(f"{{{names.SAML}}}Assertion")
    return InsiRequest(
        operation=operation,
        root=read.root,
        content=read.body,
        action=read.action or "",
        message_id=read.message_id or "",
        bam=None if header is None else header.find(f"{{{names.BAM}}}ContexteBAM"),
        lps=None if header is None else header.find(f"{{{names.LPS}}}ContexteLPS"),
        assertion=None if assertion is None else _assertion(assertion),
        traits=_traits(read.body) if operation == "traits" else None,
        card=_card(read.body) if operation == "vitale" else None,
        repeated=read.repeated,
    )


def _traits(content: Element) -> Traits:
    given = content.findall(f"{{{names.BY_TRAITS}}}Prenom")
    values = [
        text(content, names.BY_TRAITS, name)
        for name in ("NomNaissance", "Sexe", "DateNaissance", "LieuNaissance")
    ]
    return Traits(values[0], tuple(str(item.xpath("string()")) for item in given), *values[1:])


def _card(content: Element) -> Card:
    own = (
        "MatriculeIndividu"
        if text(content, names.BY_CARD, "MatriculeIndividu/NumIdentifiant")
        else "MatriculeOD"
    )
    return Card(
        text(content, names.BY_CARD, f"{own}/NumIdentifiant"),
        text(content, names.BY_CARD, f"{own}/Cle"),
        text(content, names.BY_CARD, "NomNaissance"),
        text(content, names.BY_CARD, "DateNaissance"),
        text(content, names.BY_CARD, "RangNaissance"),
    )


def _assertion(element: Element) -> Assertion:
    name_id = element.find(f"{{{names.SAML}}}Subject/{{{names.SAML}}}NameID")
    attributes = {
        item.get("Name", ""): " ".join(str(value.xpath("string()")) for value in children(item))
        for item in element.iter(f"{{{names.SAML}}}Attribute")
    }
    return Assertion(
        qualifier="" if name_id is None else name_id.get("NameQualifier", ""),
        subject="" if name_id is None else str(name_id.xpath("string()")),
        signed=any(local(item) == "Signature" for item in children(element)),
        attributes=attributes,
    )
