"""Submission: the nominal path, authentication, the acceptance pipeline."""

import base64
import smtplib
from collections.abc import Callable

import pytest

from schemas.mail.model import AUTOMATIC_NOTE
from simulators.core.faults import Fault
from simulators.core.identities import BIOLOGISTE, CORRESPONDANT, LABO_MAILBOX, MEDECIN, PHARMACIEN
from simulators.mssante.state import BEHAVIOUR_DOMAIN

from .conftest import Bench, Raw, authenticated, xoauth2

Mail = Callable[..., bytes]


def inbox(bench: Bench, address: str) -> list[bytes]:
    mailbox = bench.servers.world.find(address)
    assert mailbox is not None
    return [message.source for message in mailbox.folders["INBOX"].messages]


def test_a_mail_is_delivered_and_recorded(bench: Bench, mail: Mail) -> None:
    source = mail(CORRESPONDANT.mailbox)
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], source)
        assert bench.journal.position == 1, "recorded before the reply leaves"
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.accepted
    assert exchange.request_body == source
    assert exchange.tls is not None
    assert exchange.tls.version in ("TLSv1.2", "TLSv1.3")
    facts = exchange.facts
    assert facts["sender"] == MEDECIN.mailbox
    assert facts["recipients"] == facts["accepted_recipients"] == [CORRESPONDANT.mailbox]
    assert (facts["subject"], facts["message_id"]) == ("Réunion", "<a1@lps.test>")
    assert facts["headers"]["X-MSS-NIL"] == "BANC000001"
    assert facts["codes"] == []
    assert (facts["user"], facts["mechanism"], facts["initial_response"]) == (
        MEDECIN.id_nat,
        "XOAUTH2",
        True,
    )
    assert facts["replies"] == {CORRESPONDANT.mailbox: "250 2.1.5"}
    assert bench.rules(exchange) == set()
    (stored,) = inbox(bench, CORRESPONDANT.mailbox)
    assert stored.endswith(source)
    assert stored.startswith(f"Return-Path: <{MEDECIN.mailbox}>\r\n".encode())
    said = "\n".join(line.text for line in exchange.dialogue)
    assert "STARTTLS" in said
    assert base64.b64encode(xoauth2().encode()).decode() not in said
    assert [item.transaction for item in bench.journal.exchanges()] == ["SMTP.message"]


def test_content_is_judged(bench: Bench, mail: Mail) -> None:
    """A header that announces a document without one: found after the answer, and again offline."""
    with bench.smtp() as client:
        source = mail(CORRESPONDANT.mailbox, "X-MSS-CODECDA: 11488-4")
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], source)
    assert bench.rules(bench.wait("SMTP.message")[0]) == {"MSS-M08"}


def test_message_id_used_for_two_mails(bench: Bench, mail: Mail) -> None:
    """Sending the same mail again is a retry; sending another under its Message-ID is a fault."""
    with bench.smtp() as client:
        for body in ("un", "un", "deux"):
            source = mail(CORRESPONDANT.mailbox, body=body)
            client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], source)
    assert [bench.rules(item) for item in bench.wait("SMTP.message", 3)] == [set(), set(), {"MSS-M01"}]


def test_an_archive_is_in_the_facts(bench: Bench) -> None:
    patient = bench.population.derive("patient")
    report = bench.servers.send_lab_report(PHARMACIEN.mailbox, patient)
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], report.source)
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.facts["codes"] == ["11502-2"]
    assert exchange.facts["documents"] == [report.unique_id]
    assert exchange.facts["patient"] == patient.ins.matricule
    assert exchange.facts["headers"]["X-MSS-INS"] == "O"


def test_two_mails_on_one_connection_are_two_exchanges(bench: Bench, mail: Mail) -> None:
    with bench.smtp() as client:
        for _ in range(2):
            client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))
    first, second = bench.wait("SMTP.message", 2)
    assert any("AUTH" in line.text for line in first.dialogue)
    assert not any("AUTH" in line.text for line in second.dialogue)
    assert second.facts["mechanism"] == "XOAUTH2"


def test_a_connection_test_is_a_session(bench: Bench) -> None:
    bench.smtp().quit()
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.accepted
    assert exchange.facts["mailbox"] == MEDECIN.mailbox


