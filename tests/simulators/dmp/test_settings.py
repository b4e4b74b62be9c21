"""The settings of the DMP: complete, told, refused when wrong, and each of them with an effect."""

from dataclasses import fields, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from schemas import xds
from schemas.messages import catalogue
from schemas.soap import envelope
from schemas.soap import rules as soap_rules
from schemas.vihf import DIRECT, model
from schemas.vihf.certificates import Authorities
from schemas.xds import names
from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.service import Handled
from simulators.dmp import configure, settings, visibility
from simulators.dmp.examine import Options
from simulators.dmp.settings import DmpSettings

from .conftest import START
from .kit import Kit, body_of, error_of, fault_of

DOCS = Path(__file__).parents[3] / "docs" / "dmp-reglages.md"
NOBODY = Authorities.of(())


def a_kit(pki: Pki, **changes: Any) -> Kit:
    return Kit(pki, Clock(START), settings=DmpSettings(**changes))


def seen(handled: Handled) -> set[str]:
    return {finding.rule for finding in handled.findings}


# --- told


def test_the_defaults_are_those_of_the_dmp() -> None:
    assert configure.problem(DmpSettings()) == ""
    assert configure.options(DmpSettings(), NOBODY) == Options(NOBODY)
    assert configure.rules(DmpSettings()) == visibility.DEFAULT


def test_each_setting_is_described_in_both_languages() -> None:
    for one in fields(DmpSettings):
        assert set(catalogue()[f"dmp.setting.{one.name}"]) == {"fr", "en"}
    described = {key for key in catalogue() if key.startswith("dmp.setting.")}
    assert described == {f"dmp.setting.{one.name}" for one in fields(DmpSettings)}


def test_the_documented_table_is_this_one() -> None:
    """`python -m simulators.dmp.settings` writes it."""
    assert "\n".join(settings.table()) in DOCS.read_text(encoding="utf-8")


def test_what_changed_is_kept_and_restored() -> None:
    given = DmpSettings(max_results=5, hidden_types=(), sha1=False, authorisation_days=30.5)
    kept = settings.changed(given)
    assert settings.told(kept) == (
        "sha1 = false ; max_results = 5 ; authorisation_days = 30.5 ; hidden_types = []"
    )
    as_json = {name: list(one) if isinstance(one, tuple) else one for name, one in kept.items()}
    assert settings.restored(as_json) == given
    assert settings.changed(DmpSettings()) == {}


# --- refused


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("vihf_window_hours", -1.0, "entre 0"),
        ("vihf_window_hours", float("nan"), "entre 0"),
        ("homonyms", 0, "entre 1"),
        ("majority_years", 1000, "150"),
        ("authorisation_days", float("inf"), "entre 0"),
        ("blocked_code", "", "code d'erreur"),
        ("blocked_code", "DMP Refus", "code d'erreur"),
        ("vihf_versions", (), "vide"),
        ("air_contexts", (), "vide"),
        ("treating_in_regulation", "docteur", "Connus"),
        ("unlisted_purpose", "own", "no, yes"),
        ("opposable", ("TD9.9",), "TD9.9"),
        ("hidden_types", ("40",), "40/EXPPAT_3"),
        ("hidden_types", ("40/NIMPORTE",), "NIMPORTE"),
        ("hidden_types", ("999/EXPPAT_3",), "999"),
    ],
)
def test_what_can_not_be_is_refused(name: str, value: Any, said: str) -> None:
    given = replace(DmpSettings(), **{name: value})
    sentence = configure.problem(given)
    assert f"dmp.{name}" in sentence
    assert said in sentence
    assert sentence != configure.problem(given, "en")
    with pytest.raises(ValueError, match=f"dmp.{name}"):
        configure.options(given, NOBODY)


# --- with an effect

