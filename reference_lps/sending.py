"""Sending by itself: the rules of feeding at validation, the queue of what could not leave, the pace."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .feeding import entry_in_dmp, feed, require_consent, require_ins, require_open
from .outcome import Call, Data, Failed, Refused
from .services.dmp import DUPLICATE
from .services.dmp_call import Rejected
from .services.http import LostAnswer, Unavailable
from .software import Software
from .state import Document, Order

FED, QUEUED, NOT_SENT = "fed", "queued", "not-sent"


@dataclass(slots=True)
class Pace:
    """Time between two calls of what runs by itself (4 transactions a second at most)."""

    wait: Callable[[float], None]
    seconds: float
    _started: bool = field(default=False, init=False)

    def next(self) -> None:
        """Wait, unless this is the first call."""
        if self._started:
            self.wait(self.seconds)
        self._started = True


def why_kept(lps: Software, document: Document, given: Data) -> str:
    """Why a validated document stays here; empty when it may leave. Source: EX_GEN-1060."""
    behaviour, kind = lps.behaviour, given["kind"]
    if given.get("withhold") and behaviour.withholds(kind):
        return "Ce document est retenu : il n'est pas envoyé au DMP."
    if given.get("empty") and behaviour.empty_kept:
        return "Ce document n'a pas de contenu : il n'est pas envoyé au DMP."
    if document.fed and behaviour.unchanged_kept:
        return "Ce document n'a pas changé depuis son envoi : il n'est pas envoyé de nouveau."
    if not behaviour.feeds_at_validation(kind):
        return "Ce document attend votre envoi."
    return ""


def send(lps: Software, call: Call, order: Order) -> None:
    """Existence, the version replaced, then one submission. Raises Refused, Failed and its kinds."""
    patient = lps.store.patient(order.document.patient_id)
    require_consent(lps, patient)
    ins = require_ins(lps, patient)
    require_open(lps, call, ins)
    entry_uuid = entry_in_dmp(lps, call, ins, order.replaces) if order.replaces else None
    feed(lps, call, order.document, ins, flags=order.flags, replaces=entry_uuid, secret=order.secret)


def send_or_queue(lps: Software, call: Call, order: Order) -> str:
    """FED, QUEUED or NOT_SENT; the user is told. Nothing overtakes what waits for the same patient."""
    if any(one.document.patient_id == order.document.patient_id for one in lps.store.queue):
        lps.store.queue.append(order)
        call.warn("Le document attend derrière ceux qui ne sont pas encore dans le DMP.")
        return QUEUED
    try:
        send(lps, call, order)
    except (Unavailable, LostAnswer) as error:
        lps.store.queue.append(order)
        if lps.behaviour.wait_told:
            call.warn(f"{error} Le document est en attente : il sera renvoyé.")
        return QUEUED
    except (Refused, Failed) as error:
        call.warn(str(error))
        if isinstance(error, Rejected) and not lps.behaviour.rejected_stays_unfed:
            lps.store.keep(replace(order.document, fed=True))
        return NOT_SENT
    return FED


def resend_queue(lps: Software, call: Call) -> tuple[list[str], list[str]]:
    """Send what waits, oldest first, until the DMP fails again. The uniqueIds sent and those still waiting.

    What the DMP or a rule refuses leaves the queue, and the user is told.
    """
    queue, pace, sent = lps.store.queue, Pace(lps.clock.wait, lps.behaviour.pause), []
    for order in lps.behaviour.order(tuple(queue)):
        again = replace(order, document=lps.behaviour.resent(order.document))
        pace.next()
        try:
            send(lps, Call(order.account, {}, call.messages, order.dmp_mode), again)
        except (Unavailable, LostAnswer) as error:
            call.warn(f"{error} {len(queue)} document(s) toujours en attente.")
            if lps.behaviour.kept_after_new_failure:
                break
            queue.remove(order)
        except (Refused, Failed) as error:
            queue.remove(order)
            if isinstance(error, Rejected) and DUPLICATE in error.codes:
                lps.store.mark_fed(again.document, "", lps.clock.now())
                sent.append(again.document.unique_id)  # it had arrived: only the answer was lost
                continue
            call.warn(f"« {order.document.title} » ne sera pas envoyé : {error}")
        else:
            queue.remove(order)
            sent.append(again.document.unique_id)
    return sent, [order.document.unique_id for order in queue]


def state_of(lps: Software, document: Document) -> str:
    """What the software shows of a document."""
    if any(order.document.unique_id == document.unique_id for order in lps.store.queue):
        return QUEUED
    return FED if document.fed else NOT_SENT
