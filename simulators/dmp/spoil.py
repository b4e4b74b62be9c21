"""Right answers spoilt on the way out: the wrong SOAP version, a multipart that does not hold together."""

from dataclasses import replace

from schemas.soap import media, mtom
from schemas.soap.envelope import SOAP
from simulators.core.faults import Fault
from simulators.core.service import Response, answer

from .faults import WRONG_SOAP_VERSION

OLD_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ABSENT = "absent@dmp"


def spoil(response: Response, fault: Fault) -> Response:
    """The answer as this fault leaves it."""
    if fault.kind == WRONG_SOAP_VERSION:
        return _older(response)
    return _apart(response, str(fault.params.get("how", "missing-root")))


def _typed(response: Response, content_type: str, body: bytes) -> Response:
    kept = tuple(item for item in response.headers if item[0].lower() != "content-type")
    return replace(response, headers=(("Content-Type", content_type), *kept), body=body)


def _older(response: Response) -> Response:
    """The same envelope in SOAP 1.1, announced as such."""
    body = response.body.replace(SOAP.encode(), OLD_ENVELOPE.encode(), 1)
    body = body.replace(media.SOAP_12.encode(), media.SOAP_11.encode(), 1)
    kind = response.header("Content-Type").replace(media.SOAP_12, media.SOAP_11)
    return _typed(response, kind, body)


def _apart(response: Response, how: str) -> Response:
    """A multipart with one thing wrong. An answer in one part is put in a multipart first."""
    if not mtom.is_multipart(response.header("Content-Type")):
        kind, data = mtom.join(response.body, (), "", boundary="uuid-segur-bench")
        response = answer(response.status, kind, data)
    kind, body = response.header("Content-Type"), response.body
    parsed = media.parse(kind)
    boundary = parsed.get("boundary")
    if how == "wrong-boundary":
        return _typed(response, kind.replace(f'boundary="{boundary}"', 'boundary="une-autre"'), body)
    if how == "unknown-cid":
        return _typed(response, kind, body.replace(b'href="cid:', b'href="cid:inconnu.'))
    if how == "truncated":
        end = body.rfind(b"--" + boundary.encode())
        begin = body.rfind(b"--" + boundary.encode(), 0, end)
        return _typed(response, kind, body[: (max(begin, 0) + end) // 2])
    return _typed(response, kind.replace(f'start="{parsed.get("start")}"', f'start="<{ABSENT}>"'), body)
