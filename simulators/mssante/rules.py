"""Protocol rules of the mail interfaces, judged on recorded exchanges alone.

Source: Référentiel #2 MSSanté "Clients", ECO.1.x; RFC 5321, 3207, 4954. Each rule reads the facts that the
servers wrote, so that the same verdict comes out offline.
"""

from collections.abc import Iterator
from typing import Any

from schemas.finding import Keyword, Observation, RuleSet
from simulators.core.exchange import Exchange

RULES: RuleSet[Exchange] = RuleSet("mssante")

REFERENTIEL = "Référentiel #2 MSSanté"
UNREADABLE = RULES.declare("MSS-S03", requirements=("SC.MSS/CONF.05",), source="RFC 5322, RFC 2045")
A01_PROBLEMS = frozenset({"xoauth2-format", "bad-base64", "not-entitled", "unknown-mechanism"})
A07_PROBLEMS = frozenset(
    {"no-client-certificate", "wrong-certificate", "plain-format", "unknown-mailbox", "not-owner"}
)


def _smtp(exchange: Exchange) -> bool:
    return exchange.transaction.startswith("SMTP.")


def _attempts(exchange: Exchange, interface: str) -> list[dict[str, Any]]:
    if exchange.facts.get("interface") != interface:
        return []
    return list(exchange.facts.get("attempts", ()))


def _in_clear(exchange: Exchange) -> Iterator[Observation]:
    for command in exchange.facts.get("clear_commands", ()):
        yield Observation(f"{exchange.transaction} {command}", f"{command} avant TLS", "STARTTLS d'abord")
    if exchange.facts.get("reason") == "starttls-injection":
        yield Observation("STARTTLS", "commandes en clair derrière STARTTLS", "attendre la réponse 220/OK")


@RULES.rule("MSS-T01-SMTP", requirements=("SC.MSS/CONF.05",), source=f"{REFERENTIEL} ECO.1.0.1")
def smtp_starts_tls(exchange: Exchange) -> Iterator[Observation]:
    """Nothing is sent in clear before STARTTLS on the submission interface."""
    if _smtp(exchange) and exchange.facts.get("starttls_offered"):
        yield from _in_clear(exchange)


@RULES.rule("MSS-T01-IMAP", requirements=("SC.MSS/CONF.06",), source=f"{REFERENTIEL} ECO.1.0.2")
def imap_starts_tls(exchange: Exchange) -> Iterator[Observation]:
    """Nothing is sent in clear before STARTTLS on the reading interface."""
    if not _smtp(exchange) and exchange.facts.get("starttls_offered"):
        yield from _in_clear(exchange)


@RULES.rule("MSS-T09", requirements=("BEN-MSS-10",), source="RFC 3207 §6")
def no_credentials_without_starttls(exchange: Exchange) -> Iterator[Observation]:
    """When the server does not offer STARTTLS, the client sends no credential and no message."""
    if exchange.facts.get("starttls_offered") is False:
        for command in exchange.facts.get("clear_commands", ()):
            yield Observation(command, f"{command} en clair", "abandonner la connexion")


@RULES.rule("MSS-T02", requirements=("SC.MSS/CONF.01",), source=f"{REFERENTIEL} ECO.1.1.1")
def tls_is_recent(exchange: Exchange) -> Iterator[Observation]:
    """The client can negotiate TLS 1.2 or later."""
    if exchange.facts.get("tls_reason") in ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "WRONG_SSL_VERSION"):
        yield Observation("STARTTLS", exchange.facts.get("tls_error", ""), "TLSv1.2, TLSv1.3")


@RULES.rule("MSS-T03", requirements=("SC.MSS/CONF.03",), source=f"{REFERENTIEL} ECO.1.1.3")
def suite_is_listed(exchange: Exchange) -> Iterator[Observation]:
    """The client offers at least one of the six listed suites, or TLS 1.3."""
    if exchange.facts.get("tls_reason") == "NO_SHARED_CIPHER":
        yield Observation("ClientHello", exchange.facts.get("tls_error", ""), "ECDHE/DHE-RSA, AES-GCM/CBC")


