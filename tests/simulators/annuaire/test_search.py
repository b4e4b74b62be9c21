"""The directory: criteria, pages, the red list, the key, and each rule's defect."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from simulators.annuaire.service import BASE, AnnuaireService
from simulators.core.identities import CORRESPONDANT, LABO_MAILBOX
from simulators.core.service import Handled, Request

KEY = (("ESANTE-API-KEY", "cle-du-banc"),)


def search(resource: str = "Practitioner", headers: Any = KEY, **query: str) -> Handled:
    service = AnnuaireService("cle-du-banc")
    service.base_url = "https://localhost:1"
    named = {name.replace("__", ":").replace("_mss", "-mss"): value for name, value in query.items()}
    return service.handle(Request("GET", f"{BASE}/{resource}?{urlencode(named)}", headers))


def names(handled: Handled) -> list[str]:
    found = json.loads(handled.response.body)["entry"]
    return [item["resource"]["name"][0]["family"] for item in found]


@pytest.mark.parametrize(
    "query",
    [
        {"family": CORRESPONDANT.family},
        {"name": "roussel"},
        {"given": "MAXIME", "family": "rous"},
        {"identifier": f"urn:oid:1.2.250.1.71.4.2.1|{CORRESPONDANT.id_nat}"},
        {"identifier": CORRESPONDANT.rpps},
        {"mailbox_mss__exact": CORRESPONDANT.mailbox},
        {"mailbox_mss__contains": "roussel"},
    ],
)
def test_criteria(query: dict[str, str]) -> None:
    assert names(search(**query)) == [CORRESPONDANT.family]


def test_mailboxes() -> None:
    two = json.loads(search(family="DEUXBOITES").response.body)["entry"][0]["resource"]["telecom"]
    assert len(two) == 2
    assert json.loads(search(family="SANSBOITE").response.body)["entry"][0]["resource"]["telecom"] == []
    assert json.loads(search(family="LISTEROUGE").response.body)["entry"][0]["resource"]["telecom"] == []
    assert names(search(mailbox_mss__contains="listerouge")) == []
    labo = json.loads(search("Organization", mailbox_mss=LABO_MAILBOX).response.body)["entry"][0]["resource"]
    assert {item["value"] for item in labo["telecom"]} >= {LABO_MAILBOX}


def test_pages_follow_each_other() -> None:
    service = AnnuaireService("cle-du-banc")
    service.base_url = "https://localhost:1"
    target = f"{BASE}/Practitioner?mailbox-mss:contains=mssante.fr"
    seen: list[str] = []
    for _ in range(5):
        page = json.loads(service.handle(Request("GET", target, KEY)).response.body)
        seen += [item["resource"]["id"] for item in page["entry"]]
        following = {link["relation"]: link["url"] for link in page["link"]}.get("next")
        if not following:
            break
        target = following.removeprefix("https://localhost:1")
    assert len(seen) == len(set(seen)) == page["total"] > 50


def test_post_search() -> None:
    service = AnnuaireService("cle-du-banc")
    request = Request("POST", f"{BASE}/Practitioner/_search", KEY, b"family=ROUSSEL")
    assert names(service.handle(request)) == [CORRESPONDANT.family]


@pytest.mark.parametrize(
    ("resource", "headers", "query", "status"),
    [
        ("Practitioner", (), {}, 401),
        ("Practitioner", (("ESANTE-API-KEY", "autre"),), {}, 401),
        ("Practitioner", KEY, {"mailbox_mss-type": "PER"}, 400),
        ("Patient", KEY, {}, 404),
    ],
)
def test_refusals(resource: str, headers: Any, query: dict[str, str], status: int) -> None:
    handled = search(resource, headers, **query)
    assert handled.response.status == status
    assert json.loads(handled.response.body)["resourceType"] == "OperationOutcome"
    assert handled.facts["outcome"] == "refused"


@pytest.mark.parametrize(
    ("headers", "query", "rules"),
    [
        (KEY, {"family": "X"}, []),
        ((), {"family": "X"}, ["ANN-CLE"]),
        (KEY, {"apikey": "cle-du-banc"}, ["ANN-SECRET"]),
        (KEY, {"prenom": "X"}, ["ANN-PARAMETRE"]),
    ],
)
def test_rules(headers: Any, query: dict[str, str], rules: list[str]) -> None:
    assert [finding.rule for finding in search("Practitioner", headers, **query).findings] == rules


@pytest.mark.parametrize("query", ["_count=99999999999", "_page=-1", "_count=é", "_page=99", "family=%00%ff"])
def test_odd_parameters_do_no_harm(query: str) -> None:
    service = AnnuaireService("cle-du-banc")
    assert service.handle(Request("GET", f"{BASE}/Practitioner?{query}", KEY)).response.status == 200


def send(method: str, path: str, body: bytes = b"") -> Handled:
    service = AnnuaireService("cle-du-banc")
    service.base_url = "https://localhost:1"
    return service.handle(Request(method, f"{BASE}/{path}", KEY, body))


def test_roles_point_to_person_and_structure() -> None:
    (found,) = json.loads(search("PractitionerRole", identifier=CORRESPONDANT.rpps).response.body)["entry"]
    role = found["resource"]
    assert role["resourceType"] == "PractitionerRole"
    assert role["organization"]["identifier"]["value"] == CORRESPONDANT.structure.id_nat
    assert role["telecom"][0]["value"] == CORRESPONDANT.mailbox
    person = send("GET", role["practitioner"]["reference"])
    assert person.transaction == "ANN.read"
    assert json.loads(person.response.body)["name"][0]["family"] == CORRESPONDANT.family


def test_elements_are_chosen() -> None:
    (found,) = json.loads(search(family="ROUSSEL", _elements="identifier,telecom").response.body)["entry"]
    assert set(found["resource"]) == {"resourceType", "id", "identifier", "telecom"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Practitioner/inconnu", 404),
        ("POST", "Practitioner", 405),
        ("PUT", "Practitioner/003-1", 405),
        ("GET", "Practitioner/_search", 405),
        ("POST", "", 404),
        ("GET", "metadata", 200),
        ("GET", "../Practitioner", 404),
    ],
)
def test_what_the_gateway_does_not_do(method: str, path: str, status: int) -> None:
    handled = send(method, path)
    assert handled.response.status == status
    if status != 200:
        assert json.loads(handled.response.body)["resourceType"] == "OperationOutcome"


def test_a_key_in_the_url_is_not_repeated() -> None:
    handled = search(family="X", apikey="cle-du-banc")
    assert b"cle-du-banc" not in handled.response.body
    assert handled.facts["query"] == {"family": "X"}


def test_recorded_searches_are_judged_alike() -> None:
    from simulators.core.clock import Clock
    from simulators.core.faults import FaultPlan
    from simulators.core.journal import Journal
    from simulators.core.service import Context, serve

    clock = Clock()
    journal = Journal(clock)
    request = Request("GET", f"{BASE}/Practitioner?prenom=x&apikey=y", ())
    serve(AnnuaireService("cle-du-banc"), request, Context(clock, journal, FaultPlan()))
    (made,) = journal.exchanges()
    again = AnnuaireService("cle-du-banc").rejudge(made)
    assert tuple(again) == journal.findings(made)
    assert {finding.rule for finding in again} == {"ANN-CLE", "ANN-SECRET", "ANN-PARAMETRE"}
    journal.close()
