"""Reading: imaplib against every command, nested MIME, evidence by command, refusals."""

import base64
import contextlib
import imaplib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from simulators.core.faults import Fault
from simulators.core.identities import LABO_MAILBOX, MEDECIN
from simulators.mssante import notifications
from simulators.mssante.imap_mime import parse, section, structure
from simulators.mssante.imap_syntax import BadCommand, decode_utf7, encode_utf7, numbers, tokens
from simulators.mssante.notifications import Fate, Mdn, Stamp

from .conftest import Bench, Raw, xoauth2

Mail = Callable[..., bytes]


def put(bench: Bench, source: bytes) -> None:
    assert bench.servers.operator.put(MEDECIN.mailbox, source) is not None


@pytest.fixture
def client(bench: Bench) -> Iterator[imaplib.IMAP4]:
    made = bench.imap()
    made.select("INBOX")
    yield made
    if made.state != "LOGOUT":
        made.logout()


def test_fetch_gives_the_stored_bytes(bench: Bench, mail: Mail) -> None:
    source = mail(MEDECIN.mailbox)
    put(bench, source)
    client = bench.imap()
    assert client.select("INBOX") == ("OK", [b"1"])
    status, data = client.uid("FETCH", "1:*", "(RFC822.SIZE FLAGS BODY.PEEK[])")
    assert status == "OK"
    assert data[0][1].endswith(source)
    (exchange,) = bench.wait("IMAP.FETCH")
    assert exchange.accepted
    facts = exchange.facts
    assert (facts["mailbox"], facts["user"], facts["folder"]) == (MEDECIN.mailbox, MEDECIN.id_nat, "INBOX")
    assert (facts["uids"], facts["whole"], facts["message_ids"]) == ([1], True, ["<a1@lps.test>"])
    assert source in exchange.response_body
    assert exchange.tls is not None
    client.logout()
    seen = [item.transaction for item in bench.journal.exchanges()]
    assert seen == [
        "IMAP.CAPABILITY",
        "IMAP.STARTTLS",
        "IMAP.CAPABILITY",
        "IMAP.AUTHENTICATE",
        "IMAP.SELECT",
        "IMAP.FETCH",
        "IMAP.LOGOUT",
    ]
    assert all(not bench.rules(item) for item in bench.journal.exchanges())
    (login,) = bench.journal.exchanges(transaction="IMAP.AUTHENTICATE")
    assert base64.b64encode(xoauth2().encode()).decode() not in str(login.dialogue)
    assert "MSS-A02" in {item.rule for item in bench.journal.findings(login)}, "imaplib sends in two steps"


def test_flags_store_expunge(bench: Bench, client: imaplib.IMAP4, mail: Mail) -> None:
    for _ in range(3):
        put(bench, mail(MEDECIN.mailbox))
    assert client.noop()[0] == "OK"
    assert client.response("EXISTS")[1][-1] == b"3"
    assert client.store("1:2", "+FLAGS", r"(\Seen \Deleted perso)")[0] == "OK"
    data = client.fetch("1", "(FLAGS)")[1]
    assert rb"\Deleted" in data[0]
    assert b"perso" in data[0]
    assert client.search(None, "UNSEEN") == ("OK", [b"3"])
    assert client.store("2", "-FLAGS.SILENT", r"(\Deleted)") == ("OK", [None])
    assert client.expunge() == ("OK", [b"1"])
    assert client.uid("SEARCH", "ALL") == ("OK", [b"2 3"])
    assert client.fetch("1", "(BODY[TEXT])")[0] == "OK"
    assert client.search(None, "SEEN") == ("OK", [b"1"])
    client.store("1:*", "FLAGS", r"(\Deleted)")
    assert client.close() == ("OK", [b"CLOSE completed"])
    assert client.select() == ("OK", [b"0"])
    assert bench.wait("IMAP.STORE")[0].facts["flags"] == [r"\Deleted", r"\Seen", "perso"]


