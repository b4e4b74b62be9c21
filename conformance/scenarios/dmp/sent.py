"""What the software put in the DMP, read from the journal: which documents, in which order, their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.engine.bench import Bench, Known
from conformance.engine.outcomes import NonTestable
from schemas import cda, xds
from schemas.messages import text
from schemas.soap import envelope, message
from schemas.soap.mtom import MultipartRefused
from schemas.xml import XmlRefused
from simulators.core.exchange import Exchange

REFUSED = (MultipartRefused, XmlRefused, envelope.EnvelopeRefused, ValueError)


@dataclass(frozen=True, slots=True)
class Sent:
    """A document as it was sent: metadata and CDA."""

    entry: xds.DocumentEntry
    document: cda.ClinicalDocument


def ids_of(feeds: Sequence[Exchange]) -> list[str]:
    """The uniqueIds of these feeds, in order."""
    return [str(document["unique_id"]) for fed in feeds for document in fed.facts["documents"]]


def feeds(bench: Bench, patient: Known | None = None, *, since: int | None = None) -> list[Exchange]:
    """The feeds that the DMP accepted for this patient (or anybody), in order."""
    whose = {"patient": patient.matricule} if patient else {}
    return bench.seen("dmp", "TD2.1", since=since, outcome="accepted", **whose)


def await_documents(bench: Bench, patient: Known, count: int, *, since: int) -> list[Exchange]:
    """The accepted feeds of this patient, once that many documents were sent or patience has run out.

    A document that the DMP refused was sent too: nothing more is waited for.
    """

    def there(_: list[Exchange]) -> bool:
        tried = bench.seen("dmp", "TD2.1", since=since, patient=patient.matricule)
        return len(set(ids_of([one for one in tried if "documents" in one.facts]))) >= count

    bench.world.journal.wait_for(there, since=since, timeout=bench.world.patience)
    return feeds(bench, patient, since=since)


def holding(found: Sequence[Exchange], unique_id: str) -> Exchange | None:
    """The first of these feeds that holds this document."""
    return next((fed for fed in found if unique_id in ids_of([fed])), None)


def open_feed(fed: Exchange) -> list[Sent]:
    """The documents of a feed, from its bytes. Raises NonTestable when they cannot be read."""
    rows = [row.partition(":") for row in fed.request_head.splitlines()]
    content_type = next((value.strip() for name, _, value in rows if name.lower() == "content-type"), "")
    try:
        carried = message.read(content_type, fed.request_body)
        body = envelope.read(carried.root).body
        provided = xds.read_provide(body, carried.referenced(body))
        return [
            Sent(entry, cda.read(provided.documents[entry.id])) for entry in provided.submission.documents
        ]
    except REFUSED as error:
        reason = text("outcome.not-understood", "fr", name="documents", place=fed.id)
        raise NonTestable(f"{reason} ({error})") from None


def sent_as(found: Sequence[Exchange], unique_id: str) -> Sent:
    """The document of this uniqueId among these feeds. Raises NonTestable when none holds it."""
    fed = holding(found, unique_id)
    if fed is None:
        wanted = f"dmp TD2.1 {unique_id}"
        raise NonTestable(text("outcome.not-seen", "fr", wanted=wanted))
    return open_feed(fed)[ids_of([fed]).index(unique_id)]
