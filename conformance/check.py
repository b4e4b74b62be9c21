"""`check`: a file judged offline, by what it is. The same rules as the simulated services."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from schemas.finding import Finding, RuleSet, errors
from schemas.xml import XmlRefused, local, parse

MAX_FILE = 64 * 1024 * 1024  # bytes

RULES: RuleSet[None] = RuleSet("check")
UNREADABLE = RULES.declare("CHECK-ILLISIBLE")
UNKNOWN = RULES.declare("CHECK-NATURE-INCONNUE")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was said of one file. `kind`: cda, xdm, mail, soap, vihf, pdf, or empty when not recognised."""

    file: str
    kind: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """PASS, WARN or FAIL."""
        if errors(self.findings):
            return "FAIL"
        return "WARN" if any(finding.severity.value == "warning" for finding in self.findings) else "PASS"


def check_file(path: Path) -> Checked:
    """Judge a file. Never raises on its content: what cannot be read is a finding."""
    name = str(path)
    try:
        if path.stat().st_size > MAX_FILE:
            size = f"{path.stat().st_size} octets"
            return Checked(name, "", (UNREADABLE.finding(name, size, f"≤ {MAX_FILE} octets"),))
        data = path.read_bytes()
    except OSError as error:
        return Checked(name, "", (UNREADABLE.finding(name, error.strerror or str(error), "fichier lisible"),))
    kind = kind_of(data)
    if kind not in JUDGES:
        return Checked(name, "", (UNKNOWN.finding(name, data[:60], ", ".join(JUDGES)),))
    return Checked(name, kind, tuple(JUDGES[kind](data)))


def kind_of(data: bytes) -> str:
    """What a file is, from its content; empty when nothing is recognised."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:4] == b"PK\x03\x04" or (b"PK" in data[:2] and zipfile.is_zipfile(BytesIO(data))):
        return "xdm"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"<"):
        return _kind_of_xml(data, head)
    lines = head.lower().splitlines()
    if head.startswith(b"--") or any(
        line.startswith(b"content-type:") and b"multipart/related" in line for line in lines
    ):
        return "soap"
    if any(line.startswith((b"from:", b"received:", b"message-id:", b"subject:")) for line in lines):
        return "mail"
    if lines and lines[0].startswith((b"post ", b"http/1")):
        return "soap"
    return ""


def _kind_of_xml(data: bytes, head: bytes) -> str:
    try:
        name = local(parse(data.lstrip(b"\xef\xbb\xbf")))
    except XmlRefused:
        name = next(
            (word for word in ("Envelope", "Assertion") if word.encode() in head), "ClinicalDocument"
        )  # judged as what it seems to be: its judge says what is wrong
    return {"Envelope": "soap", "Assertion": "vihf"}.get(name, "cda")


def _cda(data: bytes) -> list[Finding]:
    from schemas import cda

    return cda.judge(data)


def _pdf(data: bytes) -> list[Finding]:
    from schemas import pdf

    return pdf.judge_pdf(data)


def _xdm(data: bytes) -> list[Finding]:
    from schemas import xdm

    try:
        return xdm.judge_archive(xdm.read_archive(data))
    except xdm.ArchiveRefused as refused:
        return [UNREADABLE.finding("archive", str(refused), "archive IHE_XDM")]


def _mail(data: bytes) -> list[Finding]:
    from schemas import mail

    return mail.judge_mail(mail.read_mail(data), mail.MailContext())


def _soap(data: bytes) -> list[Finding]:
    from conformance.captures import judge_capture

    return judge_capture(data)


def _vihf(data: bytes) -> list[Finding]:
    from conformance.captures import judge_assertion

    return judge_assertion(data)


JUDGES: dict[str, Callable[[bytes], list[Finding]]] = {
    "cda": _cda,
    "xdm": _xdm,
    "mail": _mail,
    "soap": _soap,
    "vihf": _vihf,
    "pdf": _pdf,
}
