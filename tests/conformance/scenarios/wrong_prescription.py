"""What a wrong software does with prescriptions, rule by rule."""

import base64
import hashlib
import re
from datetime import UTC, datetime

from schemas import pdf
from simulators.core.identities import CORRESPONDANT, MEDECIN

from .changes import Case, Change, Late, both, more, says, sends, silent, without
from .example import Example

OTHER_NUMBER = "01ZZZZZZZZZZZZZZZZ"


def number_of(case: Case) -> str:
    """The number of the last prescription made."""
    return str(case.answer("prescription.create")["data"]["epu_id"])


def print_without_ins(case: Case) -> str:
    """A printed prescription with its code and no INS datamatrix."""
    made = pdf.write_pdf("Ordonnance", [], created=datetime(2026, 1, 1, tzinfo=UTC), code2d=number_of(case))
    return base64.b64encode(made).decode()


def print_without_code(case: Case) -> str:
    """A printed prescription with the INS datamatrix and no code of its own."""
    page = pdf.read_pdf(base64.b64decode(case.answer("prescription.create")["data"]["pdf_base64"]))
    ins = next(text for _, text in page.codes2d if text.startswith("IS01"))
    made = pdf.write_pdf("Ordonnance", [], created=datetime(2026, 1, 1, tzinfo=UTC), ins_datamatrix=ins)
    return base64.b64encode(made).decode()


def witness_file(name: str) -> Late:
    """A file of the first prescription of the case, the one that was sent."""
    return lambda case: case.answer("prescription.create", 0)["data"][name]


def fed_with(content: bytes) -> Change:
    """Another CDA is given, and fed."""
    return both(
        says("prescription.create", {"cda_base64": base64.b64encode(content).decode()}),
        sends("TD2.1", {"documents.0.sha256": hashlib.sha256(content).hexdigest()}),
    )


def renumbered(case: Case) -> Case:
    """The copy in the DMP has another number than the base."""
    content = base64.b64decode(case.answer("prescription.create")["data"]["cda_base64"])
    return fed_with(content.replace(number_of(case).encode(), OTHER_NUMBER.encode()))(case)


def still_coded(case: Case) -> Case:
    """The copy in the DMP has no number, and still the picture of a code."""
    first = case.answer("prescription.create", 0)["data"]
    content = base64.b64decode(first["cda_base64"])
    number = rb'<id root="[^"]+" extension="' + first["epu_id"].encode() + rb'"/>'
    return fed_with(re.sub(number, b"", content))(case)


def altered_copy(case: Case) -> str:
    """The CDA of the prescription with one byte more."""
    content = base64.b64decode(case.answer("prescription.create")["data"]["cda_base64"])
    return base64.b64encode(content + b"\n").decode()


def by_a_colleague(case: Case, body: bytes) -> bytes:
    """A request of the test doctor, made in the name of another."""
    return body.replace(MEDECIN.id_nat.encode(), CORRESPONDANT.id_nat.encode())


