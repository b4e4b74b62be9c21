"""HL7 v2 messages of this software, segment by segment.

Sources: ANS, volet « Transmission d'un document CDA R2 en HL7 v2 »; IHE PAM, French extension. The fields of
ZFA, and PRT as the bearer of the identifiers that the VIHF needs, are our reading of them.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.cda import ClinicalDocument
from schemas.hl7v2 import escape, names
from schemas.hl7v3 import Answer
from schemas.ins import Ins
from schemas.xds import composite
from schemas.xds.names import LOINC

from .accounts import NAME, Account
from .state import LOCAL_IDS, Patient

PARIS = ZoneInfo("Europe/Paris")
REPORTS = frozenset({"11502-2", "18748-4"})  # results: sent as ORU; everything else as MDM
LABELS = {
    "MASQUE_PS": "Masqué aux professionnels de santé",
    "INVISIBLE_PATIENT": "Document non visible par le patient",
    "INVISIBLE_REP_LEGAUX": "Document non visible par les représentants légaux du patient",
    names.DESTDMP: "Destinataire DMP",
}
PAM_VERSION = "2.5^FRA^2.11"  # MSH-12 of the French extension
YES, NO = "Y^Oui^" + names.YES_NO, "N^Non^" + names.YES_NO


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends what about whom. `number`: the identifier of the message."""

    account: Account
    patient: Patient
    ins: Ins
    now: datetime
    number: str

    @property
    def time(self) -> str:
        return self.now.astimezone(PARIS).strftime("%Y%m%d%H%M%S")


def stay_message(sending: Sending, status: Answer, *, admitted: bool) -> list[list[str]]:
    """ADT^A01 or ADT^A03."""
    event = "A01" if admitted else "A03"
    time = sending.time
    visit = [
        "PV1",
        "1",
        "I",
        *[""] * 16,
        f"{sending.patient.id}-1",
        *[""] * 24,
        time,
        "" if admitted else time,
    ]
    state = ("ACTIF" if status.active else "FERME") if status.found else "INEXISTANT"
    allowed = ("Y" if status.authorisation == "VALIDE" else "N") if status.active else ""
    return [
        _header(sending, f"ADT^{event}^ADT_{event}", PAM_VERSION, ""),
        ["EVN", "", time, "", "", "", time],
        _patient(sending),
        visit,
        *([["ZFA", state, time, "", allowed, time if allowed else ""]] if admitted else []),
    ]


def document_message(
    sending: Sending, document: ClinicalDocument, data: bytes, flags: tuple[str, ...], *, to_dmp: bool
) -> list[list[str]]:
    """ORU^R01 for results, MDM^T02 for the rest: the CDA, who sends it, and its flags."""
    time, code = sending.time, document.type_code
    system = names.LOINC if code.system == LOINC else names.LOCAL_CODES
    coded = f"{code.code}^{escape(code.display)}^{system}"
    result = code.code in REPORTS
    if result:
        head = [
            _header(sending, "ORU^R01^ORU_R01", names.STRUCTURES["ORU^R01^ORU_R01"], names.PROFILE),
            _patient(sending),
            ["PV1", "1", "I"],
            ["ORC", "NW"],
            ["OBR", "1", "", document.unique_id, coded, "", "", time],
        ]
    else:
        head = [
            _header(sending, "MDM^T02^MDM_T02", names.STRUCTURES["MDM^T02^MDM_T02"], names.PROFILE),
            ["EVN", "", time],
            _patient(sending),
            ["PV1", "1", "I"],
            ["TXA", "1", coded, "TEXT", time, *[""] * 7, document.unique_id, "", "", "", "", "AU"],
        ]
    form = "TEXT" if result else "text"
    carried = f"^{form}^XML^Base64^{base64.b64encode(data).decode()}"
    observations = [["OBX", "1", "ED", coded, "", carried, *[""] * 5, "F"], _sent_by(sending.account)]
    kind = names.CODED["ORU" if result else "MDM"]
    values = {flag: xds in flags for flag, xds in names.FLAGS.items()} | {names.DESTDMP: to_dmp}
    for rank, (flag, chosen) in enumerate(values.items(), 2):
        question = f"{flag}^{LABELS[flag]}^{names.META}"
        observations.append(["OBX", str(rank), kind, question, "", YES if chosen else NO, *[""] * 5, "F"])
    return head + observations


def _header(sending: Sending, structure: str, version: str, profile: str) -> list[str]:
    account = sending.account
    facility = f"{escape(account.structure_name)}^{account.structure}^L"
    addressed = [NAME, facility, "PFI", facility, sending.time, "", structure, sending.number, "T", version]
    return ["MSH", *addressed, *[""] * 4, names.COUNTRY, names.ENCODINGS[0], "", "", profile]


def _patient(sending: Sending) -> list[str]:
    patient, ins = sending.patient, sending.ins
    local = f"{patient.id}^^^{NAME}&{LOCAL_IDS}&ISO^PI"
    national = f"{ins.matricule}^^^INS-NIR&{ins.oid}&ISO^INS"
    given = [escape(patient.given_names[0]), escape(" ".join(patient.given_names))]
    name = "^".join([escape(patient.birth_name), *given, "", "", "", "L"])
    born = patient.birth_date.replace("-", "")
    return ["PID", "1", "", f"{local}~{national}", "", name, "", born, patient.sex]


def _sent_by(account: Account) -> list[str]:
    """The participation that gives the platform what its VIHF will say."""
    person = composite.xcn(account.id_nat, account.family, account.given)
    structure = composite.xon(account.structure, account.structure_name)
    return ["PRT", "1", "UC", "", f"{names.SENT_BY}^Send by", person, "", "", structure]
