"""From what the DMP decided to bytes: answers in the transaction's own form, faults, multipart."""

from collections.abc import Sequence

from schemas import hl7v3, xds
from schemas.habilitations import ListByPatient, Outcome, PatientList, SetAuthorization, write_answer
from schemas.habilitations.request import operation_of
from schemas.hl7v3.legacy import Revision, write_refusal
from schemas.hl7v3.pdq import Find, write_found
from schemas.soap import envelope, media, mtom
from schemas.soap.mtom import Attachment
from schemas.xds import RegistryError, RegistryResponse, RetrieveResponse, names
from schemas.xds.answers import errors_text
from simulators.core.service import Response, answer

from .consult import Listed
from .errors import ANSWER, Refusal
from .examine import Examined
from .routes import FEEDS, RETRIEVE, SEARCH, UPDATE, Operation


def reply(
    seen: Examined,
    operation: Operation,
    body: str | bytes,
    message_id: str,
    attachments: Sequence[Attachment] = (),
) -> Response:
    """The answer of a transaction: multipart when the question was, or when it always is."""
    data = envelope.write(
        body, action=operation.answer, message_id=message_id, relates_to=seen.message_id, reply=True
    )
    asked_in_parts = seen.carried is not None and seen.carried.parts is not None
    if operation.multipart or (operation in FEEDS and asked_in_parts):
        return _multipart(200, data, operation.answer, attachments)
    return answer(200, f'{media.SOAP_12}; charset=UTF-8; action="{operation.answer}"', data)


def _multipart(status: int, data: bytes, action: str, attachments: Sequence[Attachment] = ()) -> Response:
    content_type, body = mtom.join(data, attachments, action, boundary="uuid-segur-bench")
    return answer(status, content_type, body)


def refusal(seen: Examined, refused: Refusal, message_id: str, created: str) -> Response:
    """A refusal in its carrier: a fault, or the negative form of the transaction's answer."""
    operation = seen.operation
    if refused.carrier == ANSWER and operation is not None:
        body = _negative(seen, operation, refused, message_id, created)
        if body is not None:
            return reply(seen, operation, body, message_id)
    data = envelope.fault(
        refused.soap_code,
        refused.text,
        message_id=message_id,
        relates_to=seen.message_id,
        subcode=refused.code,
        subcode_namespace=refused.namespace,
    )
    if operation.multipart if operation else seen.transaction == RETRIEVE.transaction:
        return _multipart(refused.status, data, envelope.FAULT_ACTION)
    return answer(refused.status, f'{media.SOAP_12}; charset=UTF-8; action="{envelope.FAULT_ACTION}"', data)


def _negative(
    seen: Examined, operation: Operation, refused: Refusal, message_id: str, created: str
) -> str | bytes | None:
    error = RegistryError(refused.code, refused.text, refused.location)
    if operation in (*FEEDS, UPDATE):
        return xds.write_registry_response(RegistryResponse(names.FAILURE, (error,)))
    if operation is SEARCH:
        return search_answer((), errors=(error,), status=names.FAILURE)
    if operation is RETRIEVE:
        return xds.write_retrieve_response(RetrieveResponse(names.FAILURE, errors=refused.listed or (error,)))
    asked = seen.payload
    identity = hl7v3.Identity("1.2.250.1.213.4.1.1.1.1", message_id.removeprefix("urn:uuid:"))
    if isinstance(asked, hl7v3.Query):
        return hl7v3.write_error(asked, identity, created, refused.code, refused.text, refused.ack)
    if isinstance(asked, Find):
        return write_found(asked, identity, created, (), 0, (refused.code, refused.text), refused.ack)
    if isinstance(asked, Revision):
        return write_refusal(asked, identity, created, refused.code, refused.text, refused.ack)
    if isinstance(asked, SetAuthorization | ListByPatient | PatientList):
        return write_answer(operation_of(asked), Outcome(refused.code, refused.text))
    return None


def search_answer(
    listed: Sequence[Listed],
    *,
    references: bool = False,
    errors: Sequence[RegistryError] = (),
    status: str = names.SUCCESS,
) -> str:
    """An AdhocQueryResponse out of the XML of each object, or of its reference only."""
    if references:
        objects = "".join(f'<rim:ObjectRef id="{one.uuid}"/>' for one in listed)
    else:
        objects = "".join(one.xml for one in listed)
    return (
        f'<query:AdhocQueryResponse xmlns:query="{names.QUERY}" xmlns:rim="{names.RIM}" '
        f'xmlns:rs="{names.RS}" status="{status}" startIndex="0" totalResultCount="{len(listed)}">'
        f"{errors_text(errors)}<rim:RegistryObjectList>{objects}</rim:RegistryObjectList></query:AdhocQueryResponse>"
    )