def test_dots_and_final_line_survive(bench: Bench, mail: Mail) -> None:
    source = mail(CORRESPONDANT.mailbox, body=".\r\n..\r\n.x\r\n")
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], source)
    assert bench.wait("SMTP.message")[0].request_body == source


def test_challenge_form_of_xoauth2(bench: Bench) -> None:
    client = bench.smtp(login=False)
    assert client.docmd("AUTH", "XOAUTH2") == (334, b"")
    code, _ = client.docmd(base64.b64encode(xoauth2().encode()).decode())
    assert code == 235
    client.quit()
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["attempts"][0]["initial_response"] is False


@pytest.mark.parametrize(
    ("clear", "problem", "faulty"),
    [
        (xoauth2(token="périmé").encode(), "token-refused", False),
        (xoauth2(PHARMACIEN.mailbox).encode(), "not-entitled", True),
        (xoauth2("personne@medecin.test.mssante.fr").encode(), "unknown-mailbox", False),
        (xoauth2(LABO_MAILBOX).encode(), "application-mailbox", False),
        (f"user={MEDECIN.mailbox}\x01auth=Bearer jeton\x01".encode(), "xoauth2-format", True),
        (f"user={MEDECIN.mailbox}\x01auth=Basic jeton\x01\x01".encode(), "xoauth2-format", True),
        (f"user={MEDECIN.mailbox}\nauth=Bearer jeton\n\n".encode(), "xoauth2-format", True),
        (b"\xff\xfe", "xoauth2-format", True),
    ],
)
def test_refused_tokens(bench: Bench, clear: bytes, problem: str, faulty: bool) -> None:
    client = bench.smtp(login=False)
    code, challenge = client.docmd("AUTH", "XOAUTH2 " + base64.b64encode(clear).decode())
    assert code == 334
    assert b'"status":"401"' in base64.b64decode(challenge)
    code, text = client.docmd("")
    assert code == 535
    assert problem.encode() in text
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["reason"] == problem
    assert exchange.dialogue[-1].text.startswith("535 5.7.8")
    assert bench.rules(exchange) == ({"MSS-A01"} if faulty else set())
    client.close()


def test_refusal_by_closing(bench: Bench) -> None:
    bench.options.xoauth2_fail_mode = "close"
    client = bench.smtp(login=False)
    token = base64.b64encode(xoauth2(token="non").encode()).decode()
    assert client.docmd("AUTH", f"XOAUTH2 {token}")[0] == 334
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.docmd("")
    assert bench.wait("SMTP.session")[0].facts["reason"] == "token-refused"


@pytest.mark.parametrize("response", ["pas du base64!", "QUJ", "====", "/-_"])
def test_bad_base64(bench: Bench, response: str) -> None:
    client = bench.smtp(login=False)
    assert client.docmd("AUTH", f"XOAUTH2 {response}")[0] == 501
    (exchange,) = bench.wait("SMTP.session")
    assert bench.rules(exchange) == {"MSS-A01"}
    assert client.noop()[0] == 250
    client.quit()


def test_another_mechanism(bench: Bench) -> None:
    client = bench.smtp(login=False)
    assert client.docmd("AUTH", "PLAIN AAAA")[0] == 504
    (exchange,) = bench.wait("SMTP.session")
    assert bench.rules(exchange) == {"MSS-A01"}
    client.quit()


def test_cancelled_authentication(bench: Bench) -> None:
    client = bench.smtp(login=False)
    client.docmd("AUTH", "XOAUTH2")
    assert client.docmd("*")[0] == 501
    client.quit()


def test_a_client_that_floods(bench: Bench) -> None:
    token = base64.b64encode(xoauth2(token="non").encode()).decode()
    for _ in range(6):
        client = bench.smtp(login=False)
        client.docmd("AUTH", f"XOAUTH2 {token}")
        client.docmd("")
        client.close()
    sessions = bench.wait("SMTP.session", 6)
    assert [bench.rules(item) for item in sessions[:6]] == [set()] * 5 + [{"MSS-A03"}]


