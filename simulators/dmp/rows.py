"""The rows of the registry: tables, and what they hold as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.xds import Author, Code, DocumentEntry, SubmissionSet, composite, names
from schemas.xds.writer import entry_text

Facets = Mapping[str, list[str]]

SCHEMA = """
CREATE TABLE IF NOT EXISTS patient (number INTEGER PRIMARY KEY, matricule TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY, unique_id TEXT NOT NULL, version INTEGER NOT NULL, uuid TEXT NOT NULL UNIQUE,
    lid TEXT NOT NULL, submission INTEGER NOT NULL, status TEXT NOT NULL, superseded INTEGER NOT NULL,
    type_code TEXT NOT NULL, title TEXT NOT NULL, mime_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    is_signature INTEGER NOT NULL, facets TEXT NOT NULL, xml TEXT NOT NULL, UNIQUE (unique_id, version)
);
CREATE TABLE IF NOT EXISTS submission (
    id INTEGER PRIMARY KEY, unique_id TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL UNIQUE, time TEXT NOT NULL,
    body TEXT NOT NULL, received TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS link (
    source TEXT NOT NULL, target TEXT NOT NULL, type TEXT NOT NULL, submission INTEGER NOT NULL,
    PRIMARY KEY (source, target, type)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_target ON link (target);
"""
ENTRY = "SELECT e.* FROM entry e"
ENTRY_ROW = f"INSERT INTO entry VALUES ({','.join('?' * 15)})"
SET = "SELECT * FROM submission"
SET_ROW = f"INSERT INTO submission VALUES ({','.join('?' * 6)})"
LINK = "SELECT source, target, type, submission FROM link"


@dataclass(frozen=True, slots=True)
class Held:
    """One version of an entry, as the registry holds it.

    `facets` are what queries filter on, by parameter name.
    """

    unique_id: str
    version: int
    uuid: str
    lid: str
    submission: int  # number of the submission set that brought this version
    patient: str  # matricule
    status: str
    superseded: bool  # by another version of its metadata
    type_code: str
    title: str
    mime_type: str
    sha256: str
    is_signature: bool
    facets: Facets
    xml: str  # ExtrinsicObject, `rim` prefix undeclared; empty for a signature

    @property
    def flags(self) -> frozenset[str]:
        """The codes of confidentiality, without their schemes."""
        return frozenset(value.partition("^")[0] for value in self.facets["ConfidentialityCode"])

    @property
    def masked(self) -> bool:
        return names.MASQUE_PS in self.flags


@dataclass(frozen=True, slots=True)
class HeldSet:
    """A submission set; `set.id` is its entryUUID."""

    number: int
    set: SubmissionSet


@dataclass(frozen=True, slots=True)
class Link:
    """A stored association between entryUUIDs."""

    source: str
    target: str
    type: str
    submission: int


def entry_row(key: int, submission: int, entry: DocumentEntry, sha256: str) -> tuple[object, ...]:
    """The row of a complete entry. A signature is kept, never listed: it has neither facets nor XML."""
    listed = not entry.is_signature
    return (
        key,
        entry.unique_id,
        int(entry.version),
        entry.id,
        entry.lid,
        submission,
        entry.status,
        0,
        entry.type_code.code if entry.type_code else "",
        entry.title,
        entry.mime_type,
        sha256,
        int(not listed),
        json.dumps(facets(entry)) if listed else "",
        entry_text(entry) if listed else "",
    )


def held(matricule: str, row: tuple[Any, ...]) -> Held:
    """From a row without its key."""
    unique_id, version, uuid, lid, submission, status, superseded, *middle, signature, filters, xml = row
    type_code, title, mime_type, sha256 = middle
    return Held(
        unique_id,
        version,
        uuid,
        lid,
        submission,
        matricule,
        status,
        bool(superseded),
        type_code,
        title,
        mime_type,
        sha256,
        bool(signature),
        json.loads(filters) if filters else NO_FACETS,
        xml,
    )


def facets(entry: DocumentEntry) -> dict[str, list[str]]:
    """What can be filtered on, under the names of the query parameters without `$XDSDocumentEntry`."""
    return {
        "ClassCode": _coded(entry.class_code),
        "TypeCode": _coded(entry.type_code),
        "FormatCode": _coded(entry.format_code),
        "HealthcareFacilityTypeCode": _coded(entry.facility),
        "PracticeSettingCode": _coded(entry.practice_setting),
        "ConfidentialityCode": _coded(*entry.confidentiality),
        "EventCodeList": _coded(*entry.events),
        "AuthorPerson": [author.person for author in entry.authors],
        "ReferenceIdList": list(entry.reference_ids),
        "CreationTime": [entry.creation_time],
        "ServiceStartTime": [entry.service_start],
        "ServiceStopTime": [entry.service_stop],
        "people": [
            composite.person_id(text)
            for text in (*(author.person for author in entry.authors), entry.legal_authenticator)
        ],
        "structures": [
            composite.institution_id(text) for author in entry.authors for text in author.institutions
        ],
    }


def _coded(*codes: Code | None) -> list[str]:
    return [f"{code.code}^^{code.system}" for code in codes if code is not None]


NO_FACETS: Facets = {name: [] for name in facets(DocumentEntry("", "", ""))}


def set_row(key: int, one: SubmissionSet, uuid: str, received: str = "") -> tuple[object, ...]:
    """The row of a submission set. `uuid`: its entryUUID. `received`: when the DMP took it, YYYYMMDDhhmmss
    (by default when its author says that they sent it)."""
    kind = one.content_type
    body = (
        one.source_id,
        one.patient_id,
        (kind.code, kind.system, kind.display) if kind else None,
        [(author.person, author.institutions, author.roles, author.specialties) for author in one.authors],
        one.title,
        one.comments,
    )
    return (key, one.unique_id, uuid, one.submission_time, json.dumps(body), received or one.submission_time)


def held_set(row: tuple[Any, ...]) -> HeldSet:
    """From a row."""
    number, unique_id, uuid, time, body, _ = row
    source_id, patient_id, kind, authors, title, comments = json.loads(body)
    return HeldSet(
        number,
        SubmissionSet(
            uuid,
            unique_id,
            source_id,
            patient_id,
            time,
            Code(*kind) if kind else None,
            tuple(Author(person, *map(tuple, others)) for person, *others in authors),
            title,
            comments,
            status=names.APPROVED,
        ),
    )