OTHERS: dict[str, Any] = {
    "vihf_versions": ("3.0",),
    "air_contexts": ("APP_BROWSER_AUTH",),
    "blocked_code": "DMPAccessDenied",
    "needs_authorisation": (),
    "opposable": (),
    "refused_to_blocked": (),
    "hidden_types": (),
    "treating_in_regulation": "",
    "occupational_in_air": "",
    "unlisted_purpose": "yes",
}


@pytest.mark.parametrize("name", [one.name for one in fields(DmpSettings)])
def test_each_setting_reaches_the_dmp(name: str) -> None:
    usual = getattr(DmpSettings(), name)
    other = OTHERS[name] if name in OTHERS else not usual if isinstance(usual, bool) else usual + 1
    given = replace(DmpSettings(), **{name: other})
    made = configure.options(given, NOBODY), configure.rules(given)
    assert made != (Options(NOBODY), visibility.DEFAULT)


def test_too_many_results(test_pki: Pki) -> None:
    kit = a_kit(test_pki, max_results=2)
    patient = kit.population.derive("a")
    for _ in range(3):
        kit.call(kit.feed(patient))
        last = kit.call(kit.search(patient))
    assert error_of(last.response) == "XDSTooManyResults"
    assert "3 objets" in xds.read_registry_response(body_of(last.response)).errors[0].context
    references = xds.find_documents(patient.ins.cx(), return_type="ObjectRef")
    assert len(kit.call(kit.search(patient, references)).facts["returned"]) == 3
    fewer = xds.find_documents(patient.ins.cx(), statuses=[names.DEPRECATED])
    assert kit.call(kit.search(patient, fewer)).facts["returned"] == []


@pytest.mark.parametrize("limit", ["max_document_bytes", "max_submission_bytes"])
def test_sizes(test_pki: Pki, limit: str) -> None:
    kit = a_kit(test_pki)
    patient = kit.population.derive("a")
    size = len(kit.cda(patient))
    small = a_kit(test_pki, **{limit: size - 1})
    refused = small.call(small.feed(small.population.derive("a")))
    assert error_of(refused.response) == "XDSRepositoryOutOfResources"
    lot = a_kit(test_pki, **{limit: size + 10_000})
    one = lot.population.derive("a")
    sent = lot.lot(one, *(lot.cda(one) for _ in range(4)))
    whole = lot.call(sent)
    assert (whole.facts["outcome"] == "accepted") is (limit == "max_document_bytes")
    assert lot.call(lot.feed(one)).facts["outcome"] == "accepted"


def test_the_case_of_document_ids(test_pki: Pki) -> None:
    """Tolerated or not, the report says it."""
    for tolerant in (False, True):
        kit = a_kit(test_pki, document_id_any_case=tolerant)
        patient = kit.population.derive("a")
        sent = kit.feed(patient)
        assert isinstance(sent.body, bytes | str)
        body = sent.body if isinstance(sent.body, bytes) else sent.body.encode()
        sent.body = body.replace(b'Document id="Document01"', b'Document id="dOCUMENT01"')
        assert sent.body != body
        handled = kit.call(sent)
        assert (handled.facts["outcome"] == "accepted") is tolerant
        assert {"XDS-DOC-01", "XDS-DOC-02"} <= seen(handled)
        if tolerant:
            unique_id = handled.facts["documents"][0]["unique_id"]
            assert kit.call(kit.retrieve(patient, unique_id)).facts["documents"][0]["size"] > 0
    sent = kit.feed(patient)
    body = sent.body if isinstance(sent.body, bytes) else sent.body.encode()
    sent.body = body.replace(b'Document id="Document01"', b'Document id="Autre"')
    assert error_of(kit.call(sent).response) == "XDSMissingDocument"


def test_soap_11(test_pki: Pki) -> None:
    for tolerant in (False, True):
        kit = a_kit(test_pki, soap11=tolerant)
        request = kit.request(kit.exists(kit.population.derive("a")))
        old = request.body.replace(envelope.SOAP.encode(), envelope.SOAP_11.encode())
        handled = kit.service.handle(replace(request, body=old))
        assert (handled.facts["outcome"] == "accepted") is tolerant
        assert soap_rules.VERSION.id in seen(handled)
        assert envelope.SOAP.encode() in handled.response.body


