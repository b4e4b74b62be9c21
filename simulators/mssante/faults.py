"""What may be made to go wrong on the mail interfaces, beside the generic kinds of the hosting.

Service `mssante`. Transactions: `SMTP.session` and `IMAP.session` (a connection, at its beginning),
`SMTP.message` (a mail, at MAIL FROM), `IMAP.<COMMAND>` (`IMAP.FETCH`, `IMAP.*`…).

- sessions: `refuse`, `unavailable`, `slow`, `no-starttls`, `auth-refused`, and those of `CERTIFICATES`;
- SMTP.message: `greylist`, `unavailable`, `server-error`, `reject`, `cut-in-data`, `cut-after-commit`,
  `slow`, `malformed`;
- IMAP.<COMMAND>: `unavailable`, `server-error`, `bye`, `cut-after-commit`, `slow`, `auth-refused`.
"""

REFUSE = "refuse"  # the connection is closed without a greeting
NO_STARTTLS = "no-starttls"  # STARTTLS is not offered, and refused
AUTH_REFUSED = "auth-refused"  # a good token is refused
GREYLIST = "greylist"  # 451 on each RCPT
REJECT = "reject"  # 554 after the message
CUT_IN_DATA = "cut-in-data"  # the connection drops after the message, which is not kept
BYE = "bye"  # IMAP: the operator ends the session

# The operator shows a certificate that the client must refuse: kind, and the PKI's pair.
CERTIFICATES = {
    "expired-certificate": "server-expired",
    "revoked-certificate": "server-revoked",
    "wrong-host": "server-wrong-host",
    "unknown-authority": "server-unknown-authority",
    "wrong-range": "server-wrong-range",
}
KINDS = (REFUSE, NO_STARTTLS, AUTH_REFUSED, GREYLIST, REJECT, CUT_IN_DATA, BYE, *CERTIFICATES)
