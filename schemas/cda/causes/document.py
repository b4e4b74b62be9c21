"""Root causes in the document: the one thing that explains many findings. They are said before the others.

A cause drops nothing: what follows from it is still said, after it.
"""

import re
from collections.abc import Iterator

from lxml import etree

from schemas.cda.causes.old_header import AUTO, OLD, signs_of_old_header
from schemas.cda.look import SCHEMATRON, SOURCE, at
from schemas.cda.model import (
    HL7,
    NULLS,
    PROFESSIONAL_ID,
    SECTION_PDF_COPY,
    STRUCTURE_ID,
    TEMPLATE_PRESCRIPTION,
    ClinicalDocument,
    Q,
)
from schemas.cda.tree import each, first, selected
from schemas.finding import Keyword, Observation, RuleSet
from schemas.frozen import frozen
from schemas.ins import INS_OIDS, MATRICULE, PRODUCTION_OIDS
from schemas.xml import Element


@frozen
class Case:
    """A document, the header model asked for, and what says it is base64, with its text."""

    document: ClinicalDocument
    header: str = AUTO
    encoded: tuple[tuple[Element, str], ...] = ()


RULES: RuleSet[Case] = RuleSet("cda-causes")
IDENTITY = ("BEN-INS-06",)
INS_ARC = "1.2.250.1.213.1.4"
INS_C = f"{INS_ARC}.2"
LEFT_ALONE = INS_OIDS | {f"{INS_ARC}.13"}  # the last one is in a published example, its meaning unknown to us
PRESENT = ("family", "given", "county", "city", "postalCode", "streetAddressLine", "title")
FOREIGN = etree.XPath(f"descendant::*[namespace-uri()!='{HL7}' and namespace-uri(..)='{HL7}']")
LOOKS_LIKE_HL7 = re.compile(r"(?:urn:|https?://(?:www\.)?)hl7(?:[-.]org)?(?::|/)?v?\d?/?", re.IGNORECASE)
RPPS = re.compile(r"8\d{11}")
NATIONAL_STRUCTURE = re.compile(r"1(?:\d{2}|2[AB])\d{7}|3\d{14}")
MODELS = "1.2.250.1.213.1.1.1."
TEMPLATE_LABORATORY = "1.2.250.1.213.1.1.1.55"
# (model, version) → section that only later versions of the model know
LATER = {
    (TEMPLATE_PRESCRIPTION, "2022.01"): (SECTION_PDF_COPY, "2023.01"),
    (TEMPLATE_LABORATORY, "2021.01"): (SECTION_PDF_COPY, "2024.01"),
}


@RULES.rule("CDA-CAUSE-05", requirements=("BEN-CDA-01",), source="HL7 CDA R2, urn:hl7-org:v3", layer="XSD")
def elements_are_in_the_namespace(case: Case) -> Iterator[Observation]:
    """No element of the document has lost the HL7 namespace: no reader would see it."""
    for element in _foreign(case.document):
        namespace = str(element.tag).rpartition("}")[0].lstrip("{")
        if not namespace or LOOKS_LIKE_HL7.fullmatch(namespace.strip()):
            yield at(element, namespace or 'xmlns=""', HL7)


def _foreign(document: ClinicalDocument) -> Iterator[Element]:
    """Elements of another namespace in HL7 ones; only the body is searched when the header has none."""
    whole = [document.root]
    if not [tag for tag in document.header if not tag.startswith(Q) and tag != NULLS]:
        whole = list(document.top.each("component"))
    for top in whole:
        yield from selected(FOREIGN, top)


@RULES.rule(
    "CDA-CAUSE-12", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=f"{SOURCE}, 2.41 et 3.0"
)
def header_is_of_the_current_model(case: Case) -> Iterator[Observation]:
    """The header follows the current model, not the one before: one cause for its errors."""
    signs = signs_of_old_header(case.document) if case.header == AUTO else []
    if signs:
        yield at(case.document.root, " ; ".join(signs), "en-tête 3.0")


@RULES.rule("CDA-CAUSE-14", requires=Keyword.PEUT, requirements=SCHEMATRON, source="réglage de l'opérateur")
def old_model_was_asked_for(case: Case) -> Iterator[Observation]:
    """The report says that the old model was used."""
    if case.header == OLD:
        yield at(case.document.root, "en-tête 2.41", "en-tête 3.0")


@RULES.rule("CDA-PAT-20", requires=Keyword.DEVRAIT, requirements=IDENTITY, source="CI-SIS, OID de l'INS")
def ins_is_not_of_production(case: Case) -> Iterator[Observation]:
    """A test document carries a test INS."""
    role, ins = case.document.places.role, case.document.patient.ins
    if role is not None and ins is not None and ins.oid in PRODUCTION_OIDS:
        yield at(role, ins.oid, "1.2.250.1.213.1.4.10", "id/@root")


@RULES.rule("CDA-CAUSE-07", requires=Keyword.DEVRAIT, requirements=IDENTITY, source="CI-SIS, OID de l'INS")
def ins_has_its_arc(case: Case) -> Iterator[Observation]:
    """The OID of the INS is complete, and not the one of the former INS-C."""
    role = case.document.places.role
    for identifier in () if role is None else each(role, "id"):
        root, why = identifier.get("root", ""), ""
        if root == INS_ARC:
            why = "dernier arc absent"
        elif root == INS_C:
            why = "INS-C, abandonnée"
        elif root.startswith(f"{INS_ARC}.") and root not in LEFT_ALONE:
            why = "arc inconnu" if MATRICULE.fullmatch(identifier.get("extension", "")) else ""
        if why:
            yield at(identifier, f"{root} ({why})", " | ".join(sorted(INS_OIDS)), "@root")


