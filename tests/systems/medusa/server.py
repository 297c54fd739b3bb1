"""Medusa 2 from npm, started on a free loopback port with a database of the tests' PostgreSQL, and filled through its Admin API.

Not here: what must come out (checks.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from orchestration.core.ports import free_port
from orchestration.extract.database_urls import with_driver

HERE = Path(__file__).parent
USER, PASSWORD = "admin@example.com", "of-a-test-only"


@dataclass
class Shop:
    """One that runs. `key` is a secret API key, which the Admin API takes as the user of HTTP basic."""

    url: str
    key: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> None:
        """Signs in as the user, makes a key, and goes on with it."""
        token = self.post("/auth/user/emailpass", email=USER, password=PASSWORD)["token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.key = self.post("/admin/api-keys", title="kundbild", type="secret")["api_key"]["token"]
        del self.session.headers["Authorization"]
        self.session.auth = (self.key, "")

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._answer(self.session.post(self.url + path, json=body, timeout=60))

    def get(self, path: str) -> dict[str, Any]:
        return self._answer(self.session.get(self.url + path, timeout=60))

    def _answer(self, answer: requests.Response) -> dict[str, Any]:
        assert answer.ok, (answer.status_code, answer.text[:1000])
        said: dict[str, Any] = answer.json()
        return said


@contextmanager
def served(folder: Path, postgres: str) -> Iterator[Shop]:
    """The packages as the lock says, the tables, a user, and the server; it is stopped by its process at the end."""
    for name in ("package.json", "package-lock.json", "medusa-config.js"):
        shutil.copy(HERE / name, folder / name)
    with sa.create_engine(with_driver(sa.make_url(postgres)), isolation_level="AUTOCOMMIT").connect() as con:
        con.execute(sa.text("create database medusa"))
        socket_folder = con.execute(sa.text("show unix_socket_directories")).scalar_one()
    place = requests.utils.quote(socket_folder, safe="")
    said = {
        **os.environ,
        "DATABASE_URL": f"postgres://postgres@{place}:5432/medusa",
        "MEDUSA_DISABLE_TELEMETRY": "true",
        "NODE_ENV": "production",
    }
    _done(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"], folder, said)
    medusa = ["node", str(folder / "node_modules" / "@medusajs" / "cli" / "cli.js")]
    _done([*medusa, "db:migrate"], folder, said)
    _done([*medusa, "user", "-e", USER, "-p", PASSWORD], folder, said)
    port = free_port(0)
    with (folder / "said").open("w") as told:
        start = [*medusa, "start", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(start, cwd=folder, env=said, stdout=told, stderr=told)
    try:
        shop = Shop(f"http://127.0.0.1:{port}")
        _wait(shop, process, folder / "said")
        shop.sign_in()
        yield shop
    finally:
        process.terminate()
        process.wait(30)


def _done(command: list[str], folder: Path, said: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=said, check=False, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def _wait(shop: Shop, process: subprocess.Popen[bytes], told: Path) -> None:
    give_up = time.monotonic() + 120
    while True:
        assert process.poll() is None and time.monotonic() < give_up, told.read_text()[-3000:]
        try:
            if shop.session.get(f"{shop.url}/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
