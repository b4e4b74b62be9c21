"""SOAP captures and VIHF files judged offline, with the rules of the simulated DMP.

Offline, the time of judgement is the VIHF's own and no authority is known: the chain of the signer's
certificate is said to be unverified instead of being refused.
"""

import re
from datetime import datetime

from schemas import soap, vihf
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
from simulators.dmp.examine import Options
from simulators.dmp.routes import OPERATIONS
from simulators.dmp.service import DmpService

RULES: RuleSet[None] = RuleSet("captures")
UNREADABLE = RULES.declare("CHECK-CAPTURE")
CHAIN = RULES.declare("CHECK-CHAINE", requires=Keyword.PEUT)

ISSUED = re.compile(rb'IssueInstant="([0-9T:.\-]+Z)"')
SERVICES = "/si-dmp-server/v2/services"


def judge_capture(data: bytes) -> list[Finding]:
    """Findings on a request to the DMP: an HTTP request as sent, a MIME body, or an envelope."""
    content_type, body = _split(data)
    exchange = Exchange(
        number=0,
        service="dmp",
        transaction="?",
        started=_issued(data),
        duration=0.0,
        request_head=f"POST {_path(content_type, body)} HTTP/1.1\nContent-Type: {content_type}",
        request_body=body,
    )
    return _without_chain(_dmp().rejudge(exchange))


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
        if finding.rule == "VIHF-02" and finding.observed == "unknown-issuer"
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


def _path(content_type: str, body: bytes) -> str:
    """The service that this message is for, from its action or its body."""
    try:
        action = soap.envelope.read(message.read(content_type, body).root).action or ""
    except ValueError:
        action = ""
    service = next((item.service for item in OPERATIONS if item.action == action), "repository")
    return f"{SERVICES}/{service}"


def _issued(data: bytes) -> datetime:
    found = ISSUED.search(data)
    if found is None:
        return Clock().now()
    try:
        return datetime.fromisoformat(found[1].decode())
    except ValueError:
        return Clock().now()
