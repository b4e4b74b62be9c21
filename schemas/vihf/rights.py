"""What each authentication mode may do. Source: PDT-INF-526 v1.8 and PDT-INF-606 v1.3 (functional rights)."""

from collections.abc import Mapping

from .model import AIR, DIRECT, INDIRECT

FEED, EXISTS, SEARCH, SEARCH_REFERENCES, RETRIEVE = "TD2.1", "TD0.2", "TD3.1", "TD3.1 références", "TD3.2"
FEED_CPE = "TD2.2"
AUTHORISE, PATIENTS, FIND_PATIENT, ADMIN_DATA, AUTHORISED = "TD0.3", "TD0.4", "TD0.5", "TD1.3a", "TD1.6"
SUBMISSIONS = frozenset({FEED, FEED_CPE})
WITHOUT_PATIENT = frozenset({PATIENTS, FIND_PATIENT})  # resource-id is not needed

# transaction: modes that have the right
RIGHTS: Mapping[str, frozenset[str]] = {
    EXISTS: frozenset({DIRECT, INDIRECT, AIR}),
    FEED: frozenset({DIRECT, INDIRECT}),  # AIR reads only
    FEED_CPE: frozenset({DIRECT}),
    SEARCH: frozenset({DIRECT, AIR}),
    SEARCH_REFERENCES: frozenset({DIRECT, INDIRECT, AIR}),  # to replace or delete one's own document
    RETRIEVE: frozenset({DIRECT, AIR}),
    AUTHORISE: frozenset({DIRECT, AIR}),
    PATIENTS: frozenset({DIRECT, INDIRECT, AIR}),
    FIND_PATIENT: frozenset({DIRECT, INDIRECT, AIR}),
    ADMIN_DATA: frozenset({DIRECT, INDIRECT, AIR}),
    AUTHORISED: frozenset({DIRECT, AIR}),
}


def allowed(mode: str, transaction: str) -> bool:
    """Whether this mode gives the right to this transaction (one of the constants here)."""
    return mode in RIGHTS.get(transaction, frozenset())
