"""From a finished piece of dialogue to an exchange in the journal, judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.finding import Finding
from simulators.core.exchange import Exchange, Line, Tls
from simulators.core.service import Context

from .judgement import Content, ContentJudge
from .rules import RULES

SERVICE = "mssante"


@dataclass(slots=True)
class Recorder:
    """Writes exchanges. The content of mails is judged after the answer, in the journal's worker."""

    context: Context
    judge: ContentJudge

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
        content: Content | None = None,
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
        if content is not None:
            self.context.journal.judge_later(
                stored, lambda: self.judge.judge(request_body, stored.facts, content)
            )
        return stored

    def rejudge(self, exchange: Exchange) -> list[Finding]:
        """Every finding about a recorded mail exchange, with today's rules."""
        findings = RULES.judge(exchange)
        if exchange.transaction == "SMTP.message" and exchange.request_body:
            findings += self.judge.judge(exchange.request_body, exchange.facts)
        return findings
