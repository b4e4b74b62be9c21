"""Each action against the simulators, and what happens when they fail."""

import base64
import hashlib
from dataclasses import replace

import pytest

from conformance.engine.browser import login
from reference_lps.outcome import Refused
from schemas import cda, pdf
from schemas.mail import read_mail
from simulators.core.identities import CORRESPONDANT, MEDECIN, PHARMACIEN

from .conftest import LINE, Office


def codes(page: str) -> list[str]:
    """2D codes of a printed prescription, the INS datamatrix left out."""
    found = pdf.read_pdf(base64.b64decode(page)).codes2d
    return [text for _, text in found if not text.startswith("IS01")]


# -- identity ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checked", "searched", "status"),
    [
        (False, False, "PROVISOIRE"),
        (True, False, "VALIDEE"),
        (False, True, "RECUPEREE"),
        (True, True, "QUALIFIEE"),
    ],
)
def test_identity_status(office: Office, checked: bool, searched: bool, status: str) -> None:
    person = office.stack.population.derive(f"{office.start}/{status}")
    known = office.do("patient.record", traits=person.traits(), document_checked=checked)
    if searched:
        known = office.do("identity.search", patient_id=known["patient_id"])
        assert known["ins"] == {"matricule": person.ins.matricule, "oid": person.ins.oid}
    assert known["identity_status"] == status


def test_a_file_needs_a_name(office: Office) -> None:
    traits = {"birth_name": " ", "given_names": " ", "sex": "F", "birth_date": "", "birth_place": ""}
    assert office.ask("patient.record", traits=traits, document_checked=True)["outcome"] == "refused"


def test_given_names_one_by_one_then_together(office: Office) -> None:
    person = office.stack.population.derive(f"{office.start}/prenoms", insi="01", given_count=3)
    known = office.do("patient.record", traits=person.traits(), document_checked=True)
    answer = office.ask("identity.search", patient_id=known["patient_id"])
    asked = [facts["traits"]["given_names"] for facts in office.seen("insi", "INSi.traits")]
    assert asked == [*person.given_names, " ".join(person.given_names)]
    assert answer["data"] == {"identity_status": "VALIDEE", "ins": None, "code": "01"}
    assert answer["messages"][0]["level"] == "warning"


@pytest.mark.parametrize(
    "fault", ["insi-102", "unavailable", "malformed", "server-error", "cut-after-commit"]
)
def test_insi_failure_changes_nothing(office: Office, fault: str) -> None:
    person = office.stack.population.derive(f"{office.start}/panne")
    known = office.do("patient.record", traits=person.traits(), document_checked=True)
    office.fault("insi", "INSi.traits", fault, times=0)
    answer = office.ask("identity.search", patient_id=known["patient_id"])
    assert (answer["outcome"], answer["messages"][0]["level"]) == ("failed", "error")
    assert office.software.store.patient(str(known["patient_id"])).status == "VALIDEE"


# -- Pro Santé Connect -----------------------------------------------------------------------------------


def test_login_and_logout(office: Office) -> None:
    assert "session est ouverte" in office.login()
    status = office.do("session.status")
    assert status["authenticated"] and status["user"]["id_nat"] == MEDECIN.id_nat
    office.do("session.logout")
    assert office.do("session.status") == {"authenticated": False, "user": None}
    assert office.seen("psc", "PSC.logout")[-1]["outcome"] == "accepted"
    assert office.errors() == []


@pytest.mark.parametrize("fault", ["bad-nonce", "bad-signature"])
def test_forged_id_token_opens_nothing(office: Office, fault: str) -> None:
    office.fault("psc", "PSC.token", fault)
    assert "refusée" in office.login()
    answer = office.ask("session.status")
    assert not answer["data"]["authenticated"] and answer["messages"][0]["level"] == "error"


def test_another_persons_card_opens_nothing(office: Office) -> None:
    url = office.do("session.login", "medecin")["authorization_url"]
    page = login(url, "pharmacien", office.stack.pki.ca_bundle)
    assert PHARMACIEN.given in page and not office.do("session.status")["authenticated"]


