"""Behaviour of Pro Santé Connect: discovery, authorisation code with PKCE, tokens, userinfo, logout.

Lifetimes: access token 2 min, refresh token 30 min, session 4 h (IG "sécurisation transport API REST").
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

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

from . import pages
from .rules import RULES, Asked
from .state import CODE_LIFE, REFRESH_LIFE, SESSION_LIFE, Grant, Memory, Session
from .tokens import ACCESS_LIFE, ALGORITHM, Signer, TokenRefused, TokenVerifier, access_claims, subject
from .userinfo import userinfo

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
FORGERIES = ("bad-nonce", "bad-signature", "bad-state")


class OidcError(Exception):
    """A refusal with its OAuth code (RFC 6749, 5.2)."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status


class PscService:
    """The provider. `base_url` is `https://host:port`, set once the port is known."""

    name = "psc"

    def __init__(
        self, clock: Clock, randomness: Randomness, client_id: str, client_secret: str, key: RSAKey
    ) -> None:
        self._clock = clock
        self._random = randomness
        self.client_id = client_id
        self._client_secret = client_secret
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

    def verifier(self) -> TokenVerifier:
        """A verifier of this provider's access tokens, for other services."""
        return TokenVerifier(lambda: self._signer, self._memory.ended)

    def revoke(self, id_nat: str) -> None:
        """End every session of a professional: access and refresh tokens die at once."""
        self._memory.revoke(id_nat)

    # -- protocol Service --------------------------------------------------------------------------

    def identify(self, request: Request) -> str:
        transaction = ROUTES.get(request.path, "?")
        if transaction == "PSC.authorize" and request.method == "POST":
            return "PSC.choice"
        if transaction == "PSC.token" and request.form.get("grant_type") == "refresh_token":
            return "PSC.refresh"
        return transaction

    def handle(self, request: Request) -> Handled:
        return self._handle(request, "")

    def refuse(self, request: Request, fault: Fault) -> Handled:
        if fault.kind not in FORGERIES:
            raise ValueError(f"psc knows no fault {fault.kind}")
        return self._handle(request, fault.kind)

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        method, target = exchange.request_head.split(" ")[:2]
        request = Request(method, target, (), exchange.request_body)
        return self._findings(exchange.transaction, request)

    # -- behaviour ---------------------------------------------------------------------------------

    def _handle(self, request: Request, forgery: str) -> Handled:
        transaction = self.identify(request)
        findings = self._findings(transaction, request)
        actions: Mapping[str, Callable[[Request, str], tuple[Response, dict[str, Any]]]] = {
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
        try:
            response, facts = actions[transaction](request, forgery)
            facts = {"outcome": "accepted", **facts}
        except OidcError as error:
            response = self._refusal(transaction, error)
            facts = {"outcome": "refused", "reason": error.code, "detail": error.detail}
        return Handled(response, transaction, facts, tuple(findings))

    def _findings(self, transaction: str, request: Request) -> list[Finding]:
        return RULES.judge(Asked(transaction, request.query, request.form))

    def _refusal(self, transaction: str, error: OidcError) -> Response:
        if transaction in ("PSC.authorize", "PSC.choice"):
            return pages.page(error.status, text("psc.refused"), f"{error.code} : {error.detail}")
        body = json.dumps({"error": error.code, "error_description": error.detail})
        return answer(error.status, "application/json", body, ("Cache-Control", "no-store"))

    def _discovery(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        base = self.base_url + OIDC
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": self.base_url + AUTHORIZE,
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
        if fields.get("client_id") != self.client_id:
            raise OidcError("unauthorized_client", f"client_id inconnu : {fields.get('client_id', '')}")
        uri = urlsplit(fields.get("redirect_uri", ""))
        loopback = uri.hostname in ("127.0.0.1", "localhost", "::1")
        if not (uri.scheme == "https" or (uri.scheme == "http" and loopback)) or uri.fragment:
            raise OidcError("invalid_request", "redirect_uri : https, ou http sur la boucle locale")
        if fields.get("response_type") != "code":
            raise OidcError("unsupported_response_type", "response_type=code")
        if "openid" not in fields.get("scope", "").split():
            raise OidcError("invalid_scope", "scope=openid scope_all")
        if fields.get("code_challenge_method") != "S256" or not fields.get("code_challenge"):
            raise OidcError("invalid_request", "PKCE S256 est exigé")

    def _authorize(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        fields = request.query
        self._checked(fields)
        return pages.choice(PROFESSIONALS, fields, request.path), {"client": fields["client_id"]}

    def _choice(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        fields = request.form
        self._checked(fields)
        person = next((item for item in PROFESSIONALS if item.user == fields.get("user")), None)
        if person is None:
            raise OidcError("access_denied", "identité inconnue")
        now = self._clock.now()
        session = Session(
            self._random.uuid("psc.session"), person, self.client_id, fields.get("nonce", ""), now
        )
        self._memory.open(session)
        code = self._random.token("psc.code")
        self._memory.codes[code] = Grant(session, fields["redirect_uri"], fields["code_challenge"], now)
        state = fields.get("state", "")
        back = {"code": code, "session_state": session.id}
        if state:
            back["state"] = f"{state}-falsifie" if forgery == "bad-state" else state
        joint = "&" if urlsplit(fields["redirect_uri"]).query else "?"
        location = f"{fields['redirect_uri']}{joint}{urlencode(back)}"
        headers = (("Location", location), ("Cache-Control", "no-store"))
        return Response(302, headers), {"user": person.id_nat}

    def _authenticated(self, request: Request) -> dict[str, str]:
        form = request.form
        scheme, _, credentials = request.header("Authorization").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
            except ValueError:
                raise OidcError("invalid_client", "en-tête Basic illisible", 401) from None
            name, secret = unquote(name), unquote(secret)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        if (name, secret) != (self.client_id, self._client_secret):
            raise OidcError("invalid_client", "client_id ou client_secret inconnus", 401)
        return form

    def _token(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        form = self._authenticated(request)
        if form.get("grant_type") != "authorization_code":
            raise OidcError("unsupported_grant_type", form.get("grant_type", ""))
        grant = self._memory.codes.pop(form.get("code", ""), None)
        if grant is None or self._clock.now() - grant.made > CODE_LIFE:
            raise OidcError("invalid_grant", "code inconnu, expiré ou déjà utilisé")
        if form.get("redirect_uri") != grant.redirect_uri:
            raise OidcError("invalid_grant", "redirect_uri différente de celle de la demande")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            raise OidcError("invalid_grant", "code_verifier ne correspond pas au code_challenge")
        return self._tokens(grant.session, forgery)

    def _refresh(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        form = self._authenticated(request)
        session, made = self._memory.refresh.pop(form.get("refresh_token", ""), (None, None))
        now = self._clock.now()
        if session is None or made is None or session.id in self._memory.ended:
            raise OidcError("invalid_grant", "refresh_token inconnu, déjà utilisé ou session fermée")
        if now - made > REFRESH_LIFE or now - session.opened > SESSION_LIFE:
            raise OidcError("invalid_grant", "refresh_token ou session expirés")
        return self._tokens(session, forgery)

    def _tokens(self, session: Session, forgery: str) -> tuple[Response, dict[str, Any]]:
        now = self._clock.now()
        issued = int(now.timestamp())
        jti = self._random.uuid("psc.jti")
        person = session.person
        access = access_claims(self.issuer, self.client_id, person, session.id, jti, session.nonce, now)
        identity = {
            "exp": issued + ACCESS_LIFE,
            "iat": issued,
            "auth_time": int(session.opened.timestamp()),
            "iss": self.issuer,
            "aud": self.client_id,
            "azp": self.client_id,
            "sub": subject(person),
            "typ": "ID",
            "sid": session.id,
            "nonce": "falsifie" if forgery == "bad-nonce" else session.nonce,
            "acr": "eidas1",
            "SubjectNameID": person.id_nat,
            "preferred_username": person.id_nat,
            "given_name": person.given,
            "family_name": person.family,
        }
        stranger = RSAKey.generate_key(2048) if forgery == "bad-signature" else None
        refresh = self._random.token("psc.refresh", 48)
        self._memory.refresh[refresh] = (session, now)
        body = {
            "access_token": self._signer.sign(access),
            "expires_in": ACCESS_LIFE,
            "refresh_expires_in": int(REFRESH_LIFE.total_seconds()),
            "refresh_token": refresh,
            "token_type": "Bearer",
            "id_token": self._signer.sign(identity, stranger),
            "session_state": session.id,
            "scope": "openid scope_all",
        }
        reply = answer(200, "application/json", json.dumps(body), ("Cache-Control", "no-store"))
        return reply, {"user": person.id_nat}

    def _userinfo(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        person = self._bearer(request)
        return answer(200, "application/json", json.dumps(userinfo(person))), {"user": person.id_nat}

    def _bearer(self, request: Request) -> Professional:
        scheme, _, token = request.header("Authorization").partition(" ")
        if scheme.lower() != "bearer":
            raise OidcError("invalid_token", "en-tête Authorization: Bearer attendu", 401)
        try:
            claims = self.verifier().verify(token, self._clock.now())
        except TokenRefused as refused:
            raise OidcError("invalid_token", refused.reason, 401) from None
        return next(person for person in PROFESSIONALS if person.id_nat == claims.subject_name_id)

    def _jwks(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        return answer(200, "application/json", json.dumps(self._signer.jwks())), {}

    def _introspect(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        form = self._authenticated(request)
        token = form.get("token", "")
        try:
            self.verifier().verify(token, self._clock.now())
        except TokenRefused as refused:
            return answer(200, "application/json", '{"active":false}'), {"reason": refused.reason}
        claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        kept = {name: claims[name] for name in ("exp", "iat", "auth_time", "jti", "iss", "sub", "typ", "azp")}
        body = {**kept, "SubjectNameID": claims["SubjectNameID"], "active": True}
        return answer(200, "application/json", json.dumps(body)), {"user": claims["SubjectNameID"]}

    def _logout(self, request: Request, forgery: str) -> tuple[Response, dict[str, Any]]:
        fields = {**request.query, **request.form}
        hint = fields.get("id_token_hint", "")
        if not hint:
            raise OidcError("invalid_request", "id_token_hint absent")
        try:
            claims = jwt.decode(hint, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            raise OidcError("invalid_request", "id_token_hint illisible") from None
        self._memory.end(str(claims.get("sid", "")))
        facts = {"user": str(claims.get("SubjectNameID", ""))}
        target = fields.get("post_logout_redirect_uri", "")
        if urlsplit(target).hostname in ("127.0.0.1", "localhost"):
            return Response(302, (("Location", target),)), facts
        return pages.page(200, text("psc.ended"), text("psc.simulated")), facts


def new_key() -> RSAKey:
    """A signing key for one provider."""
    return RSAKey.generate_key(2048, {"kid": "banc-1", "use": "sig", "alg": ALGORITHM})
