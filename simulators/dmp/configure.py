"""From plain settings to what the DMP is made with; what is wrong with them, in a sentence."""

import re
from collections.abc import Iterable
from datetime import timedelta

from schemas.messages import text
from schemas.valuesets import value_set
from schemas.vihf.certificates import Authorities
from schemas.vihf.policy import Policy as VihfPolicy

from .examine import Options
from .policy import Policy
from .rights import Action, Actor, Oddities, Permission
from .settings import MAX_TEXT, DmpSettings
from .visibility import Rules

_NUMBERS = {  # inclusive
    "vihf_window_hours": (0, 24 * 365),
    "vihf_drift_minutes": (0, 24 * 60),
    "max_document_bytes": (0, 2**31),
    "max_submission_bytes": (0, 2**31),
    "max_results": (0, 1_000_000),
    "homonyms": (1, 1_000),
    "majority_years": (0, 150),
    "authorisation_days": (0, 365 * 100),
}
_ACTORS = ("", *(one.value for one in Actor))
_ACTIONS = tuple(one.value for one in Action)
_WORDS = {
    "treating_in_regulation": _ACTORS,
    "occupational_in_air": _ACTORS,
    "unlisted_purpose": (Permission.NO.value, Permission.YES.value),
    "needs_authorisation": _ACTIONS,
    "opposable": _ACTIONS,
    "refused_to_blocked": _ACTIONS,
}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,79}")
_TYPE = re.compile(r"([^/\s]+)/([^/\s]+)")


def problem(settings: DmpSettings, lang: str = "fr") -> str:
    """What makes these settings unusable, naming the one to change; empty when nothing does."""
    for name, (low, high) in _NUMBERS.items():
        value = getattr(settings, name)
        if not low <= value <= high:  # NaN is refused too
            return text("dmp.settings.range", lang, name=name, value=value, low=low, high=high)
    for name, words in _WORDS.items():
        value = getattr(settings, name)
        for one in (value,) if isinstance(value, str) else value:
            if one not in words:
                known = ", ".join(word or '""' for word in words)
                return text("dmp.settings.word", lang, name=name, value=one[:MAX_TEXT], known=known)
    if not _CODE.fullmatch(settings.blocked_code):
        return text("dmp.settings.code", lang, name="blocked_code", value=settings.blocked_code[:MAX_TEXT])
    for name in ("vihf_versions", "air_contexts"):
        if not getattr(settings, name):
            return text("dmp.settings.empty", lang, name=name)
    for one in settings.hidden_types:
        if _pair(one) is None:
            return text("dmp.settings.pair", lang, name="hidden_types", value=one[:MAX_TEXT])
    return ""


def _pair(written: str) -> tuple[str, str] | None:
    """`40/EXPPAT_3` as a code of TRE_G15 and one of J07; None when it is not that."""
    found = _TYPE.fullmatch(written)
    if found is None:
        return None
    known = value_set("TRE_G15").find(found[1]) is not None and value_set("J07").find(found[2]) is not None
    return (found[1], found[2]) if known else None


def options(settings: DmpSettings, authorities: Authorities, homologation: str = "") -> Options:
    """What the DMP examines messages with. Raises ValueError with the sentence of `problem`."""
    wrong = problem(settings)
    if wrong:
        raise ValueError(wrong)
    return Options(
        authorities,
        homologation=homologation,
        vihf=VihfPolicy(
            max_age=timedelta(hours=settings.vihf_window_hours),
            drift=timedelta(minutes=settings.vihf_drift_minutes),
            versions=settings.vihf_versions,
            sha1=settings.sha1,
            reuse=settings.vihf_reuse,
            air_contexts=settings.air_contexts,
            mode_any_case=settings.mode_any_case,
            majority=settings.majority_years if settings.minors else 0,
        ),
        policy=_policy(settings),
        max_document=settings.max_document_bytes,
        max_submission=settings.max_submission_bytes,
        max_results=settings.max_results,
        cumulative=settings.masked_and_invisible,
        folders=settings.folders,
        soap11=settings.soap11,
        document_id_any_case=settings.document_id_any_case,
    )


def rules(settings: DmpSettings) -> Rules:
    """Who sees which document; the oddities are those of `options`."""
    return Rules(
        hidden_types=frozenset(filter(None, map(_pair, settings.hidden_types))),
        masked_on_request=settings.masked_on_request,
        superseded_listed=settings.superseded_listed,
        deleted_shown_to_patient=settings.deleted_shown_to_patient,
        oddities=_oddities(settings),
    )


def _policy(settings: DmpSettings) -> Policy:
    days = settings.authorisation_days
    return Policy(
        lifetime=timedelta(days=days) if days else None,
        blocked_code=settings.blocked_code,
        doctor_may_become_treating=settings.doctor_may_become_treating,
        withdrawal_ends_treating=settings.withdrawal_ends_treating,
        structure_shares=settings.structure_shares,
        needs_authorisation=_actions(settings.needs_authorisation),
        opposable=_actions(settings.opposable),
        refused_to_blocked=_actions(settings.refused_to_blocked),
        former_ins=settings.former_ins,
        homonyms=settings.homonyms,
        oddities=_oddities(settings),
    )


def _oddities(settings: DmpSettings) -> Oddities:
    return Oddities(
        deleted_readable=settings.deleted_readable,
        doctor_archives_any_in_emergency=settings.doctor_archives_any_in_emergency,
        treating_in_regulation=_actor(settings.treating_in_regulation),
        occupational_in_air=_actor(settings.occupational_in_air),
        unlisted_purpose=Permission(settings.unlisted_purpose),
    )


def _actor(word: str) -> Actor | None:
    return Actor(word) if word else None


def _actions(words: Iterable[str]) -> frozenset[Action]:
    return frozenset(map(Action, words))
