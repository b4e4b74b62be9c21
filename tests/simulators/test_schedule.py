"""Schedules as text: read, written back, refused with what to write; played call by call, always the same."""

import pytest

from schemas.messages import catalogue
from simulators import schedule
from simulators.core.faults import Fault, FaultPlan
from simulators.core.incidents import INCIDENTS, Carriers
from simulators.core.whose import patient_at, patient_of
from simulators.dmp import faults as dmp
from simulators.dmp.codes import CODES
from simulators.schedule import MENU, RuleRefused, parse, written

INS = "263077022070123"


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("TD2.1: unavailable", Fault("dmp", "TD2.1", "unavailable")),
        (
            "TD2.1: 3 registry-error XDSRegistryBusy",
            Fault("dmp", "TD2.1", "registry-error", 2, 1, {"code": "XDSRegistryBusy"}),
        ),
        ("TD2.1: 2-4 unavailable", Fault("dmp", "TD2.1", "unavailable", 1, 3)),
        ("TD2.1: 3- closed", Fault("dmp", "TD2.1", "closed", 2, 0)),
        ("TD3.1: every 5 slow seconds=3", Fault("dmp", "TD3.1", "slow", 0, 0, {"seconds": 3}, 5)),
        ("TD3.1: after 2 every 3 times 4 empty", Fault("dmp", "TD3.1", "empty", 2, 4, {}, 3)),
        ("*: after 10 server-error", Fault("dmp", "*", "server-error", 10, 0)),
        (f"TD3.2@{INS}: always cut-in-body", Fault("dmp", "TD3.2", "cut-in-body", 0, 0, patient=INS)),
        ("TLS: 1-2 bad-certificate host", Fault("dmp", "TLS", "bad-certificate", 0, 2, {"kind": "host"})),
        ("psc/TLS: bad-certificate", Fault("psc", "TLS", "bad-certificate")),
        ("TD2.2: duplicate other", Fault("dmp", "TD2.2", "duplicate", params={"content": "other"})),
        ("TD0.9: 2 unavailable", Fault("dmp-web", "TD0.9", "unavailable", 1)),
        (
            f"TD0.10@{INS}: always slow 3",
            Fault("dmp-web", "TD0.10", "slow", 0, 0, {"seconds": 3}, patient=INS),
        ),
        ("dmp-web/WEB.login: closed", Fault("dmp-web", "WEB.login", "closed")),
        ("mes/MES.block: closed", Fault("mes", "MES.block", "closed")),
        ("insi/INSi.traits: business now=1", Fault("insi", "INSi.traits", "business", params={"now": 1})),
        (
            "epu/EPU.create: business-error SIM-EPU-2202",
            Fault("epu", "EPU.create", "business-error", params={"code": "SIM-EPU-2202"}),
        ),
        ('TD0.3: soap-fault text="a \\"b\\""', Fault("dmp", "TD0.3", "soap-fault", params={"text": 'a "b"'})),
        (
            'TD2.1: registry-error "[bench] X"',
            Fault("dmp", "TD2.1", "registry-error", params={"code": "[bench] X"}),
        ),
    ],
)
def test_rules(rule: str, fault: Fault) -> None:
    assert parse(rule) == fault
    assert parse(written(fault)) == fault


@pytest.mark.parametrize(
    ("rule", "key", "said"),
    [
        ("TD2.1 unavailable", "shape", "TD2.1 unavailable"),
        ("", "shape", "TD2.1: 3"),
        ('TD2.1: soap-fault text="a', "quotes", "text"),
        ("TD2.1: 3", "no-kind", "segur-bench faults"),
        ("TD2.1: 0 closed", "rank", "0"),
        ("TD2.1: 4-2 closed", "rank", "4-2"),
        ("TD2.1: every closed", "number", "every"),
        ("TD2.1: every 0 closed", "number", "every"),
        ("TD2.1: unavailble", "kind", "unavailable"),
        ("TD2.7: closed", "transaction", "TD2.1"),
        ("TD3.3a: closed", "transaction", "TD3.3"),
        ("TD9*: closed", "transaction", "TD9"),
        ("nulle/TD2.1: closed", "service", "annuaire"),
        ("mssante/TLS: bad-certificate", "service", "psc"),
        ("TD2.1@12: closed", "patient", "12"),
        ("TD2.1: bad-certificate", "tls", "TLS:"),
        ("TLS: closed", "tls", "TLS:"),
        ("*: warning", "place", "TD2.1, TD2.2, TD3.1"),
        ("TD0.9: warning", "place", "TD2.1, TD2.2, TD3.1"),
        ("mes/*: soap-fault", "place", "dmp/*"),
        ("TD0.10: unavailble", "kind", "unavailable"),
        ("dmp-web/TD2.1: closed", "transaction", "TD0.9"),
        ("TD2.1: wrong-multipart unknown-cid", "place", "TD3.2"),
        ("TD2.1: registry-error XDSBusy", "code", "XDSRegistryBusy"),
        ("TD2.1: soap-fault DMPOops", "code", "[bench]"),
        ("TD0.2: hl7-error ack=AA", "value", "AE, AR"),
        ("TD2.1: slow seconds=long", "number", "seconds"),
        ("TD2.1: slow second=3", "param", "seconds"),
        ("TD2.1: closed now", "word", "now"),
        ("TD2.1: slow 3 seconds=4", "twice", "seconds"),
    ],
)
def test_what_cannot_be_played_is_refused_with_what_to_write(rule: str, key: str, said: str) -> None:
    with pytest.raises(RuleRefused) as caught:
        parse(rule, "en")
    start = catalogue()[f"faults.refused.{key}"]["en"].partition("{")[0]
    assert str(caught.value).startswith(start) and said in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("dmp", "TD2.1", "slow", skip=-1),
        Fault("dmp", "TD2.1", "slow", every=0),
        Fault("dmp", "TD2.1", "slow", params={"seconds": True}),
        Fault("dmp", "TD2.1", "registry-error", params={"code": 3}),
    ],
)
def test_fields_are_checked_too(fault: Fault) -> None:
    with pytest.raises(RuleRefused):
        schedule.check(fault)


