"""Judgement of a question of TD0.2 or TD1.3a. Source: DMP integration guide (SEL-MP-037, TD0.2)."""

import re
from collections.abc import Iterator

from schemas.finding import Keyword, Observation, RuleSet
from schemas.ins import INS_OIDS, PRODUCTION_OIDS, well_formed

from .model import ADMIN_DATA, DMP_DEVICE, EXISTENCE, REQUEST, Query

RULES: RuleSet[Query] = RuleSet("hl7v3", ("DMP/CONF.10",))
SOURCE = "SEL-MP-037 TD0.2 ; HL7v3 PRPA_IN201307UV02"
VALUE = f"/{REQUEST}/controlActProcess/queryByParameter/parameterList/patientIdentifier/value"
TIME = re.compile(r"\d{14}")


@RULES.rule("HL7-01", source=SOURCE)
def header_is_complete(query: Query) -> Iterator[Observation]:
    """Message and query are identified; sender, time and processing code are given; the DMP receives."""
    for where, value in (
        ("id/@root", query.id.root),
        ("sender/device/id/@root", query.device),
        ("sender/device/softwareName", query.software),
        ("controlActProcess/queryByParameter/queryId/@root", query.query_id.root),
    ):
        if not value:
            yield Observation(f"/{REQUEST}/{where}", "", "1")
    if not TIME.fullmatch(query.created):
        yield Observation(f"/{REQUEST}/creationTime", query.created, "AAAAMMJJhhmmss")
    if query.processing not in ("P", "D"):
        yield Observation(f"/{REQUEST}/processingCode", query.processing, "P")
    if query.receiver != DMP_DEVICE:
        yield Observation(f"/{REQUEST}/receiver/device/id/@root", query.receiver, DMP_DEVICE)


@RULES.rule("HL7-02", source=f"{SOURCE} ; CI-SIS (INS)")
def patient_is_an_ins(query: Query) -> Iterator[Observation]:
    """The patient is named by a well-formed INS, of the test OID."""
    if query.patient.oid not in INS_OIDS or query.patient.oid in PRODUCTION_OIDS:
        yield Observation(f"{VALUE}/@root", query.patient.oid, "1.2.250.1.213.1.4.10")
    if not well_formed(query.patient.matricule):
        yield Observation(f"{VALUE}/@extension", query.patient.matricule, "13 caractères et la clé")


@RULES.rule("HL7-03", requires=Keyword.DEVRAIT, source=SOURCE)
def existence_is_asked(query: Query) -> Iterator[Observation]:
    """reasonCode is TEST_EXST (TD0.2) or CNSLT_DATA (TD1.3a: administrative data)."""
    if query.reason not in (EXISTENCE, ADMIN_DATA):
        expected = f"{EXISTENCE} | {ADMIN_DATA}"
        yield Observation(f"/{REQUEST}/controlActProcess/reasonCode", query.reason, expected)
