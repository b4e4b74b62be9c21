"""One right question of each transaction of the DMP, for tests that go through them all."""

from collections.abc import Callable, Mapping

from schemas import habilitations, hl7v3
from schemas.habilitations import ListByPatient, PatientList, SetAuthorization
from schemas.hl7v3 import Identity
from schemas.hl7v3.pdq import Find, write_find
from schemas.hl7v3.wrapper import Header
from schemas.vihf import DIRECT
from schemas.xds import names
from simulators.core.clock import stamp
from simulators.core.population import Patient
from simulators.dmp.rights import REGULATION
from simulators.dmp.routes import AUTHORISE, AUTHORISED, CREATE, EXISTENCE, FIND_PATIENT, PATIENT_LIST, REVISE

from .employees import by
from .kit import SOURCE, Kit, Message

Make = Callable[[Kit, Patient], Message]


def _admin_data(kit: Kit, patient: Patient) -> Message:
    query = hl7v3.Query(
        Identity(SOURCE, kit.oid()),
        stamp(kit.now),
        SOURCE,
        "reference_lps",
        Identity(SOURCE, kit.oid()),
        patient.ins,
        hl7v3.ADMIN_DATA,
    )
    return kit.ask(EXISTENCE, hl7v3.write_query(query), patient)


def _find(kit: Kit, patient: Patient) -> Message:
    header = Header(Identity(SOURCE, kit.oid()), stamp(kit.now), SOURCE, "reference_lps")
    body = write_find(Find(header, Identity(SOURCE, kit.oid()), family=patient.birth_name))
    return kit.ask(FIND_PATIENT, body, None, DIRECT, purpose=REGULATION)


def _patients(kit: Kit, patient: Patient) -> Message:
    question = PatientList("20250101000000", "LASTAUTORIZATION")
    return kit.ask(PATIENT_LIST, habilitations.write_question(question), None, DIRECT)


def _legacy(reason: str) -> Make:
    def make(kit: Kit, patient: Patient) -> Message:
        operation = CREATE if reason == "CREA_RD" else REVISE
        name = operation.body.rpartition("}")[2]
        body = (
            f'<{name} xmlns="urn:hl7-org:v3"><id root="1.2"/><controlActProcess><reasonCode code="{reason}"/>'
            f'<patient><id root="{patient.ins.oid}" extension="{patient.ins.matricule}"/></patient>'
            f"</controlActProcess></{name}>"
        )
        return kit.ask(operation, body, patient, DIRECT)

    return make


def _update(kit: Kit, patient: Patient) -> Message:
    fed = kit.call(kit.feed(patient)).facts["documents"][0]
    return kit.status(patient, fed["entry_uuid"], names.APPROVED, names.ARCHIVED)


def _retrieve(kit: Kit, patient: Patient) -> Message:
    return kit.retrieve(patient, kit.call(kit.feed(patient)).facts["documents"][0]["unique_id"])


QUESTIONS: Mapping[str, Make] = {
    "TD0.2": lambda kit, patient: kit.exists(patient),
    "TD0.3": lambda kit, patient: kit.ask(
        AUTHORISE, habilitations.write_question(SetAuthorization("AJOUT")), patient, DIRECT
    ),
    "TD0.4": _patients,
    "TD0.5": _find,
    "TD1.1": _legacy("CREA_RD"),
    "TD1.2": _legacy("REAC"),
    "TD1.3a": _admin_data,
    "TD1.3b": _legacy("MODIF_DATA"),
    "TD1.4": _legacy("FERM"),
    "TD1.6": lambda kit, patient: kit.ask(
        AUTHORISED, habilitations.write_question(ListByPatient("TOUTE")), patient, DIRECT
    ),
    "TD2.1": lambda kit, patient: kit.feed(patient),
    "TD2.2": lambda kit, patient: by(kit, patient),
    "TD3.1": lambda kit, patient: kit.search(patient),
    "TD3.2": _retrieve,
    "TD3.3": _update,
}
