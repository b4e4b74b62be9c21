"""What real stacks sent to the simulated DMP (see `tests/interop`), read again byte for byte.

`stacks/*.http` are whole HTTP requests of TD2.1, written by `make interop` when
SEGUR_BENCH_INTEROP_CAPTURES names that folder.
"""

import hashlib
from pathlib import Path

import pytest

from schemas import vihf, xds
from schemas.soap import envelope, message
from schemas.soap.message import Carried
from schemas.soap.rules import RULES, Sent
from schemas.vihf.signature import verify
from tests.interop.prepare import NASTY

STACKS = Path(__file__).parent / "stacks"
ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"


def sent_by(stack: str) -> Carried:
    head, _, body = (STACKS / f"{stack}.http").read_bytes().partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    content_type = next(line for line in lines if line.lower().startswith("content-type:"))
    return message.read(content_type.partition(":")[2].strip(), body)


@pytest.mark.parametrize(
    ("stack", "parts", "broken"),
    [
        ("metro", 3, {"SOAP-WSA-03"}),
        ("gsoap", 3, set()),
        ("node", 3, {"SOAP-MTOM-02"}),
        ("php", 0, {"SOAP-MTOM-01"}),
    ],
)
def test_documents_and_signatures_survive(stack: str, parts: int, broken: set[str]) -> None:
    carried = sent_by(stack)
    opened = envelope.read(carried.root)
    provided = xds.read_provide(opened.body, carried.referenced(opened.body))
    assert len(carried.referenced()) == parts
    assert provided.documents["Document02"] == NASTY
    for entry in provided.submission.documents:
        digest = hashlib.sha1(provided.documents[entry.id], usedforsecurity=False).hexdigest()
        assert (entry.hash, entry.size) == (digest, len(provided.documents[entry.id]))
    assert verify(vihf.find(opened.root, opened.security), opened.root)
    assert {one.rule for one in RULES.judge(Sent(carried, opened, True, ACTION, provided.inline))} == broken


def test_what_tells_the_stacks_apart() -> None:
    metro, gsoap, node, php = (sent_by(one) for one in ("metro", "gsoap", "node", "php"))
    assert metro.media.get("start-info") == f'application/soap+xml;action="{ACTION}"'
    assert (gsoap.media.get("start-info"), gsoap.media.get("action")) == ("application/soap+xml", ACTION)
    assert node.media.get("start-info") == "text/xml"
    assert php.media.name == "application/soap+xml" and php.parts is None
