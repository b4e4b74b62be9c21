"""Every setting of the simulated DMP, as plain values: the table `[dmp]` of a configuration.

What each one is is in `schemas/messages/dmp_settings.toml`, under `dmp.setting.<name>`. A `source` is the
public text that gives the default; without one the default is a hypothesis of the bench, and said so.
`python -m simulators.dmp.settings` prints the table of `docs/dmp-reglages.md`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from schemas.messages import text

MAX_TEXT = 200  # characters
Value = bool | int | float | str | tuple[str, ...]
_SAMPLES = "exemples de messages du DMP (GIE SESAM-Vitale)"
_MATRIX = "PDT-INF-526 v1.8"
READING = (  # what shows or changes a document: lines of the sheets of rights
    "TD3.1",
    "TD3.1 références",
    "TD3.2",
    "TD3.2 archivé",
    "TD3.2 invisible au patient",
    "TD3.2 masqué",
    "TD3.2 obsolète",
    "TD3.2 supprimé",
    "TD3.3a démasquer",
    "TD3.3a masquer",
    "TD3.3b",
    "TD3.3d",
)


def _setting(default: Any, source: str = "") -> Any:
    return field(default=default, metadata={"source": source})


@dataclass(frozen=True, slots=True)
class DmpSettings:
    """One field a setting. 0 means without limit; an empty text means refused or none, as its label says."""

    # what a VIHF may be
    vihf_window_hours: float = _setting(24.0)
    vihf_drift_minutes: float = _setting(5.0)
    vihf_reuse: bool = _setting(True)
    vihf_versions: tuple[str, ...] = _setting(("3.0", "4.0"), f"{_SAMPLES} ; ANS, volet HL7v2")
    air_contexts: tuple[str, ...] = _setting(("APP_BROWSER_AUTH", "CONF_EXI_PGSSIS"), "EX_AIR-050")
    # tolerances: they change the answer of the DMP, never what the report says
    sha1: bool = _setting(True, _SAMPLES)
    mode_any_case: bool = _setting(True, f"{_SAMPLES} ; ANS, volet HL7v2")
    soap11: bool = _setting(False)
    document_id_any_case: bool = _setting(False)
    former_ins: bool = _setting(True)
    # sizes
    max_document_bytes: int = _setting(10 * 1024 * 1024)
    max_submission_bytes: int = _setting(0)
    max_results: int = _setting(0)
    homonyms: int = _setting(20)
    folders: bool = _setting(True)
    # parameter file of the DMP
    masked_and_invisible: bool = _setting(False, "cumul-invisible_patient-masque_ps (EX_2.1-1050)")
    minors: bool = _setting(True, "paramètre fonctions-gestion-mineurs ; défaut : hypothèse du banc")
    majority_years: int = _setting(18)
    # authorisations
    authorisation_days: float = _setting(0.0)
    blocked_code: str = _setting("DMPAccessDeniedByRightsService")
    doctor_may_become_treating: bool = _setting(True)
    withdrawal_ends_treating: bool = _setting(True)
    structure_shares: bool = _setting(True)
    needs_authorisation: tuple[str, ...] = _setting(("TD1.6", *READING))
    opposable: tuple[str, ...] = _setting(READING)
    refused_to_blocked: tuple[str, ...] = _setting(("TD1.3a",))
    # who sees what
    hidden_types: tuple[str, ...] = _setting(("40/EXPPAT_3", "80/15508-5"))
    masked_on_request: bool = _setting(False)
    superseded_listed: bool = _setting(False)
    deleted_shown_to_patient: bool = _setting(False)
    # what the sheets of rights leave open
    deleted_readable: bool = _setting(True, _MATRIX)
    doctor_archives_any_in_emergency: bool = _setting(True, _MATRIX)
    treating_in_regulation: str = _setting("doctor")
    occupational_in_air: str = _setting("occupational-doctor")
    unlisted_purpose: str = _setting("no")


def sources() -> Mapping[str, str]:
    """The source of each default, by name; empty for a hypothesis."""
    return {one.name: str(one.metadata["source"]) for one in fields(DmpSettings)}


def changed(settings: DmpSettings) -> dict[str, Value]:
    """The settings that are not the defaults."""
    usual = DmpSettings()
    return {
        one.name: getattr(settings, one.name)
        for one in fields(DmpSettings)
        if getattr(settings, one.name) != getattr(usual, one.name)
    }


def restored(kept: Mapping[str, Any]) -> DmpSettings:
    """Settings from what `changed` gave, JSON or not. Raises TypeError on an unknown name."""
    values: dict[str, Any] = {n: tuple(one) if isinstance(one, list) else one for n, one in kept.items()}
    return DmpSettings(**values)


def told(values: Mapping[str, object]) -> str:
    """Settings in one line, as `bench.toml` has them; empty without any."""
    return " ; ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def shown(value: object, lang: str = "fr") -> str:
    """A value in words, as the table shows it."""
    if isinstance(value, bool):
        return text("dmp.settings.yes" if value else "dmp.settings.no", lang)
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "—"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else "—"


def table(lang: str = "fr") -> Iterator[str]:
    """The lines of the table of the settings, in Markdown."""
    heads = [text(f"dmp.settings.{head}", lang) for head in ("name", "default", "what", "source")]
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|"
    usual, known = DmpSettings(), sources()
    for one in fields(DmpSettings):
        default = shown(getattr(usual, one.name), lang)
        source = known[one.name] or text("dmp.settings.hypothesis", lang)
        yield f"| `{one.name}` | {default} | {text(f'dmp.setting.{one.name}', lang)} | {source} |"


if __name__ == "__main__":
    print("\n".join(table()))
