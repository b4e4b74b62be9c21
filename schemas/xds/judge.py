"""Judging a whole submission: what decides the registry's answer first, the rest after it."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509

from schemas.cda.codec import read as read_cda
from schemas.cda.model import CdaRefused, ClinicalDocument
from schemas.finding import Finding, Keyword, RuleSet
from schemas.xds.codes import CODES
from schemas.xds.cross import CROSS, Described
from schemas.xds.lot import Lot
from schemas.xds.model import Submission
from schemas.xds.rules import FEED, STRUCTURE
from schemas.xds.schema import SCHEMA
from schemas.xds.signature import verify_submission_signature
from schemas.xml import XmlRefused

READING: RuleSet[Lot] = RuleSet("xds-reading")
UNREADABLE = READING.declare(
    "XDS-CDA-17", requires=Keyword.DOIT, requirements=("BEN-CDA-01",), source="CI-SIS structuration minimale"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings on a submission. An error among `decisive` makes the registry refuse."""

    decisive: list[Finding]
    deferred: list[Finding]

    @property
    def all(self) -> list[Finding]:
        return [*self.decisive, *self.deferred]

    @property
    def accepted(self) -> bool:
        return not any(finding.is_error for finding in self.decisive)


def judge_submission(
    submission: Submission,
    documents: Mapping[str, bytes],
    *,
    author_id: str = "",
    structure_id: str = "",
    mode: str = "",
    patient: str = "",
    signer: x509.Certificate | None = None,
) -> Judgement:
    """Both tiers at once. `documents` are the bytes by entry id; the rest comes from the VIHF (see `Lot`)."""
    lot = Lot(submission, documents, author_id, structure_id, mode, patient)
    return Judgement(judge_decisive(lot), judge_deferred(lot, signer=signer))


def judge_decisive(lot: Lot) -> list[Finding]:
    """What the registry looks at before it answers: structure, references, patient, author, hash."""
    findings = STRUCTURE.judge(lot)
    return findings if lot.archive else findings + FEED.judge(lot)


def judge_deferred(
    lot: Lot,
    *,
    signer: x509.Certificate | None = None,
    read: Mapping[str, ClinicalDocument] | None = None,
) -> list[Finding]:
    """Codes, the schema, the signature, and the metadata against each CDA.

    `read`: those already decoded from these very bytes, by entry id.
    """
    findings = CODES.judge(lot) + SCHEMA.judge(lot)
    signature = lot.submission.signature
    if not lot.archive and signature is not None and signature.id in lot.documents:
        signed = {
            entry.unique_id: lot.documents[entry.id]
            for entry in lot.submission.documents
            if entry.id in lot.documents
        }
        parsed = {
            entry.unique_id: read[entry.id].root.getroottree().getroot()
            for entry in lot.submission.documents
            if read and entry.id in read
        }
        findings += verify_submission_signature(
            lot.documents[signature.id],
            lot.submission.submission_set.unique_id,
            signed,
            signer=signer,
            parsed=parsed,
        )
    replacing = {source for source, _ in lot.submission.replacements()}
    for entry in lot.submission.documents:
        data = lot.documents.get(entry.id)
        document = (read or {}).get(entry.id)
        if data is None and document is None:
            continue
        if document is None:
            assert data is not None
            try:
                document = read_cda(data)
            except (XmlRefused, CdaRefused) as error:
                findings.append(
                    UNREADABLE.finding(f"ExtrinsicObject[@id='{entry.id}']", str(error), "ClinicalDocument")
                )
                continue
        findings += CROSS.judge(Described(entry, document, entry.id in replacing, lot.archive))
    return findings
