"""Special cases of an e-prescription that can be judged from the document: bizone, secured, locum, pregnancy.

All are warnings: the law or the domain says them, no public rule does. Source: eprescription.md A4.5 and A11.
"""

import re
from collections.abc import Iterator

from schemas.cda.lines import prescription_lines
from schemas.cda.look import at
from schemas.cda.model import ClinicalDocument
from schemas.cda.template import xpath
from schemas.cda.tree import first
from schemas.cda.volets.model import body_of, declares
from schemas.cda.volets.prescription import ROW, VOLET
from schemas.finding import Keyword, Observation, RuleSet

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-prescription-cases")

BIZONE, SECURED = "MED-1096", "MED-1098"
SECTION_PREGNANCY = "1.2.250.1.213.1.1.2.77"
PREGNANT = "77386006"
OPIOID_SUBSTITUTE = re.compile(r"m[ée]thadone|bupr[ée]norphine|subutex|suboxone|orobupr[ée]", re.IGNORECASE)
NUMBER_WORD = re.compile(
    r"\b(?:une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?"
    r"|trente|quarante|cinquante|soixante|cents?|mille|demie?)\b",
    re.IGNORECASE,
)


def _is_kind(document: ClinicalDocument, kind: str) -> bool:
    return any(code.code == kind for code in document.service_codes)


@RULES.rule("CDA-EP-10", requires=Keyword.PEUT, requirements=("BEN-INS-06",), source="EP-P-10 ; RNIV")
def patient_has_an_ins(document: ClinicalDocument) -> Iterator[Observation]:
    """The patient has an INS: without it, the prescription does not reach the DMP."""
    if document.patient.ins is None:
        role = document.places.role
        yield at(document.root if role is None else role, "aucun identifiant INS", "INS qualifiée", "id")


@RULES.rule("CDA-EP-14", requires=Keyword.DEVRAIT, requirements=("BEN-EP-23",), source="ordonnance bizone")
def bizone_has_both_kinds_of_lines(document: ClinicalDocument) -> Iterator[Observation]:
    """A bizone prescription has at least one line for an ALD and one that is not."""
    if not _is_kind(document, BIZONE):
        return
    said = set(xpath("component//observation[code/@code='MED-574']/value/@value")(document.root))
    for value, label in (("true", "en rapport avec l'ALD"), ("false", "sans rapport avec l'ALD")):
        if value not in said:
            yield at(body_of(document), f"aucune ligne {label}", f"MED-574 = {value}")


@RULES.rule("CDA-EP-16", requires=Keyword.DEVRAIT, requirements=ROW, source="CSP R5132-5 et R5132-29")
def secured_doses_are_in_letters(document: ClinicalDocument) -> Iterator[Observation]:
    """On a secured prescription, doses and quantities are written in letters."""
    if not _is_kind(document, SECURED):
        return
    for line in prescription_lines(document):
        if line.posology not in ("", line.label) and not NUMBER_WORD.search(line.posology):
            yield at(body_of(document), line.posology, "doses en toutes lettres", "section/text")


@RULES.rule(
    "CDA-EP-17", requires=Keyword.DEVRAIT, requirements=ROW, source="CI-SIS, eP-MED-DM ; CSP R5132-29"
)
def opioid_substitute_names_its_dispenser(document: ClinicalDocument) -> Iterator[Observation]:
    """A secured prescription of an opioid substitute names who dispenses it."""
    if not _is_kind(document, SECURED):
        return
    named = any(found.get("typeCode") == "PRF" for found in document.top.each("participant"))
    for line in prescription_lines(document):
        if not named and OPIOID_SUBSTITUTE.search(line.label):
            yield at(document.root, line.label, "participant PRF (pharmacien désigné)", "participant")


@RULES.rule("CDA-EP-18", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def replaced_prescriber_is_a_referrer(document: ClinicalDocument) -> Iterator[Observation]:
    """A replaced prescriber (function 353) is a participant REF with an id and a name."""
    for found in document.top.each("participant"):
        function = first(found, "functionCode")
        if function is None or function.get("code") != "353":
            continue
        if found.get("typeCode") != "REF":
            yield at(found, found.get("typeCode"), "REF", "@typeCode")
        for names in (("associatedEntity", "id"), ("associatedEntity", "associatedPerson", "name")):
            if first(found, *names) is None:
                yield at(found, "absent", "1..1", "/".join(names))


@RULES.rule("CDA-EP-19", requires=Keyword.DEVRAIT, requirements=ROW, source=VOLET)
def pregnancy_has_its_section(document: ClinicalDocument) -> Iterator[Observation]:
    """A current pregnancy is said in the section of pregnancies, and of a woman."""
    for found in xpath(f"component//observation/value[@code='{PREGNANT}']")(document.root):
        if not any(declares(section, SECTION_PREGNANCY) for section in xpath("ancestor::section")(found)):
            yield at(found, "hors de la section des grossesses", f"section {SECTION_PREGNANCY}")
        if document.patient.sex == "M":
            yield at(found, "grossesse en cours d'un patient de sexe M", "sexe F, ou pas de grossesse")
