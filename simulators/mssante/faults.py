"""What may be made to go wrong on the mail interfaces, beside the generic kinds of the hosting.

Service `mssante`. Transactions: `SMTP.session` and `IMAP.session` (a connection, at its beginning),
`SMTP.message` (a mail, at MAIL FROM), `IMAP.<COMMAND>` (`IMAP.FETCH`, `IMAP.*`…).

| transaction | kinds |
|---|---|
| sessions | `refuse` `unavailable` `slow` `no-starttls` `auth-refused` `certificate-…` (name of a server pair of the PKI) |
| SMTP.message | `greylist` `unavailable` `server-error` `reject` `cut-in-data` `cut-after-commit` `slow` `malformed` |
| IMAP.<COMMAND> | `unavailable` `server-error` `bye` `cut-after-commit` `slow` `auth-refused` (AUTHENTICATE) |
"""

REFUSE = "refuse"  # the connection is closed without a greeting
NO_STARTTLS = "no-starttls"  # STARTTLS is not offered, and refused
AUTH_REFUSED = "auth-refused"  # a good token is refused
GREYLIST = "greylist"  # 451 on each RCPT
REJECT = "reject"  # 554 after the message
CUT_IN_DATA = "cut-in-data"  # the connection drops after the message, which is not kept
BYE = "bye"  # IMAP: the operator ends the session
CERTIFICATE = "certificate-"  # certificate-expired, certificate-wrong-name, certificate-wrong-range…
KINDS = (REFUSE, NO_STARTTLS, AUTH_REFUSED, GREYLIST, REJECT, CUT_IN_DATA, BYE)
