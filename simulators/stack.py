"""The whole national stack: clock, evidence, PKI and every service, on real sockets in one thread."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.finding import Finding
from schemas.ins import NIR_PRODUCTION, NIR_TEST
from schemas.messages import text

from . import schedule
from .core import admin, http, tls
from .core import pki as pkis
from .core.certificates import WrongCertificates
from .core.clock import Clock
from .core.environment import PORTS, Environment, MailEndpoint
from .core.exchange import Exchange
from .core.faults import NOT_DONE, TLS, Fault, FaultPlan
from .core.identities import MEDECIN
from .core.incidents import Carriers
from .core.journal import Journal
from .core.population import Patient, Population
from .core.random import Randomness
from .core.service import Context, Hosted
from .crew import Crew
from .dmp import tell
from .dmp.mes.space import Space
from .dmp.settings import DmpSettings
from .dmp.store import Store, open_store
from .national import DMP_PATH, EPU_PATH, INSI_PATH, Services, Settings, build
from .port import mutual_context, refused

if TYPE_CHECKING:
    from .dmp.deposit import Deposited
    from .dmp.others import Others
    from .dmp.web.visit import Shown

CLIENT_ID = "segur-bench-lps"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """How a stack is set. `port_base` 0: the system chooses the ports."""

    seed: int
    pki: Path
    host: str = "127.0.0.1"
    port_base: int = 0
    clock_start: datetime | None = None
    oid_mode: str = "test"
    nil: str = "BANC000001"
    idam: str = "SIMU0001"
    homologation: str = "BANC-DMP-0001"
    dmp: DmpSettings = field(default_factory=DmpSettings)
    store: Path | None = None  # folder of what the DMP remembers from one start to the next
    durable: bool = False  # what was answered survives the loss of the machine's power
    memory: int | None = None  # bytes of exchanges kept in memory, the last ones; None: all of them
    workers: int = 1  # processes that answer the DMP; more than one need a store


@dataclass(slots=True)
class Stack:
    """One running set of national services. `start` once, `stop` once; or use it in a `with`."""

    settings: StackSettings
    clock: Clock = field(init=False)
    randomness: Randomness = field(init=False)
    journal: Journal = field(init=False)
    faults: FaultPlan = field(init=False)
    population: Population = field(init=False)
    pki: pkis.Pki = field(init=False)
    services: Services = field(init=False)
    environment: Environment = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _thread: threading.Thread = field(init=False)
    _listeners: dict[str, http.Listener | admin.ControlListener] = field(init=False)
    _unwatch: Callable[[], None] = field(init=False)
    _store: Store | None = field(init=False)
    _crew: Crew | None = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        if settings.workers > 1 and settings.store is None:
            raise ValueError("several processes need a store to share")
        self.clock = Clock(settings.clock_start)
        now = self.clock.now()
        self._store = open_store(settings.store, now, durable=settings.durable) if settings.store else None
        self.randomness = self._store.randomness(settings.seed) if self._store else Randomness(settings.seed)
        self.journal = Journal(
            self.clock,
            settings.memory,
            self._store.ledger if self._store else None,
            follows=settings.workers > 1,
        )
        self.population = Population(settings.seed, self._store.shelf if self._store else None)
        # a fault counts its calls in one process: where there are several, nobody carries one
        self.faults = FaultPlan(None if self.shared else Carriers(self.population.incidents))
        self._listeners = {}
        self._crew = None

    @property
    def context(self) -> Context:
        return Context(self.clock, self.journal, self.faults)

    def start(self) -> Environment:
        """Make or open the PKI, bind every port, and say where everything is.

        Raises OSError when a port is taken; nothing is left running then.
        """
        settings = self.settings
        self.pki = pkis.open_or_create(settings.pki, self.clock.now())
        self.services = build(
            _declared(settings),
            self.context,
            self.pki,
            self.population,
            self.randomness,
            settings.host,
            self._ports("smtp", "imap", "smtp_app", "imap_app"),
            self._store,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stack", daemon=True)
        self._thread.start()
        self._unwatch = tls.watch_failures(self._refused)
        try:
            self._run(self._bind())
            if settings.workers > 1:
                self._crew = Crew.start(settings, self._listeners["dmp"].port, self.journal)
        except OSError:
            self.stop()
            raise
        self.environment = self._describe()
        return self.environment

    def stop(self) -> None:
        """Close every port, finish judgement, end the thread."""
        self._unwatch()
        if self._crew is not None:
            self._crew.stop()
        self._run(self._unbind())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self.journal.close()
        if self._store is not None:
            self._store.database.close()

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def shared(self) -> frozenset[str]:
        """Services that several processes answer: what is said to one of these is not known to the others."""
        return frozenset({"dmp"}) if self.settings.workers > 1 else frozenset()

    def health(self) -> dict[str, int]:
        """What must not grow in a server that runs for weeks, and what must stay at 0."""
        return {
            **self.journal.load,
            "bench_errors": len(self.journal.bench_errors),
            "threads": threading.active_count(),
            "tasks": len(asyncio.all_tasks(self._loop)),
            "workers": 1 + (self._crew.alive if self._crew else 0),
        }

    # -- what the bench does in this world ---------------------------------------------------------

    def schedule(self, fault: Fault) -> int:
        """Schedule a fault; returns its number. Raises ValueError when it is not of the menu.

        A wrong certificate is shown at the next handshake, so that connections kept open are closed. Where
        several processes answer the service, each would count its own calls: ValueError too.
        """
        if fault.service in self.shared:
            raise schedule.RuleRefused(text("live.shared.faults", service=fault.service))
        schedule.check(fault)
        number = self.faults.schedule(fault)
        listener = self._listeners.get(fault.service)
        if fault.transaction == TLS and isinstance(listener, http.Listener):
            self._run(listener.hang_up())
        return number

    def rule(self, line: str) -> int:
        """Schedule a fault written as text. Raises ValueError with what to write instead."""
        return self.schedule(schedule.parse(line))

    def deposit_report(self, patient: Patient) -> str:
        """A laboratory feeds the patient's DMP with a report; returns its uniqueId."""
        return self.services.deposit_report(patient)

    @property
    def others(self) -> "Others":
        """What other professionals and the patient do to a DMP: blocked, closed, opposed, another INS."""
        from .dmp.others import Others  # late: it writes documents, which starting does not need

        return Others(self.services.dmp, self.population, self.randomness, self.clock)

    def deposit(self, patient: Patient, **options: Any) -> "Deposited":
        """Somebody else puts a document into the patient's DMP: options of `Others.deposit`."""
        return self.others.deposit(patient, **options)

    def deposit_many(self, patient: Patient, count: int) -> "tuple[Deposited, ...]":
        """So many documents of others, drawn from the seed."""
        return self.others.deposit_many(patient, count)

    def record(self, patient: Patient) -> dict[str, Any]:
        """A patient's DMP as the bench shows it: documents, authorisations, trail, notifications."""
        return tell.record(self.services.dmp, patient, self.clock.now())

    def dmp_settings(self, lang: str = "fr") -> list[dict[str, Any]]:
        """What the DMP is set to."""
        return tell.settings(self.settings.dmp, lang)

    def send_report(self, patient: Patient, variant: str = "nominal") -> dict[str, str]:
        """A laboratory mails a report to the test doctor; returns `message_id` and `unique_id`."""
        sent = self.services.mail.send_lab_report(MEDECIN.mailbox, patient, variant=variant)
        return {"message_id": sent.message_id, "unique_id": sent.unique_id}

    def send_mail(self, patient: Patient, **options: Any) -> dict[str, str]:
        """A patient writes to the test doctor; returns `message_id`."""
        return {"message_id": self.services.mail.send_patient_mail(patient, MEDECIN.mailbox, **options)}

    def kick_mail_sessions(self) -> None:
        """The mail operator ends every open session."""
        self.services.mail.kick()

    def revoke(self, id_nat: str) -> None:
        """End every Pro Santé Connect session of a professional."""
        self.services.psc.revoke(id_nat)

    @property
    def mes(self) -> Space:
        """What the patients see and decide of their records: `stack.mes.block(patient, id_nat)`…"""
        return self.services.mes.space

    def open_web(self, url: str, user: str = "", by: str = "card", *, confirm: bool = False) -> "Shown":
        """Open a page of Web PS as a professional's browser does (see `dmp.web.visit`); status and text.

        `user`: key of the professional; `by`: `card` (TD0.9) or `login` (TD0.10).
        """
        from .dmp.web.visit import visit  # pulls an HTTP client, which starting does not need

        return visit(self.pki, url, user, by, confirm=confirm)

    # -- inside ------------------------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _ports(self, *names: str) -> dict[str, int]:
        base = self.settings.port_base
        return {name: base + PORTS.index(name) if base else 0 for name in names}

    async def _bind(self) -> None:
        services = self.services
        hosted: dict[str, tuple[Hosted, Callable[[pkis.Pair], tls.ServerContext]]] = {
            "dmp": (services.dmp, self._mutual),
            "cnam": (services.cnam, self._mutual),
            "psc": (services.psc, self._plain),
            "annuaire": (services.annuaire, self._plain),
            "dmp-web": (services.web, self._card),
            "mes": (services.mes, self._plain),
        }
        ports = self._ports(*hosted, "control")
        for name in self.shared:
            _free(self.settings.host, ports[name])
        for name, (service, make) in hosted.items():
            secure = make(self.pki.pair("server"))
            secure.choose = WrongCertificates(name, self.pki, self.context, make).choose
            self._listeners[name] = await http.listen(
                service, self.context, self.settings.host, ports[name], secure, shared=name in self.shared
            )
        self._listeners["control"] = await admin.listen(self, "127.0.0.1", ports["control"])
        services.psc.at(self._url("psc"))
        services.annuaire.base_url = self._url("annuaire")
        services.web_at(self._url("dmp-web"))
        await services.mail.start()

    def _mutual(self, shown: pkis.Pair) -> tls.ServerContext:
        return mutual_context(self.pki, shown)

    def _card(self, shown: pkis.Pair) -> tls.ServerContext:
        """A card is asked for, not demanded."""
        return tls.server_context(
            shown.certificate,
            shown.key,
            client_ca=self.pki.ca_bundle,
            client_required=False,
            ciphers=tls.DMP_CIPHERS,
            crl=self.pki.crl,
        )

    @staticmethod
    def _plain(shown: pkis.Pair) -> tls.ServerContext:
        return tls.server_context(shown.certificate, shown.key)

    async def _unbind(self) -> None:
        await self.services.mail.close()
        for listener in self._listeners.values():
            await listener.close()

    def _url(self, name: str) -> str:
        scheme = "http" if name == "control" else "https"
        host = "127.0.0.1" if name == "control" else "localhost"
        return f"{scheme}://{host}:{self._listeners[name].port}"

    def _describe(self) -> Environment:
        mail, settings = self.services.mail, self.settings
        return Environment(
            dmp_url=self._url("dmp") + DMP_PATH,
            insi_url=self._url("cnam") + INSI_PATH,
            epu_url=self._url("cnam") + EPU_PATH,
            psc_issuer=self.services.psc.issuer,
            psc_client_id=CLIENT_ID,
            psc_client_secret=self.services.psc_secret,
            annuaire_url=self._url("annuaire") + "/fhir/v2",
            annuaire_api_key=self.services.annuaire_key,
            smtp=MailEndpoint("localhost", mail.smtp),
            imap=MailEndpoint("localhost", mail.imap),
            smtp_app=MailEndpoint("localhost", mail.smtp_app),
            imap_app=MailEndpoint("localhost", mail.imap_app),
            control_url=self._url("control"),
            pki=str(self.pki.folder.resolve()),
            ins_oid=NIR_PRODUCTION if settings.oid_mode == "qualif" else NIR_TEST,
            software={"nil": settings.nil, "idam": settings.idam, "homologation": settings.homologation},
            dmp_web_url=self._url("dmp-web"),
            mes_url=self._url("mes"),
        )

    def _refused(self, port: int, peer: str, error: BaseException) -> None:
        """A TLS handshake failed: evidence, unless it is of another stack, or of mail, which has its own."""
        name = next((key for key, listener in self._listeners.items() if listener.port == port), "")
        if name:
            self.journal.append(refused(name, self.clock, peer, error))


