"""One call to the DMP: the VIHF of its user, the SOAP envelope around it, and what comes back.

By organisation certificates the VIHF is INDIRECTE to feed, INDIRECTE_RENFORCEE to read; by a card, DIRECTE.
Sources: CI-SIS volet transport synchrone, SEL-MP-037.
"""

import base64
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from schemas import xds
from schemas.ins import Ins
from schemas.soap import envelope, message, mtom
from schemas.vihf import AIR, DIRECT, INDIRECT, VihfRequest, assertion_xml
from schemas.vihf.issuer import written as name_of
from schemas.vihf.policy import CARD_CONTEXT
from schemas.vihf.signature import sign
from schemas.xds.names import IHE as XDS_B
from schemas.xml import Element, XmlRefused, parse

from ..accounts import NAME as SOFTWARE
from ..accounts import VERSION, Account
from ..behaviour import Behaviour
from ..clock import Chance, Clock
from ..environment import Environment
from ..outcome import Failed
from ..tracing import Trace
from .http import Channel, LostAnswer, Reply

T = TypeVar("T")

NAME = "Le DMP"
TRANSACTIONS = {  # by the last word of wsa:Action; TD1.3a is asked as TD0.2 is
    "PRPA_IN201307UV02": "TD0.2",
    "setAuthorization": "TD0.3",
    "patientList": "TD0.4",
    "PRPA_IN201305UV02": "TD0.5",
    "listAuthorizationByPatient": "TD1.6",
    "ProvideAndRegisterDocumentSet-b": "TD2.1",
    "RegistryStoredQuery": "TD3.1",
    "RetrieveDocumentSet": "TD3.2",
    "UpdateDocumentSet": "TD3.3",
}
READABLE = ("application/soap+xml", "multipart/related", "application/xop+xml", "text/xml")


@dataclass(frozen=True, slots=True)
class Access:
    """How the user comes to a record. `consulting`: to read it, in their own name; else to feed it."""

    consulting: bool = True
    purpose: str = "normal"  # bris_de_glace, centre_15
    reason: str = ""
    secret: bool = False  # a minor's secret connection


READING = Access()
FEEDING = Access(consulting=False)


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


class Caller:
    """One user, calling the DMP. `direct`: by their card, and every VIHF is in DIRECTE."""

    def __init__(
        self,
        environment: Environment,
        account: Account,
        clock: Clock,
        chance: Chance,
        behaviour: Behaviour,
        *,
        direct: bool = False,
        keep: Callable[[Trace], None] = lambda trace: None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`keep` is told of each call; `waiting` surrounds what may take long."""
        self._keep = keep
        self._waiting = waiting
        pair = account.card if direct else account.pair
        self._environment = environment
        self.account = account
        self.clock = clock
        self.chance = chance
        self.behaviour = behaviour
        self._direct = direct
        self._channel = Channel(
            NAME,
            environment.ca_bundle,
            environment.pair(f"{pair}-auth"),
            checked=behaviour.dmp_certificate_checked,
        )
        self.signer = Signer.load(environment.pair(f"{pair}-{behaviour.signing_pair}"))

    def exchange(
        self,
        service: str,
        action: str,
        body: str | bytes,
        ins: Ins | None,
        access: Access,
        parts: Sequence[mtom.Attachment] = (),
        *,
        transaction: str = "",
    ) -> tuple[Element, dict[str, bytes]]:
        """The first element of the answer's soap:Body and the attachments by `cid:`.

        `transaction` for the trace, where the action does not tell. Raises Unavailable, LostAnswer, Failed.
        """
        url = f"{self._environment.dmp_url}/{service}"
        vihf, message_id = self._vihf(ins, access), f"urn:uuid:{self.chance.uuid()}"
        security = self._signed(vihf).decode()
        written = envelope.write(body, action=action, message_id=message_id, to=url, security=security)
        written = self.behaviour.envelope(written)
        if parts:
            boundary = f"MIMEBoundary-{self.chance.uuid()}"
            content_type, written = mtom.join(written, parts, action, boundary=boundary)
        else:
            content_type = f'application/soap+xml; charset=UTF-8; action="{action}"'
        self._keep(
            Trace(
                vihf.issue_instant,
                transaction or TRANSACTIONS.get(action.rpartition(":")[2], action),
                message_id,
                vihf.id,
                vihf.name_id,
                ins.matricule if ins else "",
                vihf.mode,
            )
        )
        with self._waiting():
            reply = self._channel.ask("POST", url, headers={"Content-Type": content_type}, body=written)
        return _open(reply)

    def _vihf(self, ins: Ins | None, access: Access) -> VihfRequest:
        account = self.account
        mode = DIRECT if self._direct else AIR if access.consulting else INDIRECT
        request = VihfRequest(
            id=f"_{self.chance.uuid()}",
            issue_instant=self.clock.now(),
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
            purpose=access.purpose,
            reason=access.reason,
            secret=access.secret,
        )
        if mode == DIRECT:
            request = replace(request, authn_context=CARD_CONTEXT)
        if access.consulting:
            request = self.behaviour.consulting_vihf(request)
        return self.behaviour.vihf(request)

    def _signed(self, request: VihfRequest) -> bytes:
        behaviour, signer = self.behaviour, self.signer
        unsigned = assertion_xml(request, name_of(signer.certificate.subject))
        root = parse(behaviour.assertion(unsigned).encode())
        return behaviour.signed_assertion(sign(root, signer.certificate, signer.key))

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


def read(codec: Callable[[Element], T], body: Element) -> T:
    """What the body says. Raises LostAnswer when it cannot be read."""
    try:
        return codec(body)
    except ValueError as error:
        raise LostAnswer(f"La réponse du DMP est illisible ({error}).") from None


def accept(response: xds.RegistryResponse) -> None:
    """Raises Rejected unless the registry says that it is done."""
    if response.succeeded:
        return
    codes = [error.code for error in response.errors]
    said = " ; ".join(f"{error.context or error.code} [{error.code}]" for error in response.errors)
    raise Rejected(f"Le DMP a rejeté la demande : {said or response.status}", codes)


def inline(submission: bytes, documents: dict[str, bytes]) -> bytes:
    """A TD2.1 body with its documents as base64 text."""
    items = "".join(
        f'<ihe:Document id="{entry}">{base64.b64encode(data).decode()}</ihe:Document>'
        for entry, data in documents.items()
    )
    opening = f'<ihe:ProvideAndRegisterDocumentSetRequest xmlns:ihe="{XDS_B}">'
    closing = "</ihe:ProvideAndRegisterDocumentSetRequest>"
    return opening.encode() + submission + items.encode() + closing.encode()
