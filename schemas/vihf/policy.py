"""What a DMP is set to accept in a VIHF. The texts leave it open: each default says what it rests on."""

from dataclasses import dataclass
from datetime import timedelta

MAX_AGE = timedelta(hours=24)
TOLERANCE = timedelta(minutes=5)
CARD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the judgement of a VIHF.

    `max_age`: largest distance between IssueInstant and now (assumed: no public text gives it).
    `drift`: distance from which the clock is said to be wrong, and which start and end of conditions forgive
    (assumed). `versions` of VIHF_Version: both are in public documents. `sha1`: accepted, as the public
    examples are signed with it; refused when False. `reuse`: a VIHF may serve several messages, with a
    warning (unknown); refused when False. The same message sent again is refused anyway, save a submission,
    whose repetition the registry answers. `air_contexts`: values of AuthnContextDecl in AIR; those of
    `odd_air_contexts` are in public examples only and get a warning. `mode_any_case`: the name of the mode's
    attribute is taken whatever its case, with a warning; refused when False. `majority`: years from which a
    patient is no minor (a parameter of the DMP).
    """

    max_age: timedelta = MAX_AGE
    drift: timedelta = TOLERANCE
    versions: tuple[str, ...] = ("3.0", "4.0")
    sha1: bool = True
    reuse: bool = True
    mode_any_case: bool = True
    majority: int = 18
    air_contexts: tuple[str, ...] = ("APP_BROWSER_AUTH", "CONF_EXI_PGSSIS")
    odd_air_contexts: tuple[str, ...] = (CARD_CONTEXT,)


DEFAULT = Policy()
