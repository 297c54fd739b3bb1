"""A company of two small sources, its webhook, and what its Dagster says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from tests.conftest import Kundbild

CONFIG = """
company = "Tiny [engine] Ltd"
[report]
after_publication = false
[schedule]
retries = 0
[alerts]
webhook = "{hook}"
[sources.list]
connector = "files"
url = "{folder}/list"
[sources.list.tables.people]
path = "people.csv"
key = ["id"]
columns = {{ id = "BIGINT", name = "VARCHAR", email = "VARCHAR" }}
[[sources.list.tables.people.maps]]
entity = "people"
columns = {{ source_key = "id", full_name = "name", email = "email" }}
[sources.club]
connector = "files"
url = "{folder}/club"
[sources.club.tables.members]
path = "members.csv"
key = ["id"]
columns = {{ id = "BIGINT", name = "VARCHAR", email = "VARCHAR" }}
[[sources.club.tables.members.maps]]
entity = "people"
columns = {{ source_key = "id", full_name = "name", email = "email" }}
"""


def make_tiny(folder: Path, hook: str = "http://127.0.0.1:9/hook") -> Kundbild:
    for name, table in (("list", "people"), ("club", "members")):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / f"{table}.csv").write_text("id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n")
    (folder / "kundbild.toml").write_text(CONFIG.format(folder=folder, hook=hook))
    return Kundbild(folder / "home", folder / "kundbild.toml")


@contextmanager
def hook() -> Iterator[tuple[str, list[str]]]:
    """A webhook's URL, and the texts that it was sent."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", told
    finally:
        server.shutdown()
        server.server_close()


def in_dagster(kundbild: Kundbild, script: str) -> str:
    """What a script prints that has the home's Dagster as `instance`."""
    whole = f"import dagster as dg, json, sys\nwith dg.DagsterInstance.from_config(sys.argv[1]) as instance:\n    {script}\n"
    done = subprocess.run(
        [sys.executable, "-c", whole, str(kundbild.home / "dagster")],
        env=kundbild.environment(DAGSTER_HOME=str(kundbild.home / "dagster")),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]
