"""Rules over how the e-prescription service is called, and the whole judgement of one call.

Sources: the bench's contract (bench/epu v1); ANS "Sécurisation du transport des API REST"; RFC 8693 and 8705.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas import prescription
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.prescription import JsonRefused, dispensation_rules, read_json, rules

BENCH = rules.BENCH
TRANSPORT = "ANS, sécurisation du transport des API REST"
SOFTWARE = re.compile(r"[^;]+;[^;]+;[^;]+")
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TOKEN_TYPES = ("urn:ietf:params:oauth:token-type:access_token", "urn:ietf:params:oauth:token-type:jwt")


@dataclass(frozen=True, slots=True)
class Called:
    """One call. `headers` has names in lower case; `message` is the body when it could be read.

    `facts`: what the service understood, as in the journal (`authorisation`, `idam_known`, `psc_reused`).
    """

    transaction: str
    headers: Mapping[str, str]
    body: bytes
    facts: Mapping[str, Any]
    form: Mapping[str, str] = field(default_factory=dict)
    message: Mapping[str, Any] | None = None

    @property
    def is_token(self) -> bool:
        return self.transaction == "EPU.token"


RULES: RuleSet[Called] = RuleSet("epu.call")
SHAPE = RULES.declare("EPU-JSON-03", requirements=("BEN-EP-09",), source=f"{BENCH}, schémas publiés")
_SCHEMAS = {"EPU.cancel": "cancel", "EPU.replace": "replace", "EPU.lookup": "lookup"}


@RULES.rule("EPU-HTTP-01", requirements=("BEN-EP-01",), source=BENCH)
def software_is_named(called: Called) -> Iterator[Observation]:
    """X-Software gives a known idam, the name and the version."""
    if called.is_token:
        return
    value = called.headers.get("x-software", "")
    if not SOFTWARE.fullmatch(value) or called.facts.get("idam_known") is False:
        yield Observation("X-Software", value, "idam;name;version")


@RULES.rule("EPU-HTTP-02", requirements=("BEN-EP-01",), source=f"{BENCH}, RFC 8259")
def body_is_json(called: Called) -> Iterator[Observation]:
    """A body is declared as JSON."""
    kind = called.headers.get("content-type", "")
    if called.body and not called.is_token and kind.partition(";")[0].strip().lower() != "application/json":
        yield Observation("Content-Type", kind, "application/json")


@RULES.rule("EPU-HTTP-03", requires=Keyword.DEVRAIT, requirements=("BEN-EP-01",), source=BENCH)
def software_is_the_same(called: Called) -> Iterator[Observation]:
    """The idam of the message is that of the header."""
    software = (called.message or {}).get("software")
    inside = software.get("idam") if isinstance(software, dict) else None
    outside = called.headers.get("x-software", "").partition(";")[0]
    if inside is not None and outside and inside != outside:
        yield Observation("$.software.idam", inside, outside)


@RULES.rule("EPU-HTTP-04", requirements=("BEN-EP-16",), source=f"{BENCH}, RFC 9110 §13.1.1")
def dispensation_has_a_version(called: Called) -> Iterator[Observation]:
    """A dispensation carries the version that was read."""
    if called.transaction == "EPU.dispense" and not called.headers.get("if-match"):
        yield Observation("If-Match", "", '"<version>"')


@RULES.rule("EPU-JETON-01", requirements=("PSC.10",), source=TRANSPORT)
def token_is_there(called: Called) -> Iterator[Observation]:
    """The call has a token that this service issued (an expired one is refused without a finding)."""
    if called.facts.get("authorisation") in ("absent", "unknown"):
        yield Observation("Authorization", called.facts["authorisation"], "Bearer")


@RULES.rule("EPU-JETON-02", requirements=("BEN-PSC-08",), source=f"{TRANSPORT}, RFC 8705")
def token_is_bound(called: Called) -> Iterator[Observation]:
    """The certificate of the call is that of the exchange."""
    if called.facts.get("authorisation") == "other-certificate":
        yield Observation("TLS", called.facts.get("certificate", ""), "cnf.x5t#S256")


@RULES.rule("EPU-JETON-03", requires=Keyword.DEVRAIT, source=TRANSPORT)
def subject_token_is_used_once(called: Called) -> Iterator[Observation]:
    """The same PSC token is not exchanged again."""
    if called.facts.get("psc_reused"):
        yield Observation("subject_token", "2", "1")


@RULES.rule("EPU-JETON-04", requirements=("PSC.10",), source="RFC 8693 §2.1")
def exchange_is_complete(called: Called) -> Iterator[Observation]:
    """The exchange names its grant, its token, the token's type and a scope."""
    if not called.is_token:
        return
    expected = {"grant_type": (EXCHANGE,), "subject_token_type": TOKEN_TYPES}
    for name, values in expected.items():
        if called.form.get(name) not in values:
            yield Observation(name, called.form.get(name, ""), " | ".join(values))
    for name in ("subject_token", "scope"):
        if not called.form.get(name):
            yield Observation(name, "", name)


def judge(
    transaction: str,
    headers: Mapping[str, str],
    body: bytes,
    facts: Mapping[str, Any],
    form: Mapping[str, str],
    *,
    public_matricules: frozenset[str],
    id_pattern: str,
) -> list[Finding]:
    """Every finding about one call, from its bytes and the facts of the journal."""
    message: dict[str, Any] | None = None
    found: list[Finding] = []
    schema = {"EPU.create": rules.SHAPE, "EPU.dispense": dispensation_rules.SHAPE}.get(transaction, SHAPE)
    if body and transaction in ("EPU.create", "EPU.dispense", *_SCHEMAS):
        try:
            message = read_json(body)
        except JsonRefused as error:
            found.append(schema.finding("$", str(error), "JSON (RFC 8259), UTF-8"))
    called = Called(transaction, headers, body, facts, form, message)
    if message is not None:
        found += judge_message(transaction, message, facts, public_matricules, id_pattern)
    return RULES.judge(called) + found


def judge_message(
    transaction: str,
    message: Mapping[str, Any],
    facts: Mapping[str, Any],
    public_matricules: frozenset[str],
    id_pattern: str,
) -> list[Finding]:
    """The findings about a body that is JSON. `facts`: `user`, `open_lines`, `address` (epuId of the URL)."""
    user = facts.get("user")
    around = {"user": user, "public_matricules": public_matricules, "id_pattern": id_pattern}
    if transaction == "EPU.create":
        return rules.judge(message, **around)
    if transaction == "EPU.dispense":
        opened = facts.get("open_lines")
        return dispensation_rules.judge(
            message,
            user=user,
            epu_id=facts.get("address"),
            open_lines=None if opened is None else tuple(opened),
        )
    name = _SCHEMAS[transaction]
    broken = [SHAPE.finding(o.where, o.observed, o.expected) for o in prescription.shape(name, message)]
    if not broken and transaction == "EPU.replace":
        return rules.judge(message["prescription"], **around)
    return broken
