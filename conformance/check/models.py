"""What a CDA says that it is, for the reader of a verdict."""

from schemas.xml import Element, local

HL7 = "{urn:hl7-org:v3}"
COMMON = {"2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1"}  # HL7 France, CI-SIS header
FRENCH = "1.2.250.1.213.1.1.1."


def model_of(root: Element) -> tuple[str, str]:
    """Its type in words, and the templateId of its model with its version: `1.2.250.1.213.1.1.1.37 2023.01`.

    Either is empty when the document does not say.
    """
    document = root if root.tag == f"{HL7}ClinicalDocument" else next(root.iter(f"{HL7}ClinicalDocument"), None)
    if document is None:
        return "", ""
    declared = [
        (child.get("root", ""), child.get("extension", ""))
        for child in document.iterchildren(f"{HL7}templateId")
        if child.get("root") not in COMMON
    ]
    own = [pair for pair in declared if pair[0].startswith(FRENCH)] or declared
    model = " ".join(own[-1]).strip() if own else ""
    return _title(document), model


def _title(document: Element) -> str:
    for child in document:
        if isinstance(child.tag, str) and local(child) == "code":
            return child.get("displayName") or child.get("code") or ""
    return ""
