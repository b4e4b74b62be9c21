"""Errors on demand go through the four carriers: every transaction, every carrier that it has, read back."""

from collections.abc import Iterator

import pytest

from schemas import habilitations, hl7v3, xds
from schemas.hl7v3.wrapper import read_error
from schemas.soap import media
from schemas.soap.envelope import SOAP, WSA, read_fault
from schemas.xds import names
from schemas.xml import Element
from simulators.core.clock import Clock
from simulators.core.faults import Fault, FaultPlan
from simulators.core.journal import Journal
from simulators.core.pki import Pki
from simulators.core.service import Context, Response, serve
from simulators.dmp.codes import CODES
from simulators.dmp.menu import HL7, REGISTRY, STATUS
from simulators.schedule import RuleRefused, check

from .conftest import START
from .kit import Kit, answered, body_of
from .questions import QUESTIONS

CODE = "XDSRegistryBusy"
SEARCH, RETRIEVE = "TD3.1", "TD3.2"
LEGACY = ("TD1.1", "TD1.2", "TD1.3b", "TD1.4")


@pytest.fixture(scope="module")
def kit(test_pki: Pki) -> Kit:
    """One DMP for all: what is refused changes nothing."""
    return Kit(test_pki, Clock(START))


def played(kit: Kit, transaction: str, fault: Fault) -> Response:
    """The answer to a right question while this fault is scheduled."""
    patient = kit.population.derive("a")
    request = kit.request(QUESTIONS[transaction](kit, patient))
    journal = Journal(kit.clock)
    plan = FaultPlan()
    check(fault)
    plan.schedule(fault)
    response = serve(kit.service, request, Context(kit.clock, journal, plan))
    journal.close()
    assert journal.bench_errors == []
    (exchange,) = journal.exchanges()
    assert (exchange.transaction, exchange.fault) == (transaction, fault.kind)
    assert exchange.facts["injected"] == fault.told()
    assert [found for found in journal.findings(exchange) if found.is_error] == []
    return response


def acknowledged(transaction: str, body: Element) -> tuple[str, str]:
    """Type of the acknowledgement and code of the error."""
    message = body[0] if transaction in LEGACY else body
    ack = message.find(f"{{{hl7v3.model.HL7}}}acknowledgement")
    error = read_error(message)
    assert ack is not None and error is not None
    return ack.get("typeCode", ""), error[0]


def registry(transaction: str, body: Element) -> xds.RegistryResponse:
    if transaction == SEARCH:
        read = xds.read_query_response(body)
        return xds.RegistryResponse(read.status, read.errors)
    return xds.read_registry_response(body)


def errors_of(transaction: str, body: Element) -> tuple[str, str]:
    """What a client reads: a status word and the error code."""
    if transaction in HL7:
        return acknowledged(transaction, body)
    if transaction in STATUS:
        return "", habilitations.read_outcome(body).status
    read = registry(transaction, body)
    return read.status, read.errors[0].code


def cases() -> Iterator[tuple[str, str, str]]:
    """Transaction, kind of fault, status word expected."""
    for transaction in QUESTIONS:
        if transaction in HL7:
            word = "AE"
            yield transaction, "hl7-error", word
        elif transaction in STATUS:
            word = ""
            yield transaction, "status-error", word
        else:
            word = names.FAILURE
        yield transaction, "registry-error", word


def test_every_transaction_is_here() -> None:
    assert set(QUESTIONS) == {*HL7, *STATUS, *REGISTRY}


@pytest.mark.parametrize(("transaction", "kind", "word"), list(cases()))
def test_the_own_answer_of_each(kit: Kit, transaction: str, kind: str, word: str) -> None:
    response = played(kit, transaction, Fault("dmp", transaction, kind, params={"code": CODE}))
    assert response.status == 200
    assert errors_of(transaction, body_of(response)) == (word, CODE)


