"""SOAP captures and VIHF files judged offline, with the rules of the simulated DMP and INSi.

Offline, the time of judgement is the VIHF's own and no authority is known: the chain of the signer's
certificate, or the certificate of the connection, is said to be unverified instead of being refused.
"""

import re
from datetime import datetime

from schemas import insi, soap, vihf
from schemas.finding import Finding, Keyword, RuleSet
from schemas.soap import message
from schemas.vihf import rules as vihf_rules
from schemas.vihf.certificates import Authorities
from schemas.vihf.signature import SignatureRefused, Signed, verify
from schemas.xml import XmlRefused, parse
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.population import Population
from simulators.core.random import Randomness
from simulators.dmp import routes
from simulators.dmp.examine import Options
from simulators.dmp.service import DmpService

RULES: RuleSet[None] = RuleSet("captures")
UNREADABLE = RULES.declare("CHECK-CAPTURE")
OPERATION = RULES.declare("CHECK-OPERATION")
CHAIN = RULES.declare("CHECK-CHAINE", requires=Keyword.PEUT)

ISSUED = re.compile(rb'IssueInstant="([0-9T:.\-]+Z)"|:Temps>([0-9T:.\-]+Z)<')  # VIHF, INSi contexts
INSI = "{http://www.cnamts.fr/"


def judge_capture(data: bytes) -> list[Finding]:
    """Findings on a request to the DMP or to INSi: an HTTP request as sent, a MIME body, or an envelope."""
    content_type, body = _split(data)
    try:
        envelope = soap.envelope.read(message.read(content_type, body).root)
    except ValueError:
        envelope = None  # the service says why
    operation = routes.dispatch(envelope) if envelope is not None else None
    if envelope is not None and str(envelope.body.tag).startswith(INSI):
        announced = "" if body is data else content_type
        return _without_chain(insi.judge(body, now=_issued(data), content_type=announced))
    service = operation.service if operation is not None else "repository"
    exchange = Exchange(
        number=0,
        service="dmp",
        transaction="?",
        started=_issued(data),
        duration=0.0,
        request_head=f"POST {routes.BASE}/{service} HTTP/1.1\nContent-Type: {content_type}",
        request_body=body,
    )
    findings = _without_chain(_dmp().rejudge(exchange))
    if envelope is not None and operation is None:
        known = ", ".join(item.transaction for item in routes.OPERATIONS)
        findings.append(OPERATION.finding("/Envelope/Body", str(envelope.body.tag), f"{known}, INSi"))
    return findings


def judge_assertion(data: bytes) -> list[Finding]:
    """Findings on a VIHF alone."""
    try:
        root = parse(data)
    except XmlRefused as refused:
        return [UNREADABLE.finding("VIHF", str(refused), "saml2:Assertion", refused.line)]
    signature: Signed | SignatureRefused
    try:
        signature = verify(root, root)
    except SignatureRefused as refused:
        signature = refused
    presented = vihf_rules.Presented(vihf.read(root), _issued(data), "", signature)
    return [*vihf_rules.judge(presented), CHAIN.finding("Signature/KeyInfo")]


def _dmp() -> DmpService:
    options = Options(Authorities.of(()), require_tls=False)
    return DmpService(options, clock=Clock(), randomness=Randomness(0), population=Population(0))


def _without_chain(findings: list[Finding]) -> list[Finding]:
    return [
        CHAIN.finding(finding.where)
        if (finding.rule == "VIHF-02-AC")
        or finding.rule == "INSI-AUTH-01"  # the certificate of the connection is in no file
        else finding
        for finding in findings
    ]


def _split(data: bytes) -> tuple[str, bytes]:
    """Content-Type and body of a capture."""
    if re.match(rb"[A-Z]+ \S+ HTTP/1|[A-Za-z-]+: ", data):
        head, _, body = data.replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        found = re.search(rb"(?im)^content-type:[ \t]*(.+(?:\r?\n[ \t].+)*)", head)
        kind = " ".join(found[1].decode("latin-1").split()) if found else "application/soap+xml"
        return kind, body
    if data.startswith(b"--"):
        boundary = data.splitlines()[0][2:].decode("latin-1").strip()
        return f'multipart/related; type="application/xop+xml"; boundary="{boundary}"', data
    return "application/soap+xml", data


def _issued(data: bytes) -> datetime:
    found = ISSUED.search(data)
    if found is None:
        return Clock().now()
    try:
        return datetime.fromisoformat((found[1] or found[2]).decode())
    except ValueError:
        return Clock().now()
