"""HTTPS as this software speaks it: test authorities only, no proxy, and failures told apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import requests
from urllib3.exceptions import NewConnectionError

from ..outcome import Failed

TIMEOUT = 10.0  # seconds


class Unavailable(Failed):
    """Nothing was done: the service could not be reached, or said that it is down."""


class LostAnswer(Failed):
    """The request left and no readable answer came: it may have been done."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")


class Channel:
    """Connections to one service under one identity. `pair`: client certificate and key files.

    `checked`: the service must prove who it is.
    """

    def __init__(
        self, service: str, ca_bundle: str, pair: tuple[str, str] | None = None, *, checked: bool = True
    ) -> None:
        self._service = service  # how the user knows it
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_bundle if checked else False
        self._session.cert = pair

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Reply:
        """One request, never repeated here, redirections not followed.

        Raises Unavailable (not reached, or HTTP 502, 503, 504) and LostAnswer. Any other status is an answer.
        """
        try:
            response = self._session.request(
                method,
                url,
                headers=dict(headers or {}),
                data=body if form is None else dict(form),
                params=dict(query) if query else None,
                auth=auth,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise Unavailable(f"{self._service} : connexion sécurisée refusée ({_cause(error)}).") from None
        except requests.exceptions.ConnectTimeout:
            raise Unavailable(f"{self._service} ne répond pas.") from None
        except requests.exceptions.ConnectionError as error:
            if isinstance(_reason(error), NewConnectionError):
                raise Unavailable(f"{self._service} est injoignable.") from None
            raise LostAnswer(f"{self._service} : la réponse s'est perdue.") from None
        except requests.exceptions.RequestException:
            raise LostAnswer(f"{self._service} : la réponse s'est perdue.") from None
        if response.status_code in (502, 503, 504):
            raise Unavailable(f"{self._service} est momentanément indisponible.")
        return Reply(response.status_code, response.headers, response.content)

    def close(self) -> None:
        self._session.close()


def _reason(error: requests.exceptions.ConnectionError) -> object:
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _cause(error: requests.exceptions.SSLError) -> str:
    reason = _reason(error)
    return str(reason if reason is not None else error)[:200]