@RULES.rule(
    "MSS-T03-OFFRE",
    requires=Keyword.PEUT,
    requirements=("SC.MSS/CONF.03",),
    source=f"{REFERENTIEL} ECO.1.1.3",
)
def offered_suites(exchange: Exchange) -> Iterator[Observation]:
    """Information: TLS 1.2 suites that the client offers beyond the list (the text binds what is used)."""
    beyond = exchange.facts.get("suites_beyond_list", ())
    if beyond:
        yield Observation("ClientHello", ", ".join(beyond), "les six suites de la liste")


@RULES.rule("MSS-A01", requirements=("SC.MSS/CONF.07",), source=f"{REFERENTIEL} ECO.1.2.1")
def xoauth2_is_right(exchange: Exchange) -> Iterator[Observation]:
    """PER/ORG mailboxes: XOAUTH2, well formed, for a mailbox of the person who is logged in."""
    for attempt in _attempts(exchange, "po"):
        if attempt["problem"] in A01_PROBLEMS:
            observed = f"{attempt['problem']} {attempt['mechanism']} {attempt['detail']}".strip()
            yield Observation(
                f"AUTH {attempt['mechanism']}", observed, "user=<BAL>^Aauth=Bearer <jeton PSC>^A^A"
            )


@RULES.rule(
    "MSS-A02", requires=Keyword.PEUT, requirements=("MSS/CONF.09",), source=f"{REFERENTIEL} ECO.1.2.4"
)
def initial_response(exchange: Exchange) -> Iterator[Observation]:
    """Information: the token is not sent in one exchange (SASL-IR) on IMAP."""
    if not _smtp(exchange):
        for attempt in _attempts(exchange, "po"):
            if attempt["mechanism"] == "XOAUTH2" and not attempt["initial_response"]:
                yield Observation("AUTHENTICATE XOAUTH2", "deux échanges", "SASL-IR (possible)")


@RULES.rule("MSS-A03", requirements=("SC.MSS/CONF.08",), source=f"{REFERENTIEL} ECO.1.2.3")
def does_not_flood(exchange: Exchange) -> Iterator[Observation]:
    """After a refusal the client does not try again without end."""
    refused, limit = exchange.facts.get("refused_last_minute", 0), exchange.facts.get("flood_limit", 5)
    if refused > limit:
        yield Observation("AUTH", f"{refused} refus en une minute", f"au plus {limit}")


@RULES.rule("MSS-A07", requirements=("MSS/CONF.12",), source=f"{REFERENTIEL} ECO.1.3.1")
def certificate_is_right(exchange: Exchange) -> Iterator[Observation]:
    """APP mailboxes: a valid ORG AUTH_CLI certificate, then PLAIN with the address of its own mailbox."""
    for attempt in _attempts(exchange, "app"):
        if attempt["problem"] in A07_PROBLEMS or attempt["problem"] in ("unknown-mechanism", "bad-base64"):
            observed = f"{attempt['problem']} {attempt['detail']}".strip()
            yield Observation(f"AUTH {attempt['mechanism']}", observed, "ORG AUTH_CLI + PLAIN <BAL APP>")
    refused_certificate = exchange.facts.get("tls_reason") in (
        "CERTIFICATE_VERIFY_FAILED",
        "PEER_DID_NOT_RETURN_A_CERTIFICATE",
    )
    if exchange.facts.get("interface") == "app" and refused_certificate:
        yield Observation("STARTTLS", exchange.facts.get("tls_error", ""), "ORG AUTH_CLI")


@RULES.rule("MSS-S01", requirements=("SC.MSS/CONF.05",), source="RFC 5321 §2.3.8")
def lines_end_with_crlf(exchange: Exchange) -> Iterator[Observation]:
    """No <CR> or <LF> alone: a message that has one is read differently by two servers (smuggling)."""
    if _smtp(exchange) and exchange.facts.get("reason") == "bare-newline":
        yield Observation(
            "DATA" if exchange.facts.get("in_data") else "commande",
            exchange.facts.get("reply", ""),
            "<CR><LF>",
        )


@RULES.rule("MSS-S02", requires=Keyword.DEVRAIT, requirements=("SC.MSS/CONF.05",), source="RFC 3207 §4.2")
def greets_again(exchange: Exchange) -> Iterator[Observation]:
    """EHLO is sent again once TLS is up."""
    if exchange.facts.get("ehlo_after_tls") is False:
        yield Observation("EHLO", "aucun EHLO après STARTTLS", "EHLO")
