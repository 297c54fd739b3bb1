"""The dashboards as people see them: served by the command, looked at in Chromium on a phone and on screens, while a night publishes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from orchestration.core.home import Home
from orchestration.core.ports import free_port
from orchestration.core.settings import PROJECT_DIR
from orchestration.dashboards.titles import TITLES
from tests.systems.chromium import chromium
from tests.unit.publishing.report.company import publish

_SCREENS = (390, 1280, 1920)
# the server runs no test of its own: it ends where this process does
_COMMAND = "import os, sys; from orchestration.core.stopping import end_with_parent; end_with_parent(int(sys.argv[1])); sys.argv = sys.argv[1:]; from orchestration.cli.app import entry; entry()"
_READY = "document.querySelector('h1') && document.querySelector('.kb-table, .kb-cards, [data-testid=stAlert]') && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]') && document.querySelector('h1').innerText"  # fmt: skip
_OVERFLOW = """(() => {
    const main = document.querySelector('[data-testid=stMain]');
    const inner = e => e.closest('.kb-scroll, svg, canvas, [data-testid=stSidebar]');
    const wide = [...main.querySelectorAll('*')].filter(e => !inner(e.parentElement) && e.getBoundingClientRect().right > innerWidth + 1);
    return [document.documentElement.scrollWidth > innerWidth, main.scrollWidth > main.clientWidth, wide.map(e => e.className).join(' ')].join();
})()"""

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not here: install the package chromium"),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    publish(home, "20261025T020000-before", "2026-10-25T02:00:00Z", without="n >= 300")
    (home.published / "kundbild.duckdb").symlink_to("current/kundbild.duckdb")
    return home


@pytest.fixture
def served(home: Home) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port(0)
    environment = {**os.environ, "KUNDBILD_HOME": str(home.root), "KUNDBILD_CONFIG": str(PROJECT_DIR / "kundbild.toml"), "PYTHONPATH": str(PROJECT_DIR)}  # fmt: skip
    command = [sys.executable, "-c", _COMMAND, str(os.getpid()), "dashboards", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        while not listens(port):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.2)
        assert process.stdout
        yield process, process.stdout.readline().split()[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_every_page_fits_every_screen_and_asks_nobody_else(served, tmp_path: Path):
    _, url = served
    port = port_of(url)
    assert requests.get(f"http://127.0.0.1:{port}/segments", timeout=10).status_code == 403
    with chromium(tmp_path / "profile") as tab:
        tab.open(url, 1280)
        tab.wait(_READY)
        barriers = {}
        for width in _SCREENS:
            for name, (title, _) in TITLES.items():
                tab.open(f"http://127.0.0.1:{port}/{name}", width)
                tab.wait(f"({_READY}) === {title!r}")
                assert tab.value(_OVERFLOW) == "false,false,", (name, width)
                barriers[name, width] = tab.barriers()
        assert {where: found for where, found in barriers.items() if found} == {}
        assert tab.problems == []
        assert [
            url for url in tab.asked if f"127.0.0.1:{port}" not in url and not url.startswith(("data:", "blob:"))
        ] == []


def test_a_publication_is_shown_by_itself_while_a_page_is_open(served, home: Home, tmp_path: Path):
    _, url = served
    with chromium(tmp_path / "profile") as tab:
        tab.open(url, 1280)
        tab.wait("document.body.innerText.includes('25 October 2026')")
        tab.value("window.isSame = true")
        publish(home, "20261101T020000-first", "2026-11-01T02:00:00Z")
        tab.wait(
            "document.body.innerText.includes('1 November 2026') && document.body.innerText.includes('up 100 (33\u00a0%)')"
        )
        assert tab.value("window.isSame") and tab.problems == []


def test_the_server_ends_with_the_command_that_is_killed(served):
    process, url = served
    port = port_of(url)
    process.kill()
    process.wait(timeout=10)
    until = time.monotonic() + 10
    while listens(port):
        assert time.monotonic() < until, "the server goes on without its parent"
        time.sleep(0.1)