def test_search_keys(bench: Bench, client: imaplib.IMAP4, mail: Mail) -> None:
    put(bench, mail(MEDECIN.mailbox, "Cc: tiers@x.fr", body="un mot rare"))
    put(bench, mail("autre@x.fr", body="x" * 5000))
    client.noop()
    for criteria, found in [
        ("ALL", b"1 2"),
        ("SUBJECT unio", b"1 2"),
        ('TO "autre"', b"2"),
        ("CC tiers", b"1"),
        ('HEADER Message-ID "<a1@lps.test>"', b"1 2"),
        ("LARGER 4000", b"2"),
        ("SMALLER 4000", b"1"),
        ("BODY rare", b"1"),
        ("NOT BODY rare", b"2"),
        ("OR BODY rare LARGER 4000", b"1 2"),
        ("(BODY rare LARGER 4000)", b""),
        ("SENTON 24-Nov-2026", b"1 2"),
        ("SENTBEFORE 1-Jan-2020", b""),
        ("SINCE 1-Jan-2020", b"1 2"),
        ("BEFORE 1-Jan-2020", b""),
        ("UID 2:*", b"2"),
        ("1", b"1"),
        ("UNFLAGGED UNKEYWORD x", b"1 2"),
    ]:
        assert client.search(None, criteria) == ("OK", [found]), criteria
    assert client.search("UTF-8", "ALL")[0] == "OK"
    assert client.search("KOI8-R", "ALL")[0] == "NO"
    with pytest.raises(imaplib.IMAP4.error):
        client.search(None, "INVENTE")


def test_folders(bench: Bench, client: imaplib.IMAP4, mail: Mail) -> None:
    status, listed = client.list()
    assert status == "OK"
    assert [line.rsplit(b'"', 2)[1] for line in listed] == [b"Drafts", b"INBOX", b"Sent", b"Trash"]
    assert rb"\Sent" in listed[2]
    name = '"Trait&AOk-s"'
    assert client.create(name)[0] == "OK"
    assert client.create(name)[0] == "NO"
    assert client.list('""', "Trai%")[1][-1].endswith(b'"Trait&AOk-s"')
    assert client.lsub()[0] == "OK"
    put(bench, mail(MEDECIN.mailbox))
    client.noop()
    assert client.copy("1", name)[0] == "OK"
    assert client.uid("MOVE", "1", "Trash")[0] == "OK"
    assert client.status("INBOX", "(MESSAGES UNSEEN UIDNEXT)") == (
        "OK",
        [b'"INBOX" (MESSAGES 0 UNSEEN 0 UIDNEXT 2)'],
    )
    assert client.status("Trash", "(MESSAGES)")[1] == [b'"Trash" (MESSAGES 1)']
    assert client.rename(name, "Autre")[0] == "OK"
    assert client.unsubscribe("Autre")[0] == "OK"
    assert client.subscribe("Autre")[0] == "OK"
    assert client.delete("Autre")[0] == "OK"
    assert client.delete("INBOX")[0] == "NO"
    assert client.select("Absent")[0] == "NO"
    assert client.namespace()[0] == "OK"


def test_append(bench: Bench, client: imaplib.IMAP4, mail: Mail) -> None:
    status, data = client.append("Sent", r"(\Seen)", '"24-Nov-2026 10:00:00 +0100"', mail("x@y.fr"))
    assert status == "OK"
    assert b"APPENDUID" in data[0]
    assert client.append("Absent", None, None, b"x")[0] == "NO"
    (exchange, *_) = bench.wait("IMAP.APPEND")
    assert exchange.facts["message_id"] == "<a1@lps.test>"
    assert exchange.request_body == mail("x@y.fr")
    client.select("Sent")
    status, data = client.fetch("1", "(INTERNALDATE FLAGS)")
    assert b"24-Nov-2026 10:00:00 +0100" in data[0]