def test_unknown_callback_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="aucune connexion"):
        office.software.callback({"state": "x", "code": "y"})


# -- DMP -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lettre", "cr-bio", "vsm", "cr-imagerie", "certificat"])
def test_feed_search_retrieve(office: Office, kind: str) -> None:
    office.login()
    patient = office.patient()
    fed = office.do("document.submit", patient_id=patient, kind=kind)
    listed = office.do("document.search", patient_id=patient, filters={"type_code": fed["type_code"]})
    assert [item["unique_id"] for item in listed["documents"]] == [fed["unique_id"]]
    opened = office.do("document.retrieve", patient_id=patient, unique_id=fed["unique_id"])
    content = base64.b64decode(opened["document_base64"])
    assert content == office.software.store.document(fed["unique_id"]).data
    assert opened["sha256"] == hashlib.sha256(content).hexdigest()
    assert office.errors() == []


def test_replacement_chain(office: Office) -> None:
    patient = office.patient()
    first = office.do("document.submit", patient_id=patient, kind="cr-bio")["unique_id"]
    second = office.do("document.submit", patient_id=patient, kind="cr-bio", replaces=first)["unique_id"]
    written = cda.read(office.software.store.document(second).data)
    assert (written.replaces, written.version) == (first, 2)
    assert office.seen("dmp", "TD2.1")[-1]["documents"][0]["replaces"] == first
    assert office.errors() == []


@pytest.mark.parametrize(("state", "word"), [("inexistant", "existe pas"), ("ferme", "fermé")])
def test_no_open_dmp(office: Office, state: str, word: str) -> None:
    answer = office.ask("document.submit", patient_id=office.patient(dmp=state), kind="lettre")
    assert answer["outcome"] == "refused" and word in answer["messages"][-1]["text"]
    assert office.seen("dmp", "TD2.1") == []


@pytest.mark.parametrize("fault", ["soap-fault", "unavailable", "malformed", "wrong-content-type"])
def test_dmp_failure_is_told(office: Office, fault: str) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", fault, times=0)
    answer = office.ask("document.submit", patient_id=patient, kind="lettre")
    assert (answer["outcome"], answer["messages"][-1]["level"]) == ("failed", "error")
    assert len(office.seen("dmp", "TD2.1")) <= 2


def test_registry_error_is_told_once(office: Office) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", "registry-error", times=0, code="XDSRegistryMetadataError")
    answer = office.ask("document.submit", patient_id=patient, kind="lettre")
    assert "XDSRegistryMetadataError" in answer["messages"][-1]["text"]
    assert len(office.seen("dmp", "TD2.1")) == 1


def test_lost_answer_leaves_one_document(office: Office) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", "cut-after-commit")
    unique_id = office.do("document.submit", patient_id=patient, kind="lettre")["unique_id"]
    accepted = [facts for facts in office.seen("dmp", "TD2.1") if facts["outcome"] == "accepted"]
    assert [facts["documents"][0]["unique_id"] for facts in accepted] == [unique_id]


def test_blocked_professional_does_not_read(office: Office) -> None:
    office.login()
    answer = office.ask("document.search", patient_id=office.patient(authorisation="INTERDIT"))
    assert answer["outcome"] == "refused" and "bloqué" in answer["messages"][-1]["text"]
    assert office.seen("dmp", "TD3.1") == []


@pytest.mark.parametrize(
    ("flags", "word"),
    [(["MASQUE_PS", "INVISIBLE_PATIENT"], "à la fois"), (["INVISIBLE_REPRESENTANTS_LEGAUX"], "mineur")],
)
def test_forbidden_masking_is_refused(office: Office, flags: list[str], word: str) -> None:
    patient = office.patient()
    answer = office.ask("document.submit", patient_id=patient, kind="lettre", confidentiality=flags)
    assert answer["outcome"] == "refused" and word in answer["messages"][-1]["text"]


