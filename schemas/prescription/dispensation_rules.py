"""Rules over a dispensation sent to the base, under the bench's contract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.finding import Finding, Keyword, Observation, RuleSet

from . import contract
from .rules import BENCH, practitioner
from .states import NOT_DELIVERED, Outcome

COMPLETENESS = frozenset({"FFC", "FFP", "RFP", "RFC"})
VALUE_SET = "jeu de valeurs 1.2.250.1.213.1.1.5.765 (JDV_CompletudeDispensation)"


@dataclass(frozen=True, slots=True)
class Dispensed:
    """A dispensation that has the contract's shape, and what is known around it.

    `epu_id`: of the URL. `open_lines`: ids of the lines still to be delivered before it, None when unknown.
    `user`: PS_IdNat of the authenticated person, None when unknown.
    """

    message: Mapping[str, Any]
    epu_id: str | None = None
    open_lines: tuple[str, ...] | None = None
    user: str | None = None

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        return list(self.message["lines"])


RULES: RuleSet[Dispensed] = RuleSet("prescription.dispense")
SHAPE = RULES.declare("EPU-JSON-02", requirements=("BEN-EP-14",), source=f"{BENCH}, dispensation.json")


def judge(message: Mapping[str, Any], **around: Any) -> list[Finding]:
    """Every finding about a dispensation; only those of its shape when it has not the contract's shape."""
    if broken := [
        SHAPE.finding(seen.where, seen.observed, seen.expected)
        for seen in contract.shape("dispensation", message)
    ]:
        return broken
    return RULES.judge(Dispensed(message, **around))


@RULES.rule("EPU-DISP-01", requirements=("BEN-EP-14",), source=f"{BENCH} ; CSP L4071-2")
def every_open_line_has_one_outcome(dispensed: Dispensed) -> Iterator[Observation]:
    """Each line still to be delivered has an outcome, and only one."""
    ids = [line["lineId"] for line in dispensed.lines]
    for line_id in dispensed.open_lines or ():
        if line_id not in ids:
            yield Observation(f"$.lines[?lineId={line_id}]", "", "outcome")
    for rank, line_id in enumerate(ids):
        if line_id in ids[:rank]:
            yield Observation(f"$.lines[{rank}].lineId", line_id, "≠")


@RULES.rule("EPU-DISP-02", requirements=("BEN-EP-17",), source=f"{BENCH} ; volet eDISP, acte de substitution")
def substitution_is_described(dispensed: Dispensed) -> Iterator[Observation]:
    """A substituted line gives the kind of substitution and the product delivered."""
    for rank, line in enumerate(dispensed.lines):
        if line["outcome"] != Outcome.SUBSTITUTED:
            continue
        if not line.get("substitution"):
            yield Observation(f"$.lines[{rank}].substitution", "", "substitution.kind")
        if not line.get("delivered"):
            yield Observation(f"$.lines[{rank}].delivered", "", "delivered[]")


@RULES.rule(
    "EPU-DISP-03", requirements=("BEN-EP-14",), source="décret 2023-1222 : accord du prescripteur et dates"
)
def changes_have_the_prescribers_agreement(dispensed: Dispensed) -> Iterator[Observation]:
    """A change of posology or quantity has the prescriber's agreement and its date."""
    changes = (Outcome.POSOLOGY_CHANGED, Outcome.QUANTITY_CHANGED)
    for rank, line in enumerate(dispensed.lines):
        if line["outcome"] in changes and not line.get("prescriberAgreement", {}).get("obtained"):
            place = f"$.lines[{rank}].prescriberAgreement"
            yield Observation(place, line.get("prescriberAgreement", ""), "obtained = true, at")


@RULES.rule("EPU-DISP-04", requirements=("BEN-EP-14",), source=BENCH)
def what_is_not_delivered_has_a_reason(dispensed: Dispensed) -> Iterator[Observation]:
    """A line refused or not requested says why."""
    for rank, line in enumerate(dispensed.lines):
        if line["outcome"] in NOT_DELIVERED and not line.get("reason"):
            yield Observation(f"$.lines[{rank}].reason", "", "reason.code")


@RULES.rule("EPU-DISP-05", requirements=("BEN-EP-21",), source=BENCH)
def dispenser_is_the_user(dispensed: Dispensed) -> Iterator[Observation]:
    """The dispenser is the person whose token the request carries."""
    rpps = dispensed.message["dispenser"]["rpps"]
    if dispensed.user is not None and practitioner(rpps) != dispensed.user:
        yield Observation("$.dispenser.rpps", rpps, dispensed.user)


@RULES.rule("EPU-DISP-06", requirements=("BEN-EP-14",), source=BENCH)
def it_is_about_that_prescription(dispensed: Dispensed) -> Iterator[Observation]:
    """The prescription named in the message is that of the address."""
    if dispensed.epu_id is not None and dispensed.message["epuId"] != dispensed.epu_id:
        yield Observation("$.epuId", dispensed.message["epuId"], dispensed.epu_id)


@RULES.rule("EPU-DISP-07", requires=Keyword.DEVRAIT, requirements=("BEN-EP-15",), source=VALUE_SET)
def completeness_is_known(dispensed: Dispensed) -> Iterator[Observation]:
    """Completeness is a code of the public value set (a space around it is forgiven)."""
    for rank, line in enumerate(dispensed.lines):
        value = line.get("completeness")
        if value is not None and value.strip() not in COMPLETENESS:
            yield Observation(f"$.lines[{rank}].completeness", value, " | ".join(sorted(COMPLETENESS)))
