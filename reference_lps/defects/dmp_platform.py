"""Defects of the HL7 v2 messages to the integration platform."""

from collections.abc import Callable

from schemas.hl7v2 import names

from ..interface import NO, YES
from .dmp_update import never
from .model import Defect

Segments = list[list[str]]
FEED = ("DMP/va1.03", "DMP/va1.05")
ADMITTED, DISCHARGED = ("SC.DMP/ALI/PROG.10",), ("SC.DMP/ALI/PROG.11",)
FINESS, SIREN = "1750000045", "2750000045"  # geographic structure, legal entity


def kind(segments: Segments) -> str:
    """MSH-9."""
    return segments[0][7]


def in_documents(change: Callable[[list[str]], list[str]]) -> Callable[[Segments], Segments]:
    """The change, on each segment of the messages that carry a document."""
    return lambda segments: segments if kind(segments)[:3] == "ADT" else [change(one) for one in segments]


def at_event(event: str, name: str, number: int, text: str) -> Callable[[Segments], Segments]:
    """Another text in a field of the messages of this event."""

    def change(segments: Segments) -> Segments:
        return [put(one, name, number, text) if event in kind(segments) else one for one in segments]

    return change


def put(segment: list[str], name: str, number: int, text: str) -> list[str]:
    """The segment with another text in this field, if it is of this name and has it."""
    rank = number - 2 if name == "MSH" else number
    if segment[0] != name or len(segment) <= rank:
        return segment
    return [*segment[:rank], text, *segment[rank + 1 :]]


def flag_of(segment: list[str]) -> str:
    """The flag of an OBX, if it is one."""
    coded = segment[3] if segment[0] == "OBX" else ""
    return coded.partition("^")[0] if coded.endswith(f"^{names.META}") else ""


def local_code(segment: list[str]) -> list[str]:
    carries = segment[0] == "OBX" and segment[2] == "ED"
    return put(segment, "OBX", 3, "CR^Compte rendu^L") if carries else segment


def without_ins(segment: list[str]) -> list[str]:
    return put(segment, "PID", 3, segment[3].partition("~")[0]) if segment[0] == "PID" else segment


def spelt_as_in_xds(segment: list[str]) -> list[str]:
    return [text.replace("INVISIBLE_REP_LEGAUX", "INVISIBLE_REPRESENTANTS_LEGAUX") for text in segment]


def nothing_masked(segment: list[str]) -> list[str]:
    return put(segment, "OBX", 5, NO) if flag_of(segment) in names.FLAGS else segment


def both(segments: Segments) -> Segments:
    """What is invisible to the patient is also masked to professionals."""
    if not any(flag_of(one) == "INVISIBLE_PATIENT" and one[5] == YES for one in segments):
        return segments
    return [put(one, "OBX", 5, YES) if flag_of(one) == "MASQUE_PS" else one for one in segments]


def legal_entity(segment: list[str]) -> list[str]:
    named = segment[0] in ("MSH", "PRT")
    return [text.replace(FINESS, SIREN) for text in segment] if named else segment


def without_zfa(segments: Segments) -> Segments:
    return [one for one in segments if one[0] != "ZFA"]


def always_authorised(segments: Segments) -> Segments:
    return [put(one, "ZFA", 4, "Y") for one in segments]


def unborn(segments: Segments) -> Segments:
    """Stays leave without the birth date."""
    return [put(one, "PID", 7, "") if kind(segments)[:3] == "ADT" else one for one in segments]


def lines_of(events: bytes) -> Callable[[bytes], bytes]:
    """Messages of these kinds (MSH-9.1, by spaces) end their segments with LF, as a text file does."""

    def change(data: bytes) -> bytes:
        event = data.split(b"|")[8].partition(b"^")[0]
        return data.replace(b"\r", b"\n") if event in events.split() else data

    return change


