"""Every refusal of Web PS. No error is built by hand elsewhere.

`cause` is our stable word, in the facts and in the message catalogue (`web.refused.<cause>`); the HTTP
statuses are assumed. `board`: the page links to the dashboard, as the DMP's does.
"""

from ..errors import Refusal


class Refused(Exception):
    """Why a page is not shown. `detail` is what the message says between its own words."""

    def __init__(self, cause: str, status: int, detail: str = "", *, board: bool = False) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.status = status
        self.detail = detail
        self.board = board


def unknown_page(path: str) -> Refused:
    return Refused("page-unknown", 404, path[:200], board=True)


def bad_ins(ins: str, fault: str) -> Refused:
    return Refused(f"ins-{fault}", 400, ins[:80], board=True)


def not_a_test_patient(ins: str) -> Refused:
    return Refused("ins-not-of-the-bench", 403, ins, board=True)


def organisation(subject: str) -> Refused:
    return Refused("organisation-certificate", 403, subject)


def bad_card(problem: str, subject: str) -> Refused:
    """A certificate that is no good card: `unknown-issuer`, `expired`… (see `Authorities.problems`)."""
    return Refused(f"card-{problem}", 403, subject)


def unknown_professional(id_nat: str) -> Refused:
    return Refused("professional-unknown", 403, id_nat)


def nobody() -> Refused:
    """A form without a session: it has ended."""
    return Refused("session-ended", 401, board=True)


def no_record(ins: str) -> Refused:
    return Refused("dmp-absent", 404, ins, board=True)


def closed(ins: str) -> Refused:
    return Refused("dmp-closed", 410, ins, board=True)


def blocked(ins: str) -> Refused:
    return Refused("authorisation-interdit", 403, ins, board=True)


def by_the_dmp(refusal: Refusal) -> Refused:
    """What the rights of the services say holds here too."""
    return Refused(refusal.cause, 403, refusal.text.removeprefix("[bench] "), board=True)


def forged() -> Refused:
    return Refused("forged", 403, board=True)


def no_document(unique_id: str) -> Refused:
    """A document that does not exist or that the viewer may not see: the same answer for both."""
    return Refused("document-unknown", 404, unique_id[:100], board=True)


def no_pdf(unique_id: str) -> Refused:
    return Refused("document-without-pdf", 404, unique_id[:100], board=True)


def unknown_gesture(name: str) -> Refused:
    return Refused("gesture-unknown", 400, name[:60], board=True)


def not_treating(gesture: str) -> Refused:
    """Only a treating doctor blocks for the patient, and nobody blocks themselves."""
    return Refused("not-treating", 403, gesture, board=True)


def not_allowed(method: str) -> Refused:
    return Refused("method", 405, method[:20], board=True)


def login(reason: str) -> Refused:
    """Pro Santé Connect did not give an identity: its error code, or our word for what is wrong."""
    return Refused("login-failed", 403, reason[:200], board=True)
