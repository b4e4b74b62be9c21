"""`check`: files judged alone, with the rules of the services. What a conforming software sent passes."""

import base64
import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from conformance import check
from conformance.cli.main import main
from reports import record
from reports.check.model import Checked
from reports.evidence import EvidenceStore
from schemas import cda, mail
from schemas.finding import errors
from schemas.soap import mtom

SAMPLES = Path(__file__).parents[4] / "shared/data"
BOM = b"\xef\xbb\xbf"


class Files(NamedTuple):
    """One conforming file of each kind, as the reference software sent it."""

    cda: bytes
    pdf: bytes
    xdm: bytes
    mail: bytes
    http: bytes  # an HTTP request with its headers
    mime: bytes  # the same, body alone
    vihf: bytes


@pytest.fixture(scope="module")
def files(whole: Path) -> Files:
    loaded, store = record.load(whole / "record.json"), EvidenceStore(whole / "evidence")
    numbers = {case.key: set(case.exchanges) for case in loaded.scenarios}

    def sent(case: str, transaction: str) -> record.ExchangeRecord:
        return next(x for x in loaded.exchanges if x.number in numbers[case] and x.transaction == transaction)

    letter = store.get(sent("MSS-ENV-01[lettre]", "SMTP.message").evidence["request"])
    attached = mail.read_mail(letter).attachments
    fed = sent("DMP-ALIM-01[lettre]", "TD2.1")
    body = store.get(fed.evidence["request"])
    kind = next(line for line in fed.request_head.splitlines() if line.lower().startswith("content-type:"))
    parts = mtom.split(kind.partition(":")[2].strip(), body)
    document = next(data for data in parts.attachments.values() if b"ClinicalDocument" in data[:2000])
    start, end = body.index(b"<saml2:Assertion"), body.index(b"</saml2:Assertion>")
    printed = cda.read(document).pdf
    assert printed is not None
    head = "\r\n".join(fed.request_head.splitlines()).encode()
    return Files(
        cda=document,
        pdf=printed,
        xdm=next(part.data for part in attached if part.is_zip),
        mail=letter,
        http=head + b"\r\n\r\n" + body,
        mime=body,
        vihf=body[start : end + len(b"</saml2:Assertion>")],
    )


def checked(folder: Path, data: bytes, name: str = "file") -> Checked:
    path = folder / name
    path.write_bytes(data)
    return judged(path)


def judged(path: Path) -> Checked:
    item = check.check_file(path)
    assert item is not None
    return item


KINDS = {"http": "soap", "mime": "soap"}


@pytest.mark.parametrize("which", Files._fields)
def test_a_good_file(files: Files, tmp_path: Path, which: str) -> None:
    result = checked(tmp_path, getattr(files, which))
    assert result.kind == KINDS.get(which, which)
    assert errors(result.findings) == []
    assert result.verdict in ("PASS", "WARN")


# What is spoiled in a good file, and what must be said of it.
def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def swap(*pairs: tuple[bytes, bytes]) -> Callable[[bytes], bytes]:
    def swapped(data: bytes) -> bytes:
        for old, new in pairs:
            data = data.replace(old, new)
        return data

    return swapped


NO_TITLE = swap((b"<title>", b"<titre>"), (b"</title>", b"</titre>"))
SPOILED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "cda without a title": ("cda", NO_TITLE),
    "cda that is cut": ("cda", half),
    "cda with a DTD": ("cda", swap((b"<ClinicalDocument", b"<!DOCTYPE x []><ClinicalDocument"))),
    "pdf that is cut": ("pdf", half),
    "archive that is cut": ("xdm", half),
    "mail without the product reference": ("mail", swap((b"X-MSS-NIL", b"X-MSS-NOL"))),
    "capture that is cut": ("http", half),
    "MIME that is cut": ("mime", half),
    "assertion changed in the capture": ("http", swap((b"499700100011001", b"499700100011002"))),
    "another operation": ("http", swap((b"urn:ihe:iti", b"URN:ihe:iti"))),
    "VIHF that was changed": ("vihf", swap((b"499700100011001", b"499700100011002"))),
    "VIHF that is cut": ("vihf", half),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_spoiled_file(files: Files, tmp_path: Path, what: str) -> None:
    which, spoil = SPOILED[what]
    data = spoil(getattr(files, which))
    assert data != getattr(files, which)
    result = checked(tmp_path, data)
    assert result.kind == KINDS.get(which, which)
    assert errors(result.findings)
    assert result.verdict == "FAIL"


