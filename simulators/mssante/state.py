"""What the operator remembers: domains, mailboxes, folders, messages, and who may answer whom."""

import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from simulators.core import identities
from simulators.core.clock import Clock
from simulators.core.identities import Professional, Structure

PATIENT_DOMAIN = "patient.mssante.fr"
BEHAVIOUR_DOMAIN = "comportement.test.mssante.fr"
PER, ORG, APP = "PER", "ORG", "APP"  # TRE_R257-TypeBAL
FOLDERS = (("INBOX", ""), ("Drafts", "\\Drafts"), ("Sent", "\\Sent"), ("Trash", "\\Trash"))


@dataclass(slots=True, eq=False)
class Message:
    """A stored mail. `source` never changes; flags do (RFC 3501 §2.3.2)."""

    uid: int
    source: bytes
    received: datetime
    flags: set[str] = field(default_factory=set)
    recent: bool = True


@dataclass(slots=True, eq=False)
class Folder:
    """Messages in order of UID. `watchers` are called after each change, from any thread."""

    name: str
    uid_validity: int
    special: str = ""
    uid_next: int = 1
    messages: list[Message] = field(default_factory=list)
    watchers: list[Callable[[], None]] = field(default_factory=list)
    subscribed: bool = True


@dataclass(slots=True, eq=False)
class Mailbox:
    """A mailbox of this operator. `state`: `active`, `suspended` or `closed`."""

    address: str
    kind: str
    label: str
    structure: str  # Struct_IdNat that owns it
    professionals: tuple[str, ...] = ()  # PS_IdNat of those who may open it
    state: str = "active"
    quota: int | None = None  # bytes
    folders: dict[str, Folder] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(len(message.source) for folder in self.folders.values() for message in folder.messages)


class World:
    """The operator's memory. Thread-safe: the mail servers and the scenarios both write to it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.mailboxes: dict[str, Mailbox] = {}
        self.domains: set[str] = {PATIENT_DOMAIN, BEHAVIOUR_DOMAIN}
        self.no_reply: set[tuple[str, str]] = set()  # (matricule, mailbox) closed by X-MSS-MES: FIN
        self._validity = int(clock.now().timestamp())

    def add(
        self,
        address: str,
        kind: str,
        label: str,
        structure: str,
        professionals: Iterable[str] = (),
        *,
        state: str = "active",
        quota: int | None = None,
    ) -> Mailbox:
        """Open a mailbox (and its domain in the white list). Replaces one of the same address."""
        mailbox = Mailbox(address, kind, label, structure, tuple(professionals), state, quota)
        with self.lock:
            for name, special in FOLDERS:
                self.make_folder(mailbox, name, special)
            self.mailboxes[address.lower()] = mailbox
            self.domains.add(address.rpartition("@")[2].lower())
        return mailbox

    def find(self, address: str) -> Mailbox | None:
        with self.lock:
            return self.mailboxes.get(address.lower())

    def make_folder(self, mailbox: Mailbox, name: str, special: str = "") -> Folder:
        """A new empty folder, with a UIDVALIDITY never used before."""
        with self.lock:
            self._validity += 1
            folder = Folder(name, self._validity, special)
            mailbox.folders[name] = folder
            return folder

    def store(
        self, folder: Folder, source: bytes, flags: Iterable[str] = (), received: datetime | None = None
    ) -> Message:
        """Put a mail in a folder and tell who watches it."""
        with self.lock:
            message = Message(folder.uid_next, source, received or self.clock.now(), set(flags))
            folder.uid_next += 1
            folder.messages.append(message)
        self.changed(folder)
        return message

    def remove(self, folder: Folder, gone: Iterable[Message]) -> None:
        """Erase messages from a folder; those already gone are no error."""
        names = {id(message) for message in gone}
        with self.lock:
            folder.messages = [message for message in folder.messages if id(message) not in names]
        self.changed(folder)

    def changed(self, folder: Folder) -> None:
        with self.lock:
            watchers = list(folder.watchers)
        for watcher in watchers:
            watcher()

    def watch(self, folder: Folder, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` after each change of this folder; returns the way to stop."""
        with self.lock:
            folder.watchers.append(watcher)

        def stop() -> None:
            with self.lock, contextlib.suppress(ValueError):
                folder.watchers.remove(watcher)

        return stop

    def trusted(self, domain: str) -> bool:
        """Whether a domain is in the white list of the (test) trust space."""
        with self.lock:
            return domain.lower() in self.domains

    def clear(self) -> None:
        """Empty every mailbox and forget who may not answer."""
        with self.lock:
            self.no_reply.clear()
            for mailbox in self.mailboxes.values():
                for folder in mailbox.folders.values():
                    self.remove(folder, tuple(folder.messages))


def sender_label(professional: Professional) -> str:
    """The label of a personal mailbox: title, first name, NAME (ECO.2.2.7)."""
    title = "Dr" if professional.profession == "10" else professional.civility.capitalize()
    return f"{title}_{professional.given.capitalize()}_{professional.family}_{professional.structure.name}"


def test_world(clock: Clock) -> World:
    """The mailboxes of the test identities: one PER each, ORG and APP ones for their structures."""
    world = World(clock)
    for professional in identities.PROFESSIONALS:
        world.add(
            professional.mailbox,
            PER,
            sender_label(professional),
            professional.structure.id_nat,
            (professional.id_nat,),
        )
    for owner, local in ((identities.MEDECIN, "cabinet"), (identities.PHARMACIEN, "officine")):
        structure, domain = owner.structure, owner.mailbox.rpartition("@")[2]
        _shared(world, f"{local}@{domain}", ORG, structure, (owner.id_nat,))
        _shared(world, f"app.{local}@{domain}", APP, structure)
    _shared(world, identities.LABO_MAILBOX, APP, identities.LABORATOIRE)
    return world


def _shared(
    world: World, address: str, kind: str, structure: Structure, professionals: tuple[str, ...] = ()
) -> None:
    world.add(address, kind, structure.name, structure.id_nat, professionals)
