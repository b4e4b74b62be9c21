"""What a wrong software does with identities, rule by rule."""

from .changes import Case, last_patient, more, says, sends, silent, without
from .example import OTHER_INS, Example


def without_letter(case: Case) -> str:
    """The matricule of the last patient, its department of Corsica turned into 20."""
    return last_patient(case).replace("2A", "20").replace("2B", "20")


def for_last_patient(case: Case, body: bytes) -> bytes:
    """A request about the first patient, made about the last one."""
    return body.replace(case.patients[0].encode(), case.patients[-1].encode())


EXAMPLES = (
    Example(
        "SCN-INS-STATUT",
        "INS-01[F]",
        "l'identité reste validée",
        says("identity.search", {"identity_status": "VALIDEE"}),
    ),
    Example(
        "SCN-INS-REPRISE",
        "INS-01[F]",
        "un autre matricule est gardé",
        says("identity.search", {"ins": OTHER_INS}),
    ),
    Example(
        "SCN-INS-TRAITS",
        "INS-01[M]",
        "un autre nom est cherché",
        sends("INSi.traits", {"traits.birth_name": "AUTRE"}),
    ),
    Example("SCN-INS-TRAITS", "INS-01[F]", "INSi n'est pas appelé", without("INSi.traits")),
    Example(
        "SCN-INS-RECUPEREE",
        "INS-02",
        "l'identité devient qualifiée",
        says("identity.search", {"identity_status": "QUALIFIEE"}),
    ),
    Example(
        "SCN-INS-CORSE",
        "INS-03[F]",
        "la lettre du département est perdue",
        says("identity.search", {"ins.matricule": without_letter}),
    ),
    Example("SCN-INS-01-RIEN", "INS-04[01]", "un INS est gardé", says("identity.search", {"ins": OTHER_INS})),
    Example("SCN-INS-01-DIT", "INS-04[01]", "rien n'est dit", silent("identity.search")),
    Example("SCN-INS-02-RIEN", "INS-04[02]", "un INS est gardé", says("identity.search", {"ins": OTHER_INS})),
    Example("SCN-INS-02-DIT", "INS-04[02]", "rien n'est dit", silent("identity.search")),
    Example(
        "SCN-INS-PRENOMS",
        "INS-05",
        "tous les prénoms ne sont pas essayés ensemble",
        without("INSi.traits", nth=-1),
    ),
    Example("SCN-INS-PANNE-DITE", "INS-06[unavailable]", "rien n'est dit", silent("identity.search")),
    Example(
        "SCN-INS-PANNE-SANS-EFFET",
        "INS-06[malformed]",
        "un INS est gardé",
        says("identity.search", {"ins": OTHER_INS}),
    ),
    Example(
        "SCN-INS-PANNE-SANS-EFFET",
        "INS-06[insi-102]",
        "le statut change",
        says("identity.search", {"identity_status": "PROVISOIRE"}),
    ),
    Example(
        "SCN-INS-FUITE",
        "INS-07[prescription.create-RECUPEREE]",
        "l'ordonnance part avec l'INS",
        more("EPU.create", {"patient": last_patient}, during="prescription.create", body=for_last_patient),
    ),
    Example(
        "SCN-INS-FUITE",
        "INS-07[prescription.create-VALIDEE]",
        "l'ordonnance part plus tard avec l'INS",
        more("EPU.create", {"patient": last_patient}, body=for_last_patient),
    ),
)
