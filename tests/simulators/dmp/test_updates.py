"""TD3.3: what each kind does, what it leaves, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas import xds
from schemas.vihf import INDIRECT, Role, model
from schemas.xds import names, update
from simulators.core.identities import BIOLOGISTE, CORRESPONDANT
from simulators.core.population import Patient
from simulators.core.service import Handled
from simulators.dmp.visibility import Rules

from .kit import Kit, Message, body_of, error_of, levels

RIGHTS = "DMPAccessDeniedByRightsService"
A, D, R, X = names.APPROVED, names.DEPRECATED, names.ARCHIVED, names.DELETED
MASKED, INVISIBLE, SECRET = names.MASQUE_PS, names.INVISIBLE_PATIENT, names.INVISIBLE_REPRESENTANTS


def fed(kit: Kit, *flags: str, **how: Any) -> tuple[Patient, dict[str, Any]]:
    patient = kit.population.derive("u")
    handled = kit.call(kit.feed(patient, flags=flags, **how))
    assert handled.facts["outcome"] == "accepted", handled.facts
    return patient, handled.facts["documents"][0]


def accepted(handled: Handled) -> dict[str, Any]:
    assert handled.facts["outcome"] == "accepted", handled.facts
    assert [finding.rule for finding in handled.findings] == []
    assert handled.judge_later is not None
    assert [finding.rule for finding in handled.judge_later()] == []
    assert handled.transaction == "TD3.3"
    assert xds.read_registry_response(body_of(handled.response)).succeeded
    (one,) = handled.facts["updates"]
    return dict(one)


def refused(handled: Handled, reason: str) -> None:
    assert (handled.facts["outcome"], handled.facts.get("reason")) == ("refused", reason), handled.facts
    assert error_of(handled.response) == reason


def treat(kit: Kit, patient: Patient) -> None:
    """From now on the correspondent is a treating doctor of this patient."""
    kit.service.authorisations.add(patient, CORRESPONDANT.id_nat, kit.now, treating=True)


def by(kit: Kit, patient: Patient, sent: Message, who: Any, **changes: Any) -> Message:
    """The same message by somebody else, with a card."""
    sent.vihf = kit.vihf(patient, "DIRECTE", name_id=who.id_nat, structure=who.structure.id_nat, **changes)
    return sent


# --- what each kind does


def test_archive_then_back_then_delete(kit: Kit) -> None:
    patient, document = fed(kit)
    uuid, unique_id = document["entry_uuid"], document["unique_id"]
    for before, after, kind, word in [
        (A, R, "d", "archive"),
        (R, A, "d", "unarchive"),
        (A, R, "d", "archive"),
        (R, X, "c", "delete"),
    ]:
        handled = kit.call(kit.status(patient, uuid, before, after))
        fact = accepted(handled)
        assert handled.facts["kind"] == fact["kind"] == kind
        assert fact["actions"] == [word]
        assert (fact["unique_id"], fact["entry_uuid"]) == (unique_id, uuid)
        assert (fact["before"]["status"], fact["after"]["status"]) == (before, after)
        assert fact["before"]["version"] == fact["after"]["version"] == 1
        found = kit.call(kit.search(patient, xds.find_documents(patient.ins.cx(), [after])))
        (entry,) = xds.read_query_response(body_of(found.response)).entries
        assert (entry.id, entry.status, entry.version) == (uuid, after, "1")
    assert kit.call(kit.search(patient)).facts["returned"] == []
    assert kit.call(kit.retrieve(patient, unique_id)).facts["outcome"] == "accepted"  # nothing is erased


def test_mask_then_unmask(kit: Kit) -> None:
    patient, document = fed(kit)
    unique_id = document["unique_id"]
    fact = accepted(kit.call(kit.flags(patient, unique_id, MASKED)))
    assert (fact["kind"], fact["actions"], fact["unique_id"]) == ("a", ["mask"], unique_id)
    assert fact["before"] == {"status": A, "confidentiality": ["N"], "version": 1}
    assert fact["after"] == {"status": A, "confidentiality": ["N", MASKED], "version": 2}
    entry = kit.entry(patient, unique_id)
    assert entry.id == fact["entry_uuid"] != document["entry_uuid"]
    assert (entry.lid, entry.version, entry.status) == (document["entry_uuid"], "2", A)
    assert (entry.size, entry.title) == (document["size"], document["title"])
    old = kit.service.state.find_uuid(document["entry_uuid"])
    assert old is not None and (old.status, old.superseded, old.unique_id) == (D, True, unique_id)
    assert kit.call(by(kit, patient, kit.search(patient), BIOLOGISTE)).facts["returned"] == []
    fact = accepted(kit.call(kit.flags(patient, unique_id)))
    assert (fact["kind"], fact["actions"], fact["after"]["version"]) == ("a", ["unmask"], 3)
    assert kit.call(by(kit, patient, kit.search(patient), BIOLOGISTE)).facts["returned"] == [unique_id]
    assert kit.call(kit.retrieve(patient, unique_id)).facts["outcome"] == "accepted"


def test_make_visible(kit: Kit) -> None:
    patient, document = fed(kit, INVISIBLE)
    fact = accepted(kit.call(kit.flags(patient, document["unique_id"])))
    assert (fact["kind"], fact["actions"]) == ("b", ["show-patient"])
    refused(kit.call(kit.flags(patient, document["unique_id"], INVISIBLE)), "XDSMetadataUpdateError")


def test_mask_what_was_invisible(kit: Kit) -> None:
    """Both at once: each is permitted, and told."""
    patient, document = fed(kit, INVISIBLE)
    handled = kit.call(kit.flags(patient, document["unique_id"], MASKED))
    fact = accepted(handled)
    assert (handled.facts["kind"], sorted(fact["actions"])) == ("ab", ["mask", "show-patient"])


def test_flags_of_a_replaced_version_stay_secret(kit: Kit) -> None:
    """An older version of the metadata tells nobody what the current one hides."""
    kit.service._rules = Rules(superseded_listed=True)
    patient, document = fed(kit)
    accepted(kit.call(kit.flags(patient, document["unique_id"], MASKED)))
    query = xds.find_documents(patient.ins.cx(), [A, D])
    assert len(kit.call(kit.search(patient, query)).facts["returned"]) == 2
    assert kit.call(by(kit, patient, kit.search(patient, query), BIOLOGISTE)).facts["returned"] == []
    by_uuid = xds.get_documents(entry_uuids=[document["entry_uuid"]])
    assert kit.call(by(kit, patient, kit.search(patient, by_uuid), BIOLOGISTE)).facts["returned"] == []


# --- cumulation


def test_masked_and_invisible_is_a_setting(kit: Kit, test_pki: Any) -> None:
    patient, document = fed(kit, INVISIBLE)
    handled = kit.call(kit.flags(patient, document["unique_id"], INVISIBLE, MASKED))
    refused(handled, "XDSRegistryMetadataError")
    assert [finding.rule for finding in handled.findings] == ["XDS-CONF-01"]
    other = Kit(test_pki, kit.clock, options={"cumulative": True})
    patient, document = fed(other, INVISIBLE)
    fact = accepted(other.call(other.flags(patient, document["unique_id"], INVISIBLE, MASKED)))
    assert fact["actions"] == ["mask"]


# --- what the registry refuses


@pytest.mark.parametrize(
    ("before", "after"),
    [(R, A), (R, X), (D, X), (A, D), (D, A), (X, A)],
    ids=["archived", "delete-archived", "obsolete", "deprecate", "revive", "undelete"],
)
def test_wrong_original_status_or_transition(kit: Kit, before: str, after: str) -> None:
    patient, document = fed(kit)
    refused(kit.call(kit.status(patient, document["entry_uuid"], before, after)), "XDSMetadataUpdateError")
    held = kit.service.state.find(document["unique_id"])
    assert held is not None and held.status == A


def test_deleted_is_final(kit: Kit) -> None:
    patient, document = fed(kit)
    accepted(kit.call(kit.status(patient, document["entry_uuid"], A, X)))
    refused(kit.call(kit.status(patient, document["entry_uuid"], X, A)), "XDSMetadataUpdateError")
    refused(kit.call(kit.flags(patient, document["unique_id"], MASKED)), "XDSMetadataUpdateError")


def test_unknown_and_foreign_targets(kit: Kit) -> None:
    patient, document = fed(kit)
    nobody = "urn:uuid:00000000-0000-4000-8000-000000000000"
    refused(kit.call(kit.status(patient, nobody, A, X)), "UnresolvedReferenceException")
    other = kit.population.derive("other")
    sent = kit.status(other, document["entry_uuid"], A, X)
    refused(kit.call(sent), "XDSPatientIdDoesNotMatch")
    signature = next(
        row[0] for row in kit.service.state._db.execute("SELECT uuid FROM entry WHERE is_signature = 1")
    )
    refused(kit.call(kit.status(patient, signature, A, X)), "UnresolvedReferenceException")
    copy = replace(kit.entry(patient, document["unique_id"]), lid=nobody)
    asked = xds.change_confidentiality(copy, levels(MASKED), **kit._made())
    refused(kit.call(kit.update(patient, asked)), "UnresolvedReferenceException")


@pytest.mark.parametrize("previous", ["2", "7"])
def test_wrong_previous_version(kit: Kit, previous: str) -> None:
    patient, document = fed(kit)
    copy = replace(kit.entry(patient, document["unique_id"]), version=previous)
    asked = xds.change_confidentiality(copy, levels(MASKED), **kit._made())
    refused(kit.call(kit.update(patient, asked)), "XDSMetadataVersionError")


def test_a_stale_copy(kit: Kit) -> None:
    """Two software read version 1: the second to write is told."""
    patient, document = fed(kit)
    first = kit.flags(patient, document["unique_id"], MASKED)
    second = kit.flags(patient, document["unique_id"], MASKED)
    accepted(kit.call(first))
    refused(kit.call(second), "XDSMetadataVersionError")
    old = kit.status(patient, document["entry_uuid"], D, X)
    refused(kit.call(old), "XDSMetadataUpdateError")  # no longer the current version


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: replace(entry, title="AUTRE"),
        lambda entry: replace(entry, hash="0" * 40),
        lambda entry: replace(entry, unique_id="1.2.3"),
        lambda entry: replace(entry, type_code=xds.Code("11502-2", names.LOINC, "CR d'examens biologiques")),
        lambda entry: replace(entry, confidentiality=levels()),
    ],
    ids=["title", "hash", "unique-id", "type", "nothing"],
)
def test_only_confidentiality_changes(
    kit: Kit, change: Callable[[xds.DocumentEntry], xds.DocumentEntry]
) -> None:
    patient, document = fed(kit)
    changed = change(replace(kit.entry(patient, document["unique_id"]), confidentiality=levels(MASKED)))
    asked = xds.change_confidentiality(changed, changed.confidentiality, **kit._made())
    refused(kit.call(kit.update(patient, asked)), "XDSMetadataUpdateError")


def test_all_or_nothing(kit: Kit) -> None:
    """Two deletions, the second of them impossible."""
    patient = kit.population.derive("u")
    one, two = kit.call(kit.lot(patient, kit.cda(patient), kit.cda(patient))).facts["documents"]
    good = xds.change_status(one["entry_uuid"], A, X, patient_id=patient.ins.cx(), **kit._made())
    link = good.associations[0]
    for second in (
        replace(link, target=two["entry_uuid"], slots={**link.slots, update.ORIGINAL_STATUS: (R,)}),
        link,  # twice the same
    ):
        refused(
            kit.call(kit.update(patient, replace(good, associations=(link, second)))),
            "XDSMetadataUpdateError",
        )
        assert len(kit.call(kit.search(patient)).facts["returned"]) == 2
    both = replace(good, associations=(link, replace(link, target=two["entry_uuid"])))
    handled = kit.call(kit.update(patient, both))
    assert [one["after"]["status"] for one in handled.facts["updates"]] == [X, X]
    refused(kit.call(kit.update(patient, both)), "XDSMetadataUpdateError")


def test_a_set_is_submitted_once(kit: Kit) -> None:
    patient, document = fed(kit)
    there = xds.change_status(
        document["entry_uuid"], A, R, patient_id=patient.ins.cx(), **(made := kit._made())
    )
    accepted(kit.call(kit.update(patient, there)))
    back = xds.change_status(document["entry_uuid"], R, A, patient_id=patient.ins.cx(), **made)
    refused(kit.call(kit.update(patient, back)), "XDSDuplicateUniqueIdInRegistry")


def test_nothing_asked(kit: Kit) -> None:
    patient, document = fed(kit)
    asked = xds.change_status(document["entry_uuid"], A, R, patient_id=patient.ins.cx(), **kit._made())
    handled = kit.call(kit.update(patient, replace(asked, associations=())))
    refused(handled, "XDSMetadataUpdateOperationError")
    assert [finding.rule for finding in handled.findings] == ["XDS-UPD-01"]


# --- rights


def test_deleting_in_indirect_mode(kit: Kit) -> None:
    """An organisation deletes its own documents, without any authorisation, and does nothing else."""
    patient = kit.population.derive("u", authorisation="NON_EXISTE")
    document = kit.call(kit.feed(patient)).facts["documents"][0]
    refused(kit.call(kit.status(patient, document["entry_uuid"], A, R, INDIRECT)), RIGHTS)
    assert accepted(kit.call(kit.status(patient, document["entry_uuid"], A, X, INDIRECT)))["kind"] == "c"


def test_all_but_deleting_needs_an_authorisation(kit: Kit) -> None:
    patient, document = fed(kit)
    uuid = document["entry_uuid"]
    mask = kit.flags(patient, document["unique_id"], MASKED)
    kit.population.register(replace(patient, authorisation="EXPIRE"))
    for sent in (mask, kit.status(patient, uuid, A, R)):
        handled = kit.call(sent)
        refused(handled, RIGHTS)
        assert handled.facts["cause"] == "authorisation-expire"
    accepted(kit.call(kit.status(patient, uuid, A, X)))


def test_others_documents(kit: Kit) -> None:
    """Somebody else masks, but neither unmasks, archives nor deletes."""
    patient, document = fed(kit)
    unique_id, uuid = document["unique_id"], document["entry_uuid"]
    for after in (R, X):
        handled = kit.call(by(kit, patient, kit.status(patient, uuid, A, after), CORRESPONDANT))
        refused(handled, RIGHTS)
        assert handled.facts["cause"] == "rights"
    fact = accepted(kit.call(by(kit, patient, kit.flags(patient, unique_id, MASKED), CORRESPONDANT)))
    assert fact["actions"] == ["mask"]
    refused(kit.call(by(kit, patient, kit.flags(patient, unique_id), CORRESPONDANT)), RIGHTS)


def test_a_nurse_archives_nothing_of_others_in_an_emergency(kit: Kit) -> None:
    patient, document = fed(kit)
    uuid = document["entry_uuid"]
    glass = {
        "purpose": "bris_de_glace",
        "reason": "patient inconscient",
        "roles": (Role("60", model.PROFESSIONS),),
    }
    refused(kit.call(by(kit, patient, kit.status(patient, uuid, A, R), CORRESPONDANT, **glass)), RIGHTS)
    doctor = {**glass, "roles": (Role("10", model.PROFESSIONS), Role("SM26", model.SPECIALITIES))}
    sent = by(kit, patient, kit.status(patient, uuid, A, R), CORRESPONDANT, **doctor)
    assert accepted(kit.call(sent))["actions"] == ["archive"]  # an oddity of the sheet


def test_the_treating_doctor(kit: Kit) -> None:
    patient, document = fed(kit, MASKED)
    unique_id, uuid = document["unique_id"], document["entry_uuid"]
    treat(kit, patient)
    sent = by(kit, patient, kit.status(patient, uuid, A, X), CORRESPONDANT)
    refused(kit.call(sent), RIGHTS)  # deletes only what is theirs
    assert accepted(kit.call(by(kit, patient, kit.flags(patient, unique_id), CORRESPONDANT)))["actions"] == [
        "unmask"
    ]
    now = kit.entry(patient, unique_id).id
    assert accepted(kit.call(by(kit, patient, kit.status(patient, now, A, R), CORRESPONDANT)))


def test_documents_of_the_patient(kit: Kit) -> None:
    """Only the treating doctor archives or deletes them."""
    patient, document = fed(kit)
    state = kit.service.state
    state._db.execute("UPDATE entry SET type_code = 'DOCPAT03'")
    refused(kit.call(kit.status(patient, document["entry_uuid"], A, X)), RIGHTS)
    treat(kit, patient)
    sent = by(kit, patient, kit.status(patient, document["entry_uuid"], A, X), CORRESPONDANT)
    assert accepted(kit.call(sent))["actions"] == ["delete"]


def test_minors(kit: Kit) -> None:
    """INVISIBLE_REPRESENTANTS_LEGAUX is for minors; taking it away is making visible."""
    patient, document = fed(kit)
    handled = kit.call(kit.flags(patient, document["unique_id"], SECRET))
    refused(handled, "XDSRegistryMetadataError")
    assert [finding.rule for finding in handled.findings] == ["XDS-CONF-03"]
