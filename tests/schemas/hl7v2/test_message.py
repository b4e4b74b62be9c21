"""ER7: what is read, what is refused, and nothing in between."""

import time

import pytest

from schemas import hl7v2
from schemas.hl7v2 import Hl7Refused

HEAD = "MSH|^~\\&|LPS|HOP^1750000045^L|PFI||20260101120000||ADT^A01^ADT_A01|1|T|2.5|||||FRA|UNICODE UTF-8"


def message(*lines: str, head: str = HEAD, charset: str = "utf-8") -> bytes:
    return "\r".join([head, *lines]).encode(charset)


def test_fields_repetitions_components_and_escapes() -> None:
    read = hl7v2.read(
        message("PID|1||7^^^A&1.2&ISO^PI~8^^^B&1.3&ISO^INS||D\\T\\E^L\\S\\\\E\\x\\X41\\\\.br\\|")
    )
    pid = read.first("PID")
    assert pid is not None
    assert [pid.text(one, 4, 2) for one in pid.repetitions(3)] == ["1.2", "1.3"]
    assert pid.value(3, repetition=2) == "8"
    assert (pid.value(5, 1), pid.value(5, 2)) == ("D&E", "L^\\xA\n")
    assert (pid.value(9), pid.value(3, 9), pid.value(3, repetition=4), pid.repetitions(4)) == ("", "", "", ())
    assert (read.header.value(1), read.header.value(2), read.header.value(9, 2)) == ("|", "^~\\&", "A01")
    assert (read.header.value(12), read.header.value(17)) == ("2.5", "FRA")
    assert pid.place(3) == "PID[2]-3"


def test_groups_follow_their_segment() -> None:
    read = hl7v2.read(message("OBX|1", "PRT|1", "NTE|1", "OBX|2"))
    found = [(one.value(1), [after.name for after in others]) for one, others in read.groups("OBX")]
    assert found == [("1", ["PRT", "NTE"]), ("2", [])]
    assert read.first("ZFA") is None


def test_written_then_read() -> None:
    segments = [
        ["MSH", "LPS", "", "", "", "", "", "ADT^A01", "", "", "2.5", "", "", "", "", "FRA", "8859/15"],
        ["PID", "1", "", "", "", hl7v2.escape("É|^~\\&\r\nŒ"), "", ""],
    ]
    read = hl7v2.read(hl7v2.write(segments, "8859/15"))
    pid = read.first("PID")
    assert pid is not None and pid.value(5) == "É|^~\\&\nŒ"
    assert read.charset == "8859/15"


def test_an_envelope_is_taken_off() -> None:
    assert hl7v2.read(b"\x0b" + message("PID|1\r") + b"\x1c\r").first("PID")


def test_other_delimiters() -> None:
    read = hl7v2.read(b"MSH#*!%?#LPS\rPID#1##a*b!c\r")
    pid = read.first("PID")
    assert pid is not None and [one[0] for one in pid.repetitions(3)] == ["a", "c"]


@pytest.mark.parametrize(
    ("charset", "python"), [("ASCII", "ascii"), ("8859/1", "latin-1"), ("8859/15", "iso8859-15")]
)
def test_encodings(charset: str, python: str) -> None:
    name = "E" if charset == "ASCII" else "É"
    head = HEAD.replace("UNICODE UTF-8", charset)
    pid = hl7v2.read(message(f"PID|1||||{name}", head=head, charset=python)).first("PID")
    assert pid is not None and pid.value(5) == name


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "header"),
        (b"MSH", "delimiters"),
        (b"MSH|", "delimiters"),
        (b"MSH|^~\\", "delimiters"),
        (b"MSH|^^\\&|A", "delimiters"),
        (b"MSH||||||", "delimiters"),
        (b"MSHA^~\\&A", "delimiters"),
        (b"MSH\r^~\\&\r", "delimiters"),
        (b"\x00MSH|^~\\&", "header"),
        (b"PID|1", "header"),
        ("\ufeffMSH|^~\\&|A".encode(), "header"),
        (b"\x0bMSH|^~\\&|A", "envelope"),
        (message(head=HEAD.replace("UNICODE UTF-8", "UTF-8")), "charset"),
        (message(head=HEAD.replace("UNICODE UTF-8", "\x80")), "charset"),
        (message("PID|É", charset="latin-1"), "encoding"),
        (message("PID|É", head=HEAD.replace("UNICODE UTF-8", "")), "encoding"),
        (message("PID|1\nPV1|1"), "terminator"),
        (message("PID|1", "", "PV1|1"), "segment"),
        (message("pid|1"), "segment"),
        (message("PIDX|1"), "segment"),
        (message(HEAD), "segment"),
        (message(*["OBX|1"] * 10_001), "segment"),
        (message("PID|\x00"), "control"),
        (message("PID|" + "~" * 1_000_000), "repetitions"),
        (message("PID|a\\"), "escape"),
        (message("PID|a\\Q\\"), "escape"),
        (message("PID|a\\X4\\"), "escape"),
        (b"MSH|" + b"A" * (64 * 1024 * 1024), "size"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Hl7Refused) as refused:
        hl7v2.read(data)
    assert (refused.value.reason, bool(refused.value.detail)) == (reason, True)


@pytest.mark.parametrize("hostile", ["~" * 999, "\\E\\" * 300_000, "^" * 1_000_000, "A" * 5_000_000])
def test_a_hostile_field_costs_little(hostile: str) -> None:
    started = time.perf_counter()
    segment = hl7v2.read(message(f"OBX|1||||{hostile}")).first("OBX")
    assert segment is not None
    segment.value(5)
    assert time.perf_counter() - started < 2
