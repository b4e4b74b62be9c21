"""Where the official rules and ours disagree."""

from conformance.ans import LayerVerdict, OfficialMessage, OfficialVerdict, Status
from conformance.ans.disagree import compare, layer_names, summary
from schemas.finding import Finding, Severity

LAYER_OF = {"S": "STRUCT", "I": "IHE", "OWN": ""}


def official(**layers: Status) -> OfficialVerdict:
    return OfficialVerdict(
        tuple(
            LayerVerdict(
                name,
                status,
                messages=(OfficialMessage(name, "leur message", "error", "/x"),)
                if status is Status.FAIL
                else (),
            )
            for name, status in layers.items()
        )
    )


def ours(*rules: str) -> list[Finding]:
    return [Finding(rule, Severity.ERROR, "/y", "", "") for rule in rules]


def kinds(verdict: OfficialVerdict, *rules: str) -> dict[str, str]:
    return {one.layer: one.kind for one in compare("f", verdict, ours(*rules), LAYER_OF).layers}


def test_both_say_the_same() -> None:
    assert kinds(official(STRUCT=Status.PASS, IHE=Status.FAIL), "I") == {"STRUCT": "agree", "IHE": "agree"}
    assert compare("f", official(STRUCT=Status.WARN), [], LAYER_OF).agrees is True


def test_a_miss_is_listed_with_the_official_message() -> None:
    found = compare("f", official(STRUCT=Status.FAIL), [], LAYER_OF)
    assert found.agrees is False
    [one] = found.disagreements
    assert (one.kind, one.official[0].text) == ("missed", "leur message")


def test_a_layer_caught_by_other_rules() -> None:
    assert kinds(official(STRUCT=Status.FAIL), "I") == {"STRUCT": "elsewhere", "IHE": "incomparable"}
    assert compare("f", official(STRUCT=Status.FAIL), ours("OWN"), LAYER_OF).agrees is True


def test_a_claim_that_the_layer_does_not_make() -> None:
    found = compare("f", official(STRUCT=Status.PASS), ours("S"), LAYER_OF)
    assert found.agrees is False
    [one] = found.disagreements
    assert (one.kind, one.ours[0].rule) == ("claimed", "S")


def test_our_own_rules_are_counted_not_held_against() -> None:
    found = compare("f", official(STRUCT=Status.PASS), ours("OWN", "OWN"), LAYER_OF)
    assert (found.agrees, len(found.own), found.disagreements) == (True, 2, [])


def test_a_silent_layer_is_not_compared() -> None:
    for status in (Status.INCONCLUSIVE, Status.NOT_RUN):
        found = compare("f", official(STRUCT=status), ours("S"), LAYER_OF)
        assert (found.agrees, found.layers[0].kind) == (None, "incomparable")


def test_the_table_counts_documents_by_layer() -> None:
    found = summary(
        [
            compare("a", official(STRUCT=Status.FAIL), ours("S"), LAYER_OF),
            compare("b", official(STRUCT=Status.FAIL), [], LAYER_OF),
            compare("c", official(STRUCT=Status.FAIL), ours("OWN"), LAYER_OF),
            compare("d", official(STRUCT=Status.PASS), ours("S"), LAYER_OF),
            compare("e", official(STRUCT=Status.NOT_RUN), ours("S"), LAYER_OF),
        ]
    )
    assert found["layers"] == [
        {
            "layer": "STRUCT",
            "documents": 5,
            "official_fail": 3,
            "both_fail": 1,
            "elsewhere": 1,
            "missed": 1,
            "claimed": 1,
            "incomparable": 1,
        }
    ]
    assert [found[key] for key in ("agree", "disagree", "inconclusive", "own_errors")] == [2, 2, 1, 1]


def test_layers_are_read_from_our_rules() -> None:
    names = layer_names()
    assert "CDA-XML-01" in names
    assert set(names.values()) <= {"", "XSD", "STRUCT", "IHE", "MODCDA", "MODANS", "TERMINO", "VOLET"}