@RULES.rule(
    "CDA-CAUSE-08",
    requires=Keyword.DEVRAIT,
    requirements=SCHEMATRON,
    source="CI-SIS, PS_IdNat et Struct_IdNat",
)
def professionals_and_structures_have_their_own_oid(case: Case) -> Iterator[Observation]:
    """An RPPS is not under the OID of structures, nor a FINESS or a SIRET under the one of professionals."""
    for identifier, root, value in case.document.ids:
        if root == STRUCTURE_ID and RPPS.fullmatch(value or ""):
            yield at(identifier, f"RPPS {value} sous {root}", PROFESSIONAL_ID, "@root")
        elif root == PROFESSIONAL_ID and NATIONAL_STRUCTURE.fullmatch(value or ""):
            yield at(identifier, f"structure {value} sous {root}", STRUCTURE_ID, "@root")


@RULES.rule("CDA-CAUSE-10", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source="contrôle du banc")
def nothing_is_there_and_empty(case: Case) -> Iterator[Observation]:
    """An empty element is not written to satisfy a test of presence."""
    header = case.document.header
    for name in PRESENT:
        for found in header.get(f"{Q}{name}", ()):
            if _empty(found):
                yield at(found, "vide", "une valeur, ou pas d'élément")
    for section in case.document.root.iter(f"{Q}section"):
        if first(section, "component") is not None:
            continue
        for name in ("title", "text"):
            for found in each(section, name):
                if _empty(found):
                    yield at(found, "vide", "une valeur, ou pas d'élément")


def _empty(element: Element) -> bool:
    return not len(element) and not (element.text or "").strip() and element.get("nullFlavor") is None


@RULES.rule(
    "CDA-CAUSE-09", requires=Keyword.DEVRAIT, requirements=("INS/va1.56",), source="RNIV 1, statut qualifiée"
)
def matricule_is_of_a_qualified_identity(case: Case) -> Iterator[Observation]:
    """A matricule goes with all the strict traits: without one of them the identity is not qualified."""
    patient, person = case.document.patient, case.document.places.person
    if patient.ins is None or person is None:
        return
    traits = {
        "nom de naissance": patient.birth_name,
        "premier prénom": patient.given,
        "liste des prénoms": patient.given_names,
        "sexe": patient.sex,
        "date de naissance": patient.birth_date,
        "lieu de naissance": patient.birth_place,
    }
    missing = [name for name, value in traits.items() if not value]
    if missing:
        yield at(person, f"sans {', '.join(missing)}", "les six traits, ou aucun matricule")


@RULES.rule(
    "CDA-CAUSE-11",
    requires=Keyword.DEVRAIT,
    requirements=("BEN-CDA-02",),
    source="CI-SIS, versions des volets",
)
def versions_are_not_mixed(case: Case) -> Iterator[Observation]:
    """One version of one model: declared once, and without what only a later one knows."""
    document = case.document
    versions: dict[str, set[str]] = {}
    for template in document.top.each("templateId"):
        root, version = template.get("root", ""), template.get("extension", "")
        if version and root.startswith(MODELS):
            versions.setdefault(root, set()).add(version)
    said = sorted({version for some in versions.values() for version in some})
    if len(said) > 1:
        yield at(document.root, " et ".join(said), "une version", "templateId/@extension")
        return
    later = next((LATER[root, said[0]] for root in versions if (root, said[0]) in LATER), None)
    if later is None:
        return
    for section in document.root.iter(f"{Q}section"):
        if any(template.get("root") == later[0] for template in each(section, "templateId")):
            yield at(section, f"section {later[0]}, modèle déclaré {said[0]}", f"modèle {later[1]}")


@RULES.rule(
    "CDA-CAUSE-06", requires=Keyword.DEVRAIT, requirements=("BEN-CDA-08",), source="RFC 4648 ; XML 1.0"
)
def base64_has_no_stray_characters(case: Case) -> Iterator[Observation]:
    """Base64 holds no carriage return written &#13; and no `data:` prefix."""
    for element, text in case.encoded:
        if "\r" in text:
            yield at(element, f"{text.count(chr(13))} retours chariot (&#13;)", "base64 sans retour chariot")
        elif text.lstrip()[:5].lower() == "data:":
            yield at(element, text.lstrip()[:40], "base64 seul, le type dans @mediaType")


@RULES.rule("CDA-CAUSE-06B", requires=Keyword.PEUT, requirements=("BEN-CDA-08",), source="RFC 4648, 3.1")
def base64_is_on_one_line(case: Case) -> Iterator[Observation]:
    """Base64 is on one line: some decoders refuse line breaks."""
    for element, text in case.encoded:
        lines = text.strip().count("\n") if "\n" in text and "\r" not in text else 0
        if lines:
            yield at(element, f"{lines + 1} lignes", "une ligne")


def opened(document: ClinicalDocument, header: str = AUTO) -> Case:
    """What the causes look at in a document."""
    texts = document.root.iter(f"{Q}value", f"{Q}text")
    encoded = [(one, one.text or "") for one in texts if one.get("representation") == "B64"]
    return Case(document, header, tuple(encoded))
