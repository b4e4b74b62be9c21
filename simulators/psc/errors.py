"""Every refusal of the provider, with its OAuth code (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1).

`problem` is a stable word for what the caller did wrong, when rules judge it.
"""


class OidcError(Exception):
    """A refusal. `detail` is shown to the caller; `status` is that of the answer."""

    def __init__(self, code: str, detail: str, status: int = 400, problem: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.problem = problem


def unknown_client(client: str) -> OidcError:
    return OidcError("unauthorized_client", f"client_id inconnu : {client[:100]}")


def bad_redirection() -> OidcError:
    return OidcError("invalid_request", "redirect_uri : https, ou http sur la boucle locale, sans fragment")


def unregistered_redirection(uri: str) -> OidcError:
    return OidcError(
        "invalid_request", f"redirect_uri non déclarée : {uri[:200]}", problem="redirect-uri-unregistered"
    )


def bad_response_type() -> OidcError:
    return OidcError("unsupported_response_type", "response_type=code")


def bad_scope() -> OidcError:
    return OidcError("invalid_scope", "scope=openid scope_all")


def pkce_required() -> OidcError:
    return OidcError("invalid_request", "PKCE S256 est exigé")


def unauthenticated(detail: str) -> OidcError:
    return OidcError("invalid_client", detail, 401)


def bad_grant_type(asked: str) -> OidcError:
    return OidcError("unsupported_grant_type", f"grant_type : {asked[:100]}")


def bad_code(problem: str) -> OidcError:
    details = {
        "code-unknown": "code inconnu",
        "code-reused": "code déjà utilisé",
        "code-expired": "code expiré : il vaut une minute",
        "code-verifier": "code_verifier ne correspond pas au code_challenge",
        "redirect-uri": "redirect_uri différente de celle de la demande",
    }
    return OidcError("invalid_grant", details[problem], problem=problem)


def bad_refresh(problem: str) -> OidcError:
    details = {
        "refresh-unknown": "refresh_token inconnu",
        "refresh-reused": "refresh_token déjà utilisé : un autre a été donné à sa place",
        "refresh-expired": "refresh_token ou session expirés",
        "session-ended": "session fermée",
    }
    return OidcError("invalid_grant", details[problem], problem=problem)


def bad_token(reason: str) -> OidcError:
    return OidcError("invalid_token", reason, 401, problem=reason if reason == "expired" else "")


def bad_hint(detail: str) -> OidcError:
    return OidcError("invalid_request", f"id_token_hint {detail}")
