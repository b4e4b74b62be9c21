"""MSSanté: reading the mailbox, and what becomes of the documents received."""

from typing import Any

import pytest

from conformance.engine.bench import Bench
from conformance.engine.scenario import scenario
from schemas.finding import RuleSet

RULES: RuleSet[None] = RuleSet("scenarios.mssante.receive")
READ = RULES.declare("SCN-MSS-LECTURE", requirements=["SC.MSS/CONF.06"], source="Référentiel #2 ECO.1.0.2")
FLAGGED = RULES.declare("SCN-MSS-REPERAGE", requirements=["MSS/UX.01"])
FILED = RULES.declare("SCN-MSS-CLASSEMENT", requirements=["MSS/UX.07"])
WRONG_PATIENT = RULES.declare("SCN-MSS-AUTRE-PATIENT", requirements=["MSS/CONF.24"], source="ECO.2.1.2")
CORRUPT = RULES.declare("SCN-MSS-ARCHIVE-DOUTEUSE", requirements=["BEN-MSS-04"])
CORRUPT_TOLD = RULES.declare("SCN-MSS-ARCHIVE-DOUTEUSE-DIT", requirements=["BEN-MSS-04"])
TWICE = RULES.declare("SCN-MSS-RECU-DEUX-FOIS", requirements=["BEN-MSS-06"])
CATEGORY = RULES.declare("SCN-MSS-CATEGORIE", requirements=["SC.MSS/UX.25"], source="ECO.3.1.1")
RECONNECT = RULES.declare("SCN-MSS-RECONNEXION", requirements=["SC.MSS/CONF.11"], source="ECO.1.2.7")

NEEDS = ["patient.record", "identity.search", "session.login", "mail.fetch"]


def fetched(bench: Bench, message_id: str) -> dict[str, Any]:
    """The message of this id, as the software shows it after a fetch (empty when it does not)."""
    messages = bench.do("mail.fetch").data["messages"]
    return next((dict(item) for item in messages if item["message_id"] == message_id), {})


def documents(message: dict[str, Any]) -> list[dict[str, Any]]:
    return list(message.get("documents", []))


@scenario("MSS-REC-01", theme="MSS", proves=["SC.MSS/CONF.06", "MSS/UX.01", "MSS/UX.07"], needs=NEEDS)
def test_report(bench: Bench) -> None:
    """A laboratory report about a known qualified patient is read, recognised and filed."""
    bench.login()
    patient = bench.patient()
    sent = bench.world.send_report(patient.patient)
    message = fetched(bench, sent["message_id"])
    read = [item.transaction for item in bench.seen("mssante", "IMAP.*")]
    bench.check(READ, bool(message), where="IMAP", observed=read, expected=sent["message_id"])
    bench.check(FLAGGED, bool(message.get("xdm")), observed=message.get("xdm"), expected="true")
    filed = [item for item in documents(message) if item["unique_id"] == sent["unique_id"]]
    bench.check(
        FILED,
        bool(filed) and filed[0]["integrated"] and filed[0].get("patient") == patient.matricule,
        observed=documents(message),
        expected={"unique_id": sent["unique_id"], "patient": patient.matricule, "integrated": True},
    )


@scenario("MSS-REC-02", theme="MSS", proves=["MSS/CONF.24"], needs=NEEDS)
def test_wrong_patient(bench: Bench) -> None:
    """The mail names a known patient, the archive another one: not filed in the wrong record."""
    bench.login()
    patient = bench.patient()
    sent = bench.world.send_report(patient.patient, "wrong-patient")
    message = fetched(bench, sent["message_id"])
    bench.expect("mssante", "IMAP.FETCH", message_ids=sent["message_id"])  # positive control: it was read
    wrong = [
        item for item in documents(message) if item["integrated"] and item.get("patient") == patient.matricule
    ]
    bench.check(WRONG_PATIENT, not wrong, observed=wrong, expected="integrated: false")


@scenario("MSS-REC-03", theme="MSS", proves=["BEN-MSS-04"], needs=NEEDS)
@pytest.mark.parametrize("variant", ["corrupt-zip", "missing-metadata", "hash-mismatch", "two-patients"])
def test_doubtful_archive(bench: Bench, variant: str) -> None:
    """A broken archive: nothing is filed, the user is told, the software goes on."""
    bench.login()
    patient = bench.patient()
    sent = bench.world.send_report(patient.patient, variant)
    answer = bench.do("mail.fetch")
    bench.expect("mssante", "IMAP.FETCH", message_ids=sent["message_id"])  # positive control: it was read
    received = [dict(item) for item in answer.data["messages"] if item["message_id"] == sent["message_id"]]
    contents = [item for message in received for item in documents(message)]
    filed = [item for item in contents if item["integrated"]]
    bench.check(CORRUPT, not filed, where=variant, observed=filed, expected="integrated: false")
    reasons = [item.get("reason") for item in contents if item.get("reason")]
    bench.check(
        CORRUPT_TOLD,
        bool(reasons) or answer.warned(),
        where=variant,
        observed=answer.told(),
        expected="reason",
    )


@scenario("MSS-REC-04", theme="MSS", proves=["BEN-MSS-06"], needs=NEEDS)
def test_twice(bench: Bench) -> None:
    """The same document arrives twice: filed once."""
    bench.login()
    patient = bench.patient()
    first = bench.world.send_report(patient.patient)
    second = bench.world.send_report(patient.patient, "same-document")
    messages = bench.do("mail.fetch").data["messages"]
    mine = {first["message_id"], second["message_id"]}
    filed = [
        document["unique_id"]
        for message in messages
        if message["message_id"] in mine
        for document in message["documents"]
        if document["integrated"]
    ]
    bench.check(TWICE, len(filed) == 1, observed=filed, expected=first["unique_id"])


@scenario("MSS-REC-05", theme="MSS", proves=["SC.MSS/UX.25"], needs=NEEDS)
def test_from_patient(bench: Bench) -> None:
    """A patient writes: the list tells a patient from a professional."""
    bench.login()
    patient = bench.patient()
    from_patient = bench.world.send_mail(patient.patient)["message_id"]
    from_lab = bench.world.send_report(patient.patient)["message_id"]
    messages = bench.do("mail.fetch").data["messages"]
    seen = {item["message_id"]: item.get("category") for item in messages}
    observed = {"patient": seen.get(from_patient), "professional": seen.get(from_lab)}
    expected = {"patient": "patient", "professional": "professional"}
    bench.check(CATEGORY, observed == expected, observed=observed, expected=expected)


@scenario("MSS-SES-02", theme="MSS", proves=["SC.MSS/CONF.11"], needs=NEEDS)
def test_reconnection(bench: Bench) -> None:
    """The operator ends the session while Pro Santé Connect is valid: the software comes back unaided."""
    bench.login()
    bench.do("mail.fetch")
    bench.world.kick()
    mark = bench.mark()
    answer = bench.ask("mail.fetch")
    bench.check(RECONNECT, answer.done, observed=answer.told(), expected="done")
    bench.expect("mssante", "IMAP.AUTHENTICATE", rule=RECONNECT, since=mark)
    logins = [item.id for item in bench.seen("psc", "PSC.authorize", since=mark)]
    bench.check(RECONNECT, not logins, where=", ".join(logins), observed="PSC.authorize", expected="—")
