"""Each protocol rule: an exchange that passes, and a defect that breaks that rule alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.messages import catalogue
from simulators.core.exchange import Exchange
from simulators.mssante.rules import RULES

PASSING: dict[str, Any] = {
    "interface": "po",
    "starttls_offered": True,
    "clear_commands": [],
    "attempts": [
        {"mechanism": "XOAUTH2", "login": "a@b.fr", "initial_response": True, "problem": "", "detail": ""}
    ],
    "outcome": "accepted",
    "reason": "",
}


def exchange(transaction: str, **changes: Any) -> Exchange:
    started = datetime(2026, 11, 24, tzinfo=UTC)
    return Exchange(0, "mssante", transaction, started, 0.0, facts=PASSING | changes)


def attempt(problem: str = "", mechanism: str = "XOAUTH2", initial: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "mechanism": mechanism,
            "login": "a@b.fr",
            "initial_response": initial,
            "problem": problem,
            "detail": "",
        }
    ]


DEFECTS = [
    ("MSS-T01-SMTP", exchange("SMTP.session", clear_commands=["MAIL"])),
    ("MSS-T01-SMTP", exchange("SMTP.session", reason="starttls-injection")),
    ("MSS-T01-IMAP", exchange("IMAP.LOGIN", clear_commands=["LOGIN"])),
    ("MSS-T09", exchange("SMTP.session", starttls_offered=False, clear_commands=["AUTH"])),
    ("MSS-T02", exchange("SMTP.session", tls_reason="UNSUPPORTED_PROTOCOL")),
    ("MSS-T03", exchange("SMTP.session", tls_reason="NO_SHARED_CIPHER")),
    ("MSS-T03-OFFRE", exchange("SMTP.session", suites_beyond_list=["0xCCA8"])),
    ("MSS-A01", exchange("SMTP.session", attempts=attempt("xoauth2-format"))),
    ("MSS-A01", exchange("IMAP.LOGIN", attempts=attempt("unknown-mechanism", "LOGIN"))),
    ("MSS-A02", exchange("IMAP.AUTHENTICATE", attempts=attempt(initial=False))),
    ("MSS-A03", exchange("SMTP.session", refused_last_minute=6)),
    ("MSS-A07", exchange("SMTP.session", interface="app", attempts=attempt("not-owner", "PLAIN"))),
    ("MSS-A07", exchange("SMTP.session", interface="app", tls_reason="CERTIFICATE_VERIFY_FAILED")),
    ("MSS-S01", exchange("SMTP.message", reason="bare-newline")),
    ("MSS-S02", exchange("SMTP.session", ehlo_after_tls=False)),
]


@pytest.mark.parametrize("transaction", ["SMTP.message", "SMTP.session", "IMAP.AUTHENTICATE"])
def test_a_good_exchange_breaks_nothing(transaction: str) -> None:
    assert RULES.judge(exchange(transaction)) == []


@pytest.mark.parametrize(("rule", "defect"), DEFECTS)
def test_a_defect_breaks_its_rule_alone(rule: str, defect: Exchange) -> None:
    assert [finding.rule for finding in RULES.judge(defect)] == [rule]


def test_every_rule_is_tried_worded_and_catalogued() -> None:
    assert {rule for rule, _ in DEFECTS} == set(RULES.rules) - {"MSS-S03"}
    for rule in RULES.rules.values():
        assert set(catalogue()[rule.id]) == {"fr", "en", "action_fr", "action_en"}
        assert len(rule.requirements) == 1
