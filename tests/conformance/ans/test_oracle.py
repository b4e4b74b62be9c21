"""What the official layers say, over a small folder of our own."""

from pathlib import Path

import pytest

from conformance.ans import LayerVerdict, OfficialVerdict, Rules, Status, open_rules
from tests.conformance.ans.conftest import Opened
from tests.conformance.ans.tree import GOOD, IHE, ISO, TERMINO, VOLET, document, write_tree

ANS = "schematrons/profils/CI-SIS_Modeles_ANS.sch"
SOUND: dict[str, str | None] = {ANS: IHE}  # the broken schema repaired


def layer(verdict: OfficialVerdict, name: str) -> LayerVerdict:
    return next(one for one in verdict.layers if one.layer == name)


def texts(verdict: OfficialVerdict, name: str) -> list[str]:
    return [one.text for one in layer(verdict, name).messages]


def test_a_clean_document_passes_all_layers(opened: Opened) -> None:
    verdict = opened(files=SOUND).judge(document())
    assert [(one.layer, one.status) for one in verdict.layers] == [
        (name, Status.PASS) for name in ("XSD", "STRUCT", "IHE", "MODCDA", "MODANS", "TERMINO", "VOLET")
    ]
    assert verdict.status is Status.PASS
    assert all(one.fired for one in verdict.layers)


@pytest.mark.parametrize(
    ("part", "value", "name", "text"),
    [
        (
            "realm",
            '<realmCode code="US"/>',
            "STRUCT",
            "realmCode FR obligatoire, lu US dans ClinicalDocument",
        ),
        ("title", "<title> </title>", "STRUCT", "texte vide"),
        ("code", '<code code="1"/>', "STRUCT", "code hors de la liste"),
        ("code", '<code code="11502-2"/>', "VOLET", "mauvais code"),
        (
            "gender",
            '<administrativeGenderCode code="X"/>',
            "MODCDA",
            "[dansListe] administrativeGenderCode hors du jeu de valeurs, X",
        ),
        ("body", GOOD["body"].replace('ID="abc"', 'ID="a"'), "IHE", "ID court"),
        ("body", GOOD["body"].replace('ID="abc"', 'ID="bad"'), "IHE", "attribut"),
        ("body", GOOD["body"].replace('"mg"', '"mig"'), "TERMINO", "unité"),
        (
            "realm",
            '<realmCode code="FR"/><versionNumber value="one"/>',
            "XSD",
            "'one' is not a valid value of the atomic type 'xs:int'.",
        ),
    ],
)
def test_one_defect_fails_its_layer(opened: Opened, part: str, value: str, name: str, text: str) -> None:
    verdict = opened(files={**SOUND, ANS: TERMINO}).judge(document(**{part: value}))
    assert any(one.endswith(text) for one in texts(verdict, name))
    assert layer(verdict, name).status is Status.FAIL
    assert verdict.status is Status.FAIL


def test_place_line_role_and_origin_of_a_message(opened: Opened) -> None:
    body = GOOD["body"].replace("<title>t</title>", "")
    verdict = opened(files=SOUND).judge(document(body=body))
    [seen] = layer(verdict, "IHE").messages
    assert (seen.where, seen.line) == ("/ClinicalDocument/component/structuredBody/component/section", 8)
    assert (seen.role, seen.is_error, seen.pattern, seen.context) == (
        "warning",
        False,
        "section",
        "cda:section",
    )
    assert layer(verdict, "IHE").status is Status.WARN
    assert verdict.status is Status.WARN


def test_a_report_with_a_mild_role_is_a_warning(opened: Opened) -> None:
    verdict = opened(files=SOUND).judge(document(realm='<realmCode code="FR"/><copyTime/>'))
    assert texts(verdict, "STRUCT") == ["copyTime est déconseillé"]
    assert verdict.status is Status.WARN


def test_an_absent_value_set_stops_its_rule_alone(opened: Opened) -> None:
    rules = opened(files=SOUND)
    verdict = rules.judge(document(language='<languageCode code="fr-FR"/>'))
    seen = layer(verdict, "MODCDA")
    assert seen.status is Status.INCONCLUSIVE
    assert seen.reason == "règle non exécutable (1) : jeu de valeurs JDV_langue.xml absent"
    assert verdict.status is Status.INCONCLUSIVE
    wrong = rules.judge(document(language="<languageCode/>", gender='<administrativeGenderCode code="X"/>'))
    assert layer(wrong, "MODCDA").status is Status.FAIL  # the other rules ran


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "XPST0003"),
        ({ANS: None}, f"{ANS} absent du dossier"),
        ({ANS: ""}, "fichier vide"),
        ({ANS: "<schema"}, "XML refusé"),
        ({ANS: f'<schema xmlns="{ISO}"><include href="x.sch"/></schema>'}, "fichier inclus absent, x.sch"),
        ({ANS: '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'}, "document type"),
    ],
)
def test_a_schema_that_cannot_run_is_not_the_document_s_fault(
    opened: Opened, files: dict[str, str | None], why: str
) -> None:
    verdict = opened(files=files).judge(document())
    assert layer(verdict, "MODANS").status is Status.NOT_RUN
    assert why in layer(verdict, "MODANS").reason
    assert {one.status for one in verdict.layers if one.layer != "MODANS"} == {Status.PASS}
    assert verdict.status is Status.INCONCLUSIVE


def test_an_xml_schema_that_is_wrong_or_absent(opened: Opened) -> None:
    name = "infrastructure/cda/CDA_extended.xsd"
    for content in ("<wrong/>", None):
        seen = layer(opened(files={**SOUND, name: content}).judge(document()), "XSD")
        assert seen.status is Status.NOT_RUN
        assert seen.reason


