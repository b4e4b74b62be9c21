"""A document of the registry as the pages show it, and as they give it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from schemas import cda
from schemas.cda import CdaRefused
from schemas.valuesets import type_of
from schemas.xds import names
from schemas.xml import XmlRefused
from simulators.core.service import Response, answer

from ..rows import Held
from ..update import by_the_patient
from .look import COMMON

PDF, CDA = "pdf", "cda"
STATUSES = {
    names.APPROVED: "approved",
    names.DEPRECATED: "deprecated",
    names.ARCHIVED: "archived",
    names.DELETED: "deleted",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One document in a list. `created`: wire time; `status`: word of STATUSES."""

    unique_id: str
    title: str
    kind: str  # label of its type, or the code
    type_code: str
    created: str
    author: str
    structure: str
    status: str
    masked: bool
    invisible_patient: bool
    invisible_representatives: bool
    by_patient: bool
    version: int


def line(held: Held) -> Line:
    """What is said of a document."""
    known = type_of(held.type_code)
    authors = held.facets["AuthorPerson"]
    return Line(
        unique_id=held.unique_id,
        title=held.title,
        kind=(known.display if known else "") or held.type_code,
        type_code=held.type_code,
        created=(held.facets["CreationTime"] or [""])[0],
        author=_person(authors[0]) if authors else "",
        structure=(held.facets["structures"] or [""])[0],
        status=STATUSES.get(held.status, held.status),
        masked=held.masked,
        invisible_patient=names.INVISIBLE_PATIENT in held.flags,
        invisible_representatives=names.INVISIBLE_REPRESENTANTS in held.flags,
        by_patient=by_the_patient(held),
        version=held.version,
    )


def _person(xcn: str) -> str:
    identifier, family, given, *_ = (*xcn.split("^"), "", "", "")
    return f"{given} {family}".strip() or identifier


def latest(entries: Iterable[Held], visible: Iterable[Held], count: int) -> list[Held]:
    """The documents added last, newest first: by their first version, whatever was changed since.

    `entries`: every version of every document of the patient; `visible`: those that may be shown.
    """
    added: dict[str, int] = {}
    for one in entries:
        added[one.lid] = min(one.submission, added.get(one.lid, one.submission))
    return sorted(visible, key=lambda one: (added[one.lid], one.unique_id), reverse=True)[:count]


def pdf_of(data: bytes) -> bytes:
    """The PDF that a CDA carries; empty when it carries none, or is none."""
    try:
        found = cda.read(data).pdf or b""
    except (CdaRefused, XmlRefused):
        return b""
    return found if found.startswith(b"%PDF-") else b""


def given(held: Held, data: bytes, form: str) -> Response | None:
    """A document as a download (`cda`: the very bytes) or as its PDF in the browser; None without a PDF."""
    name = re.sub(r"[^0-9A-Za-z.-]", "_", held.unique_id)[:100]
    if form == PDF:
        data = pdf_of(data)
        if not data:
            return None
        return answer(200, "application/pdf", data, *_named("inline", f"{name}.pdf"), *COMMON)
    sealed = ("Content-Security-Policy", "default-src 'none'; sandbox")  # a vendor's XML must not run here
    return answer(200, "application/xml", data, *_named("attachment", f"{name}.xml"), sealed, *COMMON)


def _named(how: str, name: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Disposition", f'{how}; filename="{name}"'),)
