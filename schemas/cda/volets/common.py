"""What every document model demands: its type code, its templateIds, a version that is known."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.cda.look import SCHEMATRON, at
from schemas.cda.model import ClinicalDocument
from schemas.cda.volets.model import DocumentModel
from schemas.finding import Keyword, Observation, RuleSet


@dataclass(frozen=True, slots=True)
class Modelled:
    """A document beside the model by which it is judged."""

    document: ClinicalDocument
    model: DocumentModel


RULES: RuleSet[Modelled] = RuleSet("cda-model")
SOURCE = "CI-SIS, volets de contenu (catalogue des modèles)"


@RULES.rule("CDA-MOD-01", requirements=SCHEMATRON, source=SOURCE, layer="VOLET")
def type_is_one_of_the_model(seen: Modelled) -> Iterator[Observation]:
    """The type code is one that the model allows."""
    code = seen.document.type_code.code
    if code and seen.model.codes and code not in seen.model.codes:
        yield at(
            seen.document.root, code, f"{' | '.join(seen.model.codes)} ({seen.model.name})", "code/@code"
        )


@RULES.rule("CDA-MOD-02", requirements=SCHEMATRON, source=SOURCE, layer="VOLET")
def model_declares_its_templates(seen: Modelled) -> Iterator[Observation]:
    """The templateIds of the model are declared, each of those that the official volet tests."""
    wanted = (seen.model.template, *seen.model.others) if seen.model.template_tested else seen.model.others
    for root in wanted:
        if not seen.document.is_a(root):
            yield at(seen.document.root, "absent", f"{root} ({seen.model.name})", "templateId")


@RULES.rule("CDA-MOD-03", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def model_is_declared(seen: Modelled) -> Iterator[Observation]:
    """The templateId of the model is declared; without it the official rules of the model do not run."""
    if not seen.model.template_tested and not seen.document.is_a(seen.model.template):
        wanted = f"{seen.model.template} ({seen.model.name})"
        yield at(seen.document.root, "absent, modèle reconnu au type du document", wanted, "templateId")


@RULES.rule("CDA-MOD-04", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE)
def version_is_known(seen: Modelled) -> Iterator[Observation]:
    """The templateId of the model says a version that is known here."""
    version = seen.document.template_ids.get(seen.model.template)
    if seen.model.versions and version is not None and version not in seen.model.versions:
        place = f"templateId[@root='{seen.model.template}']/@extension"
        yield at(seen.document.root, version or "absent", " | ".join(seen.model.versions), place)


@RULES.rule("CDA-MOD-05", requires=Keyword.PEUT, requirements=("BEN-CDA-02",), source="contrôle du banc")
def model_is_judged_in_part(seen: Modelled) -> Iterator[Observation]:
    """Says that only the header, the level, the type code, the templates and the sections were judged."""
    if not seen.model.whole:
        yield at(
            seen.document.root, seen.model.name, "en-tête, niveau, type, sections et entrées", "templateId"
        )