def bomb() -> bytes:
    """Small on disk, huge once open."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", b"\0" * 120_000_000)
    return packed.getvalue()


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\n",
    "zeros": b"\0" * 10_000,
    "bytes": bytes(range(256)) * 40,
    "text": b"Bonjour, ceci n'est rien.",
    "only a BOM": BOM,
    "less than": b"<",
    "UTF-16": '<?xml version="1.0" encoding="UTF-16"?><ClinicalDocument/>'.encode("utf-16"),
    "another XML": b"<html><body/></html>",
    "deep": b"<a>" * 50_000,
    "laughs": b'<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><ClinicalDocument>&b;</ClinicalDocument>',
    "empty envelope": b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>',
    "empty assertion": b'<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>',
    "only a boundary": b"--x\r\n",
    "boundary that is no text": b"--\xff\xfe\"\r\n\r\n<a/>\r\n--\xff\xfe\"--",
    "request without a body": b"POST /x HTTP/1.1\r\nContent-Type: application/soap+xml\r\n\r\n",
    "answer": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html/>",
    "request cut in its headers": b"POST /x HTTP/1.1\r\nContent-Type: multipart/related; boundary=",
    "only a header of a mail": b"Subject: a\r\n",
    "mail of mails": b"From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 5000,
    "pdf in name only": b"%PDF-1.4\n",
    "empty zip": b"PK\x05\x06" + b"\0" * 18,
    "zip in name only": b"PK\x03\x04",
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_a_finding(tmp_path: Path, what: str) -> None:
    result = checked(tmp_path, HOSTILE[what])
    assert result.verdict == "FAIL"
    assert result.findings


def test_a_zip_bomb(tmp_path: Path) -> None:
    result = checked(tmp_path, bomb())
    assert (result.kind, result.verdict) == ("xdm", "FAIL")


def test_a_byte_order_mark(files: Files, tmp_path: Path) -> None:
    """Seen as what it is, and judged."""
    for which in ("cda", "vihf"):
        assert checked(tmp_path, BOM + getattr(files, which)).kind == which


def test_too_big(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(check.MAX_FILE + 1)  # a hole: nothing is written
    result = judged(path)
    assert [finding.rule for finding in result.findings] == ["CHECK-ILLISIBLE"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_json(files: Files, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(files.cda)
    bad.write_bytes(NO_TITLE(files.cda))
    done = run(good, bad, "--json", "--lang", "en")
    told = json.loads(done.stdout)["files"]
    assert done.exit_code == 1
    assert [item["file"] for item in told] == [str(good), str(bad)]
    assert (told[0]["verdict"] in ("PASS", "WARN"), told[1]["verdict"]) == (True, "FAIL")
    for finding in told[1]["findings"]:
        assert {"rule", "severity", "where", "observed", "expected", "message", "source"} <= set(finding)
        assert finding["message"] != finding["rule"]


def test_for_people(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "vihf.xml"
    path.write_bytes(files.vihf)
    done = run(path)
    assert done.exit_code == 0
    assert "CHECK-CHAINE" in done.stdout  # no authority is known here: said, not failed
    assert "à faire" in done.stdout


def test_a_folder(files: Files, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.xml").write_bytes(files.cda)
    (tmp_path / "deep" / "b.pdf").write_bytes(files.pdf)
    done = run(tmp_path, "--json")
    assert [item["kind"] for item in json.loads(done.stdout)["files"]] == ["pdf", "cda"]


def test_usage(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, code in ((["--json"], 2), ([tmp_path / "absent"], 2), ([tmp_path / "empty"], 4)):
        done = run(*arguments)
        assert (done.exit_code, type(done.exception)) == (code, SystemExit)


def test_an_insi_request(whole: Path, tmp_path: Path) -> None:
    loaded = record.load(whole / "record.json")
    asked = next(item for item in loaded.exchanges if item.transaction == "INSi.traits")
    body = EvidenceStore(whole / "evidence").get(asked.evidence["request"])
    good = checked(tmp_path, body)
    assert (good.kind, [finding.rule for finding in good.findings]) == ("soap", ["CHECK-CHAINE"])
    assert (
        checked(tmp_path, body.replace(b"urn:ServiceIdentiteCertifiee", b"urn:AutreService")).verdict
        == "FAIL"
    )


@pytest.mark.parametrize(
    ("folder", "pattern", "kind"),
    [("cda", "*.xml", "cda"), ("xdm", "*.zip", "xdm"), ("mssante", "**/*.eml", "mail")],
)
def test_public_samples_are_recognised(folder: str, pattern: str, kind: str) -> None:
    """Their verdicts are the business of the rules; here: what they are, and no crash."""
    found = sorted((SAMPLES / folder).glob(pattern))[:4]
    if not found:
        pytest.skip("échantillons publics absents")
    results = [judged(path) for path in found]
    assert {result.kind for result in results} == {kind}


def test_base64_is_not_needed() -> None:
    """A VIHF as it travels in a header is no file of ours: told as unknown."""
    assert check.kind_of(base64.b64encode(b"<Assertion/>")) == ""
