"""Each seeded defect is mapped to a rule that exists, and those seen in the traffic break that rule alone."""

import base64
from collections.abc import Callable

import pytest

from conformance.catalogue import requirements
from conformance.catalogue.rules import all_rules
from reference_lps.behaviour import CONFORMANT, Behaviour
from reference_lps.defects import DEFECTS, MODULES, UnknownDefect, behaviour_of, dmp_metadata, dmp_vihf
from schemas import pdf
from simulators.core.identities import CORRESPONDANT

from .conftest import LINE, Office

Install = Callable[[Behaviour], Office]


def feed_report(office: Office) -> None:
    office.ask("document.submit", patient_id=office.patient(), kind="cr-bio")


def read_dmp(office: Office) -> None:
    office.login()
    office.ask("document.search", patient_id=office.patient())


def mail_document(office: Office) -> None:
    office.login()
    office.do("mail.send", patient_id=office.patient(), to=[CORRESPONDANT.mailbox], kind="cr-bio")


def log_in(office: Office) -> None:
    office.login()


def feed_two_patients(office: Office) -> None:
    for name in ("premier", "second"):
        office.ask("document.submit", patient_id=office.patient(name), kind="cr-bio")


def validate_summary(office: Office) -> None:
    office.ask("document.validate", patient_id=office.patient(), kind="vsm")


def validate_in_style_sheet(office: Office) -> None:
    office.ask("document.validate", patient_id=office.patient(), kind="lettre", stylesheet=True)


READING = ("dmp-vihf-air-sans-declaration", "dmp-consulte-en-indirect", "dmp-action")
# Defects that a rule on the traffic catches, and the act that shows them.
IN_TRAFFIC: dict[str, Callable[[Office], None]] = {
    "psc-niveau-non-demande": log_in,
    "dmp-empreinte": feed_report,
    "dmp-type-different": feed_report,
    "dmp-classe": feed_report,
    "dmp-sans-mtom": feed_report,
    "dmp-vihf-perime": read_dmp,
    "dmp-identifiant-generique": read_dmp,
    **{one.id: feed_report for one in (*dmp_vihf.DEFECTS, *dmp_metadata.DEFECTS)},
    **dict.fromkeys(READING, read_dmp),
    "dmp-vihf-patient-precedent": feed_two_patients,
    "dmp-cda-sans-realm": validate_summary,
    "dmp-feuille-script": validate_in_style_sheet,
    "dmp-feuille-lien": validate_in_style_sheet,
    "mss-sans-nil": mail_document,
    "mss-codecda": mail_document,
    "mss-ins-n": mail_document,
    "mss-objet": mail_document,
    "mss-nom-pdf": mail_document,
    "mss-empreinte-xdm": mail_document,
    "mss-clair-avant-tls": mail_document,
}


@pytest.mark.parametrize("id_", list(DEFECTS))
def test_a_defect_names_a_rule_and_its_requirement(id_: str) -> None:
    defect = DEFECTS[id_]
    assert defect.rule in all_rules()
    assert defect.behaviour != CONFORMANT
    assert defect.title_fr and defect.title_en
    known = requirements()
    assert all(one in known for one in defect.requirements)
    if defect.rule.startswith("SCN-"):
        assert defect.requirements == tuple(all_rules()[defect.rule].requirements)


def test_no_two_defects_have_the_same_name() -> None:
    named = [defect.id for module in MODULES for defect in module.DEFECTS]
    assert sorted(named) == sorted(DEFECTS)


def test_an_unknown_defect_is_refused() -> None:
    with pytest.raises(UnknownDefect, match="dmp-empreinte"):
        behaviour_of("dmp-empreintes")


@pytest.mark.parametrize("id_", list(IN_TRAFFIC))
def test_the_rule_catches_it_and_no_other_does(open_office: Install, id_: str) -> None:
    defect = DEFECTS[id_]
    office = open_office(defect.behaviour)
    IN_TRAFFIC[id_](office)
    found = office.errors()
    assert {finding.rule for finding in found} == {defect.rule}
    assert {one for finding in found for one in finding.requirements} == set(defect.requirements)


def test_ins_leaves_for_the_dmp(open_office: Install) -> None:
    office = open_office(behaviour_of("ins-non-qualifie-transmis"))
    office.do("document.submit", patient_id=office.patient(qualified=False), kind="lettre")
    assert office.seen("dmp", "TD2.1")[0]["patient"] == office.patients[-1].ins.matricule


def test_given_names_in_the_wrong_order(open_office: Install) -> None:
    office = open_office(behaviour_of("ins-prenoms-ensemble"))
    office.patient(insi="01", given_count=2)
    asked = [facts["traits"]["given_names"] for facts in office.seen("insi", "INSi.traits")]
    assert asked[0] == " ".join(office.patients[-1].given_names)


