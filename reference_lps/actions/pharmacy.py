"""The pharmacy: reading a prescription by its code or its number, and saying what was delivered."""

from schemas.prescription import read_code

from ..outcome import Call, Data, Refused
from ..services.epu import Answer, Rejected
from ..software import Software
from ..state import ReadPrescription
from .prescription import told

STALE = 412
CHANGED = ("POSOLOGY_CHANGED", "QUANTITY_CHANGED")
NOT_DELIVERED = ("REFUSED", "NOT_REQUESTED")


def scan(lps: Software, call: Call) -> Data:
    """Read a prescription: scanned, or typed with blanks and in any case."""
    code = call.given["code"]
    epu_id = read_code(code)
    client, account = lps.epu(call.account.pair), call.account
    if epu_id is None:
        epu_id = str(client.lookup(account, code).content.get("epuId", ""))
        if not epu_id:
            raise Refused("Ce code n'est pas celui d'une ordonnance.")
    return {"epu_id": epu_id, **told(_read(lps, call, epu_id))}


def dispense(lps: Software, call: Call) -> Data:
    """Send the outcome of each line, on the version that was read."""
    epu_id, account = call.given["epu_id"], call.account
    held = lps.store.read.get(epu_id)
    if held is None:
        raise Refused("Lisez d'abord l'ordonnance.")
    known = {line["line_id"]: line for line in told(held.content)["lines"]}
    for line in call.given["lines"]:
        _check(line, known.get(line["line_id"]), strict=lps.behaviour.refusal_shown)
    dispensation_id = lps.chance.uuid()
    content = {
        "dispensationId": dispensation_id,
        "epuId": epu_id,
        "dispensedAt": lps.clock.now().isoformat(timespec="seconds"),
        "dispenser": {
            "rpps": account.id_nat,
            "finess": account.structure[1:],
            "name": account.structure_name,
        },
        "lines": [_outcome(lps, line, held.content) for line in call.given["lines"]],
    }
    try:
        answer = lps.epu(account.pair).dispense(account, epu_id, held.etag, content)
    except Rejected as error:
        if error.status == STALE:
            _read(lps, call, epu_id)
            raise Refused(
                "Une autre pharmacie a délivré entre-temps : l'ordonnance a été relue, vérifiez les lignes."
            ) from None
        if lps.behaviour.refusal_shown:
            raise
        return {"dispensation_id": dispensation_id, "status": "EN_COURS"}
    _note(lps, epu_id, answer)
    return {"dispensation_id": dispensation_id, "status": str(answer.content.get("status", ""))}


def _read(lps: Software, call: Call, epu_id: str) -> Data:
    answer = lps.epu(call.account.pair).read(call.account, epu_id)
    lps.store.read[epu_id] = ReadPrescription(answer.etag, answer.content)
    return answer.content


def _note(lps: Software, epu_id: str, answer: Answer) -> None:
    """Go on from the version that the base just gave."""
    held = lps.store.read[epu_id]
    if answer.etag:
        lps.store.read[epu_id] = ReadPrescription(answer.etag, {**held.content, "state": answer.content})


def _check(line: Data, known: Data | None, *, strict: bool) -> None:
    if known is None:
        raise Refused("Une ligne délivrée n'est pas sur l'ordonnance.")
    if strict and line["outcome"] == "SUBSTITUTED" and not known.get("substitution_allowed", True):
        raise Refused(f"Le prescripteur interdit la substitution de {known.get('label', 'cette ligne')}.")


def _outcome(lps: Software, line: Data, content: Data) -> Data:
    made: Data = {"lineId": line["line_id"], "outcome": line["outcome"]}
    product = _product(content, line["line_id"])
    if line.get("quantity") is not None:
        delivered: Data = {"quantity": line["quantity"]}
        if product.get("cip13"):
            delivered["cip13"] = product["cip13"]
        made["delivered"] = [delivered]
    if line["outcome"] == "SUBSTITUTED":
        made["substitution"] = {"kind": line.get("substitution") or "G"}
        made.setdefault("delivered", [{"cip13": product.get("cip13", "3400900000000"), "quantity": 1}])
    if line["outcome"] in CHANGED:
        made["prescriberAgreement"] = {
            "obtained": True,
            "at": lps.clock.now().isoformat(timespec="seconds"),
        }
    if line["outcome"] in NOT_DELIVERED:
        made["reason"] = {"code": "AUTRE", "text": line.get("reason") or "non délivré"}
    return made


def _product(content: Data, line_id: str) -> Data:
    lines = content.get("prescription", {}).get("lines", ())
    product = next((line.get("product") for line in lines if line.get("lineId") == line_id), None)
    return product if isinstance(product, dict) else {}
