"""What the operator and the correspondents send back: receipts, bounces, answers, odd mailboxes."""

import smtplib
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest

from simulators.core.identities import CORRESPONDANT, MEDECIN
from simulators.mssante import notifications
from simulators.mssante.behaviours import CATALOGUE, KNOWN
from simulators.mssante.notifications import Stamp
from simulators.mssante.service import ReplyForbidden
from simulators.mssante.state import BEHAVIOUR_DOMAIN

from .conftest import Bench

Mail = Callable[..., bytes]
READ_RECEIPT = f"Disposition-Notification-To: {MEDECIN.mailbox}"
DELIVERY_RECEIPT = f"Return-Receipt-To: {MEDECIN.mailbox}"


def received(bench: Bench) -> list[EmailMessage]:
    mailbox = bench.servers.world.find(MEDECIN.mailbox)
    assert mailbox is not None
    messages = mailbox.folders["INBOX"].messages
    return [cast(EmailMessage, message_from_bytes(item.source, policy=policy.SMTP)) for item in messages]


def send(bench: Bench, source: bytes, to: str) -> None:
    with bench.smtp() as client:
        client.sendmail(MEDECIN.mailbox, [to], source)


def behave(name: str) -> str:
    return f"{name}@{BEHAVIOUR_DOMAIN}"


def test_delivery_receipt(bench: Bench, mail: Mail) -> None:
    send(bench, mail(CORRESPONDANT.mailbox, DELIVERY_RECEIPT), CORRESPONDANT.mailbox)
    (notice,) = received(bench)
    assert notice.get_content_type() == "multipart/report"
    assert "Action: delivered" in notice.as_string()
    assert "Message-ID: <a1@lps.test>" in notice.as_string()


def test_no_receipt_unasked(bench: Bench, mail: Mail) -> None:
    send(bench, mail(CORRESPONDANT.mailbox), CORRESPONDANT.mailbox)
    assert received(bench) == []


def test_notify_never(bench: Bench, mail: Mail) -> None:
    with bench.smtp() as client:
        source = mail(behave("dsn-tardif"), DELIVERY_RECEIPT)
        client.sendmail(MEDECIN.mailbox, [behave("dsn-tardif")], source, (), ["NOTIFY=NEVER"])
    assert received(bench) == []


def test_patient_grants_the_read_receipt(bench: Bench, mail: Mail) -> None:
    patient = bench.population.derive("patient")
    send(bench, mail(patient.ins.mail, READ_RECEIPT), patient.ins.mail)
    (receipt,) = received(bench)
    text = receipt.as_string()
    assert "Original-Message-ID: <a1@lps.test>" in text
    assert f"Final-Recipient: rfc822; {patient.ins.mail}" in text
    assert "displayed" in text


@pytest.mark.parametrize(
    ("name", "count", "wanted"),
    [
        ("ok", 0, ""),
        ("mdn-affiche", 1, "; displayed"),
        ("mdn-traite", 1, "; processed"),
        ("mdn-ko-902", 1, "Error: 902^Patient inconnu"),
        ("mdn-ko-904-v112", 1, "processed/Error: 904^INS non concordant"),
        ("sans-mdn", 0, ""),
        ("mdn-double", 2, "; displayed"),
        ("mdn-faux-id", 1, "Original-Message-ID: <faux-"),
        ("dsn-tardif", 1, "Status: 5.1.1"),
        ("repond", 1, "In-Reply-To: <a1@lps.test>"),
    ],
)
def test_behaviours(bench: Bench, mail: Mail, name: str, count: int, wanted: str) -> None:
    send(bench, mail(behave(name), READ_RECEIPT), behave(name))
    found = received(bench)
    assert len(found) == count
    assert all(wanted in " ".join(item.as_string().split()) for item in found)
    assert bench.wait("SMTP.message")[0].accepted


