"""Schedules of faults as people write them: one rule a line, parsed here, refused here with what is wrong.

    TD2.1: 3 registry-error XDSRegistryBusy        the third feed fails, then all goes well
    TD2.1: 2-4 unavailable                         the second to the fourth
    TD3.1: every 5 slow seconds=3                  the fifth, the tenth…
    *: after 10 server-error                       every call of the DMP after the tenth
    TD3.2@263077022070123: always cut-in-body      those about this patient only
    cnam/INSi.traits: unavailable                  the next one, of another service
    TD0.9: unavailable                             the next contextual call: dmp-web is meant
    TLS: 1-2 bad-certificate expired               the next two handshakes

Without a service the DMP is meant. Without a turn, the next call. Several rules may concern a call: each
counts it, the first that is due is played.
"""

import difflib
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from schemas.messages import text

from .core.faults import BAD_CERTIFICATE, GENERIC, TLS, Fault
from .core.menu import HANDSHAKE, HTTP, LABEL, Kind, Param
from .dmp.menu import KINDS, TRANSACTIONS, WEB_CALLS

DMP, WEB, MES = "dmp", "dmp-web", "mes"
SERVICES = (DMP, "cnam", "insi", "epu", "psc", "annuaire", "mssante", WEB, MES)
LISTENERS = (DMP, "cnam", "psc", "annuaire", WEB, MES)  # whose certificate may be a wrong one
MENU: Mapping[str, Kind] = {kind.name: kind for kind in (*HTTP, *HANDSHAKE, *KINDS)}
MOST = 1_000_000
_HEAD = re.compile(r"(?:([a-z][a-z-]*)/)?([A-Za-z0-9.*?]+)(?:@(\S+))?")
_MATRICULE = re.compile(r"\d{6}[\dAB]{2}\d{7}")
_RANK = re.compile(r"(\d{1,7})(-(\d{1,7})?)?")
_NAMED = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)


class RuleRefused(ValueError):
    """A rule or a fault that cannot be scheduled. The message says what to write."""


def parse(rule: str, lang: str = "fr") -> Fault:
    """The fault that a rule asks for. Raises RuleRefused."""
    head, colon, rest = rule.partition(":")
    named = _HEAD.fullmatch(head.strip())
    if not colon or named is None:
        raise _refused("shape", lang, rule=rule)
    try:
        words = shlex.split(rest)
    except ValueError:
        raise _refused("quotes", lang, rule=rule) from None
    skip, times, every, said = _turn(words, lang)
    if not said:
        raise _refused("no-kind", lang, rule=rule)
    transaction, patient = named[2], named[3] or ""
    service = named[1] or (WEB if transaction in WEB_CALLS else DMP)
    fault = Fault(service, transaction, said[0], skip, times, {}, every, patient)
    fault = replace(fault, params=_params(fault, said[1:], lang))
    check(fault, lang)
    return fault


def written(fault: Fault) -> str:
    """The rule of a fault: what `parse` reads back."""
    where = fault.transaction if fault.service == DMP else f"{fault.service}/{fault.transaction}"
    patient = f"@{fault.patient}" if fault.patient else ""
    if fault.every > 1:
        turn = f"every {fault.every}" + (f" after {fault.skip}" if fault.skip else "")
        turn += f" times {fault.times}" if fault.times else ""
    elif not fault.times:
        turn = f"after {fault.skip}" if fault.skip else "always"
    else:
        last = fault.skip + fault.times
        turn = f"{last}" if fault.times == 1 else f"{fault.skip + 1}-{last}"
    return f"{where}{patient}: {turn} {fault.told()}"


def check(fault: Fault, lang: str = "fr") -> None:
    """Refuse a fault that could not be played: unknown kind, place or code. Raises RuleRefused.

    Services other than the DMP have kinds of their own, in their modules: these are let through.
    """
    if fault.service not in SERVICES:
        raise _refused("service", lang, service=fault.service, known=", ".join(SERVICES))
    if not (0 <= fault.skip <= MOST and 0 <= fault.times <= MOST and 1 <= fault.every <= MOST):
        raise _refused("count", lang)
    if fault.patient and not _MATRICULE.fullmatch(fault.patient):
        raise _refused("patient", lang, patient=fault.patient)
    if (fault.transaction == TLS) != (fault.kind == BAD_CERTIFICATE):
        raise _refused("tls", lang)
    if fault.transaction == TLS and fault.service not in LISTENERS:
        raise _refused("service", lang, service=fault.service, known=", ".join(LISTENERS))
    kind = MENU.get(fault.kind)
    if fault.service == DMP:
        if fault.transaction != TLS and not any(fault.concerns(DMP, one) for one in TRANSACTIONS):
            known = ", ".join(sorted(TRANSACTIONS))
            raise _refused("transaction", lang, transaction=fault.transaction, known=known)
        if kind is None:
            raise _unknown("kind", fault.kind, MENU, lang)
        if kind.transactions and fault.transaction not in kind.transactions:
            raise _refused("place", lang, kind=kind.name, known=", ".join(kind.transactions))
    elif fault.service in (WEB, MES):
        _check_pages(fault, kind, lang)
    elif kind is None or kind.name not in (*GENERIC, BAD_CERTIFICATE) or fault.service == "mssante":
        return
    assert kind is not None
    params = {param.name: param for param in kind.params}
    for name, value in fault.params.items():
        if name not in params:
            raise _unknown("param", name, params, lang)
        _valued(kind, params[name], value, lang)
    if fault.params.get("how") == "unknown-cid" and fault.transaction != "TD3.2":
        raise _refused("place", lang, kind="wrong-multipart unknown-cid", known="TD3.2")


