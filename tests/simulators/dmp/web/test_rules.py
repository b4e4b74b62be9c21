"""The rules of contextual calls: one example that passes, and one that fails each of them alone."""

import pytest

from schemas.vihf.certificates import ORGANISATION, PERSON
from simulators.dmp.web import address
from simulators.dmp.web.rules import RULES, Called

INS = "116076322096897"  # of the test range, as `Population` draws them
ELSEWHERE = "180032B02040123"  # order number 401: not of the range


def judged(target: str, bearer: str = PERSON, *, known: bool = True) -> list[str]:
    path, _, query = target.partition("?")
    return [one.rule for one in RULES.judge(Called(address.read(path), bearer, known, query))]


@pytest.mark.parametrize("page", address.PAGES)
def test_published_addresses_pass(page: str) -> None:
    with_ins, without = f"/AccesDirect/{page}/{INS}", f"/AccesDirect/{page}"
    need = address.PAGES[page]
    assert judged(with_ins) == ([] if need != address.NONE else ["WEB-PS-02"])
    assert judged(without) == ([] if need != address.REQUIRED else ["WEB-PS-02"])
    assert judged(with_ins if need != address.NONE else without, "") == []


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (f"/AccesDirect/tableaudebord/{INS}", "WEB-PS-01"),
        (f"/TableauDeBord/{INS}", "WEB-PS-01"),
        (f"/AccesDirect/Dossier/{INS}", "WEB-PS-01"),
        ("/AccesDirect", "WEB-PS-01"),
        ("/AccesDirect/../etc/passwd", "WEB-PS-01"),
        ("/AccesDirect/DossierPatient/", "WEB-PS-02"),
        (f"/AccesDirect/DossierPatient/{INS[:13]}", "WEB-PS-02"),
        (f"/AccesDirect/DossierPatient/{INS[:14]}8", "WEB-PS-02"),
        (f"/AccesDirect/DossierPatient/{INS}/", "WEB-PS-02"),
        (f"/AccesDirect/DossierPatient/{INS}%5E%5E%5E&1.2.250.1.213.1.4.8&ISO%5ENH", "WEB-PS-02"),
        ("/AccesDirect/DossierPatient/%00%ff", "WEB-PS-02"),
        (f"/AccesDirect/TableauDeBord?ins={INS}", "WEB-PS-02"),
        (f"/AccesDirect/DossierPatient?ins={INS}", "WEB-PS-02"),
        (f"/AccesDirect/Documents/{INS}?id={INS}%5E%5E%5E%261.2.250.1.213.1.4.8", "WEB-PS-02"),
        (f"/AccesDirect/Parametrages?patient={INS}", "WEB-PS-02"),
        ("/AccesDirect/Documents/١١٦٠٧٦٣٢٢٠٩٦٨٩٧", "WEB-PS-02"),
    ],
)
def test_wrong_addresses_fail(path: str, rule: str) -> None:
    assert judged(path) == [rule]


def test_somebody_s_ins_fails() -> None:
    path = f"/AccesDirect/DossierPatient/{ELSEWHERE}"
    assert judged(path) == []  # a patient that the bench knows
    assert judged(path, known=False) == ["WEB-PS-03"]
    assert judged(f"/AccesDirect/DossierPatient/{INS}", known=False) == []  # no DMP, but a test INS


def test_an_organisation_fails() -> None:
    assert judged(f"/AccesDirect/DossierPatient/{INS}", ORGANISATION) == ["WEB-PS-04"]


def test_each_rule_names_its_requirement_or_is_the_bench_s_own() -> None:
    wanted = {"WEB-PS-01": ("DMP/UX.49",), "WEB-PS-02": ("DMP/UX.49",), "WEB-PS-04": ("DMP/UX.49",)}
    assert {id_: rule.requirements for id_, rule in RULES.rules.items()} == {**wanted, "WEB-PS-03": ()}
