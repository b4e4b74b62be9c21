"""Every refusal of the patient's space. `cause` is a stable word, worded as `mes.refused.<cause>`."""


class Refused(Exception):
    """Why something is not shown or not done. `status`: of the HTTP answer; `detail`: what it is about."""

    def __init__(self, cause: str, status: int, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.status = status
        self.detail = detail


def unknown_patient(matricule: str) -> Refused:
    return Refused("patient-unknown", 404, matricule[:80])


def no_space(state: str) -> Refused:
    """The patient has no Mon espace santé, or closed it."""
    return Refused("no-space", 404, state)


def no_record(state: str) -> Refused:
    """The DMP is closed, or there is none."""
    return Refused("dmp-closed" if state == "ferme" else "dmp-absent", 409, state)


def unknown_onlooker(who: str) -> Refused:
    return Refused("onlooker-unknown", 404, who[:40])


def unknown_professional(id_nat: str) -> Refused:
    return Refused("professional-unknown", 404, id_nat[:40])


def unknown_purpose(purpose: str) -> Refused:
    return Refused("purpose-unknown", 400, purpose[:40])


def no_document(unique_id: str) -> Refused:
    """No such document, or none that this onlooker may see: the same answer for both."""
    return Refused("document-unknown", 404, unique_id[:100])


def no_pdf(unique_id: str) -> Refused:
    return Refused("document-without-pdf", 404, unique_id[:100])


def not_yours(unique_id: str) -> Refused:
    return Refused("not-yours", 403, unique_id[:100])


def not_blocked(id_nat: str) -> Refused:
    return Refused("not-blocked", 409, id_nat)


def unchanged(gesture: str) -> Refused:
    """It is so already, or what it is about has changed meanwhile."""
    return Refused("unchanged", 409, gesture)


def forged() -> Refused:
    return Refused("forged", 403)


def bad_input(detail: str) -> Refused:
    return Refused("input", 400, detail[:200])


def unknown_page(path: str) -> Refused:
    return Refused("page-unknown", 404, path[:200])


def not_allowed(method: str) -> Refused:
    return Refused("method", 405, method[:20])


def not_json() -> Refused:
    return Refused("not-json", 415)
