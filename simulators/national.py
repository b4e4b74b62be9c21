"""The national services of one world, built and wired to each other. No socket here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.finding import Finding
from schemas.vihf.certificates import Authorities

from .annuaire.service import AnnuaireService
from .cnam.epu import EpuService
from .cnam.insi import InsiService
from .cnam.insi_register import persona_matricules
from .core.exchange import Exchange
from .core.pki import Pki
from .core.population import Patient, Population
from .core.random import Randomness
from .core.service import ByPath, Context, Service
from .dmp.build import build_dmp
from .dmp.deposit import deposit
from .dmp.mes.service import Mes
from .dmp.mes.space import Space
from .dmp.service import DmpService
from .dmp.settings import DmpSettings
from .dmp.store import Store
from .dmp.web.login import CALLBACK
from .dmp.web.service import WebPs
from .mssante.servers import MailServers, Ports
from .psc.service import PscService, new_key

DMP_PATH = "/si-dmp-server/v2/services"
INSI_PATH = "/lps"
EPU_PATH = "/epu/v1"
WEB_CLIENT_ID = "segur-bench-dmp-web"  # the DMP's pages at Pro Santé Connect


@dataclass(frozen=True, slots=True)
class Settings:
    """What the vendor declared, and how the services are set."""

    oid_mode: str = "test"
    nil: str = ""
    idam: str = "SIMU0001"
    homologation: str = ""
    client_id: str = "segur-bench-lps"
    dmp: DmpSettings = field(default_factory=DmpSettings)


@dataclass(slots=True)
class Services:
    """Every service of a world."""

    dmp: DmpService
    web: WebPs
    mes: Mes
    insi: InsiService
    epu: EpuService
    psc: PscService
    annuaire: AnnuaireService
    mail: MailServers
    psc_secret: str
    web_secret: str
    annuaire_key: str
    deposit_report: Callable[[Patient], str]
    cnam: ByPath = field(init=False)

    def __post_init__(self) -> None:
        self.cnam = ByPath("cnam", ((INSI_PATH, self.insi), ("/epu", self.epu)))

    def web_at(self, base_url: str) -> None:
        """Tell the DMP's pages where they are reached, and Pro Santé Connect where they take a login back."""
        self.web.at(base_url)
        self.psc.register(WEB_CLIENT_ID, self.web_secret, (base_url + CALLBACK,))

    def judges(self) -> Mapping[str, Callable[[Exchange], list[Finding]]]:
        """How each service judges a recorded exchange again."""
        http: tuple[Service, ...] = (
            self.dmp,
            self.web,
            self.mes,
            self.insi,
            self.epu,
            self.psc,
            self.annuaire,
        )
        return {**{service.name: service.rejudge for service in http}, self.mail.name: self.mail.rejudge}


def build(
    settings: Settings,
    context: Context,
    pki: Pki,
    population: Population,
    randomness: Randomness,
    host: str,
    mail_ports: Mapping[str, int],
    store: Store | None = None,
) -> Services:
    """Build and wire the services. The mail servers are not started. `store`: what the DMP is kept in.

    Raises ValueError when the settings of the DMP can't be used.
    """
    clock = context.clock
    lasting = Randomness(randomness.seed)  # what vendors are told is the same at each start
    secret, api_key = lasting.token("psc.secret"), lasting.token("annuaire.key")
    psc = PscService(clock, randomness, settings.client_id, secret, new_key())
    authorities = Authorities.of(pki.authorities(), pki.revoked_serials())
    dmp = build_dmp(settings.homologation, settings.dmp, clock, authorities, population, randomness, store)
    web_secret = lasting.token("web.client")
    web = WebPs(
        dmp,
        psc,
        authorities,
        (WEB_CLIENT_ID, web_secret),
        clock=clock,
        randomness=randomness,
        test_ins=persona_matricules(),
    )
    mes = Mes(Space(dmp, clock, randomness), randomness)
    insi = InsiService(clock, population, idams=(settings.idam,), oid_mode=settings.oid_mode)
    epu = EpuService(clock, population, randomness, psc.verifier(), idams=(settings.idam,))
    mail = MailServers(
        context,
        pki,
        psc.verifier(),
        population,
        randomness,
        ports=Ports(**mail_ports),
        host=host,
        nil=settings.nil,
    )

    def deposit_report(patient: Patient) -> str:
        from .mssante import laboratory  # pulls the mail and document builders, which starting does not need

        return deposit(dmp.state, patient, laboratory.report(mail.operator, patient), randomness)

    return Services(
        dmp,
        web,
        mes,
        insi,
        epu,
        psc,
        AnnuaireService(api_key),
        mail,
        secret,
        web_secret,
        api_key,
        deposit_report,
    )
