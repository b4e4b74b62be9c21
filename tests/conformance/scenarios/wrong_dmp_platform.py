"""What a wrong software gives to the integration platform, rule by rule."""

import base64
import re

from .changes import Case, Change, says
from .example import Example

OTHER = "255069999999934"
ADMISSION, DISCHARGE = "DMP-HL7-01[autorise]", "DMP-HL7-02"
WANTED, KEPT, ALONE, MASKED = (
    "DMP-HL7-03[demande]",
    "DMP-HL7-03[retenu]",
    "DMP-HL7-03[automatique]",
    "DMP-HL7-04",
)
YES, NO = "Y^Oui", "N^Non"


def rewritten(pattern: str, new: str, *, nth: int = -1, count: int = 0) -> Change:
    """In the message given, the texts of this pattern are others."""

    def text(case: Case) -> str:
        given = base64.b64decode(case.answer("interface.export", nth)["data"]["message_base64"])
        changed, made = re.subn(pattern.encode(), new.encode(), given, count=count)
        assert made, pattern
        return base64.b64encode(changed).decode()

    return says("interface.export", {"message_base64": text}, nth=nth)


def of_somebody_else(case: Case) -> str:
    """The message, PID and document, is about another patient."""
    given = base64.b64decode(case.answer("interface.export")["data"]["message_base64"])
    ours = case.patients[-1].encode()
    found = re.search(rb"Base64\^([^|]+)", given)
    assert found is not None
    document = base64.b64decode(found[1]).replace(ours, OTHER.encode())
    changed = given.replace(found[1], base64.b64encode(document)).replace(ours, OTHER.encode())
    return base64.b64encode(changed).decode()


def flagged(flag: str, old: str, new: str, *, nth: int = -1) -> Change:
    """A flag has another value."""
    return rewritten(rf"({flag}\^[^|]*\|\|){re.escape(old)}", rf"\g<1>{new}", nth=nth)


EXAMPLES = (
    Example("SCN-HL7-SEJOUR", ADMISSION, "les segments finissent par LF", rewritten("\r", "\n")),
    Example("SCN-HL7-SEJOUR", DISCHARGE, "le message est tronqué", rewritten(r"^MSH\|.*", "MSH|", count=1)),
    Example("SCN-HL7-PATIENT", ADMISSION, "le sexe manque", rewritten(r"(\|\d{8}\|)[FM]", r"\g<1>")),
    Example("SCN-HL7-PATIENT", DISCHARGE, "l'INS manque", rewritten(r"~\d[^|]+\^INS\|", "|")),
    Example("SCN-HL7-ZFA", ADMISSION, "l'accès passe pour refusé", rewritten(r"(ZFA\|.*)\|Y", r"\g<1>|N")),
    Example(
        "SCN-HL7-ZFA", "DMP-HL7-01[ferme]", "le DMP passe pour inexistant", rewritten("FERME", "INEXISTANT")
    ),
    Example("SCN-HL7-DOCUMENT", WANTED, "les segments finissent par LF", rewritten("\r", "\n")),
    Example(
        "SCN-HL7-DOCUMENT",
        ALONE,
        "le document est celui d'un autre patient",
        says("interface.export", {"message_base64": of_somebody_else}),
    ),
    Example("SCN-HL7-DEMANDE", WANTED, "le document n'est pas destiné au DMP", flagged("DESTDMP", YES, NO)),
    Example("SCN-HL7-DEMANDE", KEPT, "le document retenu part", flagged("DESTDMP", NO, YES)),
    Example("SCN-HL7-AUTOMATIQUE", ALONE, "rien ne part de soi-même", flagged("DESTDMP", YES, NO)),
    Example(
        "SCN-HL7-MASQUAGE", MASKED, "un masquage s'ajoute", flagged("INVISIBLE_REP_LEGAUX", NO, YES, nth=0)
    ),
)
