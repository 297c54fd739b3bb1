"""The doctor's look at a source that delays, in whatever way, has an end and says so."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import ClassVar

import pytest

from orchestration.run.doctor import examine
from orchestration.run.findings import Finding
from orchestration.run.reach import _tables

# after so long the servers here hang up by themselves: no test waits for ever
_LONG = 10


@pytest.fixture
def slow():
    """Starts a server that says `first`, then `drip` again and again; where `drip` is empty it says nothing more."""
    open_sockets = []

    def start(first: bytes, drip: bytes) -> int:
        listening = socket.socket()
        open_sockets.append(listening)
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve(client: socket.socket):
            ends = time.monotonic() + _LONG
            with suppress(OSError), client:
                if first.startswith(b"HTTP"):
                    client.recv(65536)
                client.sendall(first)
                while time.monotonic() < ends:
                    client.sendall(drip)
                    time.sleep(0.02)

        def accept():
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=[listening.accept()[0]], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listening.getsockname()[1]

    yield start
    for listening in open_sockets:
        listening.close()


@pytest.fixture
def look(write_config, monkeypatch, tmp_path):
    def go(connector: str, url: str):
        path = write_config(
            f'company = "T"\n[sources.s]\nconnector = "{connector}"\nurl = "{url}"\n'
            '[sources.s.tables.t]\ncolumns = { id = "BIGINT" }\n'
        )
        monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
        monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
        started = time.monotonic()
        found = next(finding for finding in examine() if finding.what == "source s")
        return found, time.monotonic() - started

    return go


@pytest.fixture
def _soon(monkeypatch):
    monkeypatch.setattr("orchestration.run.reach._LOOK_SECONDS", 2)


@pytest.mark.parametrize(
    ("connector", "url", "first", "drip"),
    [
        ("sql", "postgresql://u:s3cr@127.0.0.1:{}/d", b"", b""),
        ("sql", "mysql://u:s3cr@127.0.0.1:{}/d", b"", b""),
        ("sql", "mysql://u:s3cr@127.0.0.1:{}/d", b"\xff\xff\xff\x00", b"x"),
        ("rest", "http://127.0.0.1:{}", b"", b""),
        ("rest", "http://127.0.0.1:{}", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    ],
)
@pytest.mark.usefixtures("_soon")
def test_a_source_that_delays_without_end_is_told_in_time(slow, look, connector, url, first, drip):
    found, seconds = look(connector, url.format(slow(first, drip)))
    assert seconds < _LONG / 2
    assert (found.is_ok, found.found) == (False, "does not answer within 2 seconds") and found.to_do


def test_the_body_of_an_api_is_not_waited_for(slow, look):
    port = slow(b"HTTP/1.1 200 OK\r\n\r\n", b" ")
    found, seconds = look("rest", f"http://127.0.0.1:{port}")
    assert found.is_ok and found.found.endswith("answers 200") and seconds < _LONG / 2


@pytest.mark.parametrize(("status", "to_do"), [(b"503 Down", "the server is down"), (b"401 No", "check url and token")])
def test_an_api_that_refuses_is_told_apart_from_one_that_is_down(slow, look, status, to_do):
    found, _ = look("rest", f"http://127.0.0.1:{slow(b'HTTP/1.1 ' + status + bytes([13, 10, 13, 10]), b' ')}")
    assert not found.is_ok and found.to_do.startswith(to_do)


def test_a_database_that_answers_is_told_with_its_tables(look, tmp_path):
    import sqlite3

    with sqlite3.connect(tmp_path / "d.sqlite") as con:
        con.execute("create table t (id integer)")
    con.close()
    found, _ = look("sql", f"sqlite:///{tmp_path / 'd.sqlite'}")
    assert found.is_ok and found.found.endswith(": 1 tables")


@pytest.mark.parametrize(
    ("own", "told"),
    [(0, 'tables: 0 in public, 2 in sales; name one of another schema as table = "sales.NAME"'),
     (1, 'tables: 1 in public, 2 in sales; name one of another schema as table = "sales.NAME"'), (3, "3 tables")],
)  # fmt: skip
def test_tables_of_another_schema_are_told_with_its_name(own, told):
    class There:
        default_schema_name = "public"
        tables: ClassVar = {None: ["a"] * own, "public": ["a"] * own, "sales": ["b"] if own < 3 else [], "empty": []}

        def get_schema_names(self):
            return ["public", "sales", "empty", "pg_toast_temp", "information_schema"]

        def get_table_names(self, schema):
            return [f"{name}{n}" for n, name in enumerate(self.tables[schema])]

        def get_view_names(self, schema):
            return ["v"] if schema == "sales" and own < 3 else []

        def get_materialized_view_names(self, schema):
            raise NotImplementedError

    assert _tables(There()) == told


def test_sources_are_looked_at_side_by_side_and_told_in_their_order(write_config, monkeypatch, tmp_path):
    names = [f"s{number}" for number in range(9)]
    blocks = [
        f'[sources.{name}]\nconnector = "files"\nurl = "{tmp_path}"\n'
        f'[sources.{name}.tables.t]\npath = "*.csv"\ncolumns = {{ id = "BIGINT" }}\n'
        for name in names
    ]
    path = write_config('company = "T"\n' + "".join(blocks))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(path))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    # none is done before all are begun, and the first is done last
    begun, others = threading.Barrier(len(names), timeout=30), threading.Semaphore(0)

    def look(name, *_):
        begun.wait()
        for _ in names[1:] if name == names[0] else ():
            assert others.acquire(timeout=30)
        others.release()
        return Finding(f"source {name}", True, "")

    monkeypatch.setattr("orchestration.run.dry_run.reach", look)
    assert [finding.what for finding in examine() if finding.what[:7] == "source "] == [
        f"source {name}" for name in names
    ]
