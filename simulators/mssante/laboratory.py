"""A laboratory that sends its reports by MSSanté, good ones and faulty ones.

A report is a level-1 CDA (CR-BIO) with its PDF/A-1, in an IHE_XDM.zip, beside the same PDF (ECO.2.1.1).
"""

import uuid
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

from schemas import cda, mail, pdf, xdm, xds
from schemas.cda.writer import coded
from simulators.core.identities import BIOLOGISTE, LABO_MAILBOX
from simulators.core.population import Patient

from .behaviours import REPORTS
from .service import Operator

LABEL = "CR d'examens biologiques"


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of the laboratory. `documents`: CDA bytes by unique id; `unique_id` is the first's, or empty."""

    message_id: str
    source: bytes
    documents: dict[str, bytes]

    @property
    def unique_id(self) -> str:
        return next(iter(self.documents), "")


@dataclass(frozen=True, slots=True)
class _Report:
    """A document and its printed form."""

    document: bytes
    printed: bytes
    read: cda.ClinicalDocument


def send(
    operator: Operator,
    to: str,
    patient: Patient,
    *,
    variant: str = "nominal",
    delivery_receipt: bool = False,
    read_receipt: bool = False,
    automatic: bool = True,
) -> Sent:
    """Build a report about `patient` and put it in the mailbox `to`.

    `automatic`: from the application mailbox, else from the biologist's own. Raises ValueError on an unknown
    variant, or when `to` is no mailbox of this operator.
    """
    if variant not in REPORTS:
        raise ValueError(f"unknown variant {variant!r}: one of {', '.join(REPORTS)}")
    now = operator.clock.now()
    reports = _reports(operator, patient, variant, now)
    archive = _archive(operator, reports, variant, now)
    sender = mail.Address(LABO_MAILBOX, BIOLOGISTE.structure.name)
    if not automatic:
        sender = mail.Address(BIOLOGISTE.mailbox, f"Dr_{BIOLOGISTE.given.capitalize()}_{BIOLOGISTE.family}")
    draft = mail.Draft(
        sender=sender,
        to=(mail.Address(to),),
        subject="",
        body="Bonjour,\n\nVeuillez trouver ci-joint un compte rendu d'examens biologiques.",
        message_id=operator.stamp().message_id,
        date=now,
        nil="BANCLABO01",
        reply_to=BIOLOGISTE.mailbox if automatic else "",
        automatic=automatic,
        delivery_receipt=delivery_receipt,
        read_receipt=read_receipt,
    )
    draft = mail.with_documents(
        draft,
        archive,
        [report.read for report in reports],
        [report.printed for report in reports],
        label=LABEL,
    )
    if variant == "wrong-patient":  # all that a person reads names the patient, the archive does not
        named = _report(operator, patient, now)
        draft = replace(draft, subject=mail.subject(named.read, LABEL))
    elif variant == "not-xdm":
        printed = draft.attachments[1:]
        draft = replace(draft, attachments=printed, codes="", ins="", subject="Compte rendu d'examens")
    source = mail.compose(draft)
    if operator.put(to, source, return_path=sender.address) is None:
        raise ValueError(f"{to} has no mailbox at this operator")
    return Sent(draft.message_id, source, {report.read.unique_id: report.document for report in reports})


def report(operator: Operator, patient: Patient) -> bytes:
    """A report about this patient, as the CDA that the laboratory would also feed to the DMP."""
    return _report(operator, patient, operator.clock.now()).document


def _reports(operator: Operator, patient: Patient, variant: str, now: datetime) -> list[_Report]:
    last = operator.last_reports
    if variant == "same-document" and patient.ins.matricule in last:
        return [_read(*last[patient.ins.matricule])]
    if variant == "wrong-patient":
        return [_report(operator, _somebody_else(operator, patient), now)]
    reports = [_report(operator, patient, now, with_ins=variant != "no-ins")]
    if variant == "two-patients":
        reports.append(_report(operator, _somebody_else(operator, patient), now))
    elif variant == "nominal":
        last[patient.ins.matricule] = (reports[0].document, reports[0].printed)
    return reports


