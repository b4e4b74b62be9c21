"""Web PS as a relying party of Pro Santé Connect: its own client, with PKCE, state and nonce.

The browser goes to the provider and comes back through sockets. The code is exchanged within the process, by
the same requests: between two services of the bench, it says nothing of the software under test, so that it
is no evidence. Lifetimes: a login waits 10 minutes, a session lasts 4 hours (assumed).
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas.vihf import AIR
from simulators.core.clock import Clock
from simulators.core.identities import Professional
from simulators.core.random import Randomness
from simulators.core.service import Request, Response
from simulators.psc.service import AUTHORIZE, OIDC, PscService
from simulators.psc.tokens import ALGORITHM

from . import errors
from .visitor import Visitor

CALLBACK = "/connexion/retour"
ACR = "eidas1"
SESSION, WAITING = "__Host-dmp-web", "__Host-dmp-web-connexion"  # cookies
PATIENCE, LIFE = timedelta(minutes=10), timedelta(hours=4)
MAX_KEPT = 1_000  # logins and sessions kept; beyond, the oldest goes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A login on its way. `target`: where the browser wanted to go."""

    target: str
    nonce: str
    verifier: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Session:
    visitor: Visitor
    since: datetime


class Logins:
    """The logins of one Web PS. `base_url` is `https://host:port`, set once the port is known."""

    def __init__(
        self,
        psc: PscService,
        client: tuple[str, str],
        clock: Clock,
        randomness: Randomness,
        professional: Callable[[str], Professional | None],
    ) -> None:
        """`client`: client_id and secret, as the provider knows them."""
        self._psc = psc
        self._client_id, self._secret = client
        self._clock = clock
        self._random = randomness
        self._professional = professional
        self._waiting: dict[str, Waiting] = {}  # by state
        self._sessions: dict[str, Session] = {}
        self.base_url = ""

    @property
    def redirect_uri(self) -> str:
        return self.base_url + CALLBACK

    def start(self, target: str) -> Response:
        """Send the browser to the provider; it will come back for `target`, a path of ours."""
        state, nonce = self._random.token("web.state"), self._random.token("web.nonce")
        verifier = self._random.token("web.verifier", 64)
        _keep(self._waiting, state, Waiting(target, nonce, verifier, self._clock.now()))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid scope_all",
            "acr_values": ACR,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _sent(f"{self._psc.base_url}{AUTHORIZE}?{urlencode(asked)}", _cookie(WAITING, state))

    def finish(self, request: Request) -> tuple[Response, Visitor]:
        """The browser is back: exchange the code, open a session, go where it wanted. Raises Refused."""
        query, state = request.query, request.query.get("state", "")
        held = self._waiting.pop(state, None)
        if held is None or cookies(request).get(WAITING) != state:
            raise errors.login("state")  # a login that this browser did not start
        if self._clock.now() - held.since > PATIENCE:
            raise errors.login("timeout")
        if "code" not in query:
            raise errors.login(query.get("error", "code"))
        tokens = self._exchange(query["code"], held.verifier)
        self._verify(str(tokens.get("id_token", "")), held.nonce)
        answer = self._call("GET", f"{OIDC}/userinfo", f"Bearer {tokens.get('access_token', '')}")
        id_nat = str(answer.get("SubjectNameID", ""))
        person = self._professional(id_nat)
        if person is None:
            raise errors.unknown_professional(id_nat)
        name = self._random.token("web.session", 43)
        visitor = Visitor(person, AIR, name)
        _keep(self._sessions, name, Session(visitor, self._clock.now()))
        done = _sent(held.target, _cookie(SESSION, name), _cookie(WAITING, "", age=0))
        return done, visitor

    def visitor(self, request: Request) -> Visitor | None:
        """Whoever is logged in with this browser; None when nobody is, or no longer."""
        held = self._sessions.get(cookies(request).get(SESSION, ""))
        if held is None or self._clock.now() - held.since > LIFE:
            return None
        return held.visitor

    def end(self, visitor: Visitor) -> tuple[str, str]:
        """End a session of ours (the provider's goes on); returns the header that drops its cookie."""
        self._sessions.pop(visitor.session, None)
        return _cookie(SESSION, "", age=0)

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        pair = f"{quote(self._client_id)}:{quote(self._secret)}".encode()
        return self._call(
            "POST", f"{OIDC}/token", f"Basic {base64.b64encode(pair).decode()}", urlencode(form)
        )

    def _call(self, method: str, path: str, authorization: str, body: str = "") -> Mapping[str, Any]:
        headers = (("Authorization", authorization), ("Content-Type", "application/x-www-form-urlencoded"))
        handled = self._psc.handle(Request(method, path, headers, body.encode()))
        answer: Mapping[str, Any] = json.loads(handled.response.body)
        if handled.response.status != 200:
            raise errors.login(str(answer.get("error", handled.response.status)))
        return answer

    def _verify(self, token: str, nonce: str) -> None:
        """OpenID Connect Core §3.1.3.7. Raises Refused."""
        try:
            keys = KeySet.import_key_set(self._psc.keys())  # type: ignore[arg-type]
            claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            raise errors.login("id_token") from None
        expected = (self._psc.issuer, self._client_id, nonce, ACR)
        said = tuple(claims.get(name) for name in ("iss", "aud", "nonce", "acr"))
        if said != expected or int(claims.get("exp", 0)) <= self._clock.now().timestamp():
            raise errors.login("id_token")


def cookies(request: Request) -> dict[str, str]:
    """The cookies of a request, by name."""
    parts = (part.strip().partition("=") for part in request.header("Cookie").split(";"))
    return {name: value for name, _, value in parts}


def _cookie(name: str, value: str, age: int | None = None) -> tuple[str, str]:
    ends = "" if age is None else f"; Max-Age={age}"
    return ("Set-Cookie", f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{ends}")


def _sent(location: str, *more: tuple[str, str]) -> Response:
    return Response(302, (("Location", location), ("Cache-Control", "no-store"), *more))


def _keep(held: dict[str, Any], name: str, value: object) -> None:
    while len(held) >= MAX_KEPT:
        del held[next(iter(held))]
    held[name] = value