def test_what_cannot_be_written_is_refused(office: Office) -> None:
    patient = office.patient()
    answer = office.ask("document.submit", patient_id=patient, kind="lettre", title="a\x00b")
    assert answer["outcome"] == "refused" and "écrit" in answer["messages"][-1]["text"]
    assert office.ask("document.submit", patient_id="?", kind="lettre")["outcome"] == "refused"


# -- e-prescription --------------------------------------------------------------------------------------


def test_prescribe_dispense_follow(office: Office) -> None:
    office.login()
    office.login("pharmacien")
    patient = office.patient()
    made = office.do("prescription.create", patient_id=patient, lines=[LINE], send_to_patient=True)
    assert codes(made["pdf_base64"]) == [made["epu_id"]]
    assert cda.read(base64.b64decode(made["cda_base64"])).epu_id == made["epu_id"]
    assert office.seen("dmp", "TD2.1")[0]["documents"][0]["type_code"] == "57833-6"
    assert office.seen("mssante", "SMTP.message")[0]["codes"] == ["57833-6"]

    typed = " ".join(made["epu_id"].lower()[at : at + 4] for at in range(0, 18, 4))
    read = office.do("prescription.scan", "pharmacien", code=typed)
    assert (read["epu_id"], read["lines"][0]["label"]) == (made["epu_id"], LINE["label"])
    line = {"line_id": read["lines"][0]["line_id"], "outcome": "PARTIAL", "quantity": 1}
    done = office.do("prescription.dispense", "pharmacien", epu_id=made["epu_id"], lines=[line])
    assert done["status"] == "EN_COURS"
    line["outcome"] = "AS_PRESCRIBED"
    done = office.do("prescription.dispense", "pharmacien", epu_id=made["epu_id"], lines=[line])
    assert done["status"] == "EXECUTEE"
    seen = office.do("prescription.execution", prescription_id=made["prescription_id"])
    assert seen["status"] == "EXECUTEE"
    refused = office.ask("prescription.cancel", prescription_id=made["prescription_id"], reason="trop tard")
    assert refused["outcome"] == "failed"
    assert office.errors() == []


@pytest.mark.parametrize("fault", ["unavailable", "server-error"])
def test_degraded_mode(office: Office, fault: str) -> None:
    office.login()
    patient = office.patient()
    office.fault("epu", "EPU.*", fault, times=0)
    answer = office.ask("prescription.create", patient_id=patient, lines=[LINE])
    made = answer["data"]
    assert (answer["outcome"], made["epu_id"], codes(made["pdf_base64"])) == ("done", None, [])
    assert answer["messages"][0]["level"] == "warning"
    copy = cda.read(base64.b64decode(made["cda_base64"]))
    assert (copy.epu_id, copy.code_image) == (None, None)
    assert office.seen("dmp", "TD2.1")[0]["outcome"] == "accepted"


@pytest.mark.parametrize("fault", ["cut-after-commit", "malformed"])
def test_lost_answer_is_cleared_with_the_same_number(office: Office, fault: str) -> None:
    office.login()
    patient = office.patient()
    office.fault("epu", "EPU.create", fault)
    answer = office.ask("prescription.create", patient_id=patient, lines=[LINE])
    assert answer["outcome"] == "failed"
    settled = office.do("prescription.retry", prescription_id=answer["data"]["prescription_id"])
    sent = {facts["epu_id"] for facts in office.seen("epu", "EPU.create")}
    assert sent == {settled["epu_id"]} and settled["status"] == "ENREGISTREE"
    assert office.seen("dmp", "TD2.1")[0]["outcome"] == "accepted"


def test_lost_request_is_sent_again_unchanged(office: Office) -> None:
    """The base never got it: the same content goes again, once."""
    office.login()
    patient = office.patient()
    office.fault("epu", "EPU.create", "cut-after-commit")
    failed = office.ask("prescription.create", patient_id=patient, lines=[LINE])["data"]["prescription_id"]
    held = office.software.store.prescriptions[failed]
    other = held.content.replace(str(held.epu_id).encode(), b"01ZZZZZZZZZZZZZZZZ")
    unknown = replace(held, epu_id="01ZZZZZZZZZZZZZZZZ", content=other)
    office.software.store.prescriptions[failed] = unknown
    assert office.do("prescription.retry", prescription_id=failed)["epu_id"] == "01ZZZZZZZZZZZZZZZZ"


