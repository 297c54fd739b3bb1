"""Databases that are lost in mid-read, stall, drip or die, behind a proxy: bounded time, a new try, nothing half read.

Not here: what a sound server answers (test_databases.py).
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise

import psutil
import pytest
import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from tests.conftest import Kundbild
from tests.people_of_files import people_of_files

pytestmark = pytest.mark.system
# an answer of more bytes is broken off
_LONG = 1_000_000


class Wire:
    """A proxy before a database that does as `mode` says with an answer of more than `limit` bytes, `times` times, and lets all
    else through: breaks it off ("cut"), says nothing any more ("stall"), or a byte a second ("drip")."""

    def __init__(self, url: sa.URL, times: int, mode: str = "cut", limit: int = _LONG) -> None:
        self.left, self.lost, self.mode, self.limit = times, 0, mode, limit
        self._url, self._lock, self._is_closed = url, threading.Lock(), threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._open, daemon=True).start()

    @property
    def url(self) -> str:
        port = self._door.getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

    def close(self) -> None:
        self._is_closed.set()
        self._door.close()

    def _open(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                folder = str(self._url.query.get("host", ""))
                far = socket.socket(socket.AF_UNIX if folder else socket.AF_INET)
                far.connect(f"{folder}/.s.PGSQL.5432" if folder else (self._url.host, self._url.port))
                threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, there: socket.socket, here: socket.socket, is_answer: bool) -> None:
        told = 0
        with suppress(OSError):
            while part := there.recv(65_536):
                told += len(part)
                if is_answer and told > self.limit and self._is_to_be_lost():
                    self._lose(part, here)
                    break
                here.sendall(part)
        for side in (there, here):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _lose(self, part: bytes, here: socket.socket) -> None:
        if self.mode == "stall":
            self._is_closed.wait()
        elif self.mode == "drip":
            for byte in part:
                here.sendall(bytes([byte]))
                if self._is_closed.wait(1):
                    break

    def _is_to_be_lost(self) -> bool:
        with self._lock:
            is_lost = self.left > 0
            self.left, self.lost = self.left - is_lost, self.lost + is_lost
            return is_lost


@pytest.fixture
def wire(database: sa.Engine) -> Iterator[Callable[..., Wire]]:
    """Makes a proxy before a database with a table that is long."""
    values = ", ".join(f"({n}, '{'x' * 2_000}', '2026-01-01 10:00:00')" for n in range(2_000))
    with database.begin() as con:
        con.execute(sa.text("drop table if exists letters"))
        con.execute(sa.text("create table letters (id integer primary key, body varchar(2000), updated_at timestamp null)"))  # fmt: skip
        con.execute(sa.text(f"insert into letters values {values}"))
    wires: list[Wire] = []

    def go(times: int, mode: str = "cut", limit: int = _LONG) -> Wire:
        wires.append(Wire(database.url, times, mode, limit))
        return wires[-1]

    yield go
    for one in wires:
        one.close()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_connection_that_is_lost_in_mid_read_may_be_tried_again_and_leaves_raw_as_it_was(
    home, warehouse, wire, database, is_first
):
    there = wire(0)
    columns = {"id": "BIGINT", "body": "VARCHAR", "updated_at": "TIMESTAMP"}
    table = Table(columns=columns, key=["id"], cursor="updated_at", find_deletions=True)
    settings = Settings(company="T", sources={"crm": Source(connector="sql", url=there.url, tables={"letters": table})})
    prepare_raw(warehouse, settings)
    if not is_first:
        assert extract_source(warehouse, home, settings, "crm")["letters"].inserted == 2_000
    before = warehouse.execute("select count(*) from raw_crm.letters").fetchall()
    with database.begin() as con:
        con.execute(sa.text("update letters set updated_at = '2026-01-01 11:00:00'"))
    there.left = 1
    with pytest.raises(SourceError, match="table letters: the database cannot be read") as caught:
        extract_source(warehouse, home, settings, "crm")
    assert there.lost == 1 and caught.value.is_passing
    assert warehouse.execute("select count(*) from raw_crm.letters").fetchall() == before
    assert extract_source(warehouse, home, settings, "crm")["letters"].source_rows == 2_000
    assert warehouse.execute("select count(*), min(updated_at)::varchar from raw_crm.letters").fetchall() == [(2_000, "2026-01-01 11:00:00")]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "limit"), [("stall", _LONG), ("drip", _LONG), ("stall", 450)])
def test_a_server_that_stalls_or_drips_ends_with_the_time_of_its_source_and_stops_nothing_else(
    home, warehouse, wire, mode, limit
):
    there = wire(1_000, mode, limit)
    tables = {"letters": Table(columns={"id": "BIGINT", "body": "VARCHAR"}, key=["id"])}
    source = Source(connector="sql", url=there.url, tables=tables, max_minutes=0.06)
    settings = Settings(company="T", sources={"crm": source})
    prepare_raw(warehouse, settings)
    beats = [time.monotonic()]
    is_over = threading.Event()

    def beat() -> None:
        while not is_over.wait(0.1):
            beats.append(time.monotonic())

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        with pytest.raises(SourceError, match=r"took longer than the 0\.06 minutes") as caught:
            extract_source(warehouse, home, settings, "crm")
    finally:
        is_over.set()
        beating.join()
    assert there.lost and not caught.value.is_passing
    assert beats[-1] - beats[0] < 15
    assert max(after - before for before, after in pairwise(beats)) < 2
    # the process that waited for the server is gone
    assert not [child for child in psutil.Process().children() if "server_reader" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_a_driver_that_dies_is_a_lost_database_and_shows_nothing(home, warehouse, wire, capfd):
    there = wire(1_000)
    tables = {"letters": Table(columns={"id": "BIGINT", "body": "VARCHAR"}, key=["id"])}
    settings = Settings(company="T", sources={"crm": Source(connector="sql", url=there.url, tables=tables)})
    prepare_raw(warehouse, settings)
    with pytest.raises(SourceError, match="the database cannot be read") as caught:
        extract_source(warehouse, home, settings, "crm")
    assert caught.value.is_passing
    assert capfd.readouterr() == ("", "")


READS = """
import sys
from pathlib import Path
import duckdb
from orchestration.core.home import Home
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.stopping import stops_at_once
from orchestration.extract.extract import extract_source, prepare_raw

