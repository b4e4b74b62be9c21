"""Where the official rules and ours disagree, layer by layer.

Ours claims a layer when it says so (`Rule.layer`); rules without a layer are the bench's own, stricter on
purpose: what they report is counted, never held against the official tool.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.ans.verdict import LAYERS, LayerVerdict, OfficialMessage, OfficialVerdict, Status
from schemas.finding import Finding, errors

SHOWN = 3  # official messages listed of a layer that we missed


@dataclass(frozen=True, slots=True)
class LayerDisagreement:
    """One layer of one document. `kind`: agree, missed, elsewhere, claimed, incomparable.

    missed: it fails, and we report no error at all. elsewhere: it fails, our errors are of other layers or
    our own. claimed: it does not fail, and a rule of ours that mirrors it does. incomparable: it did not
    conclude.
    """

    layer: str
    kind: str
    official: tuple[OfficialMessage, ...] = ()
    ours: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return {
            "layer": self.layer,
            "kind": self.kind,
            "official": [one.as_dict() for one in self.official],
            "ours": [one.as_dict() for one in self.ours],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One document. `own`: errors of rules that are the bench's own."""

    file: str
    official: OfficialVerdict
    failed: bool
    own: tuple[Finding, ...]
    layers: tuple[LayerDisagreement, ...]

    @property
    def agrees(self) -> bool | None:
        """Whether both fail or neither does, our own rules left out; None: the official side is silent."""
        if self.official.status is Status.INCONCLUSIVE:
            return None
        return (self.official.status is Status.FAIL) == self.failed

    @property
    def disagreements(self) -> list[LayerDisagreement]:
        """What a person should look at."""
        return [one for one in self.layers if one.kind in ("missed", "claimed")]

    def as_dict(self) -> dict[str, object]:
        return {
            "agrees": self.agrees,
            "own_errors": len(self.own),
            "layers": [one.as_dict() for one in self.layers],
        }


def layer_names() -> Mapping[str, str]:
    """The layer that each rule over documents mirrors, by rule id; empty for the bench's own."""
    from schemas.cda.verdict import ALL_RULES

    sets: Any = ALL_RULES  # rule sets over different things
    return {rule.id: rule.layer for rules in sets for rule in rules.rules.values()}


def compare(
    file: str, official: OfficialVerdict, ours: Iterable[Finding], layer_of: Mapping[str, str]
) -> Comparison:
    """One document, both sides. `layer_of`: rule id → layer, as `layer_names` gives it."""
    found = errors(ours)
    own = tuple(one for one in found if not layer_of.get(one.rule))
    layers = tuple(_layer(layer, found, layer_of) for layer in official.layers)
    missing = set(LAYERS) - {layer.layer for layer in official.layers}
    claimed = tuple(
        LayerDisagreement(layer, "incomparable", ours=mine)
        for layer in LAYERS
        if layer in missing and (mine := tuple(one for one in found if layer_of.get(one.rule) == layer))
    )
    # our own rules fail a document alone only on purpose: that is no disagreement about the official rules
    failed = len(own) < len(found) or (bool(own) and official.status is Status.FAIL)
    return Comparison(file, official, failed, own, (*layers, *claimed))


def _layer(layer: LayerVerdict, found: list[Finding], layer_of: Mapping[str, str]) -> LayerDisagreement:
    mine = tuple(one for one in found if layer_of.get(one.rule) == layer.layer)
    if layer.status in (Status.INCONCLUSIVE, Status.NOT_RUN):
        return LayerDisagreement(layer.layer, "incomparable", ours=mine)
    if layer.status is Status.FAIL:
        if mine:
            return LayerDisagreement(layer.layer, "agree", ours=mine)
        kind = "elsewhere" if found else "missed"
        return LayerDisagreement(layer.layer, kind, tuple(layer.errors[:SHOWN]))
    return LayerDisagreement(layer.layer, "claimed" if mine else "agree", ours=mine)


def table(comparisons: Sequence[Comparison]) -> list[dict[str, object]]:
    """Counts by layer over all documents, in the order of the layers."""
    rows: list[dict[str, object]] = []
    for name in LAYERS:
        cells = [
            (layer.status, one.kind)
            for comparison in comparisons
            for layer in comparison.official.layers
            for one in comparison.layers
            if layer.layer == name == one.layer
        ]
        if cells:
            kinds = [kind for _, kind in cells]
            rows.append(
                {
                    "layer": name,
                    "documents": len(cells),
                    "official_fail": sum(status is Status.FAIL for status, _ in cells),
                    "both_fail": sum(s is Status.FAIL and kind == "agree" for s, kind in cells),
                    "elsewhere": kinds.count("elsewhere"),
                    "missed": kinds.count("missed"),
                    "claimed": kinds.count("claimed"),
                    "incomparable": kinds.count("incomparable"),
                }
            )
    return rows


def summary(comparisons: Sequence[Comparison]) -> dict[str, object]:
    """The table and the totals, for JSON."""
    return {
        "layers": table(comparisons),
        "documents": len(comparisons),
        "agree": sum(one.agrees is True for one in comparisons),
        "disagree": sum(one.agrees is False for one in comparisons),
        "inconclusive": sum(one.agrees is None for one in comparisons),
        "own_errors": sum(len(one.own) for one in comparisons),
    }