def test_nothing_before_tls(bench: Bench) -> None:
    client = smtplib.SMTP("localhost", bench.servers.smtp, timeout=5)
    client.ehlo()
    assert not client.has_extn("auth")
    assert client.docmd("AUTH", "XOAUTH2 " + base64.b64encode(xoauth2().encode()).decode())[0] == 530
    (exchange,) = bench.wait("SMTP.session")
    assert bench.rules(exchange) == {"MSS-T01-SMTP"}
    assert client.mail(MEDECIN.mailbox)[0] == 530
    client.quit()


def test_not_authenticated(bench: Bench) -> None:
    client = bench.smtp(login=False)
    assert client.mail(MEDECIN.mailbox)[0] == 530
    client.quit()


def test_no_second_ehlo_is_a_warning(bench: Bench) -> None:
    raw = bench.raw()
    raw.reply()
    raw.ask(b"EHLO lps\r\n")
    raw.ask(b"STARTTLS\r\n")
    raw.upgrade(bench.tls())
    raw.ask(b"AUTH XOAUTH2 " + base64.b64encode(xoauth2().encode()) + b"\r\n")
    raw.ask(b"QUIT\r\n")
    (exchange,) = bench.wait("SMTP.session")
    found = {item.rule: item.severity.value for item in bench.journal.findings(exchange)}
    assert found.get("MSS-S02") == "warning"


@pytest.mark.parametrize(
    ("recipient", "code", "reason"),
    [
        ("quelqu.un@exemple.org", 550, "outside-trust-space"),
        ("dupont@medecin.mssante.fr", 550, "outside-trust-space"),
        ("personne@medecin.test.mssante.fr", 550, "unknown-mailbox"),
        ("123@patient.mssante.fr", 550, "patient-bad-address"),
        ("279035121518980@patient.mssante.fr", 550, "patient-bad-address"),
        ("279035121518989@patient.mssante.fr", 550, "patient-absent"),
        ("pas-une-adresse", 501, "bad-address"),
        (f"suspendu@{BEHAVIOUR_DOMAIN}", 550, "mailbox-disabled"),
        (f"plein@{BEHAVIOUR_DOMAIN}", 452, "mailbox-full"),
        (f"jamais-vu@{BEHAVIOUR_DOMAIN}", 550, "unknown-mailbox"),
    ],
)
def test_refused_recipients(bench: Bench, mail: Mail, recipient: str, code: int, reason: str) -> None:
    with bench.smtp() as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail(MEDECIN.mailbox, [recipient], mail(recipient))
        assert next(iter(refused.value.recipients.values()))[0] == code
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.facts["outcome"] == "refused"
    assert exchange.facts["reason"] == reason
    assert exchange.facts["recipients"] == [recipient]
    assert exchange.facts["accepted_recipients"] == []
    assert bench.rules(exchange) == set()


def test_patients(bench: Bench, mail: Mail) -> None:
    active, closed = bench.population.derive("actif"), bench.population.derive("ferme", mes="ferme")
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [active.ins.mail], mail(active.ins.mail))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(MEDECIN.mailbox, [closed.ins.mail], mail(closed.ins.mail))
    first, second = bench.wait("SMTP.message", 2)
    assert first.facts["patient"] == active.ins.matricule
    assert (second.facts["reason"], second.facts["reply"][:9]) == ("patient-closed", "550 5.2.1")


def test_refusal_by_dsn(bench: Bench, mail: Mail) -> None:
    bench.options.patient_reject_mode = "dsn"
    closed = bench.population.derive("ferme", mes="ferme")
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [closed.ins.mail], mail(closed.ins.mail))
    (notice,) = inbox(bench, MEDECIN.mailbox)
    assert b"report-type=delivery-status" in notice
    assert f"Final-Recipient: rfc822; {closed.ins.mail}\r\nAction: failed\r\nStatus: 5.2.1".encode() in notice


def test_sender_must_be_the_mailbox(bench: Bench, mail: Mail) -> None:
    with bench.smtp() as client, pytest.raises(smtplib.SMTPSenderRefused) as refused:
        client.sendmail(PHARMACIEN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))
    assert refused.value.smtp_code == 553
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.facts["reason"] == "sender-not-allowed"
    assert exchange.dialogue[-1].text.startswith("553")


