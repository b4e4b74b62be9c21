"""What each authentication mode may do. Source: PDT-INF-526 v1.8 and PDT-INF-606 v1.3 (functional rights)."""

from collections.abc import Mapping

from .model import AIR, DIRECT, INDIRECT

FEED, EXISTS, SEARCH, SEARCH_REFERENCES, RETRIEVE = "TD2.1", "TD0.2", "TD3.1", "TD3.1 références", "TD3.2"

# transaction: modes that have the right
RIGHTS: Mapping[str, frozenset[str]] = {
    EXISTS: frozenset({DIRECT, INDIRECT, AIR}),
    FEED: frozenset({DIRECT, INDIRECT}),  # AIR reads only
    SEARCH: frozenset({DIRECT, AIR}),
    SEARCH_REFERENCES: frozenset({DIRECT, INDIRECT, AIR}),  # to replace or delete one's own document
    RETRIEVE: frozenset({DIRECT, AIR}),
}


def allowed(mode: str, transaction: str) -> bool:
    """Whether this mode gives the right to this transaction (one of the constants here)."""
    return mode in RIGHTS.get(transaction, frozenset())
