"""The journal on disk: a file of JSON lines and a file of bodies, for one process or for several at once.

Each exchange is a line, chained to the line before it whoever wrote that one: the processes that share a
ledger take turns (a lock on the file), so that there is one numbering, one chain and one thing to read.
Judgement comes later, on lines of its own, outside of the chain, as findings are in records. A process that
dies leaves at most one half line, which the next writer takes away, and bytes that no line names. Bodies are
one after the other in their file: a line says the SHA-256, the first byte and the length of each of its own.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.finding import Finding

from .clock import iso
from .exchange import Exchange, Line, Tls

FILE = "journal.jsonl"
BODIES = "evidence.bin"
CERTIFICATE = "certificate"  # beside `request` and `response`; it is not in the chain
CERTIFICATES = 1_000  # of clients, whose place is remembered: one is written once
_EXCHANGE = b'{"number":'  # how the line of an exchange starts
_STEP = 1 << 20  # bytes read at once

Place = tuple[str, int, int]  # of a body: SHA-256, first byte, length


class Ledger:
    """A folder that holds a journal. Not safe to use from several threads: the journal's lock is above it."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self._durable = durable
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._bodies = os.open(folder / BODIES, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._places: dict[str, Place] = {}  # of certificates
        self._read = 0  # bytes of the file that this process knows
        self.last = 0  # number of the last exchange, whoever wrote it
        self._chain = ""
        with self._turn():
            self._catch_up(lambda line: None)

    def close(self) -> None:
        os.close(self._file)
        os.close(self._bodies)

    def append(self, exchange: Exchange, heard: Callable[[bytes], object]) -> Exchange:
        """Number, chain and write an exchange; returns it as written.

        `heard` gets the lines that others wrote since the last call, in their order.
        """
        bodies = [(name, body, hashlib.sha256(body).hexdigest()) for name, body in _bodies(exchange)]
        links = {name: sha256 for name, _, sha256 in bodies if name != CERTIFICATE}
        with self._turn():
            self._catch_up(heard)
            names = {name: self._put(name, body, sha256) for name, body, sha256 in bodies}
            draft = replace(exchange, number=self.last + 1)
            stored = replace(draft, chain=draft.seal(self._chain, links))
            self._write(_told(stored, names))
            self.last, self._chain = stored.number, stored.chain
        return stored

    def judged(self, number: int, findings: Iterable[Finding], heard: Callable[[bytes], object]) -> None:
        """Write what was found about an exchange after its answer had left."""
        self._later(number, {"findings": [one.as_dict() for one in findings]}, heard)

    def failed(self, number: int, error: str, heard: Callable[[bytes], object]) -> None:
        """Write that the bench failed at an exchange."""
        self._later(number, {"error": error}, heard)

    def news(self, heard: Callable[[bytes], object]) -> None:
        """Hear what others wrote since the last call."""
        if os.fstat(self._file).st_size != self._read:
            with self._turn():
                self._catch_up(heard)

    def exchange(self, line: bytes) -> Exchange | None:
        """The exchange of a line, bodies included; None when the line is not one.

        Raises ValueError or KeyError when the line or a body was altered.
        """
        return _opened(line, self._bodies)

    def intact(self) -> bool:
        """Whether the chain holds from the first line to the last, bodies included. Reads everything."""
        try:
            return verify(self.path.parent).number >= self.last
        except Broken:
            return False

    # -- inside ------------------------------------------------------------------------------------

    @contextmanager
    def _turn(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _later(self, number: int, told: dict[str, Any], heard: Callable[[bytes], object]) -> None:
        with self._turn():
            self._catch_up(heard)
            self._write({"of": number, **told})

    def _put(self, name: str, body: bytes, sha256: str) -> Place:
        """Write a body at the end of their file. Called in turn."""
        known = self._places.get(sha256) if name == CERTIFICATE else None
        if known is not None:
            return known
        place = (sha256, os.fstat(self._bodies).st_size, len(body))
        if os.write(self._bodies, body) != len(body):
            raise OSError(f"{self.path.with_name(BODIES)}: not all of {len(body)} bytes written")
        if self._durable:
            os.fsync(self._bodies)
        if name == CERTIFICATE and len(self._places) < CERTIFICATES:
            self._places[sha256] = place
        return place

    def _write(self, told: dict[str, Any]) -> None:
        line = json.dumps(told, ensure_ascii=True, separators=(",", ":"), default=str).encode() + b"\n"
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, self._read)
            raise OSError(f"{self.path}: {written} bytes of {len(line)} written")
        if self._durable:
            os.fsync(self._file)
        self._read += len(line)

    def _catch_up(self, heard: Callable[[bytes], object]) -> None:
        """Read what others wrote. Called in turn: a half line can only be of a process that died."""
        size = os.fstat(self._file).st_size
        rest = last = b""
        while self._read + len(rest) < size:
            rest += os.pread(self._file, _STEP, self._read + len(rest))
            *lines, rest = rest.split(b"\n")
            for line in lines:
                self._read += len(line) + 1
                last = line if line.startswith(_EXCHANGE) else last
                heard(line)
        if last:
            told = json.loads(last)
            self.last, self._chain = told["number"], told["chain"]
        if rest:
            os.ftruncate(self._file, self._read)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a ledger was verified: bytes of the file, number and chain of the last exchange."""

    offset: int = 0
    number: int = 0
    chain: str = ""


class Broken(ValueError):
    """The chain of a ledger does not hold. The message says where."""


def verify(folder: Path, since: Mark = Mark(), seen: Callable[[Exchange], object] = lambda _: None) -> Mark:
    """Verify a ledger, bodies included, from a mark that was verified; `seen` gets each exchange.

    Returns how far it holds. Raises Broken. The processes that write it may go on meanwhile.
    """
    offset, number, chain = since.offset, since.number, since.chain
    with (folder / FILE).open("rb") as file, (folder / BODIES).open("rb") as bodies:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                break  # being written
            offset += len(line)
            try:
                exchange = _opened(line, bodies.fileno())
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise Broken(f"after x{number:06d}: {type(error).__name__}: {error}") from None
            if exchange is None:
                continue
            number += 1
            chain = replace(exchange, chain="").seal(chain)
            if (exchange.number, exchange.chain) != (number, chain):
                raise Broken(f"{exchange.id}, expected x{number:06d}: it does not follow what is before it")
            seen(exchange)
    return Mark(offset, number, chain)


def _opened(line: bytes, bodies: int) -> Exchange | None:
    if not line.startswith(_EXCHANGE):
        return None
    told = json.loads(line)
    names = told.pop("evidence")
    read = {name: _body(bodies, name, *place) for name, place in names.items()}
    tls = told.pop("tls")
    return Exchange(
        **{
            **told,
            "started": datetime.fromisoformat(told["started"]),
            "dialogue": tuple(Line(*line) for line in told["dialogue"]),
            "request_body": read.get("request", b""),
            "response_body": read.get("response", b""),
            "tls": Tls(**tls, client_certificate=read.get(CERTIFICATE)) if tls else None,
        }
    )


def _body(file: int, name: str, sha256: str, first: int, length: int) -> bytes:
    """The bytes of a body. The chain tells whether they are right, but of a certificate: it leaves it out."""
    body = os.pread(file, length, first)
    if len(body) != length or (name == CERTIFICATE and hashlib.sha256(body).hexdigest() != sha256):
        raise ValueError(f"the {name} at byte {first} is not the one that was written")
    return body


def judgement(line: bytes) -> tuple[int, tuple[Finding, ...], str] | None:
    """Of a line that is no exchange: which exchange it is about, findings, and what failed."""
    if line.startswith(_EXCHANGE):
        return None
    told = json.loads(line)
    found = tuple(Finding.from_dict(one) for one in told.get("findings", ()))
    return int(told["of"]), found, str(told.get("error", ""))


def _bodies(exchange: Exchange) -> Iterator[tuple[str, bytes]]:
    certificate = exchange.tls.client_certificate if exchange.tls else None
    named = {
        "request": exchange.request_body,
        "response": exchange.response_body,
        CERTIFICATE: certificate,
    }
    return ((name, body) for name, body in named.items() if body)


def _told(exchange: Exchange, names: dict[str, Place]) -> dict[str, Any]:
    """An exchange as its line says it: the number first, where its bodies are."""
    tls = exchange.tls
    return {
        "number": exchange.number,
        "chain": exchange.chain,
        "service": exchange.service,
        "transaction": exchange.transaction,
        "started": iso(exchange.started),
        "duration": exchange.duration,
        "request_head": exchange.request_head,
        "response_head": exchange.response_head,
        "dialogue": [[line.side, line.text] for line in exchange.dialogue],
        "tls": {k: v for k, v in asdict(tls).items() if k != "client_certificate"} if tls else None,
        "facts": exchange.facts,
        "scenario": exchange.scenario,
        "fault": exchange.fault,
        "evidence": names,
    }
