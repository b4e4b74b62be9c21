"""Metadata against the ebRIM schema: what the reader forgave without noticing.

Source: ebRIM and ebRS 3.0 (OASIS regrep), IHE ITI TF-3 §4.2; `metadata.xsd` beside this module.
"""

from collections.abc import Iterator

from schemas import xsd
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xds.lot import Lot
from schemas.xds.model import Submission
from schemas.xml import Element

SCHEMA: RuleSet[Lot] = RuleSet("xds-schema")


def departures(metadata: Element, submission: Submission, size: int = 0) -> Iterator[Observation]:
    """What departs from the schema in a `lcm:SubmitObjectsRequest`.

    Nothing when the reader noted faults of encoding by itself: XDS-STR-01 tells those, and they are the same.
    """
    if not submission.departures:
        yield from xsd.observations(metadata, xsd.load("schemas.xds", "metadata.xsd"), size)


@SCHEMA.rule(
    "XDS-XSD-01",
    requires=Keyword.DOIT,
    requirements=("DMP/CONF.10",),
    source="ebRIM 3.0, schémas lcm.xsd et rim.xsd ; IHE ITI TF-3 §4.2",
)
def metadata_follows_the_schema(lot: Lot) -> Iterator[Observation]:
    """The metadata of a feed are valid against the ebRIM schema."""
    if lot.metadata is not None:
        yield from departures(lot.metadata, lot.submission, lot.size)
