"""Rules on the message itself: headers, body, recipients, receipts.

Source: Référentiel #2 "Clients de messageries sécurisées de santé" (ECO.2.1.3, ECO.2.2.1 to ECO.2.4.3).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from schemas import ins
from schemas.finding import Keyword, Observation, RuleSet
from schemas.mail import naming
from schemas.mail.model import SUBJECT_PREFIX, Mail, MailContext
from schemas.xdm.rules import patient_of


@dataclass(frozen=True, slots=True)
class Seen:
    """A mail and what is known about it."""

    mail: Mail
    context: MailContext

    @property
    def has_cda(self) -> bool:
        return self.mail.archive is not None and bool(self.mail.archive.cdas)


MESSAGE: RuleSet[Seen] = RuleSet("mail")

_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_DISPOSITION = re.compile(
    r"(?:manual-action|automatic-action)/(?:MDN-sent-manually|MDN-sent-automatically)\s*;"
    r"\s*(?:displayed|deleted|dispatched|processed)(?:/.*)?",
    re.I | re.S,
)


@MESSAGE.rule("MSS-M01", requirements=("MSS/va1.12",), source="Référentiel #2 ECO.2.2.1; RFC 5322 §3.6.4")
def message_id(seen: Seen) -> Iterator[Observation]:
    """A well-formed Message-ID, never used before."""
    value = seen.mail.message_id
    if not _ID.fullmatch(value):
        yield Observation("Message-ID", value, "<identifiant@domaine>")
    elif value in seen.context.known_ids:
        yield Observation("Message-ID", f"{value}, déjà utilisé", "un identifiant par message")
    elif len(seen.mail.header_all("Message-ID")) > 1:
        yield Observation("Message-ID", f"{len(seen.mail.header_all('Message-ID'))} en-têtes", "1")


@MESSAGE.rule("MSS-M02", requirements=("MSS/va1.08",), source="Référentiel #2 ECO.2.2.2; RFC 5322 §3.6.4")
def reply_headers(seen: Seen) -> Iterator[Observation]:
    """A reply names the mail that it answers, in In-Reply-To and in References."""
    parent = seen.context.in_reply_to
    if not parent:
        return
    if parent not in seen.mail.in_reply_to.split():
        yield Observation("In-Reply-To", seen.mail.in_reply_to, parent)
    if parent not in seen.mail.references:
        yield Observation("References", " ".join(seen.mail.references), parent)


@MESSAGE.rule("MSS-M03", requirements=("MSS/va1.11",), source="Référentiel #2 ECO.2.2.4")
def body_type(seen: Seen) -> Iterator[Observation]:
    """The body is text/plain, or multipart/alternative with the plain text first."""
    mail = seen.mail
    if mail.report is not None:
        return
    kinds = [one.media_type for one in mail.texts]
    alternative = mail.shape == "multipart/alternative" and kinds[:1] == ["text/plain"]
    if not alternative and set(kinds) != {"text/plain"}:
        wanted = "text/plain | multipart/alternative (text/plain, text/html)"
        yield Observation("Content-Type", f"{mail.shape or 'aucun texte'} ({', '.join(kinds)})", wanted)


@MESSAGE.rule("MSS-M03B", requirements=("ECO.2.2.3",), source="Référentiel #2 ECO.2.2.3")
def utf8(seen: Seen) -> Iterator[Observation]:
    """Texts are in UTF-8, and really are."""
    for one in seen.mail.texts:
        ascii_only = one.charset in ("", "us-ascii") and one.text.isascii()
        if not one.sound or (one.charset not in ("utf-8", "utf8") and not ascii_only):
            observed = one.charset or "sans charset"
            yield Observation(
                f"{one.media_type}; charset",
                observed if one.sound else f"{observed} (octets contraires)",
                "UTF-8",
            )


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "script", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "script", "title") and self.hidden > 0

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words += re.findall(r"\w+", naming.plain(data))


def html_words(html: str) -> list[str]:
    """The words of an HTML text, tags, styles and scripts left out; at most the first 200 000 characters."""
    reader = _Words()
    reader.feed(html[:200_000])
    return reader.words


@MESSAGE.rule(
    "MSS-M04", requires=Keyword.DEVRAIT, requirements=("MSS/va1.11",), source="Référentiel #2 ECO.2.2.4"
)
def same_wording(seen: Seen) -> Iterator[Observation]:
    """Both texts of an alternative have the same wording."""
    by_kind = {one.media_type: one.text for one in reversed(seen.mail.texts)}
    if seen.mail.shape != "multipart/alternative" or len(by_kind) < 2:
        return
    plain = set(re.findall(r"\w+", naming.plain(by_kind["text/plain"])))
    html = set(html_words(by_kind["text/html"]))
    common = len(plain & html) / max(1, len(plain | html))
    if common < 0.8:
        yield Observation("multipart/alternative", f"{common:.0%} de mots communs", "le même texte")


@MESSAGE.rule("MSS-M05", requirements=("MSS/va1.09",), source="Référentiel #2 ECO.2.2.5")
def automatic_mail(seen: Seen) -> Iterator[Observation]:
    """From an application mailbox: Reply-To is another address, and the closing note names it."""
    mail = seen.mail
    if seen.context.sender_type != "APP" or mail.report is not None:
        return
    if not mail.reply_to:
        yield Observation("Reply-To", "", "adresse d'une BAL PER ou ORG")
        return
    address = mail.reply_to[0].address.lower()
    if mail.sender is not None and address == mail.sender.address.lower():
        yield Observation("Reply-To", address, "adresse d'une BAL PER ou ORG, pas la BAL applicative")
    ending = naming.plain(mail.body)[-600:]
    if "automatique" not in ending or address not in ending:
        yield Observation("corps du message", ending[-120:], f"mention d'envoi automatique et {address}")


@MESSAGE.rule("MSS-M06", requirements=("MSS/va1.16",), source="Référentiel #2 ECO.2.2.7")
def sender_label(seen: Seen) -> Iterator[Observation]:
    """From has a label that tells who writes; for a personal mailbox the name and first name."""
    sender = seen.mail.sender
    if seen.mail.report is not None:
        return
    if sender is None:
        yield Observation("From", seen.mail.header("From") or "", "Libellé <adresse>")
        return
    label = sender.label.strip()
    if not label or "@" in label:
        yield Observation("From", label or sender.address, "Titre_Prénom_NOM_Entité <adresse>")
    elif seen.context.sender_type == "PER" and len([w for w in re.split(r"[_\s]+", label) if w]) < 2:
        yield Observation("From", label, "Titre_Prénom_NOM_Entité (nom et prénom au moins)")


@MESSAGE.rule(
    "MSS-M06B", requires=Keyword.DEVRAIT, requirements=("MSS/va1.16",), source="Référentiel #2 ECO.2.2.7"
)
def sender_label_is_separated(seen: Seen) -> Iterator[Observation]:
    """The elements of a personal label are separated by underscores."""
    sender = seen.mail.sender
    if seen.context.sender_type == "PER" and sender and " " in sender.label and "_" not in sender.label:
        yield Observation("From", sender.label, "Titre_Prénom_NOM_Entité")


@MESSAGE.rule("MSS-M07", requirements=("MSS/CONF.25",), source="Référentiel #2 ECO.2.1.3")
def subject(seen: Seen) -> Iterator[Observation]:
    """`XDM/1.0/DDM+<label> <NOM> <prénom> [<date>]`, and the traits are those of the document."""
    mail = seen.mail
    if not seen.has_cda:
        joined = mail.archive is not None or mail.archive_refused
        if not joined and mail.report is None and mail.subject.startswith("XDM/1.0/DDM"):
            yield Observation("Subject", mail.subject, "pas de préfixe XDM sans archive")
        return
    assert mail.archive is not None
    traits = "<libellé> <NOM> <prénom> [<JJ/MM/AAAA>]"
    if not mail.subject.startswith(SUBJECT_PREFIX):
        yield Observation("Subject", mail.subject, f"{SUBJECT_PREFIX}{traits}")
        return
    stated = naming.plain(mail.subject.removeprefix(SUBJECT_PREFIX))
    patient = mail.archive.cdas[0].patient
    date = naming.birth_date(patient)
    tails = []
    for family in filter(None, (patient.birth_name, patient.used_name)):
        for given in filter(None, (patient.given, patient.used_given)):
            name = naming.plain(f"{family} {given}")
            tails += [f" {name} {date}", f" {name}"]
    if not any(stated.endswith(tail) and stated.removesuffix(tail).strip() for tail in tails):
        wanted = f"{SUBJECT_PREFIX}<libellé> {patient.birth_name.upper()} {patient.given} {date}"
        yield Observation("Subject", mail.subject, wanted)


@MESSAGE.rule("MSS-M08", requirements=("SC.MSS/CONF.15",), source="Référentiel #2 ECO.2.4.1")
def code_header(seen: Seen) -> Iterator[Observation]:
    """X-MSS-CODECDA holds the codes of the CDA of the archive, and is absent without archive."""
    mail = seen.mail
    stated = mail.header_all("X-MSS-CODECDA")
    codes = {code.strip() for value in stated for code in value.split(",")}
    if mail.archive is None:
        if stated and not mail.archive_refused:
            yield Observation("X-MSS-CODECDA", ", ".join(stated), "absent sans archive IHE_XDM")
        return
    wanted = {document.type_code.code for document in mail.archive.cdas}
    if wanted and codes != wanted:
        yield Observation("X-MSS-CODECDA", ", ".join(stated), naming.code_header(mail.archive.cdas))


@MESSAGE.rule(
    "MSS-M08B", requires=Keyword.DEVRAIT, requirements=("SC.MSS/CONF.15",), source="Référentiel #2 ECO.2.4"
)
def headers_are_not_repeated(seen: Seen) -> Iterator[Observation]:
    """Each X-MSS header once: several codes are separated by commas."""
    for name in sorted({key.upper() for key, _ in seen.mail.headers if key.upper().startswith("X-MSS-")}):
        count = len(seen.mail.header_all(name))
        if count > 1:
            yield Observation(name, f"{count} en-têtes", "1 en-tête, valeurs séparées par des virgules")


@MESSAGE.rule("MSS-M09", requirements=("SC.MSS/CONF.14",), source="Référentiel #2 ECO.2.4.2")
def ins_header(seen: Seen) -> Iterator[Observation]:
    """X-MSS-INS is O when the archive holds a qualified INS (matricule, OID, four traits), else N."""
    mail = seen.mail
    stated = mail.header("X-MSS-INS")
    if mail.archive is None:
        if stated is not None and not mail.archive_refused:
            yield Observation("X-MSS-INS", stated, "absent sans archive IHE_XDM")
        return
    if not mail.archive.cdas:
        return
    wanted = naming.ins_header(mail.archive.cdas)
    if stated != wanted:
        yield Observation("X-MSS-INS", stated or "", wanted)


@MESSAGE.rule("MSS-M10", requirements=("SC.MSS/CONF.16",), source="Référentiel #2 ECO.2.4.3")
def nil_header(seen: Seen) -> Iterator[Observation]:
    """X-MSS-NIL is on every mail, with the reference of the product that was declared."""
    stated = seen.mail.header("X-MSS-NIL")
    if seen.mail.report is not None and seen.mail.report.kind == "dsn":
        return  # written by an operator
    if not stated or (seen.context.nil and stated != seen.context.nil):
        yield Observation("X-MSS-NIL", stated or "", seen.context.nil or "référence produit")


@MESSAGE.rule("MSS-M11", requirements=("SC.MSS/CONF.21",), source="Référentiel #2 ECO.2.2.8")
def end_header(seen: Seen) -> Iterator[Observation]:
    """X-MSS-MES is FIN exactly when the patient may not answer."""
    stated = seen.mail.header("X-MSS-MES")
    if stated is not None and stated != "FIN":
        yield Observation("X-MSS-MES", stated, "FIN")
    elif seen.mail.patients and seen.context.no_reply is True and stated is None:
        yield Observation("X-MSS-MES", "", "FIN")
    elif stated is not None and seen.context.no_reply is False:
        yield Observation("X-MSS-MES", stated, "absent : la réponse est permise")


def _patient_addresses(seen: Seen) -> list[tuple[str, str]]:
    """(where, matricule as written) of each patient among the recipients, headers and envelope."""
    found = {one.address.lower(): ("To/Cc", one.matricule) for one in seen.mail.patients}
    for address in seen.context.envelope:
        local, _, domain = address.lower().rpartition("@")
        if domain == "patient.mssante.fr":
            found.setdefault(address.lower(), ("RCPT TO", local.upper()))
    return list(found.values())


@MESSAGE.rule("MSS-M12", requirements=("MSS/va1.19",), source="Référentiel #2 ECO.2.2.6")
def patient_address(seen: Seen) -> Iterator[Observation]:
    """A patient address is a matricule of 15 characters with its key, of a qualified identity."""
    for where, matricule in _patient_addresses(seen):
        if not ins.well_formed(matricule):
            yield Observation(where, matricule, "matricule INS, 15 caractères, clé exacte")
        elif seen.context.qualified is not None and matricule not in seen.context.qualified:
            yield Observation(
                where, f"{matricule} : identité non qualifiée", "aucun envoi sans INS qualifiée"
            )


@MESSAGE.rule("MSS-M13", requirements=("SC.MSS/UX.32",), source="Règle du banc; Référentiel #2 ECO.3.1.5")
def patient_gets_own_document(seen: Seen) -> Iterator[Observation]:
    """A document is never sent to another patient than the one it is about."""
    archive = seen.mail.archive
    about = patient_of(archive) if archive is not None else None
    if about is None:
        return
    for where, matricule in _patient_addresses(seen):
        if ins.well_formed(matricule) and matricule != about.matricule:
            yield Observation(where, matricule, f"{about.matricule} (patientId de METADATA.XML)")


@MESSAGE.rule("MSS-M14", requirements=("MSS/va1.15",), source="Référentiel #2 ECO.2.3.1")
def delivery_receipt(seen: Seen) -> Iterator[Observation]:
    """A wanted delivery receipt is asked for by Return-Receipt-To, with the sender's mailbox."""
    if not seen.context.delivery_receipt or seen.context.notify:
        return
    yield from _receipt(seen, "Return-Receipt-To")


