"""For each rule of a scenario, a case and what a wrong software would have done there."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas import pdf
from simulators.core.identities import CORRESPONDANT, MEDECIN, PHARMACIEN

from .changes import (
    Case,
    Change,
    Late,
    both,
    last_patient,
    more,
    says,
    sends,
    shows_page,
    silent,
    without,
)

OTHER_ID = "2.25.1"
OTHER_NUMBER = "01ZZZZZZZZZZZZZZZZ"
OTHER_INS = {"matricule": "255069999999934", "oid": "1.2.250.1.213.1.4.10"}
WELCOME = "Vous êtes connecté."


@dataclass(frozen=True, slots=True)
class Example:
    """`wrong`: what the software does in this case, so that the rule must fail."""

    rule: str
    case: str
    wrong: str
    change: Change


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


def without_letter(case: Case) -> str:
    """The matricule of the last patient, its department of Corsica turned into 20."""
    return last_patient(case).replace("2A", "20").replace("2B", "20")


def altered_copy(case: Case) -> str:
    """The CDA of the prescription with one byte more."""
    content = base64.b64decode(case.answer("prescription.create")["data"]["cda_base64"])
    return base64.b64encode(content + b"\n").decode()


def by_a_colleague(case: Case, body: bytes) -> bytes:
    """A request of the test doctor, made in the name of another."""
    return body.replace(MEDECIN.id_nat.encode(), CORRESPONDANT.id_nat.encode())


def for_last_patient(case: Case, body: bytes) -> bytes:
    """A request about the first patient, made about the last one."""
    return body.replace(case.patients[0].encode(), case.patients[-1].encode())


ANNUAIRE = [
    Example("SCN-ANN-REQUETE", "ANN-01", "l'annuaire n'est pas interrogé", without("ANN.search")),
    Example(
        "SCN-ANN-TROUVE", "ANN-01", "le résultat n'est pas montré", says("directory.search", {"results": []})
    ),
    Example(
        "SCN-ANN-TROUVE",
        "ANN-02",
        "le RPPS n'est pas lu",
        says("directory.search", {"results.0.rpps": ""}),
    ),
    Example("SCN-ANN-REQUETE", "ANN-02", "l'annuaire n'est pas interrogé", without("ANN.search")),
    Example(
        "SCN-ANN-CLE",
        "ANN-01",
        "la clé n'est pas acceptée",
        sends("ANN.search", {"outcome": "refused", "reason": "key"}),
    ),
    Example("SCN-ANN-PAGES", "ANN-03", "la seconde page n'est pas lue", without("ANN.search", nth=-1)),
    Example(
        "SCN-ANN-PAGES",
        "ANN-03",
        "la seconde page est lue et perdue",
        says("directory.search", {"results": []}),
    ),
    Example("SCN-ANN-PANNE", "ANN-04", "la panne n'est pas dite", silent("directory.search", nth=0)),
    Example(
        "SCN-ANN-PANNE",
        "ANN-04",
        "la recherche reste en panne",
        says("directory.search", outcome="failed"),
    ),
]

DMP = [
    Example("SCN-DMP-ALIMENTE", "DMP-ALIM-01[lettre]", "rien n'est envoyé", without("TD2.1")),
    Example(
        "SCN-DMP-ALIMENTE",
        "DMP-ALIM-01[vsm]",
        "un autre document est envoyé",
        says("document.submit", {"unique_id": OTHER_ID}),
    ),
    Example(
        "SCN-DMP-MASQUAGE",
        "DMP-ALIM-02[MASQUE_PS]",
        "le choix est oublié",
        sends("TD2.1", {"documents.0.confidentiality": ["N"]}),
    ),
    Example(
        "SCN-DMP-MASQUAGE",
        "DMP-ALIM-02[INVISIBLE_PATIENT]",
        "un autre masquage s'ajoute",
        sends("TD2.1", {"documents.0.confidentiality": ["N", "INVISIBLE_PATIENT", "MASQUE_PS"]}),
    ),
    Example(
        "SCN-DMP-REMPLACE",
        "DMP-ALIM-03",
        "la version 3 ne remplace rien",
        sends("TD2.1", {"documents.0.replaces": None}),
    ),
    Example(
        "SCN-DMP-INEXISTANT",
        "DMP-ALIM-04[inexistant]",
        "le document part",
        more("TD2.1", {"patient": last_patient}, during="document.submit"),
    ),
    Example("SCN-DMP-INEXISTANT-DIT", "DMP-ALIM-04[inexistant]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-FERME",
        "DMP-ALIM-04[ferme]",
        "le document part plus tard",
        more("TD2.1", {"patient": last_patient}),
    ),
    Example("SCN-DMP-FERME-DIT", "DMP-ALIM-04[ferme]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-REJET-DIT", "DMP-ALIM-05[XDSRepositoryError]", "rien n'est dit", silent("document.submit")
    ),
    Example("SCN-DMP-REJET-DIT", "DMP-ALIM-06[malformed]", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-REJET-RENVOI",
        "DMP-ALIM-05[XDSRegistryBusy]",
        "le lot est renvoyé trois fois",
        more("TD2.1", times=3),
    ),
    Example("SCN-DMP-VIHF-PERIME-DIT", "DMP-ALIM-07", "rien n'est dit", silent("document.submit")),
    Example(
        "SCN-DMP-DOUBLON",
        "DMP-ALIM-08",
        "un second document est déposé",
        more("TD2.1", {"documents.0.unique_id": OTHER_ID}),
    ),
    Example(
        "SCN-DMP-TD03",
        "DMP-ALIM-09",
        "une autorisation est demandée",
        more("TD0.2", called="TD0.3"),
    ),
    Example(
        "SCN-DMP-EXISTENCE",
        "DMP-EXIST-01[ferme]",
        "le DMP fermé passe pour ouvert",
        says("dmp.status", {"active": True}),
    ),
    Example(
        "SCN-DMP-EXISTENCE",
        "DMP-EXIST-01[inexistant]",
        "l'absence passe pour une fermeture",
        says("dmp.status", {"exists": True}),
    ),
    Example("SCN-DMP-EXISTENCE", "DMP-EXIST-01[actif]", "le DMP n'est pas interrogé", without("TD0.2")),
    Example("SCN-DMP-TD02-AVANT", "DMP-CONS-01", "l'existence n'est pas testée", without("TD0.2")),
    Example(
        "SCN-DMP-LISTE",
        "DMP-CONS-01",
        "le document n'est pas montré",
        says("document.search", {"documents": []}),
    ),
    Example(
        "SCN-DMP-UTILISATEUR",
        "DMP-CONS-01",
        "la recherche est au nom d'un autre",
        sends("TD3.1", {"user": PHARMACIEN.id_nat}),
    ),
    Example("SCN-DMP-CRITERES", "DMP-CONS-02", "le critère est oublié", sends("TD3.1", {"slots": {}})),
    Example(
        "SCN-DMP-OCTETS",
        "DMP-CONS-03",
        "le second document est transformé",
        says("document.retrieve", {"document_base64": base64.b64encode(b"<ClinicalDocument/>").decode()}),
    ),
    Example(
        "SCN-DMP-INTERDIT",
        "DMP-CONS-04",
        "la recherche part quand même",
        more("TD3.1", {"patient": last_patient}, during="document.search"),
    ),
    Example("SCN-DMP-INTERDIT-DIT", "DMP-CONS-04", "rien n'est dit", silent("document.search")),
]

EP = [
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
]

INS = [
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
]

MSS = [
    Example("SCN-MSS-ENVOI", "MSS-ENV-04[fin]", "aucun courriel ne part", without("SMTP.message")),
    Example("SCN-MSS-ENVOI", "MSS-ENV-01[lettre]", "aucun courriel ne part", without("SMTP.message")),
    Example(
        "SCN-MSS-ENVOI",
        "MSS-ENV-01[vsm]",
        "le courriel part ailleurs",
        sends("SMTP.message", {"accepted_recipients": [CORRESPONDANT.mailbox]}),
    ),
    Example("SCN-MSS-ENVOI-PS", "MSS-ENV-02[lettre]", "aucun courriel ne part", without("SMTP.message")),
    Example("SCN-MSS-ENVOI-SIMPLE", "MSS-ENV-03", "aucun courriel ne part", without("SMTP.message")),
    Example(
        "SCN-MSS-FIN", "MSS-ENV-04[fin]", "FIN manque", sends("SMTP.message", {"headers.X-MSS-MES": None})
    ),
    Example(
        "SCN-MSS-FIN",
        "MSS-ENV-04[reponse-permise]",
        "FIN est de trop",
        sends("SMTP.message", {"headers.X-MSS-MES": "FIN"}),
    ),
    Example(
        "SCN-MSS-DSN",
        "MSS-ENV-05[delivery]",
        "l'accusé n'est pas demandé",
        sends("SMTP.message", {"headers.Return-Receipt-To": ""}),
    ),
    Example(
        "SCN-MSS-MDN",
        "MSS-ENV-05[read]",
        "l'accusé n'est pas demandé",
        sends("SMTP.message", {"headers.Disposition-Notification-To": ""}),
    ),
    Example(
        "SCN-MSS-REPONSE",
        "MSS-ENV-06",
        "References manque",
        sends("SMTP.message", {"headers.References": ""}),
    ),
    Example("SCN-MSS-HORS-ESPACE-DIT", "MSS-ENV-07", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-HORS-ESPACE-RENVOI",
        "MSS-ENV-07",
        "le courriel est renvoyé trois fois",
        more("SMTP.message", nth=-1, times=3),
    ),
    Example(
        "SCN-MSS-NON-QUALIFIE",
        "MSS-ENV-08[VALIDEE]",
        "le courriel part",
        more("SMTP.message", during="mail.send"),
    ),
    Example("SCN-MSS-NON-QUALIFIE-DIT", "MSS-ENV-08[VALIDEE]", "rien n'est dit", silent("mail.send")),
    Example("SCN-MSS-BAL-FERMEE-DIT", "MSS-ENV-09[ferme]", "rien n'est dit", silent("mail.send")),
    Example("SCN-MSS-BAL-INCONNUE-DIT", "MSS-ENV-09[absent]", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-COUPURE",
        "MSS-ENV-10",
        "un second courriel est accepté",
        more("SMTP.message", {"message_id": "<autre@essai.mssante.fr>"}),
    ),
    Example(
        "SCN-MSS-SANS-STARTTLS",
        "MSS-TLS-01[no-starttls]",
        "l'authentification a lieu",
        sends("SMTP.session", {"mechanism": "XOAUTH2"}),
    ),
    Example("SCN-MSS-CERT-EXPIRE", "MSS-TLS-01[expired-certificate]", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-CERT-NOM",
        "MSS-TLS-01[wrong-host]",
        "le courriel part",
        more("SMTP.message", during="mail.send"),
    ),
    Example(
        "SCN-MSS-CERT-AUTORITE",
        "MSS-TLS-01[unknown-authority]",
        "l'authentification a lieu",
        sends("SMTP.session", {"mechanism": "XOAUTH2"}),
    ),
    Example(
        "SCN-MSS-AUTH-REFUSEE",
        "MSS-SES-01",
        "les essais continuent",
        more("SMTP.session", times=3, during="mail.send"),
    ),
    Example("SCN-MSS-AUTH-REFUSEE-DITE", "MSS-SES-01", "rien n'est dit", silent("mail.send")),
    Example(
        "SCN-MSS-AUTH-REFUSEE-SEULE",
        "MSS-SES-01",
        "aucun patient ne peut plus être enregistré",
        says("patient.record", outcome="failed"),
    ),
    Example(
        "SCN-MSS-RECONNEXION",
        "MSS-SES-02",
        "la session n'est pas rouverte",
        says("mail.fetch", outcome="failed"),
    ),
    Example(
        "SCN-MSS-RECONNEXION",
        "MSS-SES-02",
        "rien n'est relevé",
        without("IMAP.AUTHENTICATE", nth=-1),
    ),
    Example("SCN-MSS-LECTURE", "MSS-REC-01", "rien n'est montré", says("mail.fetch", {"messages": []})),
    Example("SCN-MSS-LECTURE", "MSS-REC-01", "le courriel n'est pas lu", without("IMAP.FETCH")),
    Example(
        "SCN-MSS-REPERAGE",
        "MSS-REC-01",
        "l'archive n'est pas reconnue",
        says("mail.fetch", {"messages.*.xdm": False}),
    ),
    Example(
        "SCN-MSS-CLASSEMENT",
        "MSS-REC-01",
        "le document n'est pas classé",
        says("mail.fetch", {"messages.*.documents.*.integrated": False}),
    ),
    Example(
        "SCN-MSS-CLASSEMENT",
        "PARCOURS-01",
        "le document est classé chez un autre",
        says("mail.fetch", {"messages.*.documents.*.patient": OTHER_INS["matricule"]}),
    ),
    Example(
        "SCN-MSS-AUTRE-PATIENT",
        "MSS-REC-02",
        "tout est classé chez le patient du courriel",
        says(
            "mail.fetch",
            {
                "messages.*.documents.*.integrated": True,
                "messages.*.documents.*.patient": last_patient,
            },
        ),
    ),
    Example(
        "SCN-MSS-ARCHIVE-DOUTEUSE",
        "MSS-REC-03[hash-mismatch]",
        "le document est classé",
        says("mail.fetch", {"messages.*.documents.*.integrated": True}),
    ),
    Example(
        "SCN-MSS-ARCHIVE-DOUTEUSE-DIT",
        "MSS-REC-03[corrupt-zip]",
        "rien n'est dit",
        says("mail.fetch", {"messages.*.documents.*.reason": None}, shows=()),
    ),
    Example(
        "SCN-MSS-RECU-DEUX-FOIS",
        "MSS-REC-04",
        "le document est classé deux fois",
        says("mail.fetch", {"messages.*.documents.*.integrated": True}),
    ),
    Example(
        "SCN-MSS-CATEGORIE",
        "MSS-REC-05",
        "tous passent pour des professionnels",
        says("mail.fetch", {"messages.*.category": "professional"}),
    ),
]

PSC = [
    Example(
        "SCN-PSC-DECONNEXION",
        "PSC-04",
        "le jeton d'identité n'est pas joint",
        sends("PSC.logout", {"outcome": "refused", "reason": "id_token_hint"}),
    ),
    Example("SCN-PSC-PARCOURS", "PSC-01[medecin]", "userinfo n'est pas lu", without("PSC.userinfo")),
    Example(
        "SCN-PSC-PARCOURS",
        "PSC-01[pharmacien]",
        "aucune session n'est ouverte",
        says("session.status", {"authenticated": False}),
    ),
    Example(
        "SCN-PSC-IDENTITE",
        "PSC-01[medecin]",
        "le compte d'un autre est ouvert",
        says("session.status", {"user.id_nat": PHARMACIEN.id_nat}),
    ),
    Example(
        "SCN-PSC-NONCE",
        "PSC-02[nonce]",
        "la session est ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example(
        "SCN-PSC-STATE",
        "PSC-02[state]",
        "la session est ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example(
        "SCN-PSC-SIGNATURE",
        "PSC-02[signature]",
        "la session est ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example("SCN-PSC-RAFRAICHIR", "PSC-03", "le jeton n'est pas renouvelé", without("PSC.refresh")),
    Example(
        "SCN-PSC-RAFRAICHIR",
        "PSC-03",
        "le relevé échoue",
        says("mail.fetch", outcome="failed"),
    ),
    Example("SCN-PSC-DECONNEXION", "PSC-04", "la déconnexion reste locale", without("PSC.logout")),
    Example(
        "SCN-PSC-DECONNEXION",
        "PSC-04",
        "la session reste ouverte",
        says("session.status", {"authenticated": True}),
    ),
    Example(
        "SCN-PSC-PANNE",
        "PSC-05[PSC.token]",
        "la page est celle d'une connexion réussie",
        both(
            silent("session.status"),
            shows_page(lambda case: case.named("BENCH.browse", 0).response_body.decode()),
        ),
    ),
    Example(
        "SCN-PSC-PANNE",
        "PSC-05[PSC.userinfo]",
        "une session est ouverte sans identité",
        says("session.status", {"authenticated": True}),
    ),
]

EXAMPLES: tuple[Example, ...] = (*ANNUAIRE, *DMP, *EP, *INS, *MSS, *PSC)
