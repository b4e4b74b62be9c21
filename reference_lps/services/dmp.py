"""The transactions of the DMP, as this software asks them. Sources: SEL-MP-037, IHE ITI-18, 41, 43, 57."""

from dataclasses import replace

from schemas import habilitations, hl7v3, xds
from schemas.ins import Ins
from schemas.soap import mtom
from schemas.xds.names import DMP_REPOSITORY

from ..accounts import NAME as SOFTWARE
from ..accounts import Account
from ..behaviour import Behaviour
from ..clock import Chance, Clock
from ..environment import Environment
from ..outcome import Failed
from .dmp_call import FEEDING, Access, Caller, Rejected, accept, inline, read

IHE = "urn:ihe:iti:2007"
AUTHORISE = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization"
EXISTENCE = "urn:hl7-org:v3:PRPA_IN201307UV02"
FEED = f"{IHE}:ProvideAndRegisterDocumentSet-b"
SEARCH = f"{IHE}:RegistryStoredQuery"
RETRIEVE = f"{IHE}:RetrieveDocumentSet"
UPDATE = "urn:ihe:iti:2010:UpdateDocumentSet"
DEVICE = "1.2.250.1.999.1.2"  # this software as an HL7 device (arc of examples)
DUPLICATE = "XDSDuplicateUniqueIdInRegistry"


class DmpClient:
    """The transactions of one user. `direct`: by their card."""

    def __init__(
        self,
        environment: Environment,
        account: Account,
        clock: Clock,
        chance: Chance,
        behaviour: Behaviour,
        *,
        direct: bool = False,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._behaviour = behaviour
        self._caller = Caller(environment, account, clock, chance, behaviour, direct=direct)
        self.signer = self._caller.signer

    def status(self, ins: Ins, access: Access) -> hl7v3.Answer:
        """TD0.2: existence, state, authorisation. Raises Rejected, Failed."""
        query = hl7v3.Query(
            hl7v3.Identity(self._chance.oid()),
            self._clock.now().strftime("%Y%m%d%H%M%S"),
            DEVICE,
            SOFTWARE,
            hl7v3.Identity(self._chance.oid()),
            ins,
        )
        body, _ = self._caller.exchange("patients", EXISTENCE, hl7v3.write_query(query), ins, access)
        answer = read(hl7v3.read_answer, body)
        if answer.ack != "AA":
            raise Rejected(f"Le DMP refuse la demande : {answer.error_text or answer.error}.", [answer.error])
        return answer

    def authorise(self, asked: habilitations.SetAuthorization, ins: Ins, access: Access) -> None:
        """TD0.3, in the user's name. Raises Rejected, Failed."""
        written = habilitations.write_question(asked)
        body, _ = self._caller.exchange("habilitations", AUTHORISE, written, ins, access)
        outcome = read(habilitations.read_outcome, body)
        if not outcome.done:
            words = outcome.context or outcome.status
            raise Rejected(f"Le DMP refuse l'autorisation : {words}.", [outcome.status])

    def feed(
        self,
        submission: xds.Submission,
        documents: dict[str, bytes],
        ins: Ins,
        *,
        type_code: str,
        secret: bool = False,
    ) -> None:
        """TD2.1. `documents`: bytes by entry id. Raises Rejected, LostAnswer, Failed."""
        written = xds.write_submission(submission)
        if self._behaviour.by_mtom(type_code):
            names = {entry: f"{entry}@{SOFTWARE}" for entry in documents}
            parts = [mtom.Attachment(names[entry], data, "text/xml") for entry, data in documents.items()]
            body = xds.write_provide(written, {entry: f"cid:{name}" for entry, name in names.items()})
        else:
            parts, body = [], inline(written, documents)
        access = replace(FEEDING, secret=secret)
        answer, _ = self._caller.exchange("repository", FEED, body, ins, access, parts)
        accept(read(xds.read_registry_response, answer))

    def search(self, query: xds.Query, ins: Ins, access: Access) -> xds.QueryResponse:
        """TD3.1. Raises Rejected, Failed. A partial success comes back with its errors."""
        body, _ = self._caller.exchange("registry", SEARCH, xds.write_query(query), ins, access)
        response = read(xds.read_query_response, body)
        if not response.entries and not response.references:
            accept(xds.RegistryResponse(response.status, response.errors))
        return response

    def retrieve(self, unique_id: str, repository: str, ins: Ins, access: Access) -> xds.Retrieved:
        """TD3.2. Raises Rejected, Failed."""
        wanted = xds.write_retrieve([xds.Wanted(repository or DMP_REPOSITORY, unique_id)])
        body, attachments = self._caller.exchange("repository", RETRIEVE, wanted, ins, access)
        response = read(lambda element: xds.read_retrieve_response(element, attachments), body)
        found = next((one for one in response.documents if one.unique_id == unique_id), None)
        if found is None:
            accept(xds.RegistryResponse(response.status, response.errors))
            raise Failed("Le DMP n'a pas rendu le document demandé.")
        return found

    def update(self, submission: xds.Submission, ins: Ins, access: Access) -> None:
        """TD3.3: a new version of the metadata, or another status. Raises Rejected, LostAnswer, Failed."""
        answer, _ = self._caller.exchange("registry", UPDATE, xds.write_submission(submission), ins, access)
        accept(read(xds.read_registry_response, answer))

    def close(self) -> None:
        self._caller.close()
