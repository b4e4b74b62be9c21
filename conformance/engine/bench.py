"""`bench`: the fixture through which a scenario arranges, asks and observes. Nothing else reaches the world.

A scenario observes only the journal and the software's answers: so the same scenario can be played again
over a record, without any software.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from conformance.sut.driver import Answer, Driver, SutError
from reports.record import Software
from schemas.finding import Finding, Rule, RuleSet, errors
from schemas.messages import text
from simulators import schedule
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.journal import matches
from simulators.core.population import Patient

from .outcomes import ErreurBanc, NonApplicable, NonConforme, NonTestable
from .scenario import Scenario
from .world import World

Read = TypeVar("Read")
Artefact = TypeVar("Artefact")
MEDECIN, PHARMACIEN = "medecin", "pharmacien"
INFIRMIER, SAGE_FEMME, SECRETAIRE = "infirmier", "sage-femme", "secretaire"
PROFILE_OF = {MEDECIN: "medecin", PHARMACIEN: "pharmacie"}

BESIDE = timedelta(seconds=0.2)  # an answer that only waited for another comes closer behind it, or before


@dataclass(frozen=True, slots=True)
class Known:
    """A patient as the software knows them: `id` is the software's own identifier."""

    patient: Patient
    id: str
    status: str

    @property
    def matricule(self) -> str:
        return self.patient.ins.matricule