def test_hospital_internal_stays(office: Office) -> None:
    office.login()
    patient = office.patient()
    made = office.do("prescription.create", patient_id=patient, lines=[LINE], hospital_internal=True)
    assert made["epu_id"] is None and office.seen("epu", "EPU.create") == []


def test_a_refusal_to_substitute_needs_its_reason(office: Office) -> None:
    office.login()
    line = {**LINE, "substitution": {"allowed": False}}
    answer = office.ask("prescription.create", patient_id=office.patient(), lines=[line])
    assert answer["outcome"] == "refused" and office.seen("epu", "EPU.create") == []


def test_opposition_is_no_breakdown(office: Office) -> None:
    office.login()
    patient = office.patient(opposes_execution_view=True)
    made = office.do("prescription.create", patient_id=patient, lines=[LINE])
    answer = office.ask("prescription.execution", prescription_id=made["prescription_id"])
    assert answer["outcome"] == "refused" and "oppose" in answer["messages"][-1]["text"]


def test_forbidden_substitution_is_not_sent(office: Office) -> None:
    office.login()
    office.login("pharmacien")
    line = {**LINE, "substitution": {"allowed": False, "reason": "MTE"}}
    made = office.do("prescription.create", patient_id=office.patient(), lines=[line])
    read = office.do("prescription.scan", "pharmacien", code=made["epu_id"])
    outcome = {"line_id": read["lines"][0]["line_id"], "outcome": "SUBSTITUTED"}
    answer = office.ask("prescription.dispense", "pharmacien", epu_id=made["epu_id"], lines=[outcome])
    assert answer["outcome"] == "refused" and office.seen("epu", "EPU.dispense") == []


# -- unqualified identities --------------------------------------------------------------------------------


def test_unqualified_ins_stays(office: Office) -> None:
    office.login()
    patient = office.patient(qualified=False)
    assert office.ask("document.submit", patient_id=patient, kind="lettre")["outcome"] == "refused"
    assert office.ask("mail.send", patient_id=patient, to="patient", kind="lettre")["outcome"] == "refused"
    made = office.do("prescription.create", patient_id=patient, lines=[LINE])
    assert made["epu_id"] is None
    matricule = office.patients[-1].ins.matricule.encode()
    assert matricule not in base64.b64decode(made["cda_base64"])
    for service in ("dmp", "epu", "mssante"):
        assert office.stack.journal.exchanges(since=office.start, service=service) == []


# -- MSSanté ---------------------------------------------------------------------------------------------


def test_mail_to_patient_and_colleague(office: Office) -> None:
    office.login()
    patient = office.patient()
    office.do("mail.send", patient_id=patient, to="patient", kind="lettre", no_reply=True)
    fed = office.do("document.submit", patient_id=patient, kind="vsm")["unique_id"]
    office.do("mail.send", patient_id=patient, to=[CORRESPONDANT.mailbox], document=fed, read_receipt=True)
    office.do("mail.send", to=[CORRESPONDANT.mailbox], body="Réunion demain ?")
    sent = office.seen("mssante", "SMTP.message")
    assert [facts["outcome"] for facts in sent] == ["accepted"] * 3
    assert sent[0]["headers"]["X-MSS-MES"] == "FIN"
    assert office.errors() == []


@pytest.mark.parametrize("address", ["quelqu.un@exemple.org", "inconnu@comportement.test.mssante.fr"])
def test_refused_recipient_is_told(office: Office, address: str) -> None:
    office.login()
    answer = office.ask("mail.send", to=[address], body="Bonjour")
    assert answer["outcome"] == "failed" and address in answer["messages"][0]["text"]
    assert office.software.store.outbox[-1].state == "refusé"