def test_a_forged_nonce_opens_a_session(open_office: Install) -> None:
    office = open_office(behaviour_of("psc-nonce-ignore"))
    office.fault("psc", "PSC.token", "bad-nonce")
    office.login()
    assert office.do("session.status")["authenticated"]


def test_logout_is_not_told(open_office: Install) -> None:
    office = open_office(behaviour_of("psc-deconnexion-locale"))
    office.login()
    office.do("session.logout")
    assert office.seen("psc", "PSC.logout") == []


def test_a_closed_dmp_is_fed(open_office: Install) -> None:
    office = open_office(behaviour_of("dmp-ferme-alimente"))
    office.ask("document.submit", patient_id=office.patient(dmp="ferme"), kind="lettre")
    assert office.seen("dmp", "TD2.1")


def test_a_blocked_professional_reads(open_office: Install) -> None:
    office = open_office(behaviour_of("dmp-interdit-ignore"))
    office.login()
    office.ask("document.search", patient_id=office.patient(authorisation="INTERDIT"))
    assert office.seen("dmp", "TD3.1")


def test_a_rejected_document_storms(open_office: Install) -> None:
    office = open_office(behaviour_of("dmp-rejet-en-boucle"))
    patient = office.patient()
    office.fault("dmp", "TD2.1", "registry-error", times=0, code="XDSRegistryBusy")
    office.ask("document.submit", patient_id=patient, kind="lettre")
    assert len(office.seen("dmp", "TD2.1")) > 3


def test_the_code_stays_on_paper(open_office: Install) -> None:
    office = open_office(behaviour_of("ep-code-en-panne"))
    office.login()
    patient = office.patient()
    office.fault("epu", "EPU.*", "unavailable", times=0)
    made = office.do("prescription.create", patient_id=patient, lines=[LINE])
    codes = pdf.read_pdf(base64.b64decode(made["pdf_base64"])).qr_texts
    assert made["epu_id"] is None and len(codes) == 1


def test_silent_resend(open_office: Install) -> None:
    office = open_office(behaviour_of("ep-renvoi-silencieux"))
    office.login()
    patient = office.patient()
    office.fault("epu", "EPU.*", "unavailable", times=0)
    office.do("prescription.create", patient_id=patient, lines=[LINE])
    office.stack.faults.clear()
    since = office.stack.journal.position
    assert office.stack.journal.wait_for(
        lambda seen: any(item.transaction == "EPU.create" for item in seen), since=since, timeout=5
    )


def test_another_number_after_a_lost_answer(open_office: Install) -> None:
    office = open_office(behaviour_of("ep-nouveau-numero"))
    office.login()
    patient = office.patient()
    office.fault("epu", "EPU.create", "cut-after-commit")
    failed = office.ask("prescription.create", patient_id=patient, lines=[LINE])
    office.do("prescription.retry", prescription_id=failed["data"]["prescription_id"])
    assert len({facts["epu_id"] for facts in office.seen("epu", "EPU.create")}) == 2


def test_a_hospital_prescription_leaves(open_office: Install) -> None:
    office = open_office(behaviour_of("ep-intra-hospitalier"))
    office.login()
    office.do("prescription.create", patient_id=office.patient(), lines=[LINE], hospital_internal=True)
    assert office.seen("epu", "EPU.create")


def test_a_reply_without_thread(open_office: Install) -> None:
    office = open_office(behaviour_of("mss-reponse-sans-fil"))
    office.login()
    patient = office.patient()
    office.do("mail.fetch")
    parent = office.stack.send_mail(office.patients[-1])["message_id"]
    office.do("mail.fetch")
    office.do("mail.send", patient_id=patient, to="patient", body="Oui.", in_reply_to=parent)
    assert "In-Reply-To" not in office.seen("mssante", "SMTP.message")[-1]["headers"]


def test_a_certificate_of_another_host(open_office: Install) -> None:
    office = open_office(behaviour_of("mss-nom-certificat"))
    office.login()
    for fault, outcome in (("wrong-host", "done"), ("unknown-authority", "failed")):
        office.fault("mssante", "SMTP.session", fault)
        answer = office.ask("mail.send", to=[CORRESPONDANT.mailbox], body="Bonjour")
        assert answer["outcome"] == outcome


def test_a_report_in_the_wrong_file(open_office: Install) -> None:
    office = open_office(behaviour_of("mss-autre-patient"))
    office.login()
    office.patient()
    office.do("mail.fetch")
    sent = office.stack.send_report(office.patients[-1], "wrong-patient")
    message = office.do("mail.fetch")["messages"][-1]
    assert message["message_id"] == sent["message_id"]
    assert message["documents"][0]["patient"] == office.patients[-1].ins.matricule


def test_only_the_first_page(open_office: Install) -> None:
    office = open_office(behaviour_of("ann-premiere-page"))
    office.do("directory.search", mailbox="mssante.fr")
    assert len(office.seen("annuaire", "ANN.search")) == 1
