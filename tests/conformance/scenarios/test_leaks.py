"""A matricule is found wherever it hides in what leaves the software."""

from dataclasses import replace

import pytest

from conformance.scenarios.leaks import carries
from simulators.core.exchange import Exchange

from .changes import Case
from .conftest import Recording

FEED, MAIL = "DMP-ALIM-01[lettre]", "MSS-ENV-02[lettre]"


def sent(case: Case, transaction: str) -> tuple[Exchange, str]:
    return case.named(transaction, -1), case.patients[-1]


def hidden(exchange: Exchange, matricule: str) -> Exchange:
    """The same exchange, the matricule written over wherever it stands in clear."""
    return replace(exchange, request_body=exchange.request_body.replace(matricule.encode(), b"0" * 15))


@pytest.mark.parametrize(
    ("key", "transaction"), [(FEED, "TD2.1"), ("EP-01[une-ligne]", "EPU.create"), (MAIL, "SMTP.message")]
)
def test_what_is_sent_about_a_qualified_patient_carries_it(
    recording: Recording, key: str, transaction: str
) -> None:
    exchange, matricule = sent(recording.cases[key], transaction)
    assert carries(exchange, matricule).startswith(exchange.id)
    assert carries(exchange, "255069999999934") == ""


def test_it_is_found_in_the_print_inside_the_cda(recording: Recording) -> None:
    exchange, matricule = sent(recording.cases[FEED], "TD2.1")
    assert carries(hidden(exchange, matricule), matricule).endswith("PDF")


def test_it_is_found_in_the_archive_of_a_mail(recording: Recording) -> None:
    exchange, matricule = sent(recording.cases[MAIL], "SMTP.message")
    assert "IHE_XDM.zip!" in carries(hidden(exchange, matricule), matricule)


def test_it_is_found_in_an_encoded_text() -> None:
    mail = (
        b"From: a@b.fr\r\nTo: c@d.fr\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nMjU1MDY5OTk5OTk5OTM0\r\n"
    )
    exchange = replace(EMPTY, request_body=mail)
    assert carries(exchange, "255069999999934").endswith("text/plain")


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4 broken", b"PK\x03\x04 broken", b"<broken", b"\x00\xff"])
@pytest.mark.parametrize("service", ["mssante", "dmp", "epu"])
def test_what_cannot_be_read_carries_nothing(body: bytes, service: str) -> None:
    head = 'POST / HTTP/1.1\r\nContent-Type: multipart/related; boundary="b"'
    exchange = replace(EMPTY, service=service, request_head=head, request_body=body)
    assert carries(exchange, "255069999999934") == ""


EMPTY = Exchange(1, "mssante", "SMTP.message", started=None, duration=0.0)  # type: ignore[arg-type]
