"""The messages on authorisations, both ways."""

import pytest

from schemas.habilitations import (
    HabilitationRefused,
    ListByPatient,
    ListedPatient,
    ListedProfessional,
    Outcome,
    PatientList,
    Question,
    SetAuthorization,
    read_outcome,
    read_patients,
    read_professionals,
    read_question,
    write_answer,
    write_question,
)
from schemas.ins import Ins
from schemas.xml import parse

QUESTIONS: tuple[Question, ...] = (
    SetAuthorization("AJOUT"),
    SetAuthorization("SUPPRESSION", "MEDECIN_TRAITANT"),
    ListByPatient("TOUTE"),
    PatientList("20260101000000", "LASTAUTORIZATION", "899700100011"),
    PatientList("20260101000000", "LASTDOC"),
)
PATIENT = ListedPatient(
    (Ins("285026322070154"), Ins("0123", "1.2.250.1.213.1.4.2")),
    "D'ÉTÉ",
    "L'<HIVER>",
    "ANNE",
    "MME",
    "19850201",
    treating=True,
    last_access="20260302093000",
)
PROFESSIONAL = ListedProfessional(
    "899700100011",
    "CAMILLE",
    "DESCHAMPS-TEST",
    "20260101000000",
    "20260102000000",
    "ACTIVE",
    (("G15_10/SM26", "Médecine générale"), ("G15_10/SM04", "Cardiologie")),
    ("MEDECIN_TRAITANT",),
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions(question: Question) -> None:
    text = write_question(question)
    assert read_question(parse(text.encode())) == question
    bare = text.replace("<input>", "").replace("</input>", "")
    assert read_question(parse(bare.encode())) == question


def test_what_is_not_a_parameter_is_kept_aside() -> None:
    text = write_question(SetAuthorization("AJOUT")).replace(
        "<action>", '<action xmlns="">AJOUT</action><patient>1</patient><action>'
    )
    read = read_question(parse(text.encode()))
    assert read == SetAuthorization("AJOUT", unknown=("action", "patient"))


def test_answers() -> None:
    done = write_answer("setAuthorization", Outcome(context="rien <changé>"))
    assert read_outcome(parse(done.encode())) == Outcome("DMPOk", "rien <changé>")
    listed = parse(write_answer("patientList", Outcome(), [PATIENT]).encode())
    assert (read_outcome(listed), read_patients(listed)) == (Outcome("DMPOk", ""), (PATIENT,))
    listed = parse(write_answer("listAuthorizationByPatient", Outcome(), [PROFESSIONAL]).encode())
    assert read_professionals(listed) == (PROFESSIONAL,)
    assert not Outcome("DMPAccessDeniedByRightsService").done


@pytest.mark.parametrize("old", ["setAuthorization", "urn:si-dmp-habilitations"])
def test_another_message(old: str) -> None:
    text = write_question(SetAuthorization("AJOUT")).replace(old, "other")
    with pytest.raises(HabilitationRefused):
        read_question(parse(text.encode()))
    with pytest.raises(HabilitationRefused):
        read_outcome(parse(write_answer("setAuthorization", Outcome()).replace(old, "other").encode()))


def test_an_answer_without_output() -> None:
    with pytest.raises(HabilitationRefused):
        read_outcome(parse(write_answer("patientList", Outcome()).replace("output", "other").encode()))