def test_read_only(bench: Bench, mail: Mail) -> None:
    put(bench, mail(MEDECIN.mailbox))
    client = bench.imap()
    client.select("INBOX", readonly=True)
    client.fetch("1", "(BODY[])")
    assert client.search(None, "UNSEEN") == ("OK", [b"1"])
    assert client._simple_command("STORE", "1", "+FLAGS", r"(\Seen)")[0] == "NO"
    client.logout()


def test_idle_tells_of_a_new_mail(bench: Bench, mail: Mail) -> None:
    raw = opened(bench)
    raw.send(b"i IDLE\r\n")
    assert raw.line() == b"+ idling\r\n"
    put(bench, mail(MEDECIN.mailbox))
    assert raw.line() == b"* 1 EXISTS\r\n"
    assert raw.line() == b"* 1 RECENT\r\n"
    raw.send(b"DONE\r\n")
    assert raw.line() == b"i OK IDLE completed\r\n"
    raw.close()


def opened(bench: Bench) -> Raw:
    """A raw IMAP connection, authenticated with SASL-IR, INBOX selected."""
    raw = bench.raw(bench.servers.imap)
    assert b"LOGINDISABLED" in raw.line()
    raw.send(b"a STARTTLS\r\n")
    raw.line()
    raw.upgrade(bench.tls())
    raw.send(b"b AUTHENTICATE XOAUTH2 " + base64.b64encode(xoauth2().encode()) + b"\r\n")
    assert raw.line().startswith(b"b OK")
    raw.send(b"c SELECT INBOX\r\n")
    while not raw.line().startswith(b"c OK"):
        pass
    return raw


def test_initial_response_is_not_noted(bench: Bench) -> None:
    opened(bench).close()
    (login,) = bench.wait("IMAP.AUTHENTICATE")
    assert login.facts["attempts"][0]["initial_response"] is True
    assert "MSS-A02" not in {item.rule for item in bench.journal.findings(login)}


def test_another_session_sees_changes(bench: Bench, client: imaplib.IMAP4, mail: Mail) -> None:
    put(bench, mail(MEDECIN.mailbox))
    other = bench.imap()
    other.select()
    client.noop()
    other.store("1", "+FLAGS", r"(\Deleted)")
    client.noop()
    assert rb"\Deleted" in client.response("FETCH")[1][-1]
    other.expunge()
    client.noop()
    assert client.response("EXPUNGE")[1][-1] == b"1"
    other.logout()


STAMP = Stamp("<n1@op.test>", "=_b", datetime(2026, 11, 24, 10, tzinfo=UTC))


def receipt(mail: Mail) -> bytes:
    source = mail("a@b.fr", "Disposition-Notification-To: moi@x.fr")
    return notifications.mdn(source, Mdn("a@b.fr", "moi@x.fr"), STAMP)


def test_nested_mime(bench: Bench, client: imaplib.IMAP4, mail: Mail) -> None:
    put(bench, receipt(mail))
    client.noop()
    (line,) = client.fetch("1", "(BODYSTRUCTURE)")[1]
    assert b'"DISPOSITION-NOTIFICATION"' in line
    assert b'("MESSAGE" "RFC822"' in line
    assert line.count(b"(") == line.count(b")")

    def part(spec: str) -> bytes:
        data = client.fetch("1", f"(BODY.PEEK[{spec}])")[1]
        assert isinstance(data[0], tuple), spec
        return data[0][1]

    assert part("2.MIME") == b"Content-Type: message/disposition-notification\r\n\r\n"
    assert b"Disposition: automatic-action/MDN-sent-automatically; displayed" in part("2")
    assert part("3.HEADER.FIELDS (SUBJECT MESSAGE-ID)") == (
        b"Subject: =?utf-8?q?R=C3=A9union?=\r\nMessage-ID: <a1@lps.test>\r\n\r\n"
    )
    assert part("3.TEXT") == b"Bonjour.\r\n"
    assert part("3.1") == b"Bonjour.\r\n"
    assert part("3") == mail("a@b.fr", "Disposition-Notification-To: moi@x.fr")
    assert client.fetch("1", "(BODY.PEEK[9])")[1] == [b"1 (BODY[9] NIL)"]
    assert client.fetch("1", "(BODY.PEEK[3]<2.4>)")[1][0][1] == part("3")[2:6]
    (envelope,) = client.fetch("1", "(ENVELOPE)")[1]
    assert b'"<n1@op.test>"' in envelope
    for macro in ("ALL", "FAST", "FULL"):
        assert client.fetch("1", macro)[0] == "OK"
    for item in ("RFC822", "RFC822.HEADER", "RFC822.TEXT", "BODY", "UID"):
        assert client.fetch("1", item)[0] == "OK"


