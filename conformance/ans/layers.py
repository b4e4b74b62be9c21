"""Which official schemas apply to a document, and where they are in the folder."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import etree

from conformance.ans.folder import Folder, folded
from schemas.xml import Element

HL7 = "{urn:hl7-org:v3}"
XSD = "infrastructure/cda/CDA_extended.xsd"
COMMON = {
    "STRUCT": "schematrons/profils/structurationMinimale/ASIP-STRUCT-MIN-StrucMin.sch",
    "IHE": "schematrons/profils/IHE.sch",
    "MODCDA": "schematrons/profils/CI-SIS_ModelesDeContenusCDA.sch",
    "MODANS": "schematrons/profils/CI-SIS_Modeles_ANS.sch",
    "TERMINO": "schematrons/profils/terminologies/schematron/terminologie.sch",
}
DECLARED = re.compile(r"""(?:SCHSchema|href)\s*=\s*["']([^"']+\.sch)["']""", re.IGNORECASE)
VOLET = re.compile(r"^ci-sis_(?P<name>.+?)_(?P<version>(?:\d+\.\d+_)?\d{4}\.\d+)\.sch$")
QUOTED = re.compile(r"""["'](1\.2\.250\.1\.213\.1\.1\.1(?:\.\d+)+)["']""")
MAX_INCLUDED = 40  # files read of a volet to know what model it speaks of


@dataclass(frozen=True, slots=True)
class Applied:
    """A layer of a document. `path`: its schema, None when absent (`reason`); `note`: how it was chosen."""

    layer: str
    path: Path | None
    reason: str = ""
    note: str = ""


def layers_for(folder: Folder, document: Element) -> tuple[Applied, ...]:
    """The layers of a ClinicalDocument element, in the order of the official tool.

    A level-1 document: XSD and STRUCT, and what it declares itself. Any other: all, with one volet.
    """
    declared = [Path(folded(unquote(name))).name for name in declarations(document)]
    level1 = next(document.iter(f"{HL7}nonXMLBody"), None) is not None
    chosen = [_at(folder, "XSD", XSD)]
    for layer, relative in COMMON.items():
        if layer == "STRUCT" or not level1 or folded(relative).rpartition("/")[2] in declared:
            chosen.append(_at(folder, layer, relative))
    volet = volet_for(folder, document, declared, level1)
    return (*chosen, volet) if volet is not None else tuple(chosen)


def _at(folder: Folder, layer: str, relative: str) -> Applied:
    path = folder.get(relative)
    return Applied(layer, path, "" if path else f"{relative} absent du dossier")


def declarations(document: Element) -> Iterator[str]:
    """Schemas that the processing instructions of the file name (`oxygen`, `xml-model`)."""
    tree = document.getroottree()
    for found in tree.xpath("//processing-instruction('oxygen')|//processing-instruction('xml-model')"):
        if isinstance(found, etree._ProcessingInstruction):
            yield from DECLARED.findall(found.text or "")


def volets(folder: Folder) -> Mapping[str, tuple[str, str, Path]]:
    """The volet schemas of the folder: folded file name → (folded model name, version, path)."""
    found: dict[str, tuple[str, str, Path]] = {}
    for key, path in folder.files.items():
        tree, _, name = key.rpartition("/")
        match = VOLET.match(name)
        if tree == "schematrons" and match:
            found[name] = (match["name"], match["version"], path)
    return found


def volet_for(folder: Folder, document: Element, declared: list[str], level1: bool) -> Applied | None:
    """The volet of a document; None for a level-1 document that declares none."""
    known = volets(folder)
    common = {folded(relative).rpartition("/")[2] for relative in COMMON.values()}
    named = [name for name in declared if name not in common]
    for name in named:
        if (path := folder.get(f"schematrons/{name}")) is not None:
            return Applied("VOLET", path, note="déclaré par le document")
    if level1:
        absent = f"schéma déclaré absent du dossier : {named[0]}" if named else ""
        return Applied("VOLET", None, absent) if named else None
    table = _table()
    held = {name for name, _, _ in known.values()}
    models = [
        (str(one.get("root")), one.get("extension") or "")
        for one in document.iterchildren(f"{HL7}templateId")
    ]
    for root, version in sorted(models, key=lambda item: -item[0].count(".")):  # the most precise model first
        short = root.removeprefix(table["prefix"])
        model: str | None = table["models"].get(short) if short != root else None
        if short != root and (model is None or folded(model) not in held):
            model = next(iter(_speaking_of(folder, root, known)), model)
        if model is not None:
            version = table["versions"].get(f"{model} {version}", version)
            return _of_version(model, version, known)
    code = next(document.iterchildren(f"{HL7}code"), None)
    kind = (code.get("code") or "") if code is not None else ""
    if by_type := table["types"].get(kind):
        return _of_version(
            by_type, "", known, f"choisi par le code {kind} : le document ne nomme aucun modèle"
        )
    return Applied("VOLET", None, f"aucun volet connu pour ce document (code {kind or 'absent'})")


def _of_version(
    name: str, version: str, known: Mapping[str, tuple[str, str, Path]], note: str = ""
) -> Applied:
    candidates = sorted(
        ((own, path) for model, own, path in known.values() if model == folded(name)),
        key=lambda item: item[0].rpartition("_")[2],
    )
    if not candidates:
        return Applied("VOLET", None, f"aucun schéma CI-SIS_{name}_*.sch dans le dossier")
    exact = [path for own, path in candidates if own == folded(version)]
    if exact:
        return Applied("VOLET", exact[0], note=note)
    latest, path = candidates[-1]
    said = f"version {version} inconnue du dossier" if version else "version du modèle non indiquée"
    return Applied("VOLET", path, note="; ".join(filter(None, (note, f"{said}, jugé avec {latest}"))))


@cache
def _table() -> Mapping[str, Any]:
    data = resources.files("conformance.ans") / "models.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))


def _speaking_of(folder: Folder, root: str, known: Mapping[str, tuple[str, str, Path]]) -> list[str]:
    """Models whose schemas quote this templateId, the one that has most files of its own first."""
    counts: dict[str, int] = {}
    for model, version, path in known.values():
        place = folded(f"schematrons/include/specificationsVolets/{model}_{version}/")
        own = [file for key, file in sorted(folder.files.items()) if key.startswith(place)][:MAX_INCLUDED]
        texts = (file.read_text(encoding="utf-8", errors="replace") for file in (path, *own))
        quoted = sum(root in QUOTED.findall(text) for text in texts)
        if quoted:
            counts[model] = counts.get(model, 0) + quoted
    return sorted(counts, key=lambda model: (-counts[model], model))


def is_body_rule(context: str) -> bool:
    """Whether a rule of a volet looks at the structured body."""
    return "structuredBody" in context
