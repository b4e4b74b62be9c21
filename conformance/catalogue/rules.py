"""Every rule of the bench, found in the modules that declare them."""

import importlib
import pkgutil
from collections.abc import Mapping

from schemas.finding import Rule, RuleSet

ROOTS = ("schemas", "simulators", "conformance.scenarios")


def all_rules() -> Mapping[str, Rule]:
    """All rules by id. Raises ValueError when two sets declare the same id differently."""
    found: dict[str, Rule] = {}
    for root in ROOTS:
        package = importlib.import_module(root)
        for info in pkgutil.walk_packages(package.__path__, f"{root}."):
            module = importlib.import_module(info.name)
            for value in vars(module).values():
                if isinstance(value, RuleSet):
                    for id_, rule in value.rules.items():
                        if found.setdefault(id_, rule) != rule:
                            raise ValueError(f"rule {id_} is declared twice, differently")
    return dict(sorted(found.items()))