def test_empty_sender_carries_receipts(bench: Bench, mail: Mail) -> None:
    with bench.smtp() as client:
        client.sendmail("", [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))
    assert bench.wait("SMTP.message")[0].accepted


def test_full_and_suspended_mailboxes(bench: Bench, mail: Mail) -> None:
    mailbox = bench.servers.world.find(CORRESPONDANT.mailbox)
    assert mailbox is not None
    mailbox.quota = 0
    client = bench.smtp()
    client.mail(MEDECIN.mailbox)
    assert client.rcpt(CORRESPONDANT.mailbox)[0] == 452
    mailbox.quota, mailbox.state = None, "suspended"
    assert client.rcpt(CORRESPONDANT.mailbox)[0] == 550
    client.quit()


def test_size(bench: Bench, mail: Mail) -> None:
    bench.options.max_size = 2000
    with bench.smtp() as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail(
                MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox, body="x" * 3000)
            )
        assert refused.value.smtp_code == 552
        client.esmtp_features.pop("size")
        with pytest.raises(smtplib.SMTPDataError) as too_big:
            client.sendmail(
                MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox, body="x" * 3000)
            )
        assert too_big.value.smtp_code == 552
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))
    assert [item.facts["reason"] for item in bench.wait("SMTP.message", 3)] == ["too-big", "too-big", ""]


def test_antivirus_and_nul(bench: Bench, mail: Mail) -> None:
    eicar = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    with bench.smtp() as client:
        for body, reason in ((eicar, "malware"), ("a\0b", "nul-bytes")):
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail(
                    MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox, body=body)
                )
            assert refused.value.smtp_code == 554
            assert bench.wait("SMTP.message")[-1].facts["reason"] == reason


def test_dsn_parameters_keep_their_case(bench: Bench, mail: Mail) -> None:
    with bench.smtp() as client:
        client.sendmail(
            MEDECIN.mailbox,
            [CORRESPONDANT.mailbox],
            mail(CORRESPONDANT.mailbox),
            ["RET=FULL", "ENVID=AbC-1"],
            ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;MaXime@X.fr"],
        )
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.facts["dsn"] == {
        "ret": "FULL",
        "envid": "AbC-1",
        "notify": {CORRESPONDANT.mailbox: "SUCCESS,FAILURE"},
    }
    (notice,) = inbox(bench, MEDECIN.mailbox)
    assert b"Original-Envelope-Id: AbC-1\r\n" in notice
    assert b"Original-Recipient: rfc822;MaXime@X.fr\r\n" in notice
    assert b"Content-Type: message/rfc822" in notice


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (f"MAIL FROM:<{MEDECIN.mailbox}> TRUC=1", 555),
        (f"MAIL FROM:<{MEDECIN.mailbox}> SIZE=abc", 501),
        (f"MAIL FROM:<{MEDECIN.mailbox}> RET=PEUT-ETRE", 501),
        (f"MAIL FROM:{MEDECIN.mailbox}", 501),
        (f"MAIL FROM: <{MEDECIN.mailbox}> SIZE=10 BODY=8BITMIME", 250),
        ("RCPT TO:<a@b.c>", 503),
        ("DATA", 503),
        ("STARTTLS", 503),
        ("EXPN tous", 502),
        ("BDAT 10 LAST", 502),
        ("VRFY moi", 252),
        ("HELP", 214),
        ("NIMPORTE QUOI", 500),
        ("EHLO", 501),
    ],
)
def test_commands(bench: Bench, command: str, code: int) -> None:
    client = bench.smtp()
    assert client.docmd(command)[0] == code
    client.quit()


def test_application_mailbox(bench: Bench, mail: Mail) -> None:
    with bench.smtp(login=False, app=True, pair="labo-auth") as client:
        client.auth("PLAIN", lambda challenge=None: f"\0{LABO_MAILBOX}\0")
        body = AUTOMATIC_NOTE.format(address=BIOLOGISTE.mailbox)
        reply_to = f"Reply-To: {BIOLOGISTE.mailbox}"
        source = mail(MEDECIN.mailbox, reply_to, "Content-Type: text/plain; charset=utf-8", body=body)
        client.sendmail(LABO_MAILBOX, [MEDECIN.mailbox], source)
    (exchange,) = bench.wait("SMTP.message")
    assert exchange.accepted
    assert exchange.facts["interface"] == "app"
    assert exchange.tls is not None
    assert "LABORATOIRE DU BANC" in exchange.tls.client_subject
    assert bench.rules(exchange) == set()


