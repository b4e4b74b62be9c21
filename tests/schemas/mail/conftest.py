"""One conformant document mail, and the parts to make bad ones."""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from schemas import cda, mail, pdf, xdm, xds
from schemas.ins import Ins, key

NOW = datetime(2026, 3, 2, 9, 30, 40, tzinfo=UTC)
INS = Ins("2790351215189" + key("2790351215189"))
PATIENT = cda.PatientIdentity(
    INS, (("1.2.3.4", "IPP1"),), "PAT-TROIS", "DOMINIQUE", "DOMINIQUE", "F", "19790328", "51215"
)
AUTHOR = cda.Person(
    "899700100011",
    family="DESCHAMPS-TEST",
    given="CAMILLE",
    code=cda.Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin"),
    organisation_id="499700100011001",
    organisation_name="CABINET DU BANC",
)


class Parts(NamedTuple):
    document: cda.ClinicalDocument
    pdf: bytes
    archive: bytes
    draft: mail.Draft


def parts(patient: cda.PatientIdentity = PATIENT) -> Parts:
    identity = (f"{patient.birth_name} {patient.given}", "28/03/1979")
    printed = pdf.write_pdf("Lettre de consultation", ["Bonjour."], created=NOW, identity=identity)
    header = cda.Header("1.2.250.1.999.1.1", "1.2.250.1.999.1.9", NOW, patient, AUTHOR)
    data = cda.build_document(cda.DocumentSpec(header, "lettre", printed))
    document = cda.read(data)
    entry = xds.entry_from_cda(document, data)
    submission = xds.new_submission(
        [entry],
        unique_id="1.2.250.1.999.2.1",
        source_id="1.2.250.1.999.2",
        author=entry.authors[0],
        content_type=xds.Code("07", "1.2.250.1.213.2.2", "Consultations (soins externes)"),
        now=NOW,
    )
    sender = xdm.Sender("Camille DESCHAMPS-TEST", "CABINET DU BANC")
    archive = xdm.write_archive(submission, {entry.id: data}, sender, now=NOW)
    draft = mail.Draft(
        sender=mail.Address("camille@medecin.test.mssante.fr", "Dr_Camille_DESCHAMPS-TEST_Cabinet médical"),
        to=(mail.Address("app.dpi@hopital.test.mssante.fr"),),
        subject="",
        body="Bonjour,\nVeuillez trouver un document en pièce jointe.",
        html="<p>Bonjour,</p><p>Veuillez trouver un document en pièce jointe.</p>",
        message_id="<1.20260302@medecin.test.mssante.fr>",
        date=NOW,
        nil="BANC000001",
    )
    return Parts(document, printed, archive, mail.with_documents(draft, archive, [document], [printed]))


@pytest.fixture(scope="session")
def sound() -> Parts:
    return parts()
