"""Putting a document in the DMP: existence first, then one submission, and what to do when doubt remains."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from schemas import xds
from schemas.habilitations import ADD, SetAuthorization
from schemas.ins import Ins
from schemas.xds.assemble import SIGNATURE_ID

from .accounts import Account
from .documents import CONTENT_TYPE
from .outcome import Call, Refused
from .services.dmp import DUPLICATE
from .services.dmp_call import FEEDING, READING, Rejected
from .services.http import LostAnswer
from .software import Software
from .state import Document, Patient

SOURCE = "1.2.250.1.999.1.2"  # sourceId: this installation (arc of examples)


def require_ins(lps: Software, patient: Patient) -> Ins:
    """The INS under which the DMP may be called. Raises Refused when the identity is not qualified."""
    ins = lps.behaviour.feed_ins(patient)
    if ins is None:
        raise Refused(
            f"L'identité de {patient.name} n'est pas qualifiée ({patient.status}) : "
            "son INS ne peut pas quitter le logiciel, rien n'a été envoyé."
        )
    return ins


def require_consent(lps: Software, patient: Patient) -> None:
    """Raises Refused when the patient is opposed to the feeding of their DMP (DMP/CONF.09)."""
    if lps.behaviour.opposed(patient):
        raise Refused(f"{patient.name} s'oppose à l'alimentation de son DMP : rien n'a été envoyé.")


def require_open(lps: Software, call: Call, ins: Ins) -> None:
    """TD0.2 before feeding. Raises Refused when there is no open DMP."""
    status = lps.dmp(call).status(ins, FEEDING)
    if not lps.behaviour.may_feed(status):
        why = "est fermé" if status.found else "n'existe pas"
        raise Refused(f"Le DMP de ce patient {why} : le document n'a pas été envoyé.")
    if lps.behaviour.authorises_to_feed:
        lps.dmp(call).authorise(SetAuthorization(ADD), ins, READING)


def entry_in_dmp(
    lps: Software,
    call: Call,
    ins: Ins,
    unique_id: str,
    absent: str = "Le document à remplacer n'est pas dans le DMP.",
) -> str:
    """The entryUUID of the document in force that has this uniqueId. Raises Refused with `absent`."""
    query = xds.get_documents(unique_ids=[unique_id], return_type="ObjectRef")
    response = lps.dmp(call).search(query, ins, FEEDING)
    found = response.references or tuple(entry.id for entry in response.entries)
    if not found:
        raise Refused(absent)
    return found[0]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document of a lot. `replaces`: the entryUUID of the version before."""

    document: Document
    flags: tuple[str, ...] = ()
    replaces: str | None = None


def new_submission(
    lps: Software,
    account: Account,
    entries: Sequence[xds.DocumentEntry],
    *,
    replaces: Mapping[str, str] | None = None,
    signed: bool = False,
) -> xds.Submission:
    """A lot de soumission. `replaces`: the entryUUID of the version before, by id of the new entry."""
    return xds.new_submission(
        entries,
        unique_id=lps.chance.oid(),
        source_id=SOURCE,
        author=xds.author_of(account.person()),
        content_type=CONTENT_TYPE,
        now=lps.clock.now(),
        signature_id=lps.chance.oid() if signed else None,
        replaces=replaces,
    )


def feed(
    lps: Software,
    call: Call,
    document: Document,
    ins: Ins,
    *,
    flags: tuple[str, ...] = (),
    replaces: str | None = None,
    secret: bool = False,
) -> None:
    """Send one document (see `feed_lot`)."""
    feed_lot(lps, call, [Outgoing(document, flags, replaces)], ins, secret=secret)


def feed_lot(lps: Software, call: Call, lot: Sequence[Outgoing], ins: Ins, *, secret: bool = False) -> None:
    """Send documents together (TD2.1). A lost answer is followed by one identical submission, and no more.

    Raises Refused, Rejected, Unavailable, LostAnswer, Failed.
    """
    require_consent(lps, lps.store.patient(lot[0].document.patient_id))
    client = lps.dmp(call)
    entries = [
        replace(lps.behaviour.entry(lps.workshop.entry(one.document, one.flags)), id=f"Document{rank:02d}")
        for rank, one in enumerate(lot, 1)
    ]
    pairs = list(zip(entries, lot, strict=True))
    replaced = {entry.id: one.replaces for entry, one in pairs if one.replaces}
    unsigned = new_submission(lps, call.account, entries, replaces=replaced, signed=True)
    submission = lps.behaviour.submission(unsigned)
    signature = xds.sign_submission(
        submission.submission_set.unique_id,
        {one.document.unique_id: one.document.data for one in lot},
        client.signer.certificate,
        client.signer.key,
        now=lps.clock.now(),
    )
    documents = {entry.id: one.document.data for entry, one in pairs}
    documents[SIGNATURE_ID] = lps.behaviour.lot_signature(signature)
    type_code = lot[0].document.type_code

    def send() -> None:
        for word in client.feed(submission, documents, ins, type_code=type_code, secret=secret):
            call.warn(f"Le DMP a pris le document et signale : {word}")

    try:
        _insist(send, lps.behaviour.refused_feed_tries)
    except LostAnswer:
        try:
            send()
        except Rejected as error:
            if DUPLICATE not in error.codes:
                raise
            call.inform("Le DMP avait bien reçu le document : la première réponse s'était perdue.")
        except LostAnswer:
            raise LostAnswer(
                "La réponse du DMP n'a pas pu être lue : le document est peut-être dans le DMP. "
                "Vérifiez-le avant tout nouvel envoi."
            ) from None
    for one in lot:
        lps.store.mark_fed(one.document, submission.submission_set.unique_id, lps.clock.now())


def _insist(send: Callable[[], None], tries: int) -> None:
    """Send, and send again after a rejection, that many times in all."""
    for left in reversed(range(tries)):
        try:
            return send()
        except Rejected:
            if not left:
                raise
    return None