def test_the_menu_is_whole() -> None:
    assert set(dmp.KINDS) < set(MENU)
    assert {f"fault.{name}" for name in MENU} <= set(catalogue())
    assert len(CODES) == len(set(CODES)) == 38
    for carried in INCIDENTS.values():
        assert carried
        for fault in carried:
            schedule.check(fault)


def played(plan: FaultPlan, count: int, transaction: str = "TD2.1", patient: str = "") -> list[int]:
    """Ranks of the calls that suffer."""
    return [rank for rank in range(1, count + 1) if plan.take("dmp", transaction, lambda: patient)]


@pytest.mark.parametrize(
    ("rule", "ranks"),
    [
        ("TD2.1: 3 closed", [3]),
        ("TD2.1: 2-4 closed", [2, 3, 4]),
        ("TD2.1: every 3 closed", [3, 6, 9]),
        ("TD2.1: after 1 every 3 times 2 closed", [4, 7]),
        ("*: after 8 closed", [9, 10]),
        ("TD2.*: always closed", list(range(1, 11))),
        ("TD3.1: always closed", []),
        ("insi/*: always closed", []),
    ],
)
def test_the_turns(rule: str, ranks: list[int]) -> None:
    plan = FaultPlan()
    plan.schedule(parse(rule))
    assert played(plan, 10) == ranks


def test_several_rules_each_count() -> None:
    plan = FaultPlan()
    first, second = plan.schedule(parse("TD2.1: 2 closed")), plan.schedule(parse("TD*: 2-3 empty"))
    kinds = [fault.kind if (fault := plan.take("dmp", "TD2.1")) else "" for _ in range(4)]
    assert kinds == ["", "closed", "empty", ""]
    assert [(one.number, one.seen, one.played, one.over) for one in plan.counted()] == [
        (first, 4, 1, True),
        (second, 4, 1, False),
    ]
    plan.remove(first)
    assert [one.number for one in plan.counted()] == [second]
    with pytest.raises(LookupError):
        plan.remove(first)


def test_a_handshake_is_no_call() -> None:
    plan = FaultPlan()
    plan.schedule(parse("*: always closed"))
    assert plan.take("dmp", "TLS") is None
    plan.schedule(parse("TLS: bad-certificate"))
    found = plan.take("dmp", "TLS")
    assert found is not None and found.kind == "bad-certificate"


def test_one_patient_only() -> None:
    plan = FaultPlan()
    plan.schedule(parse(f"TD2.1@{INS}: 2 closed"))
    assert played(plan, 3, patient="1" * 15) == []
    assert played(plan, 3, patient=INS) == [2]


def test_the_patient_is_not_looked_for_in_vain() -> None:
    def never() -> str:
        raise AssertionError

    plan = FaultPlan(Carriers({}))
    assert plan.take("dmp", "TD2.1", never) is None
    plan.schedule(parse("TD2.1: closed"))
    assert plan.take("dmp", "TD2.1", never) is not None


def test_what_patients_carry_outlives_the_plan() -> None:
    plan = FaultPlan(Carriers({INS: "passager"}))
    assert played(plan, 3, patient="1" * 15) == []
    plan.clear()
    assert played(plan, 3, patient=INS) == [1]  # the first of this transaction, then it recovers
    assert played(plan, 3, "TD3.1", INS) == [1]


def test_jitter_is_drawn_from_its_seed() -> None:
    def delays(seed: int) -> list[float]:
        plan = FaultPlan()
        plan.schedule(parse(f"TD2.1: always slow 1 jitter=2 seed={seed}"))
        taken = [plan.take("dmp", "TD2.1") for _ in range(5)]
        return [fault.params["seconds"] for fault in taken if fault]

    first = delays(1)
    assert first == delays(1) != delays(2)
    assert len(set(first)) == 5 and all(1 <= one <= 3 for one in first)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'x Name="urn:oasis:names:tc:xacml:2.0:resource:resource-id"><v>%b^^^&amp;1.2&amp;ISO^NH</v>', INS),
        (b'Name="urn:oasis:names:tc:xacml:2.0:resource:resource-id"><v></v>%b', ""),
        (b"<v>%b^^^&amp;1.2&amp;ISO^NH</v>", ""),
        (b" " * 70_000 + b"resource:resource-id>%b^^^", ""),
    ],
)
def test_the_patient_of_a_call(body: bytes, found: str) -> None:
    assert patient_of(body % INS.encode()) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"/AccesDirect/Documents/{INS}", INS),
        (f"/AccesDirect/Documents/{INS}/", ""),
        (f"/AccesDirect/Documents/9{INS}", ""),
        (f"/patients/{INS}/patient/acces", ""),
        ("/AccesDirect/Parametrages", ""),
    ],
)
def test_the_patient_of_an_address(path: str, found: str) -> None:
    assert patient_at(path) == found
