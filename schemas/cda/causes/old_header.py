"""The two models of the header: current (3.0) and previous (2.41). Source: ANS, TestContenuCDA 3.0 and 2.41.

A document is judged by the current model; the operator may ask for the previous one.
"""

from collections.abc import Iterable

from schemas.cda.model import TEMPLATE_XDS_SD, ClinicalDocument, Q
from schemas.cda.tree import each
from schemas.finding import Finding

AUTO, CURRENT, OLD = "auto", "3.0", "2.41"
HEADERS = (AUTO, CURRENT, OLD)


def signs_of_old_header(document: ClinicalDocument) -> list[str]:
    """What makes a header one of the previous model, in words; empty when it is not.

    SP for a used name is proof enough; what is only missing (setId, the template of level 1, the list of
    given names) must be so twice.
    """
    person = document.places.person
    names = [] if person is None else list(each(person, "name"))
    used = [
        f"{tag} qualifier SP"
        for tag in ("family", "given")
        if any(part.get("qualifier") == "SP" for name in names for part in each(name, tag))
    ]
    missing = []
    if document.top.first("setId") is None:
        missing.append("pas de setId")
    if document.level == 1 and not document.is_a(TEMPLATE_XDS_SD):
        missing.append(f"pas de templateId {TEMPLATE_XDS_SD}")
    patient = document.patient
    if patient.ins is not None and patient.birth_name and not (patient.given and patient.given_names):
        missing.append("INS sans premier prénom BR et liste des prénoms")
    return used + missing if used or len(missing) > 1 else []


def by_old_header(document: ClinicalDocument, findings: Iterable[Finding]) -> list[Finding]:
    """The findings without those that the previous model did not make."""
    return [finding for finding in findings if not _new(document, finding)]


def _new(document: ClinicalDocument, finding: Finding) -> bool:
    if finding.rule in ("CDA-PAT-07", "CDA-PAT-08"):
        return finding.observed == "SP"
    if finding.rule == "CDA-HDR-12":
        return document.root.find(f"{Q}setId") is None
    if finding.rule == "CDA-L1-02":
        return finding.expected == TEMPLATE_XDS_SD
    if finding.rule == "CDA-ENC-01":
        low, _, high = finding.observed.partition(" – ")
        return bool(low) and low == high
    return finding.rule in ("CDA-PAT-05", "CDA-CAUSE-09")
