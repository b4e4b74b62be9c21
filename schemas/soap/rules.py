"""How a SOAP message was carried: MTOM, media types, addressing. Judged on the message alone."""

from collections.abc import Iterator

from schemas.finding import Keyword, Observation, RuleSet
from schemas.frozen import frozen

from . import media
from .envelope import Envelope
from .message import Carried

RULES: RuleSet["Sent"] = RuleSet("soap", ("DMP/CONF.10",))
GUIDE = "guide d'intégration DMP (SEL-MP-037)"


@frozen
class Sent:
    """A message to judge. `mtom`: the request carries documents (ITI-41)."""

    carried: Carried
    envelope: Envelope | None = None
    mtom: bool = False
    action: str = ""  # the wsa:Action that the transaction wants
    inline: tuple[str, ...] = ()  # where documents travelled as base64 text


@RULES.rule(
    "SOAP-MTOM-01", requires=Keyword.DOIT, requirements=("EX_2.1-1260",), source=f"{GUIDE}, EX_2.1-1260"
)
def documents_travel_by_mtom(sent: Sent) -> Iterator[Observation]:
    """A message that carries documents is multipart/related with an XOP root."""
    if not sent.mtom:
        return
    if sent.carried.parts is None:
        yield Observation("Content-Type", sent.carried.media.name, f'{media.RELATED}; type="{media.XOP}"')
    for where in sent.inline:
        if sent.carried.parts is not None:
            yield Observation(where, "base64", "xop:Include")


@RULES.rule("SOAP-MTOM-02", requires=Keyword.DEVRAIT, source="MTOM §3.2, RFC 2387")
def multipart_is_declared(sent: Sent) -> Iterator[Observation]:
    """type, start-info and the root part say XOP over SOAP 1.2."""
    parts = sent.carried.parts
    if parts is None:
        return
    kind = parts.media.get("type").lower()
    if kind != media.XOP:
        yield Observation("Content-Type; type", kind, media.XOP)
    info = media.parse(parts.media.get("start-info")).name
    if kind == media.XOP and info != media.SOAP_12:
        yield Observation("Content-Type; start-info", info, media.SOAP_12)
    root = parts.root.media
    if root.name != media.XOP:
        yield Observation("part[1]/Content-Type", root.name, media.XOP)
    elif media.parse(root.get("type")).name != media.SOAP_12:
        yield Observation("part[1]/Content-Type; type", root.get("type"), media.SOAP_12)


@RULES.rule("SOAP-MTOM-03", requires=Keyword.DEVRAIT, source="RFC 2046 §5.1.1, RFC 2392")
def multipart_is_clean(sent: Sent) -> Iterator[Observation]:
    """Lines end with CRLF and every attachment can be named."""
    parts = sent.carried.parts
    if parts is None:
        return
    if "lf-only" in parts.notes:
        yield Observation("multipart", "LF", "CRLF")
    if "part-without-content-id" in parts.notes:
        yield Observation("part/Content-ID", "", "<…>")


@RULES.rule("SOAP-MTOM-04", requires=Keyword.PEUT, source="RFC 2046 §5.1.1, MTOM §3.2")
def multipart_is_unusual(sent: Sent) -> Iterator[Observation]:
    """Accepted, but some servers differ: no start, preamble, text encodings."""
    parts = sent.carried.parts
    for note in parts.notes if parts is not None else ():
        if note in ("no-start", "preamble", "epilogue") or note.startswith("encoding-"):
            yield Observation("multipart", note)


@RULES.rule("SOAP-WSA-01", requires=Keyword.DOIT, source=f"{GUIDE}; WS-Addressing 1.0")
def addressing_is_complete(sent: Sent) -> Iterator[Observation]:
    """MessageID, To, ReplyTo and Action are present, once."""
    if sent.envelope is None:
        return
    for name in sent.envelope.missing:
        yield Observation(f"/Envelope/Header/{name}", "", f"wsa:{name}")
    for name in sent.envelope.repeated:
        yield Observation(f"/Envelope/Header/{name}", "2", "1")


@RULES.rule("SOAP-WSA-02", requires=Keyword.DOIT, source=GUIDE)
def action_is_the_transaction(sent: Sent) -> Iterator[Observation]:
    """wsa:Action is the one of the transaction in the body."""
    if sent.envelope is not None and sent.envelope.action and sent.envelope.action != sent.action:
        yield Observation("/Envelope/Header/Action", sent.envelope.action, sent.action)


@RULES.rule("SOAP-WSA-03", requires=Keyword.DEVRAIT, source=f"{GUIDE}; WS-Addressing 1.0")
def message_id_is_a_uuid(sent: Sent) -> Iterator[Observation]:
    """MessageID is urn:uuid: and the answer goes to the anonymous address."""
    if sent.envelope is None:
        return
    message_id = sent.envelope.message_id or ""
    if message_id and not message_id.startswith("urn:uuid:"):
        yield Observation("/Envelope/Header/MessageID", message_id, "urn:uuid:…")
    reply = sent.envelope.reply_to
    if reply and reply != "http://www.w3.org/2005/08/addressing/anonymous":
        yield Observation("/Envelope/Header/ReplyTo/Address", reply, "…/addressing/anonymous")


@RULES.rule("SOAP-HTTP-01", requires=Keyword.DEVRAIT, source="SOAP 1.2 part 2, RFC 3902")
def media_type_is_soap(sent: Sent) -> Iterator[Observation]:
    """A plain message is application/soap+xml."""
    if sent.carried.parts is None and sent.carried.media.name != media.SOAP_12:
        yield Observation("Content-Type", sent.carried.media.name, media.SOAP_12)


VERSION = RULES.declare("SOAP-VERSION-01", requires=Keyword.DOIT, source=f"{GUIDE}; SOAP 1.2")
BROKEN = RULES.declare(
    "SOAP-MTOM-05", requires=Keyword.DOIT, requirements=("EX_2.1-1260",), source="RFC 2046, XOP"
)
MALFORMED = RULES.declare("SOAP-XML-01", requires=Keyword.DOIT, source="SOAP 1.2 part 1 §5, XML 1.0")
REPEATED_ID = RULES.declare("SOAP-WSA-04", requires=Keyword.DEVRAIT, source="WS-Addressing 1.0 §3.2")
