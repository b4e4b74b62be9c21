"""Apache Preflight, an independent judge of PDF/A-1b (Debian's libpdfbox2-java)."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

JAVA = Path("/usr/share/java")
JARS = (
    "preflight",
    "pdfbox2",
    "fontbox2",
    "xmpbox",
    "commons-logging",
    "commons-io",
    "javax.activation",
    "jaxb-api",
)


def valid(documents: Mapping[str, bytes], folder: Path) -> dict[str, bool]:
    """Which of these PDF are PDF/A-1b, by name. Skips the test where Preflight is not installed."""
    java = shutil.which("java")
    missing = [name for name in JARS if not (JAVA / f"{name}.jar").is_file()]
    if java is None or missing:
        pytest.skip(
            f"needs java and Debian's libpdfbox2-java, libactivation-java, libjaxb-api-java: {missing}"
        )
    for name, data in documents.items():
        (folder / f"{name}.pdf").write_bytes(data)
    paths = folder / "list"
    paths.write_text("".join(f"{folder / name}.pdf\n" for name in documents), encoding="utf-8")
    path = ":".join(str(JAVA / f"{jar}.jar") for jar in JARS)
    done = subprocess.run(
        [java, "-cp", path, "org.apache.pdfbox.preflight.Validator_A1b", "xml", "group", str(paths)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    written = paths.with_name("list.preflight.xml")
    assert written.is_file(), done.stdout + done.stderr
    said = written.read_text(
        encoding="utf-8", errors="replace"
    )  # may hold characters that XML does not allow
    found = re.findall(r'<preflight name="([^"]+)\.pdf">.*?<isValid[^>]*>(\w+)</isValid>', said, re.S)
    return {name.rpartition("/")[2]: verdict == "true" for name, verdict in found}
