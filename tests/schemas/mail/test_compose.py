"""Replies, receipts, names."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas import cda, mail
from schemas.mail import naming

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_application_mail(sound) -> None:
    draft = replace(sound.draft, reply_to="secretariat@labo.test.mssante.fr", automatic=True)
    read = mail.read_mail(mail.compose(draft))
    assert read.reply_to[0].address == "secretariat@labo.test.mssante.fr"
    assert read.body.strip().endswith("Pour joindre l'émetteur : secretariat@labo.test.mssante.fr")
    assert mail.judge_mail(read, mail.MailContext(sender_type="APP"), deep=False) == []


def test_reply(sound) -> None:
    first = mail.read_mail(mail.compose(sound.draft))
    plain = replace(sound.draft, subject="", attachments=(), codes="", ins="", message_id="<2@b>")
    second = mail.read_mail(mail.compose(mail.as_reply(plain, first)))
    assert second.in_reply_to == first.message_id
    assert second.references == (first.message_id,)
    assert second.subject.startswith("Re: XDM/1.0")
    context = mail.MailContext(in_reply_to=first.message_id)
    assert mail.judge_mail(second, context, deep=False) == []
    third = mail.read_mail(mail.compose(mail.as_reply(replace(plain, message_id="<3@b>"), second)))
    assert third.references == (first.message_id, "<2@b>")
    assert third.subject == second.subject


def test_receipts(sound) -> None:
    draft = replace(sound.draft, delivery_receipt=True, read_receipt=True)
    original = mail.read_mail(mail.compose(draft))
    assert original.header("Return-Receipt-To") == "camille@medecin.test.mssante.fr"
    reader = mail.Address("app.dpi@hopital.test.mssante.fr")
    mdn = mail.read_mail(
        mail.compose_mdn(original, sender=reader, message_id="<m@b>", date=NOW, nil="BANC000001")
    )
    assert mdn.report is not None
    assert (mdn.report.kind, mdn.report.disposition) == ("mdn", "displayed")
    assert mdn.report.original_message_id == original.message_id
    assert mail.judge_mail(mdn, mail.MailContext(mdn_for=original.message_id)) == []
    failure = mail.compose_mdn(
        original,
        sender=reader,
        message_id="<m@b>",
        date=NOW,
        disposition="automatic-action/MDN-sent-automatically; processed/error",
        error="902^Identifiant patient inconnu",
    )
    read = mail.read_mail(failure)
    assert read.report is not None
    assert read.report.fields["error"].startswith("902")
    assert read.subject.startswith("[KO Intégration système !]")
    dsn = mail.read_mail(
        mail.compose_dsn(
            original,
            sender=mail.Address("MAILER-DAEMON@mx.test.mssante.fr"),
            to="camille@medecin.test.mssante.fr",
            recipient="inconnu@hopital.test.mssante.fr",
            message_id="<d@b>",
            date=NOW,
            status="5.1.1",
            diagnostic="550 5.1.1 mailbox not found",
        )
    )
    assert dsn.report is not None
    assert dsn.report.kind == "dsn"
    assert dsn.report.recipients[0]["final-recipient"] == "rfc822; inconnu@hopital.test.mssante.fr"
    assert mail.judge_mail(dsn) == []


def test_no_receipt_without_demand(sound) -> None:
    original = mail.read_mail(mail.compose(sound.draft))
    with pytest.raises(ValueError, match="no read receipt"):
        mail.compose_mdn(original, sender=mail.Address("a@b"), message_id="<m@b>", date=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: x@y"},
        {"sender": mail.Address("a@b", "x\nBcc: y")},
        {"sender": mail.Address("a@b\r\nBcc: x@y")},
        {"to": (mail.Address("a b@c"),)},
        {"attachments": (mail.Attachment("a\r\nX: y", "text/plain", b""),)},
        {"nil": "N\nX: y"},
    ],
)
def test_no_injection(sound, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        mail.compose(replace(sound.draft, **changes))


def test_one_pdf_a_document(sound) -> None:
    with pytest.raises(ValueError, match="one PDF"):
        mail.with_documents(sound.draft, b"", [sound.document], [])


def named(document: cda.ClinicalDocument, **patient: object) -> str:
    changed = replace(document, patient=replace(document.patient, **patient))
    return mail.document_file_name(changed)


def test_file_name(sound) -> None:
    document = replace(
        sound.document,
        type_code=cda.Code("11490-0", "", "Lettre de liaison à la sortie d'un établissement de soins"),
        service_start="20150802080000+0200",
        effective_time="20150803",
    )
    assert named(document, birth_name="Vial", given="Paul") == (
        "20150802_Lettre de liaison à la sortie d'un établ_VIAL_Paul.pdf"
    )
    assert mail.document_file_name(document, "121").endswith("_PAT-TROIS_DOMINIQUE_121.pdf")
    assert "/" not in named(document, given="../../x")
    assert named(replace(document, service_start="")).startswith("20150803_")


def test_header_values(sound) -> None:
    other = replace(sound.document, type_code=cda.Code("PRESC-BIO"))
    assert mail.code_header([sound.document, other, other]) == "11488-4,PRESC-BIO"
    assert mail.ins_header([sound.document]) == "O"
    without = replace(sound.document, patient=replace(sound.document.patient, ins=None))
    assert mail.ins_header([without]) == "N"
    assert mail.ins_header([replace(without, patient=replace(without.patient, sex=""))]) == "N"
    assert naming.birth_date(replace(sound.document.patient, birth_date="1979")) == ""
