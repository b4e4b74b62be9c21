"""From a finished piece of dialogue to an exchange in the journal, judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.finding import Finding
from simulators.core.exchange import Exchange, Line, Tls
from simulators.core.service import Context

from .content import ContentJudge
from .rules import RULES

SERVICE = "mssante"


@dataclass(slots=True)
class Recorder:
    """Writes exchanges. `judge_content` runs after the answer, in the journal's worker."""

    context: Context
    judge_content: ContentJudge | None = None

    def record(
        self,
        transaction: str,
        *,
        started: datetime,
        ticks: float,
        dialogue: tuple[Line, ...],
        facts: Mapping[str, Any],
        tls: Tls | None,
        request_body: bytes = b"",
        response_body: bytes = b"",
        fault: str = "",
    ) -> Exchange:
        """Append one exchange; `ticks` is the monotonic instant of its start."""
        draft = Exchange(
            number=0,
            service=SERVICE,
            transaction=transaction,
            started=started,
            duration=round(max(0.0, self.context.clock.ticks() - ticks), 6),
            request_body=request_body,
            response_body=response_body,
            dialogue=dialogue,
            tls=tls,
            facts=dict(facts),
            fault=fault,
        )
        stored = self.context.journal.append(draft, RULES.judge(draft))
        judge = self.judge_content
        if judge is not None and transaction == "SMTP.message" and request_body:
            self.context.journal.judge_later(stored, lambda: judge(request_body, dict(stored.facts)))
        return stored

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        """Every finding about a recorded mail exchange, with today's rules."""
        findings = RULES.judge(exchange)
        if (
            self.judge_content is not None
            and exchange.transaction == "SMTP.message"
            and exchange.request_body
        ):
            findings += list(self.judge_content(exchange.request_body, dict(exchange.facts)))
        return findings
