"""What Pro Santé Connect asks of a relying party, judged on its requests.

Sources: OpenID Connect Core, RFC 6749, RFC 7636, and the public integration rules (EX PSC).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemas.finding import Keyword, Observation, RuleSet

RULES: RuleSet["Asked"] = RuleSet("psc")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
SECRETS = ("client_secret", "access_token", "refresh_token", "code_verifier", "id_token")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, its parameters, and where they came from."""

    transaction: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""  # what the caller did wrong, as the provider found (see `errors`)
    discovered: bool = True  # the discovery document was read before
    keys_read: bool = True  # the provider's keys were read before


@RULES.rule("PSC-PKCE", requirements=["SC.PSC.01"], source="RFC 7636")
def pkce_s256(asked: Asked) -> Iterator[Observation]:
    """The authorisation request carries a SHA-256 code challenge."""
    if asked.transaction != "PSC.authorize":
        return
    method, challenge = asked.query.get("code_challenge_method", ""), asked.query.get("code_challenge", "")
    if method != "S256" or not CHALLENGE.fullmatch(challenge):
        yield Observation("code_challenge", f"{method} {challenge}".strip(), "S256, 43 caractères")


@RULES.rule("PSC-ACR", requirements=["PSC.08"], source="EX PSC, acr_values")
def acr_eidas1(asked: Asked) -> Iterator[Observation]:
    """acr_values=eidas1 (the parameter is not called `acr`)."""
    if asked.transaction == "PSC.authorize" and asked.query.get("acr_values") != "eidas1":
        yield Observation("acr_values", asked.query.get("acr_values", ""), "eidas1")


@RULES.rule("PSC-STATE", requirements=["BEN-PSC-01"], source="RFC 6749, 10.12")
def state_is_sent(asked: Asked) -> Iterator[Observation]:
    """A state protects the redirection."""
    if asked.transaction == "PSC.authorize" and len(asked.query.get("state", "")) < 8:
        yield Observation("state", asked.query.get("state", ""), "au moins 8 caractères")


@RULES.rule("PSC-NONCE", requirements=["BEN-PSC-01"], source="OpenID Connect Core 3.1.2.1")
def nonce_is_sent(asked: Asked) -> Iterator[Observation]:
    """A nonce ties the ID token to the request."""
    if asked.transaction == "PSC.authorize" and len(asked.query.get("nonce", "")) < 8:
        yield Observation("nonce", asked.query.get("nonce", ""), "au moins 8 caractères")


@RULES.rule("PSC-SCOPE", requirements=["SC.PSC.01"], source="EX PSC, scope")
def scope_is_whole(asked: Asked) -> Iterator[Observation]:
    """scope=openid scope_all."""
    scope = set(asked.query.get("scope", "").split())
    if asked.transaction == "PSC.authorize" and not {"openid", "scope_all"} <= scope:
        yield Observation("scope", asked.query.get("scope", ""), "openid scope_all")


@RULES.rule("PSC-SECRET", requirements=["BEN-PSC-07"], source="RFC 6749, 2.3.1")
def no_secret_in_url(asked: Asked) -> Iterator[Observation]:
    """Secrets and tokens never travel in a URL (id_token_hint at logout excepted)."""
    for name in SECRETS:
        if name in asked.query:
            yield Observation(f"?{name}", "…", "corps de la requête ou en-tête")


@RULES.rule("PSC-DECONNEXION", requires=Keyword.DEVRAIT, source="OpenID Connect RP-Initiated Logout")
def logout_names_its_session(asked: Asked) -> Iterator[Observation]:
    """Logging out carries id_token_hint."""
    if asked.transaction == "PSC.logout" and not {**asked.query, **asked.form}.get("id_token_hint"):
        yield Observation("id_token_hint", "", "ID token")


@RULES.rule("PSC-CODE", requirements=["SC.PSC.01"], source="RFC 6749 §4.1.3, RFC 7636 §4.5")
def code_is_exchanged_once(asked: Asked) -> Iterator[Observation]:
    """The code received is exchanged once, with the verifier of its challenge."""
    if asked.problem in ("code-unknown", "code-reused", "code-verifier"):
        yield Observation("code", asked.problem, "le code reçu, une fois, avec son code_verifier")


@RULES.rule("PSC-REDIRECTION", requirements=["BEN-PSC-07"], source="RFC 6749 §3.1.2.3 and §4.1.3")
def redirection_is_exact(asked: Asked) -> Iterator[Observation]:
    """redirect_uri is one that was declared, and the same in both requests."""
    if asked.problem in ("redirect-uri", "redirect-uri-unregistered"):
        where = {**asked.query, **asked.form}.get("redirect_uri", "")
        yield Observation("redirect_uri", where, "celle qui est déclarée, la même partout")


@RULES.rule("PSC-ROTATION", requirements=["BEN-PSC-03"], source="RFC 6749 §6")
def refresh_tokens_rotate(asked: Asked) -> Iterator[Observation]:
    """Each renewal uses the last refresh token received."""
    if asked.problem == "refresh-reused":
        yield Observation("refresh_token", "déjà utilisé", "le dernier reçu")


@RULES.rule("PSC-JETON-MORT", requires=Keyword.DEVRAIT, requirements=["BEN-PSC-03"], source="RFC 6750 §3.1")
def dead_tokens_are_not_sent(asked: Asked) -> Iterator[Observation]:
    """An access token that has expired is not presented."""
    if asked.transaction == "PSC.userinfo" and asked.problem == "expired":
        yield Observation("Authorization", "jeton expiré", "jeton renouvelé avant ses 2 minutes")


@RULES.rule("PSC-DECOUVERTE", requires=Keyword.DEVRAIT, source="OpenID Connect Discovery 1.0")
def endpoints_are_discovered(asked: Asked) -> Iterator[Observation]:
    """Endpoints come from the discovery document, not from constants."""
    if asked.transaction == "PSC.token" and not asked.discovered:
        yield Observation("PSC.discovery", "jamais lu", "lu avant la première connexion")


@RULES.rule("PSC-CLES", requires=Keyword.PEUT, source="OpenID Connect Core 3.1.3.7")
def keys_are_read(asked: Asked) -> Iterator[Observation]:
    """The provider's keys are read before the identity is used: no signature is verified without them."""
    if asked.transaction == "PSC.userinfo" and not asked.keys_read:
        yield Observation("PSC.jwks", "jamais lu", "lu pour vérifier l'ID token")
