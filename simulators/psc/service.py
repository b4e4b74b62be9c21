"""Behaviour of Pro Santé Connect: discovery, authorisation code with PKCE, tokens, userinfo, logout.

Lifetimes: access token 2 min, refresh token 30 min, session 4 h (IG "sécurisation transport API REST").
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from schemas.finding import Finding
from schemas.messages import text
from simulators.core.clock import Clock
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.identities import PROFESSIONALS, Professional
from simulators.core.random import Randomness
from simulators.core.service import Handled, Request, Response, answer

from . import errors, faults, pages, replies
from .errors import OidcError
from .issue import issue, new_key
from .rules import RULES, Asked
from .state import Grant, Memory, Refresh, Session
from .tokens import ALGORITHM, Signer, TokenRefused, TokenVerifier
from .userinfo import userinfo

__all__ = ["AUTHORIZE", "OIDC", "REALM", "PscService", "new_key"]

REALM = "/auth/realms/esante-wallet"
OIDC = f"{REALM}/protocol/openid-connect"
AUTHORIZE = "/auth"  # the wallet's own path, apart from the realm's
ROUTES = {
    f"{REALM}/.well-known/wallet-openid-configuration": "PSC.discovery",
    f"{REALM}/.well-known/openid-configuration": "PSC.discovery",
    f"{OIDC}/auth": "PSC.authorize",
    AUTHORIZE: "PSC.authorize",
    f"{OIDC}/token": "PSC.token",
    f"{OIDC}/userinfo": "PSC.userinfo",
    f"{OIDC}/certs": "PSC.jwks",
    f"{OIDC}/logout": "PSC.logout",
    f"{OIDC}/token/introspect": "PSC.introspect",
}
Facts = dict[str, Any]


class PscService:
    """The provider. `base_url` is `https://host:port`, set once the port is known."""

    name = "psc"

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        client_id: str,
        client_secret: str,
        key: RSAKey,
        *,
        redirect_uris: Sequence[str] = (),
    ) -> None:
        """`redirect_uris`: those declared, compared exactly; without any, the loopback and https are open."""
        self._clock = clock
        self._random = randomness
        self.client_id = client_id
        self._clients = {client_id: client_secret}
        self._redirect_uris = {client_id: tuple(redirect_uris)}
        self._memory = Memory()
        self._key = key
        self.base_url = ""
        self._signer = Signer(key, REALM)

    def at(self, base_url: str) -> None:
        """Tell the provider where it is reached: its issuer name depends on it."""
        self.base_url = base_url
        self._signer = Signer(self._key, base_url + REALM)

    @property
    def issuer(self) -> str:
        return self._signer.issuer

    def register(self, client_id: str, client_secret: str, redirect_uris: Sequence[str]) -> None:
        """One more relying party, with the redirections that it declares. Again: in place of what it was."""
        self._clients[client_id] = client_secret
        self._redirect_uris[client_id] = tuple(redirect_uris)

    def keys(self) -> dict[str, Any]:
        """The public keys (JWKS), for another service of the bench."""
        return self._signer.jwks()

    def verifier(self) -> TokenVerifier:
        """A verifier of this provider's access tokens, for other services."""
        return TokenVerifier(lambda: self._signer, self._memory.ended, self._memory.used)

    def revoke(self, id_nat: str) -> None:
        """End every session of a professional: access and refresh tokens die at once."""
        self._memory.revoke(id_nat)

    # -- protocol Service --------------------------------------------------------------------------

    def identify(self, request: Request) -> str:
        transaction = ROUTES.get(request.path, "?")
        if transaction == "PSC.authorize" and request.method == "POST" and "user" in request.form:
            return "PSC.choice"
        if transaction == "PSC.token" and request.form.get("grant_type") == "refresh_token":
            return "PSC.refresh"
        return transaction

    def handle(self, request: Request) -> Handled:
        return self._handle(request, "")

    def refuse(self, request: Request, fault: Fault) -> Handled:
        """Do what is asked, falsified as `faults` says. Raises ValueError for another kind."""
        faults.check(fault.kind, self.identify(request))
        return self._handle(request, fault.kind)

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        method, target = exchange.request_head.split(" ")[:2]
        request = Request(method, target, (), exchange.request_body)
        return _judge(exchange.transaction, request, exchange.facts)

    # -- behaviour ---------------------------------------------------------------------------------

    def _handle(self, request: Request, forgery: str) -> Handled:
        transaction = self.identify(request)
        actions: Mapping[str, Callable[[Request, str], tuple[Response, Facts]]] = {
            "PSC.discovery": self._discovery,
            "PSC.authorize": self._authorize,
            "PSC.choice": self._choice,
            "PSC.token": self._token,
            "PSC.refresh": self._refresh,
            "PSC.userinfo": self._userinfo,
            "PSC.jwks": self._jwks,
            "PSC.logout": self._logout,
            "PSC.introspect": self._introspect,
        }
        if transaction not in actions:
            missing = answer(404, "application/json", '{"error":"not_found"}')
            return Handled(missing, transaction, {"outcome": "refused", "reason": "not_found"})
        facts: Facts = {}
        if transaction == "PSC.token":
            facts["discovered"] = "PSC.discovery" in self._memory.asked
        elif transaction == "PSC.userinfo":
            facts["keys_read"] = "PSC.jwks" in self._memory.asked
        self._memory.asked.add(transaction)
        try:
            response, more = actions[transaction](request, forgery)
            facts |= {"outcome": "accepted", **more}
        except OidcError as error:
            response = replies.refusal(transaction, error)
            facts |= {"outcome": "refused", "reason": error.code, "detail": error.detail}
            if error.problem:
                facts["problem"] = error.problem
        return Handled(response, transaction, facts, tuple(_judge(transaction, request, facts)))

    def _discovery(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        base = self.base_url + OIDC
        wallet = request.path.endswith("wallet-openid-configuration")  # the standard name has another address
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": self.base_url + (AUTHORIZE if wallet else f"{OIDC}/auth"),
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "end_session_endpoint": f"{base}/logout",
            "jwks_uri": f"{base}/certs",
            "introspection_endpoint": f"{base}/token/introspect",
            "scopes_supported": ["openid", "scope_all"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "acr_values_supported": ["eidas1"],
            "subject_types_supported": ["public"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return answer(200, "application/json", json.dumps(document)), {}

    def _checked(self, fields: Mapping[str, str]) -> None:
        """Raises OidcError for what must never be sent back through the browser, then for the rest."""
        client = fields.get("client_id", "")
        if client not in self._clients:
            raise errors.unknown_client(client)
        uri = fields.get("redirect_uri", "")
        if not replies.redirectable(uri):
            raise errors.bad_redirection()
        declared = self._redirect_uris[client]
        if declared and uri not in declared:
            raise errors.unregistered_redirection(uri)
        if fields.get("response_type") != "code":
            raise errors.bad_response_type()
        if not {"openid", "scope_all"} <= set(fields.get("scope", "").split()):
            raise errors.bad_scope()
        if fields.get("code_challenge_method") != "S256" or not fields.get("code_challenge"):
            raise errors.pkce_required()

    def _authorize(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        fields = request.form if request.method == "POST" else request.query
        self._checked(fields)
        facts = {"client": fields["client_id"]}
        if "none" in fields.get("prompt", "").split():
            return replies.sent_back(fields, "login_required"), {**facts, "error": "login_required"}
        if forgery == faults.ACCESS_DENIED:
            return replies.sent_back(fields, "access_denied"), {**facts, "error": "access_denied"}
        if forgery == faults.BAD_STATE:
            fields = {**fields, "state": f"{fields.get('state', '')}-falsifie"}
        return pages.choice(PROFESSIONALS, fields, request.path), facts

    def _choice(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        fields = request.form
        self._checked(fields)
        if forgery == faults.BAD_STATE:
            fields = {**fields, "state": f"{fields.get('state', '')}-falsifie"}
        person = next((item for item in PROFESSIONALS if item.user == fields.get("user")), None)
        if person is None or forgery == faults.ACCESS_DENIED:
            return replies.sent_back(fields, "access_denied"), {"error": "access_denied"}
        now = self._clock.now()
        session = Session(
            self._random.uuid("psc.session"), person, fields["client_id"], fields.get("nonce", ""), now
        )
        self._memory.open(session)
        code = self._random.token("psc.code")
        self._memory.codes[code] = Grant(session, fields["redirect_uri"], fields["code_challenge"], now)
        told = {"code": code, "session_state": session.id}
        if fields.get("state"):
            told["state"] = fields["state"]
        facts = {"user": person.id_nat, "client": fields["client_id"]}
        return replies.redirection(fields["redirect_uri"], told), facts

    def _authenticated(self, request: Request) -> tuple[dict[str, str], str]:
        """The form, and the client that it is of."""
        form = request.form
        scheme, _, credentials = request.header("Authorization").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
            except ValueError:
                raise errors.unauthenticated("en-tête Basic illisible") from None
            name, secret = unquote(name), unquote(secret)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        if name not in self._clients or secret != self._clients[name]:
            raise errors.unauthenticated("client_id ou client_secret inconnus")
        return form, name

    def _token(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        form, client = self._authenticated(request)
        if form.get("grant_type") != "authorization_code":
            raise errors.bad_grant_type(form.get("grant_type", ""))
        grant = self._memory.spend_code(form.get("code", ""), self._clock.now())
        if grant.session.client != client:
            raise errors.bad_code("code-unknown")  # given to another client
        if form.get("redirect_uri") != grant.redirect_uri:
            raise errors.bad_code("redirect-uri")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            raise errors.bad_code("code-verifier")
        return self._tokens(grant.session, self._random.uuid("psc.jti"), forgery)

    def _refresh(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        form, client = self._authenticated(request)
        if forgery == faults.SESSION_ENDED:
            raise errors.bad_refresh("session-ended")
        jti = self._random.uuid("psc.jti")
        session = self._memory.spend_refresh(form.get("refresh_token", ""), self._clock.now(), jti)
        if session.client != client:
            raise errors.bad_refresh("refresh-unknown")  # given to another client
        return self._tokens(session, jti, forgery)

    def _tokens(self, session: Session, jti: str, forgery: str) -> tuple[Response, Facts]:
        now, refresh = self._clock.now(), self._random.token("psc.refresh", 48)
        self._memory.refresh[refresh] = Refresh(session, now, jti)
        body = issue(self._signer, session, jti=jti, refresh=refresh, now=now, forgery=forgery)
        return answer(200, "application/json", json.dumps(body), replies.NO_STORE), {
            "user": session.person.id_nat
        }

    def _userinfo(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        person = self._bearer(request)
        return answer(200, "application/json", json.dumps(userinfo(person))), {"user": person.id_nat}

    def _bearer(self, request: Request) -> Professional:
        scheme, _, token = request.header("Authorization").partition(" ")
        if scheme.lower() != "bearer":
            raise errors.bad_token("en-tête Authorization: Bearer attendu")
        try:
            claims = self.verifier().verify(token, self._clock.now())
        except TokenRefused as refused:
            raise errors.bad_token(refused.reason) from None
        return next(person for person in PROFESSIONALS if person.id_nat == claims.subject_name_id)

    def _jwks(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        return answer(200, "application/json", json.dumps(self._signer.jwks())), {}

    def _introspect(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        form, _ = self._authenticated(request)
        token = form.get("token", "")
        try:
            self.verifier().verify(token, self._clock.now())
        except TokenRefused as refused:
            return answer(200, "application/json", '{"active":false}'), {"reason": refused.reason}
        claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        kept = {name: claims[name] for name in ("exp", "iat", "auth_time", "jti", "iss", "sub", "typ", "azp")}
        body = {**kept, "SubjectNameID": claims["SubjectNameID"], "active": True}
        return answer(200, "application/json", json.dumps(body)), {"user": claims["SubjectNameID"]}

    def _logout(self, request: Request, forgery: str) -> tuple[Response, Facts]:
        fields = {**request.query, **request.form}
        hint = fields.get("id_token_hint", "")
        if not hint:
            raise errors.bad_hint("absent")
        try:
            claims = jwt.decode(hint, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            raise errors.bad_hint("illisible") from None
        self._memory.end(str(claims.get("sid", "")))
        facts = {"user": str(claims.get("SubjectNameID", ""))}
        target = fields.get("post_logout_redirect_uri", "")
        if replies.redirectable(target):
            state = {"state": fields["state"]} if fields.get("state") else {}
            return replies.redirection(target, state), facts
        return pages.page(200, text("psc.ended"), text("psc.simulated")), facts


def _judge(transaction: str, request: Request, facts: Mapping[str, Any]) -> list[Finding]:
    asked = Asked(
        transaction,
        request.query,
        request.form,
        problem=str(facts.get("problem", "")),
        discovered=bool(facts.get("discovered", True)),
        keys_read=bool(facts.get("keys_read", True)),
    )
    return RULES.judge(asked)
