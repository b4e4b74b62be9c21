"""What a wrong software would have done, as changes made to the recorded exchanges of one case.

Numbers of exchanges are spaced out (`SPACING`), so that others fit between them.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import SMTP
from typing import Any
from zipfile import ZipFile

from simulators.core.exchange import Exchange

SPACING = 100


@dataclass(frozen=True, slots=True)
class Case:
    """The recorded exchanges of one case, and the matricules of its patients in order of appearance."""

    exchanges: tuple[Exchange, ...]
    patients: tuple[str, ...]

    def named(self, transaction: str, nth: int) -> Exchange:
        """The nth exchange of this transaction."""
        return [item for item in self.exchanges if item.transaction == transaction][nth]

    def swapped(self, old: Exchange, new: Exchange) -> "Case":
        return replace(self, exchanges=tuple(new if item is old else item for item in self.exchanges))

    def answer(self, action: str, nth: int = -1) -> dict[str, Any]:
        """What the software answered to this action."""
        return dict(json.loads(self.named(f"SUT.{action}", nth).response_body))


Change = Callable[[Case], Case]
Late = Callable[[Case], object]  # a value that depends on the case
Facts = Mapping[str, object]  # values (or `Late` ones) by path
Body = Callable[[Case, bytes], bytes]  # another request, from the recorded one


def last_patient(case: Case) -> str:
    return case.patients[-1]


def both(*changes: Change) -> Change:
    """All of these changes, in order."""

    def change(case: Case) -> Case:
        for one in changes:
            case = one(case)
        return case

    return change


def put(target: Any, path: str, value: object) -> Any:
    """A copy of a JSON value with another one at this path (`documents.0.title`; `*`: all keys or items)."""
    step, _, rest = path.partition(".")
    if step == "*":
        steps = list(target) if isinstance(target, Mapping) else [str(rank) for rank in range(len(target))]
        for one in steps:
            target = put(target, f"{one}.{rest}" if rest else one, value)
        return target
    if isinstance(target, list):
        copy = list(target)
        copy[int(step)] = put(copy[int(step)], rest, value) if rest else value
        return copy
    return {**target, step: put(target.get(step, {}), rest, value) if rest else value}


def says(
    action: str,
    data: Mapping[str, object] | None = None,
    *,
    outcome: str = "",
    shows: Sequence[str] | None = None,
    nth: int = -1,
) -> Change:
    """The software answers otherwise: values by path in `data`, outcome, messages shown as errors."""

    def change(case: Case) -> Case:
        said, answer = case.named(f"SUT.{action}", nth), case.answer(action, nth)
        for path, value in (data or {}).items():
            answer = put(answer, f"data.{path}", value(case) if callable(value) else value)
        answer["outcome"] = outcome or answer["outcome"]
        if shows is not None:
            answer["messages"] = [{"level": "error", "text": text} for text in shows]
        body = json.dumps(answer, ensure_ascii=False).encode()
        facts = {**said.facts, "outcome": answer["outcome"]}
        return case.swapped(said, replace(said, response_body=body, facts=facts))

    return change


def silent(action: str, *, nth: int = -1) -> Change:
    """The user is shown nothing."""
    return says(action, shows=(), nth=nth)


def sends(transaction: str, facts: Facts, *, nth: int = -1, body: Body | None = None) -> Change:
    """What the software sent is another request, with other facts by path."""

    def change(case: Case) -> Case:
        sent = case.named(transaction, nth)
        return case.swapped(sent, otherwise(case, sent, facts, body))

    return change


def otherwise(case: Case, exchange: Exchange, facts: Facts, body: Body | None) -> Exchange:
    held: Any = dict(exchange.facts)
    for path, value in facts.items():
        held = put(held, path, value(case) if callable(value) else value)
    request = body(case, exchange.request_body) if body else exchange.request_body
    return replace(exchange, facts=held, request_body=request)


def rewrites(transaction: str, pattern: str, new: str, *, nth: int = -1) -> Change:
    """In the request, head and body, the first text of this pattern is another one."""

    def change(case: Case) -> Case:
        sent = case.named(transaction, nth)
        head, in_head = re.subn(pattern, new, sent.request_head, count=1)
        body, in_body = re.subn(pattern.encode(), new.encode(), sent.request_body, count=1)
        assert in_head or in_body, f"{pattern} is not in {transaction}"
        return case.swapped(sent, replace(sent, request_head=head, request_body=body))

    return change


def archives(pattern: str, new: str, *, nth: int = -1) -> Change:
    """In METADATA.XML of the mailed archive, the first text of this pattern is another one."""

    def change(case: Case) -> Case:
        sent = case.named("SMTP.message", nth)
        mail = message_from_bytes(sent.request_body)
        part = next(one for one in mail.walk() if one.get_content_type() == "application/zip")
        written = io.BytesIO()
        with ZipFile(io.BytesIO(part.get_payload(decode=True))) as old, ZipFile(written, "w") as other:
            for item in old.infolist():
                data = old.read(item)
                if item.filename.endswith("METADATA.XML"):
                    data = re.sub(pattern.encode(), new.encode(), data, count=1)
                other.writestr(item, data)
        part.set_payload(base64.encodebytes(written.getvalue()))
        return case.swapped(sent, replace(sent, request_body=mail.as_bytes(policy=SMTP)))

    return change


def without(transaction: str, *, nth: int | None = None) -> Change:
    """These exchanges (or only the nth) do not take place."""

    def change(case: Case) -> Case:
        gone = [item for item in case.exchanges if item.transaction == transaction]
        gone = gone if nth is None else [gone[nth]]
        kept = tuple(item for item in case.exchanges if not any(item is one for one in gone))
        assert len(kept) < len(case.exchanges)
        return replace(case, exchanges=kept)

    return change


def more(
    transaction: str,
    facts: Facts | None = None,
    *,
    nth: int = 0,
    times: int = 1,
    during: str = "",
    call: int = -1,
    called: str = "",
    body: Body | None = None,
) -> Change:
    """Exchanges like the nth of this transaction come too: during a call of an action, or at the end.

    `call`: which call, the last by default. `facts`: other facts, by path. `called`: another transaction.
    `body`: another request.
    """

    def change(case: Case) -> Case:
        model = otherwise(case, case.named(transaction, nth), facts or {}, body)
        rank, first = len(case.exchanges), case.exchanges[-1].number + 1
        if during:
            answered = case.named(f"SUT.{during}", call)
            rank, first = case.exchanges.index(answered), answered.number - times
        added = tuple(
            replace(model, number=first + turn, transaction=called or transaction) for turn in range(times)
        )
        return replace(case, exchanges=case.exchanges[:rank] + added + case.exchanges[rank:])

    return change


def shows_page(text: Late) -> Change:
    """The last page of the login, in the browser, is another one."""

    def change(case: Case) -> Case:
        shown = case.named("BENCH.browse", -1)
        return case.swapped(shown, replace(shown, response_body=str(text(case)).encode()))

    return change