def _free(host: str, port: int) -> None:
    """Raise OSError when somebody has this port: several processes that share it would not be told."""
    if port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))


def recorded_judge(settings: StackSettings) -> Callable[[Exchange], list[Finding]]:
    """Judges recorded exchanges with today's rules, as a stack of these settings would. Opens no socket.

    Raises OSError or ValueError when the PKI of the run cannot be read.
    """
    clock = Clock()
    journal = Journal(clock)
    services = build(
        _declared(settings),
        Context(clock, journal, FaultPlan()),
        pkis.Pki(settings.pki),
        Population(settings.seed),
        Randomness(settings.seed),
        settings.host,
        {},
    )

    def judge(exchange: Exchange) -> list[Finding]:
        service = services.judges().get(exchange.service)
        return [] if service is None or _unread(exchange) else service(exchange)

    return judge


def _unread(exchange: Exchange) -> bool:
    """Whether the service never read these bytes: the connection, or a fault, came before it."""
    if exchange.transaction in ("TLS.refused", "TLS.presented", "HTTP.malformed"):
        return True
    return exchange.service != "mssante" and exchange.fault in NOT_DONE


def _declared(settings: StackSettings) -> Settings:
    return Settings(
        settings.oid_mode, settings.nil, settings.idam, settings.homologation, CLIENT_ID, settings.dmp
    )
