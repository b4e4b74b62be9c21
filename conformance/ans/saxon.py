"""A warm Saxon: sheets compiled once in the process, documents judged one after the other.

One process and one thread use it. SaxonC-HE (`saxonche`) is an optional dependency.
"""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

from conformance.ans.assembly import SchemaRefused
from conformance.ans.verdict import AnsProblem

if TYPE_CHECKING:
    from saxonche import PySaxonProcessor, PyXdmNode, PyXsltExecutable

PLACE = re.compile(r"(?: at char \d+)? in \S+ on line \d+ column \d+ of \S+?(?=:(?:\s|$))")
INSTALL = "pip install 'segur-bench[schematron]'"


def available() -> bool:
    """Whether saxonche is installed."""
    return importlib.util.find_spec("saxonche") is not None


def start() -> PySaxonProcessor:
    """A processor that reads local files only. Raises AnsProblem when saxonche is not installed."""
    if not available():
        raise AnsProblem(f"les règles officielles demandent saxonche : {INSTALL}")
    from saxonche import PySaxonProcessor

    processor = PySaxonProcessor(license=False)
    processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")
    return processor


def compile_sheet(processor: PySaxonProcessor, sheet: str) -> PyXsltExecutable:
    """An executable. Raises SchemaRefused with Saxon's words."""
    from saxonche import PySaxonApiError

    try:
        return processor.new_xslt30_processor().compile_stylesheet(stylesheet_text=sheet, encoding="UTF-8")
    except PySaxonApiError as error:
        raise SchemaRefused(_short(error)) from None


def read(processor: PySaxonProcessor, document: str) -> PyXdmNode:
    """A document, parsed once for all its layers. Raises SchemaRefused when Saxon does not read it."""
    from saxonche import PySaxonApiError

    try:
        return processor.parse_xml(xml_text=document)
    except PySaxonApiError as error:
        raise SchemaRefused(_short(error)) from None


def run(executable: PyXsltExecutable, document: PyXdmNode) -> str:
    """The findings of a sheet on a document, as XML. Raises SchemaRefused when the sheet stops."""
    from saxonche import PySaxonApiError

    try:
        return executable.transform_to_string(xdm_node=document) or ""
    except PySaxonApiError as error:
        raise SchemaRefused(_short(error)) from None


def _short(error: Exception) -> str:
    """Saxon's words, without the place in a sheet that nobody sees."""
    return PLACE.sub("", " ".join(str(error).split()))[:400]
