"""The assertion that is judged is the one that was signed, whatever is moved around it.

Each attack is also shown to xmlsec and signxml, as verifiers without our one accepted form: some of them say
yes, which tells that the attack is a real one.
"""

from collections.abc import Iterator
from itertools import islice

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from schemas.soap import envelope as soap
from schemas.vihf import build, find, read
from schemas.vihf.codec import VihfRefused, text
from schemas.vihf.model import SAML
from schemas.vihf.signature import SignatureRefused, verify
from schemas.xml import Element, parse
from tests.simulators.dmp.mutants import spoilt

from .attacks import ASSERTION, ATTACKS, EVIL, SIGNATURE, Attack, assertion_of
from .conftest import Signers
from .samples import request

NAME = request().name_id


def enveloped(assertion: bytes) -> Element:
    return parse(soap.write("<x/>", action="urn:a", message_id="urn:uuid:1", security=assertion.decode()))


def message(signers: Signers) -> Element:
    return enveloped(build(request(), *signers.load("cabinet-sign")))


def attacked(signers: Signers, attack: Attack) -> Element:
    root = message(signers)
    attack(root, assertion_of(root))
    return parse(etree.tostring(root))


def judged(root: Element) -> str:
    """Who we say is calling. Raises ValueError when we refuse."""
    assertion = find(root, root.find(f".//{{{soap.WSSE}}}Security"))
    verify(assertion, root)
    return read(assertion).name_id


def pem_of(signers: Signers) -> bytes:
    return signers.load("cabinet-sign")[0].public_bytes(Encoding.PEM)


def seen_by_xmlsec(root: Element, pem: bytes) -> list[str]:
    """Names in the assertions under the references that xmlsec verifies, the first signature alone."""
    root = parse(etree.tostring(root))
    signature = root.find(f".//{SIGNATURE}")
    if signature is None:
        return []
    try:
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        context.verify(signature)
    except (xmlsec.Error, RuntimeError, ValueError):
        return []
    uris = [one.get("URI", "").removeprefix("#") for one in signature.iterfind(".//{*}Reference")]
    signed = [one for one in root.iter(etree.Element) if one.get("ID") in uris]
    return [text(name) for one in signed for name in one.iterfind(f"{{{SAML}}}Subject/{{{SAML}}}NameID")]


def seen_by_signxml(root: Element, pem: bytes) -> list[str]:
    """The name in what signxml says was signed, wherever the signature is."""
    config = SignatureConfiguration(require_x509=True, expect_references=True)
    try:
        result = XMLVerifier().verify(
            etree.tostring(root), x509_cert=pem.decode(), id_attribute="ID", expect_config=config
        )
    except Exception:
        return []
    results = result if isinstance(result, list) else [result]
    return [
        text(name)
        for one in results
        if one.signed_xml is not None
        for name in one.signed_xml.iterfind(f".//{{{SAML}}}NameID")
    ]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_refused(signers: Signers, attack: Attack) -> None:
    with pytest.raises((VihfRefused, SignatureRefused)):
        judged(attacked(signers, attack))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_nobody_signed_what_the_attack_claims(signers: Signers, attack: Attack) -> None:
    """The other verifiers never say that the forged name was signed: only readers would be fooled."""
    root = attacked(signers, attack)
    pem = pem_of(signers)
    assert EVIL not in seen_by_xmlsec(root, pem)
    assert EVIL not in seen_by_signxml(root, pem)


def test_some_attacks_satisfy_a_verifier_alone(signers: Signers) -> None:
    """They would pass where the verified node is not compared with the one that is read."""
    pem = pem_of(signers)
    fooled = {attack.__name__ for attack in ATTACKS if NAME in seen_by_xmlsec(attacked(signers, attack), pem)}
    assert {
        "sibling_first",
        "sibling_last",
        "in_another_header",
        "in_advice",
        "in_subject",
        "in_body",
    } <= fooled


def test_a_right_message_is_read_alike_by_all(signers: Signers) -> None:
    root, pem = message(signers), pem_of(signers)
    assert judged(root) == NAME
    assert seen_by_xmlsec(root, pem) == [NAME]
    assert seen_by_signxml(root, pem) == [NAME]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"8997001", b"899<!-- x -->7001"),
        (b"8997001", b"<!-- x -->8997001"),
        (b"<saml2:NameID>", b"<saml2:NameID><!-- 899700100029 -->"),
        (b"8997001", b"&#56;997001"),
        (b"8997001", b"<![CDATA[8997001]]>"),
    ],
)
def test_what_canonical_form_drops_changes_nothing(signers: Signers, old: bytes, new: bytes) -> None:
    """Comments, CDATA and character references are not signed: the name stays whole."""
    signed = build(request(), *signers.load("cabinet-sign"))
    start = signed.index(b"<saml2:NameID>")
    root = enveloped(signed[:start] + signed[start:].replace(old, new, 1))
    assert judged(root) == NAME
    assert seen_by_xmlsec(root, pem_of(signers)) == [NAME]


@pytest.mark.parametrize("inside", [b"<?x y?>", b"<!-- x -->", b"<b xmlns='urn:x'/>"])
def test_what_was_signed_with_the_name_does_not_cut_it(signers: Signers, inside: bytes) -> None:
    """A signer that puts an instruction in its own NameID is read whole, never up to it."""
    from schemas.vihf.build import assertion_xml
    from schemas.vihf.issuer import written
    from schemas.vihf.signature import sign

    certificate, key = signers.load("cabinet-sign")
    unsigned = assertion_xml(request(), written(certificate.subject)).encode()
    unsigned = unsigned.replace(b"<saml2:NameID>899700", b"<saml2:NameID>899700" + inside)
    assert judged(enveloped(sign(parse(unsigned), certificate, key))) == NAME


def mutants(data: bytes) -> Iterator[tuple[str, bytes]]:
    for what, make in spoilt(data):
        yield what, make()


def test_what_we_accept_the_others_accept(signers: Signers) -> None:
    """A message spoilt in hundreds of ways: whoever we name, xmlsec and signxml saw that name signed."""
    data, pem = etree.tostring(message(signers)), pem_of(signers)
    accepted = refused = 0
    for what, changed in islice(mutants(data), 0, None, 2):
        try:
            root = parse(changed)
            name = judged(root)
        except ValueError:
            refused += 1
            continue
        accepted += 1
        assert seen_by_xmlsec(root, pem) == [name], what
        assert seen_by_signxml(root, pem) == [name], what
        assert len(list(root.iter(ASSERTION))) == 1, what
    assert accepted > 10
    assert refused > 100
