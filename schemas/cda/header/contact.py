"""Rules of the addresses and telecoms of the header, whoever they belong to."""

import re
from collections import Counter
from collections.abc import Iterator

from schemas.cda.look import SCHEMATRON, SOURCE, at, header_iter
from schemas.cda.model import ClinicalDocument
from schemas.finding import Keyword, Observation, RuleSet
from schemas.xml import local

RULES: RuleSet[ClinicalDocument] = RuleSet("cda-contact")
TELECOM = re.compile(r"(?:tel|fax|mailto|http|ftp|mllp):.+", re.IGNORECASE)
TELECOM_USES = frozenset(["H", "HP", "HV", "WP", "DIR", "PUB", "EC", "MC", "PG"])
ADDRESS_USES = frozenset(["H", "HP", "HV", "WP", "TMP"])
LINES = 7  # of an address
SINGLE = frozenset(
    [
        "houseNumber",
        "houseNumberNumeric",
        "streetName",
        "streetNameType",
        "additionalLocator",
        "unitID",
        "postBox",
        "precinct",
        "postalCode",
        "city",
        "county",
        "state",
        "country",
    ]
)


@RULES.rule("CDA-PAT-13", requires=Keyword.DEVRAIT, requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def addresses_have_one_form(document: ClinicalDocument) -> Iterator[Observation]:
    """An address is either lines or parts."""
    for address in header_iter(document, "addr"):
        parts = {local(part) for part in address if isinstance(part.tag, str)}
        if "streetAddressLine" in parts and parts - {"streetAddressLine", "useablePeriod"}:
            yield at(address, " ".join(sorted(parts)), "streetAddressLine, ou éléments structurés")


@RULES.rule("CDA-PAT-13B", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def address_parts_do_not_repeat(document: ClinicalDocument) -> Iterator[Observation]:
    """At most 7 lines; each structured part at most once."""
    for address in header_iter(document, "addr"):
        parts = [local(part) for part in address if isinstance(part.tag, str)]
        counts = Counter(parts) if len(set(parts)) < len(parts) else {}
        for name, count in counts.items():
            most = 1 if name in SINGLE else LINES if name == "streetAddressLine" else count
            if count > most:
                yield at(address, f"{count} {name}", f"{name} 0..{most}", name)


@RULES.rule("CDA-PAT-14", requirements=SCHEMATRON, source=SOURCE, layer="STRUCT")
def telecoms_and_addresses_are_well_formed(document: ClinicalDocument) -> Iterator[Observation]:
    """A telecom is a URL with something after its scheme, or null; uses are those of the schema."""
    for telecom in header_iter(document, "telecom"):
        value, null = telecom.get("value"), telecom.get("nullFlavor")
        if value is not None and null is not None:
            yield at(telecom, f"{value} et nullFlavor {null}", "value ou nullFlavor")
        elif value is None and null is None:
            yield at(telecom, "absent", "value ou nullFlavor")
        elif value is not None and not TELECOM.fullmatch(value):
            yield at(telecom, value, "tel: | fax: | mailto: | http:", "@value")
        if not set(telecom.get("use", "").split()) <= TELECOM_USES:
            yield at(telecom, telecom.get("use"), " ".join(sorted(TELECOM_USES)), "@use")
    for address in header_iter(document, "addr"):
        if not set(address.get("use", "").split()) <= ADDRESS_USES:
            yield at(address, address.get("use"), " ".join(sorted(ADDRESS_USES)), "@use")
