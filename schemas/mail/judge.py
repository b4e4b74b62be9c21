"""Judging a mail: the message, what is joined, the archive, each CDA; everything once."""

from dataclasses import replace

from schemas.finding import Finding
from schemas.mail.document_rules import COPIES, DOCUMENTS, Copy
from schemas.mail.message_rules import MESSAGE, Seen
from schemas.mail.model import Mail, MailContext
from schemas.xdm.rules import judge_archive


def judge_mail(mail: Mail, context: MailContext | None = None, *, deep: bool = True) -> list[Finding]:
    """Every finding on a mail. `deep` False leaves out what is costly: the PDF, the archive's content."""
    seen = Seen(mail, context or MailContext())
    findings = MESSAGE.judge(seen) + DOCUMENTS.judge(seen)
    if not deep:
        return findings
    if mail.archive is not None and mail.archive.cdas:
        findings += judge_copies(seen)
    if mail.archive is not None:
        findings += judge_archive(mail.archive)
        findings += judge_documents(mail)
    return findings


def judge_copies(seen: Seen) -> list[Finding]:
    """The PDF copies, each opened once."""
    from schemas.pdf import PdfRefused, read_pdf  # slow to import, and few mails have documents

    findings = []
    for attachment in seen.mail.pdfs:
        try:
            copy = Copy(attachment, seen, read_pdf(attachment.data, codes=False))
        except PdfRefused as error:
            copy = Copy(attachment, seen, None, str(error))
        findings += COPIES.judge(copy)
    return findings


def judge_documents(mail: Mail) -> list[Finding]:
    """The rules of CDA documents on each one of the archive, with its path before the place."""
    from schemas.cda import judge_bytes, judge_document  # loads the rules only when there is a document

    findings = []
    for one in mail.archive.documents if mail.archive else ():
        if one.document is not None and one.data is not None:
            found = judge_bytes(one.data, one.document) + judge_document(one.document)
            findings += [replace(finding, where=f"{one.path} {finding.where}") for finding in found]
    return findings
