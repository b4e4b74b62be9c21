"""A whole HTTP body that carries SOAP, plain or multipart, to its envelope and its attachments."""

import contextlib

from schemas import xml
from schemas.frozen import frozen
from schemas.xml import Element

from . import media, mtom
from .envelope import XOP
from .mtom import MultipartRefused, Parts

_INCLUDE = f"{{{XOP}}}Include"


@frozen
class Carried:
    """A SOAP message as it travelled. `parts` is None for a plain (not multipart) message.

    `written`: the bytes of the envelope.
    """

    media: media.MediaType
    root: Element
    parts: Parts | None
    written: bytes

    def referenced(self, within: Element | None = None) -> dict[str, bytes]:
        """The content of each xop:Include, by its href; those that name no part are left out.

        `within`: look only two levels below this element, where ITI-41 puts its documents.
        """
        found: dict[str, bytes] = {}
        if self.parts is None:
            return found
        includes = self.root.iter(_INCLUDE) if within is None else within.iterfind(f"*/{_INCLUDE}")
        for include in includes:
            with contextlib.suppress(MultipartRefused):
                href = include.get("href", "")
                found[href] = self.parts.resolve(href)
        return found


def read(content_type: str, body: bytes) -> Carried:
    """Take a SOAP message apart and parse its envelope.

    Raises MultipartRefused (see `mtom.split`) or `schemas.xml.XmlRefused`.
    """
    if mtom.is_multipart(content_type):
        parts = mtom.split(content_type, body)
        return Carried(parts.media, xml.parse(parts.root.content), parts, parts.root.content)
    return Carried(media.parse(content_type), xml.parse(body), None, body)
