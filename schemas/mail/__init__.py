"""MSSanté mail: MIME, headers, receipts, naming, rules."""

from schemas.mail.compose import Draft, as_reply, compose, compose_dsn, compose_mdn, with_documents
from schemas.mail.judge import judge_mail
from schemas.mail.model import Address, Attachment, Mail, MailContext, MailRefused, Report, TextPart
from schemas.mail.naming import code_header, document_file_name, ins_header, subject
from schemas.mail.reader import read_mail

__all__ = [
    "Address",
    "Attachment",
    "Draft",
    "Mail",
    "MailContext",
    "MailRefused",
    "Report",
    "TextPart",
    "as_reply",
    "code_header",
    "compose",
    "compose_dsn",
    "compose_mdn",
    "document_file_name",
    "ins_header",
    "judge_mail",
    "read_mail",
    "subject",
    "with_documents",
]
