"""Logging in, knowing who is there, logging out."""

from collections.abc import Mapping
from typing import Any

from ..outcome import Call, Data
from ..software import Software


def login(lps: Software, call: Call) -> Data:
    """Give the address that the browser must open."""
    url = lps.psc.begin(call.account.user, f"{lps.endpoint}/psc/callback")
    return {"authorization_url": url}


def status(lps: Software, call: Call) -> Data:
    """Who is logged in, and what they have not read yet."""
    call.messages.extend(lps.notices.pop(call.account.user, []))
    session = lps.psc.session(call.account.user)
    if session is None:
        return {"authenticated": False, "user": None}
    account, claims = session.account, session.userinfo
    return {
        "authenticated": True,
        "user": {
            "id_nat": str(claims["SubjectNameID"]),
            "family": str(claims.get("family_name", account.family)),
            "given": str(claims.get("given_name", account.given)),
            "profession": _exercise(claims).get("codeProfession") or account.profession,
            "speciality": _exercise(claims).get("codeSavoirFaire") or account.speciality,
            "structure": str(claims.get("SubjectOrganization") or account.structure_name),
        },
    }


def logout(lps: Software, call: Call) -> Data:
    """Close the session, here and at the provider."""
    lps.epu(call.account.pair).forget(call.account.user)
    lps.store.entered = {one for one in lps.store.entered if one[0] != call.account.user}
    lps.psc.end(call.account.user)
    return {}


def _exercise(claims: Mapping[str, Any]) -> dict[str, str]:
    reference = claims.get("SubjectRefPro")
    exercises = reference.get("exercices") if isinstance(reference, dict) else None
    first = exercises[0] if isinstance(exercises, list) and exercises else {}
    return {key: str(value) for key, value in first.items()} if isinstance(first, dict) else {}
