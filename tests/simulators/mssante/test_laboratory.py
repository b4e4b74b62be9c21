"""The laboratory's mails: what each variant is, seen through the readers that a vendor's software has."""

import pytest

from schemas import cda, mail, xdm
from schemas.finding import errors
from simulators.core.identities import BIOLOGISTE, LABO_MAILBOX, MEDECIN
from simulators.mssante.behaviours import REPORTS
from simulators.mssante.state import BEHAVIOUR_DOMAIN

from .conftest import Bench


def inbox(bench: Bench) -> list[bytes]:
    mailbox = bench.servers.world.find(MEDECIN.mailbox)
    assert mailbox is not None
    return [message.source for message in mailbox.folders["INBOX"].messages]


def test_nominal_report_is_conformant(bench: Bench) -> None:
    patient = bench.population.derive("patient")
    sent = bench.servers.send_lab_report(MEDECIN.mailbox, patient)
    (stored,) = inbox(bench)
    assert stored.endswith(sent.source)
    read = mail.read_mail(sent.source)
    assert read.message_id == sent.message_id
    context = mail.MailContext(sender_type="APP", nil="BANCLABO01")
    assert [
        f"{item.rule} {item.where} {item.observed}" for item in errors(mail.judge_mail(read, context))
    ] == []
    assert read.archive is not None
    assert [f"{item.rule} {item.observed}" for item in errors(xdm.judge_archive(read.archive))] == []
    document = cda.read(sent.documents[sent.unique_id])
    assert document.patient.ins == patient.ins
    assert document.type_code.code == "11502-2"


def test_from_the_biologist(bench: Bench) -> None:
    patient = bench.population.derive("patient")
    sent = bench.servers.send_lab_report(
        MEDECIN.mailbox, patient, automatic=False, read_receipt=True, delivery_receipt=True
    )
    read = mail.read_mail(sent.source)
    assert BIOLOGISTE.mailbox in read.header("From")
    assert read.header("Disposition-Notification-To") == BIOLOGISTE.mailbox
    assert read.header("Return-Receipt-To") == BIOLOGISTE.mailbox


@pytest.mark.parametrize("variant", sorted(set(REPORTS) - {"nominal", "same-document"}))
def test_variants(bench: Bench, variant: str) -> None:
    patient = bench.population.derive("patient")
    sent = bench.servers.send_lab_report(MEDECIN.mailbox, patient, variant=variant)
    read = mail.read_mail(sent.source)
    broken = {item.rule for item in errors(xdm.judge_archive(read.archive))} if read.archive else set()
    patients = {document.patient.ins for document in map(cda.read, sent.documents.values())}
    if variant in ("wrong-patient", "two-patients", "hash-mismatch"):
        assert read.archive is not None
    if variant == "wrong-patient":
        assert patient.ins not in patients
        assert patient.birth_name in read.subject
        assert broken == set()
    elif variant == "two-patients":
        assert len(patients) == 2
        assert patient.ins in patients
        assert broken
    elif variant in ("hash-mismatch", "missing-metadata"):
        assert read.archive is not None
        assert broken
    elif variant in ("corrupt-zip", "not-xdm"):
        assert read.archive is None
    elif variant == "no-ins":
        assert patients == {None}
        assert read.header("X-MSS-INS") == "N"


def test_same_document_again(bench: Bench) -> None:
    patient = bench.population.derive("patient")
    first = bench.servers.send_lab_report(MEDECIN.mailbox, patient)
    second = bench.servers.send_lab_report(MEDECIN.mailbox, patient, variant="same-document")
    assert first.documents == second.documents
    assert first.message_id != second.message_id


def test_refusals(bench: Bench) -> None:
    with pytest.raises(ValueError, match="nominal"):
        bench.servers.send_lab_report(MEDECIN.mailbox, None, variant="inventé")
    with pytest.raises(ValueError, match="no mailbox"):
        bench.servers.send_lab_report("personne@x.fr", None)


def test_a_report_on_demand(bench: Bench) -> None:
    """Any mail to `envoie-xdm-…` gets a report of that variant back."""
    with bench.smtp() as client:
        for name in ("envoie-xdm", "envoie-xdm-corrupt-zip"):
            to = f"{name}@{BEHAVIOUR_DOMAIN}"
            client.sendmail(MEDECIN.mailbox, [to], b"Subject: x\r\nMessage-ID: <1@x>\r\n\r\n\r\n")
    assert [LABO_MAILBOX.encode() in source for source in inbox(bench)] == [True, True]
