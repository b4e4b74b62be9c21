"""Feeds by an employee of the structure, with a CPE card (TD2.2)."""

from dataclasses import replace
from typing import Any

from schemas import xds
from schemas.vihf import DIRECT, Role
from simulators.core.identities import SECRETAIRE, Employee
from simulators.core.population import Patient

from .kit import Kit, Message

TRE_A00 = "1.2.250.1.213.1.1.4.6"


def card(one: Employee, system: str = TRE_A00) -> dict[str, Any]:
    return {"name_id": one.id_nat, "structure": one.structure.id_nat, "roles": (Role(one.role, system),)}


def by(kit: Kit, patient: Patient, one: Employee = SECRETAIRE, mode: str = DIRECT, **vihf: Any) -> Message:
    """A feed of the doctor's document, submitted by an employee of the structure."""
    author = xds.Author(xds.composite.xcn(one.id_nat, *one.author_names))

    def submitted(submission: xds.Submission) -> xds.Submission:
        return replace(submission, submission_set=replace(submission.submission_set, authors=(author,)))

    sent = kit.feed(patient, change=submitted)
    sent.vihf = kit.vihf(patient, mode, **{**card(one), **vihf})
    return sent