def _somebody_else(operator: Operator, patient: Patient) -> Patient:
    return operator.population.derive(f"laboratoire:autre-que:{patient.key}")


def _report(operator: Operator, patient: Patient, now: datetime, *, with_ins: bool = True) -> _Report:
    born = f"{patient.birth_date:%Y%m%d}"
    printed = pdf.write_pdf(
        "Compte rendu d'examens biologiques",
        [
            pdf.Heading("Hématologie"),
            pdf.Table(
                ("Examen", "Résultat", "Unité", "Valeurs usuelles"),
                (
                    ("Hémoglobine", "13,4", "g/dL", "12,0 – 16,0"),
                    ("Leucocytes", "6,1", "Giga/L", "4,0 – 10,0"),
                ),
            ),
            "Résultats de démonstration : ce document n'est celui de personne.",
        ],
        created=now,
        identity=(
            f"{patient.birth_name} {' '.join(patient.given_names)}",
            f"Sexe : {patient.sex}   Date de naissance : {patient.birth_date:%d/%m/%Y}",
        ),
        author=(f"{BIOLOGISTE.given} {BIOLOGISTE.family}", BIOLOGISTE.structure.name),
    )
    local = () if with_ins else (("1.2.250.1.213.1.4.99.1", patient.key[:40]),)
    identity = cda.PatientIdentity(
        ins=patient.ins if with_ins else None,
        local_ids=local,
        birth_name=patient.birth_name,
        given=patient.given,
        given_names=" ".join(patient.given_names),
        sex=patient.sex,
        birth_date=born,
        birth_place=patient.birth_place,
    )
    unique = _oid(operator)
    header = cda.Header(
        unique_id=unique,
        set_id=f"{unique}.1",
        created=now,
        patient=identity,
        author=cda.Person(
            BIOLOGISTE.id_nat,
            family=BIOLOGISTE.family,
            given=BIOLOGISTE.given,
            prefix=BIOLOGISTE.civility,
            code=coded("J01", BIOLOGISTE.speciality_code),
            organisation_id=BIOLOGISTE.structure.id_nat,
            organisation_name=BIOLOGISTE.structure.name,
        ),
        facility=BIOLOGISTE.structure.sector,
    )
    return _read(cda.build_document(cda.DocumentSpec(header, "cr-bio", printed)), printed)


def _read(document: bytes, printed: bytes) -> _Report:
    return _Report(document, printed, cda.read(document))


def _oid(operator: Operator) -> str:
    return f"2.25.{uuid.UUID(operator.randomness.uuid('laboratoire')).int}"


def _archive(operator: Operator, reports: list[_Report], variant: str, now: datetime) -> bytes:
    entries = [
        xds.entry_from_cda(report.read, report.document, entry_id=f"Document{rank:02d}")
        for rank, report in enumerate(reports, 1)
    ]
    submission = xds.new_submission(
        entries,
        unique_id=_oid(operator),
        source_id="1.2.250.1.999.1.1.1",
        author=xds.author_of(reports[0].read.author),
        content_type=xds.Code("26", "1.2.250.1.213.2.2", "Analyses médicales biologiques"),
        now=now,
    )
    documents = {entry.id: report.document for entry, report in zip(entries, reports, strict=True)}
    sender = xdm.Sender(
        f"{BIOLOGISTE.given} {BIOLOGISTE.family}", BIOLOGISTE.structure.name, application="segur-bench"
    )
    archive = xdm.write_archive(submission, documents, sender, now=now)
    if variant == "corrupt-zip":
        return archive[: len(archive) * 2 // 3]
    if variant == "missing-metadata":
        return _rewritten(archive, drop="METADATA.XML")
    if variant == "hash-mismatch":
        return _rewritten(archive, alter="DOC0001.XML")
    return archive


def _rewritten(archive: bytes, *, drop: str = "", alter: str = "") -> bytes:
    """The archive without one file, or with a comment added at the end of one."""
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            name = item.filename.rpartition("/")[2]
            if name != drop or not drop:
                data = old.read(item)
                new.writestr(item, data + b"<!-- -->\n" if alter and name == alter else data)
    return written.getvalue()