EXAMPLES = (
    Example("SCN-EP-CREATION", "PARCOURS-01", "rien n'est envoyé", without("EPU.create")),
    Example("SCN-EP-COPIE-DMP", "PARCOURS-01", "le DMP n'est pas alimenté", without("TD2.1")),
    Example("SCN-EP-AU-PATIENT", "PARCOURS-01", "aucun courriel ne part", without("SMTP.message")),
    Example(
        "SCN-EP-CODE-IMPRIME",
        "PARCOURS-01",
        "le code n'est pas imprimé",
        says("prescription.create", {"pdf_base64": print_without_code}),
    ),
    Example("SCN-EP-LECTURE", "PARCOURS-01", "la pharmacie ne lit pas la base", without("EPU.read")),
    Example(
        "SCN-EP-EXECUTION",
        "PARCOURS-01",
        "l'ancien état est montré",
        says("prescription.execution", {"status": "ENREGISTREE"}),
    ),
    Example(
        "SCN-DMP-LISTE",
        "PARCOURS-01",
        "le document n'est pas montré",
        says("document.search", {"documents": []}),
    ),
    Example(
        "SCN-EP-LECTURE",
        "EP-D-01[minuscules]",
        "une autre ordonnance est lue",
        both(
            says("prescription.scan", {"epu_id": OTHER_NUMBER}), sends("EPU.read", {"epu_id": OTHER_NUMBER})
        ),
    ),
    Example(
        "SCN-EP-LECTURE",
        "EP-D-01[code]",
        "une ligne est perdue",
        says(
            "prescription.scan", {"lines": lambda case: case.answer("prescription.scan")["data"]["lines"][:1]}
        ),
    ),
    Example("SCN-EP-DISPENSATION", "EP-D-02", "rien n'est envoyé", without("EPU.dispense")),
    Example(
        "SCN-EP-DISPENSATION",
        "EP-D-02",
        "une ligne reste sans issue",
        sends("EPU.dispense", {"outcomes": {"ligne": "AS_PRESCRIBED"}}),
    ),
    Example(
        "SCN-EP-SUBSTITUTION-INTERDITE",
        "EP-D-04[interdite]",
        "la base prend la substitution",
        more("EPU.dispense", during="prescription.dispense", call=0),
    ),
    Example(
        "SCN-EP-SUBSTITUTION-INTERDITE",
        "EP-D-04[interdite]",
        "rien n'est dit",
        silent("prescription.dispense", nth=0),
    ),
    Example(
        "SCN-EP-NUMERO-INCONNU",
        "EP-D-05",
        "une ordonnance est montrée",
        says("prescription.scan", outcome="done"),
    ),
    Example("SCN-EP-EPUISEE", "EP-D-06", "rien n'est dit", silent("prescription.dispense")),
    Example("SCN-EP-COPIE-IDENTIQUE", "EP-01[une-ligne]", "la copie a un autre numéro", renumbered),
    Example("SCN-EP-PANNE-COPIE", "EP-02[unavailable]", "la copie garde un code", still_coded),
    Example(
        "SCN-EP-REPONSE-PERDUE",
        "EP-03",
        "le même numéro est renvoyé avec un autre contenu",
        more("EPU.create", {"outcome": "refused"}, during="prescription.retry"),
    ),
    Example(
        "SCN-EP-OPPOSITION",
        "EP-09",
        "l'exécution est montrée",
        says("prescription.execution", outcome="done"),
    ),
    Example(
        "SCN-EP-AU-PATIENT", "EP-10", "un autre document part", sends("SMTP.message", {"codes": ["11488-4"]})
    ),
    Example(
        "SCN-EP-CREATION",
        "EP-01[une-ligne]",
        "un autre numéro est gardé",
        says("prescription.create", {"epu_id": OTHER_NUMBER}),
    ),
    Example("SCN-EP-CREATION", "EP-01[deux-lignes]", "rien n'est envoyé", without("EPU.create")),
    Example(
        "SCN-EP-PRESCRIPTEUR",
        "EP-01[une-ligne]",
        "le prescripteur est un autre",
        sends("EPU.create", {"user": CORRESPONDANT.id_nat}, body=by_a_colleague),
    ),
    Example(
        "SCN-EP-CODE-IMPRIME",
        "EP-01[une-ligne]",
        "le code n'est pas imprimé",
        says("prescription.create", {"pdf_base64": print_without_code}),
    ),
    Example(
        "SCN-EP-CODE-IMPRIME",
        "PARCOURS-01",
        "l'impression n'est pas un PDF",
        says("prescription.create", {"pdf_base64": base64.b64encode(b"ordonnance").decode()}),
    ),
    Example(
        "SCN-EP-DEUX-CODES",
        "EP-01[une-ligne]",
        "le datamatrix INS n'est pas imprimé",
        says("prescription.create", {"pdf_base64": print_without_ins}),
    ),
    Example("SCN-EP-COPIE-DMP", "EP-01[une-ligne]", "le DMP n'est pas alimenté", without("TD2.1")),
    Example(
        "SCN-EP-COPIE-DMP",
        "EP-01[deux-lignes]",
        "la copie n'est pas une ordonnance",
        sends("TD2.1", {"documents.0.type_code": "11488-4"}),
    ),
    Example(
        "SCN-EP-COPIE-IDENTIQUE",
        "EP-01[une-ligne]",
        "la copie rendue n'est pas celle du DMP",
        says("prescription.create", {"cda_base64": altered_copy}),
    ),
    Example(
        "SCN-EP-PANNE-NUMERO",
        "EP-02[unavailable]",
        "un numéro est annoncé",
        says("prescription.create", {"epu_id": OTHER_NUMBER}),
    ),
    Example(
        "SCN-EP-PANNE-IMPRIME",
        "EP-02[server-error]",
        "un code est imprimé",
        says("prescription.create", {"pdf_base64": witness_file("pdf_base64")}),
    ),
    Example("SCN-EP-PANNE-DITE", "EP-02[unavailable]", "rien n'est dit", silent("prescription.create")),
    Example(
        "SCN-EP-PANNE-COPIE",
        "EP-02[unavailable]",
        "le DMP n'est pas alimenté",
        without("TD2.1", nth=-1),
    ),
    Example(
        "SCN-EP-PANNE-COPIE",
        "EP-02[server-error]",
        "la copie porte un numéro",
        both(
            says("prescription.create", {"cda_base64": witness_file("cda_base64")}),
            sends(
                "TD2.1",
                {"documents": lambda case: case.named("TD2.1", 0).facts["documents"]},
            ),
        ),
    ),
    Example(
        "SCN-EP-PANNE-RENVOI", "EP-02[unavailable]", "l'ordonnance est renvoyée ensuite", more("EPU.create")
    ),
    Example(
        "SCN-EP-REPONSE-PERDUE",
        "EP-03",
        "l'ordonnance est refaite sous un autre numéro",
        more("EPU.create", {"epu_id": OTHER_NUMBER}, during="prescription.retry"),
    ),
    Example("SCN-EP-REJET-DIT", "EP-04[SIM-EPU-2202]", "rien n'est dit", silent("prescription.create")),
    Example(
        "SCN-EP-INTRA-HOSPITALIER",
        "EP-05",
        "l'ordonnance est envoyée",
        more("EPU.create", during="prescription.create"),
    ),
    Example("SCN-EP-ANNULATION", "EP-06", "l'annulation n'est pas envoyée", without("EPU.cancel")),
    Example(
        "SCN-EP-ANNULATION",
        "EP-06",
        "l'ordonnance reste valable",
        sends("EPU.cancel", {"status": "ENREGISTREE"}),
    ),
    Example("SCN-EP-ANNULATION-REFUSEE", "EP-07", "rien n'est dit", silent("prescription.cancel")),
    Example(
        "SCN-EP-ANNULATION-REFUSEE",
        "EP-07",
        "l'annulation passe pour faite",
        says("prescription.cancel", outcome="done"),
    ),
    Example(
        "SCN-EP-EXECUTION",
        "EP-08",
        "l'ancien état est montré",
        says("prescription.execution", {"status": "ENREGISTREE"}),
    ),
    Example("SCN-EP-EXECUTION", "EP-08", "la base n'est pas interrogée", without("EPU.execution")),
    Example(
        "SCN-EP-OPPOSITION",
        "EP-09",
        "l'opposition passe pour une panne",
        says("prescription.execution", shows=["Le service ne répond pas."]),
    ),
    Example("SCN-EP-AU-PATIENT", "EP-10", "aucun courriel ne part", without("SMTP.message")),
    Example("SCN-EP-LECTURE", "EP-D-01[code]", "aucune ligne", says("prescription.scan", {"lines": []})),
    Example("SCN-EP-LECTURE", "EP-D-01[espaces]", "la base n'est pas lue", without("EPU.read")),
    Example(
        "SCN-EP-DISPENSATION",
        "EP-D-02",
        "une ligne est oubliée",
        sends("EPU.dispense", {"status": "EN_COURS"}),
    ),
    Example(
        "SCN-EP-PARTIELLE",
        "EP-D-03",
        "tout est délivré la première fois",
        sends("EPU.dispense", {"status": "EXECUTEE"}, nth=0),
    ),
    Example(
        "SCN-EP-SUBSTITUTION",
        "EP-D-04[permise]",
        "la substitution n'est pas dite à la base",
        sends("EPU.dispense", {"outcomes.*": "AS_PRESCRIBED"}),
    ),
    Example(
        "SCN-EP-SUBSTITUTION-INTERDITE",
        "EP-D-04[interdite]",
        "la substitution aboutit",
        says("prescription.dispense", outcome="done", nth=0),
    ),
    Example("SCN-EP-NUMERO-INCONNU", "EP-D-05", "rien n'est dit", silent("prescription.scan")),
    Example(
        "SCN-EP-EPUISEE",
        "EP-D-06",
        "une délivrance de trop passe pour faite",
        says("prescription.dispense", outcome="done"),
    ),
    Example("SCN-EP-EPUISEE", "EP-D-06", "un renouvellement n'est pas servi", without("EPU.dispense", nth=1)),
)
