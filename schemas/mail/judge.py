"""Judging a mail: the message, what is joined, the archive, each CDA; everything once."""

from dataclasses import replace

from schemas.cda.model import TEMPLATE_PRESCRIPTION
from schemas.finding import Finding
from schemas.mail.document_rules import COPIES, DOCUMENTS, Copy
from schemas.mail.message_rules import MESSAGE, Seen
from schemas.mail.model import Attachment, Mail, MailContext
from schemas.xdm.model import ArchivedDocument
from schemas.xdm.rules import judge_archive


def judge_mail(
    mail: Mail, context: MailContext | None = None, *, deep: bool = True, codes: bool = False
) -> list[Finding]:
    """Every finding on a mail. `deep` False leaves out what is costly: the PDF, the archive's content.

    `codes`: look for 2D codes on every PDF copy (some 20 ms a page), not on those of prescriptions alone.
    """
    seen = Seen(mail, context or MailContext())
    findings = MESSAGE.judge(seen) + DOCUMENTS.judge(seen)
    if not deep or mail.archive is None:
        return findings
    if mail.archive.cdas:
        findings += judge_copies(seen, codes=codes)
    findings += judge_archive(mail.archive)
    return findings + judge_documents(mail)


def judge_copies(seen: Seen, *, codes: bool = False) -> list[Finding]:
    """The PDF copies, each opened once: alone, and beside the CDA that it is the copy of."""
    # slow to import, and few mails have documents
    from schemas.beside.pair import CODE_PAGES, TOLD_BY_MAIL, Pair, judge_pair, match
    from schemas.pdf import PdfRefused, read_pdf
    from schemas.pdf.rules import judge_announced

    documents = [(one.path, one.document) for one in _archived(seen.mail) if one.document is not None]
    pdfs = seen.mail.pdfs
    owner = {rank: place for place, rank in match(documents, [(one.name, one.data) for one in pdfs])}
    findings: list[Finding] = []
    for rank, attachment in enumerate(pdfs):
        document = documents[owner[rank]][1] if rank in owner else None
        wanted = codes or (document is not None and document.is_a(TEMPLATE_PRESCRIPTION))
        try:
            pdf = read_pdf(attachment.data, codes=wanted, code_pages=CODE_PAGES)
        except PdfRefused as error:
            findings += COPIES.judge(Copy(attachment, seen, None, str(error)))
            continue
        findings += COPIES.judge(Copy(attachment, seen, pdf))
        findings += [_of(attachment, finding) for finding in judge_announced(pdf)]
        if document is not None:
            pair = Pair(document, attachment.name, attachment.data, pdf, wanted)
            findings += judge_pair(pair, without=TOLD_BY_MAIL)
    return findings


def _of(attachment: Attachment, finding: Finding) -> Finding:
    return replace(finding, where=f"{attachment.name} {finding.where}")


def _archived(mail: Mail) -> tuple[ArchivedDocument, ...]:
    return mail.archive.documents if mail.archive else ()


def judge_documents(mail: Mail) -> list[Finding]:
    """The rules of CDA documents on each one of the archive, with its path before the place."""
    from schemas.beside.whole import judge_documents as of_archive

    return of_archive(mail.archive) if mail.archive else []
