"""Each mutation is caught by its rule; each demand of each template can fail; nothing survives.

`pytest tests/schemas/cda/test_mutations.py -s -k table` prints which rule catches which defect.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache

import pytest
from lxml import etree

from schemas.cda import DocumentSpec, Header, PrescriptionSpec, build_document, build_prescription, judge
from schemas.cda.template import Coded, Has, Holds, On, OneOf, Parents, Template, xpath
from schemas.cda.templates import known_templates
from schemas.finding import errors
from schemas.xml import Element, parse
from tests.schemas.cda.mutation import Mutation, documents, mutations

FILES = dict(documents())


@pytest.fixture(scope="session")
def bases(header: Header, prescription_spec: PrescriptionSpec) -> dict[str, bytes]:
    level1 = build_document(DocumentSpec(header, "lettre", b"%PDF-1.4 pdfaid"))
    return {**FILES, "level1": level1, "prescription": build_prescription(prescription_spec)}


@pytest.mark.parametrize("name", FILES)
def test_our_documents_have_no_error(name: str) -> None:
    found = judge(FILES[name])
    assert [(one.rule, one.where, one.observed, one.expected) for one in errors(found)] == []
    assert not {"CDA-XML-05", "CDA-MOD-03", "CDA-MOD-04"} & {one.rule for one in found}


@pytest.mark.parametrize("mutation", mutations(), ids=lambda one: one.id)
def test_the_mutation_is_caught_by_its_rule(mutation: Mutation, bases: dict[str, bytes]) -> None:
    base = bases[mutation.base]
    assert mutation.rule not in {one.rule for one in judge(base)}
    found = [one for one in judge(mutation.spoil(base)) if one.rule == mutation.rule]
    assert found
    assert found[0].where.startswith("/ClinicalDocument") and found[0].line


def test_the_table(bases: dict[str, bytes]) -> None:
    for one in mutations():
        rules = sorted({f.rule for f in errors(judge(one.spoil(bases[one.base])))})
        print(f"{one.id:<16} {one.base:<14} {one.rule:<20} {one.what}  [{', '.join(rules)}]")


Demand = tuple[Template, int]  # a template and the rank of one of its checks


def demands() -> list[Demand]:
    return [
        (template, rank)
        for templates in known_templates().values()
        for template in templates
        for rank in range(len(template.checks))
    ]


@pytest.fixture(scope="session")
def killed(bases: dict[str, bytes]) -> set[tuple[str, str, int]]:
    """The demands that some defect breaks: made here from the demand itself, or of the mutation files."""
    roots = [parse(data) for data in FILES.values()]
    spoiled = [parse(one.spoil(bases[one.base])) for one in mutations() if one.edits[0][0] != "replace"]
    return {
        (template.oid, template.rule.id, rank)
        for template, rank in demands()
        if any(breaks(template, rank, root) for root in roots)
        or any(fails(template, rank, element) for root in spoiled for element in bearers(root, template.oid))
    }


@pytest.mark.parametrize("demand", demands(), ids=lambda one: f"{one[0].rule.id}-{one[0].oid}-{one[1]}")
def test_no_demand_survives(demand: Demand, killed: set[tuple[str, str, int]]) -> None:
    template, rank = demand
    assert (template.oid, template.rule.id, rank) in killed, template.checks[rank]


def bearers(root: Element, oid: str) -> Iterator[Element]:
    yield from xpath(f".//*[templateId/@root='{oid}']")(root)


def fails(template: Template, rank: int, element: Element) -> bool:
    return next(iter(template.checks[rank](element)), None) is not None


def breaks(template: Template, rank: int, root: Element) -> bool:
    """Whether a defect made from the demand itself is seen by it, on an element where it was met."""
    check = template.checks[rank]
    for element in bearers(root, template.oid):
        if fails(template, rank, element):
            return False
        for spoiled in variants(check, element):
            if isinstance(check, Coded):
                found = list(check.outside(spoiled, _value_set(check.key)))
            else:
                found = list(check(spoiled))
            if found:
                return True
    return False


@cache
def _value_set(key: str):  # type: ignore[no-untyped-def]
    from schemas.valuesets import value_set

    return value_set(key)


def variants(check: object, element: Element) -> Iterator[Element]:
    """Copies of the element, each with a defect that this kind of demand forbids."""
    if isinstance(check, Has):
        if check.least:
            yield from without(element, check.path)
        if check.most is not None:
            copy = deepcopy(element)
            for found in xpath(check.path)(copy)[:1]:
                if not isinstance(found, str):
                    for _ in range(check.most):
                        found.addnext(deepcopy(found))
                    yield copy
    elif isinstance(check, OneOf):
        yield from garbled(element, check.path)
    elif isinstance(check, Coded):
        copy = deepcopy(element)
        for found in xpath(check.path)(copy)[:1]:
            found.attrib.pop("nullFlavor", None)
            found.set("code", "ZZ-0")
            yield copy
    elif isinstance(check, Parents):
        yield from without(element, f"templateId[@root='{check.roots[0]}']")
    elif isinstance(check, On):
        copy = deepcopy(element)
        copy.tag = "{urn:hl7-org:v3}nowhere"
        yield copy
    elif isinstance(check, Holds):
        yield from (spoiled for path in ("*", "*/*") for spoiled in one_less(element, path))


def without(element: Element, path: str) -> Iterator[Element]:
    copy = deepcopy(element)
    owner, attribute, name = f"./{path}".rpartition("/@")
    if attribute and "]" not in name:
        for found in xpath(owner)(copy):
            found.attrib.pop(name, None)
    else:
        for found in xpath(path)(copy):
            found.getparent().remove(found)
    yield copy


def one_less(element: Element, path: str) -> Iterator[Element]:
    for rank in range(len(xpath(path)(element))):
        copy = deepcopy(element)
        found = xpath(path)(copy)[rank]
        found.getparent().remove(found)
        yield copy


def garbled(element: Element, path: str) -> Iterator[Element]:
    copy = deepcopy(element)
    owner, _, name = path.rpartition("@")
    if "@" in path and not path.endswith("]"):
        for found in xpath(owner.rstrip("/") or ".")(copy)[:1]:
            found.set(name if ":" not in name else etree.QName(_uri(name), name.split(":")[1]).text, "ZZ")
            yield copy
    else:
        for found in xpath(path)(copy)[:1]:
            found.text = "ZZ"
            yield copy


def _uri(name: str) -> str:
    from schemas.cda.template import NAMESPACES

    return NAMESPACES[name.split(":")[0]]
