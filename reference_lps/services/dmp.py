"""The transactions of the DMP, as this software asks them. Sources: SEL-MP-037, IHE ITI-18, 41, 43, 57."""

from collections.abc import Mapping
from dataclasses import replace

from schemas import habilitations, hl7v3, xds
from schemas.hl7v3 import pdq
from schemas.hl7v3.wrapper import Header
from schemas.ins import Ins
from schemas.soap import mtom
from schemas.xds.names import DMP_REPOSITORY
from schemas.xml import Element

from ..accounts import NAME as SOFTWARE
from ..outcome import Failed
from .dmp_call import FEEDING, Access, Caller, Rejected, accept, inline, read
from .dmp_memory import Memory

IHE = "urn:ihe:iti:2007"
AUTHORISE = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization"
AUTHORISED = "urn:si-dmp-habilitations:HabilitationsEndPoint:listAuthorizationByPatient"
PATIENTS = "urn:si-dmp-patients:PatientSpecificEndPoint:patientList"
FIND = "urn:hl7-org:v3:PRPA_IN201305UV02"
EXISTENCE = "urn:hl7-org:v3:PRPA_IN201307UV02"
FEED = f"{IHE}:ProvideAndRegisterDocumentSet-b"
SEARCH = f"{IHE}:RegistryStoredQuery"
RETRIEVE = f"{IHE}:RetrieveDocumentSet"
UPDATE = "urn:ihe:iti:2010:UpdateDocumentSet"
DEVICE = "1.2.250.1.999.1.2"  # this software as an HL7 device (arc of examples)
DUPLICATE = "XDSDuplicateUniqueIdInRegistry"