DEFECTS = (
    Defect(
        "hl7-encodage",
        "dmp",
        "Le message d'un document annonce un jeu de caractères que le volet n'admet pas",
        "The message of a document announces an encoding that the volet does not allow",
        "HL7-DOC-01",
        FEED,
        {"segments": in_documents(lambda one: put(one, "MSH", 18, "8859/1"))},
    ),
    Defect(
        "hl7-code-local",
        "dmp",
        "OBX-3 porte un code local au lieu du code du document",
        "OBX-3 carries a local code instead of the document's code",
        "HL7-DOC-02",
        FEED,
        {"segments": in_documents(local_code)},
    ),
    Defect(
        "hl7-sans-ins",
        "dmp",
        "PID d'un document ne porte que le numéro local du patient",
        "PID of a document only carries the local number of the patient",
        "HL7-DOC-03",
        FEED,
        {"segments": in_documents(without_ins)},
    ),
    Defect(
        "hl7-drapeau-xds",
        "dmp",
        "Le drapeau des représentants légaux a l'orthographe des métadonnées XDS",
        "The flag of the representatives is spelt as in the XDS metadata",
        "HL7-DOC-04",
        ("DMP/va1.04",),
        {"segments": in_documents(spelt_as_in_xds)},
    ),
    Defect(
        "hl7-cumul",
        "dmp",
        "Un document invisible au patient est aussi masqué aux professionnels",
        "A document invisible to the patient is masked to professionals too",
        "HL7-DOC-05",
        ("EX_2.1-1050",),
        {"segments": both},
    ),
    Defect(
        "hl7-entite-juridique",
        "dmp",
        "La plateforme reçoit l'entité juridique au lieu du FINESS géographique",
        "The platform is given the legal entity instead of the geographic FINESS",
        "HL7-VIHF-01",
        ("SC.DMP/CONF.12",),
        {"segments": in_documents(legal_entity)},
    ),
    Defect(
        "hl7-sans-professionnel",
        "dmp",
        "Le message d'un document ne dit pas quel professionnel l'envoie",
        "The message of a document does not say which professional sends it",
        "HL7-VIHF-02",
        ("SC.DMP/CONF.12",),
        {"segments": in_documents(lambda one: put(one, "PRT", 5, ""))},
    ),
    Defect(
        "hl7-admission-sans-date",
        "dmp",
        "L'admission n'est pas datée",
        "The admission is not dated",
        "HL7-ADT-01",
        ADMITTED,
        {"segments": at_event("^A01", "PV1", 44, "")},
    ),
    Defect(
        "hl7-sans-etat",
        "dmp",
        "ZFA ne dit pas l'état du DMP",
        "ZFA does not say the state of the DMP",
        "HL7-ADT-02",
        ADMITTED,
        {"segments": at_event("^A01", "ZFA", 1, "")},
    ),
    Defect(
        "hl7-sans-zfa",
        "dmp",
        "L'admission part sans segment ZFA",
        "The admission leaves without a ZFA segment",
        "HL7-ADT-02",
        ADMITTED,
        {"segments": without_zfa},
    ),
    Defect(
        "hl7-sortie-sans-date",
        "dmp",
        "La sortie n'est pas datée",
        "The discharge is not dated",
        "HL7-ADT-03",
        DISCHARGED,
        {"segments": at_event("^A03", "PV1", 45, "")},
    ),
    Defect(
        "hl7-toujours-autorise",
        "dmp",
        "ZFA dit toujours l'accès au DMP autorisé",
        "ZFA always says that access to the DMP is authorised",
        "SCN-HL7-ZFA",
        ADMITTED,
        {"segments": always_authorised},
    ),
    Defect(
        "hl7-sans-naissance",
        "dmp",
        "Les messages de séjour n'ont pas la date de naissance",
        "Messages of stays lack the birth date",
        "SCN-HL7-PATIENT",
        (*ADMITTED, *DISCHARGED),
        {"segments": unborn},
    ),
    Defect(
        "hl7-choix-ignore",
        "dmp",
        "Un document que l'utilisateur retient part quand même vers le DMP",
        "A document that the user holds back leaves for the DMP all the same",
        "SCN-HL7-DEMANDE",
        ("DMP/va1.03",),
        {"choice_kept": False},
    ),
    Defect(
        "hl7-rien-d-automatique",
        "dmp",
        "Sans geste de l'utilisateur, aucun document ne va au DMP",
        "Without a gesture of the user, no document goes to the DMP",
        "SCN-HL7-AUTOMATIQUE",
        ("DMP/va1.05",),
        {"automatic": never},
    ),
    Defect(
        "hl7-masquage-perdu",
        "dmp",
        "Le masquage choisi n'atteint pas la plateforme",
        "The masking chosen does not reach the platform",
        "SCN-HL7-MASQUAGE",
        ("DMP/va1.04",),
        {"segments": in_documents(nothing_masked)},
    ),
    Defect(
        "hl7-sejour-lignes",
        "dmp",
        "Les segments des messages de séjour finissent par LF",
        "The segments of stay messages end with LF",
        "SCN-HL7-SEJOUR",
        (*ADMITTED, *DISCHARGED),
        {"message": lines_of(b"ADT")},
    ),
    Defect(
        "hl7-document-lignes",
        "dmp",
        "Les segments des messages de documents finissent par LF",
        "The segments of document messages end with LF",
        "SCN-HL7-DOCUMENT",
        FEED,
        {"message": lines_of(b"ORU MDM")},
    ),
)
