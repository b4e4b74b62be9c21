"""The decisions of the software that a seeded defect may change. The defaults are the right ones.

The software asks `behaviour` at each of these points and never knows whether a defect is at work: a defect
is `dataclasses.replace(CONFORMANT, …)`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from schemas import cda
from schemas.finding import errors
from schemas.habilitations import SetAuthorization
from schemas.hl7v3 import Answer
from schemas.ins import Ins
from schemas.mail.compose import Draft
from schemas.mail.model import Mail
from schemas.vihf.model import VihfRequest
from schemas.xdm import ArchivedDocument
from schemas.xds.model import DocumentEntry, Submission

from .sheet import SHEET
from .state import QUALIFIEE, Consent, Document, FedOnce, Figures, Order, Patient, Store
from .tracing import Trace

T = TypeVar("T")


def same(value: T) -> T:
    """Nothing changed."""
    return value


def whatever(asked: str) -> bool:
    return True


def one_by_one_then_all(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Given names of each INSi call: each alone in order, then all together (SEL-MP-043)."""
    alone = tuple((name,) for name in names)
    return (*alone, names) if len(names) > 1 else alone


def only_when_qualified(patient: Patient) -> Ins | None:
    """The INS that may leave the software (Guide INS, EXI ID 29)."""
    return patient.ins if patient.status == QUALIFIEE else None


def of_the_file(patient: Patient, store: Store) -> Ins | None:
    """The INS of a contextual link: that of the open file, when its identity is qualified."""
    return only_when_qualified(patient)


def contextual(base: str, page: str, ins: Ins) -> str:
    """The address of a page of Web PS. `base`: https://host:port. Source: PDT-INF-527."""
    return f"{base}/AccesDirect/{page}/{ins.matricule}"


def only_when_active(status: Answer) -> bool:
    """Whether a DMP may be fed."""
    return status.active


def only_when_allowed(status: Answer) -> bool:
    """Whether a DMP may be consulted by this professional."""
    return status.active and status.authorisation == "VALIDE"


def only_when_agreed(consultation: bool | None) -> bool:
    """Whether an authorisation may be asked without another gesture: the patient's agreement is recorded."""
    return consultation is True


def by_each_user(user: str, patient: str) -> tuple[str, str]:
    """Whose last opening of a file counts for what is new."""
    return user, patient


def as_chosen(chosen: bool, minor: bool) -> bool:
    """Whether the connection is secret."""
    return chosen


def by_the_dmp(status: Answer) -> bool:
    """Whether a DMP is shown as open."""
    return status.active


def by_strict_ins(document: ArchivedDocument, mail: Mail, store: Store) -> Patient | None:
    """The patient of a received document: the qualified identity that has its INS and its traits.

    Metadata and CDA must name the same INS; the subject of the mail is never looked at (ECO.2.1.2).
    """
    cda = document.document
    if cda is None or cda.patient.ins is None or cda.patient.ins.cx() != document.entry.patient_id:
        return None
    patient = store.qualified(cda.patient.ins)
    if patient is None:
        return None
    ours = patient.identity(patient.ins)
    theirs = cda.patient
    traits = (theirs.birth_name.upper(), theirs.sex, theirs.birth_date)
    return patient if traits == (ours.birth_name.upper(), ours.sex, ours.birth_date) else None


def only_when_opposed(patient: Patient) -> bool:
    """Whether the patient refuses that their DMP be fed."""
    return patient.consent.feeding is False


def always(_: str) -> bool:
    return True


def the_day_of_the_act(act: datetime, now: datetime) -> datetime:
    """The date that a document of the past carries."""
    return act


def those_chosen(chosen: Sequence[str], held: Sequence[str]) -> Sequence[str]:
    """Which of the documents held for the patient are sent when the user chose some."""
    return chosen


def never_fed_and_allowed(patient: Patient, document: Document) -> bool:
    """What the automatic feeding of the past takes: patients alive, qualified, not opposed (DMP/HISTO.06)."""
    willing = patient.status == QUALIFIEE and not patient.deceased and not only_when_opposed(patient)
    return willing and document.historical and not document.fed