def test_the_case_of_the_mode(test_pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    for tolerant in (True, False):
        kit = a_kit(test_pki, mode_any_case=tolerant)
        patient = kit.population.derive("a")
        sent = kit.exists(patient)
        assert sent.vihf is not None
        with monkeypatch.context() as spelling:
            spelling.setattr(model, "MODE", "Authentification_mode")
            request = kit.request(kit.exists(patient))
        handled = kit.service.handle(request)
        assert (handled.facts["outcome"] == "accepted") is tolerant, handled.facts
        assert "VIHF-17" in seen(handled)
        if not tolerant:
            assert "Authentification_Mode" in fault_of(handled.response).reason
        assert kit.call(sent).facts["outcome"] == "accepted"


def test_sha1_and_window(test_pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    for tolerant in (True, False):
        kit = a_kit(test_pki, sha1=tolerant)
        monkeypatch.setattr(kit, "sign", partial(kit.sign, digest="sha1"))
        handled = kit.call(kit.exists(kit.population.derive("a")))
        assert (handled.facts["outcome"] == "accepted") is tolerant
        assert any(rule.startswith("VIHF-SHA1") for rule in seen(handled))
    strict = a_kit(test_pki, vihf_window_hours=1.0)
    patient = strict.population.derive("a")
    request = strict.request(strict.exists(patient))
    strict.clock.shift(timedelta(hours=2))
    assert strict.service.handle(request).facts["cause"] == "vihf-expired"


def test_functions_for_minors(test_pki: Pki) -> None:
    """Off: nobody is a minor. On: until the age of majority."""
    flag = names.INVISIBLE_REPRESENTANTS
    for changes, taken in (({}, True), ({"minors": False}, False), ({"majority_years": 5}, False)):
        kit = a_kit(test_pki, **changes)
        child = kit.population.derive("enfant", minor=True)
        fed = kit.call(kit.feed(child, flags=(flag,)))
        assert (fed.facts["outcome"] == "accepted") is taken
        sent = kit.exists(child)
        sent.vihf = kit.vihf(child, DIRECT, secret=True)
        assert ("VIHF-12" in seen(kit.call(sent))) is not taken
    kit = a_kit(test_pki, masked_and_invisible=True)
    both = (names.MASQUE_PS, names.INVISIBLE_PATIENT)
    assert kit.call(kit.feed(kit.population.derive("a"), flags=both)).facts["outcome"] == "accepted"


def test_an_authorisation_ends(test_pki: Pki) -> None:
    kit = a_kit(test_pki, authorisation_days=60.0)
    patient = kit.population.derive("a")
    assert kit.call(kit.search(patient)).facts["outcome"] == "accepted"
    kit.clock.shift(timedelta(days=61))
    assert kit.call(kit.search(patient)).facts["cause"] == "authorisation-expire"


def test_the_matrix_of_professions_and_types(test_pki: Pki) -> None:
    for types, found in ((("10/11488-4",), 0), ((), 1)):
        kit = a_kit(test_pki, hidden_types=types)
        patient = kit.population.derive("a")
        author = xds.Author("899700100037^AUTRE^AUTRE", (xds.composite.xon("1750000037", "LABO"),))

        def of_another(one: xds.Submission, author: xds.Author = author) -> xds.Submission:
            first, *others = one.entries
            changed = replace(first, authors=(author,), legal_authenticator=author.person)
            return replace(one, entries=(changed, *others))

        sent = kit.feed(patient, change=of_another)
        sent.vihf = kit.vihf(patient, DIRECT, name_id="899700100037", structure="1750000037", sector="SA25")
        assert kit.call(sent).facts["outcome"] == "accepted"
        assert len(kit.call(kit.search(patient)).facts["returned"]) == found