def test_no_rule_fired_proves_nothing(opened: Opened) -> None:
    body = GOOD["body"].replace('<value unit="mg"/>', "")
    verdict = opened(files=SOUND).judge(document(body=body))
    assert layer(verdict, "TERMINO").reason == "couche TERMINO : 0 règle déclenchée → non concluante"
    assert verdict.status is Status.INCONCLUSIVE


def test_a_volet_that_never_reached_the_body_proves_nothing(opened: Opened) -> None:
    blind = VOLET.replace('context="cda:structuredBody"', 'context="cda:structuredBody[@never]"')
    seen = layer(
        opened(files={**SOUND, "schematrons/CI-SIS_EP-MED-DM_2024.01.sch": blind}).judge(document()), "VOLET"
    )
    assert seen.status is Status.INCONCLUSIVE
    assert "corps" in seen.reason


def test_an_error_while_judging_stops_a_pattern(opened: Opened) -> None:
    stops = IHE.replace('test="cda:code"', 'test="number(.) idiv 0"')
    verdict = opened(files={**SOUND, "schematrons/profils/IHE.sch": stops}).judge(document())
    assert layer(verdict, "IHE").status is Status.INCONCLUSIVE
    assert "motif section interrompu : err:FO" in layer(verdict, "IHE").reason


def test_inside_a_sheet_or_an_envelope(opened: Opened) -> None:
    rules = opened(files=SOUND)
    inner = document(title="<title> </title>").decode()
    for outer in (
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform">\n{}\n</xsl:stylesheet>',
        "<S>{}</S>",
    ):
        verdict = rules.judge(outer.format(inner).encode())
        [seen] = layer(verdict, "STRUCT").messages
        assert seen.where == "/ClinicalDocument/title"
        assert outer.format(inner).splitlines()[(seen.line or 0) - 1] == "<title> </title>"
        assert layer(verdict, "XSD").status is Status.PASS


@pytest.mark.parametrize(
    "data", [b"", b"%PDF", b"<a>", b"<a/>", b"\xff\xfe\x00", b'<!DOCTYPE a []><a xmlns="urn:hl7-org:v3"/>']
)
def test_what_is_no_document_fails_the_first_layer(opened: Opened, data: bytes) -> None:
    verdict = opened().judge(data)
    assert [(one.layer, one.status) for one in verdict.layers] == [("XSD", Status.FAIL)]


def test_deep_and_wide_documents(opened: Opened) -> None:
    rules = opened(files=SOUND)
    deep = "<a>" * 240 + "</a>" * 240
    wide = "<section/>" * 2000
    for body in (deep, wide):
        assert rules.judge(document(body=f"<component>{body}</component>")).layers


def test_a_document_beyond_reason_is_not_judged(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.ans.oracle.MAX_ELEMENTS", 10)
    verdict = opened(files=SOUND).judge(document())
    assert {one.status for one in verdict.layers} == {Status.NOT_RUN}
    assert "éléments, au plus 10" in verdict.layers[0].reason


def test_many_faults_cost_a_time_that_grows_with_them(opened: Opened) -> None:
    rules = opened(files=SOUND)

    def cost(count: int) -> float:
        body = "<component>" + '<section ID="a"/>' * count + "</component>"
        return min(layer(rules.judge(document(body=body)), "IHE").seconds for _ in range(2))

    cost(100)  # warm
    assert cost(8000) < 40 * cost(
        1000
    )  # eight times more: a quadratic answer would take sixty-four times more


# ---- the cache -----------------------------------------------------------------------------------------


def test_a_second_opening_compiles_nothing(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, SOUND)
    first = open_rules(folder)
    first.judge(document())
    assert (first.counts.compiled, first.counts.cached, first.counts.warm) == (6, 0, 6)
    first.judge(document())
    assert (first.counts.compiled, first.counts.warm) == (6, 6)  # warm: nothing is made again
    second = open_rules(folder)
    again = second.judge(document())
    assert (second.counts.compiled, second.counts.cached) == (0, 6)
    assert again.status is Status.PASS


def test_a_changed_rule_is_compiled_again(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, SOUND)
    open_rules(folder).judge(document())
    path = folder / "schematrons/profils/IHE.sch"
    path.write_text(IHE.replace('test="cda:code"', 'test="false()"'), encoding="utf-8")
    again = open_rules(folder)
    assert layer(again.judge(document()), "IHE").status is Status.FAIL
    assert again.counts.compiled == 6


def test_another_compiler_does_not_use_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_tree(tmp_path, SOUND)
    first = open_rules(folder)
    monkeypatch.setattr("conformance.ans.cache.compiler", lambda: "another")
    assert open_rules(folder).cache != first.cache


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, SOUND)
    for stored in _sheets(open_rules(folder)):
        stored.write_text("{")
    again = open_rules(folder)
    assert again.judge(document()).status is Status.PASS
    assert again.counts.compiled == 6


def _sheets(rules: Rules) -> list[Path]:
    rules.judge(document())
    return list(rules.cache.glob("*.json"))


def test_without_a_cache_that_can_be_written(tmp_path: Path, cache_home: Path) -> None:
    cache_home.write_text("a file where the folder should be")
    assert open_rules(write_tree(tmp_path, SOUND)).judge(document()).status is Status.PASS


def test_nothing_of_the_folder_is_written(tmp_path: Path) -> None:
    folder = write_tree(tmp_path, SOUND)
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    open_rules(folder).judge(document())
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
