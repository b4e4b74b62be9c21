"""Every refusal of the operator, with its wire code. No reply is built by hand elsewhere.

Codes follow RFC 5321, RFC 4954, RFC 3207 and RFC 3463. Which code an operator gives for which business
refusal is fixed by no public text: those marked (bench) are ours. `reason` is the stable word put in facts.
"""

from dataclasses import dataclass


@dataclass(eq=False)
class Refusal(Exception):
    """An SMTP reply that refuses. `closes`: the server ends the connection after it."""

    code: int
    enhanced: str
    text: str
    reason: str
    closes: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}"


def need_starttls() -> Refusal:
    return Refusal(530, "5.7.0", "Must issue a STARTTLS command first", "no-starttls")


def need_authentication() -> Refusal:
    return Refusal(530, "5.7.0", "Authentication required", "not-authenticated")


def injection() -> Refusal:
    text = "Commands sent in clear after STARTTLS are refused (STARTTLS injection); closing"
    return Refusal(554, "5.5.1", text, "starttls-injection", closes=True)


def bare_newline(character: str, offset: int | None = None) -> Refusal:
    where = "" if offset is None else f" at byte {offset} of the message"
    text = f"bare <{character}> received{where}: lines end with <CR><LF> (RFC 5321 2.3.8); closing"
    return Refusal(521, "5.5.2", text, "bare-newline", closes=True)


def line_too_long() -> Refusal:
    return Refusal(500, "5.5.2", "Line too long; closing", "line-too-long", closes=True)


def bad_bytes() -> Refusal:
    return Refusal(500, "5.5.2", "Command holds a control character or bytes that are not UTF-8", "bad-bytes")


def unknown_command(verb: str) -> Refusal:
    return Refusal(500, "5.5.1", f"Command not recognised: {verb[:20]}", "unknown-command")


def not_implemented(verb: str) -> Refusal:
    return Refusal(502, "5.5.1", f"{verb} is not implemented", "not-implemented")


def syntax(text: str) -> Refusal:
    return Refusal(501, "5.5.4", text, "syntax")


def sequence(text: str) -> Refusal:
    return Refusal(503, "5.5.1", text, "bad-sequence")


def unknown_parameter(name: str) -> Refusal:
    return Refusal(555, "5.5.4", f"Unsupported parameter: {name[:40]}", "unknown-parameter")


def too_many_errors() -> Refusal:
    return Refusal(421, "4.7.0", "Too many errors; closing", "too-many-errors", closes=True)


def not_smtp() -> Refusal:
    return Refusal(421, "4.7.0", "This is an SMTP server, not HTTP; closing", "not-smtp", closes=True)


def idle() -> Refusal:
    return Refusal(421, "4.4.2", "Nothing received for too long; closing", "timeout", closes=True)


def stopping() -> Refusal:
    return Refusal(421, "4.3.2", "Service closing the session; reconnect", "kicked", closes=True)


def unavailable() -> Refusal:
    return Refusal(421, "4.3.2", "Service not available, try again later", "unavailable", closes=True)


def unknown_mechanism(name: str, wanted: str) -> Refusal:
    text = f"Mechanism {name[:20]} not supported here, use {wanted}"
    return Refusal(504, "5.5.4", text, "unknown-mechanism")


def bad_base64() -> Refusal:
    return Refusal(501, "5.5.2", "Cannot decode the base64 of the SASL response", "bad-base64")


def cancelled() -> Refusal:
    return Refusal(501, "5.7.0", "Authentication cancelled", "cancelled")


def authentication(text: str, reason: str) -> Refusal:
    return Refusal(535, "5.7.8", text, reason)


def certificate_required() -> Refusal:
    text = "A TLS client certificate (ORG AUTH_CLI) is required on this interface"
    return Refusal(530, "5.7.0", text, "no-client-certificate")


def sender_not_allowed(sender: str, mailbox: str) -> Refusal:  # (bench)
    return Refusal(553, "5.7.1", f"<{sender}> may not be used by {mailbox}", "sender-not-allowed")


def bad_address(address: str) -> Refusal:  # (bench)
    return Refusal(501, "5.1.3", f"Bad address syntax: {address[:80]}", "bad-address")


def outside_trust_space(domain: str) -> Refusal:  # (bench): the refusal is certain, its code is ours
    text = f"{domain} is not in the white list of the trust space"
    return Refusal(550, "5.7.1", text, "outside-trust-space")


def unknown_mailbox(address: str) -> Refusal:
    return Refusal(550, "5.1.1", f"<{address}> no such mailbox", "unknown-mailbox")


def suspended(address: str) -> Refusal:  # (bench)
    return Refusal(550, "5.2.1", f"<{address}> mailbox disabled", "mailbox-disabled")


def patient_closed(address: str) -> Refusal:  # (bench)
    return Refusal(550, "5.2.1", f"<{address}> messaging closed by the patient", "patient-closed")


def patient_absent(address: str) -> Refusal:  # (bench)
    return Refusal(550, "5.1.1", f"<{address}> no such patient in Mon espace sante", "patient-absent")


def patient_key(address: str) -> Refusal:  # (bench)
    text = f"<{address}> is not an INS matricule of 15 characters with its key"
    return Refusal(550, "5.1.3", text, "patient-bad-address")


def full(address: str) -> Refusal:
    return Refusal(452, "4.2.2", f"<{address}> mailbox full", "mailbox-full")


def greylisted() -> Refusal:
    return Refusal(451, "4.7.1", "Greylisted, try again later", "greylisted")


def too_many_recipients(limit: int) -> Refusal:
    return Refusal(452, "4.5.3", f"Too many recipients ({limit} at most)", "too-many-recipients")


def too_big(limit: int) -> Refusal:
    return Refusal(552, "5.3.4", f"Message too big ({limit} bytes at most)", "too-big")


def malware() -> Refusal:  # (bench)
    return Refusal(554, "5.7.1", "Message refused by the antivirus", "malware")


def nul_bytes() -> Refusal:
    return Refusal(554, "5.6.0", "Message holds NUL bytes (RFC 5321 4.5.2)", "nul-bytes")


def no_valid_recipients() -> Refusal:
    return Refusal(554, "5.5.1", "No valid recipients", "no-recipient")


def local_error() -> Refusal:
    return Refusal(451, "4.3.0", "Error of the test bench, not of your software", "bench-error")
