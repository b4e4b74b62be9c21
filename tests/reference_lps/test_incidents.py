"""The reference software before patients that carry an incident: it says so, and is never at fault."""

import pytest

from simulators.core.incidents import INCIDENTS

from .conftest import Office

PART, MAYBE = "n'a rendu qu'une partie", "le document est peut-être dans le DMP"


@pytest.mark.parametrize(
    ("incident", "fed", "searched"),
    [
        ("avertissement", "et signale : ", "Le DMP signale"),
        ("partiel", "", PART),
        ("coupure", MAYBE, "perdue"),
        ("injoignable", MAYBE, "perdue"),
        ("passager", "indisponible", "indisponible"),
        ("multipart", MAYBE, ""),
        ("soap-1.1", MAYBE, "illisible"),
        ("vide", MAYBE, "illisible"),
        ("reponse-perdue", "avait bien reçu", ""),
        ("registre", "XDSRegistryBusy", "XDSRegistryBusy"),
    ],
)
def test_an_incident_is_told(office: Office, incident: str, fed: str, searched: str) -> None:
    office.login()
    patient = office.patient("porteur", incident=incident)
    for action, given, word in (
        ("document.submit", {"kind": "lettre"}, fed),
        ("document.search", {}, searched),
    ):
        answer = office.ask(action, patient_id=patient, **given)
        told = " ".join(message["text"] for message in answer["messages"])
        assert word in told if word else not told, answer
    played = {facts["injected"] for facts in office.seen("dmp", "*") if "injected" in facts}
    assert played and played <= {fault.told() for fault in INCIDENTS[incident]}
    assert office.errors() == []
