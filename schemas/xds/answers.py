"""Registry answers: RegistryResponse and its error list (ebRS 3.0, IHE ITI TF-3 §4.2.4)."""

from collections.abc import Iterable, Sequence

from schemas.xds import names
from schemas.xds.model import RegistryError, RegistryResponse, XdsRefused
from schemas.xds.writer import escape
from schemas.xml import Element

_RESPONSE, _LIST = f"{{{names.RS}}}RegistryResponse", f"{{{names.RS}}}RegistryErrorList"
_ERROR = f"{{{names.RS}}}RegistryError"


def write_registry_response(response: RegistryResponse) -> bytes:
    """`rs:RegistryResponse`, without an XML declaration."""
    return (
        f'<rs:RegistryResponse xmlns:rs="{names.RS}" status="{escape(response.status)}">'
        f"{errors_text(response.errors)}</rs:RegistryResponse>"
    ).encode()


def errors_text(errors: Iterable[RegistryError]) -> str:
    """The `rs:RegistryErrorList` (the `rs` prefix must be declared around it); empty without errors."""
    listed = tuple(errors)
    items = "".join(
        f'<rs:RegistryError errorCode="{escape(error.code)}" codeContext="{escape(error.context)}"'
        f' location="{escape(error.location)}" severity="{escape(error.severity)}"/>'
        for error in listed
    )
    if not items:
        return ""
    return f'<rs:RegistryErrorList highestSeverity="{_highest(listed)}">{items}</rs:RegistryErrorList>'


def _highest(listed: Sequence[RegistryError]) -> str:
    grave = any(error.severity != names.SEVERITY_WARNING for error in listed)
    return names.SEVERITY_ERROR if grave else names.SEVERITY_WARNING


def read_registry_response(element: Element) -> RegistryResponse:
    """Decode a RegistryResponse, or what carries the same attributes (AdhocQueryResponse).

    Raises XdsRefused with reason `not-a-response` when there is no status.
    """
    found = element if element.get("status") else next(element.iter(_RESPONSE), None)
    status = None if found is None else found.get("status")
    if found is None or status is None:
        raise XdsRefused("not-a-response", "no RegistryResponse with a status", element.sourceline)
    return RegistryResponse(status, read_errors(found))


def read_errors(element: Element) -> tuple[RegistryError, ...]:
    """The errors listed directly under this element."""
    return tuple(
        RegistryError(
            error.get("errorCode", ""),
            error.get("codeContext", ""),
            error.get("location", ""),
            error.get("severity", names.SEVERITY_ERROR),
        )
        for child in element.iterchildren(_LIST)
        for error in child.iterchildren(_ERROR)
    )
