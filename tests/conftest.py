"""What all tests share."""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a browser is promised (CI), a skipped browser test is a failure."""
    report = yield
    promised = os.environ.get("SEGUR_BENCH_REQUIRE_BROWSER") == "1"
    if promised and report.skipped and item.get_closest_marker("browser") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped although SEGUR_BENCH_REQUIRE_BROWSER=1: {reason}"
    return report
