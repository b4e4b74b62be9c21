"""The EPU identifier of a prescription and its 2D code.

Public facts: the OID, one example (18 characters) and that the software computes it. Its structure and the
content of the real 2D code are not public: pattern, generator and template are the bench's and configurable.
"""

import re
from collections.abc import Sequence
from typing import Protocol

EPU_ROOT = "1.2.250.1.215.500.1.1"
EPU_ID = r"\d{2}[0-9A-Z]{16}"
ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
QR_TEMPLATE = "{epuId}"


class Chooser(Protocol):
    """What draws the symbols: `random.Random` has this shape."""

    def choice(self, seq: Sequence[str], /) -> str: ...


def new_epu_id(random: Chooser) -> str:
    """A new identifier: `01` and 16 symbols without vowels."""
    return "01" + "".join(random.choice(ALPHABET) for _ in range(16))


def plausible(epu_id: str, pattern: str = EPU_ID) -> bool:
    """Whether an identifier has the shape of the only public example."""
    return bool(re.fullmatch(pattern, epu_id))


def qr_text(epu_id: str, template: str = QR_TEMPLATE) -> str:
    """What the 2D code of a prescription holds. `template` has the placeholder `{epuId}`."""
    return template.replace("{epuId}", epu_id)


def read_code(code: str, template: str = QR_TEMPLATE, pattern: str = EPU_ID) -> str | None:
    """The identifier in a scanned code or a typed number; None when there is none.

    Spaces, hyphens and case do not count.
    """
    before, _, after = template.partition("{epuId}")
    text = code.strip()
    if (before or after) and text.startswith(before) and text.endswith(after):
        text = text[len(before) : len(text) - len(after) or None]
    text = re.sub(r"[\s\-]", "", text[:200]).upper()
    return text if plausible(text, pattern) else None