class DmpClient:
    """The transactions of one user."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._clock, self._chance, self._behaviour = caller.clock, caller.chance, caller.behaviour
        self.signer = caller.signer
        self._memory = Memory(caller.account.id_nat, caller.behaviour)

    def status(self, ins: Ins, access: Access) -> hl7v3.Answer:
        """TD0.2: existence, state, authorisation. Raises Rejected, Failed."""
        known = self._memory.status(ins, access)
        if known is not None:
            return known
        answer = self._about(ins, access, hl7v3.EXISTENCE, "TD0.2")
        self._memory.told(ins, access, answer)
        return answer

    def record(self, ins: Ins, access: Access) -> hl7v3.Answer:
        """TD1.3a: administrative data. Raises Rejected, Failed."""
        return self._about(ins, access, hl7v3.ADMIN_DATA, "TD1.3a")

    def _about(self, ins: Ins, access: Access, reason: str, transaction: str) -> hl7v3.Answer:
        query = hl7v3.Query(
            hl7v3.Identity(self._chance.oid()),
            self._clock.now().strftime("%Y%m%d%H%M%S"),
            DEVICE,
            SOFTWARE,
            hl7v3.Identity(self._chance.oid()),
            ins,
            reason,
        )
        written = hl7v3.write_query(query)
        body, _ = self._caller.exchange("patients", EXISTENCE, written, ins, access, transaction=transaction)
        answer = read(hl7v3.read_answer, body)
        if answer.ack != "AA":
            raise Rejected(f"Le DMP refuse la demande : {answer.error_text or answer.error}.", [answer.error])
        return answer

    def authorise(self, asked: habilitations.SetAuthorization, ins: Ins, access: Access) -> None:
        """TD0.3, in the user's name. Raises Rejected, Failed."""
        self._memory.changed()
        written = habilitations.write_question(asked)
        body, _ = self._caller.exchange("habilitations", AUTHORISE, written, ins, access)
        _done(body, "l'autorisation")

    def patients(
        self, asked: habilitations.PatientList, access: Access
    ) -> tuple[habilitations.ListedPatient, ...]:
        """TD0.4: DMPs on which the user is authorised. Raises Rejected, Failed."""
        written = habilitations.write_question(asked)
        body, _ = self._caller.exchange("patientsSpecific", PATIENTS, written, None, access)
        _done(body, "la liste")
        return read(habilitations.read_patients, body)

    def professionals(
        self, asked: habilitations.ListByPatient, ins: Ins, access: Access
    ) -> tuple[habilitations.ListedProfessional, ...]:
        """TD1.6: professionals authorised or blocked. Raises Rejected, Failed."""
        written = habilitations.write_question(asked)
        body, _ = self._caller.exchange("habilitations", AUTHORISED, written, ins, access)
        _done(body, "la liste")
        return read(habilitations.read_professionals, body)

    def find(self, family: str, given: str, sex: str, birth_date: str, access: Access) -> pdq.Found:
        """TD0.5: patients without INS, for a regulation centre. `birth_date`: YYYYMMDD. Raises as above."""
        header = Header(
            hl7v3.Identity(self._chance.oid()),
            self._clock.now().strftime("%Y%m%d%H%M%S"),
            DEVICE,
            SOFTWARE,
        )
        asked = pdq.Find(header, hl7v3.Identity(self._chance.oid()), family, given, sex, birth_date)
        body, _ = self._caller.exchange("patientsPDQ", FIND, pdq.write_find(asked), None, access)
        found = read(pdq.read_found, body)
        if found.error:
            raise Rejected(f"Le DMP refuse la recherche : {found.error[1] or found.error[0]}.", found.error)
        return found

    def feed(
        self,
        submission: xds.Submission,
        documents: dict[str, bytes],
        ins: Ins,
        *,
        type_code: str,
        secret: bool = False,
    ) -> tuple[str, ...]:
        """TD2.1. `documents`: bytes by entry id. Returns the warnings that come with a success.

        Raises Rejected, LostAnswer, Failed.
        """
        written = xds.write_submission(submission)
        if self._behaviour.by_mtom(type_code):
            names = {entry: f"{entry}@{SOFTWARE}" for entry in documents}
            parts = [mtom.Attachment(names[entry], data, "text/xml") for entry, data in documents.items()]
            body = xds.write_provide(written, {entry: f"cid:{name}" for entry, name in names.items()})
        else:
            parts, body = [], inline(written, documents)
        access = replace(FEEDING, secret=secret)
        answer, _ = self._caller.exchange("repository", FEED, body, ins, access, parts)
        response = read(xds.read_registry_response, answer)
        accept(response)
        return tuple(error.context or error.code for error in response.errors)

    def search(self, query: xds.Query, ins: Ins, access: Access) -> xds.QueryResponse:
        """TD3.1. Raises Rejected, Failed. A partial success comes back with its errors."""
        written = xds.write_query(query)
        body, _ = self._caller.exchange("registry", SEARCH, written, ins, access)
        response = read(xds.read_query_response, body)
        found = (response.entries, response.references, response.submission_sets, response.associations)
        if not any(found):
            accept(xds.RegistryResponse(response.status, response.errors))
        return self._memory.listed(ins, written, response)

    def retrieve(self, unique_id: str, repository: str, ins: Ins, access: Access) -> xds.Retrieved:
        """TD3.2. Raises Rejected, Failed."""
        return self.retrieve_all({unique_id: repository}, ins, access)[0][0]

    def retrieve_all(
        self, wanted: Mapping[str, str], ins: Ins, access: Access
    ) -> tuple[tuple[xds.Retrieved, ...], xds.RegistryResponse]:
        """TD3.2 of documents (uniqueId: repository): those that came, and what is said beside.

        Raises Rejected when none came, Failed.
        """
        asked = [xds.Wanted(repository or DMP_REPOSITORY, id_) for id_, repository in wanted.items()]
        body, attachments = self._caller.exchange(
            "repository", RETRIEVE, xds.write_retrieve(asked), ins, access
        )
        response = read(lambda element: xds.read_retrieve_response(element, attachments), body)
        came = tuple(one for one in response.documents if one.unique_id in wanted)
        said = xds.RegistryResponse(response.status, response.errors)
        if not came:
            accept(said)
            raise Failed("Le DMP n'a pas rendu le document demandé.")
        return came, said

    def update(self, submission: xds.Submission, ins: Ins, access: Access) -> None:
        """TD3.3: a new version of the metadata, or another status. Raises Rejected, LostAnswer, Failed."""
        answer, _ = self._caller.exchange("registry", UPDATE, xds.write_submission(submission), ins, access)
        accept(read(xds.read_registry_response, answer))

    def close(self) -> None:
        self._caller.close()


def _done(body: Element, what: str) -> None:
    """Raises Rejected unless the DMP says that it is done."""
    outcome = read(habilitations.read_outcome, body)
    if not outcome.done:
        words = outcome.context or outcome.status
        raise Rejected(f"Le DMP refuse {what} : {words}.", [outcome.status])
