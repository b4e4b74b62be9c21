"""The names that Référentiel #2 prescribes: subject, PDF file, header values.

Sources: ECO.2.1.3 (subject), ECO.2.1.6 (PDF), ECO.2.4.1 and ECO.2.4.2 (headers).
"""

import re
import unicodedata
from collections.abc import Iterable

from schemas import valuesets
from schemas.cda.model import ClinicalDocument, PatientIdentity
from schemas.mail.model import SUBJECT_PREFIX

TYPE_LENGTH = 40
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def type_label(document: ClinicalDocument) -> str:
    """The display name of the document's code, as written in it, or else as published."""
    code = document.type_code
    return " ".join((code.display or valuesets.value_set("J07").display(code.code) or code.code).split())


def act_date(document: ClinicalDocument) -> str:
    """Date of the act, `AAAAMMJJ`, as the header writes it: start of the main act, else creation."""
    return (document.service_start or document.effective_time)[:8]


def document_file_name(document: ClinicalDocument, record_number: str = "") -> str:
    """Name of the PDF copy: `<date>_<type, 40 characters>_<NOM>_<prénom>[_<dossier>].pdf` (ECO.2.1.6)."""
    patient = document.patient
    parts = [
        act_date(document),
        type_label(document)[:TYPE_LENGTH].rstrip(),
        patient.birth_name.upper(),
        patient.given,
        record_number,
    ]
    return "_".join(_FORBIDDEN.sub(" ", part).strip() for part in parts if part) + ".pdf"


def birth_date(patient: PatientIdentity) -> str:
    """`JJ/MM/AAAA`; empty when the date is not whole."""
    date = patient.birth_date
    return f"{date[6:8]}/{date[4:6]}/{date[:4]}" if len(date) >= 8 and date[:8].isdigit() else ""


def subject(document: ClinicalDocument, label: str = "") -> str:
    """Subject of a document mail: `XDM/1.0/DDM+<label> <NOM> <prénom> <JJ/MM/AAAA>` (ECO.2.1.3)."""
    patient = document.patient
    words = (label or type_label(document), patient.birth_name.upper(), patient.given, birth_date(patient))
    return SUBJECT_PREFIX + " ".join(word for word in words if word)


def code_header(documents: Iterable[ClinicalDocument]) -> str:
    """X-MSS-CODECDA: the codes of the CDA, separated by commas, each once."""
    return ",".join(dict.fromkeys(document.type_code.code for document in documents))


def ins_header(documents: Iterable[ClinicalDocument]) -> str:
    """X-MSS-INS: `O` when the archive holds a qualified INS, else `N`."""
    return "O" if any(has_qualified_ins(document.patient) for document in documents) else "N"


def has_qualified_ins(patient: PatientIdentity) -> bool:
    """Matricule, OID and four traits: birth name, first given name, birth date, sex (ECO.2.4.2)."""
    return patient.ins is not None and all(
        (patient.birth_name, patient.given, patient.birth_date, patient.sex)
    )


def plain(text: str) -> str:
    """Text to compare: no accents, one case, plain apostrophes, single blanks."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "'"))
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return " ".join(letters.casefold().split())
