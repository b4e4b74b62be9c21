"""The DMP: TD0.2, TD0.3, TD2.1, TD3.1, TD3.2. Organisation certificates; a person's identity for reading.

In mode DIRECTE, the professional's card does everything.

Sources: SEL-MP-037, CI-SIS volet transport synchrone, IHE ITI-18, 41, 43.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from schemas import habilitations, hl7v3, xds
from schemas.ins import Ins
from schemas.soap import envelope, message, mtom
from schemas.vihf import AIR, DIRECT, INDIRECT, VihfRequest, build
from schemas.vihf.policy import CARD_CONTEXT
from schemas.xds.names import DMP_REPOSITORY
from schemas.xds.names import IHE as XDS_B
from schemas.xml import Element, XmlRefused

from ..accounts import NAME as SOFTWARE
from ..accounts import VERSION, Account
from ..behaviour import Behaviour
from ..clock import Chance, Clock
from ..environment import Environment
from ..outcome import Failed
from .http import Channel, LostAnswer, Reply

T = TypeVar("T")

NAME = "Le DMP"
IHE = "urn:ihe:iti:2007"
AUTHORISE = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization"
EXISTENCE = "urn:hl7-org:v3:PRPA_IN201307UV02"
FEED = f"{IHE}:ProvideAndRegisterDocumentSet-b"
SEARCH = f"{IHE}:RegistryStoredQuery"
RETRIEVE = f"{IHE}:RetrieveDocumentSet"
DEVICE = "1.2.250.1.999.1.2"  # this software as an HL7 device (arc of examples)
READABLE = ("application/soap+xml", "multipart/related", "application/xop+xml", "text/xml")
DUPLICATE = "XDSDuplicateUniqueIdInRegistry"


class Rejected(Failed):
    """The registry said no. `codes` are its error codes."""

    def __init__(self, text: str, codes: Sequence[str]) -> None:
        super().__init__(text)
        self.codes = tuple(codes)


@dataclass(frozen=True, slots=True)
class Signer:
    """Certificate and key for signatures: those of the structure, or of the card."""

    certificate: x509.Certificate
    key: RSAPrivateKey

    @classmethod
    def load(cls, pair: tuple[str, str]) -> "Signer":
        certificate = x509.load_pem_x509_certificate(Path(pair[0]).read_bytes())
        key = load_pem_private_key(Path(pair[1]).read_bytes(), None)
        if not isinstance(key, RSAPrivateKey):
            raise Failed("La clé de signature n'est pas une clé RSA.")
        return cls(certificate, key)


class DmpClient:
    """Transactions of one structure. `direct`: `pair` is a card, and every VIHF is in DIRECTE."""

    def __init__(
        self,
        environment: Environment,
        pair: str,
        clock: Clock,
        chance: Chance,
        behaviour: Behaviour,
        *,
        direct: bool = False,
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._chance = chance
        self._behaviour = behaviour
        self._direct = direct
        self._channel = Channel(NAME, environment.ca_bundle, environment.pair(f"{pair}-auth"))
        self.signer = Signer.load(environment.pair(f"{pair}-sign"))

    def status(self, ins: Ins, account: Account, *, consulting: bool) -> hl7v3.Answer:
        """TD0.2: existence, state, authorisation. `consulting`: in the user's name."""
        query = hl7v3.Query(
            hl7v3.Identity(self._chance.oid()),
            self._clock.now().strftime("%Y%m%d%H%M%S"),
            DEVICE,
            SOFTWARE,
            hl7v3.Identity(self._chance.oid()),
            ins,
        )
        mode = self._mode(consulting)
        body, _ = self._exchange("patients", EXISTENCE, hl7v3.write_query(query), ins, account, mode)
        answer = _read(hl7v3.read_answer, body)
        if answer.ack != "AA":
            raise Rejected(f"Le DMP refuse la demande : {answer.error_text or answer.error}.", [answer.error])
        return answer

    def authorise(self, asked: habilitations.SetAuthorization, ins: Ins, account: Account) -> None:
        """TD0.3, in the user's name. Raises Rejected, Failed."""
        written = habilitations.write_question(asked)
        body, _ = self._exchange("habilitations", AUTHORISE, written, ins, account, self._mode(True))
        outcome = _read(habilitations.read_outcome, body)
        if not outcome.done:
            words = outcome.context or outcome.status
            raise Rejected(f"Le DMP refuse l'autorisation : {words}.", [outcome.status])

    def feed(
        self,
        submission: xds.Submission,
        documents: dict[str, bytes],
        ins: Ins,
        account: Account,
        *,
        type_code: str,
    ) -> None:
        """TD2.1. `documents`: bytes by entry id. Raises Rejected, LostAnswer, Failed."""
        written = xds.write_submission(submission)
        if self._behaviour.by_mtom(type_code):
            names = {entry: f"{entry}@{SOFTWARE}" for entry in documents}
            parts = [mtom.Attachment(names[entry], data, "text/xml") for entry, data in documents.items()]
            body = xds.write_provide(written, {entry: f"cid:{name}" for entry, name in names.items()})
        else:
            parts, body = [], _inline(written, documents)
        answer, _ = self._exchange("repository", FEED, body, ins, account, self._mode(False), parts)
        _accept(_read(xds.read_registry_response, answer))

    def search(self, query: xds.Query, ins: Ins, account: Account, *, consulting: bool) -> xds.QueryResponse:
        """TD3.1. Raises Rejected, Failed. A partial success comes back with its errors."""
        mode = self._mode(consulting)
        body, _ = self._exchange("registry", SEARCH, xds.write_query(query), ins, account, mode)
        response = _read(xds.read_query_response, body)
        if not response.entries and not response.references:
            _accept(xds.RegistryResponse(response.status, response.errors))
        return response

    def retrieve(self, unique_id: str, repository: str, ins: Ins, account: Account) -> xds.Retrieved:
        """TD3.2. Raises Rejected, Failed."""
        wanted = xds.write_retrieve([xds.Wanted(repository or DMP_REPOSITORY, unique_id)])
        body, attachments = self._exchange("repository", RETRIEVE, wanted, ins, account, self._mode(True))
        response = _read(lambda element: xds.read_retrieve_response(element, attachments), body)
        found = next((one for one in response.documents if one.unique_id == unique_id), None)
        if found is None:
            _accept(xds.RegistryResponse(response.status, response.errors))
            raise Failed("Le DMP n'a pas rendu le document demandé.")
        return found

    # -- one exchange --------------------------------------------------------------------------------

    def _exchange(
        self,
        service: str,
        action: str,
        body: str | bytes,
        ins: Ins,
        account: Account,
        mode: str,
        parts: Sequence[mtom.Attachment] = (),
    ) -> tuple[Element, dict[str, bytes]]:
        url = f"{self._environment.dmp_url}/{service}"
        written = envelope.write(
            body,
            action=action,
            message_id=f"urn:uuid:{self._chance.uuid()}",
            to=url,
            security=self._vihf(ins, account, mode).decode(),
        )
        if parts:
            boundary = f"MIMEBoundary-{self._chance.uuid()}"
            content_type, written = mtom.join(written, parts, action, boundary=boundary)
        else:
            content_type = f'application/soap+xml; charset=UTF-8; action="{action}"'
        reply = self._channel.ask("POST", url, headers={"Content-Type": content_type}, body=written)
        return _open(reply)

    def _mode(self, consulting: bool) -> str:
        if self._direct:
            return DIRECT
        return AIR if consulting else INDIRECT

    def _vihf(self, ins: Ins, account: Account, mode: str) -> bytes:
        request = VihfRequest(
            id=f"_{self._chance.uuid()}",
            issue_instant=self._clock.now(),
            name_id=account.id_nat,
            structure=account.structure,
            sector=account.sector,
            roles=account.roles(),
            homologation=self._environment.homologation,
            lps_name=SOFTWARE,
            lps_version=VERSION,
            mode=mode,
            subject_id=account.name,
            patient=ins,
            authn_decl="APP_BROWSER_AUTH" if mode == AIR else "",
        )
        if mode == DIRECT:
            request = replace(request, authn_context=CARD_CONTEXT)
        if mode == AIR:
            request = self._behaviour.consulting_vihf(request)
        return build(request, self.signer.certificate, self.signer.key)

    def close(self) -> None:
        self._channel.close()


