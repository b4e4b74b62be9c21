"""One request to Web PS, as far as it is understood, and what is kept of it: facts and trail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulators.core.population import Patient
from simulators.core.service import Request

from ..audit import Trace, documents_of
from ..authorisations import State
from ..rights import NORMAL
from .address import Address
from .errors import Refused
from .visitor import Visitor


@dataclass(slots=True)
class Call:
    request: Request
    address: Address
    transaction: str
    lang: str
    facts: dict[str, Any] = field(default_factory=dict)
    visitor: Visitor | None = None

    def link(self, path: str) -> str:
        """A path of ours, in the language that was asked for."""
        chosen = self.request.query.get("lang") == self.lang
        return f"{path}{'&' if '?' in path else '?'}lang={self.lang}" if chosen else path

    def arrived(self, bearer: str, known: bool) -> None:
        """Facts that the call gives by itself. `bearer`, `known`: see `rules.Called`."""
        where = self.address
        inside = self.request.header("Sec-Fetch-Site") == "same-origin"  # a link of these very pages
        self.facts.update(page=where.page, bearer=bearer, inside=inside)
        if where.ins:
            self.facts.update(patient=where.ins[:80], known=known)

    def recognised(self, visitor: Visitor | None) -> None:
        """Facts of who comes."""
        self.visitor = visitor
        if visitor is not None:
            one = visitor.person
            self.facts.update(
                user=one.id_nat, structure=one.structure.id_nat, mode=visitor.mode, purpose=NORMAL
            )

    def found(self, patient: Patient | None, state: State) -> None:
        """Facts of the record: what an existence test says."""
        exists = patient is not None and patient.dmp != "inexistant"
        self.facts["exists"] = exists
        if patient is not None and exists:
            self.facts["status"] = "terminated" if patient.dmp == "ferme" else "active"
            self.facts["authorisation"] = state.value

    def refused(self, why: Refused) -> None:
        self.facts.update(
            outcome="refused", reason=why.cause, cause=why.cause, detail=why.detail[:400], shown="refusal"
        )

    def trace(self, now: datetime) -> Trace | None:
        """For the trail of the record; None while nobody is known, or the INS is none."""
        if self.visitor is None or not self.address.ins or self.address.fault:
            return None
        one = self.visitor.person
        return Trace(
            now,
            one.id_nat,
            one.structure.id_nat,
            self.visitor.mode,
            NORMAL,
            "",
            self.transaction,
            documents_of(self.facts),
            str(self.facts["outcome"]),
            str(self.facts.get("reason", "")),
        )
