"""The simulated e-prescription service: every operation, refusal and idempotency, in process."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.messages import catalogue as messages
from schemas.prescription import schema, shape
from simulators.cnam.epu import EpuService
from simulators.cnam.epu_rules import RULES
from simulators.cnam.errors import REFUSING, STATUS
from simulators.core.clock import Clock
from simulators.core.exchange import Tls
from simulators.core.faults import GENERIC, NOT_DONE, Fault
from simulators.core.identities import CORRESPONDANT, MEDECIN
from simulators.core.population import Population
from simulators.core.service import Context, Request, Response, serve

from .conftest import Caller, dispensation, line

Make = Callable[..., dict[str, Any]]
EPU = "01S2TBPZ2JCNZZYGHZ"


def data(response: Response) -> dict[str, Any]:
    return dict(json.loads(response.body))


def refused(response: Response, code: str) -> dict[str, Any]:
    body = data(response)
    assert (response.status, body["code"]) == (STATUS[code], code)
    assert response.header("Content-Type") == "application/problem+json"
    return body


def read_version(caller: Caller, epu_id: str = EPU) -> str:
    return caller.call("GET", f"/prescriptions/{epu_id}").header("ETag")


def dispense(caller: Caller, message: dict[str, Any], version: str | None = None) -> Response:
    version = read_version(caller, message["epuId"]) if version is None else version
    return caller.call("POST", f"/prescriptions/{message['epuId']}/dispensations", message, If_Match=version)


# create


def test_create(doctor: Caller, prescription: Make, population: Population) -> None:
    response = doctor.call("POST", "/prescriptions", prescription())
    assert response.status == 201
    assert response.header("ETag") == '"1"'
    assert list(shape("state", data(response))) == []
    patient = population.derive("patient").ins.matricule
    assert (
        doctor.facts
        | {
            "outcome": "accepted",
            "epu_id": EPU,
            "patient": patient,
            "status": "ENREGISTREE",
            "lines": 2,
            "replayed": False,
            "user": MEDECIN.id_nat,
        }
        == doctor.facts
    )
    assert doctor.rules == set()
    assert "Bearer" not in json.dumps(doctor.facts)


def test_same_content_again_is_a_replay(doctor: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    reordered = dict(reversed(prescription().items()))
    again = doctor.call("POST", "/prescriptions", reordered)
    assert again.status == 200
    assert doctor.facts["replayed"] is True
    assert data(again)["version"] == 1
    refused(doctor.call("POST", "/prescriptions", prescription(lines=[line(1)])), "SIM-EPU-2001")
    assert doctor.facts["reason"] == "SIM-EPU-2001"
    assert doctor.facts["epu_id"] == EPU


@pytest.mark.parametrize(
    ("code", "rule", "changed"),
    [
        ("SIM-EPU-2201", "EPU-LIGNE-01", {"lines": []}),
        ("SIM-EPU-2216", "EPU-LIGNE-02", {"lines": [line(1), line(1)]}),
        ("SIM-EPU-2202", "EPU-VALID-01", {"validity": {"start": "2026-03-02", "end": "2026-03-01"}}),
        ("SIM-EPU-2203", "EPU-TYPE-01", {"types": ["X"]}),
        ("SIM-EPU-2204", "EPU-PROD-01", {"lines": [line(1), line(2, product={"cis": "1", "label": "x"})]}),
        ("SIM-EPU-2211", "EPU-SECU-01", {"types": ["MED-1098"]}),
        ("SIM-EPU-2212", "EPU-SECU-02", {"lines": [line(1, opioidSubstitution=True)]}),
        ("SIM-EPU-1103", "EPU-JSON-01", {"lines": "none"}),
    ],
)
def test_refused_content(
    code: str, rule: str, changed: dict[str, Any], doctor: Caller, prescription: Make
) -> None:
    body = refused(doctor.call("POST", "/prescriptions", prescription(**changed)), code)
    assert doctor.rules == {rule}
    assert body["fields"][0]["rule"] == rule
    assert body["title"] == messages()[code]["fr"]
    assert doctor.facts["epu_id"] == EPU
    assert doctor.call("POST", "/prescriptions", prescription()).status == 201


def test_refused_line_is_named(doctor: Caller, prescription: Make) -> None:
    spoilt = prescription(lines=[line(1), line(2, product={"cis": "1", "label": "x"})])
    body = refused(doctor.call("POST", "/prescriptions", spoilt), "SIM-EPU-2204")
    assert [item["field"] for item in body["fields"]] == ["$.lines[1].product.cis"]


def test_accepted_with_findings(doctor: Caller, prescription: Make) -> None:
    lines = [line(1, substitution={"allowed": False})]
    assert doctor.call("POST", "/prescriptions", prescription(lines=lines)).status == 201
    assert doctor.rules == {"EPU-SUBST-01"}


def test_production_ins_is_refused(doctor: Caller, prescription: Make) -> None:
    message = prescription()
    message["patient"]["ins"]["oid"] = "1.2.250.1.213.1.4.8"
    refused(doctor.call("POST", "/prescriptions", message), "SIM-EPU-2215")
    message["patient"]["ins"]["value"] = "275126322074974"  # public INSi persona
    assert doctor.call("POST", "/prescriptions", message).status == 201


def test_without_ins(doctor: Caller, prescription: Make) -> None:
    message = prescription()
    message["patient"]["ins"] = None
    assert doctor.call("POST", "/prescriptions", message).status == 201
    assert doctor.facts["patient"] == ""


# access


def test_another_prescriber(doctor: Caller, prescription: Make) -> None:
    message = prescription()
    message["prescriber"]["rpps"] = CORRESPONDANT.rpps
    refused(doctor.call("POST", "/prescriptions", message), "SIM-EPU-1004")
    assert doctor.rules == {"EPU-PRESC-02"}


def test_tokens(doctor: Caller, prescription: Make, clock: Clock, session_of: Callable[[str], Tls]) -> None:
    refused(doctor.call("POST", "/prescriptions", prescription(), Authorization=""), "SIM-EPU-1001")
    assert doctor.rules == {"EPU-JETON-01"}
    assert doctor.facts["epu_id"] == EPU
    refused(doctor.call("GET", f"/prescriptions/{EPU}", Authorization="Bearer x"), "SIM-EPU-1001")
    own = doctor.session
    doctor.session = session_of("officine-auth")
    refused(doctor.call("GET", f"/prescriptions/{EPU}"), "SIM-EPU-1002")
    assert doctor.rules == {"EPU-JETON-02"}
    doctor.session = None
    refused(doctor.call("GET", f"/prescriptions/{EPU}"), "SIM-EPU-1002")
    doctor.session = own
    clock.shift(timedelta(minutes=61))
    expired = doctor.call("GET", f"/prescriptions/{EPU}")
    refused(expired, "SIM-EPU-1001")
    assert expired.header("WWW-Authenticate")
    assert doctor.rules == set()


def test_exchange(doctor: Caller) -> None:
    response = doctor.exchange(subject_token=f"psc-{MEDECIN.id_nat}-2")
    body = data(response)
    assert response.status == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert doctor.facts["user"] == MEDECIN.id_nat
    assert body["access_token"] not in json.dumps(doctor.facts)
    assert doctor.rules == set()
    doctor.exchange(subject_token=f"psc-{MEDECIN.id_nat}-2")
    assert doctor.rules == {"EPU-JETON-03"}


@pytest.mark.parametrize(
    ("changed", "error", "rules"),
    [
        ({"subject_token": "old-x"}, "invalid_grant", set()),
        ({"grant_type": "password"}, "unsupported_grant_type", {"EPU-JETON-04"}),
        ({"scope": ""}, "invalid_request", {"EPU-JETON-04"}),
        ({"subject_token_type": "x"}, "invalid_request", {"EPU-JETON-04"}),
    ],
)
def test_refused_exchange(changed: dict[str, str], error: str, rules: set[str], doctor: Caller) -> None:
    response = doctor.exchange(**changed)
    assert (response.status, data(response)["error"]) == (400, error)
    assert doctor.facts["outcome"] == "refused"
    assert doctor.rules == rules


def test_exchange_needs_a_certificate(doctor: Caller) -> None:
    doctor.session = None
    assert data(doctor.exchange())["error"] == "invalid_client"


def test_software(doctor: Caller, prescription: Make) -> None:
    for value in ("", "FAKE;x;1", "SIMU0001"):
        response = doctor.call("POST", "/prescriptions", prescription(), X_Software=value)
        if value == "SIMU0001":
            assert response.status == 201
        else:
            refused(response, "SIM-EPU-1003")
        assert "EPU-HTTP-01" in doctor.rules
    message = prescription("01ZZZZZZZZZZZZZZZZ")
    message["software"]["idam"] = "AUTRE"
    assert doctor.call("POST", "/prescriptions", message).status == 201
    assert doctor.rules == {"EPU-HTTP-03"}


def test_roles(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    refused(pharmacist.call("POST", "/prescriptions", prescription()), "SIM-EPU-1005")
    doctor.call("POST", "/prescriptions", prescription())
    refused(dispense(doctor, dispensation("d1")), "SIM-EPU-1005")
    colleague = Caller(doctor.service, doctor.context, doctor.session, CORRESPONDANT.id_nat)  # type: ignore[arg-type]
    colleague.login()
    refused(colleague.call("GET", f"/prescriptions/{EPU}"), "SIM-EPU-1004")
    refused(colleague.call("POST", f"/prescriptions/{EPU}/cancel", {"reason": {"code": "X"}}), "SIM-EPU-1004")
    refused(colleague.call("GET", f"/prescriptions/{EPU}/execution"), "SIM-EPU-1004")


# read


def test_read_and_lookup(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    body = data(pharmacist.call("GET", f"/prescriptions/{EPU}"))
    assert body["prescription"]["lines"][0]["lineId"] == "ligne-1"
    assert list(shape("state", body["state"])) == []
    for wanted in ({"qr": EPU}, {"number": "01s2 tbpz 2jcn zzyg hz"}):
        response = pharmacist.call("POST", "/prescriptions/lookup", wanted)
        assert data(response)["prescription"]["epuId"] == EPU
        assert response.header("ETag") == '"1"'
        assert pharmacist.facts["epu_id"] == EPU
    refused(pharmacist.call("POST", "/prescriptions/lookup", {"qr": "Hello :)"}), "SIM-EPU-1101")
    refused(pharmacist.call("POST", "/prescriptions/lookup", {}), "SIM-EPU-1103")
    assert pharmacist.rules == {"EPU-JSON-03"}
    unknown = pharmacist.call("POST", "/prescriptions/lookup", {"number": "01ZZZZZZZZZZZZZZZZ"})
    refused(unknown, "SIM-EPU-2002")
    refused(pharmacist.call("GET", "/prescriptions/01ZZZZZZZZZZZZZZZZ"), "SIM-EPU-2002")
    assert pharmacist.facts["epu_id"] == "01ZZZZZZZZZZZZZZZZ"


def test_list(doctor: Caller, pharmacist: Caller, prescription: Make, population: Population) -> None:
    ins = population.derive("patient").ins
    path = f"/prescriptions?ins={ins.matricule}&oid={ins.oid}"
    assert data(pharmacist.call("GET", path))["prescriptions"] == []
    doctor.call("POST", "/prescriptions", prescription())
    assert [item["epuId"] for item in data(pharmacist.call("GET", path))["prescriptions"]] == [EPU]
    assert pharmacist.facts["patient"] == ins.matricule
    dispense(pharmacist, dispensation("d1"))
    assert data(pharmacist.call("GET", path))["prescriptions"] == []
    assert data(doctor.call("GET", path))["prescriptions"][0]["status"] == "EXECUTEE"
    refused(pharmacist.call("GET", "/prescriptions"), "SIM-EPU-1103")
    assert data(doctor.call("GET", path.replace(".10", ".8")))["prescriptions"] == []


def test_expired(doctor: Caller, pharmacist: Caller, prescription: Make, clock: Clock) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    clock.shift(timedelta(days=93))
    doctor.exchange(subject_token="psc-x")
    for caller in (doctor, pharmacist):
        caller.login()
        refused(caller.call("GET", f"/prescriptions/{EPU}"), "SIM-EPU-2003")
    assert pharmacist.facts["status"] == "EXPIREE"
    refused(dispense(pharmacist, dispensation("d1"), '"1"'), "SIM-EPU-2003")
    refused(doctor.call("POST", f"/prescriptions/{EPU}/cancel", {"reason": {"code": "X"}}), "SIM-EPU-2003")
    assert data(doctor.call("GET", f"/prescriptions/{EPU}/execution"))["status"] == "EXPIREE"


# cancel, replace


def test_cancel(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    reason = {"reason": {"code": "PRESCRIBER_ERROR", "text": "erreur"}}
    done = data(doctor.call("POST", f"/prescriptions/{EPU}/cancel", reason))
    assert done["status"] == "ANNULEE"
    assert {item["status"] for item in done["lines"]} == {"ANNULEE"}
    assert doctor.facts["status"] == "ANNULEE"
    again = doctor.call("POST", f"/prescriptions/{EPU}/cancel", reason)
    assert again.status == 200
    assert doctor.facts["replayed"] is True
    assert data(again)["events"] == done["events"]
    refused(dispense(pharmacist, dispensation("d1")), "SIM-EPU-2101")
    refused(doctor.call("POST", f"/prescriptions/{EPU}/cancel", {}), "SIM-EPU-1103")


def test_cancel_after_dispensation(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    partial = {"lineId": "ligne-1", "outcome": "PARTIAL", "delivered": [{"quantity": 1}]}
    other = {"lineId": "ligne-2", "outcome": "NOT_REQUESTED", "reason": {"code": "HAS_IT"}}
    assert dispense(pharmacist, dispensation("d1", EPU, partial, other)).status == 201
    body = refused(
        doctor.call("POST", f"/prescriptions/{EPU}/cancel", {"reason": {"code": "X"}}), "SIM-EPU-2103"
    )
    assert len(body["fields"]) == 2
    assert doctor.facts["epu_id"] == EPU


def test_replace(doctor: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    new = prescription("01ZZZZZZZZZZZZZZZZ", lines=[line(1)])
    message = {"reason": {"code": "CHANGE"}, "prescription": new}
    done = doctor.call("POST", f"/prescriptions/{EPU}/replace", message)
    assert done.status == 201
    assert data(done)["replaces"] == EPU
    assert (doctor.facts["epu_id"], doctor.facts["replaces"]) == ("01ZZZZZZZZZZZZZZZZ", EPU)
    assert doctor.call("POST", f"/prescriptions/{EPU}/replace", message).status == 200
    old = data(doctor.call("GET", f"/prescriptions/{EPU}/execution"))
    assert (old["status"], old["replacedBy"]) == ("ANNULEE", "01ZZZZZZZZZZZZZZZZ")


def test_replace_is_all_or_nothing(doctor: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    doctor.call("POST", "/prescriptions", prescription("01ZZZZZZZZZZZZZZZZ"))
    taken = {"reason": {"code": "X"}, "prescription": prescription("01ZZZZZZZZZZZZZZZZ", lines=[line(1)])}
    refused(doctor.call("POST", f"/prescriptions/{EPU}/replace", taken), "SIM-EPU-2001")
    spoilt = {"reason": {"code": "X"}, "prescription": prescription("01YYYYYYYYYYYYYYYY", lines=[])}
    refused(doctor.call("POST", f"/prescriptions/{EPU}/replace", spoilt), "SIM-EPU-2201")
    assert data(doctor.call("GET", f"/prescriptions/{EPU}/execution"))["status"] == "ENREGISTREE"


# dispense


def test_dispense(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    message, version = dispensation("d1"), read_version(pharmacist)
    done = dispense(pharmacist, message, version)
    assert done.status == 201
    assert data(done)["status"] == "EXECUTEE"
    assert pharmacist.facts["status"] == "EXECUTEE"
    assert pharmacist.facts["outcomes"] == {"ligne-1": "AS_PRESCRIBED", "ligne-2": "AS_PRESCRIBED"}
    assert pharmacist.rules == set()
    again = dispense(pharmacist, message, version)
    assert again.status == 200
    assert pharmacist.facts["replayed"] is True
    changed = {**message, "dispensedAt": "2026-03-02T12:00:00+01:00"}
    refused(dispense(pharmacist, changed, version), "SIM-EPU-2001")
    refused(dispense(pharmacist, dispensation("d2")), "SIM-EPU-2101")
    assert pharmacist.facts["status"] == "EXECUTEE"


def test_partial_then_rest(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription(lines=[line(1)]))
    half = {"lineId": "ligne-1", "outcome": "PARTIAL", "delivered": [{"quantity": 1}]}
    first = data(dispense(pharmacist, dispensation("d1", EPU, half)))
    assert (first["status"], first["lines"][0]["status"]) == ("EN_COURS", "PARTIELLE")
    assert first["lines"][0] | {"remainingQuantity": 1, "completeness": "FFP"} == first["lines"][0]
    rest = {"lineId": "ligne-1", "outcome": "AS_PRESCRIBED", "delivered": [{"quantity": 1}]}
    second = data(dispense(pharmacist, dispensation("d2", EPU, rest)))
    assert (second["status"], second["lines"][0]["completeness"]) == ("EXECUTEE", "RFC")


def test_stale_version(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription(lines=[line(1, renewals=1)]))
    one = {"lineId": "ligne-1", "outcome": "AS_PRESCRIBED"}
    version = read_version(pharmacist)
    read_version(pharmacist)  # a consultation changes nothing
    dispense(pharmacist, dispensation("d1", EPU, one), version)
    refused(dispense(pharmacist, dispensation("d2", EPU, one), version), "SIM-EPU-2102")
    assert pharmacist.rules == set()
    refused(dispense(pharmacist, dispensation("d2", EPU, one), ""), "SIM-EPU-2102")
    assert pharmacist.rules == {"EPU-HTTP-04"}
    assert dispense(pharmacist, dispensation("d2", EPU, one)).status == 201


@pytest.mark.parametrize(
    ("code", "rules", "outcomes"),
    [
        ("SIM-EPU-2205", {"EPU-DISP-01"}, [{"lineId": "ligne-1", "outcome": "AS_PRESCRIBED"}]),
        ("SIM-EPU-2206", set(), [{"outcome": "AS_PRESCRIBED", "delivered": [{"quantity": 3}]}]),
        ("SIM-EPU-2207", {"EPU-DISP-03"}, [{"outcome": "QUANTITY_CHANGED"}]),
        ("SIM-EPU-2208", {"EPU-DISP-04"}, [{"outcome": "REFUSED"}]),
        ("SIM-EPU-2209", {"EPU-DISP-02"}, [{"outcome": "SUBSTITUTED"}]),
        (
            "SIM-EPU-2210",
            set(),
            [{"outcome": "SUBSTITUTED", "substitution": {"kind": "G"}, "delivered": [{"quantity": 1}]}],
        ),
    ],
)
def test_refused_dispensations(
    code: str,
    rules: set[str],
    outcomes: list[dict[str, Any]],
    doctor: Caller,
    pharmacist: Caller,
    prescription: Make,
) -> None:
    lines = [line(1, substitution={"allowed": False, "reason": "MTE"})]
    doctor.call(
        "POST", "/prescriptions", prescription(lines=lines if code != "SIM-EPU-2205" else [line(1), line(2)])
    )
    sent = dispensation("d1", EPU, *({"lineId": "ligne-1", **item} for item in outcomes))
    refused(dispense(pharmacist, sent), code)
    assert pharmacist.rules == rules
    assert pharmacist.facts["epu_id"] == EPU
    assert data(doctor.call("GET", f"/prescriptions/{EPU}/execution"))["status"] == "ENREGISTREE"


def test_dispensation_of_another(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    message = dispensation("d1")
    message["dispenser"]["rpps"] = MEDECIN.rpps
    refused(dispense(pharmacist, message), "SIM-EPU-1004")
    assert pharmacist.rules == {"EPU-DISP-05"}
    stray = {"lineId": "ailleurs", "outcome": "AS_PRESCRIBED"}
    refused(dispense(pharmacist, dispensation("d1", EPU, *dispensation("")["lines"], stray)), "SIM-EPU-2216")


def test_withdraw(
    doctor: Caller, pharmacist: Caller, prescription: Make, clock: Clock, session_of: Callable[[str], Tls]
) -> None:
    doctor.call("POST", "/prescriptions", prescription(lines=[line(1, renewals=1)]))
    one = {"lineId": "ligne-1", "outcome": "AS_PRESCRIBED"}
    dispense(pharmacist, dispensation("d1", EPU, one))
    dispense(pharmacist, dispensation("d2", EPU, one))
    refused(pharmacist.call("DELETE", "/dispensations/d1"), "SIM-EPU-2104")
    assert data(pharmacist.call("DELETE", "/dispensations/d2"))["status"] == "EN_COURS"
    assert pharmacist.facts["dispensation_id"] == "d2"
    assert pharmacist.call("DELETE", "/dispensations/d2").status == 200
    assert pharmacist.facts["replayed"] is True
    refused(doctor.call("DELETE", "/dispensations/d1"), "SIM-EPU-1004")
    refused(pharmacist.call("DELETE", "/dispensations/inconnue"), "SIM-EPU-2004")
    clock.shift(timedelta(days=1))
    refused(pharmacist.login().call("DELETE", "/dispensations/d1"), "SIM-EPU-2104")
    assert data(doctor.login().call("GET", f"/prescriptions/{EPU}/execution"))["status"] == "EN_COURS"


# execution


def test_execution(doctor: Caller, pharmacist: Caller, prescription: Make) -> None:
    doctor.call("POST", "/prescriptions", prescription())
    dispense(pharmacist, dispensation("d1"))
    seen = data(doctor.call("GET", f"/prescriptions/{EPU}/execution"))
    assert seen["status"] == "EXECUTEE"
    assert seen["dispensations"][0]["dispensationId"] == "d1"
    assert [event["type"] for event in seen["events"]] == ["CREATED", "CONSULTED", "DISPENSED"]


def test_opposition(
    doctor: Caller, pharmacist: Caller, prescription: Make, population: Population, epu_service: EpuService
) -> None:
    patient = replace(population.derive("patient"), opposes_execution_view=True)
    population.register(patient)
    doctor.call("POST", "/prescriptions", prescription(patient=patient))
    body = refused(doctor.call("GET", f"/prescriptions/{EPU}/execution"), "SIM-EPU-1006")
    assert "oppos" in body["detail"]
    assert doctor.facts["epu_id"] == EPU
    assert "state" not in data(doctor.call("GET", f"/prescriptions/{EPU}"))
    assert "state" in data(pharmacist.call("GET", f"/prescriptions/{EPU}"))
    epu_service.set_opposition(patient.ins.matricule, False)
    assert doctor.call("GET", f"/prescriptions/{EPU}/execution").status == 200
    declared = prescription("01ZZZZZZZZZZZZZZZZ", patient=population.derive("autre"))
    doctor.call("POST", "/prescriptions", declared | {"patientOpposesPrescriberView": True})
    refused(doctor.call("GET", "/prescriptions/01ZZZZZZZZZZZZZZZZ/execution"), "SIM-EPU-1006")


# published contract, faults


def test_published(epu_service: EpuService, context: Context) -> None:
    listed = json.loads(serve(epu_service, Request("GET", "/epu/v1/errors.json"), context).body)
    assert {item["code"] for item in listed["errors"]} == set(STATUS)
    assert all(item["title"] and item["title_en"] for item in listed["errors"])
    create = serve(epu_service, Request("GET", "/epu/v1/schemas/create.json"), context)
    assert json.loads(create.body) == schema("create")
    for target, status in (
        ("/epu/v1/schemas/nothing.json", 404),
        ("/epu/v1/schemas/..%2Fcreate.json", 404),
        ("/epu/v2/prescriptions", 404),
        ("/", 404),
    ):
        response = serve(epu_service, Request("GET", target), context)
        assert (response.status, json.loads(response.body)["code"]) == (status, "SIM-EPU-1106")
    wrong = serve(epu_service, Request("PUT", "/epu/v1/prescriptions"), context)
    assert (wrong.status, wrong.header("Allow")) == (405, "POST, GET")
    assert context.journal.bench_errors == []


@pytest.mark.parametrize("code", ["SIM-EPU-2202", "SIM-EPU-2204", "SIM-EPU-1003", "SIM-EPU-1001"])
def test_scheduled_refusal(code: str, doctor: Caller, prescription: Make, context: Context) -> None:
    context.faults.schedule(Fault("epu", "EPU.create", "business-error", params={"code": code}))
    refused(doctor.call("POST", "/prescriptions", prescription()), code)
    assert doctor.facts | {"reason": code, "epu_id": EPU, "outcome": "refused"} == doctor.facts
    assert doctor.rules == set()
    assert doctor.call("POST", "/prescriptions", prescription()).status == 201


def test_throttle_and_timeout(doctor: Caller, prescription: Make, context: Context) -> None:
    context.faults.schedule(Fault("epu", "EPU.*", "throttle", params={"seconds": 3}))
    response = doctor.call("POST", "/prescriptions", prescription())
    refused(response, "SIM-EPU-9003")
    assert response.header("Retry-After") == "3"
    context.faults.schedule(Fault("epu", "EPU.*", "timeout"))
    refused(doctor.call("POST", "/prescriptions", prescription()), "SIM-EPU-9002")
    context.faults.schedule(Fault("epu", "EPU.*", "throttle"))
    assert doctor.exchange().status == 429
    with pytest.raises(ValueError, match="nonsense"):
        doctor.service.refuse(Request("GET", "/epu/v1/prescriptions"), Fault("epu", "*", "nonsense"))


@pytest.mark.parametrize("kind", GENERIC)
def test_generic_faults(
    kind: str, epu_service: EpuService, doctor: Caller, prescription: Make, context: Context
) -> None:
    context.faults.schedule(Fault("epu", "EPU.create", kind))
    headers = (
        ("Authorization", f"Bearer {doctor.token}"),
        ("X-Software", "SIMU0001;test;1"),
        ("Content-Type", "application/json"),
    )
    body = json.dumps(prescription()).encode()
    request = Request("POST", "/epu/v1/prescriptions", headers, body, doctor.session)
    serve(epu_service, request, context)
    assert context.journal.bench_errors == []
    done = kind not in NOT_DONE
    assert doctor.call("POST", "/prescriptions", prescription()).status == (200 if done else 201)


def test_lost_answer_is_found_again(doctor: Caller, prescription: Make, context: Context) -> None:
    context.faults.schedule(Fault("epu", "EPU.create", "cut-after-commit"))
    message = json.dumps(prescription()).encode()
    headers = (
        ("Authorization", f"Bearer {doctor.token}"),
        ("X-Software", "SIMU0001;test;1"),
        ("Content-Type", "application/json"),
    )
    request = Request("POST", "/epu/v1/prescriptions", headers, message, doctor.session)
    assert serve(doctor.service, request, context).delivery.drop
    lost = context.journal.exchanges()[-1]
    assert lost.facts["epu_id"] == EPU
    again = doctor.call("POST", "/prescriptions", prescription())
    assert (again.status, doctor.facts["replayed"]) == (200, True)


def test_media_type(doctor: Caller, prescription: Make) -> None:
    refused(doctor.call("POST", "/prescriptions", prescription(), Content_Type="text/xml"), "SIM-EPU-1102")
    assert doctor.rules == {"EPU-HTTP-02"}
    kind = "Application/JSON; charset=utf-8"
    assert doctor.call("POST", "/prescriptions", prescription(), Content_Type=kind).status == 201


def test_catalogues_are_complete() -> None:
    for code in STATUS:
        assert messages()[code]["fr"]
        assert messages()[code]["en"]
    assert set(REFUSING.values()) <= set(STATUS)
    for rule in RULES.rules:
        assert messages()[rule]["action_fr"]


def test_state_survives_in_a_file(
    tmp_path: Any, clock: Clock, population: Population, doctor: Caller, prescription: Make
) -> None:
    from simulators.core.random import Randomness

    from .conftest import Verifier

    path = str(tmp_path / "epu.sqlite")
    for status in (201, 200):
        service = EpuService(clock, population, Randomness(status), Verifier(), database=path)
        doctor.service = service
        assert doctor.login().call("POST", "/prescriptions", prescription()).status == status
        service.close()
