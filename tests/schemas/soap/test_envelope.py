"""SOAP 1.2 envelopes, addressing and faults; the rules on how a message was carried."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.messages import catalogue
from schemas.soap import envelope, message, mtom
from schemas.soap.envelope import EnvelopeRefused
from schemas.soap.rules import RULES, Sent
from schemas.xml import XmlRefused, parse

BODY = '<x:request xmlns:x="urn:x"/>'


def written(**options: Any) -> bytes:
    return envelope.write(BODY, **{"action": "urn:do", "message_id": "urn:uuid:1", **options})


def test_write_then_read() -> None:
    read = envelope.read(parse(written(to="https://dmp/<é>", security="<a/>")))
    assert (read.action, read.message_id, read.to) == ("urn:do", "urn:uuid:1", "https://dmp/<é>")
    assert read.reply_to == envelope.ANONYMOUS
    assert read.missing == ()
    assert read.body.tag == "{urn:x}request"
    assert read.security is not None


def test_answer_relates_to_its_request() -> None:
    read = envelope.read(parse(written(reply=True, relates_to="urn:uuid:0")))
    assert read.relates_to == "urn:uuid:0"
    assert read.to == envelope.ANONYMOUS
    assert read.missing == ("ReplyTo",)


def test_fault() -> None:
    data = envelope.fault("Sender", "refusé : <é>", message_id="urn:uuid:2", subcode="DMPInvalidCertificate")
    seen = envelope.read_fault(envelope.read(parse(data)).body)
    assert seen == envelope.SoapFault("Sender", "DMPInvalidCertificate", "refusé : <é>")
    qualified = envelope.fault("Sender", "x", message_id="u", subcode="C", subcode_namespace=envelope.WSA)
    seen = envelope.read_fault(envelope.read(parse(qualified)).body)
    assert seen is not None and seen.subcode == "C"
    assert envelope.read_fault(envelope.read(parse(written())).body) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<e/>", "not-soap"),
        (written().replace(envelope.SOAP.encode(), envelope.SOAP_11.encode()), "soap-1.1"),
        (written().replace(b"soap:Body", b"soap:Corps"), "no-body"),
        (written().replace(BODY.encode(), b"<!-- -->"), "empty-body"),
        (
            written().replace(b"</soap:Header>", b'<h soap:mustUnderstand="true"/></soap:Header>'),
            "must-understand",
        ),
    ],
)
def test_refused(data: bytes, reason: str) -> None:
    with pytest.raises(EnvelopeRefused) as refused:
        envelope.read(parse(data))
    assert refused.value.reason == reason


def test_must_understand_without_prefix_is_read() -> None:
    data = written().replace(b"soap:mustUnderstand", b"mustUnderstand")
    assert envelope.read(parse(data)).missing == ()


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY e "x">]>' + written()
    with pytest.raises(XmlRefused):
        message.read("application/soap+xml", bomb)


def carried(data: bytes, *, plain: bool = False, kind: Callable[[str], str] = str) -> message.Carried:
    if plain:
        return message.read(kind("application/soap+xml; charset=UTF-8"), data)
    content_type, body = mtom.join(data, [mtom.Attachment("d", b"x")], "urn:do")
    return message.read(kind(content_type), body)


def sent(
    data: bytes | None = None, *, plain: bool = False, kind: Callable[[str], str] = str, **more: Any
) -> Sent:
    read = carried(data or written(), plain=plain, kind=kind)
    return Sent(read, envelope.read(read.root), **{"mtom": True, "action": "urn:do", **more})


def change(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def lf_only() -> Sent:
    content_type, body = mtom.join(written(), [], "urn:do")
    read = message.read(content_type, body.replace(b"\r\n", b"\n"))
    return Sent(read, envelope.read(read.root), mtom=True, action="urn:do")


def test_a_right_message_has_no_finding() -> None:
    assert RULES.judge(sent()) == []
    assert RULES.judge(sent(plain=True, mtom=False)) == []


@pytest.mark.parametrize(
    ("rule", "defective"),
    [
        ("SOAP-MTOM-01", lambda: sent(plain=True)),
        ("SOAP-MTOM-01", lambda: sent(inline=("Document[1]",))),
        (
            "SOAP-MTOM-02",
            lambda: sent(kind=change('start-info="application/soap+xml"', "start-info=text/xml")),
        ),
        ("SOAP-MTOM-02", lambda: sent(kind=change('type="application/xop+xml"', 'type="text/xml"'))),
        ("SOAP-MTOM-03", lf_only),
        ("SOAP-MTOM-04", lambda: sent(kind=change('start="<root.message@segur-bench>"; ', ""))),
        ("SOAP-WSA-01", lambda: sent(written().replace(b"wsa:To>", b"wsa:Vers>"))),
        ("SOAP-WSA-01", lambda: sent(written().replace(b"</soap:Header>", b"<wsa:To/></soap:Header>"))),
        ("SOAP-WSA-02", lambda: sent(action="urn:other")),
        ("SOAP-WSA-03", lambda: sent(written(message_id="42"))),
        (
            "SOAP-HTTP-01",
            lambda: sent(plain=True, mtom=False, kind=change("application/soap+xml", "text/xml")),
        ),
    ],
)
def test_a_defect_makes_only_its_rule_speak(rule: str, defective: Callable[[], Sent]) -> None:
    assert {finding.rule for finding in RULES.judge(defective())} == {rule}


def test_referenced_parts() -> None:
    include = b'<d xmlns:x="http://www.w3.org/2004/08/xop/include"><x:Include href="cid:%s"/></d>'
    assert carried(include % b"d").referenced() == {"cid:d": b"x"}
    assert carried(include % b"%64").referenced() == {"cid:%64": b"x"}
    assert carried(include % b"nothing").referenced() == {}
    assert carried(include % b"d", plain=True).referenced() == {}


def test_every_rule_has_its_words() -> None:
    for rule in RULES.rules:
        assert {"fr", "en", "action_fr", "action_en"} <= set(catalogue()[rule])
