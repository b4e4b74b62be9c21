"""Document models (volets): what tells a document's model, and the rules that come with it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from schemas.cda.look import at
from schemas.cda.model import ClinicalDocument
from schemas.cda.tree import each
from schemas.finding import Observation, RuleSet
from schemas.xml import Element

CI_SIS_MODEL = "1.2.250.1.213.1.1.1."  # T: model templateIds of the CI-SIS
LOINC = "2.16.840.1.113883.6.1"
TRE_A05 = "1.2.250.1.213.1.1.4.12"
TA_ASIP = "1.2.250.1.213.1.1.4.322"


@dataclass(frozen=True, slots=True)
class DocumentModel:
    """A model: its templateId root, the versions known of it, its type code, its rules.

    `name`: as the CI-SIS writes it (`eP-MED-DM`). `versions`: extensions of the templateId, the current one
    last; empty: the model has none. `codes`: type codes a document of this model may have. `others`:
    templateIds that go with it besides the two common ones. `rules`: what is specific to the model;
    `deep`: what decodes pictures or PDF. `whole`: False when only header, level, type code and sections are
    judged. `template_tested`: whether the official volet tests that the model's templateId is there.
    `any_level`: whether the rules are for level 1 too (they look at the header alone).
    """

    name: str
    template: str
    codes: tuple[str, ...]
    versions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    rules: tuple[RuleSet[ClinicalDocument], ...] = ()
    deep: tuple[RuleSet[ClinicalDocument], ...] = ()
    whole: bool = False
    template_tested: bool = True
    any_level: bool = False

    def version(self, document: ClinicalDocument) -> str:
        """The version that the document declares; the current one when it says none or an unknown one."""
        said = document.template_ids.get(self.template, "")
        return said if said in self.versions or not self.versions else self.versions[-1]


def sections(document: ClinicalDocument, template: str) -> list[Element]:
    """The first-level sections that declare this templateId."""
    return [section for section in top_sections(document) if declares(section, template)]


def top_sections(document: ClinicalDocument) -> Iterable[Element]:
    """The first-level sections."""
    return document.top.each("component", "structuredBody", "component", "section")


def declares(element: Element, template: str) -> bool:
    """Whether the element declares this templateId root."""
    return any(found.get("root") == template for found in each(element, "templateId"))


def body_of(document: ClinicalDocument) -> Element:
    """The component that holds the body; the document itself when it has none."""
    found = document.top.first("component")
    return document.root if found is None else found


def mandatory_sections(
    wanted: Iterable[tuple[tuple[str, ...], str]],
) -> Callable[[ClinicalDocument], Iterator[Observation]]:
    """A rule function: for each (templateIds, title for people), at least one first-level section declares
    all of the templateIds."""
    listed = tuple(wanted)

    def missing(document: ClinicalDocument) -> Iterator[Observation]:
        declared = [
            {found.get("root", "") for found in each(one, "templateId")} for one in top_sections(document)
        ]
        for roots, title in listed:
            if not any(set(roots) <= one for one in declared):
                yield at(
                    body_of(document), "absent", f"section {title} ({' '.join(roots)})", "structuredBody"
                )

    return missing
