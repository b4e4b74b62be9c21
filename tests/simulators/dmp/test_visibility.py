"""Who sees what: the table of viewers and flags, one row an assertion."""

import pytest

from schemas.vihf import AIR, DIRECT
from schemas.xds import names
from simulators.dmp.rights import Actor, Oddities
from simulators.dmp.rows import NO_FACETS, Held
from simulators.dmp.visibility import Hidden, Kind, Rules, Viewer, hidden

MASKED, INVISIBLE, SECRET = names.MASQUE_PS, names.INVISIBLE_PATIENT, names.INVISIBLE_REPRESENTANTS
AUTHOR, SOMEBODY, HOUSE = "899700100011", "899700100045", "499700100011001"


def document(*flags: str, **changes: object) -> Held:
    facets = {
        **NO_FACETS,
        "ConfidentialityCode": [
            f"N^^{names.HL7_CONFIDENTIALITY}",
            *(f"{flag}^^{names.FRENCH_CONFIDENTIALITY}" for flag in flags),
        ],
        "people": [AUTHOR],
        "structures": [HOUSE],
    }
    stated: dict[str, object] = {
        "unique_id": "1.2.3",
        "version": 1,
        "uuid": "urn:uuid:1",
        "lid": "urn:uuid:1",
        "submission": 1,
        "patient": "2790351215189",
        "status": names.APPROVED,
        "superseded": False,
        "type_code": "11488-4",
        "title": "LETTRE",
        "mime_type": "text/xml",
        "sha256": "",
        "is_signature": False,
        "facets": facets,
        "xml": "",
        **changes,
    }
    return Held(**stated)  # type: ignore[arg-type]


def who(
    actor: Actor = Actor.DOCTOR, id_: str = SOMEBODY, purpose: str = "normal", **changes: object
) -> Viewer:
    stated: dict[str, object] = {"mode": DIRECT, "profession": "10", **changes}
    return Viewer(Kind.CALLER, id_, "x", actor, purpose=purpose, **stated)  # type: ignore[arg-type]


PATIENT, CHILD, PARENT = Viewer(Kind.PATIENT), Viewer(Kind.PATIENT, minor=True), Viewer(Kind.REPRESENTATIVE)
DOCTOR, NURSE = who(), who(Actor.PS, profession="60")
TREATING = who(Actor.TREATING)
WRITER = who(id_=AUTHOR)
OCCUPATIONAL = who(Actor.OCCUPATIONAL)
GLASS, AGREED = who(purpose="bris_de_glace"), who(purpose="bris_de_glace", agreed=True)
REGULATION = who(Actor.PS, purpose="centre_15", agreed=True)


@pytest.mark.parametrize("viewer", [PATIENT, CHILD, PARENT, DOCTOR, NURSE, TREATING, WRITER, OCCUPATIONAL])
def test_a_normal_document_is_seen(viewer: Viewer) -> None:
    assert hidden(document(), viewer) is None


@pytest.mark.parametrize(
    ("flag", "viewer", "why"),
    [
        (MASKED, PATIENT, None),
        (MASKED, PARENT, None),
        (MASKED, TREATING, None),
        (MASKED, WRITER, None),
        (MASKED, DOCTOR, Hidden.MASKED),
        (MASKED, NURSE, Hidden.MASKED),
        (MASKED, OCCUPATIONAL, Hidden.MASKED),
        (MASKED, GLASS, Hidden.MASKED),
        (MASKED, AGREED, None),
        (MASKED, REGULATION, None),
        (MASKED, who(agreed=True), Hidden.MASKED),  # no emergency
        (MASKED, who(mode=AIR), Hidden.MASKED),
        (MASKED, who(Actor.TREATING, mode=AIR), None),
        (INVISIBLE, PATIENT, Hidden.INVISIBLE_PATIENT),
        (INVISIBLE, PARENT, Hidden.INVISIBLE_PATIENT),
        (INVISIBLE, DOCTOR, None),
        (INVISIBLE, TREATING, None),
        (SECRET, PARENT, Hidden.INVISIBLE_REPRESENTATIVES),
        (SECRET, CHILD, Hidden.INVISIBLE_REPRESENTATIVES),
        (SECRET, PATIENT, None),  # of age since
        (SECRET, DOCTOR, None),
    ],
)
def test_flags(flag: str, viewer: Viewer, why: Hidden | None) -> None:
    assert hidden(document(flag), viewer) is why
    assert hidden(document(), viewer) is None


@pytest.mark.parametrize("status", [names.ARCHIVED, names.DEPRECATED])
def test_archived_and_obsolete_are_seen(status: str) -> None:
    for viewer in (PATIENT, DOCTOR, TREATING):
        assert hidden(document(status=status), viewer, reading=True) is None


def test_deleted() -> None:
    """An oddity of the sheet: professionals read deleted documents. The patient does not."""
    deleted = document(status=names.DELETED)
    assert hidden(deleted, DOCTOR, reading=True) is None
    assert hidden(deleted, PATIENT) is Hidden.DELETED
    assert hidden(deleted, PATIENT, Rules(deleted_shown_to_patient=True)) is None
    strict = Rules(oddities=Oddities(deleted_readable=False))
    assert hidden(deleted, DOCTOR, strict) is Hidden.DELETED


def test_reading_needs_the_right_to_read() -> None:
    """Occupational doctors find documents and read none; organisations find their own."""
    assert hidden(document(), OCCUPATIONAL, reading=True) is Hidden.RIGHTS
    ours = who(Actor.ORGANISATION, mode="INDIRECTE")
    assert hidden(document(), ours) is Hidden.OTHER_STRUCTURE
    home = Viewer(Kind.CALLER, SOMEBODY, HOUSE, Actor.ORGANISATION, "INDIRECTE")
    assert hidden(document(MASKED), home) is None
    assert hidden(document(), home, reading=True) is Hidden.RIGHTS


def test_what_nobody_sees() -> None:
    for viewer in (PATIENT, TREATING, WRITER):
        assert hidden(document(is_signature=True), viewer) is Hidden.SIGNATURE
        assert hidden(document(superseded=True), viewer) is Hidden.SUPERSEDED
    assert hidden(document(superseded=True), DOCTOR, Rules(superseded_listed=True)) is None


def test_professions_and_types() -> None:
    dentist = who(Actor.PS, profession="40")
    directives = document(type_code="EXPPAT_3")
    assert hidden(directives, dentist) is Hidden.PROFESSION
    assert hidden(directives, DOCTOR) is None
    assert hidden(directives, dentist, Rules(hidden_types=frozenset())) is None
    assert hidden(directives, who(Actor.PS, AUTHOR, profession="40")) is None


def test_every_setting_says_how_sure_it_is() -> None:
    labels = dict(Rules.labels())
    assert set(labels) == set(Rules.__slots__)
    assert all(label.startswith("supposé : ") for label in labels.values())
