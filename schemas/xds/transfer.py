"""Documents on the move: Provide and Register (ITI-41) and Retrieve Document Set (ITI-43) bodies.

Documents travel as XOP: `xop:Include/@href` is a `cid:` of the multipart. Inline base64 is read too (a client
that ignores MTOM), and `inline` says so. Sources: IHE ITI TF-2 §3.41 and §3.43, SEL-MP-037 (TD2.1, TD3.2).
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import field

from schemas.frozen import frozen
from schemas.xds import names
from schemas.xds.answers import errors_text, read_errors
from schemas.xds.model import RegistryError, Submission, XdsRefused
from schemas.xds.reader import read_submission
from schemas.xds.writer import escape
from schemas.xml import Element

_DOCUMENT = f"{{{names.IHE}}}Document"
_PROVIDE = f"{{{names.IHE}}}ProvideAndRegisterDocumentSetRequest"
_RETRIEVE = f"{{{names.IHE}}}RetrieveDocumentSetRequest"
_RETRIEVED = f"{{{names.IHE}}}RetrieveDocumentSetResponse"
_SUBMIT = f"{{{names.LCM}}}SubmitObjectsRequest"
_INCLUDE = f"{{{names.XOP}}}Include"


@frozen
class Provided:
    """A decoded TD2.1 body. `inline` holds the ids of the documents sent as base64 inside the XML.

    `metadata` is the `lcm:SubmitObjectsRequest` element.
    """

    submission: Submission
    documents: Mapping[str, bytes]
    inline: tuple[str, ...] = ()
    metadata: Element | None = field(default=None, repr=False, compare=False)


@frozen
class Wanted:
    """One document asked for: repository and document OIDs."""

    repository_unique_id: str
    unique_id: str


@frozen
class Retrieved:
    """One document given back; `href` is the `cid:` under which its bytes travel."""

    repository_unique_id: str
    unique_id: str
    mime_type: str
    content: bytes = b""
    href: str = ""


@frozen
class RetrieveResponse:
    status: str = names.SUCCESS
    documents: tuple[Retrieved, ...] = ()
    errors: tuple[RegistryError, ...] = ()


def write_provide(submission: bytes, documents: Mapping[str, str]) -> bytes:
    """The TD2.1 body: the written submission and, by entry id, the `cid:` URL of each document."""
    parts = "".join(
        f'<ihe:Document id="{escape(entry)}"><xop:Include xmlns:xop="{names.XOP}" href="{escape(href)}"/>'
        "</ihe:Document>"
        for entry, href in documents.items()
    )
    return (
        f'<ihe:ProvideAndRegisterDocumentSetRequest xmlns:ihe="{names.IHE}">'.encode()
        + submission
        + parts.encode()
        + b"</ihe:ProvideAndRegisterDocumentSetRequest>"
    )


def read_provide(element: Element, attachments: Mapping[str, bytes]) -> Provided:
    """Decode a TD2.1 body. `attachments` maps a `cid:` URL, or the bare Content-ID, to its bytes.

    Raises XdsRefused with reason `not-a-submission` (and those of `read_submission`), `missing-attachment`,
    `bad-base64` or `duplicate-document`.
    """
    request = next(element.iter(_PROVIDE), None)
    submit = None if request is None else request.find(_SUBMIT)
    if request is None or submit is None:
        raise XdsRefused("not-a-submission", "no ProvideAndRegisterDocumentSetRequest", element.sourceline)
    documents: dict[str, bytes] = {}
    inline: list[str] = []
    for child in request.iterchildren(_DOCUMENT):
        entry = child.get("id", "")
        if entry in documents:
            raise XdsRefused("duplicate-document", f"Document/@id {entry!r} twice", child.sourceline)
        documents[entry], included = _content(child, attachments)
        if not included:
            inline.append(entry)
    return Provided(read_submission(submit), documents, tuple(inline), submit)


def _content(document: Element, attachments: Mapping[str, bytes]) -> tuple[bytes, bool]:
    include = document.find(_INCLUDE)
    if include is not None:
        href = include.get("href", "")
        found = attachments.get(href, attachments.get(href.removeprefix("cid:")))
        if found is None:
            raise XdsRefused("missing-attachment", f"no MIME part for {href!r}", include.sourceline)
        return found, True
    try:
        return base64.b64decode("".join((document.text or "").split()), validate=True), False
    except (binascii.Error, ValueError) as error:
        raise XdsRefused("bad-base64", str(error), document.sourceline) from None


def write_retrieve(wanted: Iterable[Wanted]) -> bytes:
    """`ihe:RetrieveDocumentSetRequest`."""
    items = "".join(
        f"<ihe:DocumentRequest><ihe:RepositoryUniqueId>{escape(one.repository_unique_id)}"
        f"</ihe:RepositoryUniqueId><ihe:DocumentUniqueId>{escape(one.unique_id)}</ihe:DocumentUniqueId>"
        "</ihe:DocumentRequest>"
        for one in wanted
    )
    return (
        f'<ihe:RetrieveDocumentSetRequest xmlns:ihe="{names.IHE}">{items}</ihe:RetrieveDocumentSetRequest>'
    ).encode()


def read_retrieve(element: Element) -> tuple[Wanted, ...]:
    """Decode a RetrieveDocumentSetRequest. Raises XdsRefused with reason `not-a-retrieve`."""
    request = next(element.iter(_RETRIEVE), None)
    if request is None:
        raise XdsRefused("not-a-retrieve", "no RetrieveDocumentSetRequest", element.sourceline)
    return tuple(
        Wanted(_text(item, "RepositoryUniqueId"), _text(item, "DocumentUniqueId"))
        for item in request.iterchildren(f"{{{names.IHE}}}DocumentRequest")
    )


def write_retrieve_response(response: RetrieveResponse) -> bytes:
    """`ihe:RetrieveDocumentSetResponse`; a document without `href` is put inline as base64."""
    items = "".join(
        f"<ihe:DocumentResponse><ihe:RepositoryUniqueId>{escape(one.repository_unique_id)}"
        f"</ihe:RepositoryUniqueId><ihe:DocumentUniqueId>{escape(one.unique_id)}</ihe:DocumentUniqueId>"
        f"<ihe:mimeType>{escape(one.mime_type)}</ihe:mimeType><ihe:Document>{_payload(one)}</ihe:Document>"
        "</ihe:DocumentResponse>"
        for one in response.documents
    )
    return (
        f'<ihe:RetrieveDocumentSetResponse xmlns:ihe="{names.IHE}" xmlns:rs="{names.RS}">'
        f'<rs:RegistryResponse status="{escape(response.status)}">{errors_text(response.errors)}'
        f"</rs:RegistryResponse>{items}</ihe:RetrieveDocumentSetResponse>"
    ).encode()


def _payload(one: Retrieved) -> str:
    if one.href:
        return f'<xop:Include xmlns:xop="{names.XOP}" href="{escape(one.href)}"/>'
    return base64.b64encode(one.content).decode()


def read_retrieve_response(element: Element, attachments: Mapping[str, bytes]) -> RetrieveResponse:
    """Decode a RetrieveDocumentSetResponse, with its attachments as in `read_provide`.

    Raises XdsRefused with reason `not-a-response`, `missing-attachment` or `bad-base64`.
    """
    response = next(element.iter(_RETRIEVED), None)
    registry = None if response is None else response.find(f"{{{names.RS}}}RegistryResponse")
    if response is None or registry is None:
        raise XdsRefused("not-a-response", "no RetrieveDocumentSetResponse", element.sourceline)
    documents = []
    for item in response.iterchildren(f"{{{names.IHE}}}DocumentResponse"):
        body = item.find(_DOCUMENT)
        content = b"" if body is None else _content(body, attachments)[0]
        repository, unique = _text(item, "RepositoryUniqueId"), _text(item, "DocumentUniqueId")
        documents.append(Retrieved(repository, unique, _text(item, "mimeType"), content))
    return RetrieveResponse(registry.get("status", ""), tuple(documents), read_errors(registry))


def _text(parent: Element, name: str) -> str:
    return (parent.findtext(f"{{{names.IHE}}}{name}") or "").strip()
