"""Pro Santé Connect: authorisation code with PKCE, ID token verified, token renewed, session closed.

Sources: OpenID Connect Core 1.0, RFC 7636, Référentiel Pro Santé Connect (ANS).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ..accounts import Account, account_of
from ..behaviour import Behaviour
from ..clock import Chance, Clock
from ..environment import Environment
from ..outcome import Failed, Refused
from .http import Channel, Reply

NAME = "Pro Santé Connect"
SCOPE, ACR = "openid scope_all", "eidas1"
ALGORITHMS = ["RS256", "PS256", "ES256"]
EARLY = timedelta(seconds=20)  # renew this long before the end
LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Pending:
    """A login that was begun."""

    user: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. Tokens live here only, in memory."""

    account: Account
    access_token: str
    refresh_token: str
    id_token: str
    expires: datetime
    opened: datetime
    userinfo: Mapping[str, Any]


class ProSanteConnect:
    """Sessions of the users of this installation."""

    def __init__(self, environment: Environment, clock: Clock, chance: Chance, behaviour: Behaviour) -> None:
        self._environment = environment
        self._clock = clock
        self._chance = chance
        self._behaviour = behaviour
        self._channel = Channel(NAME, environment.ca_bundle)
        self._provider: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._pending: dict[str, Pending] = {}
        self._sessions: dict[str, Session] = {}

    # -- login -------------------------------------------------------------------------------------

    def begin(self, user: str, redirect_uri: str) -> str:
        """The address that the browser opens. Raises Failed when the provider is down."""
        state = self._chance.secret()
        pending = Pending(user, self._chance.secret(), self._chance.secret(), redirect_uri)
        parameters = {
            "response_type": "code",
            "client_id": self._environment.psc_client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "acr_values": ACR,
            "state": state,
            "nonce": pending.nonce,
            "code_challenge": _challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        asked = self._behaviour.authorization(parameters)
        self._pending = {key: one for key, one in self._pending.items() if one.user != user}
        self._pending[state] = pending
        return f"{self._discover()['authorization_endpoint']}?{urlencode(asked)}"

    def finish(self, query: Mapping[str, str]) -> Session:
        """Open the session that the callback announces. Raises Refused or Failed."""
        pending = self._pending.pop(query.get("state", ""), None)
        if pending is None:
            raise Refused("Cette réponse ne correspond à aucune connexion demandée : recommencez.")
        if "code" not in query:
            said = query.get("error_description") or query.get("error", "")
            raise Refused(f"{NAME} n'a pas ouvert la session : {said}")
        tokens = self._tokens(
            {
                "grant_type": "authorization_code",
                "code": query["code"],
                "redirect_uri": pending.redirect_uri,
                "code_verifier": pending.verifier,
            }
        )
        claims = self._verify(tokens.get("id_token", ""), pending.nonce)
        userinfo = self._userinfo(tokens["access_token"], claims)
        account = account_of(str(userinfo.get("SubjectNameID", "")))
        if account is None:
            raise Refused("Ce professionnel n'a pas de compte dans le logiciel.")
        if account.user != pending.user:
            raise Refused(
                f"La carte présentée est celle de {account.name}, pas celle de l'utilisateur attendu."
            )
        session = self._session(account, tokens, tokens["id_token"], userinfo, self._clock.now())
        self._sessions[account.user] = session
        return session

    def expected(self, state: str) -> str:
        """The user whose login this state began; else the only one who waits; empty when nobody does."""
        users = {one.user for one in self._pending.values()}
        known = self._pending.get(state)
        return known.user if known else (users.pop() if len(users) == 1 else "")

    # -- life of a session ---------------------------------------------------------------------------

    def session(self, user: str) -> Session | None:
        """The open session of this user, as known here."""
        return self._sessions.get(user)

    def access_token(self, user: str) -> str:
        """A live access token, renewed when it is about to end. Raises Refused without a session."""
        session = self._sessions.get(user)
        if session is None:
            raise Refused(f"Connectez-vous d'abord avec {NAME}.")
        if self._clock.now() >= session.expires - EARLY:
            session = self.renew(user)
        return session.access_token

    def renew(self, user: str) -> Session:
        """Ask for fresh tokens. A refusal ends the session: Refused."""
        session = self._sessions.get(user)
        if session is None or not session.refresh_token:
            raise Refused(f"Connectez-vous d'abord avec {NAME}.")
        form = {"grant_type": "refresh_token", "refresh_token": session.refresh_token}
        try:
            tokens = self._tokens(form)
        except Refused:
            del self._sessions[user]
            raise Refused(f"Votre session {NAME} est terminée : reconnectez-vous.") from None
        renewed = self._session(
            session.account,
            {"refresh_token": session.refresh_token, **tokens},
            str(tokens.get("id_token") or session.id_token),
            session.userinfo,
            session.opened,
        )
        self._sessions[user] = renewed
        return renewed

    def end(self, user: str) -> None:
        """Close the session here, and at the provider. Raises Failed when the latter could not be told."""
        session = self._sessions.pop(user, None)
        if session is None or not self._behaviour.logout_at_provider:
            return
        query = {"id_token_hint": session.id_token, "client_id": self._environment.psc_client_id}
        reply = self._channel.ask("GET", self._discover()["end_session_endpoint"], query=query)
        if reply.status >= 400:
            raise Failed(f"{NAME} n'a pas confirmé la déconnexion (HTTP {reply.status}).")

    def _session(
        self,
        account: Account,
        tokens: Mapping[str, Any],
        id_token: str,
        userinfo: Mapping[str, Any],
        opened: datetime,
    ) -> Session:
        life = timedelta(seconds=float(tokens.get("expires_in", 120)))
        return Session(
            account,
            str(tokens["access_token"]),
            str(tokens.get("refresh_token", "")),
            id_token,
            self._clock.now() + life,
            opened,
            userinfo,
        )

    # -- what the provider says ----------------------------------------------------------------------

    def _discover(self) -> Mapping[str, Any]:
        if not self._provider:
            url = f"{self._environment.psc_issuer}/.well-known/wallet-openid-configuration"
            found = _json(self._channel.ask("GET", url), "sa configuration")
            if found.get("issuer") != self._environment.psc_issuer:
                raise Failed(f"{NAME} : l'émetteur annoncé n'est pas celui qui est configuré.")
            self._provider = found
        return self._provider

    def _tokens(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        """Raises Refused when the provider refuses, Failed when it fails."""
        client = (self._environment.psc_client_id, self._environment.psc_client_secret)
        reply = self._channel.ask("POST", self._discover()["token_endpoint"], form=form, auth=client)
        if reply.status in (400, 401, 403):
            raise Refused(f"{NAME} a refusé la connexion ({_error(reply)}).")
        tokens = _json(reply, "les jetons")
        if not isinstance(tokens.get("access_token"), str):
            raise Failed(f"{NAME} : la réponse ne porte pas de jeton.")
        return tokens

    def _userinfo(self, access_token: str, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        reply = self._channel.ask("GET", self._discover()["userinfo_endpoint"], headers=headers)
        if "application/jwt" in reply.content_type and reply.status == 200:
            userinfo: Mapping[str, Any] = self._decode(reply.body.decode("ascii", "replace"))
        else:
            userinfo = _json(reply, "l'identité du professionnel")
        if userinfo.get("sub") != claims.get("sub"):
            raise Refused(f"{NAME} : l'identité reçue n'est pas celle de la connexion.")
        return userinfo

    def _verify(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """OpenID Connect Core 3.1.3.7. Raises Refused, naming what is wrong."""
        claims = self._decode(id_token)
        audience = claims.get("aud")
        client = self._environment.psc_client_id
        expiry = claims.get("exp")
        now = self._clock.now().timestamp()
        checks = {
            "l'émetteur": claims.get("iss") == self._environment.psc_issuer,
            "le destinataire": client in (audience if isinstance(audience, list) else [audience]),
            "la date d'expiration": isinstance(expiry, int | float) and expiry > now - LEEWAY.total_seconds(),
            "le nonce": not self._behaviour.nonce_checked or claims.get("nonce") == nonce,
            "le niveau d'authentification": claims.get("acr") == ACR,
        }
        for what, good in checks.items():
            if not good:
                raise Refused(f"Connexion refusée : {what} du jeton d'identité ne convient pas.")
        return claims

    def _decode(self, token: str) -> Mapping[str, Any]:
        """Claims of a signed token; the provider's keys are read again when the key is not known."""
        try:
            kid = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "==")).get("kid")
        except (ValueError, AttributeError):
            raise Refused("Connexion refusée : le jeton d'identité est illisible.") from None
        if self._keys is None or all(key.kid != kid for key in self._keys.keys):
            found = _json(self._channel.ask("GET", self._discover()["jwks_uri"]), "ses clés")
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError):
                raise Failed(f"{NAME} : les clés publiées sont illisibles.") from None
        try:
            return jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            raise Refused("Connexion refusée : la signature du jeton d'identité est fausse.") from None

    def close(self) -> None:
        self._channel.close()


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _json(reply: Reply, what: str) -> Mapping[str, Any]:
    if reply.status != 200:
        raise Failed(f"{NAME} ne donne pas {what} (HTTP {reply.status}).")
    try:
        found = json.loads(reply.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failed(f"{NAME} : {what}, réponse illisible.")
    return found


def _error(reply: Reply) -> str:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return f"HTTP {reply.status}"
    return str(found.get("error", "")) if isinstance(found, dict) else f"HTTP {reply.status}"
