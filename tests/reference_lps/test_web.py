"""The contextual link of the reference software, and what it makes of a DMP that the patient changes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from reference_lps.behaviour import Behaviour
from reference_lps.defects import DEFECTS
from schemas.actions import actions
from simulators.core.identities import MEDECIN

from .conftest import Office

PAGES = actions()["dmp.web"].input["properties"]["page"]["enum"]
Install = Callable[[Behaviour], Office]


@pytest.mark.parametrize("by", ["card", "login"])
def test_the_link_opens_each_page(office: Office, by: str) -> None:
    patient = office.patient()
    for page in PAGES:
        url = office.do("dmp.web", patient_id=patient, page=page)["url"]
        assert office.stack.open_web(url, MEDECIN.user, by).status == 200
    transaction = "TD0.9" if by == "card" else "TD0.10"
    visits = office.seen("dmp-web", transaction)
    matricule = office.patients[0].ins.matricule
    assert [(one["page"], one["patient"]) for one in visits] == [(page, matricule) for page in PAGES]
    assert office.errors() == []


@pytest.mark.parametrize("page", PAGES)
def test_no_link_without_a_qualified_identity(office: Office, page: str) -> None:
    answer = office.ask("dmp.web", patient_id=office.patient(qualified=False), page=page)
    assert (answer["outcome"], answer["data"]) == ("refused", {})
    assert "n'est pas qualifiée (RECUPEREE)" in answer["messages"][0]["text"]


def test_an_environment_without_web_ps(office: Office) -> None:
    patient = office.patient()
    office.software.environment = replace(office.software.environment, dmp_web_url="")
    answer = office.ask("dmp.web", patient_id=patient, page="Documents")
    assert answer["outcome"] == "failed" and "n'est pas réglée" in answer["messages"][0]["text"]


@pytest.mark.parametrize("name", ["web-ps-ins-en-parametre", "web-ps-ins-avec-oid", "web-ps-casse"])
@pytest.mark.parametrize("page", ["TableauDeBord", "HistoriqueAcces"])
@pytest.mark.parametrize("by", ["card", "login"])
def test_a_wrong_link_breaks_its_rule_alone(open_office: Install, name: str, page: str, by: str) -> None:
    office, defect = open_office(DEFECTS[name].behaviour), DEFECTS[name]
    url = office.do("dmp.web", patient_id=office.patient(), page=page)["url"]
    office.stack.open_web(url, MEDECIN.user, by)
    found = office.errors()
    assert {one.rule for one in found} == {defect.rule}
    assert {one.requirements for one in found} == {defect.requirements}


def test_the_warning_of_a_feed_is_told(office: Office) -> None:
    patient = office.patient()
    office.fault("dmp", "TD2.1", "warning")
    answer = office.ask("document.submit", patient_id=patient, kind="lettre")
    assert answer["outcome"] == "done"  # a warning takes nothing away
    [told] = answer["messages"]
    assert told["level"] == "warning" and told["text"].startswith("Le DMP a pris le document et signale : ")
    assert "XDSExtraMetadataNotSaved" in str(office.seen("dmp", "TD2.1")[-1]["warning"])
    assert office.do("document.submit", patient_id=patient, kind="lettre")
    assert office.ask("document.submit", patient_id=patient, kind="lettre")["messages"] == []
    assert office.errors() == []


def test_the_state_of_a_dmp_is_asked_each_time(office: Office) -> None:
    """The patient blocks, lets in again, masks and closes, and the software sees it each time."""
    office.login()
    patient, space = office.patient(), office.stack.mes
    person = office.patients[-1]
    report = office.stack.deposit_report(person)

    def listed() -> list[str]:
        found = office.do("document.search", patient_id=patient)["documents"]
        return [one["unique_id"] for one in found]

    assert listed() == [report]
    space.block(person, MEDECIN.id_nat)
    assert office.ask("document.search", patient_id=patient)["outcome"] == "refused"
    space.unblock(person, MEDECIN.id_nat)
    office.do("dmp.authorise", patient_id=patient, change="add")
    space.mask(person, report)
    assert listed() == []
    space.unmask(person, report)
    assert listed() == [report]
    space.close(person)
    assert office.ask("document.submit", patient_id=patient, kind="lettre")["outcome"] == "refused"
    assert office.ask("document.search", patient_id=patient)["outcome"] == "refused"
    assert office.errors() == []
