"""When: the age of the assertion, its conditions, the login, and whether it was seen before."""

import re
from collections.abc import Iterator

from schemas.finding import Keyword, Observation

from . import rights
from .presented import HEADER, MAPPING, RULES, Presented, instant

NCNAME = re.compile(r"[A-Za-z_][\w.\-]*")
UTC_FORM = "AAAA-MM-JJThh:mm:ss.sssZ"
LOGIN = f"{HEADER}/AuthnStatement/@AuthnInstant"


@RULES.rule("VIHF-14", requirements=("BEN-DMP-12",), source="SEL-MP-037, EX_GEN-1460 ; fenêtre supposée")
def issued_now(presented: Presented) -> Iterator[Observation]:
    """IssueInstant is an instant within the accepted window (24 h: assumed)."""
    issued, window = instant(presented.vihf.issue_instant), presented.policy.max_age
    if issued is None:
        yield Observation(f"{HEADER}/@IssueInstant", presented.vihf.issue_instant, UTC_FORM)
    elif abs(presented.now - issued) > window:
        yield Observation(
            f"{HEADER}/@IssueInstant",
            presented.vihf.issue_instant,
            f"{presented.now:%Y-%m-%dT%H:%M:%SZ} ± {window}",
        )


@RULES.rule(
    "VIHF-14W", requires=Keyword.DEVRAIT, requirements=("BEN-DMP-12",), source="SEL-MP-037, EX_GEN-1460"
)
def clock_is_right(presented: Presented) -> Iterator[Observation]:
    """The software's clock is within five minutes of the service's."""
    policy = presented.policy
    issued = instant(presented.vihf.issue_instant)
    if issued is not None and policy.drift < abs(presented.now - issued) <= policy.max_age:
        yield Observation(
            f"{HEADER}/@IssueInstant",
            presented.vihf.issue_instant,
            f"{presented.now:%Y-%m-%dT%H:%M:%SZ} ± {policy.drift}",
        )


@RULES.rule("VIHF-24", source=f"SAML 2.0 §2.7.2 ; {MAPPING}")
def login_came_first(presented: Presented) -> Iterator[Observation]:
    """AuthnInstant, when the user logged in, is an instant and is not after IssueInstant."""
    vihf = presented.vihf
    login = instant(vihf.authn_instant)
    if login is None:
        yield Observation(LOGIN, vihf.authn_instant, UTC_FORM)
        return
    issued = instant(vihf.issue_instant)
    if issued is not None and login - issued > presented.policy.drift:
        yield Observation(LOGIN, vihf.authn_instant, f"<= {vihf.issue_instant}")


@RULES.rule("VIHF-25", requires=Keyword.DEVRAIT, source="SAML 2.0 §1.3.3 ; exemples DMP")
def instants_are_utc(presented: Presented) -> Iterator[Observation]:
    """Instants are written in UTC, with the suffix Z."""
    vihf = presented.vihf
    for where, written in ((f"{HEADER}/@IssueInstant", vihf.issue_instant), (LOGIN, vihf.authn_instant)):
        if not written.endswith("Z") and instant(written) is not None:
            yield Observation(where, written, UTC_FORM)


@RULES.rule("VIHF-15", requires=Keyword.DEVRAIT, source="SAML 2.0 core §1.3.4 ; XML Schema (ID)")
def identifier_is_new(presented: Presented) -> Iterator[Observation]:
    """The ID is an NCName, and serves once (V15: a guess, hence a warning)."""
    if not NCNAME.fullmatch(presented.vihf.id):
        yield Observation(f"{HEADER}/@ID", presented.vihf.id, "NCName")
    if presented.replayed and not _refused(presented):
        yield Observation(f"{HEADER}/@ID", presented.vihf.id, "jamais utilisé")


@RULES.rule("VIHF-23", source="SAML 2.0 §1.3.4 ; WS-Addressing 1.0 §3.2 ; règle du banc")
def message_is_not_replayed(presented: Presented) -> Iterator[Observation]:
    """A VIHF does not come twice in the same message; nor in another one, where the service is set so."""
    if presented.replayed and _refused(presented):
        what = "même message" if presented.resent else "autre message"
        yield Observation(f"{HEADER}/@ID", f"{presented.vihf.id} ({what})", "jamais utilisé")


def _refused(presented: Presented) -> bool:
    """Whether a VIHF seen before is refused. A submission sent again is for the registry to answer."""
    return not presented.policy.reuse or (
        presented.resent and presented.transaction not in rights.SUBMISSIONS
    )


@RULES.rule("VIHF-19", requirements=("BEN-DMP-13",), source=f"SAML 2.0 §2.5 ; {MAPPING}")
def conditions_hold(presented: Presented) -> Iterator[Observation]:
    """SAML 2.0; no audience; now is within the conditions, when there are any."""
    vihf, drift, now = presented.vihf, presented.policy.drift, presented.now
    if vihf.version != "2.0":
        yield Observation(f"{HEADER}/@Version", vihf.version, "2.0")
    for audience in vihf.audiences:
        yield Observation(f"{HEADER}/Conditions/AudienceRestriction", audience, "")
    start, end = instant(vihf.not_before), instant(vihf.not_on_or_after)
    if vihf.not_before and (start is None or now + drift < start):
        yield Observation(f"{HEADER}/Conditions/@NotBefore", vihf.not_before, f"<= {now:%Y-%m-%dT%H:%M:%SZ}")
    if vihf.not_on_or_after and (end is None or now - drift >= end):
        yield Observation(
            f"{HEADER}/Conditions/@NotOnOrAfter", vihf.not_on_or_after, f"> {now:%Y-%m-%dT%H:%M:%SZ}"
        )
