"""Submissions that the registry can't take: the carrier, the code and the cause of each, and what is kept."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from schemas import xds
from schemas.xds import Association, Code, names
from simulators.core.clock import Clock
from simulators.core.pki import Pki
from simulators.core.service import Handled
from simulators.dmp.settings import DmpSettings

from .conftest import START
from .kit import Kit, body_of, levels

Change = Callable[[xds.Submission], xds.Submission]
ELSE = "urn:uuid:00000000-0000-4000-8000-000000000000"


def refused(handled: Handled, code: str, location: str = "") -> None:
    """By a RegistryResponse of status Failure, in an answer of HTTP 200 and of the transaction."""
    assert handled.facts["outcome"] == "refused", handled.facts
    assert handled.response.status == 200
    answer = xds.read_registry_response(body_of(handled.response))
    assert answer.status == names.FAILURE
    (error,) = answer.errors
    assert (error.code, error.severity) == (code, names.SEVERITY_ERROR)
    assert error.context.startswith("[bench]")
    assert location in error.location


def kept(kit: Kit) -> int:
    rows = kit.service.state._db.execute("SELECT count(*) FROM entry WHERE is_signature = 0")
    return int(rows.fetchone()[0])


def entry(**changes: object) -> Change:
    def change(submission: xds.Submission) -> xds.Submission:
        first, *others = submission.entries
        return replace(submission, entries=(replace(first, **changes), *others))  # type: ignore[arg-type]

    return change


def link(kind: str, target: str = ELSE) -> Change:
    return lambda one: replace(one, associations=(*one.associations, Association(kind, "Document01", target)))


# --- what the metadata alone forbid

FRENCH = names.FRENCH_CONFIDENTIALITY
MASKED, INVISIBLE, SECRET = names.MASQUE_PS, names.INVISIBLE_PATIENT, names.INVISIBLE_REPRESENTANTS
FORBIDDEN: dict[str, tuple[Change, str, str]] = {
    "masked and invisible": (
        entry(confidentiality=levels(MASKED, INVISIBLE)),
        "XDSRepositoryMetadataError",
        "XDS-CONF-01",
    ),
    "all three": (
        entry(confidentiality=levels(MASKED, INVISIBLE, SECRET)),
        "XDSRepositoryMetadataError",
        "XDS-CONF-01",
    ),
    "secret of an adult": (
        entry(confidentiality=levels(SECRET)),
        "XDSRepositoryMetadataError",
        "XDS-CONF-03",
    ),
    "no level": (
        entry(confidentiality=(Code(MASKED, FRENCH),)),
        "XDSRepositoryMetadataError",
        "XDS-CONF-02",
    ),
    "two levels": (
        entry(confidentiality=(*levels(), Code("R", names.HL7_CONFIDENTIALITY))),
        "XDSRepositoryMetadataError",
        "XDS-CONF-02",
    ),
    "spelling of HL7v2": (
        entry(confidentiality=(*levels(), Code("INVISIBLE_REP_LEGAUX", FRENCH))),
        "XDSRepositoryMetadataError",
        "XDS-CONF-02",
    ),
    "no confidentiality": (entry(confidentiality=()), "XDSRepositoryMetadataError", "XDS-STR-03"),
    "appendix": (link(names.APND), "XDSRepositoryMetadataError", "XDS-REF-03"),
    "transformation": (
        link("urn:ihe:iti:2007:AssociationType:XFRM"),
        "XDSRepositoryMetadataError",
        "XDS-REF-03",
    ),
    "transformed replacement": (
        link("urn:ihe:iti:2007:AssociationType:XFRM_RPLC"),
        "XDSRepositoryMetadataError",
        "XDS-REF-03",
    ),
    "update by the repository": (link(names.UPDATE_STATUS), "XDSRepositoryMetadataError", "XDS-REF-03"),
    "uniqueId of the set": (
        lambda one: replace(
            one, submission_set=replace(one.submission_set, unique_id=one.entries[0].unique_id)
        ),
        "XDSRepositoryDuplicateUniqueIdInMessage",
        "XDS-DOC-03",
    ),
    "uniqueId with an extension": (
        entry(unique_id="1.2.250.1.999.1.1^7"),
        "XDSRepositoryMetadataError",
        "XDS-STR-05",
    ),
    "on-demand document": (
        entry(object_type=names.ON_DEMAND_DOCUMENT),
        "XDSRepositoryMetadataError",
        "XDS-STR-05",
    ),
    "unknown member": (
        lambda one: replace(
            one,
            associations=(*one.associations, Association(names.HAS_MEMBER, "SubmissionSet01", "Document99")),
        ),
        "UnresolvedReferenceException",
        "XDS-REF-01",
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_by_the_metadata(kit: Kit, name: str) -> None:
    change, code, rule = FORBIDDEN[name]
    handled = kit.call(kit.feed(kit.population.derive("grand"), change=change))
    refused(handled, code)
    assert rule in {finding.rule for finding in handled.findings if finding.is_error}
    assert kept(kit) == 0


def test_levels_r_and_v_are_taken_with_a_warning(kit: Kit) -> None:
    restricted = (Code("R", names.HL7_CONFIDENTIALITY, "Restreint"),)
    handled = kit.call(kit.feed(kit.population.derive("a"), change=entry(confidentiality=restricted)))
    assert handled.facts["outcome"] == "accepted"
    assert [one.rule for one in handled.findings] == ["XDS-CONF-04"]


def test_a_minor_s_secret_is_taken(kit: Kit) -> None:
    child = kit.population.derive("enfant", minor=True)
    for flags in ((SECRET,), (SECRET, MASKED), (SECRET, INVISIBLE)):
        assert kit.call(kit.feed(child, flags=flags)).facts["outcome"] == "accepted"


# --- what the registry holds


def test_the_same_document_again(kit: Kit) -> None:
    patient = kit.population.derive("a")
    data = kit.cda(patient)
    unique_id = kit.call(kit.feed(patient, data)).facts["documents"][0]["unique_id"]
    refused(kit.call(kit.feed(patient, data)), "XDSDuplicateUniqueIdInRegistry", unique_id)
    other = data.replace(b"</ClinicalDocument>", b"<!-- autre --></ClinicalDocument>")
    refused(kit.call(kit.feed(patient, other)), "XDSNonIdenticalHash", unique_id)
    assert kept(kit) == 1


def test_a_unique_id_of_another_patient(kit: Kit) -> None:
    """uniqueId is unique in the whole registry."""
    first = kit.call(kit.feed(kit.population.derive("a"))).facts["documents"][0]["unique_id"]
    other = kit.population.derive("b")
    refused(kit.call(kit.feed(other, kit.cda(other, unique_id=first))), "XDSNonIdenticalHash", first)
    assert kit.call(kit.search(other)).facts["returned"] == []


@pytest.mark.parametrize("status", [names.DELETED, names.ARCHIVED])
def test_a_unique_id_serves_once_even_when_its_document_is_gone(kit: Kit, status: str) -> None:
    patient = kit.population.derive("a")
    data = kit.cda(patient)
    document = kit.call(kit.feed(patient, data)).facts["documents"][0]
    kit.call(kit.status(patient, document["entry_uuid"], names.APPROVED, status))
    refused(kit.call(kit.feed(patient, data)), "XDSDuplicateUniqueIdInRegistry", document["unique_id"])


def test_the_same_set_again(kit: Kit) -> None:
    patient = kit.population.derive("a")
    set_id = kit.oid()
    kit.call(kit.feed(patient, set_id=set_id))
    refused(kit.call(kit.feed(patient, set_id=set_id)), "XDSDuplicateUniqueIdInRegistry", set_id)


def test_two_documents_of_one_unique_id(kit: Kit) -> None:
    patient = kit.population.derive("a")
    data = kit.cda(patient)
    refused(kit.call(kit.lot(patient, data, data)), "XDSRepositoryDuplicateUniqueIdInMessage")
    assert kept(kit) == 0


# --- replacing


@pytest.fixture
def gone(kit: Kit) -> Callable[[str], str]:
    """The entryUUID of a document of patient `a` that is no longer active, in the way asked for."""

    def make(how: str) -> str:
        patient = kit.population.derive("a")
        document = kit.call(kit.feed(patient)).facts["documents"][0]
        uuid = str(document["entry_uuid"])
        if how == "replaced":
            assert kit.call(kit.feed(patient, replaces=uuid)).facts["outcome"] == "accepted"
        elif how == "superseded":
            kit.call(kit.flags(patient, document["unique_id"], MASKED))
        else:
            kit.call(kit.status(patient, uuid, names.APPROVED, how))
        return uuid

    return make


@pytest.mark.parametrize("how", ["replaced", "superseded", names.ARCHIVED, names.DELETED])
def test_what_is_no_longer_active_is_not_replaced(kit: Kit, gone: Callable[[str], str], how: str) -> None:
    uuid = gone(how)
    before = kept(kit)
    handled = kit.call(kit.feed(kit.population.derive("a"), replaces=uuid))
    refused(handled, "XDSRegistryDeprecatedDocumentError", uuid)
    assert kept(kit) == before


def test_what_is_unknown_or_another_s_is_not_replaced(kit: Kit) -> None:
    patient, other = kit.population.derive("a"), kit.population.derive("b")
    refused(kit.call(kit.feed(patient, replaces=ELSE)), "UnresolvedReferenceException", ELSE)
    uuid = kit.call(kit.feed(other)).facts["documents"][0]["entry_uuid"]
    refused(kit.call(kit.feed(patient, replaces=uuid)), "XDSPatientIdDoesNotMatch")
    refused(
        kit.call(kit.feed(patient, change=link(names.RPLC, "Document99"))), "UnresolvedReferenceException"
    )
    assert kept(kit) == 1
    assert len(kit.call(kit.search(other)).facts["returned"]) == 1


def test_the_signature_of_a_set_is_not_replaced(kit: Kit) -> None:
    patient = kit.population.derive("a")
    kit.call(kit.feed(patient))
    rows: Iterator[tuple[str]] = kit.service.state._db.execute(
        "SELECT uuid FROM entry WHERE is_signature = 1"
    )
    handled = kit.call(kit.feed(patient, replaces=next(rows)[0]))
    refused(handled, "UnresolvedReferenceException")


def test_a_replacement_of_the_same_unique_id(kit: Kit) -> None:
    patient = kit.population.derive("a")
    document = kit.call(kit.feed(patient)).facts["documents"][0]
    data = kit.cda(patient, unique_id=document["unique_id"], version=2)
    handled = kit.call(kit.feed(patient, data, replaces=document["entry_uuid"]))
    refused(handled, "XDSNonIdenticalHash", document["unique_id"])
    held = kit.service.state.find(document["unique_id"])
    assert held is not None
    assert held.status == names.APPROVED


def test_one_document_replaces_two(kit: Kit) -> None:
    patient = kit.population.derive("a")
    old = [kit.call(kit.feed(patient)).facts["documents"][0]["entry_uuid"] for _ in range(2)]
    handled = kit.call(kit.feed(patient, replaces=old[0], change=link(names.RPLC, old[1])))
    new = handled.facts["documents"][0]
    assert kit.call(kit.search(patient)).facts["returned"] == [new["unique_id"]]
    links = kit.service.state.links([new["entry_uuid"]])
    assert {one.target for one in links} == set(old)


def test_two_documents_replace_one(kit: Kit) -> None:
    patient = kit.population.derive("a")
    old = kit.call(kit.feed(patient)).facts["documents"][0]["entry_uuid"]
    sent = kit.lot(patient, kit.cda(patient), kit.cda(patient))
    assert isinstance(sent.body, bytes)
    links = b"".join(
        b'<rim:Association id="r%d" associationType="%s" sourceObject="Document%02d" targetObject="%s"/>'
        % (rank, names.RPLC.encode(), rank, old.encode())
        for rank in (1, 2)
    )
    sent.body = sent.body.replace(b"</rim:RegistryObjectList>", links + b"</rim:RegistryObjectList>")
    refused(kit.call(sent), "XDSRegistryDeprecatedDocumentError", old)
    assert len(kit.call(kit.search(patient)).facts["returned"]) == 1


# --- folders

FOLDER = (
    '<rim:RegistryPackage id="Folder01" objectType='
    '"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage">'
    f'<rim:Classification id="f1" classifiedObject="Folder01" classificationNode="{names.FOLDER_NODE}"/>'
    "</rim:RegistryPackage>"
    f'<rim:Association id="f2" associationType="{names.HAS_MEMBER}" sourceObject="SubmissionSet01"'
    ' targetObject="Folder01"><rim:Slot name="SubmissionSetStatus"><rim:ValueList><rim:Value>Original'
    "</rim:Value></rim:ValueList></rim:Slot></rim:Association>"
    f'<rim:Association id="f3" associationType="{names.HAS_MEMBER}" sourceObject="Folder01"'
    ' targetObject="Document01"/></rim:RegistryObjectList>'
).encode()


@pytest.mark.parametrize("taken", [True, False])
def test_a_folder(test_pki: Pki, taken: bool) -> None:
    """Taken with a warning, or refused: a setting. The report says it in any case."""
    kit = Kit(test_pki, Clock(START), settings=DmpSettings(folders=taken))
    patient = kit.population.derive("a")
    sent = kit.feed(patient)
    assert isinstance(sent.body, bytes)
    sent.body = sent.body.replace(b"</rim:RegistryObjectList>", FOLDER)
    handled = kit.call(sent)
    assert "XDS-FLD-01" in {one.rule for one in handled.findings}
    if not taken:
        refused(handled, "XDSRepositoryMetadataError", "Folder01")
        assert kept(kit) == 0
        return
    answer = xds.read_registry_response(body_of(handled.response))
    assert answer.succeeded
    (warning,) = answer.errors
    assert (warning.code, warning.severity) == ("XDSExtraMetadataNotSaved", names.SEVERITY_WARNING)
    assert b'highestSeverity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"' in (
        handled.response.body
    )
    assert len(kit.call(kit.search(patient)).facts["returned"]) == 1