@pytest.mark.parametrize(("name", "code"), [("trop-gros", 552), ("virus", 554)])
def test_refused_at_the_end(bench: Bench, mail: Mail, name: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(bench, mail(behave(name)), behave(name))
    assert refused.value.smtp_code == code


def test_greylist_then_accepted(bench: Bench, mail: Mail) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(bench, mail(behave("greylist")), behave("greylist"))
    send(bench, mail(behave("greylist")), behave("greylist"))


@pytest.mark.parametrize(("name", "outcome"), [("coupe", "refused"), ("coupe-apres", "accepted")])
def test_cut_then_accepted(bench: Bench, mail: Mail, name: str, outcome: str) -> None:
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(bench, mail(behave(name)), behave(name))
    send(bench, mail(behave(name)), behave(name))
    outcomes = [item.facts["outcome"] for item in bench.wait("SMTP.message", 2)]
    assert outcomes == [outcome, "accepted"]


def test_slow(bench: Bench, mail: Mail) -> None:
    bench.options.slow = 0.02
    send(bench, mail(behave("lent")), behave("lent"))
    send(bench, mail(behave("lent-3")), behave("lent-3"))
    assert all(item.duration >= 0.02 for item in bench.wait("SMTP.message", 2))


def test_patient_answers(bench: Bench, mail: Mail) -> None:
    patient = bench.population.derive("patient")
    send(bench, mail(patient.ins.mail), patient.ins.mail)
    message_id = bench.servers.patient_reply(patient, mail(patient.ins.mail), "Merci docteur.")
    (answer,) = received(bench)
    assert answer["Message-ID"] == message_id
    assert answer["In-Reply-To"] == answer["References"] == "<a1@lps.test>"
    assert patient.ins.mail in answer["From"]
    assert patient.birth_name in answer["From"]
    assert answer.get_content().strip() == "Merci docteur."


def test_fin_closes_the_conversation(bench: Bench, mail: Mail) -> None:
    patient = bench.population.derive("patient")
    send(bench, mail(patient.ins.mail, "X-MSS-MES: FIN"), patient.ins.mail)
    with pytest.raises(ReplyForbidden):
        bench.servers.patient_reply(patient, mail(patient.ins.mail), "Encore une question")
    send(bench, mail(patient.ins.mail), patient.ins.mail)
    bench.servers.patient_reply(patient, mail(patient.ins.mail), "Merci")


def test_patient_writes(bench: Bench) -> None:
    patient = bench.population.derive("patient")
    message_id = bench.servers.send_patient_mail(patient, MEDECIN.mailbox)
    (letter,) = received(bench)
    assert letter["Message-ID"] == message_id
    assert patient.ins.mail in letter["From"]


def test_reset(bench: Bench, mail: Mail) -> None:
    send(bench, mail(MEDECIN.mailbox), MEDECIN.mailbox)
    bench.servers.reset()
    assert received(bench) == []


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"Message-ID: <a@b>\r\n\xff\xfe",
        b"Subject: =?x-bad?b?!!!?=\r\nFrom: =?utf-8?q?=FF?= <a@b>\r\n\r\n\xff",
        b"Disposition-Notification-To: x@y.fr,\r\n z@t.fr\r\nReply-To: <a\r\n @b.fr>\r\n\r\n",
    ],
)
def test_answers_to_odd_mails(source: bytes) -> None:
    stamp = Stamp("<n@op.test>", "=_b", datetime(2026, 11, 24, tzinfo=UTC))
    fates = [notifications.Fate("a@b.fr", "failed", "5.1.1")]
    for written in (
        notifications.mdn(source, notifications.Mdn("a@b.fr", "x@y.fr"), stamp),
        notifications.dsn(source, "a@b.fr", fates, stamp, operator="op.test"),
        notifications.dsn(source, "a@b.fr", fates, stamp, operator="op.test", full=True),
        notifications.answer(source, "a@b.fr", "Zoé", "Bonjour", stamp),
    ):
        assert message_from_bytes(written)["Message-ID"] == "<n@op.test>"


def test_every_behaviour_shown_exists() -> None:
    assert all(KNOWN.fullmatch(name) for name in CATALOGUE)
