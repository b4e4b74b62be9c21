"""Behaviour of the Annuaire Santé: GET and POST _search, API key, pages of 50, OperationOutcome on errors."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from schemas.finding import Finding, Keyword, Observation, RuleSet
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.service import Handled, Request, answer

from . import wire
from .entries import Entry, entries

BASE = "/fhir/v2"
PAGE = 50
FHIR_JSON = "application/fhir+json; charset=utf-8"
RESOURCES = ("Practitioner", "PractitionerRole", "Organization")
PARAMETERS = (
    "identifier",
    "name",
    "family",
    "given",
    "mailbox-mss",
    "active",
    "_count",
    "_elements",
    "_page",
)

RULES: RuleSet["Search"] = RuleSet("annuaire")


@dataclass(frozen=True, slots=True)
class Search:
    """A request to judge."""

    query: Mapping[str, str]
    key: str
    expected_key: str


@RULES.rule("ANN-CLE", requirements=["BEN-ANN-04"], source="Annuaire Santé FHIR v2, ESANTE-API-KEY")
def key_in_header(search: Search) -> Iterator[Observation]:
    """The API key travels in the header ESANTE-API-KEY."""
    if search.key != search.expected_key:
        yield Observation("ESANTE-API-KEY", "absent" if not search.key else "clé inconnue", "clé du banc")


@RULES.rule("ANN-SECRET", requirements=["BEN-ANN-04"], source="RFC 6750, 5.3")
def no_secret_in_url(search: Search) -> Iterator[Observation]:
    """The key is never in the URL."""
    for name, value in search.query.items():
        if _secret(name, value, search.expected_key):
            yield Observation(f"?{name}", "…", "en-tête ESANTE-API-KEY")


@RULES.rule("ANN-PARAMETRE", requires=Keyword.DEVRAIT, source="Annuaire Santé FHIR v2")
def parameters_are_known(search: Search) -> Iterator[Observation]:
    """Parameters are those that the service knows."""
    for name in search.query:
        if name.partition(":")[0] not in PARAMETERS and "key" not in name.lower():
            yield Observation(f"?{name}", name, ", ".join(PARAMETERS))


class AnnuaireService:
    """The directory. `base_url` is `https://host:port`, set once the port is known."""

    name = "annuaire"

    def __init__(self, api_key: str) -> None:
        self._key = api_key
        self._entries = entries()
        self.base_url = ""

    def identify(self, request: Request) -> str:
        kind, rest = _place(request)
        if kind == "metadata" and not rest:
            return "ANN.metadata"
        if kind not in RESOURCES:
            return "?"
        return "ANN.search" if rest in ("", "_search") else "ANN.read"

    def handle(self, request: Request) -> Handled:
        transaction = self.identify(request)
        query = {**request.query, **(request.form if request.method == "POST" else {})}
        findings = tuple(self._judged(request, query))
        kind, rest = _place(request)
        if transaction == "?":
            return self._refused(
                404, transaction, "not-found", f"ressource inconnue : {request.path}", findings
            )
        if request.header("ESANTE-API-KEY") != self._key:
            return self._refused(401, transaction, "login", "clé d'API absente ou inconnue", findings)
        if request.method != ("POST" if rest == "_search" else "GET"):
            detail = f"{request.method} {request.path} : GET, ou POST sur _search"
            return self._refused(405, transaction, "not-supported", detail, findings)
        if transaction == "ANN.metadata":
            return _told(transaction, wire.capability(), {}, findings)
        if transaction == "ANN.read":
            one = next((item for item in self._entries if (item.resource, item.id) == (kind, rest)), None)
            if one is None:
                return self._refused(404, transaction, "not-found", f"{kind}/{rest[:80]} inconnu", findings)
            return _told(transaction, wire.resource(one), {"id": rest}, findings)
        if any(name.partition(":")[0] == "mailbox-mss-type" for name in query):
            detail = "Parameter mailbox-mss-type not found"
            return self._refused(400, transaction, "processing", detail, findings)
        found = [item for item in self._entries if item.resource == kind and matches(item, query)]
        return self._page(request, query, found, findings)

    def _judged(self, request: Request, query: Mapping[str, str]) -> list[Finding]:
        return RULES.judge(Search(request.query, request.header("ESANTE-API-KEY"), self._key))

    def _page(
        self, request: Request, query: dict[str, str], found: list[Entry], findings: tuple[Finding, ...]
    ) -> Handled:
        size = min(_number(query.get("_count"), PAGE), PAGE) or PAGE
        first = _number(query.get("_page"), 0) * size
        base = self.base_url + BASE
        path = request.path.removesuffix("/_search")
        query = {name: value for name, value in query.items() if not _secret(name, value, self._key)}
        links = {"self": f"{self.base_url}{path}?{urlencode(query)}"}
        if first + size < len(found):
            following = {**query, "_page": str(first // size + 1)}
            links["next"] = f"{self.base_url}{path}?{urlencode(following)}"
        shown = found[first : first + size]
        elements = [name.strip() for name in query.get("_elements", "").split(",") if name.strip()]
        facts = {"query": query, "total": len(found), "returned": len(shown)}
        return _told("ANN.search", wire.bundle(base, shown, len(found), links, elements), facts, findings)

    def _refused(
        self, status: int, transaction: str, code: str, detail: str, findings: tuple[Finding, ...]
    ) -> Handled:
        body = json.dumps(wire.outcome(code, detail), ensure_ascii=False)
        facts = {"outcome": "refused", "reason": code, "detail": detail}
        return Handled(answer(status, FHIR_JSON, body), transaction, facts, findings)

    def refuse(self, request: Request, fault: Fault) -> Handled:
        raise ValueError(f"annuaire knows no fault {fault.kind}")

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        lines = exchange.request_head.splitlines()
        headers = tuple((key, value.strip()) for key, _, value in (line.partition(":") for line in lines[1:]))
        method, target = lines[0].split(" ")[:2]
        request = Request(method, target, headers, exchange.request_body)
        return self._judged(request, request.query)


def _told(
    transaction: str, resource: Mapping[str, Any], facts: Mapping[str, Any], findings: tuple[Finding, ...]
) -> Handled:
    body = json.dumps(resource, ensure_ascii=False)
    return Handled(answer(200, FHIR_JSON, body), transaction, {"outcome": "accepted", **facts}, findings)


def _place(request: Request) -> tuple[str, str]:
    """Resource type and what follows it in the path; empty outside of the base."""
    if not request.path.startswith(f"{BASE}/"):
        return "", ""
    kind, _, rest = request.path.removeprefix(f"{BASE}/").strip("/").partition("/")
    return kind, rest


def _secret(name: str, value: str, key: str) -> bool:
    return "key" in name.lower() or value == key


def matches(entry: Entry, query: Mapping[str, str]) -> bool:
    """Whether an entry answers every criterion. Names ignore case and accents."""
    addresses = [item.address for item in entry.visible()]
    for name, wanted in query.items():
        key, _, modifier = name.partition(":")
        if key == "identifier" and wanted.rpartition("|")[2] not in (entry.identifier, entry.identifier[1:]):
            return False
        if key in ("family", "given", "name"):
            texts = {"family": [entry.family], "given": [entry.given]}.get(key, [entry.family, entry.given])
            if not any(_same(text, wanted, modifier) for text in texts):
                return False
        if key == "mailbox-mss" and not any(_same(address, wanted, modifier) for address in addresses):
            return False
    return True


def _same(text: str, wanted: str, modifier: str) -> bool:
    text, wanted = _folded(text), _folded(wanted)
    if modifier == "exact":
        return text == wanted
    return wanted in text if modifier == "contains" else text.startswith(wanted)


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default
