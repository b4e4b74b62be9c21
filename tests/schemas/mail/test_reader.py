"""Mails read back: our own, the samples, broken and hostile ones."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas import mail
from schemas.mail.reader import decode_text

DATA = Path(__file__).parents[4] / "shared/data/mssante"


def test_own_mail(sound) -> None:
    read = mail.read_mail(mail.compose(sound.draft))
    assert (
        read.subject == "XDM/1.0/DDM+CR ou fiche de consultation ou de visite PAT-TROIS DOMINIQUE 28/03/1979"
    )
    assert read.sender == sound.draft.sender
    assert read.recipients == sound.draft.to
    assert read.body.replace("\r\n", "\n") == sound.draft.body + "\n"
    assert [one.name for one in read.attachments] == [
        "IHE_XDM.zip",
        "20260302_CR ou fiche de consultation ou de visite_PAT-TROIS_DOMINIQUE.pdf",
    ]
    assert [one.data for one in read.attachments] == [sound.archive, sound.pdf]
    assert read.archive is not None
    assert read.archive.cdas[0].unique_id == "1.2.250.1.999.1.1"
    assert read.shape == "multipart/alternative"
    assert read.mss_headers == {"X-MSS-CODECDA": "11488-4", "X-MSS-INS": "O", "X-MSS-NIL": "BANC000001"}
    assert read.defects == ()


def test_same_bytes(sound) -> None:
    data = mail.compose(sound.draft)
    assert data == mail.compose(sound.draft)
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.splitlines())) < 998


@pytest.mark.parametrize("name", ["02_crimg_n1_to_app", "04_ldlses_n3_from_app"])
def test_samples(name: str) -> None:
    path = DATA / name / "message.eml"
    if not path.exists():
        pytest.skip("sample data absent")
    read = mail.read_mail(path.read_bytes())
    sender = "APP" if "from_app" in name else "PER"
    context = mail.MailContext(nil="TEST000001", sender_type=sender, delivery_receipt=True, read_receipt=True)
    assert [f.rule for f in mail.judge_mail(read, context, deep=False)] == []
    assert read.header("return-receipt-to")


def test_notifications() -> None:
    folder = DATA / "notifications"
    if not folder.exists():
        pytest.skip("sample data absent")
    read = {path.stem: mail.read_mail(path.read_bytes()) for path in folder.glob("*.eml")}
    done = read["mdn_ok_processed"].report
    assert done is not None
    assert (done.kind, done.disposition) == ("mdn", "processed")
    assert done.original_message_id == "<102.20240215101500@medecin.test.mssante.fr>"
    for name in ("mdn_ko_v1.1.3", "mdn_ko_legacy_v1.1.2"):
        report = read[name].report
        assert report is not None
        assert report.disposition == "processed"
        assert "902" in report.fields["disposition"] + report.fields.get("error", "")
    unknown = read["dsn_unknown_mailbox"].report
    assert unknown is not None
    assert (unknown.kind, unknown.recipients[0]["status"]) == ("dsn", "5.1.1")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?q?M=C3=A9d?= =?utf-8?q?ical?= x", "Médical x"),
        ("=?UTF-8?B?w6k=?=", "é"),
        ("=?iso-8859-1?q?=E9?=", "é"),
        ("=?utf-8?b?!!!?=", None),
        ("=?no-such-charset?q?abc?=", "abc"),
        ("=?zlib?b?eJwDAAAAAAE=?=", None),
        ("caf\udcc3\udca9", "café"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
    ],
)
def test_encoded_words(raw: str, text: str | None) -> None:
    assert text is None or decode_text(raw) == text
    assert isinstance(decode_text(raw), str)


MIXED = (
    b"""From: a@b\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"""
)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (b'filename="=?utf-8?q?=C3=A9.pdf?="', "é.pdf"),
        (b"filename*=utf-8''%C3%A9.pdf", "é.pdf"),
        (b"filename*0*=utf-8''%C3%A9; filename*1=.pdf", "é.pdf"),
        (b"filename*999999999999999999999*=a", None),
        (b"filename*" + b"9" * 5000 + b"*=a", None),
        (b'filename="../../etc/passwd"', "../../etc/passwd"),
    ],
)
def test_file_names(part: bytes, name: str | None) -> None:
    data = MIXED + b"--x\r\nContent-Disposition: attachment; " + part + b"\r\n\r\nabc\r\n--x--\r\n"
    read = mail.read_mail(data)
    assert name is None or [one.name for one in read.attachments] == [name]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n" * 60, "too-many-parts"),
        (b"Content-Type: text/plain; " + b"a*0=b;" * 100_000 + b"\r\n\r\n", "header-too-long"),
        (b"x\r\nContent-Disposition: a;" + b"\r\n b=c;" * 9_000, "header-too-long"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 20_000, "too-deep"),
    ],
)
def test_refusals(data: bytes, reason: str) -> None:
    with pytest.raises(mail.MailRefused) as caught:
        mail.read_mail(data)
    assert caught.value.reason == reason


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.mail.reader.MAX_BYTES", 10)
    with pytest.raises(mail.MailRefused, match="too-large"):
        mail.read_mail(b"Subject: 12345678")


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: " + b"=?utf-8?q?" * 200_000 + b"\r\n\r\n",
        b"To: " + b"(" * 300_000 + b"\r\n\r\n",
        b"To: " + b"<a@b>," * 200_000 + b"\r\n\r\n",
        b"X: y\r\n" * 200_000 + b"\r\n",
        b"Content-Type: text/plain; " + b"a*0=b;" * 3_000 + b"\r\n\r\n",
        b"Content-Type: text/plain; charset=" + b"a" * 19_000 + b"\r\n\r\nx",
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\n" + b"begin 644 a\n" * 10_000,
        b"References: " + b"<" * 500_000 + b"\r\n\r\n",
    ],
    ids=["words", "comments", "addresses", "headers", "parameters", "charset", "uuencode", "references"],
)
def test_endless_headers_cost_little(data: bytes) -> None:
    start = time.process_time()
    read = mail.read_mail(data)
    mail.judge_mail(read, mail.MailContext(sender_type="APP"))
    assert time.process_time() - start < 5


HEADERS = st.sampled_from(
    [
        "Subject",
        "From",
        "To",
        "Content-Type",
        "Content-Disposition",
        "Content-Transfer-Encoding",
        "Message-ID",
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "multipart/mixed; boundary=x",
            "multipart/report; report-type=delivery-status; boundary=x",
            "multipart/report; report-type=disposition-notification; boundary=x",
            "message/disposition-notification",
            "message/delivery-status",
            "message/rfc822",
            "text/html; charset=utf-7",
            "text/plain; charset*=utf-8''%",
            "base64",
            "quoted-printable",
            "attachment; filename*0*=''; filename*1*=%",
            "=?utf-8?q?=?=",
            '"a" <b@c>, d:e;',
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(HEADERS, VALUES), max_size=8),
    st.lists(st.tuples(st.lists(st.tuples(HEADERS, VALUES), max_size=4), st.binary(max_size=60)), max_size=4),
)
@example([("From", "\x00")], [])
def test_never_crashes(headers, parts) -> None:
    def block(items) -> bytes:
        return "".join(f"{name}: {value}\r\n" for name, value in items).encode("utf-8", "replace") + b"\r\n"

    data = block(headers) + b"".join(b"--x\r\n" + block(items) + body + b"\r\n" for items, body in parts)
    try:
        read = mail.read_mail(data)
    except mail.MailRefused:
        return
    mail.judge_mail(read, mail.MailContext(nil="N", sender_type="PER", mdn_for="<a@b>"), deep=False)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mutations(sound, data: st.DataObject) -> None:
    raw = bytearray(mail.compose(sound.draft))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, 3000))] = data.draw(st.integers(0, 255))
    read = mail.read_mail(bytes(raw))
    mail.judge_mail(read, mail.MailContext(nil="N"), deep=False)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=40))
def test_headers_are_never_injected(sound, subject: str, label: str) -> None:
    from dataclasses import replace

    draft = replace(sound.draft, subject=subject, sender=mail.Address("a@b.fr", label), attachments=())
    try:
        read = mail.read_mail(mail.compose(draft))
    except ValueError:
        return
    names = [name for name, _ in read.headers]
    assert names.count("Subject") <= 1
    assert read.header("X-MSS-NIL") == "BANC000001"
    assert not {name.lower() for name in names} & {"bcc", "cc"}