def test_parts_agree_with_the_email_package(mail: Mail) -> None:
    source = receipt(mail)
    tree = parse(source)
    read = message_from_bytes(source, policy=policy.SMTP)
    parts = list(read.iter_parts())
    assert [child.kind for child in tree.children] == [item.get_content_type() for item in parts]
    assert section(tree, source, "1") == parts[0].get_payload(decode=True)


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\r\n",
        b"pas d'en-tete",
        b"Content-Type: multipart/mixed\r\n\r\nsans frontiere",
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n',
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n--b\r\n\r\nx',
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b--',
        b"Content-Type: message/rfc822\r\n\r\n" * 300,
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\n" * 5000,
        b"\xff\xfe: \x00\r\n\r\n\x80",
        b"Content-Type: a/b; name*=utf-8''%E9; x=\"\xe9\"\r\nFrom: <<>>,,\xff\r\n\r\n",
    ],
)
def test_odd_mails_have_a_structure(source: bytes) -> None:
    tree = parse(source)
    for extended in (False, True):
        written = structure(tree, extended=extended)
        assert written.startswith(b"(")
    section(tree, source, "1.2.HEADER")


@pytest.mark.parametrize("spec", ["0", "HEADER.FIELDS", "MIME", "1.", "..", "TEXT.1", "HEADER (X)"])
def test_bad_sections(spec: str) -> None:
    tree = parse(b"Subject: x\r\n\r\ny")
    with contextlib.suppress(BadCommand):
        assert section(tree, b"", spec) is None


def test_dsn_is_mime(mail: Mail) -> None:
    fates = [Fate("a@b.fr", "failed", "5.1.1", "550 5.1.1 no", "rfc822;A@b.fr")]
    source = notifications.dsn(mail("a@b.fr"), "moi@x.fr", fates, STAMP, operator="op.test", envid="E1")
    read = message_from_bytes(source, policy=policy.SMTP)
    assert read.get_content_type() == "multipart/report"
    assert read["Subject"] == "Message non distribué"
    assert not re.search(rb"(?<!\r)\n", source)


@pytest.mark.parametrize(
    ("clear", "reason"),
    [(xoauth2(token="non"), "token-refused"), ("user=x", "xoauth2-format"), ("", "xoauth2-format")],
)
def test_refused_login(bench: Bench, clear: str, reason: str) -> None:
    client = bench.imap(login=False)
    answers = iter([clear.encode(), b""])
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.authenticate("XOAUTH2", lambda challenge: next(answers))
    (exchange,) = bench.wait("IMAP.AUTHENTICATE")
    assert exchange.facts["reason"] == reason
    assert bench.rules(exchange) == ({"MSS-A01"} if reason == "xoauth2-format" else set())
    client.logout()


def test_refusal_at_once(bench: Bench) -> None:
    bench.options.xoauth2_fail_mode = "close"
    client = bench.imap(login=False)
    with pytest.raises(imaplib.IMAP4.error):
        client.authenticate("XOAUTH2", lambda challenge: xoauth2(token="non").encode())
    client.logout()


