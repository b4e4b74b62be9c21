"""Judgement of a TD0.5 question. Sources: example messages of the DMP; IHE PDQv3."""

import re
from collections.abc import Iterator

from schemas.finding import Keyword, Observation, RuleSet

from .pdq import REQUEST, Find

RULES: RuleSet[Find] = RuleSet("pdq", ("DMP/CONF.10",))
SOURCE = "exemples de messages DMP v02.05.00 (TD0.5) ; IHE PDQv3"
LIST = f"/{REQUEST}/controlActProcess/queryByParameter/parameterList"
DAY = re.compile(r"\d{4}(\d\d(\d\d)?)?")


@RULES.rule("PDQ-01", source=SOURCE)
def header_is_complete(find: Find) -> Iterator[Observation]:
    """Message, query and sender are identified, at an instant."""
    for where, value in (
        ("id/@root", find.header.id.root),
        ("sender/device/id/@root", find.header.device),
        ("sender/device/softwareName", find.header.software),
        ("controlActProcess/queryByParameter/queryId/@root", find.query_id.root),
    ):
        if not value:
            yield Observation(f"/{REQUEST}/{where}", "", "1")
    if not re.fullmatch(r"\d{14}", find.header.created):
        yield Observation(f"/{REQUEST}/creationTime", find.header.created, "AAAAMMJJhhmmss")


@RULES.rule("PDQ-02", source=SOURCE)
def family_name_is_given(find: Find) -> Iterator[Observation]:
    """A patient is looked for by family name, other traits besides."""
    if not find.family:
        yield Observation(f"{LIST}/livingSubjectName/value/family", "", "1")


@RULES.rule("PDQ-03", requires=Keyword.DEVRAIT, source="IHE PDQv3")
def traits_are_coded(find: Find) -> Iterator[Observation]:
    """Sex and birth date, when given, are coded as HL7 does."""
    if find.sex not in ("", "F", "M", "UN"):
        yield Observation(f"{LIST}/livingSubjectAdministrativeGender/value/@code", find.sex, "F | M | UN")
    if find.birth_date and not DAY.fullmatch(find.birth_date):
        yield Observation(f"{LIST}/livingSubjectBirthTime/value/@value", find.birth_date, "AAAAMMJJ")
