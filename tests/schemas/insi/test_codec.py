"""Requests of several clients are read alike; answers have the recorded bytes and are read back."""

from pathlib import Path

import pytest

from schemas import insi

from .conftest import NOW, Judge

FOUND = insi.Identity(
    "2751263220749", "74", "1.2.250.1.213.1.4.10", "ADRUN", "ZOE", "F", "1975-12-31", "63220"
)


def test_request_round_trip(sound: bytes) -> None:
    read = insi.read_request(sound)
    assert read.operation == "traits"
    assert read.traits == insi.Traits("D'ADRUN-TEST", ("ZOE",), "F", "1975-12-31", "63220")
    assert (read.idam, read.emitter) == ("SIMU0001", "499700100011001")
    assert len(read.identifiers()) == 3


def test_markup_in_traits_is_escaped(sound: bytes) -> None:
    spoilt = sound.replace(b"ZOE", b"&lt;Prenom&gt;<!-- x -->&amp;")
    traits = insi.read_request(spoilt).traits
    assert traits is not None
    assert traits.given == "<Prenom>&"
    again = insi.write_traits_request(
        traits,
        insi.Software("<>&", "a", "1", "i"),
        message_id="m",
        bam_id="b",
        lps_id="l",
        now=NOW,
        emitter="&",
    )
    assert insi.read_request(again).traits == traits


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<a", "malformed"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "dtd"),
        (b"<a/>", "not-soap"),
        (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', "soap-1.1"),
        (b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"/>', "no-body"),
        (
            b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>',
            "empty-body",
        ),
        (
            b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><x/></e:Body></e:Envelope>',
            "unknown-operation",
        ),
    ],
)
def test_refused_requests(data: bytes, reason: str) -> None:
    with pytest.raises(insi.RequestRefused) as refused:
        insi.read_request(data)
    assert refused.value.reason == reason


def test_answer_has_the_recorded_layout() -> None:
    text = insi.write_answer("00", FOUND).decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap=')
    assert "<env:Body xmlns:S=" in text
    assert "<Prenom>" not in text
    assert (
        "<INSACTIF><IdIndividu><NumIdentifiant>2751263220749</NumIdentifiant><Cle>74</Cle></IdIndividu><OID>"
        in text
    )


def test_answers_are_read_back() -> None:
    assert insi.read_answer(insi.write_answer("00", FOUND)) == insi.Answer("00", "OK", FOUND)
    assert insi.read_answer(insi.write_answer("01")).label == "Aucune identite trouvee"
    assert insi.read_answer(insi.write_answer("02")).identity is None
    assert insi.read_answer(insi.write_answer("07", label="?")).code == "07"


@pytest.mark.parametrize("layout", ["soap", "soap-plain", "S"])
def test_faults_are_read_back(layout: str) -> None:
    data = insi.write_fault(
        "insi_102",
        subcode="siram_40",
        sender=False,
        severity="fatal",
        reason="l'appel & <rien>",
        text="erreur",
        message_id='uuid:"&',
        layout=layout,
    )
    with pytest.raises(insi.InsiFault) as fault:
        insi.read_answer(data)
    assert (fault.value.code, fault.value.subcode) == ("insi_102", "siram_40")
    assert fault.value.reason == "l'appel & <rien>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<h1>Internal Server Error</h1>", "not-soap"),
        (insi.write_answer("00", FOUND)[:400], "malformed"),
        (insi.write_answer("00"), "no-result"),
        (insi.write_answer(""), "no-code"),
    ],
)
def test_broken_answers_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(insi.AnswerRefused) as refused:
        insi.read_answer(data)
    assert refused.value.reason == reason


def test_sample_requests_are_read(samples: Path, judged: Judge) -> None:
    for path in sorted(samples.glob("requests/*.xml")):
        read = insi.read_request(path.read_bytes())
        assert read.idam, path.name
        assert (read.traits is None) != (read.card is None)
        rules = {finding.rule for finding in judged(path.read_bytes(), content_type="", idams=None)}
        assert not rules & {"INSI-CORPS-01", "INSI-LPS-01", "INSI-BAM-01", "INSI-TRAITS-02"}, path.name


def test_cnda_file_out_of_order_is_read(samples: Path) -> None:
    answer = insi.read_answer((samples / "responses/CNDA_TEST_2.04_cas2.xml").read_bytes())
    assert answer.identity is not None
    assert len(answer.identity.history) == 2
    assert answer.warnings
