"""What every HL7v3 message to and from the DMP begins with. Source: example messages of the DMP."""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from schemas.xml import Element

from .model import DMP_DEVICE, HL7, INTERACTIONS, Identity
from .request import XSI, identity, read_identity, value_of

NS = f"{{{HL7}}}"


@dataclass(frozen=True, slots=True)
class Header:
    """Identity of a message, its time (YYYYMMDDhhmmss) and the software that sends it."""

    id: Identity
    created: str
    device: str
    software: str
    processing: str = "P"


def question(name: str, header: Header, act: str) -> str:
    """A message to the DMP around its controlActProcess."""
    return (
        f"{_start(name, header.id, header.created, header.processing)}"
        f'<acceptAckCode code="AL"/>{_device("receiver", "RCV", DMP_DEVICE, "DMP")}'
        f"{_device('sender', 'SND', header.device, header.software)}{act}</{name}>"
    )


def answer(
    name: str,
    id_: Identity,
    created: str,
    asked: Header,
    act: str,
    error: tuple[str, str] | None = None,
    negative: str = "AE",
) -> str:
    """A message of the DMP that answers `asked`.

    `error` is a code and words: then it is `negative`, AE or AR.
    """
    detail, ack = "", "AA"
    if error is not None:
        ack = negative
        detail = (
            f'<acknowledgementDetail typeCode="E"><code code={quoteattr(error[0])}/>'
            f"<text>{escape(error[1])}</text></acknowledgementDetail>"
        )
    return (
        f'{_start(name, id_, created, "P")}<acceptAckCode code="NE"/>'
        f"{_device('receiver', 'RCV', asked.device, asked.software)}"
        f'{_device("sender", "SND", DMP_DEVICE, "DMP")}<acknowledgement typeCode="{ack}"><targetMessage>'
        f"{identity('id', asked.id)}</targetMessage>{detail}</acknowledgement>{act}</{name}>"
    )


def read_header(element: Element) -> Header:
    """The header of a question; what is absent is empty."""
    return Header(
        read_identity(element.find(f"{NS}id")),
        value_of(element, "creationTime", "value"),
        value_of(element, f"sender/{NS}device/{NS}id", "root"),
        (element.findtext(f"{NS}sender/{NS}device/{NS}softwareName") or "").strip(),
        value_of(element, "processingCode", "code"),
    )


def read_error(element: Element) -> tuple[str, str] | None:
    """The code and the words of a negative acknowledgement; None when it is positive."""
    ack = element.find(f"{NS}acknowledgement")
    if ack is None or ack.get("typeCode") == "AA":
        return None
    text = ack.findtext(f"{NS}acknowledgementDetail/{NS}text") or ""
    return value_of(ack, f"acknowledgementDetail/{NS}code", "code"), text.strip()


def _start(name: str, id_: Identity, created: str, processing: str) -> str:
    return (
        f'<{name} xmlns="{HL7}" xmlns:xsi="{XSI}" ITSVersion="XML_1.0">{identity("id", id_)}'
        f'<creationTime value="{escape(created)}"/><interactionId root="{INTERACTIONS}" extension="{name}"/>'
        f'<processingCode code="{processing}"/><processingModeCode code="T"/>'
    )


def _device(tag: str, code: str, root: str, software: str) -> str:
    return (
        f'<{tag} typeCode="{code}"><device classCode="DEV" determinerCode="INSTANCE"><id '
        f"root={quoteattr(root)}/><softwareName>{escape(software)}</softwareName></device></{tag}>"
    )
