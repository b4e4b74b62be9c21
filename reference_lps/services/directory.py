"""The Annuaire Santé, FHIR v2: professionals and their MSSanté addresses. Source: public FHIR API (ANS)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from ..behaviour import Behaviour
from ..environment import Environment
from ..outcome import Failed
from .http import Channel

NAME = "L'Annuaire Santé"
RPPS = "urn:oid:1.2.250.1.71.4.2.1"


@dataclass(frozen=True, slots=True)
class Found:
    rpps: str | None
    name: str
    profession: str | None
    mailboxes: tuple[str, ...]


class Directory:
    """Searches, every page of them."""

    def __init__(self, environment: Environment, behaviour: Behaviour) -> None:
        self._environment = environment
        self._behaviour = behaviour
        self._channel = Channel(NAME, environment.ca_bundle)

    def search(self, criteria: Mapping[str, str]) -> list[Found]:
        """Practitioners that fit (`name`, `identifier`, `mailbox-mss…`). Raises Failed."""
        return [one for one in (_found(item) for item in self._resources(criteria)) if one is not None]

    def _resources(self, criteria: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        url: str | None = f"{self._environment.annuaire_url}/Practitioner?{urlencode(dict(criteria))}"
        pages = 0
        while url is not None and pages < self._behaviour.pages:
            bundle = self._get(url)
            pages += 1
            for entry in bundle.get("entry") or ():
                if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                    yield entry["resource"]
            url = self._next(url, bundle)

    def _next(self, url: str, bundle: Mapping[str, Any]) -> str | None:
        """The next page, only on the host that was asked."""
        links = [item for item in bundle.get("link") or () if isinstance(item, dict)]
        found = next((str(item.get("url", "")) for item in links if item.get("relation") == "next"), "")
        following = urljoin(url, found) if found else ""
        return following if following and urlsplit(following).netloc == urlsplit(url).netloc else None

    def _get(self, url: str) -> Mapping[str, Any]:
        headers = {
            "ESANTE-API-KEY": self._environment.annuaire_api_key,
            "Accept": "application/fhir+json",
        }
        reply = self._channel.ask("GET", url, headers=headers)
        try:
            content = json.loads(reply.body)
        except ValueError:
            content = None
        if reply.status != 200 or not isinstance(content, dict):
            raise Failed(f"{NAME} n'a pas pu répondre (HTTP {reply.status}){_diagnosis(content)}.")
        return content

    def close(self) -> None:
        self._channel.close()


def _diagnosis(content: object) -> str:
    issues = content.get("issue") if isinstance(content, dict) else None
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    said = first.get("diagnostics") or ""
    return f" : {said}" if said else ""


def _found(resource: Mapping[str, Any]) -> Found | None:
    if resource.get("resourceType") != "Practitioner":
        return None
    identifiers = [item for item in resource.get("identifier") or () if isinstance(item, dict)]
    number = next((str(item.get("value")) for item in identifiers if item.get("system") == RPPS), None)
    names = [item for item in resource.get("name") or () if isinstance(item, dict)]
    first = names[0] if names else {}
    given = " ".join(str(one) for one in first.get("given") or ())
    telecom = [item for item in resource.get("telecom") or () if isinstance(item, dict)]
    boxes = tuple(
        str(item["value"]) for item in telecom if item.get("system") == "email" and item.get("value")
    )
    name = f"{given} {first.get('family', '')}".strip() or str(first.get("text", ""))
    return Found(number, name, _profession(resource), boxes)


def _profession(resource: Mapping[str, Any]) -> str | None:
    for qualification in resource.get("qualification") or ():
        code = qualification.get("code") if isinstance(qualification, dict) else None
        for coding in code.get("coding") or () if isinstance(code, dict) else ():
            if isinstance(coding, dict) and coding.get("code"):
                return str(coding.get("display") or coding["code"])
    return None