def _check_pages(fault: Fault, kind: Kind | None, lang: str) -> None:
    """Pages are HTTP alone: no fault of the DMP's own. Those of Web PS have transactions of known names."""
    if kind is None:
        raise _unknown("kind", fault.kind, (*GENERIC, BAD_CERTIFICATE), lang)
    if kind.name not in (*GENERIC, BAD_CERTIFICATE):
        known = ", ".join(kind.transactions) or "dmp/*"
        raise _refused("place", lang, kind=kind.name, known=known)
    named = fault.transaction == TLS or fault.transaction.startswith("WEB.")
    if fault.service == WEB and not named and not any(fault.concerns(WEB, one) for one in WEB_CALLS):
        known = ", ".join((*WEB_CALLS, "WEB.login"))
        raise _refused("transaction", lang, transaction=fault.transaction, known=known)


def _turn(words: Sequence[str], lang: str) -> tuple[int, int, int, Sequence[str]]:
    """Which calls suffer: `skip`, `times`, `every`, and the words that follow."""
    if words and words[0] == "always":
        return 0, 0, 1, words[1:]
    ranked = _RANK.fullmatch(words[0]) if words else None
    if ranked is not None:
        first = int(ranked[1])
        last = int(ranked[3]) if ranked[3] else first
        if first < 1 or last < first:
            raise _refused("rank", lang, rank=words[0])
        return first - 1, 0 if ranked[2] == "-" else last - first + 1, 1, words[1:]
    given: dict[str, int] = {}
    while words and words[0] in ("every", "after", "times"):
        if len(words) < 2 or not words[1].isdecimal() or len(words[1]) > 7:
            raise _refused("number", lang, word=words[0])
        given[words[0]] = int(words[1])
        words = words[2:]
    if given.get("every") == 0:
        raise _refused("number", lang, word="every")
    default = 0 if "every" in given or "after" in given else 1
    return given.get("after", 0), given.get("times", default), given.get("every", 1), words


def _params(fault: Fault, words: Sequence[str], lang: str) -> dict[str, Any]:
    """The parameters written after the kind; the first may be without its name."""
    kind = MENU.get(fault.kind)
    known = {param.name: param for param in kind.params} if kind else {}
    given: dict[str, Any] = {}
    for rank, word in enumerate(words):
        named = _NAMED.fullmatch(word)
        if named is None and rank == 0 and (kind is None or kind.params):
            name, value = kind.params[0].name if kind else "code", word
        elif named is not None:
            name, value = named[1], named[2]
        else:
            raise _refused("word", lang, word=word)
        if name in given:
            raise _refused("twice", lang, name=name)
        given[name] = _number(value) if name not in known or known[name].number else value
    return given


def _number(value: str) -> int | float | str:
    """A number when it is one."""
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    return value


def _valued(kind: Kind, param: Param, value: object, lang: str) -> None:
    where = f"{kind.name} {param.name}"
    if param.number:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST:
            raise _refused("number", lang, word=where)
        return
    if not isinstance(value, str):
        raise _refused("text", lang, word=where)
    if not param.values or value in param.values or (not value and not param.default):
        return
    if param.labelled:
        if not value.startswith(LABEL):
            close = difflib.get_close_matches(value, param.values, 3)
            raise _refused("code", lang, code=value, label=LABEL, close=", ".join(close) or "—")
        return
    raise _refused("value", lang, word=where, value=value, known=", ".join(param.values))


def _unknown(what: str, name: str, known: Collection[str], lang: str) -> RuleRefused:
    close = difflib.get_close_matches(name, known, 3) or list(known)
    return _refused(what, lang, name=name, known=", ".join(close) or "—")


def _refused(key: str, lang: str, **values: object) -> RuleRefused:
    return RuleRefused(text(f"faults.refused.{key}", lang, **values))