@pytest.mark.parametrize(
    "fault", ["no-starttls", "expired-certificate", "wrong-host", "unknown-authority", "refuse"]
)
def test_untrusted_operator_gets_nothing(office: Office, fault: str) -> None:
    office.login()
    office.fault("mssante", "SMTP.session", fault, times=0)
    answer = office.ask("mail.send", to=[CORRESPONDANT.mailbox], body="Bonjour")
    assert (answer["outcome"], answer["messages"][-1]["level"]) == ("failed", "error")
    assert not any(facts.get("mechanism") for facts in office.seen("mssante", "SMTP.session"))


def test_lost_mail_is_told_and_not_sent_again(office: Office) -> None:
    office.login()
    office.fault("mssante", "SMTP.message", "cut-after-commit")
    answer = office.ask("mail.send", to=[CORRESPONDANT.mailbox], body="Bonjour")
    assert answer["outcome"] == "failed" and "peut-être" in answer["messages"][-1]["text"]
    assert len(office.seen("mssante", "SMTP.message")) == 1
    assert office.software.store.outbox[-1].state == "incertain"


@pytest.mark.parametrize(
    ("variant", "filed", "said"),
    [
        ("nominal", True, ""),
        ("wrong-patient", False, "INS"),
        ("corrupt-zip", False, "archive"),
        ("missing-metadata", False, "METADATA"),
        ("hash-mismatch", False, "empreinte"),
        ("two-patients", False, "plusieurs"),
    ],
)
def test_received_report(office: Office, variant: str, filed: bool, said: str) -> None:
    office.login()
    office.patient()
    office.do("mail.fetch")
    sent = office.stack.send_report(office.patients[-1], variant)
    message = office.do("mail.fetch")["messages"][0]
    assert (message["message_id"], message["category"]) == (sent["message_id"], "professional")
    assert message["documents"] and all(one["integrated"] is filed for one in message["documents"])
    assert filed or all(said in one["reason"] for one in message["documents"])
    waiting = [one for one in office.software.store.worklist if one["message_id"] == sent["message_id"]]
    assert len(waiting) == (0 if filed else len(message["documents"]))
    assert office.do("mail.fetch")["messages"] == []


def test_same_report_twice_is_filed_once(office: Office) -> None:
    office.login()
    office.patient()
    office.do("mail.fetch")
    office.stack.send_report(office.patients[-1])
    office.stack.send_report(office.patients[-1], "same-document")
    messages = office.do("mail.fetch")["messages"]
    assert [one["integrated"] for message in messages for one in message["documents"]] == [True, False]


def test_reply_names_the_message(office: Office) -> None:
    office.login()
    patient = office.patient()
    office.do("mail.fetch")
    parent = office.stack.send_mail(office.patients[-1])["message_id"]
    assert office.do("mail.fetch")["messages"][0]["category"] == "patient"
    office.do("mail.send", patient_id=patient, to="patient", body="Oui.", in_reply_to=parent)
    sent = office.stack.journal.exchanges(since=office.start, service="mssante", transaction="SMTP.message")
    mail = read_mail(sent[-1].request_body)
    assert mail.in_reply_to == parent and parent in mail.references


# -- Annuaire --------------------------------------------------------------------------------------------


def test_directory_reads_every_page(office: Office) -> None:
    everybody = office.do("directory.search", mailbox="mssante.fr")["results"]
    searches = office.seen("annuaire", "ANN.search")
    assert len(searches) > 1 and len(everybody) == searches[0]["total"]
    found = office.do("directory.search", name=CORRESPONDANT.family)["results"]
    assert CORRESPONDANT.mailbox in found[0]["mailboxes"]


def test_directory_down_is_told(office: Office) -> None:
    office.fault("annuaire", "ANN.search", "unavailable")
    answer = office.ask("directory.search", name=CORRESPONDANT.family)
    assert answer["outcome"] == "failed" and "Annuaire" in answer["messages"][0]["text"]
    assert office.ask("directory.search")["outcome"] == "refused"