class Understood(dict[str, Any]):
    """The facts of an exchange. Asking for one that could not be read in the bytes raises NonTestable."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange.facts)
        self._place = f"{exchange.id} {exchange.transaction}"

    def __missing__(self, name: str) -> Any:
        raise NonTestable(text("outcome.not-understood", "fr", name=name, place=self._place))


@dataclass(slots=True)
class Bench:
    """One case being played."""

    key: str
    scenario: Scenario
    world: World
    sut: Driver
    software: Software
    run_id: str
    start: int = 0
    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    provoked: set[str] = field(default_factory=set)
    clock_shift: float = 0.0
    dmp_mode: str = ""  # certificates asked of the software for the DMP; empty: its own choice

    # -- arranging ---------------------------------------------------------------------------------

    def require_applicable(self) -> None:
        """Raise NonApplicable or NonTestable when the declared software cannot be asked for this."""
        if self.scenario.profile not in self.software.profiles:
            raise NonApplicable(text("outcome.profile", "fr", profile=self.scenario.profile))
        missing = [action for action in self.scenario.needs if action not in self.software.actions]
        if missing:
            raise NonTestable(text("outcome.missing-action", "fr", actions=", ".join(missing)))

    def among(self, *, user: str = MEDECIN, dmp_mode: str = "") -> None:
        """Play this case with this kind of user and these certificates for the DMP.

        Raises NonApplicable when the software declares that it has none such.
        """
        users = self.software.users or tuple(PROFILE_OF)
        if user not in users:
            raise NonApplicable(text("outcome.user", "fr", user=user))
        if dmp_mode and dmp_mode not in self.software.dmp_modes:
            raise NonApplicable(text("outcome.dmp-mode", "fr", mode=dmp_mode))
        self.dmp_mode = dmp_mode

    def patient(self, name: str = "patient", *, status: str = "QUALIFIEE", **persona: Any) -> Known:
        """A fresh patient, recorded in the software up to this identity status.

        Raises NonTestable when the software does not get there.
        """
        patient = self.derive(name, **persona)
        return self.record(patient, status)

    def derive(self, name: str = "patient", **persona: Any) -> Patient:
        """A patient that the services know and the software does not."""
        patient = self.world.patient(f"{self.key}/{name}", **persona)
        self.patients.append(patient.ins.matricule)
        return patient

    def record(self, patient: Patient, status: str = "QUALIFIEE") -> Known:
        """Record a derived patient in the software, up to this identity status."""
        proven = status in ("QUALIFIEE", "VALIDEE")
        answer = self.do("patient.record", traits=patient.traits(), document_checked=proven)
        reached, id_ = answer.data["identity_status"], str(answer.data["patient_id"])
        if status in ("QUALIFIEE", "RECUPEREE"):
            reached = self.do("identity.search", patient_id=id_).data["identity_status"]
        if reached != status:
            raise NonTestable(text("outcome.identity", "fr", wanted=status, reached=reached))
        return Known(patient, id_, reached)

    def login(self, user: str = MEDECIN) -> None:
        """Make sure that this user is logged in through Pro Santé Connect. Raises NonTestable."""
        if self.do("session.status", user=user).data["authenticated"]:
            return
        self.world.browse(self.do("session.login", user=user).data["authorization_url"], user)
        if not self.do("session.status", user=user).data["authenticated"]:
            raise self._failure(text("outcome.login", "fr", user=user), self.start)

    def fault(
        self,
        service: str,
        transaction: str = "",
        kind: str = "",
        /,
        *,
        skip: int = 0,
        times: int = 1,
        every: int = 1,
        patient: str = "",
        **params: Any,
    ) -> None:
        """Make the next calls of a transaction suffer (see `simulators.core.faults`).

        Or one rule as text, `bench.fault("TD2.1: 3 registry-error XDSRegistryBusy")`: see
        `simulators.schedule`. Raises ErreurBanc for a fault that is not of the menu.
        """
        try:
            if transaction:
                scheduled = Fault(service, transaction, kind, skip, times, params, every, patient)
                schedule.check(scheduled)
            else:
                scheduled = schedule.parse(service)
        except schedule.RuleRefused as refused:
            raise ErreurBanc(str(refused)) from None
        self.faults.append(scheduled)
        self.world.schedule(scheduled)

    def calm(self) -> None:
        """End the faults and the clock shift of this case."""
        self.world.calm()

    def shift_clock(self, by: timedelta, *, provokes: Sequence[str] = ()) -> None:
        """Set the services' clock apart from the software's, as drift would.

        `provokes`: rules that this alone makes fail; in this case their findings are ours.
        """
        self.provoked.update(provokes)
        self.clock_shift = by.total_seconds()
        self.world.shift_clock(by)

    # -- asking ------------------------------------------------------------------------------------

    def ask(self, action: str, *, user: str = MEDECIN, **arguments: Any) -> Answer:
        """Ask the software for an action, whatever comes of it. Raises NonTestable if it can't be driven."""
        if action not in self.software.actions:
            raise NonTestable(text("outcome.missing-action", "fr", actions=action))
        context = {"run": self.run_id, "scenario": self.key, "user": user}
        if self.dmp_mode:
            context["dmp_mode"] = self.dmp_mode
        try:
            return self.sut.call(action, context, arguments)
        except SutError as error:
            raise self._failure(str(error), self.start) from error

    def answered(self, rule: Rule, action: str, *, user: str = MEDECIN, **arguments: Any) -> Answer:
        """Ask for an action that may fail, but must be answered: silence or a crash breaks `rule`."""
        answer, said = None, ""
        try:
            answer = self.ask(action, user=user, **arguments)
        except NonTestable as failure:
            said = failure.reason
        self.check(
            rule, answer is not None, where=action, observed=said, expected=text("expected.answer", "fr")
        )
        assert answer is not None
        return answer

    def meanwhile(
        self, slow: Callable[[], Answer], quick: Callable[[], Answer], *, during: tuple[str, str]
    ) -> bool:
        """Ask for `slow` and, once its exchange `during` (service, transaction) is seen, for `quick`.

        Whether `quick` was answered while `slow` still was not, by BESIDE seconds. Raises NonTestable when
        that exchange does not come.
        """
        since = self.mark()

        def there(exchanges: list[Exchange]) -> bool:
            return any(matches(item, *during) for item in exchanges)

        def arrived() -> None:
            self.world.journal.wait_for(there, since=since, timeout=self.world.patience)

        self.world.together(slow, arrived, quick)
        self.expect(*during, since=since)
        asked = sorted(self.seen("sut", since=since), key=lambda item: item.facts["since"])
        ends = [item.started + timedelta(seconds=item.duration) for item in asked]
        return len(ends) == 2 and ends[0] - ends[1] > BESIDE

    def do(self, action: str, *, user: str = MEDECIN, **arguments: Any) -> Answer:
        """Ask for an action that must succeed.

        When it does not: NonConforme if the bench saw why (findings on the traffic), else NonTestable.
        """
        before = self.world.journal.position
        answer = self.ask(action, user=user, **arguments)
        if not answer.done:
            reason = text("outcome.not-done", "fr", action=action, outcome=answer.outcome, told=answer.told())
            raise self._failure(reason, before)
        return answer

    def _failure(self, reason: str, since: int) -> NonConforme | NonTestable:
        seen = errors(self.observed_findings(since))
        return NonConforme(tuple(seen)) if seen else NonTestable(reason)

    # -- observing ---------------------------------------------------------------------------------

    def mark(self) -> int:
        """Now, as a position in the journal: for `since`."""
        return self.world.journal.position

    def seen(
        self, service: str, transaction: str = "*", *, since: int | None = None, **facts: Any
    ) -> list[Exchange]:
        """The exchanges of this case that hold these facts (see `Understood`)."""
        first = self.start if since is None else since
        found = self.world.journal.exchanges(since=first, service=service, transaction=transaction)
        return [replace(item, facts=Understood(item)) for item in found if holds(item, facts)]

    def expect(
        self,
        service: str,
        transaction: str,
        *,
        rule: Rule | None = None,
        since: int | None = None,
        **facts: Any,
    ) -> Exchange:
        """Wait for an exchange and return it.

        When it does not come: a finding of `rule` if one is given, else NonTestable.
        """
        first = self.start if since is None else since

        def there(exchanges: list[Exchange]) -> bool:
            return any(matches(item, service, transaction) and holds(item, facts) for item in exchanges)

        found = self.world.journal.wait_for(there, since=first, timeout=self.world.patience)
        wanted = f"{service} {transaction} {describe(facts)}".strip()
        if rule is not None:
            observed = "" if found else text("observed.nothing", "fr")
            self.check(rule, found, where=f"{service} {transaction}", observed=observed, expected=wanted)
        if not found:
            raise self._failure(text("outcome.not-seen", "fr", wanted=wanted), self.start)
        return self.seen(service, transaction, since=first, **facts)[-1]

    def none(
        self,
        rule: Rule,
        service: str,
        transaction: str,
        *,
        control: Exchange,
        since: int | None = None,
        **facts: Any,
    ) -> None:
        """Judge an absence over the observation window.

        `control` is the exchange which proved, before, that such traffic would have been seen.
        """
        if control.service != service:
            raise ErreurBanc(f"témoin positif d'un autre service : {control.service}")
        first = self.start if since is None else since
        self.world.journal.wait_for(
            lambda _: bool(self.seen(service, transaction, since=first, **facts)),
            since=first,
            timeout=self.world.window,
        )
        intruders = self.seen(service, transaction, since=first, **facts)
        self.check(
            rule,
            not intruders,
            where=", ".join(item.id for item in intruders) or f"{service} {transaction}",
            observed=f"{len(intruders)} × {service} {transaction}",
            expected=text("expected.none", "fr", window=self.world.window, control=control.id),
        )

    def watch(self, since: int) -> None:
        """Let the observation window pass."""
        self.world.journal.wait_for(lambda _: False, since=since, timeout=self.world.window)

    def check(
        self, rule: Rule, ok: bool, *, where: str = "", observed: object = "", expected: object = ""
    ) -> None:
        """Evaluate a rule of the scenario itself. Raises NonConforme when it does not hold.

        When the traffic already shows an error, that error is the cause and is raised alone: what the
        scenario then misses may only follow from it.
        """
        self.checked.append(rule.id)
        if not ok:
            raise self._broken(rule, where, observed, expected)

    def _broken(self, rule: Rule, where: str, observed: object, expected: object) -> NonConforme:
        causes = errors(self.observed_findings(self.start))
        if causes:
            return NonConforme(tuple(causes))
        finding = rule.finding(where, observed, expected)
        self.findings.append(finding)
        return NonConforme((finding,))

    def read(self, rule: Rule, where: str, encoded: str, reader: Callable[[bytes], Read]) -> Read:
        """What a base64 file given by the software holds. Raises NonConforme when it cannot be read."""
        self.checked.append(rule.id)
        try:
            return reader(base64.b64decode(encoded))
        except ValueError as refused:
            raise self._broken(rule, where, refused, text("expected.readable", "fr")) from None

    def judge(self, rules: RuleSet[Artefact], artefact: Artefact) -> None:
        """Judge something that the software gave by a set of rules. Raises NonConforme with its errors."""
        self.checked += rules.rules
        found = rules.judge(artefact)
        wrong = errors(found)
        causes = errors(self.observed_findings(self.start)) if wrong else []
        if causes:
            raise NonConforme(tuple(causes))
        self.findings += found
        if wrong:
            raise NonConforme(tuple(wrong))

    def told(self, rule: Rule, answer: Answer) -> None:
        """The user must have been shown a warning or an error about what went wrong."""
        observed = answer.told() or text("observed.nothing", "fr")
        self.check(
            rule, answer.warned(), where="messages", observed=observed, expected=text("expected.told", "fr")
        )

    def observed_findings(self, since: int) -> list[Finding]:
        """Findings on the exchanges after a position, once judgement is complete."""
        self.world.journal.settle()
        return [
            finding
            for exchange in self.world.journal.exchanges(since=since)
            for finding in self.world.journal.findings(exchange)
            if finding.rule not in self.provoked
        ]


def holds(exchange: Exchange, facts: dict[str, Any]) -> bool:
    """Whether an exchange has these facts: equal, or contained when the fact is a list."""
    for name, wanted in facts.items():
        value = exchange.facts.get(name)
        if isinstance(value, list) and not isinstance(wanted, list):
            if wanted not in value:
                return False
        elif value != wanted:
            return False
    return True


def describe(facts: dict[str, Any]) -> str:
    return json.dumps(facts, ensure_ascii=False, default=str) if facts else ""