@pytest.mark.parametrize(
    ("pair", "login", "problem", "code"),
    [
        (None, LABO_MAILBOX, "no-client-certificate", 530),
        ("cabinet-auth", LABO_MAILBOX, "not-owner", 535),
        ("labo-auth", "app.inconnu@labo.test.mssante.fr", "unknown-mailbox", 535),
        ("labo-auth", MEDECIN.mailbox, "unknown-mailbox", 535),
        ("revoked", LABO_MAILBOX, "wrong-certificate", 535),
        ("wrong-range", LABO_MAILBOX, "wrong-certificate", 535),
    ],
)
def test_refused_application(bench: Bench, pair: str | None, login: str, problem: str, code: int) -> None:
    client = bench.smtp(login=False, app=True, pair=pair)
    given = base64.b64encode(f"\0{login}\0".encode()).decode()
    assert client.docmd("AUTH", f"PLAIN {given}")[0] == code
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["reason"] == problem
    assert bench.rules(exchange) == {"MSS-A07"}
    client.quit()


@pytest.mark.parametrize("pair", ["expired", "unknown-issuer", "wrong-usage"])
def test_certificate_refused_by_the_handshake(bench: Bench, pair: str) -> None:
    with pytest.raises((OSError, smtplib.SMTPException)):
        bench.smtp(login=False, app=True, pair=pair)
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["reason"] == "tls-handshake"
    assert "certificate" in exchange.facts["tls_error"]
    assert bench.rules(exchange) == {"MSS-A07"}


def test_the_alert_of_a_client_is_told(bench: Bench) -> None:
    """A client that refuses our certificate says so after the TLS 1.3 handshake is over on our side."""
    bench.context.faults.schedule(Fault("mssante", "SMTP.session", "unknown-authority"))
    with pytest.raises(OSError):
        bench.smtp()
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["tls_reason"] == "TLSV1_ALERT_UNKNOWN_CA"
    assert "ca-bundle.pem" in exchange.facts["tls_error"]


@pytest.mark.parametrize("kind", ["expired-certificate", "wrong-host", "unknown-authority"])
def test_a_careful_client_refuses_a_faulty_operator(bench: Bench, kind: str) -> None:
    bench.context.faults.schedule(Fault("mssante", "SMTP.session", kind))
    with pytest.raises(OSError):
        bench.smtp()
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.fault == kind
    assert exchange.facts["mechanism"] == ""
    assert exchange.facts["reason"] in ("tls-handshake", "closed-after-handshake")
    bench.smtp().quit()


def test_starttls_stripped(bench: Bench) -> None:
    bench.context.faults.schedule(Fault("mssante", "SMTP.session", "no-starttls"))
    client = smtplib.SMTP("localhost", bench.servers.smtp, timeout=5)
    client.ehlo()
    assert not client.has_extn("starttls")
    assert client.docmd("STARTTLS")[0] == 502
    assert client.docmd("AUTH", "XOAUTH2 abcd")[0] == 530
    (exchange,) = bench.wait("SMTP.session")
    assert bench.rules(exchange) == {"MSS-T09"}
    client.quit()


