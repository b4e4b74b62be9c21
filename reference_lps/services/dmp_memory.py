"""What a client of the DMP remembers from one call to the next: nothing, unless a defect says otherwise."""

from dataclasses import dataclass, field, replace

from schemas import hl7v3, xds
from schemas.ins import Ins

from ..behaviour import Behaviour
from .dmp_call import Access


@dataclass(slots=True)
class Memory:
    """Answers of the DMP to one user (PS_IdNat)."""

    user: str
    behaviour: Behaviour
    _open: dict[tuple[str, Access], hl7v3.Answer] = field(default_factory=dict)
    _listed: dict[tuple[str, bytes], tuple[xds.DocumentEntry, ...]] = field(default_factory=dict)

    def status(self, ins: Ins, access: Access) -> hl7v3.Answer | None:
        """What was said of this record, when that will do; None when the DMP must be asked."""
        if self.behaviour.asks_status(access.consulting):
            return None
        return self._open.get((ins.matricule, access))

    def told(self, ins: Ins, access: Access, answer: hl7v3.Answer) -> None:
        """The DMP told how it stands: an open record may be remembered."""
        if answer.active and (answer.authorisation == "VALIDE" or not access.consulting):
            self._open[(ins.matricule, access)] = answer

    def changed(self) -> None:
        """This user changed an authorisation: what was said before is worth nothing."""
        self._open.clear()

    def listed(self, ins: Ins, query: bytes, response: xds.QueryResponse) -> xds.QueryResponse:
        """The list to show."""
        before = self._listed.get((ins.matricule, query), ())
        now = {entry.unique_id for entry in response.entries}
        kept = [entry for entry in before if entry.unique_id not in now]
        kept = [entry for entry in kept if self.behaviour.keeps_listed(entry, self.user)]
        shown = replace(response, entries=(*response.entries, *kept))
        self._listed[(ins.matricule, query)] = shown.entries
        return shown
