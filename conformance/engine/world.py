"""The world around the software under test: what a scenario may arrange, live or recorded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from schemas.finding import Finding
from simulators.core.exchange import Exchange
from simulators.core.faults import Fault
from simulators.core.population import Patient


class View(Protocol):
    """What scenarios may read: the journal, live or recorded."""

    @property
    def position(self) -> int: ...

    def exchanges(
        self, *, since: int = 0, service: str | None = None, transaction: str | None = None
    ) -> list[Exchange]: ...

    def findings(self, exchange: Exchange) -> tuple[Finding, ...]: ...

    def wait_for(
        self, found: Callable[[list[Exchange]], bool], *, since: int = 0, timeout: float = 10.0
    ) -> bool: ...

    def settle(self, timeout: float = 30.0) -> None: ...


class World(Protocol):
    """What a scenario may arrange around the software. A recorded world does nothing: it already happened."""

    @property
    def journal(self) -> View: ...

    @property
    def window(self) -> float:
        """Seconds during which an absence is observed."""
        ...

    @property
    def patience(self) -> float:
        """Seconds to wait for what is expected."""
        ...

    def patient(self, key: str, **persona: Any) -> Patient:
        """The synthetic patient of this key, known to the services as the persona says."""
        ...

    def schedule(self, fault: Fault) -> None: ...

    def shift_clock(self, by: timedelta) -> None:
        """Set the services' clock apart from the software's."""
        ...

    def calm(self) -> None:
        """Forget faults and clock shift."""
        ...

    def browse(self, url: str, user: str, fault: str = "") -> str:
        """Play the user's browser on a login page; returns the text of the last page."""
        ...

    def open_web(self, url: str, user: str, by: str) -> dict[str, str]:
        """Play the user's browser on a link to Web PS, `by` their `card` (TD0.9) or a `login` (TD0.10).

        Returns `status`, the HTTP status of the page shown; or `elsewhere`, where the link leads when that is
        not the Web PS of the bench: it is not opened then. Raises VisitRefused when the browser fails.
        """
        ...

    def mes(self, patient: Patient, gesture: str, **fields: Any) -> None:
        """The patient decides in Mon espace santé: one of `dmp.mes.gestures`, with its fields.

        `block` with `professional`, `mask` with `document`, `close` with `reason`…
        """
        ...

    def deposit_report(self, patient: Patient) -> str:
        """A laboratory feeds the patient's DMP with a report; returns its uniqueId."""
        ...

    def deposit(self, patient: Patient, **options: Any) -> str:
        """Somebody else feeds the patient's DMP with a document of a chosen kind, author, date, status or
        bytes (`simulators.dmp.others.Others.deposit`); returns its uniqueId."""
        ...

    def deposit_many(self, patient: Patient, count: int) -> tuple[str, ...]:
        """So many varied documents of others, drawn from the seed; returns their uniqueIds."""
        ...

    def authorise(self, patient: Patient, state: str, **options: Any) -> None:
        """The patient authorises or blocks somebody, or an authorisation ends: `VALIDE`, `INTERDIT`,
        `EXPIRE`, `NON_EXISTE`. Options: `holder` (the test doctor by default), `treating`."""
        ...

    def close_dmp(self, patient: Patient, reason: str = "") -> Patient:
        """The patient closes their DMP; returns them as they are now."""
        ...

    def oppose(self, patient: Patient, **which: bool) -> Patient:
        """The patient changes `glass`, `regulation`, `masked_in_emergency`; returns them as they are now."""
        ...

    def change_ins(self, patient: Patient) -> Patient:
        """The patient gets another INS; returns them with the former one."""
        ...

    def send_report(self, patient: Patient, variant: str = "nominal") -> dict[str, str]:
        """A laboratory mails a report to the doctor; returns `message_id` and `unique_id`."""
        ...

    def send_mail(self, patient: Patient, **options: Any) -> dict[str, str]:
        """A patient writes to the doctor; returns `message_id`."""
        ...

    def together(
        self, slow: Callable[[], object], arrived: Callable[[], None], quick: Callable[[], object]
    ) -> None:
        """Begin `slow`, wait for `arrived`, do `quick` beside it, then wait for `slow` to end."""
        ...

    def kick(self) -> None:
        """The mail operator ends every open session."""
        ...
