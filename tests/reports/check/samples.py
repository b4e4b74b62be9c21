"""Batches to show: every kind of thing that `check` may have to say."""

from reports.check.model import Batch, Checked, Excerpt, Unjudged
from schemas.finding import Finding, Severity

HOSTILE = (
    "</pre></code></td></table></style></title></textarea><script>document.title='PWNED'</script>"
    '"><img src=x onerror="document.title=\'PWNED\'"><svg onload=alert(1)></svg>'
    "<a href='javascript:alert(1)'>x</a> [bold red]markup[/] \x1b[31mred \u202e\u200b\x00 ]]> {{ 7*7 }}"
)
HEADER, TITLE, CAUSE = "CDA-HDR-04", "CDA-HDR-08", "CDA-XML-04"


def finding(
    rule: str = TITLE,
    severity: Severity = Severity.ERROR,
    observed: str = "absent",
    expected: str = "title 1..1",
    where: str = "/ClinicalDocument/title",
    line: int | None = 14,
) -> Finding:
    return Finding(rule, severity, where, observed, expected, line, ("EX_2.1-1071",), "CI-SIS, structuration")


def document(
    *findings: Finding, file: str = "out/doc.xml", trouble: str = "", reach: str = "whole"
) -> Checked:
    lines = ("<ClinicalDocument>", "  <titre>x</titre>", f"  <value>{HOSTILE}</value>")
    return Checked(
        file,
        "cda",
        findings,
        title="Lettre de consultation",
        model="" if reach == "none" else "LETTRE 2026.01",
        reach=reach,
        layers={HEADER: "STRUCT", TITLE: ""},
        excerpts={index: Excerpt(13, 14, lines) for index, one in enumerate(findings) if one.line},
        trouble=trouble,
    )


def full(hostile: str = "") -> Batch:
    """One file of each outcome, with what a folder holds besides."""
    repeated = [finding(HEADER, Severity.WARNING, "x", "y", f"/a[{n}]", 20 + n) for n in range(12)]
    various = [
        finding("CDA-HDR-05", Severity.ERROR, f"v{n}{hostile}", "w", f"/b[{n}]", n) for n in range(1, 10)
    ]
    return Batch(
        (
            document(
                *repeated,
                finding(observed=hostile or "absent"),
                *various,
                finding(CAUSE, Severity.ERROR, "ISO-8859-1", "UTF-8", "/", 1),
                finding("CDA-EXT-07", Severity.INFO, "z", "", "/@schema", 2),
            ),
            document(finding(HEADER, Severity.WARNING), file="out/warn.xml", reach="none"),
            document(file="out/good.xml"),
            document(
                finding("CHECK-ERREUR-BANC", Severity.WARNING, "KeyError: 'x'"),
                file="out/bench.xml",
                trouble="KeyError: 'x'",
            ),
            Checked("-", "", (finding("CHECK-NATURE-INCONNUE", line=None),)),
            Checked(f"out/{hostile}caf\udce9\n.pdf", "pdf"),
        ),
        (Unjudged("out/README", "unrecognised"), Unjudged("out/.git", "hidden"), Unjudged("out/l", "link")),
    )
