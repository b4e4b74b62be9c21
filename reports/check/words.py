"""The words of `check`, in one language, and names of files fit to be shown."""

import os
from dataclasses import dataclass

from schemas import messages, safe

from .model import Batch, Checked


@dataclass(frozen=True, slots=True)
class CheckWords:
    """Wording for one language, `fr` or `en`: the messages `check.<key>`."""

    lang: str = "fr"

    def __call__(self, key: str, /, **values: object) -> str:
        return messages.text(f"check.{key}", self.lang, **values)

    def plural(self, key: str, count: int, /, **values: object) -> str:
        """`check.<key>.one` or `.many`: zero is singular in French, plural in English."""
        one = count <= 1 if self.lang == "fr" else count == 1
        return self(f"{key}.{'one' if one else 'many'}", count=count, **values)

    def files(self, batch: Batch) -> str:
        """How many files were judged, and how many folders as a whole."""
        told = self.plural("files", batch.judged)
        return f"{told}, {self.plural('compared', batch.compared)}" if batch.compared else told

    def sentence(self, rule: str) -> str:
        """What a rule says; its id when the catalogue does not."""
        return messages.text(rule, self.lang)

    def action(self, rule: str) -> str:
        """What to do; empty when nobody says."""
        return messages.action(rule, self.lang)

    def kind(self, item: Checked) -> str:
        return self(f"kind.{item.kind}") if item.kind else self("kind.unknown")

    def layer(self, item: Checked, rule: str) -> str:
        """The official layer of a rule of a CDA, or that the rule is the bench's own."""
        return item.layers.get(rule) or self("ours")

    def model(self, item: Checked) -> str:
        """Which rules were run on a CDA; empty when the file is no CDA."""
        return self(f"model.{item.reach}", title=item.title or "?", model=item.model) if item.reach else ""


def label(name: str) -> str:
    """The name of a file on one line: bytes that are no text and invisible characters are spelt out."""
    told = os.fsencode(name).decode("utf-8", "backslashreplace")
    return safe.visible(told).replace("\n", "\\n").replace("\t", "\\t")
