"""A dispensation beside the prescription that it fulfils: what neither document shows alone.

Sources: eprescription.md A11 (EP-D-03, EP-D-10), CI-SIS volet eDISP-MED 2024.01.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from schemas.cda.lines import medicine_lines
from schemas.cda.look import at
from schemas.cda.model import TEMPLATE_PRESCRIPTION, ClinicalDocument
from schemas.cda.template import xpath
from schemas.cda.tree import each, first
from schemas.cda.verdict import open_document
from schemas.cda.volets import dispensation
from schemas.finding import Finding, Keyword, Observation, RuleSet
from schemas.xml import Element


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """A dispensation and the prescription that is beside it."""

    prescription: ClinicalDocument
    dispensation: ClinicalDocument


RULES: RuleSet[Fulfilment] = RuleSet("cda-fulfilment")
SUBSTITUTED = "1.2.250.1.213.1.1.3.206"
QUANTITY = "1.2.250.1.213.1.1.3.86"


def _prescribed(pair: Fulfilment) -> dict[str, Element]:
    """The prescribed lines by identifier."""
    return {
        _said(found): item
        for item in medicine_lines(pair.prescription.root)
        for found in each(item, "id")
        if found.get("root")
    }


def _said(identifier: Element) -> str:
    """`root` or `root^extension`; UUIDs compare whatever their case."""
    return f"{identifier.get('root', '')}^{identifier.get('extension', '')}".rstrip("^").upper()


def _references(pair: Fulfilment) -> Iterator[tuple[Element, Element]]:
    """Each dispensed line with the identifier of the prescribed one that it gives."""
    for line in dispensation.lines(pair.dispensation):
        for source in dispensation.prescribed_lines(line):
            for found in each(source, "id"):
                yield line, found


@RULES.rule("CDA-FUL-01", requirements=("BEN-EP-14",), source="EP-D-10 ; CI-SIS, volet eDISP-MED")
def lines_are_those_of_the_prescription(pair: Fulfilment) -> Iterator[Observation]:
    """Each prescribed line that the dispensation refers to is one of the prescription."""
    known = _prescribed(pair)
    for _, found in _references(pair):
        if _said(found) not in known:
            yield at(found, _said(found), " | ".join(known) or "aucune ligne identifiée", "@root")


@RULES.rule("CDA-FUL-02", requirements=("BEN-EP-14",), source="EP-D-10 ; RNIV")
def patients_are_the_same(pair: Fulfilment) -> Iterator[Observation]:
    """Both documents carry the same INS, when both carry one."""
    ours, theirs = pair.dispensation.patient.ins, pair.prescription.patient.ins
    if ours is not None and theirs is not None and ours.matricule != theirs.matricule:
        role = pair.dispensation.places.role
        yield at(pair.dispensation.root if role is None else role, ours.matricule, theirs.matricule, "id")


@RULES.rule("CDA-FUL-03", requires=Keyword.DEVRAIT, requirements=("BEN-EP-17",), source="EP-D-03")
def substitution_was_allowed(pair: Fulfilment) -> Iterator[Observation]:
    """A line is not substituted when the prescriber refused it."""
    known = _prescribed(pair)
    for line, found in _references(pair):
        item = known.get(_said(found))
        acts = xpath(f"entryRelationship/act[templateId/@root='{SUBSTITUTED}']")(line)
        refused = item is not None and xpath("entryRelationship/act[@moodCode='DEF']/code[@code='N']")(item)
        if acts and refused:
            yield at(acts[0], "substitution", "substitution refusée par le prescripteur (N)")


@RULES.rule("CDA-FUL-04", requires=Keyword.DEVRAIT, requirements=("BEN-EP-15",), source="contrôle du banc")
def quantity_is_not_over_the_prescribed_one(pair: Fulfilment) -> Iterator[Observation]:
    """No more is dispensed than prescribed, in the same unit."""
    known = _prescribed(pair)
    for line, found in _references(pair):
        item = known.get(_said(found))
        given = first(line, "quantity")
        asked = (
            []
            if item is None
            else xpath(f"entryRelationship/supply[templateId/@root='{QUANTITY}']/quantity")(item)
        )
        if given is None or not asked or given.get("unit") != asked[0].get("unit"):
            continue
        much, wanted = _number(given), _number(asked[0])
        if much is not None and wanted is not None and much > wanted:
            yield at(given, given.get("value"), f"≤ {asked[0].get('value')}", "@value")


def _number(quantity: Element) -> Decimal | None:
    try:
        value = Decimal(quantity.get("value", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def fulfils(found: ClinicalDocument, prescription: ClinicalDocument) -> bool:
    """Whether the document says that it fulfils this prescription."""
    return any(
        _said(one) == prescription.unique_id.upper()
        for one in each(found.root, "inFulfillmentOf", "order", "id")
    )


def judge_fulfilments(files: Mapping[str, bytes]) -> Sequence[Finding]:
    """What the dispensations of a folder say against its prescriptions. `files`: bytes by relative path; the
    path of the dispensation comes first in `where`. Files that are no CDA are left to others."""
    documents = {
        path: found
        for path, data in files.items()
        if path.lower().endswith(".xml") and (found := open_document(data)[0]) is not None
    }
    prescriptions = [one for one in documents.values() if one.is_a(TEMPLATE_PRESCRIPTION)]
    return [
        replace(finding, where=f"{path} {finding.where}")
        for path, found in documents.items()
        if found.is_a(dispensation.MODEL.template)
        for prescription in prescriptions
        if fulfils(found, prescription)
        for finding in RULES.judge(Fulfilment(prescription, found))
    ]
