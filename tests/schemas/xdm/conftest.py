"""One conformant archive of a level-1 letter, and the parts to make bad ones."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from schemas import cda, xdm, xds
from schemas.ins import Ins, key

NOW = datetime(2026, 3, 2, 9, 30, 40, tzinfo=UTC)


class Parts(NamedTuple):
    submission: xds.Submission
    documents: dict[str, bytes]
    sender: xdm.Sender

    def archive(self, **changes: object) -> bytes:
        """The zip, with changes to the first entry."""
        first, *others = self.submission.entries
        entries = (replace(first, **changes), *others)  # type: ignore[arg-type]
        return xdm.write_archive(
            replace(self.submission, entries=entries), self.documents, self.sender, now=NOW
        )


def document(unique_id: str, matricule: str = "2790351215189") -> bytes:
    patient = cda.PatientIdentity(
        Ins(matricule + key(matricule)), (), "PAT-TROIS", "DOMINIQUE", "DOMINIQUE", "F", "19790328", "51215"
    )
    author = cda.Person(
        "899700100011",
        family="DESCHAMPS-TEST",
        given="CAMILLE",
        code=cda.Code("G15_10/SM26", "1.2.250.1.213.1.1.4.5", "Médecin"),
        organisation_id="499700100011001",
        organisation_name="CABINET DU BANC",
    )
    header = cda.Header(unique_id, "1.2.250.1.999.1.9", NOW, patient, author)
    return cda.build_document(cda.DocumentSpec(header, "lettre", b"%PDF-1.4 lettre"))


def parts_of(*documents: bytes) -> Parts:
    entries = [
        xds.entry_from_cda(cda.read(data), data, entry_id=f"Document{rank:02d}", with_hash=False)
        for rank, data in enumerate(documents, 1)
    ]
    submission = xds.new_submission(
        entries,
        unique_id="1.2.250.1.999.2.1",
        source_id="1.2.250.1.999.2",
        author=entries[0].authors[0],
        content_type=xds.Code("07", "1.2.250.1.213.2.2", "Consultations (soins externes)"),
        now=NOW,
    )
    sender = xdm.Sender("Camille DESCHAMPS-TEST", "CABINET DU BANC & <fils>")
    return Parts(submission, {f"Document{r:02d}": d for r, d in enumerate(documents, 1)}, sender)


@pytest.fixture(scope="session")
def parts() -> Parts:
    return parts_of(document("1.2.250.1.999.1.1"))


@pytest.fixture(scope="session")
def two_persons() -> Parts:
    return parts_of(document("1.2.250.1.999.1.1"), document("1.2.250.1.999.1.2", "1990134172021"))