def test_old_tls_and_other_suites(bench: Bench) -> None:
    import ssl

    raw = bench.raw()
    raw.reply()
    raw.ask(b"EHLO lps\r\n")
    raw.ask(b"STARTTLS\r\n")
    context = bench.tls(maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305:AES256-SHA")
    with pytest.raises(OSError):
        raw.upgrade(context)
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["tls_reason"] == "NO_SHARED_CIPHER"
    assert bench.rules(exchange) == {"MSS-T03"}


def test_suites_offered_beyond_the_list_are_an_information(bench: Bench) -> None:
    bench.smtp().quit()
    (exchange,) = bench.wait("SMTP.session")
    found = {item.rule: item for item in bench.journal.findings(exchange)}
    assert found["MSS-T03-OFFRE"].severity.value == "info"
    assert "0xCCA8" in found["MSS-T03-OFFRE"].observed


@pytest.mark.parametrize(
    ("kind", "outcome", "code"),
    [
        ("greylist", "refused", 451),
        ("unavailable", "refused", 421),
        ("server-error", "refused", 451),
        ("reject", "refused", 554),
        ("cut-in-data", "refused", None),
        ("cut-after-commit", "accepted", None),
        ("malformed", "accepted", None),
    ],
)
def test_faults_of_a_mail(bench: Bench, mail: Mail, kind: str, outcome: str, code: int | None) -> None:
    bench.context.faults.schedule(Fault("mssante", "SMTP.message", kind))
    client = bench.smtp()
    try:
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))
    except smtplib.SMTPServerDisconnected:
        assert code is None
    except smtplib.SMTPRecipientsRefused as refused:
        assert next(iter(refused.recipients.values()))[0] == code
    except smtplib.SMTPResponseException as refused:
        assert refused.smtp_code == code or code is None
    client.close()
    (exchange,) = bench.wait("SMTP.message")
    assert (exchange.fault, exchange.facts["outcome"]) == (kind, outcome)
    assert len(inbox(bench, CORRESPONDANT.mailbox)) == (outcome == "accepted")
    with bench.smtp() as again:
        again.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))


def test_slow_and_unavailable_operator(bench: Bench, mail: Mail) -> None:
    slow = Fault("mssante", "SMTP.message", "slow", params={"seconds": 0.05})
    bench.context.faults.schedule(slow)
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [CORRESPONDANT.mailbox], mail(CORRESPONDANT.mailbox))
    assert bench.wait("SMTP.message")[0].duration >= 0.05
    for kind in ("unavailable", "refuse"):
        bench.context.faults.schedule(Fault("mssante", "SMTP.session", kind))
        with pytest.raises((smtplib.SMTPException, OSError)):
            smtplib.SMTP("localhost", bench.servers.smtp, timeout=5)
    assert [item.fault for item in bench.wait("SMTP.session", 2)] == ["unavailable", "refuse"]


def test_authentication_refused_by_fault(bench: Bench) -> None:
    bench.context.faults.schedule(Fault("mssante", "SMTP.session", "auth-refused", times=0))
    with pytest.raises(smtplib.SMTPAuthenticationError):
        bench.smtp()
    (exchange,) = bench.wait("SMTP.session")
    assert exchange.facts["mechanism"] == "XOAUTH2"
    assert bench.rules(exchange) == set()


def test_kick(bench: Bench) -> None:
    client = bench.smtp()
    bench.servers.kick()
    exchange = bench.wait("SMTP.session")[0]
    assert exchange.facts["reason"] == "kicked"
    assert client.noop()[0] == 421
    client.close()


def test_abandoned_transaction(bench: Bench) -> None:
    client = bench.smtp()
    client.mail(MEDECIN.mailbox)
    client.rcpt(CORRESPONDANT.mailbox)
    client.rset()
    (exchange,) = bench.wait("SMTP.message")
    assert (exchange.facts["outcome"], exchange.facts["reason"]) == ("refused", "reset")
    client.quit()


def test_client_lost_in_data(bench: Bench) -> None:
    raw = authenticated(bench)
    raw.ask(f"MAIL FROM:<{MEDECIN.mailbox}>\r\n".encode())
    raw.ask(f"RCPT TO:<{CORRESPONDANT.mailbox}>\r\n".encode())
    raw.ask(b"DATA\r\n")
    raw.send(b"Subject: x\r\n\r\nmoiti")
    raw.close()
    (exchange,) = bench.wait("SMTP.message")
    assert (exchange.facts["outcome"], exchange.facts["reason"]) == ("refused", "connection-lost")
    assert inbox(bench, CORRESPONDANT.mailbox) == []


def test_port_probe_leaves_no_trace(bench: Bench) -> None:
    probe: Raw = bench.raw()
    probe.reply()
    probe.close()
    bench.smtp().quit()
    bench.wait("SMTP.session")
    assert bench.journal.position == 1