def wrong_in(received: bytes) -> Sequence[str]:
    """Why a CDA received from another application may not be forwarded; empty when it may."""
    return [finding.rule for finding in errors(cda.judge(received))]


def of_the_month(fed: Sequence[FedOnce]) -> Figures:
    """The figures of these documents: all, those of the past, by type."""
    by_type = Counter(one.type_code for one in fed)
    return Figures(len(fed), sum(one.historical for one in fed), dict(by_type))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One field a decision."""

    # identity
    name_attempts: Callable[[tuple[str, ...]], Sequence[tuple[str, ...]]] = one_by_one_then_all
    feed_ins: Callable[[Patient], Ins | None] = only_when_qualified
    # Pro Santé Connect
    authorization: Callable[[Mapping[str, str]], Mapping[str, str]] = same  # parameters of the request
    nonce_checked: bool = True
    logout_at_provider: bool = True
    # documents and DMP
    document: Callable[[bytes], bytes] = same  # the CDA, once built
    entry: Callable[[DocumentEntry], DocumentEntry] = same  # its metadata for the DMP
    # calls to the DMP: VIHF, envelope, lot
    vihf: Callable[[VihfRequest], VihfRequest] = same
    assertion: Callable[[str], str] = same  # its XML, before it is signed
    signed_assertion: Callable[[bytes], bytes] = same
    dmp_certificate_checked: bool = True
    signing_pair: str = "sign"  # the certificate that signs: of signature, or of authentication ("auth")
    envelope: Callable[[bytes], bytes] = same
    submission: Callable[[Submission], Submission] = same  # the lot, before it is signed
    lot_signature: Callable[[bytes], bytes] = same
    consulting_vihf: Callable[[VihfRequest], VihfRequest] = same
    by_mtom: Callable[[str], bool] = lambda type_code: True
    authorisation: Callable[[SetAuthorization], SetAuthorization] = same
    authorises_to_feed: bool = False  # an authorisation asked before each feed, which needs none
    may_feed: Callable[[Answer], bool] = only_when_active
    may_consult: Callable[[Answer], bool] = only_when_allowed
    refused_feed_tries: int = 1
    # feeding by itself: rules at validation, queue, past, figures
    feeds_at_validation: Callable[[str], bool] = always  # by kind of document
    withholds: Callable[[str], bool] = always  # by kind, what the user holds back
    empty_kept: bool = True
    unchanged_kept: bool = True
    opposed: Callable[[Patient], bool] = only_when_opposed
    completes: bool = True  # a complete report replaces the partial one
    same_set: bool = True  # all versions under one setId
    sheet: str = SHEET
    act_date: Callable[[datetime, datetime], datetime] = the_day_of_the_act
    names_the_structure: bool = True  # as author, when the author left
    chosen: Callable[[Sequence[str], Sequence[str]], Sequence[str]] = those_chosen
    one_lot: bool = True  # documents sent together are one submission
    in_backlog: Callable[[Patient, Document], bool] = never_fed_and_allowed
    pause: float = 0.25  # seconds between two calls of what runs by itself: 4 a second at most
    wait_told: bool = True  # that a document waits in the queue
    order: Callable[[Sequence[Order]], Sequence[Order]] = same
    resent: Callable[[Document], Document] = same
    kept_after_new_failure: bool = True  # what was resent in vain stays in the queue
    rejected_stays_unfed: bool = True
    wrong_in: Callable[[bytes], Sequence[str]] = wrong_in
    forwarded: Callable[[bytes], bytes] = same
    stop_told: bool = True  # that a received CDA was not forwarded
    figures: Callable[[Sequence[FedOnce]], Figures] = of_the_month
    # DMP: consultation and rights
    opposition_blocks: bool = True  # a consultation that the patient refused is not done
    choice: Callable[[Consent, Consent], Consent] = lambda before, after: after  # what is kept
    may_authorise: Callable[[bool | None], bool] = only_when_agreed
    psc_required: bool = True  # no consultation without a session of Pro Santé Connect
    shown_open: Callable[[Answer], bool] = by_the_dmp
    visit: Callable[[str, str], tuple[str, str]] = by_each_user
    own_are_new: bool = False  # one's own documents among the new ones
    listed: Callable[[Sequence[DocumentEntry], Ins], Sequence[DocumentEntry]] = lambda entries, ins: entries
    criteria: Callable[[Mapping[str, str]], Mapping[str, str]] = same  # those sent to the DMP
    deposit_dates_chained: bool = True  # FindSubmissionSets, GetAssociations, GetDocuments
    integrated: Callable[[Sequence[str]], Sequence[str]] = same  # documents chosen in the list
    preload_checks: bool = True  # TD0.2 before preloading
    preload_criteria: Callable[[Mapping[str, str]], Mapping[str, str]] = same
    traced: Callable[[str], bool] = lambda transaction: True
    trace: Callable[[Trace], Trace] = same
    partial_shown: bool = True  # what came of an incomplete answer
    partial_told: bool = True
    opens_unreadable: bool = True  # a document that is no CDA is shown as it is
    searches_after_feed: bool = False
    reason: Callable[[str], str] = same  # of a bris de glace, as typed
    way_forgotten: bool = True  # a bris de glace is for one access
    denial_told: bool = True  # by the DMP, for a bris de glace or a regulation
    secret: Callable[[bool, bool], bool] = as_chosen
    free_while_waiting: bool = True  # the user does something else while the DMP answers
    # contextual call to Web PS, and what is remembered of a DMP
    web_ins: Callable[[Patient, Store], Ins | None] = of_the_file
    web_address: Callable[[str, str, Ins], str] = contextual
    web_refusal_told: bool = True
    asks_status: Callable[[bool], bool] = lambda consulting: True  # TD0.2 each time; else what was told last
    keeps_listed: Callable[[DocumentEntry, str], bool] = lambda entry, user: False  # though no longer listed
    # e-prescription
    hospital_stays_inside: bool = True
    degraded_code: bool = False  # print a 2D code although the service did not answer
    silent_resend: float = 0.0  # seconds between hidden tries after an outage; 0: never
    same_number_on_retry: bool = True
    refusal_shown: bool = True  # a dispensation that the base refuses is told
    # masking and updates (TD3.3)
    flags_checked: bool = True  # a forbidden combination of flags is not sent
    flags: Callable[[tuple[str, ...]], tuple[str, ...]] = same  # those of a document, as the user chose them
    flags_remembered: bool = False  # the choice made for one document serves for the next ones too
    replaces: Callable[[str], bool] = whatever  # whether a new version of this type replaces the one before
    confirmed_first: Callable[[str], bool] = whatever  # whether this change waits for the user's confirmation
    confirmation_shown: bool = True
    updated_in_dmp: Callable[[str], bool] = whatever  # whether this change leaves the software
    update: Callable[[Submission], Submission] = same  # the message of a change, once written
    status_shown: Callable[[str], str] = same  # the status shown once the change is made
    refuses_to_delete_others: bool = True  # else the document only leaves the list on the screen
    authorises_to_delete: bool = False  # an authorisation asked before a deletion, which needs none
    refused_update_shown: bool = True
    # users and their certificates
    feeds_by_card: Callable[[str], bool] = whatever  # by profession (employees: none), if the card is chosen
    # HL7 v2, to the integration platform
    automatic: Callable[[str], bool] = whatever  # by kind, whether a document goes to the DMP by itself
    choice_kept: bool = True  # what the user chose goes before what is automatic
    segments: Callable[[list[list[str]]], list[list[str]]] = same  # of a message
    message: Callable[[bytes], bytes] = same  # once written
    # MSSanté
    sender_in_clear: bool = False  # MAIL FROM tried before STARTTLS
    host_name_checked: bool = True
    draft: Callable[[Draft], Draft] = same
    archive: Callable[[bytes], bytes] = same
    patient_of: Callable[[ArchivedDocument, Mail, Store], Patient | None] = by_strict_ins
    # Annuaire
    pages: int = 100  # at most


CONFORMANT = Behaviour()
