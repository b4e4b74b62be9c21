"""MSSanté: sending. Transport, headers, archive, receipts, refusals."""

from typing import Any

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet
from schemas.messages import text
from simulators.core.exchange import Exchange
from simulators.core.identities import CORRESPONDANT, MEDECIN

RULES: RuleSet[None] = RuleSet("scenarios.mssante.send")
SENT = RULES.declare("SCN-MSS-ENVOI", requirements=["SC.MSS/UX.32"])
SENT_PRO = RULES.declare("SCN-MSS-ENVOI-PS", requirements=["MSS/va1.26"])
SENT_PLAIN = RULES.declare("SCN-MSS-ENVOI-SIMPLE", requirements=["SC.MSS/CONF.05"])
FIN = RULES.declare("SCN-MSS-FIN", requirements=["SC.MSS/CONF.21"], source="Référentiel #2 ECO.2.2.8")
DSN = RULES.declare("SCN-MSS-DSN", requirements=["MSS/va1.15"], source="Référentiel #2 ECO.2.3.1")
MDN = RULES.declare("SCN-MSS-MDN", requirements=["MSS/UX.33"], source="Référentiel #2 ECO.2.3.2")
REPLY = RULES.declare("SCN-MSS-REPONSE", requirements=["MSS/va1.08"], source="Référentiel #2 ECO.2.2.2")
OUTSIDE_TOLD = RULES.declare("SCN-MSS-HORS-ESPACE-DIT", requirements=["BEN-MSS-12"])
OUTSIDE_STORM = RULES.declare("SCN-MSS-HORS-ESPACE-RENVOI", requirements=["BEN-MSS-12"])
UNQUALIFIED = RULES.declare("SCN-MSS-NON-QUALIFIE", requirements=["MSS/va1.19"], source="ECO.2.2.6")
UNQUALIFIED_TOLD = RULES.declare("SCN-MSS-NON-QUALIFIE-DIT", requirements=["MSS/va1.19"])
CLOSED_TOLD = RULES.declare("SCN-MSS-BAL-FERMEE-DIT", requirements=["BEN-MSS-01"])
UNKNOWN_TOLD = RULES.declare("SCN-MSS-BAL-INCONNUE-DIT", requirements=["BEN-MSS-02"])
CUT_ONCE = RULES.declare("SCN-MSS-COUPURE", requirements=["BEN-MSS-08"])
NO_STARTTLS = RULES.declare("SCN-MSS-SANS-STARTTLS", requirements=["BEN-MSS-10"])
EXPIRED = RULES.declare("SCN-MSS-CERT-EXPIRE", requirements=["MSS/va1.04"], source="ECO.1.1.5")
WRONG_NAME = RULES.declare("SCN-MSS-CERT-NOM", requirements=["BEN-MSS-09"])
OTHER_CA = RULES.declare("SCN-MSS-CERT-AUTORITE", requirements=["BEN-MSS-13"], source="RFC 5280, 6.1")
REFUSED_AUTH = RULES.declare("SCN-MSS-AUTH-REFUSEE", requirements=["SC.MSS/CONF.08"])
REFUSED_AUTH_TOLD = RULES.declare("SCN-MSS-AUTH-REFUSEE-DITE", requirements=["SC.MSS/CONF.08"])
REFUSED_AUTH_ALONE = RULES.declare(
    "SCN-MSS-AUTH-REFUSEE-SEULE", requirements=["SC.MSS/CONF.08"], source="ECO.1.2.3"
)

SEND = ["patient.record", "identity.search", "session.login", "mail.send"]
KINDS = ["lettre", "cr-bio", "vsm", "cr-imagerie"]
MAX_TRIES = 3


def accepted(bench: Bench, recipient: str, since: int | None = None) -> list[Exchange]:
    """Mails that the operator took for this recipient."""
    return bench.seen("mssante", "SMTP.message", since=since, accepted_recipients=recipient)


def control_mail(bench: Bench) -> Exchange:
    """A mail to a colleague that leaves: proof that sending works and is seen."""
    witness = bench.patient("temoin")
    bench.do("mail.send", patient_id=witness.id, to=[CORRESPONDANT.mailbox], kind="lettre")
    return bench.expect("mssante", "SMTP.message", accepted_recipients=CORRESPONDANT.mailbox)


def mail_patient(bench: Bench, patient: Known, **options: bool) -> Exchange:
    """Send a document to the patient and return the mail as the operator received it."""
    arguments: dict[str, Any] = {"patient_id": patient.id, "to": "patient", "kind": "lettre", **options}
    bench.do("mail.send", **arguments)
    return bench.expect("mssante", "SMTP.message", rule=SENT, accepted_recipients=patient.patient.ins.mail)


