"""TD2.2: feeding by an employee (CPE card), told from TD2.1 and checked against the sheets of rights."""

from dataclasses import replace
from typing import Any

import pytest

from schemas import xds
from schemas.vihf import AIR, DIRECT, INDIRECT, Role, VihfRequest, model
from simulators.core.identities import ACCUEIL, CABINET, INFIRMIER, OFFICINE, SAGE_FEMME, SECRETAIRE, Employee
from simulators.core.service import Handled
from simulators.dmp.rights import GLASS, NORMAL, REGULATION

from .employees import TRE_A00, by, card
from .kit import Kit, error_of

TRE_R95 = "1.2.250.1.213.1.6.1.109"  # any system that is none of the professions


def errors(handled: Handled) -> list[str]:
    return [finding.rule for finding in handled.findings if finding.is_error]


@pytest.mark.parametrize("system", [TRE_A00, TRE_R95])
@pytest.mark.parametrize("one", [SECRETAIRE, ACCUEIL], ids=lambda one: one.user)
def test_a_secretary_feeds_for_the_structure(kit: Kit, one: Employee, system: str) -> None:
    patient = kit.population.derive("a")
    handled = kit.call(by(kit, patient, one, **card(one, system)))
    assert (handled.transaction, handled.facts["outcome"]) == ("TD2.2", "accepted"), handled.facts
    assert errors(handled) == []
    (document,) = handled.facts["documents"]
    held = kit.service.state.find(document["unique_id"])
    assert held is not None
    assert held.facets["structures"] == [CABINET.id_nat]
    (trace,) = kit.service.audit.of(patient.ins.matricule)
    assert (trace.transaction, trace.who, trace.structure) == ("TD2.2", one.id_nat, CABINET.id_nat)


def test_the_journal_knows_it_before_it_is_read(kit: Kit) -> None:
    """So that a fault on TD2.2 meets TD2.2 alone."""
    patient = kit.population.derive("a")
    assert kit.service.identify(kit.request(by(kit, patient))) == "TD2.2"
    assert kit.service.identify(kit.request(kit.feed(patient))) == "TD2.1"
    direct = kit.feed(patient)
    direct.vihf = kit.vihf(patient, DIRECT)
    assert kit.service.identify(kit.request(direct)) == "TD2.1"


def test_a_document_of_another_structure_is_refused(kit: Kit) -> None:
    def elsewhere(submission: xds.Submission) -> xds.Submission:
        author = xds.Author("899700100029^LEMOINE^NOA", (xds.composite.xon(OFFICINE.id_nat, "OFFICINE"),))
        first, *others = submission.entries
        return replace(submission, entries=(replace(first, authors=(author,)), *others))

    patient = kit.population.derive("a")
    sent = kit.feed(patient, change=elsewhere)
    sent.vihf = kit.vihf(patient, DIRECT, **card(SECRETAIRE))
    handled = kit.call(sent)
    assert (handled.transaction, error_of(handled.response)) == ("TD2.2", "XDSRepositoryError")
    assert "XDS-AUT-01" in errors(handled)


def test_names_are_never_empty(kit: Kit) -> None:
    patient = kit.population.derive("a")
    nameless = replace(SECRETAIRE, family="", given="")
    assert nameless.author_names == ("CABINET MEDICAL DU BANC", "699700100011001-0000001")
    sent = kit.feed(
        patient,
        change=lambda one: replace(
            one,
            submission_set=replace(one.submission_set, authors=(xds.Author(f"{ACCUEIL.id_nat}^^^^^^"),)),
        ),
    )
    sent.vihf = kit.vihf(patient, DIRECT, **card(ACCUEIL))
    handled = kit.call(sent)
    assert error_of(handled.response) == "XDSRepositoryMetadataError"
    assert errors(handled) == ["XDS-AUT-03"]


def test_special_characters_of_a_card_without_names() -> None:
    odd = replace(ACCUEIL, structure=replace(CABINET, name="SCP L'ÉTÉ & CIE_(75)"))
    assert odd.author_names[0] == "SCP L'ÉTÉ - CIE--75-"


@pytest.mark.parametrize(
    ("mode", "purpose", "changes", "cause"),
    [
        (DIRECT, NORMAL, card(SECRETAIRE), ""),
        (DIRECT, REGULATION, card(SECRETAIRE), "rights"),
        (DIRECT, GLASS, card(SECRETAIRE), "rights"),
        (AIR, NORMAL, card(SECRETAIRE), "rights"),
        (AIR, NORMAL, {}, "rights"),
        (DIRECT, NORMAL, {}, ""),
        (DIRECT, REGULATION, {}, ""),
        (DIRECT, GLASS, {}, ""),
        (INDIRECT, NORMAL, {}, ""),
        (INDIRECT, REGULATION, {}, ""),
        (INDIRECT, GLASS, {}, "rights"),
    ],
)
def test_who_may_feed(kit: Kit, mode: str, purpose: str, changes: dict[str, Any], cause: str) -> None:
    """Both feeds in the three modes: the sheets of PDT-INF-526 and PDT-INF-606."""
    patient = kit.population.derive("a")
    sent = by(kit, patient) if changes else kit.feed(patient)
    sent.vihf = kit.vihf(patient, mode, purpose=purpose, reason="urgence", **changes)
    handled = kit.call(sent)
    assert handled.facts.get("cause", "") == cause, handled.facts
    assert handled.transaction == ("TD2.2" if changes else "TD2.1")
    if cause:
        assert error_of(handled.response) == "DMPAccessDeniedByRightsService"


@pytest.mark.parametrize("one", [INFIRMIER, SAGE_FEMME], ids=lambda one: one.user)
def test_other_professions_call_in_every_mode(kit: Kit, one: Any) -> None:
    patient = kit.population.derive("a")
    roles = (Role(one.profession, model.PROFESSIONS),)
    who = {"name_id": one.id_nat, "structure": one.structure.id_nat, "roles": roles}
    for mode, pair in ((DIRECT, f"cps-{one.user}"), (AIR, one.user), (INDIRECT, one.user)):
        asked: VihfRequest = kit.vihf(patient, mode, subject_id="X Y", **who)
        sent = kit.exists(patient)
        sent.vihf = asked
        handled = kit.call(sent, pair=f"{pair}-sign", tls=kit.tls(f"{pair}-auth"))
        assert handled.facts["outcome"] == "accepted", handled.facts
        assert errors(handled) == []
