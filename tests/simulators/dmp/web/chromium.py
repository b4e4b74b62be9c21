"""A real Chromium driven through its debugging pipe: navigate, press, read, photograph."""

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
PATIENCE = 30  # seconds of silence


class Browser:
    """One tab."""

    def __init__(self, send: int, receive: int) -> None:
        self._send, self._receive = send, receive
        self._held = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._session = ""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, and its answer."""
        self._number += 1
        sent: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            sent["sessionId"] = self._session
        os.write(self._send, json.dumps(sent).encode() + b"\0")
        while True:
            got = self._next()
            if got.get("id") == self._number:
                assert "error" not in got, got
                return dict(got["result"])
            self._events.append(got)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            assert select.select([self._receive], [], [], PATIENCE)[0], "the browser says nothing more"
            chunk = os.read(self._receive, 1 << 20)
            assert chunk, "the browser has gone"
            self._held += chunk
        first, _, self._held = self._held.partition(b"\0")
        return dict(json.loads(first))

    def _loaded(self) -> None:
        while not any(one.get("method") == "Page.loadEventFired" for one in self._events):
            self._events.append(self._next())
        self._events.clear()

    def open(self, url: str) -> str:
        """Go there; returns the address on which it ended."""
        self._events.clear()
        self.ask("Page.navigate", url=url)
        self._loaded()
        return str(self.run("location.href"))

    def press(self, selector: str) -> str:
        """Click an element that leads to another page; returns the address of that page."""
        self._events.clear()
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self._loaded()
        return str(self.run("location.href"))

    def run(self, script: str) -> Any:
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    @property
    def html(self) -> str:
        return str(self.run("document.documentElement.outerHTML"))

    def photograph(self, path: Path, width: int = 1200, height: int = 900, *, dark: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))


@contextmanager
def browser(profile: Path, *options: str) -> Iterator[Browser]:
    """Chromium with a profile of its own; it accepts the test PKI's server certificates."""
    assert CHROMIUM is not None
    theirs, send = os.pipe()
    receive, ours = os.pipe()
    process = subprocess.Popen(
        [
            *("bash", "-c", f'exec "$0" "$@" 3<&{theirs} 4>&{ours}', CHROMIUM),  # the protocol wants 3 and 4
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--ignore-certificate-errors",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            *options,
        ],
        pass_fds=(theirs, ours),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(ours)
    try:
        yield Browser(send, receive)
    finally:
        os.close(send)
        os.close(receive)
        process.terminate()
        process.wait(20)
