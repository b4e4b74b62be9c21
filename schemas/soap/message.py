"""A whole HTTP body that carries SOAP, plain or multipart, to its envelope and its attachments."""

import base64
import binascii
from dataclasses import dataclass

from schemas import xml
from schemas.xml import Element

from . import media, mtom
from .mtom import MultipartRefused, Part, Parts


@dataclass(frozen=True, slots=True)
class Carried:
    """A SOAP message as it travelled. `parts` is None for a plain (not multipart) message."""

    media: media.MediaType
    root: Element
    parts: Parts | None

    @property
    def envelope_part(self) -> Part | None:
        return self.parts.root if self.parts else None

    def content(self, holder: Element) -> tuple[bytes, bool]:
        """The bytes of an element that holds base64 or xop:Include, and whether they were an attachment.

        Raises MultipartRefused (`content-id`, `encoding`) when the attachment is missing or the text is
        not base64.
        """
        include = holder.find("{http://www.w3.org/2004/08/xop/include}Include")
        if include is None:
            text = "".join((holder.text or "").split())
            try:
                return base64.b64decode(text, validate=True), False
            except binascii.Error as error:
                raise MultipartRefused("encoding", f"the inline content is not base64: {error}") from None
        href = include.get("href", "")
        if self.parts is None:
            raise MultipartRefused("content-id", f"{href!r} refers to a part but the message has none")
        return self.parts.resolve(href), True


def read(content_type: str, body: bytes) -> Carried:
    """Take a SOAP message apart and parse its envelope.

    Raises MultipartRefused (see `mtom.split`) or `schemas.xml.XmlRefused`.
    """
    if mtom.is_multipart(content_type):
        parts = mtom.split(content_type, body)
        return Carried(parts.media, xml.parse(parts.root.content), parts)
    return Carried(media.parse(content_type), xml.parse(body), None)
