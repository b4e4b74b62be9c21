"""Judgement of a VIHF in its context: proof, moment, actor, content. Findings come in that order.

Rules 01 to 17 are V01 to V17 of the public facts on the DMP; the others are the bench's own. Facts that are
not in the assertion come through `Presented`.
"""

from schemas.finding import Finding

from . import actor, content, moment, proof  # noqa: F401  (their rules join RULES)
from .policy import MAX_AGE, TOLERANCE, Policy
from .presented import PS_ID, RULES, Presented, instant

__all__ = ["MAX_AGE", "PS_ID", "RULES", "TOLERANCE", "Policy", "Presented", "instant", "judge"]


def judge(presented: Presented) -> list[Finding]:
    """Every finding about this VIHF."""
    return RULES.judge(presented)
