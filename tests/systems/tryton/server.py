"""Tryton in an environment of its own, on a database of the tests' PostgreSQL, filled by Tryton itself.

Not here: what it is filled with (fill.py, which runs in that environment), or what must come out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orchestration.core.ports import free_port
from orchestration.core.settings import PROJECT_DIR
from orchestration.extract.database_urls import with_driver

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"


def environment(folder: Path) -> Path:
    """The Python of an environment that is as the lock says."""
    uv, python = Path(sys.executable).with_name("uv"), folder / "bin" / "python"
    for arguments in (
        ("venv", "--no-python-downloads", "--python", sys.executable, str(folder)),
        ("pip", "sync", "--python", str(python), "--require-hashes", str(LOCK)),
    ):
        # another environment that is active would be taken for the one that is meant
        said = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        subprocess.run([str(uv), *arguments, "--quiet"], check=True, env=said)
    return python


def fill(python: Path, server: str, database: str) -> dict[str, Any]:
    """Makes a database and fills it; what Tryton says of it."""
    url = sa.make_url(server)
    with sa.create_engine(with_driver(url), isolation_level="AUTOCOMMIT").connect() as con:
        # hundreds of tables are made, and none must outlast a power cut
        con.execute(sa.text("alter system set fsync = off"))
        con.execute(sa.text("select pg_reload_conf()"))
        con.execute(sa.text(f"create database {database}"))
    password = python.parent / "password"
    password.write_text("admin", "utf-8")
    # of the place alone: Tryton puts the name of the database there
    place = url.set(database="").render_as_string(hide_password=False)
    said = {**os.environ, "TRYTOND_DATABASE__URI": place, "TRYTONPASSFILE": str(password)}
    admin = [str(python.with_name("trytond-admin")), "-d", database, "--all", "--email", "admin@example.com"]
    subprocess.run(admin, check=True, env=said, capture_output=True)
    done = subprocess.run(
        [str(python), str(HERE / "fill.py"), database], check=False, env=said, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@contextmanager
def serving(python: Path, server: str, database: str) -> Iterator[str]:
    """The address of Tryton's own server of a database."""
    listen = f"127.0.0.1:{free_port(0)}"
    place = sa.make_url(server).set(database="").render_as_string(hide_password=False)
    said = {**os.environ, "TRYTOND_DATABASE__URI": place, "TRYTOND_WEB__LISTEN": listen}
    process = subprocess.Popen([str(python.with_name("trytond")), "-d", database], env=said, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        question = urllib.request.Request(
            f"http://{listen}/rpc/",
            json.dumps({"id": 0, "method": "common.server.version", "params": []}).encode(),
            {"Content-Type": "application/json"},
        )
        for _ in range(600):
            with suppress(OSError), urllib.request.urlopen(question, timeout=60) as answer:
                assert answer.status == 200
                break
            assert process.poll() is None, "the server ended"
            time.sleep(0.2)
        yield f"http://{listen}/{database}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            # it waits for connections that stand
            process.kill()
            process.wait()


def reader(server: str, database: str) -> str:
    """The URL of a user with the rights that the documentation gives one, and no others."""
    page = (PROJECT_DIR / "docs" / "vendors" / "tryton.md").read_text("utf-8")
    (statements,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    url = sa.make_url(server).set(database=database)
    with sa.create_engine(with_driver(url), isolation_level="AUTOCOMMIT").connect() as con:
        for statement in filter(str.strip, statements.split(";")):
            con.execute(sa.text(statement))
    return url.set(username="kundbild").render_as_string(hide_password=False)
