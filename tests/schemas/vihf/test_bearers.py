"""The ID of an assertion is borne once: told from the bytes of the message as from its tree."""

import pytest
from lxml import etree

from schemas.soap import envelope as soap
from schemas.vihf import build, find
from schemas.vihf.signature import SignatureRefused, _written_twice, verify
from schemas.xml import parse

from .attacks import ASSERTION, ATTACKS, Attack, assertion_of
from .conftest import Signers
from .samples import request

# {0}: the ID, {1}: the number of its first letter, {2}: the rest
BEARERS = (
    '<x ID="{0}"/>',
    "<x id='{0}'/>",
    '<x xml:id="{0}"/>',
    '<x other="&#{1};{2}"/>',
    '<x other="&#x{1:x};{2}"/>',
    '<x other="&#x00{1:X};{2}"/>',
    '<x other="&#000{1};{2}"/>',
)
HARMLESS = (
    '<x other="{0}-"/>',
    "<x>{0}</x>",
    "<!-- {0} -->",
    '<x other="&#233;&#xe9;&#128;&#x20AC;"/>',
    "<x>&#95;</x>",
)


def outcome(data: bytes, written: bytes) -> str:
    """Why a message is refused; empty when it is not."""
    root = parse(data)
    try:
        verify(find(root, root.find(f".//{{{soap.WSSE}}}Security")), root, written)
    except SignatureRefused as refused:
        return str(refused)
    return ""


def put(data: bytes, inside: str, identifier: str) -> bytes:
    told = inside.format(identifier, ord(identifier[0]), identifier[1:])
    return data.replace(b"<x/>", f"<x>{told}</x>".encode())


@pytest.fixture(scope="module")
def sent(signers: Signers) -> tuple[bytes, str]:
    """A right message and the ID of its assertion."""
    assertion = build(request(), *signers.load("cabinet-sign"))
    data = soap.write("<x/>", action="urn:a", message_id="urn:uuid:1", security=assertion.decode())
    return data, parse(assertion).get("ID", "")


@pytest.mark.parametrize("bearer", BEARERS)
@pytest.mark.parametrize("encoding", ["", "iso-8859-1", "utf-16"])
def test_a_second_bearer_is_seen_however_it_is_written(
    sent: tuple[bytes, str], bearer: str, encoding: str
) -> None:
    data = put(sent[0], bearer, sent[1])
    if encoding == "utf-16":
        data = data.decode().encode("utf-16")
    elif encoding:
        data = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + data
    assert outcome(data, data) == outcome(data, b"")
    assert outcome(data, data).startswith("wrapping")


@pytest.mark.parametrize("other", HARMLESS)
def test_what_only_holds_the_id_is_no_bearer(sent: tuple[bytes, str], other: str) -> None:
    data = put(sent[0], other, sent[1])
    assert outcome(data, data) == outcome(data, b"") == ""


def test_without_a_reference_the_bearers_are_still_counted(sent: tuple[bytes, str]) -> None:
    data, identifier = sent
    data = put(data.replace(f"#{identifier}".encode(), b""), '<x ID="{0}"/>', identifier)
    assert outcome(data, data) == outcome(data, b"")
    assert outcome(data, data).startswith("wrapping")


def test_usual_messages_spare_the_search(sent: tuple[bytes, str]) -> None:
    data, identifier = sent
    assert _written_twice(identifier, data)
    assert _written_twice(identifier, b'<?xml version="1.0" encoding="UTF-8"?>' + data)
    assert not _written_twice(identifier, b'<?xml version="1.0" encoding="utf-7"?>' + data)
    assert not _written_twice(identifier, data.replace(b"<x/>", b"<x>&#95;</x>"))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attacks_are_refused_for_the_same_reason(sent: tuple[bytes, str], attack: Attack) -> None:
    root = parse(sent[0])
    attack(root, assertion_of(root))
    data = etree.tostring(root)
    read = parse(data)
    for assertion in read.iter(ASSERTION):
        reasons = []
        for written in (data, b""):
            try:
                reasons.append(verify(assertion, read, written).digest_hash)
            except SignatureRefused as refused:
                reasons.append(str(refused))
        assert reasons[0] == reasons[1]