tables = {"letters": Table(columns={"id": "BIGINT", "body": "VARCHAR"}, key=["id"])}
settings = Settings(company="T", sources={"crm": Source(connector="sql", url=sys.stdin.readline().strip(), tables=tables)})
home = Home(Path(sys.argv[1]))
home.prepare()
with stops_at_once(lambda name: None), duckdb.connect() as con:
    prepare_raw(con, settings)
    extract_source(con, home, settings, "crm")
"""


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_that_waits_for_a_server_ends_when_it_is_told_and_leaves_no_process(wire, tmp_path, told):
    there = wire(1_000, "stall")
    run = subprocess.Popen([sys.executable, "-c", READS, str(tmp_path)], stdin=subprocess.PIPE, text=True)
    assert run.stdin
    print(there.url, file=run.stdin, flush=True)
    try:
        for _ in range(600):
            if there.lost:
                break
            time.sleep(0.1)
        children = psutil.Process(run.pid).children()
        # the password is not an argument
        assert len(children) == 1 and "hunter2" not in " ".join(children[0].cmdline())
        run.send_signal(told)
        assert run.wait(5) == (-told if told == signal.SIGKILL else 128 + told)
        gone, _ = psutil.wait_procs(children, 5)
        assert gone or children[0].status() == psutil.STATUS_ZOMBIE
    finally:
        run.kill()


NIGHT = """
company = "T"
[report]
after_publication = false
[schedule]
retry_delay_seconds = 0.1
[publishing]
first_without_failed = true
"""
LETTERS = """
[sources.{name}]
connector = "sql"
url = "{url}"
[sources.{name}.tables.letters]
key = ["id"]
columns = {{ id = "BIGINT", body = "VARCHAR" }}
"""


@pytest.mark.slow
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_night_reads_again_what_is_lost_in_mid_read_and_goes_on_without_what_never_recovers(wire, tmp_path):
    """Two databases: of one the connection is lost twice, of the other always."""
    wires = {"club": wire(2), "gone": wire(1_000)}
    (tmp_path / "people.csv").write_text("id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n")
    config = tmp_path / "kundbild.toml"
    sources = "".join(LETTERS.format(name=name, url=there.url) for name, there in wires.items())
    config.write_text(NIGHT + sources + people_of_files("list", tmp_path))
    kundbild = Kundbild(tmp_path / "home", config)
    outcome = kundbild.json("run", code=1)
    assert outcome["is_success"] and outcome["customers"] == 2
    with kundbild.warehouse() as con:
        for name, rows in (("club", 2_000), ("gone", 0)):
            assert con.execute(f"select count(*) from raw_{name}.letters").fetchall() == [(rows,)]
    # once, and twice more, as [schedule] retries says
    assert (wires["club"].lost, wires["gone"].lost) == (2, 3)
    assert list(outcome["failed_sources"]) == ["gone"]
    assert "table letters: the database cannot be read" in outcome["failed_sources"]["gone"]
