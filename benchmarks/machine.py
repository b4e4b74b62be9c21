"""What ran: figures mean nothing without it."""

import os
import platform
import sqlite3
import ssl
from importlib import metadata
from pathlib import Path

from lxml import etree

LIBRARIES = ("cryptography", "lxml", "aiohttp", "joserfc", "pikepdf", "xmlschema")


def describe() -> dict[str, str]:
    """Processor, cores, system, Python and the libraries that the figures depend on."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    return {
        "processor": _processor(),
        "cores": str(_cores()),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **versions,
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "sqlite": sqlite3.sqlite_version,
        "openssl": ssl.OPENSSL_VERSION,
    }


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
