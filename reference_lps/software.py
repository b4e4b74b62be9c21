"""The software: its state, its clients of the national services, and the actions that a user may ask."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from schemas.actions import CARD, CONTRACT, ORGANISATION, actions, problems

from .accounts import ACCOUNTS, NAME, VENDOR, VERSION
from .behaviour import CONFORMANT, Behaviour
from .clock import Chance, Clock
from .documents import Workshop
from .environment import Environment
from .outcome import Call, Data, Failed, Refused, answer
from .services.directory import Directory
from .services.dmp import DmpClient
from .services.dmp_call import Caller
from .services.epu import EpuClient
from .services.insi import InsiClient
from .services.psc import ProSanteConnect
from .state import Store
from .tracing import Trace

Action = Callable[["Software", Call], Data]


class UnknownAction(LookupError):
    """This software has no such action."""


class BadRequest(ValueError):
    """The bench's request breaks the contract."""


class Software:
    """One installation. Actions are done one at a time, save while the DMP is waited for.

    `direct`: the DMP is called with the user's card (DIRECTE) instead of the structure's certificates.
    """

    def __init__(
        self, environment: Environment, behaviour: Behaviour = CONFORMANT, *, direct: bool = False
    ) -> None:
        self._direct = direct
        self.behaviour = behaviour
        self.clock = Clock()
        self.chance = Chance()
        self.endpoint = ""  # where this software is reached, once it is
        self.store = Store()
        self.workshop = Workshop(self.clock, self.chance, behaviour)
        self.notices: dict[str, list[tuple[str, str]]] = {}  # what a user must read next time
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._connect(environment)

    def _connect(self, environment: Environment) -> None:
        self.environment = environment
        clock, chance, behaviour = self.clock, self.chance, self.behaviour
        self.psc = ProSanteConnect(environment, clock, chance, behaviour)
        self.insi = InsiClient(environment, clock, chance, behaviour)
        self.directory = Directory(environment, behaviour)
        pairs = {account.pair for account in ACCOUNTS.values()}
        self._dmp: dict[tuple[str, str], DmpClient] = {}
        self._epu = {pair: EpuClient(environment, pair, clock, chance, self.psc) for pair in pairs}

    def dmp(self, call: Call) -> DmpClient:
        """The client of the DMP of this user, by their card or by the certificates of their structure."""
        mode = call.dmp_mode or (CARD if self._direct else ORGANISATION)
        key = (call.account.user, mode)
        if key not in self._dmp:
            caller = Caller(
                self.environment,
                call.account,
                self.clock,
                self.chance,
                self.behaviour,
                direct=mode == CARD,
                keep=self._trace,
                waiting=self._waiting,
            )
            self._dmp[key] = DmpClient(caller)
        return self._dmp[key]

    def _trace(self, trace: Trace) -> None:
        if self.behaviour.traced(trace.transaction):
            self.store.traces.append(self.behaviour.trace(trace))

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Let other actions be done while a service is waited for (LGC.DMP/UX.10)."""
        if not self.behaviour.free_while_waiting:
            yield
            return
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()

    def epu(self, pair: str) -> EpuClient:
        """The client of the e-prescription base under this structure's certificate."""
        return self._epu[pair]

    # -- the contract --------------------------------------------------------------------------------

    def capabilities(self) -> Data:
        from .actions import ACTIONS

        return {
            "contract": CONTRACT,
            "name": NAME,
            "version": VERSION,
            "vendor": VENDOR,
            "nil": self.environment.nil,
            "profiles": ["medecin", "pharmacie", "hopital"],
            "users": sorted(ACCOUNTS),
            "dmp_modes": [CARD, ORGANISATION],
            "actions": sorted([*ACTIONS, "environment.configure"]),
            "clock": "bench",
        }

    def configure(self, data: Mapping[str, Any]) -> Data:
        """Work against another environment. Raises EnvironmentRefused."""
        environment = Environment.of(data)
        with self._lock:
            self._disconnect()
            self._connect(environment)
        return answer("done", {}, [])

    def call(self, name: str, context: Mapping[str, Any], given: Mapping[str, Any]) -> Data:
        """Do one action and tell what came of it. Raises UnknownAction, BadRequest."""
        from .actions import ACTIONS

        action = ACTIONS.get(name)
        if action is None:
            raise UnknownAction(name)
        wrong = next(problems(actions()[name].input, dict(given)), None)
        account = ACCOUNTS.get(str(context.get("user", "medecin")))
        if wrong or account is None:
            raise BadRequest(wrong or f"utilisateur inconnu : {context.get('user')}")
        call = Call(account, given, dmp_mode=str(context.get("dmp_mode", "")))
        with self._lock:
            try:
                self.clock.set(context.get("now"))
            except (TypeError, ValueError):
                raise BadRequest(f"context.now : {context.get('now')!r}") from None
            try:
                data, outcome = action(self, call), "done"
            except Refused as error:
                data, outcome = error.data, "refused"
                call.messages.append(("error", str(error)))
            except Failed as error:
                data, outcome = error.data, "failed"
                call.messages.append(("error", str(error)))
        return answer(outcome, data, call.messages)

    def callback(self, query: Mapping[str, str]) -> str:
        """The browser came back from Pro Santé Connect: the sentence to show. Raises Refused, Failed."""
        with self._lock:
            user = self.psc.expected(query.get("state", ""))
            try:
                session = self.psc.finish(query)
            except (Refused, Failed) as error:
                self.notices.setdefault(user, []).append(("error", str(error)))
                raise
            self.epu(session.account.pair).forget(session.account.user)
            return f"Bonjour {session.account.name}, votre session est ouverte."

    def later(self, every: float, work: Callable[[], bool]) -> None:
        """Do something behind the user's back, every so many seconds, until it says that it is done."""

        def loop() -> None:
            while not self._closing.wait(every):
                with self._lock:
                    if work():
                        return

        threading.Thread(target=loop, daemon=True).start()

    def _disconnect(self) -> None:
        self.psc.close()
        self.insi.close()
        self.directory.close()
        for dmp in self._dmp.values():
            dmp.close()
        for epu in self._epu.values():
            epu.close()

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            self._disconnect()