@scenario(
    "MSS-ENV-01",
    theme="MSS",
    proves=[
        "BEN-CDA-06",
        "SC.MSS/CONF.01",
        "SC.MSS/CONF.05",
        "SC.MSS/CONF.07",
        "SC.MSS/CONF.14",
        "SC.MSS/CONF.15",
        "SC.MSS/CONF.16",
        "MSS/CONF.23",
        "MSS/CONF.25",
        "MSS/va1.11",
        "MSS/va1.12",
        "MSS/va1.16",
        "SC.MSS/UX.32",
        "ECO.2.1.6",
    ],
    needs=SEND,
)
@pytest.mark.parametrize("kind", KINDS)
def test_to_patient(bench: Bench, kind: str) -> None:
    """A document to a qualified patient: STARTTLS, XOAUTH2, X-MSS headers, archive and PDF beside it."""
    bench.login()
    patient = bench.patient()
    bench.do("mail.send", patient_id=patient.id, to="patient", kind=kind, body="Bonjour, voici un document.")
    bench.expect("mssante", "SMTP.message", rule=SENT, accepted_recipients=patient.patient.ins.mail)


@scenario("MSS-ENV-02", theme="MSS", proves=["MSS/va1.26", "MSS/va1.12", "SC.MSS/CONF.16"], needs=SEND)
@pytest.mark.parametrize("kind", KINDS)
def test_to_professional(bench: Bench, kind: str) -> None:
    """A document to a correspondent."""
    bench.login()
    patient = bench.patient()
    bench.do("mail.send", patient_id=patient.id, to=[CORRESPONDANT.mailbox], kind=kind)
    bench.expect("mssante", "SMTP.message", rule=SENT_PRO, accepted_recipients=CORRESPONDANT.mailbox)


@scenario(
    "MSS-ENV-03",
    theme="MSS",
    proves=["SC.MSS/CONF.05", "SC.MSS/CONF.16", "MSS/va1.12", "ECO.2.2.3"],
    needs=SEND,
)
def test_without_document(bench: Bench) -> None:
    """A plain mail carries the product reference, and none of the headers of a document."""
    bench.login()
    bench.do("mail.send", to=[CORRESPONDANT.mailbox], body="Réunion demain à midi, ça te va ?")
    bench.expect("mssante", "SMTP.message", rule=SENT_PLAIN, accepted_recipients=CORRESPONDANT.mailbox)


@scenario("MSS-ENV-04", theme="MSS", proves=["SC.MSS/CONF.21"], needs=SEND)
@pytest.mark.parametrize("no_reply", [True, False], ids=["fin", "reponse-permise"])
def test_no_reply(bench: Bench, no_reply: bool) -> None:
    """`X-MSS-MES: FIN` when the professional wants no answer, and only then."""
    bench.login()
    sent = mail_patient(bench, bench.patient(), no_reply=no_reply)
    value = sent.facts["headers"].get("X-MSS-MES")
    expected = "FIN" if no_reply else None
    bench.check(FIN, value == expected, where="X-MSS-MES", observed=value, expected=expected)


@scenario("MSS-ENV-05", theme="MSS", proves=["MSS/va1.15", "MSS/UX.33"], needs=SEND)
@pytest.mark.parametrize("receipt", ["delivery", "read"])
def test_receipts(bench: Bench, receipt: str) -> None:
    """Receipts asked for are asked by the headers of the référentiel."""
    bench.login()
    sent = mail_patient(bench, bench.patient(), **{f"{receipt}_receipt": True})
    rule, header = (
        (DSN, "Return-Receipt-To") if receipt == "delivery" else (MDN, "Disposition-Notification-To")
    )
    value = sent.facts["headers"].get(header, "")
    bench.check(rule, MEDECIN.mailbox in value, where=header, observed=value, expected=MEDECIN.mailbox)


@scenario("MSS-ENV-06", theme="MSS", proves=["MSS/va1.08"], needs=[*SEND, "mail.fetch"])
def test_reply(bench: Bench) -> None:
    """A reply names the message that it answers."""
    bench.login()
    patient = bench.patient()
    parent = bench.world.send_mail(patient.patient)["message_id"]
    bench.do("mail.fetch")
    bench.do("mail.send", to="patient", patient_id=patient.id, body="Oui, c'est normal.", in_reply_to=parent)
    sent = bench.expect("mssante", "SMTP.message", accepted_recipients=patient.patient.ins.mail)
    headers = sent.facts["headers"]
    observed = {name: headers.get(name, "") for name in ("In-Reply-To", "References")}
    bench.check(
        REPLY,
        all(parent in value for value in observed.values()),
        where="In-Reply-To, References",
        observed=observed,
        expected=parent,
    )


@scenario("MSS-ENV-07", theme="MSS", proves=["BEN-MSS-12"], needs=SEND)
def test_outside_trust_space(bench: Bench) -> None:
    """A recipient outside the trust space is refused: the user is told, nothing is sent again."""
    bench.login()
    control_mail(bench)
    patient = bench.patient()
    stranger = "quelqu.un@exemple.org"
    mark = bench.mark()
    answer = bench.ask("mail.send", patient_id=patient.id, to=[stranger], kind="lettre")
    bench.told(OUTSIDE_TOLD, answer)
    bench.watch(since=mark)
    tries = len(bench.seen("mssante", "SMTP.message", since=mark, recipients=stranger))
    bench.check(OUTSIDE_STORM, tries <= MAX_TRIES, observed=tries, expected=f"≤ {MAX_TRIES}")