@MESSAGE.rule(
    "MSS-M14B", requires=Keyword.DEVRAIT, requirements=("MSS/va1.15",), source="Référentiel #2 ECO.2.3.1"
)
def delivery_receipt_by_notify(seen: Seen) -> Iterator[Observation]:
    """The ESMTP parameter NOTIFY alone does not follow the letter of the requirement."""
    if seen.context.delivery_receipt and seen.context.notify:
        yield from _receipt(seen, "Return-Receipt-To")


def _receipt(seen: Seen, name: str) -> Iterator[Observation]:
    stated = seen.mail.header(name)
    sender = seen.mail.sender.address if seen.mail.sender else ""
    if stated is None or (sender and sender.lower() not in stated.lower()):
        yield Observation(name, stated or "", sender)


@MESSAGE.rule("MSS-M15", requirements=("MSS/UX.33",), source="Référentiel #2 ECO.2.3.2; RFC 8098")
def read_receipt(seen: Seen) -> Iterator[Observation]:
    """A wanted read receipt is asked for by Disposition-Notification-To."""
    if seen.context.read_receipt:
        yield from _receipt(seen, "Disposition-Notification-To")


@MESSAGE.rule("MSS-M16", requirements=("MSS/UX.34",), source="Référentiel #2 ECO.3.1.6; RFC 8098")
def returned_receipt(seen: Seen) -> Iterator[Observation]:
    """A read receipt is a multipart/report with its mandatory fields, about the mail that asked for it."""
    report = seen.mail.report
    asked = seen.context.mdn_for
    if report is None or report.kind != "mdn":
        if asked:
            kind = seen.mail.header("Content-Type") or ""
            wanted = "multipart/report; report-type=disposition-notification"
            yield Observation("Content-Type", kind.partition(";")[0], wanted)
        return
    if len(report.parts) < 2 or report.parts[1] != "message/disposition-notification":
        yield Observation("multipart/report", ", ".join(report.parts), "message/disposition-notification")
        return
    for name in ("Final-Recipient", "Original-Message-ID"):
        if not report.fields.get(name.lower()):
            yield Observation(name, "", name)
    disposition = report.fields.get("disposition", "")
    if not _DISPOSITION.fullmatch(disposition.strip()):
        yield Observation("Disposition", disposition, "manual-action/MDN-sent-manually; displayed")
    if asked and report.original_message_id and report.original_message_id != asked:
        yield Observation("Original-Message-ID", report.original_message_id, asked)
