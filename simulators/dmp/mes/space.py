"""The patient's side of a record: what is shown to whom, and what the patient may decide.

Known: what the flags hide from the patient and from representatives, that the patient blocks professionals
and opposes ways of access. Assumed: that the patient archives and deletes only what they wrote, that
representatives do all that the patient does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from schemas import xml
from schemas.xds import Author, Code, SubmissionSet, composite, names
from schemas.xds.reader import read_entry
from simulators.core.clock import Clock, stamp
from simulators.core.identities import Professional
from simulators.core.population import Patient, Population
from simulators.core.random import Randomness

from ..audit import Notification, Trace, notifications
from ..authorisations import Authorisation, State
from ..rights import GLASS, REGULATION
from ..rows import Held
from ..service import DmpService
from ..state import Change, Stale
from ..update import by_the_patient
from ..visibility import Kind, Viewer, hidden
from . import errors

PATIENT = "patient"
REPRESENTATIVE = "representant-"  # and their rank, from 1
SOURCE = "2.25.0"  # the bench itself
MASKED = Code(names.MASQUE_PS, names.FRENCH_CONFIDENTIALITY, names.CONFIDENTIALITY_DISPLAY[names.MASQUE_PS])
STATUS_CHANGES: Mapping[str, tuple[tuple[str, ...], str]] = {  # gesture → statuses before, status after
    "archive": ((names.APPROVED,), names.ARCHIVED),
    "unarchive": ((names.ARCHIVED,), names.APPROVED),
    "delete": ((names.APPROVED, names.ARCHIVED, names.DEPRECATED), names.DELETED),
}
SHOWN = (names.APPROVED, names.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Somebody who may open the space. `who`: PATIENT, or REPRESENTATIVE and a rank; `link`: MTH, FTH…"""

    who: str
    family: str
    given: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    """The spaces of one DMP. Methods take any state of a patient and work on the current one.

    They raise `errors.Refused`, which says why in a stable word.
    """

    dmp: DmpService
    clock: Clock
    randomness: Randomness

    @property
    def population(self) -> Population:
        return self.dmp.access.population

    # -- what is shown -----------------------------------------------------------------------------

    def patient(self, matricule: str) -> Patient:
        """The patient of an open space."""
        found = self.dmp.access.patient(matricule)
        if found is None:
            raise errors.unknown_patient(matricule)
        if found.mes != "actif":
            raise errors.no_space(found.mes)
        return found

    def onlookers(self, patient: Patient) -> tuple[Onlooker, ...]:
        """The representatives of a minor, then the patient."""
        parents = tuple(
            Onlooker(f"{REPRESENTATIVE}{rank}", one.family, one.given, one.link)
            for rank, one in enumerate(patient.representatives, 1)
        )
        return (*parents, Onlooker(PATIENT, patient.birth_name, patient.given))

    def viewer(self, patient: Patient, who: str = "") -> Viewer:
        """How this onlooker sees; without a name, the first that may."""
        known = [one.who for one in self.onlookers(patient)]
        if who and who not in known:
            raise errors.unknown_onlooker(who)
        minor = bool(patient.representatives)
        kind = Kind.PATIENT if (who or known[0]) == PATIENT else Kind.REPRESENTATIVE
        return Viewer(kind, id=patient.ins.matricule, minor=minor)

    def documents(self, patient: Patient, who: str = "") -> list[Held]:
        """The documents that this onlooker sees, archived ones too, newest first."""
        current = self._open(patient)
        viewer = self.viewer(current, who)
        entries = self.dmp.state.of_patient(current.ins.matricule, SHOWN)
        return [one for one in entries if hidden(one, viewer, self.dmp.rules) is None]

    def document(self, patient: Patient, unique_id: str, who: str = "") -> tuple[Held, bytes]:
        """A document that this onlooker may read, and its bytes."""
        held = self._seen(self._open(patient), unique_id, who)
        return held, self.dmp.state.body(held)

    def history(self, patient: Patient) -> tuple[Trace, ...]:
        """Every access, newest first. A closed record still tells."""
        return self.dmp.audit.of(self.patient(patient.ins.matricule).ins.matricule)[::-1]

    def notices(self, patient: Patient) -> tuple[Notification, ...]:
        """The breaks of the glass that the patient is told of, newest first."""
        return notifications(self.history(patient)[::-1])[::-1]

    def professionals(self, patient: Patient) -> list[tuple[Professional, Authorisation]]:
        """Every professional that the DMP knows, and how they stand on this record."""
        current, now = self._open(patient), self.clock.now()
        people = self.dmp.desk.habilitations.professionals.values()
        return [(one, self.dmp.authorisations.of(current, one.id_nat, now)) for one in people]

    # -- what is decided ---------------------------------------------------------------------------

    def block(self, patient: Patient, professional: str) -> Authorisation:
        """A professional (PS_IdNat) may no longer open this record."""
        current = self._open(patient)
        self._known(professional)
        self._trace(current, "block")
        return self.dmp.authorisations.block(current, professional, self.clock.now())

    def unblock(self, patient: Patient, professional: str) -> Authorisation:
        """A blocked professional may ask for an authorisation again."""
        current, now = self._open(patient), self.clock.now()
        self._known(professional)
        if self.dmp.authorisations.of(current, professional, now).state is not State.BLOCKED:
            raise errors.not_blocked(professional)
        self._trace(current, "unblock")
        return self.dmp.authorisations.withdraw(current, professional, now, ends_treating=True)

    def mask(self, patient: Patient, unique_id: str, who: str = "") -> Held:
        """Hide a document from professionals; returns its new version."""
        return self._masked(patient, unique_id, who, "mask")

    def unmask(self, patient: Patient, unique_id: str, who: str = "") -> Held:
        """Show a masked document to professionals again; returns its new version."""
        return self._masked(patient, unique_id, who, "unmask")

    def archive(self, patient: Patient, unique_id: str, who: str = "") -> Held:
        return self._moved(patient, unique_id, who, "archive")

    def unarchive(self, patient: Patient, unique_id: str, who: str = "") -> Held:
        return self._moved(patient, unique_id, who, "unarchive")

    def delete(self, patient: Patient, unique_id: str, who: str = "") -> Held:
        """Delete a document that the patient deposited."""
        return self._moved(patient, unique_id, who, "delete")

    def oppose(self, patient: Patient, purpose: str, opposed: bool = True) -> Patient:
        """Oppose (or no longer) `bris_de_glace` or `centre_15`."""
        current = self._open(patient)
        if purpose == GLASS:
            return self._decided(replace(current, opposes_glass=opposed), "oppose")
        if purpose == REGULATION:
            return self._decided(replace(current, opposes_regulation=opposed), "oppose")
        raise errors.unknown_purpose(purpose)

    def consent(self, patient: Patient, agreed: bool = True) -> Patient:
        """Let masked documents be read in an emergency, or no longer."""
        return self._decided(replace(self._open(patient), masked_in_emergency=agreed), "consent")

    def close(self, patient: Patient, reason: str = "") -> Patient:
        """Close the record; `reason` is the patient's own words."""
        now = stamp(self.clock.now())
        closed = replace(self._open(patient), dmp="ferme", closure=reason[:200], closed_at=now)
        return self._decided(closed, "close")

    # -- inside ------------------------------------------------------------------------------------

    def _open(self, patient: Patient) -> Patient:
        current = self.patient(patient.ins.matricule)
        if current.dmp != "actif":
            raise errors.no_record(current.dmp)
        return current

    def _known(self, professional: str) -> None:
        if professional not in self.dmp.desk.habilitations.professionals:
            raise errors.unknown_professional(professional)

    def _seen(self, patient: Patient, unique_id: str, who: str) -> Held:
        held = self.dmp.state.find(unique_id)
        viewer = self.viewer(patient, who)
        if (
            held is None
            or held.patient != patient.ins.matricule
            or held.status not in (*SHOWN, names.DEPRECATED)
            or hidden(held, viewer, self.dmp.rules, reading=True) is not None
        ):
            raise errors.no_document(unique_id)
        return held

    def _masked(self, patient: Patient, unique_id: str, who: str, gesture: str) -> Held:
        """A new version of the metadata, as TD3.3a makes one."""
        current = self._open(patient)
        held = self._seen(current, unique_id, who)
        if held.masked is (gesture == "mask") or held.status != names.APPROVED:
            raise errors.unchanged(gesture)
        stored = read_entry(xml.parse(f'<list xmlns:rim="{names.RIM}">{held.xml}</list>'.encode())[0])
        others = tuple(code for code in stored.confidentiality if code.code != names.MASQUE_PS)
        entry = replace(
            stored,
            id=f"urn:uuid:{self.randomness.uuid('dmp.entry')}",
            version=str(held.version + 1),
            confidentiality=(*others, MASKED) if gesture == "mask" else others,
        )
        self._register(
            current,
            gesture,
            lambda set_, uuid: self.dmp.state.register(
                current.ins.matricule,
                set_,
                uuid,
                [(entry, b"", held.sha256)],
                changes=[Change(held.uuid, held.status, names.DEPRECATED, superseded=True)],
            ),
        )
        return self._changed(current, unique_id, gesture)

    def _moved(self, patient: Patient, unique_id: str, who: str, gesture: str) -> Held:
        """Another status, in place, of a document that the patient deposited."""
        current = self._open(patient)
        held = self._seen(current, unique_id, who)
        before, after = STATUS_CHANGES[gesture]
        if not by_the_patient(held):
            raise errors.not_yours(unique_id)
        if held.status not in before:
            raise errors.unchanged(gesture)
        change = Change(held.uuid, held.status, after)
        self._register(
            current,
            gesture,
            lambda set_, uuid: self.dmp.state.register(current.ins.matricule, set_, uuid, changes=[change]),
        )
        return self._changed(current, unique_id, gesture)

    def _register(self, patient: Patient, gesture: str, store: Callable[[SubmissionSet, str], None]) -> None:
        uuid = self.randomness.uuid("dmp.set")
        person = composite.xcn(patient.ins.matricule, patient.birth_name, patient.given, patient.ins.oid)
        made = SubmissionSet(
            id="",
            unique_id=f"2.25.{int(uuid.replace('-', ''), 16)}",
            source_id=SOURCE,
            patient_id=patient.ins.cx(),
            submission_time=stamp(self.clock.now()),
            content_type=None,
            authors=(Author(person),),
            title=f"Mon espace santé : {gesture}",
        )
        try:
            store(made, f"urn:uuid:{uuid}")
        except Stale:
            raise errors.unchanged(gesture) from None

    def _changed(self, patient: Patient, unique_id: str, gesture: str) -> Held:
        self._trace(patient, gesture, unique_id)
        after = self.dmp.state.find(unique_id)
        assert after is not None
        return after

    def _decided(self, patient: Patient, gesture: str) -> Patient:
        self.population.register(patient)
        self._trace(patient, gesture)
        return patient

    def _trace(self, patient: Patient, gesture: str, *documents: str) -> None:
        matricule, now = patient.ins.matricule, self.clock.now()
        self.dmp.audit.add(
            matricule,
            Trace(now, matricule, "", "MES", "", "", f"MES.{gesture}", documents, "accepted"),
        )
