"""The rules of the modules that judged: their layers, without importing the whole bench."""

import sys
from collections.abc import Iterable

from schemas.finding import Rule, RuleSet

HOUSE = ("schemas", "simulators", "conformance")


def known_rules() -> dict[str, Rule]:
    """The rules declared in the modules of the bench that are loaded: those that may have yielded a finding.

    `conformance.catalogue.rules.all_rules` loads every module first, which takes a second.
    """
    loaded = [module for name, module in sys.modules.items() if name.partition(".")[0] in HOUSE]
    sets = [value for module in loaded for value in vars(module).values() if isinstance(value, RuleSet)]
    return {id_: rule for rules in sets for id_, rule in rules.rules.items()}


def layers(ids: Iterable[str]) -> dict[str, str]:
    """The official layer that each of these rules mirrors, empty when the rule is the bench's own."""
    rules = known_rules()
    return {id_: rules[id_].layer for id_ in sorted(set(ids)) if id_ in rules}
