"""Driver `http`: the vendor exposes one endpoint (see `segur-bench contract`)."""

from typing import Any

import requests

from reports.record import Software
from schemas.actions import actions

from .driver import Answer, Json, SutError, read_answer, read_capabilities


class HttpDriver:
    """Calls `GET /`, `POST /environment` and `POST /actions/<action>` of an endpoint."""

    name = "http"

    def __init__(self, endpoint: str, timeout: float) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between the bench and a loopback endpoint

    def capabilities(self) -> Software:
        return read_capabilities(self._json("GET", "/", None), self.name)

    def configure(self, environment: Json) -> None:
        self._json("POST", "/environment", dict(environment))

    def call(self, action: str, context: Json, arguments: Json) -> Answer:
        raw = self._json("POST", f"/actions/{action}", {"context": dict(context), "input": dict(arguments)})
        return read_answer(raw, actions()[action].answer_schema(), action)

    def close(self) -> None:
        self._session.close()

    def _json(self, method: str, path: str, body: Any) -> object:
        url = self.endpoint + path
        try:
            response = self._session.request(method, url, json=body, timeout=self._timeout)
        except requests.Timeout:
            raise SutError(f"{url} : pas de réponse en {self._timeout:g} s") from None
        except requests.RequestException as error:
            raise SutError(f"{url} : injoignable ({error.__class__.__name__})") from None
        if response.status_code != 200:
            raise SutError(f"{url} : HTTP {response.status_code} : {response.text[:300]}")
        try:
            return response.json()
        except ValueError:
            raise SutError(f"{url} : la réponse n'est pas du JSON : {response.text[:200]!r}") from None
