"""Debian's Chromium, driven by its DevTools protocol: pages as people see them, what the console says, what is asked of other hosts."""

from __future__ import annotations

import base64
import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

# what serious problems of accessibility axe finds, and where
_AXE = """axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
    .filter(one => ["serious", "critical"].includes(one.impact)).map(one => one.id + ": " + one.nodes[0].target.join(" ")))"""


class Tab:
    """One tab. `problems` are errors of the console and of pages, `asked` every address that was asked for, `events` all that the
    protocol told, as (method, parameters)."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")

    def tell(self, method: str, **how: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": how}))
        while True:
            said = json.loads(self._socket.recv(timeout=30))
            if said.get("id") == number:
                assert "error" not in said, said
                return said["result"]
            self._note(said["method"], said["params"])

    def _note(self, method: str, said: dict[str, Any]) -> None:
        self.events.append((method, said))
        if method == "Runtime.exceptionThrown":
            self.problems.append(said["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] == "error":
            self.problems.append(" ".join(str(one.get("value", one.get("description"))) for one in said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.problems.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            self.asked.append(said["request"]["url"] if "request" in said else said["url"])

    def value(self, expression: str) -> Any:
        """What JavaScript says of the page."""
        return self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)[
            "result"
        ].get("value")

    def wait(self, expression: str, seconds: float = 40) -> Any:
        """Waits until it holds, and says its value."""
        until = time.monotonic() + seconds
        while not (value := self.value(expression)):
            assert time.monotonic() < until, (expression, self.problems, self.value("document.body.innerText")[:2000])
            time.sleep(0.1)
        return value

    def barriers(self) -> list[str]:
        """What axe finds on the page that is serious or critical for people who read or hear it otherwise."""
        self.value(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        found: list[str] = self.value(_AXE)
        return found

    def open(self, url: str, width: int, height: int = 900) -> None:
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.tell("Page.navigate", url=url)

    def picture(self, to: Path, *, whole: bool = True) -> None:
        """A picture of the window."""
        to.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))


@contextmanager
def chromium(profile: Path) -> Iterator[Tab]:
    """A browser of its own that reaches this machine only."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking", "--no-first-run", "about:blank"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr
        port = next(
            found[1]
            for line in process.stderr
            if (found := re.search(r"DevTools listening on ws://127.0.0.1:(\d+)/", line))
        )
        import urllib.request

        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            (page,) = [one for one in json.load(answer) if one["type"] == "page"]
        with connect(page["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Tab(socket)
    finally:
        process.kill()
        process.communicate()
