"""XPath expressions as text: what a Schematron compiler must know of them without evaluating them."""

import re
from collections.abc import Callable, Iterator, Mapping

TOKEN = re.compile(
    r"""(?P<string>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<open>\(:)|(?P<variable>\$\s*[\w][\w.\-]*)|(?P<other>[^"'$(\[\]]+|.)""",
    re.DOTALL,
)
READS = re.compile(r"(?:^|[^\w.\-])(?:doc|document|doc-available|unparsed-text)\s*\(\s*$")
FILE = re.compile(r"^[^\s/\\].*\.(?:xml|rdf|owl|svs)$", re.IGNORECASE)
SIMPLE = re.compile(
    r"^/{0,2}(?:(?:child::)?[\w.\-:*]+/{1,2})*(?:child::)?(?:[A-Za-z_][\w.\-]*:)?[A-Za-z_][\w.\-]*$"
)
LAST = re.compile(r"(?:^|/|child::)((?:[A-Za-z_][\w.\-]*:)?[A-Za-z_][\w.\-]*)$")
MAX_NAMES = 8
NAME = re.compile(r"\$([\w][\w.\-]*)")


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of an expression: string, comment, variable, other. Put together, the texts are it."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            return
        kind = match.lastgroup or "other"
        if kind == "open":
            end = _comment_end(text, position)
            yield "comment", text[position:end]
            position = end
            continue
        yield kind, match[0]
        position = match.end()


def _comment_end(text: str, start: int) -> int:
    """XPath comments nest."""
    depth, position = 0, start
    while position < len(text):
        pair = text[position : position + 2]
        if pair in ("(:", ":)"):
            depth += 1 if pair == "(:" else -1
            position += 2
            if not depth:
                return position
        else:
            position += 1
    return len(text)


def variables(text: str) -> set[str]:
    """Names of the variables that an expression refers to (strings and comments left out)."""
    if "$" not in text:
        return set()
    return {part[1:].strip() for kind, part in tokens(text) if kind == "variable"}


def replaced(text: str, values: Mapping[str, str]) -> str:
    """Parameters of an abstract pattern put in: the text of `$name` becomes the text of its value.

    ISO Schematron replaces everywhere, strings included. A name is taken whole: `$code` is not looked for in
    `$codeSystem`; `$a-b` falls back on `$a` when no parameter is called `a-b`.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in values:
            return values[name]
        for end in range(len(name) - 1, 0, -1):
            if name[end] in ".-" and name[:end] in values:
                return values[name[:end]] + name[end:]
        return match[0]

    return NAME.sub(value, text)


def file_names(text: str, resolve: Callable[[str], str], *, whole: bool) -> str:
    """The expression with file names made absolute by `resolve` (name → URI, or the name itself).

    Strings given to `doc()`, `document()`… are file names; with `whole`, so is a string that is all of the
    expression (a variable or a parameter that a `document()` elsewhere will read).
    """
    stripped = text.strip()
    parts: list[str] = []
    code = ""  # the expression so far, without strings and comments
    for kind, part in tokens(text):
        if kind == "string":
            alone = whole and part == stripped
            name = part[1:-1].replace(part[0] * 2, part[0])
            if (alone or READS.search(code)) and FILE.search(name) and "://" not in name:
                part = part[0] + resolve(name).replace(part[0], part[0] * 2) + part[0]
            code += "''"
        elif kind != "comment":
            code += part
        parts.append(part)
    return "".join(parts)


def outline(text: str) -> str:
    """A match pattern without its predicates, strings and comments: the steps alone."""
    depth, kept = 0, []
    for kind, part in tokens(text):
        if kind == "comment":
            continue
        if part == "[":
            depth += 1
        elif part == "]":
            depth -= 1
        elif not depth:
            kept.append("''" if kind == "string" else part)
    return "".join(kept)


def visited(contexts: list[str]) -> str:
    """The nodes, in document order, among which all those that these match patterns match are.

    Element names when every pattern ends with one: Saxon finds them several times faster than it tries each
    node of the document, and the official schemas have hundreds of patterns.
    """
    steps = [part.strip() for context in contexts for part in outline(context).split("|")]
    names = sorted({last[1] for step in steps if (last := LAST.search(step))})
    if all(SIMPLE.match(step) for step in steps) and 0 < len(names) <= MAX_NAMES:
        return " | ".join(f"//{name}" for name in names)
    attributes = any(re.search(r"@|attribute\s*(?:::|\()", step) for step in steps)
    texts = any(re.search(r"(?:text|node|comment|processing-instruction)\s*\(", step) for step in steps)
    return f"(/, {'//node()' if texts else '//*'}{'/(.|@*)' if attributes else ''})"
