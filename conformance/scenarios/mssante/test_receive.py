"""MSSanté: reading the mailbox, and what becomes of the documents received."""

from typing import Any

import pytest

from conformance.engine.bench import Bench, Known
from conformance.engine.scenario import scenario
from conformance.sut.driver import Answer
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


def fetched(bench: Bench, *ids: str) -> tuple[Answer, list[dict[str, Any]]]:
    """Fetch the mail: the answer, and the messages of these ids. All must be read and shown."""
    answer = bench.do("mail.fetch")
    for id_ in ids:
        bench.expect("mssante", "IMAP.FETCH", rule=READ, message_ids=id_)
    shown = {item["message_id"]: dict(item) for item in answer.data["messages"]}
    missing = [id_ for id_ in ids if id_ not in shown]
    bench.check(READ, not missing, where="IMAP", observed=list(shown), expected=missing)
    return answer, [shown[id_] for id_ in ids]


def documents(message: dict[str, Any]) -> list[dict[str, Any]]:
    return list(message.get("documents", []))


def check_filed(bench: Bench, message: dict[str, Any], unique_id: str, patient: Known) -> None:
    """The document of this message must be filed with this patient."""
    expected = {"unique_id": unique_id, "patient": patient.matricule, "integrated": True}
    held = [{name: item.get(name) for name in expected} for item in documents(message)]
    bench.check(FILED, expected in held, observed=held, expected=expected)


@scenario("MSS-REC-01", theme="MSS", proves=["SC.MSS/CONF.06", "MSS/UX.01", "MSS/UX.07"], needs=NEEDS)
def test_report(bench: Bench) -> None:
    """A laboratory report about a known qualified patient is read, recognised and filed."""
    bench.login()
    patient = bench.patient()
    sent = bench.world.send_report(patient.patient)
    _, (message,) = fetched(bench, sent["message_id"])
    bench.check(FLAGGED, bool(message.get("xdm")), observed=message.get("xdm"), expected="true")
    check_filed(bench, message, sent["unique_id"], patient)


@scenario("MSS-REC-02", theme="MSS", proves=["MSS/CONF.24"], needs=NEEDS)
def test_wrong_patient(bench: Bench) -> None:
    """The mail names a known patient, the archive another one: not filed in the wrong record."""
    bench.login()
    patient = bench.patient()
    wrong = bench.world.send_report(patient.patient, "wrong-patient")
    right = bench.world.send_report(patient.patient)
    _, (doubtful, sound) = fetched(bench, wrong["message_id"], right["message_id"])
    filed = [item for item in documents(doubtful) if item["integrated"]]
    misfiled = [item for item in filed if item.get("patient") in (None, patient.matricule)]
    bench.check(WRONG_PATIENT, not misfiled, observed=misfiled, expected="integrated: false")
    check_filed(bench, sound, right["unique_id"], patient)  # positive control


@scenario("MSS-REC-03", theme="MSS", proves=["BEN-MSS-04"], needs=NEEDS)
@pytest.mark.parametrize("variant", ["corrupt-zip", "missing-metadata", "hash-mismatch", "two-patients"])
def test_doubtful_archive(bench: Bench, variant: str) -> None:
    """A broken archive: nothing of it is filed, the user is told, the next mail is read as usual."""
    bench.login()
    patient = bench.patient()
    broken = bench.world.send_report(patient.patient, variant)
    sound = bench.world.send_report(patient.patient)
    answer, (doubtful, next_one) = fetched(bench, broken["message_id"], sound["message_id"])
    filed = [item for item in documents(doubtful) if item["integrated"]]
    bench.check(CORRUPT, not filed, where=variant, observed=filed, expected="integrated: false")
    reasons = [item["reason"] for item in documents(doubtful) if item.get("reason")]
    bench.check(
        CORRUPT_TOLD,
        bool(reasons) or answer.warned(),
        where=variant,
        observed=answer.told(),
        expected="reason",
    )
    check_filed(bench, next_one, sound["unique_id"], patient)


@scenario("MSS-REC-04", theme="MSS", proves=["BEN-MSS-06"], needs=NEEDS)
def test_twice(bench: Bench) -> None:
    """The same document arrives twice: filed once."""
    bench.login()
    patient = bench.patient()
    first = bench.world.send_report(patient.patient)
    second = bench.world.send_report(patient.patient, "same-document")
    _, messages = fetched(bench, first["message_id"], second["message_id"])
    filed = [
        document["unique_id"]
        for message in messages
        for document in documents(message)
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
    _, messages = fetched(bench, from_patient, from_lab)
    seen = [message.get("category") for message in messages]
    expected = ["patient", "professional"]
    bench.check(CATEGORY, seen == expected, observed=seen, expected=expected)


@scenario("MSS-SES-02", theme="MSS", proves=["SC.MSS/CONF.11"], needs=NEEDS)
def test_reconnection(bench: Bench) -> None:
    """The operator ends the session while Pro Santé Connect is valid: the software comes back unaided."""
    bench.login()
    bench.do("mail.fetch")
    bench.world.kick()
    mark = bench.mark()
    answer = bench.ask("mail.fetch")
    bench.check(RECONNECT, answer.done, observed=answer.told(), expected="done")
    bench.expect("mssante", "IMAP.AUTHENTICATE", rule=RECONNECT, since=mark, outcome="accepted")