def _open(reply: Reply) -> tuple[Element, dict[str, bytes]]:
    """The first element of soap:Body and the attachments by `cid:`. Raises Failed for a fault."""
    if not reply.content_type.lower().lstrip().startswith(READABLE):
        raise _unreadable(reply, reply.content_type or "sans type")
    try:
        carried = message.read(reply.content_type, reply.body)
        read = envelope.read(carried.root)
    except (mtom.MultipartRefused, XmlRefused, envelope.EnvelopeRefused) as error:
        raise _unreadable(reply, error.reason) from None
    fault = envelope.read_fault(read.body)
    if fault is not None:
        raise Failed(f"Le DMP a refusé l'appel : {fault.reason or fault.subcode or fault.code}")
    if reply.status >= 400:
        raise Failed(f"Le DMP a répondu par une erreur (HTTP {reply.status}).")
    return read.body, carried.referenced()


def _unreadable(reply: Reply, why: str) -> Failed:
    """An error page is a failure; an unreadable success leaves a doubt."""
    if reply.status >= 400:
        return Failed(f"Le DMP a répondu par une erreur (HTTP {reply.status}).")
    return LostAnswer(f"La réponse du DMP est illisible ({why}).")


def _read(codec: Callable[[Element], T], body: Element) -> T:
    try:
        return codec(body)
    except ValueError as error:
        raise LostAnswer(f"La réponse du DMP est illisible ({error}).") from None


def _accept(response: xds.RegistryResponse) -> None:
    if response.succeeded:
        return
    codes = [error.code for error in response.errors]
    said = " ; ".join(f"{error.context or error.code} [{error.code}]" for error in response.errors)
    raise Rejected(f"Le DMP a rejeté la demande : {said or response.status}", codes)


def _inline(submission: bytes, documents: dict[str, bytes]) -> bytes:
    """A TD2.1 body with its documents as base64 text."""
    items = "".join(
        f'<ihe:Document id="{entry}">{base64.b64encode(data).decode()}</ihe:Document>'
        for entry, data in documents.items()
    )
    opening = f'<ihe:ProvideAndRegisterDocumentSetRequest xmlns:ihe="{XDS_B}">'
    closing = "</ihe:ProvideAndRegisterDocumentSetRequest>"
    return opening.encode() + submission + items.encode() + closing.encode()