@pytest.mark.parametrize("transaction", QUESTIONS)
def test_a_soap_fault_for_each(kit: Kit, transaction: str) -> None:
    params = {"code": CODE, "text": "[bench] é", "soap_code": "Sender"}
    response = played(kit, transaction, Fault("dmp", transaction, "soap-fault", params=params))
    read = read_fault(body_of(response))
    assert response.status == 500 and read is not None
    assert (read.code, read.subcode, read.reason) == ("Sender", CODE, "[bench] é")
    kind = media.parse(response.header("Content-Type")).name
    assert kind == (media.RELATED if transaction == RETRIEVE else media.SOAP_12)


def test_a_fault_of_addressing(kit: Kit) -> None:
    params = {"code": "MessageAddressingHeaderRequired", "soap_code": "Sender"}
    body = body_of(played(kit, "TD0.2", Fault("dmp", "TD0.2", "soap-fault", params=params)))
    (value,) = body.iterfind(f".//{{{SOAP}}}Subcode/{{{SOAP}}}Value")
    prefix, _, name = (value.text or "").partition(":")
    assert (value.nsmap[prefix], name) == (WSA, "MessageAddressingHeaderRequired")


@pytest.mark.parametrize("transaction", HL7)
def test_an_application_reject(kit: Kit, transaction: str) -> None:
    fault = Fault("dmp", transaction, "hl7-error", params={"ack": "AR", "code": "XDSTooManyResults"})
    body = body_of(played(kit, transaction, fault))
    assert acknowledged(transaction, body) == ("AR", "XDSTooManyResults")


def test_every_public_code(kit: Kit) -> None:
    request = kit.request(kit.search(kit.population.derive("a")))
    for code in CODES:
        fault = Fault("dmp", SEARCH, "registry-error", params={"code": code})
        check(fault)
        body = body_of(kit.service.refuse(request, fault).response)
        assert errors_of(SEARCH, body) == (names.FAILURE, code)


def test_a_code_of_ours_says_so(kit: Kit) -> None:
    with pytest.raises(RuleRefused, match="XDSRegistryBusy"):
        check(Fault("dmp", "TD2.1", "registry-error", params={"code": "XDSBusy"}))
    labelled = Fault("dmp", "TD2.1", "registry-error", params={"code": "[bench] XDSBusy"})
    assert errors_of("TD2.1", body_of(played(kit, "TD2.1", labelled))) == (names.FAILURE, "[bench] XDSBusy")


@pytest.mark.parametrize(
    ("transaction", "kind", "status", "severity"),
    [
        ("TD3.1", "partial-success", names.PARTIAL, names.SEVERITY_ERROR),
        ("TD3.2", "partial-success", names.PARTIAL, names.SEVERITY_ERROR),
        *((one, "warning", names.SUCCESS, names.SEVERITY_WARNING) for one in REGISTRY),
    ],
)
def test_what_is_done_with_a_remark(
    kit: Kit, transaction: str, kind: str, status: str, severity: str
) -> None:
    response = played(kit, transaction, Fault("dmp", transaction, kind, params={"code": CODE}))
    body = body_of(response)
    read = registry(transaction, body)
    assert read.status == status
    assert [(one.code, one.severity) for one in read.errors] == [(CODE, severity)]
    (listed,) = body.iter(f"{{{names.RS}}}RegistryErrorList")
    assert listed.get("highestSeverity") == severity
    if transaction == RETRIEVE:
        documents = xds.read_retrieve_response(body, answered(response).referenced()).documents
        assert documents[0].content.startswith(b"<?xml")


def test_the_words_of_a_duplicate(kit: Kit) -> None:
    for content, code in (("same", "XDSDuplicateUniqueIdInRegistry"), ("other", "XDSNonIdenticalHash")):
        body = body_of(played(kit, "TD2.1", Fault("dmp", "TD2.1", "duplicate", params={"content": content})))
        assert errors_of("TD2.1", body) == (names.FAILURE, code)
    body = body_of(played(kit, "TD3.3", Fault("dmp", "TD3.3", "wrong-version")))
    assert errors_of("TD3.3", body) == (names.FAILURE, "XDSMetadataVersionError")
