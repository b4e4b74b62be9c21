"""SOAP 1.2 envelopes with WS-Addressing 1.0 and a WS-Security header: read, write, faults.

Sources: W3C SOAP 1.2 part 1, WS-Addressing 1.0 SOAP binding, OASIS WSS SOAP Message Security 1.1.
"""

from xml.sax.saxutils import escape

from schemas.frozen import frozen
from schemas.xml import Element, children, local

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
XOP = "http://www.w3.org/2004/08/xop/include"
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
FAULT_ACTION = "http://www.w3.org/2005/08/addressing/soap/fault"

_UNDERSTOOD = frozenset({WSA, WSSE})


class EnvelopeRefused(ValueError):
    """Not an envelope that can be dispatched. `reason` is a stable word, `detail` is for people.

    Reasons: `not-soap`, `soap-1.1`, `no-body`, `empty-body`, `must-understand`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@frozen
class Envelope:
    """An envelope as read. Addressing values are None when their header is absent, stripped otherwise."""

    root: Element
    body: Element  # first child element of soap:Body
    action: str | None = None
    message_id: str | None = None
    to: str | None = None
    reply_to: str | None = None  # the wsa:Address inside
    relates_to: str | None = None
    security: Element | None = None
    repeated: tuple[str, ...] = ()  # addressing headers present more than once

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the required request headers that are absent (To may be empty)."""
        given = {
            "MessageID": self.message_id,
            "To": self.to,
            "ReplyTo": self.reply_to,
            "Action": self.action,
        }
        return tuple(
            name for name, value in given.items() if value is None or (name != "To" and not value.strip())
        )


@frozen
class SoapFault:
    """A fault as read: local name of the code, subcode and texts."""

    code: str  # "Sender", "Receiver", "VersionMismatch", "MustUnderstand"
    subcode: str
    reason: str


def read(root: Element, *, soap11: bool = False) -> Envelope:
    """Decode a SOAP 1.2 envelope; one of SOAP 1.1 too with `soap11`.

    Raises EnvelopeRefused. A SOAP 1.1 envelope is otherwise recognised and refused as such (`soap-1.1`).
    """
    soap = SOAP
    if root.tag == f"{{{SOAP_11}}}Envelope" and soap11:
        soap = SOAP_11
    elif root.tag == f"{{{SOAP_11}}}Envelope":
        raise EnvelopeRefused("soap-1.1", "the envelope is SOAP 1.1: SOAP 1.2 is required")
    elif root.tag != f"{{{SOAP}}}Envelope":
        raise EnvelopeRefused("not-soap", f"the root element is {local(root)}, not a SOAP envelope")
    header = root.find(f"{{{soap}}}Header")
    body = root.find(f"{{{soap}}}Body")
    if body is None:
        raise EnvelopeRefused("no-body", "the envelope has no soap:Body")
    content = next(children(body), None)
    if content is None:
        raise EnvelopeRefused("empty-body", "soap:Body is empty")
    values: dict[str, str] = {}
    repeated: list[str] = []
    security: Element | None = None
    for item in children(header) if header is not None else ():
        namespace, _, name = str(item.tag)[1:].partition("}")
        if namespace == WSA:
            if name in values:
                repeated.append(name)
            values.setdefault(name, _addressing_value(item, name))
        elif namespace == WSSE and name == "Security":
            if security is not None:
                repeated.append("Security")
            security = item
        if namespace not in _UNDERSTOOD and item.get(f"{{{soap}}}mustUnderstand") in ("true", "1"):
            raise EnvelopeRefused("must-understand", f"header {name} must be understood and is not")
    return Envelope(
        root=root,
        body=content,
        action=values.get("Action"),
        message_id=values.get("MessageID"),
        to=values.get("To"),
        reply_to=values.get("ReplyTo"),
        relates_to=values.get("RelatesTo"),
        security=security,
        repeated=tuple(repeated),
    )


def _addressing_value(item: Element, name: str) -> str:
    if name == "ReplyTo":
        return (item.findtext(f"{{{WSA}}}Address") or "").strip()
    return (item.text or "").strip()


def write(
    body: str | bytes,
    *,
    action: str,
    message_id: str,
    to: str = "",
    relates_to: str = "",
    reply: bool = False,
    security: str = "",
) -> bytes:
    """An envelope around an XML fragment (text, or bytes in UTF-8).

    `reply` writes the headers of an answer (no ReplyTo). `security` is the content of wsse:Security as XML
    text; `message_id` comes with its `urn:uuid:`.
    """
    headers = [
        f'<wsa:Action soap:mustUnderstand="true">{escape(action)}</wsa:Action>',
        f"<wsa:MessageID>{escape(message_id)}</wsa:MessageID>",
        f"<wsa:To>{escape(ANONYMOUS if reply else to)}</wsa:To>",
    ]
    if not reply:
        address = f"<wsa:Address>{ANONYMOUS}</wsa:Address>"
        headers.append(f'<wsa:ReplyTo soap:mustUnderstand="true">{address}</wsa:ReplyTo>')
    if relates_to:
        headers.append(f"<wsa:RelatesTo>{escape(relates_to)}</wsa:RelatesTo>")
    if security:
        headers.append(f'<wsse:Security xmlns:wsse="{WSSE}">{security}</wsse:Security>')
    head = (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:wsa="{WSA}"><soap:Header>{"".join(headers)}</soap:Header>'
        "<soap:Body>"
    )
    content = body if isinstance(body, bytes) else body.encode()
    return head.encode() + content + b"</soap:Body></soap:Envelope>"


def fault(
    code: str,
    reason: str,
    *,
    message_id: str,
    relates_to: str = "",
    subcode: str = "",
    subcode_namespace: str = "",
    action: str = FAULT_ACTION,
) -> bytes:
    """A SOAP 1.2 fault. `code` is `Sender`, `Receiver`, `VersionMismatch` or `MustUnderstand`.

    `subcode` is written as is, or as a QName of `subcode_namespace` when one is given.
    """
    inner = ""
    if subcode:
        declared = f' xmlns:sub="{escape(subcode_namespace)}"' if subcode_namespace else ""
        name = f"sub:{subcode}" if subcode_namespace else subcode
        inner = f"<soap:Subcode><soap:Value{declared}>{escape(name)}</soap:Value></soap:Subcode>"
    body = (
        f"<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value>{inner}</soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="fr">{escape(reason)}</soap:Text></soap:Reason></soap:Fault>'
    )
    return write(body, action=action, message_id=message_id, relates_to=relates_to, reply=True)


def read_fault(body: Element) -> SoapFault | None:
    """The fault in this first child of soap:Body; None when it is something else."""
    if body.tag != f"{{{SOAP}}}Fault":
        return None
    code = body.findtext(f"{{{SOAP}}}Code/{{{SOAP}}}Value") or ""
    subcode = body.findtext(f"{{{SOAP}}}Code/{{{SOAP}}}Subcode/{{{SOAP}}}Value") or ""
    reason = body.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text") or ""
    return SoapFault(
        code.strip().rpartition(":")[2], subcode.strip().rpartition(":")[2], " ".join(reason.split())
    )