def test_login_is_disabled(bench: Bench) -> None:
    client = imaplib.IMAP4("localhost", bench.servers.imap, timeout=5)
    assert "LOGINDISABLED" in client.capabilities
    assert "AUTH=XOAUTH2" not in client.capabilities
    with pytest.raises(imaplib.IMAP4.error):
        client.login(MEDECIN.mailbox, "secret-de-caroline")
    (exchange,) = bench.wait("IMAP.LOGIN")
    assert bench.rules(exchange) == {"MSS-T01-IMAP"}
    assert "caroline" not in str(exchange.dialogue)
    client.starttls(bench.tls())
    with pytest.raises(imaplib.IMAP4.error):
        client.login(MEDECIN.mailbox, "secret-de-caroline")
    assert bench.rules(bench.wait("IMAP.LOGIN", 2)[1]) == {"MSS-A01"}
    client.logout()


def test_application_mailbox(bench: Bench) -> None:
    client = bench.imap(login=False, app=True, pair="labo-auth")
    client.authenticate("PLAIN", lambda challenge: f"\0{LABO_MAILBOX}\0x".encode())
    assert client.select()[0] == "OK"
    client.logout()
    client = bench.imap(login=False, app=True)
    with pytest.raises(imaplib.IMAP4.error):
        client.authenticate("PLAIN", lambda challenge: f"\0{LABO_MAILBOX}\0".encode())
    assert bench.rules(bench.wait("IMAP.AUTHENTICATE", 2)[1]) == {"MSS-A07"}
    client.logout()


@pytest.mark.parametrize("kind", ["unavailable", "server-error", "bye", "cut-after-commit", "slow"])
def test_faults_of_a_command(bench: Bench, client: imaplib.IMAP4, kind: str) -> None:
    fault = Fault("mssante", "IMAP.NOOP", kind, params={"seconds": 0.01})
    bench.context.faults.schedule(fault)
    try:
        answered = client.noop()[0]
    except (imaplib.IMAP4.error, OSError):
        answered = "cut"
    expected = {"unavailable": "NO", "server-error": "NO", "slow": "OK"}
    assert answered == expected.get(kind, "cut")
    assert bench.wait("IMAP.NOOP")[0].fault == kind
    if answered == "cut":
        client.state = "LOGOUT"


def test_sessions_that_cannot_start(bench: Bench) -> None:
    for kind in ("unavailable", "refuse", "no-starttls", "wrong-host"):
        bench.context.faults.schedule(Fault("mssante", "IMAP.session", kind))
        with pytest.raises((imaplib.IMAP4.error, OSError)):
            bench.imap()
    sessions = bench.wait("IMAP.session", 4)
    assert {item.fault for item in sessions} >= {"unavailable", "refuse", "wrong-host"}


def test_kick_and_reconnect(bench: Bench, client: imaplib.IMAP4) -> None:
    bench.servers.kick(MEDECIN.mailbox)
    with pytest.raises((imaplib.IMAP4.error, OSError)):
        client.noop()
        client.noop()
    client.state = "LOGOUT"
    bench.imap().logout()


def test_grammar() -> None:
    assert tokens([rb'a (b "c\"d" (e)) BODY[HEADER.FIELDS (X Y)]<0.5> \Seen'])[0] == b"a"
    for bad in (b"(", b")", b'"x', rb'"\x"', b"(" * 30, b"\x01", b"{3}"):
        with pytest.raises(BadCommand):
            tokens([bad])
    assert 5 in numbers("1:*", 9)
    assert 10 not in numbers("1:*", 9)
    assert 9 in numbers("20:*", 9)
    assert 4294967295 in numbers("1:4294967295", 1)
    for wrong in ("", "a", "1:", ",1", "1;2"):
        with pytest.raises(BadCommand):
            numbers(wrong, 1)
    assert decode_utf7("Trait&AOk-s &-") == "Traités &"
    assert encode_utf7("Traités &") == "Trait&AOk-s &-"
