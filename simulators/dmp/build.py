"""A DMP ready to answer, alone or in one of several processes that share a store."""

from schemas.vihf.certificates import Authorities
from simulators.core.clock import Clock
from simulators.core.population import Population
from simulators.core.random import Randomness

from . import configure
from .audit import AuditTrail
from .authorisations import Authorisations
from .service import DmpService
from .settings import DmpSettings
from .state import DmpState
from .store import Store


def build_dmp(
    homologation: str,
    settings: DmpSettings,
    clock: Clock,
    authorities: Authorities,
    population: Population,
    randomness: Randomness,
    store: Store | None = None,
) -> DmpService:
    """The service, on its store; without one, everything is in memory.

    Raises ValueError when the settings can't be used.
    """
    options = configure.options(settings, authorities, homologation)
    state = authorisations = trail = None
    if store is not None:
        state = DmpState(store.database, store.bodies)
        authorisations = Authorisations(store.opened, store.database, options.policy.lifetime)
        trail = AuditTrail(store.database)
    return DmpService(
        options,
        rules=configure.rules(settings),
        clock=clock,
        randomness=randomness,
        population=population,
        state=state,
        authorisations=authorisations,
        trail=trail,
    )
