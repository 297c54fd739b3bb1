"""Superset as `kundbild superset` starts it, opened in Chromium; what a dashboard asks for is recorded, to be asked again.

Not here: what must come out.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.conftest import Kundbild
from tests.systems.chromium import Tab

_SIGN_IN = """
(() => {
  const type = (selector, text) => {
    const field = document.querySelector(selector);
    // React listens to the event, and reads the value that the browser's own setter leaves
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
    field.dispatchEvent(new Event("input", {bubbles: true}));
  };
  type("#username", "admin");
  type("#password", PASSWORD);
  document.querySelector("[type=submit]").click();
})()
"""
_IS_SETTLED = "document.querySelectorAll('.loading, [data-test=loading-indicator]').length == 0"
_ERRORS = (
    "[...document.querySelectorAll('.grid-container .ant-alert, .grid-container [role=alert]')].map(e => e.innerText)"
)
_HEIGHT = 2600
_TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@dataclass
class Superset:
    """One that is served. `password` is the admin's where it was told; `errors` is a file with what it says."""

    url: str
    password: str | None
    errors: Path

    def sign_in(self, tab: Tab) -> None:
        # else bodies of requests are left out of the events
        tab.tell("Network.enable", maxPostDataSize=1 << 20)
        tab.open(f"{self.url}/login/", 1280)
        tab.wait("document.querySelector('#password') != null")
        tab.value(_SIGN_IN.replace("PASSWORD", json.dumps(self.password)))
        tab.wait("!location.pathname.startsWith('/login')")

    def open(self, tab: Tab, dashboard: str, charts: int) -> list[str]:
        """Opens a dashboard of so many charts; the queries that it sent, each a body of /api/v1/chart/data, all answered."""
        before = len(tab.events)
        # tall: charts that are not in sight are not loaded
        tab.open(f"{self.url}/superset/dashboard/{dashboard}/", 1280, _HEIGHT)
        give_up = time.monotonic() + 60
        while len(_queries(tab.events[before:], is_answered=True)) < charts:
            assert time.monotonic() < give_up, (dashboard, tab.value("document.body.innerText")[:2000])
            # events come in with answers
            tab.value("1")
            time.sleep(0.1)
        tab.wait(_IS_SETTLED)
        assert tab.value(_ERRORS) == []
        for width in (1280, 1920):
            tab.tell(
                "Emulation.setDeviceMetricsOverride", width=width, height=_HEIGHT, deviceScaleFactor=1, mobile=False
            )
            assert tab.value(_TOO_WIDE) <= 0, width
        return _queries(tab.events[before:])

    def asker(self) -> requests.Session:
        """Asks the API as the admin."""
        session = requests.Session()
        whom = {"username": "admin", "password": self.password, "provider": "db"}
        answer = session.post(f"{self.url}/api/v1/security/login", json=whom, timeout=60)
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return session

    def ask(self, session: requests.Session, query: str) -> list[dict[str, Any]]:
        """The rows of a query that a dashboard sent."""
        how = {"data": query, "headers": {"Content-Type": "application/json"}, "timeout": 60}
        answer = session.post(f"{self.url}/api/v1/chart/data", **how)
        assert answer.status_code == 200, answer.text[:1000]
        (result,) = answer.json()["result"][:1]
        assert result["status"] == "success" and not result["error"], result["error"]
        rows: list[dict[str, Any]] = result["data"]
        return rows


@contextmanager
def served(kundbild: Kundbild, errors: Path) -> Iterator[Superset]:
    """`kundbild superset` on a free port; it is stopped at the end."""
    with errors.open("w") as said:
        process = subprocess.Popen(
            kundbild.command("superset", "--port", "0"), env=kundbild.environment(), stdout=subprocess.PIPE, stderr=said, text=True
        )  # fmt: skip
    assert process.stdout is not None
    try:
        password = None
        for line in process.stdout:
            if told := re.search(r"with the password (\S+)", line):
                password = told[1]
            if told := re.match(r"Superset: (http://127\.0\.0\.1:\d+)", line):
                yield Superset(told[1], password, errors)
                break
        else:
            raise AssertionError(errors.read_text()[-3000:])
    finally:
        process.terminate()
        process.wait(30)


def asked_elsewhere(tab: Tab, home: str) -> set[str]:
    """Addresses outside of `home` of which a request left the browser, or would have without the page's own policy."""
    return {
        url
        for method, said in tab.events
        if method == "Network.requestWillBeSent"
        and not (url := said["request"]["url"]).startswith((home, "data:", "blob:", "about:"))
        and said["requestId"] not in _held_back(tab)
    }


def _held_back(tab: Tab) -> set[str]:
    return {
        said["requestId"]
        for method, said in tab.events
        if method == "Network.loadingFailed" and said.get("blockedReason") == "csp"
    }


def _queries(events: list[tuple[str, dict[str, Any]]], *, is_answered: bool = False) -> list[str]:
    answered = {said["requestId"] for method, said in events if method == "Network.loadingFinished"}
    return [
        said["request"]["postData"]
        for method, said in events
        if method == "Network.requestWillBeSent"
        and "/api/v1/chart/data" in said["request"]["url"]
        and (not is_answered or said["requestId"] in answered)
    ]