@scenario("MSS-ENV-08", theme="MSS", proves=["MSS/va1.19"], needs=SEND)
@pytest.mark.parametrize("status", ["RECUPEREE", "VALIDEE", "PROVISOIRE"])
def test_unqualified(bench: Bench, status: str) -> None:
    """An identity that is not qualified has no patient address: nothing leaves, and the user knows why."""
    bench.login()
    control = control_mail(bench)
    patient = bench.patient("non-qualifie", status=status)
    mark = bench.mark()
    answer = bench.ask("mail.send", patient_id=patient.id, to="patient", kind="lettre")
    bench.none(UNQUALIFIED, "mssante", "SMTP.message", control=control, since=mark)
    bench.told(UNQUALIFIED_TOLD, answer)


@scenario("MSS-ENV-09", theme="MSS", proves=["BEN-MSS-01", "BEN-MSS-02"], needs=SEND)
@pytest.mark.parametrize("mailbox", ["ferme", "absent"])
def test_patient_mailbox(bench: Bench, mailbox: str) -> None:
    """The patient's mailbox is closed or unknown: the user is told."""
    bench.login()
    patient = bench.patient(mes=mailbox)
    answer = bench.ask("mail.send", patient_id=patient.id, to="patient", kind="lettre")
    bench.expect("mssante", "SMTP.message", recipients=patient.patient.ins.mail)
    bench.told(CLOSED_TOLD if mailbox == "ferme" else UNKNOWN_TOLD, answer)


@scenario("MSS-ENV-10", theme="MSS", proves=["BEN-MSS-08"], needs=SEND)
def test_cut(bench: Bench) -> None:
    """The connection is cut after the mail was taken: at most one copy, under one Message-ID."""
    bench.login()
    patient = bench.patient()
    bench.fault("mssante", "SMTP.message", "cut-after-commit", times=1)
    bench.ask("mail.send", patient_id=patient.id, to="patient", kind="lettre")
    bench.expect("mssante", "SMTP.message")
    bench.watch(since=bench.mark())
    ids = [item.facts["message_id"] for item in accepted(bench, patient.patient.ins.mail)]
    bench.check(CUT_ONCE, len(set(ids)) == 1, where="Message-ID", observed=ids, expected="un seul")


@scenario(
    "MSS-TLS-01",
    theme="MSS",
    proves=["BEN-MSS-10", "MSS/va1.04", "BEN-MSS-09", "BEN-MSS-13"],
    needs=SEND,
)
@pytest.mark.parametrize("fault", ["no-starttls", "expired-certificate", "wrong-host", "unknown-authority"])
def test_faulty_operator(bench: Bench, fault: str) -> None:
    """An operator that must not be trusted: no authentication, no mail, and the user is told."""
    rule = {
        "no-starttls": NO_STARTTLS,
        "expired-certificate": EXPIRED,
        "wrong-host": WRONG_NAME,
        "unknown-authority": OTHER_CA,
    }[fault]
    bench.login()
    control_mail(bench)
    patient = bench.patient()
    mark = bench.mark()
    bench.fault("mssante", "SMTP.session", fault, times=0)
    answer = bench.ask("mail.send", patient_id=patient.id, to="patient", kind="lettre")
    bench.expect("mssante", "SMTP.*", since=mark)  # it did try this operator
    bench.calm()
    tried = bench.seen("mssante", "SMTP.*", since=mark)
    spoke = [item.id for item in tried if item.facts.get("mechanism") or item.transaction == "SMTP.message"]
    bench.check(
        rule, not spoke, where=", ".join(spoke) or "SMTP", observed="AUTH", expected=text("observed.nothing")
    )
    bench.told(rule, answer)


@scenario("MSS-SES-01", theme="MSS", proves=["SC.MSS/CONF.08"], needs=SEND)
def test_authentication_refused(bench: Bench) -> None:
    """The operator refuses every token: few tries, the user is told, the rest of the software works."""
    bench.login()
    patient = bench.patient()
    bench.fault("mssante", "SMTP.session", "auth-refused", times=0)
    mark = bench.mark()
    answer = bench.ask("mail.send", patient_id=patient.id, to="patient", kind="lettre")
    bench.expect("mssante", "SMTP.session", since=mark)
    bench.told(REFUSED_AUTH_TOLD, answer)
    bench.watch(since=mark)
    tries = len(bench.seen("mssante", "SMTP.session", since=mark))
    bench.check(REFUSED_AUTH, tries <= MAX_TRIES, observed=tries, expected=f"≤ {MAX_TRIES}")
    other = bench.derive("autre")
    works = bench.ask("patient.record", traits=other.traits(), document_checked=True)
    bench.check(REFUSED_AUTH_ALONE, works.done, observed=works.outcome, expected="done")
