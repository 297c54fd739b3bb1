"""The REST connector against a server on loopback: paging, token, 429, 500, HTML, drift, recovery."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.demo.server import serving
from orchestration.extract import rest
from orchestration.extract.budget import Budget
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.run.reach import reach

# what a night does with the endpoint, in a process that kills itself before the file operation that it is told
KILLED = """
import os, re, signal, sys
from pathlib import Path
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.core.home import Home
from orchestration.core.settings import Engine, Settings, Source, Table
from orchestration.core.warehouse import open_warehouse

home, elsewhere, url, columns, moment, place = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]

def die(event, arguments):
    if event == moment and re.search(place, str(arguments[0])):
        os.kill(os.getpid(), signal.SIGKILL)

table = Table(columns=eval(columns), key=["id"], cursor="updated_at")
source = Source(connector="rest", url=url, token="secret-token", tables={"things": table})
settings = Settings(company="T", sources={"api": source})
with open_warehouse(Home(elsewhere).prepare(), Engine()) as con:  # the test holds the home's own warehouse open
    prepare_raw(con, settings)
    sys.addaudithook(die)
    extract_source(con, Home(home), settings, "api")
"""
COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "lines": "STRUCT(n INTEGER)[]", "updated_at": "VARCHAR"}


def row(n: int, **more):
    return {"id": n, "name": f"N{n}", "lines": [{"n": n}], "updated_at": f"2026-01-{n % 28 + 1:02d}T00:00:00Z", **more}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    # dlt backs off for seconds between tries; the tests need the tries, not the waiting
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")


@pytest.fixture
def load(home, warehouse):
    def go(url: str, token: str | None = "secret-token", **table):
        spec = Table(columns=COLUMNS, key=["id"], **{"cursor": "updated_at", **table})
        source = Source(connector="rest", url=url, token=token, tables={"things": spec})
        settings = Settings(company="T", sources={"api": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "api")["things"]

    return go


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"

    def write(night: int, *pages: list[dict]):
        (folder / "things").mkdir(parents=True, exist_ok=True)
        for number, rows in enumerate(pages, start=1):
            (folder / "things" / f"{night:03d}-{number:05d}.json").write_text(json.dumps({"data": rows}))
        latest = max((r["updated_at"] for rows in pages for r in rows), default=None)
        index = {"night": night, "pages": len(pages), "rows": sum(map(len, pages)), "latest": latest}
        (folder / "things" / f"index-{night:03d}.json").write_text(json.dumps(index))
        return folder

    return write


def answering(*answers: tuple[int, dict[str, str], bytes]):
    """A server that gives `answers` in turn, the last one for ever, and counts requests."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, headers, body = answers[min(len(asked), len(answers)) - 1]
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server, asked


@pytest.fixture
def serve():
    servers = []

    def start(*answers):
        server, asked = answering(*answers)
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_every_page_is_read_with_the_token_and_only_news_the_next_time(load, pages, warehouse):
    folder = pages(1, [row(1), row(2)], [row(3)])
    with serving(folder, "secret-token") as url:
        assert load(url).inserted == 3
        again = load(url)
        assert (again.inserted, again.updated) == (0, 0) and again.way.startswith("changes")
        pages(2, [row(2, name="new", updated_at="2026-02-01T00:00:00Z"), row(4, updated_at="2026-02-02T00:00:00Z")])
        counts = load(url)
    assert (counts.inserted, counts.updated) == (1, 1)
    found = warehouse.execute("select id, name, lines[1].n from raw_api.things order by id").fetchall()
    assert found == [(1, "N1", 1), (2, "new", 2), (3, "N3", 3), (4, "N4", 4)]


def test_a_wrong_token_is_named(load, pages):
    with serving(pages(1, [row(1)]), "another-token") as url, pytest.raises(SourceError, match="401") as caught:
        load(url)
    assert "token" in caught.value.to_do and "secret-token" not in str(caught.value)


def test_a_429_with_retry_after_is_waited_out(load, serve):
    url, asked = serve((429, {"Retry-After": "0"}, b"{}"), (200, {}, json.dumps({"data": [row(1)]}).encode()))
    counts = load(url)
    assert counts.inserted == 1
    assert len(asked) == counts.requests == 2 and counts.seconds > 0


def test_a_server_that_stays_broken_is_given_up_after_bounded_tries(load, serve):
    url, asked = serve((500, {}, b"{}"))
    with pytest.raises(SourceError, match="cannot be read"):
        load(url)
    assert 1 < len(asked) <= 10


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>please sign in</html>"),
        (200, {}, b'{"data": [{"id": 1,'),
        (200, {}, b'{"error": "maintenance"}'),
        (200, {}, b"[]"),
    ],
)
def test_an_answer_that_is_no_page_is_refused_whole(load, serve, warehouse, answer):
    url, _ = serve(answer)
    with pytest.raises(SourceError):
        load(url)
    assert warehouse.execute("select count(*) from raw_api.things").fetchall() == [(0,)]


def test_a_source_that_is_down_is_named_and_can_be_tried_again(load, serve):
    with pytest.raises(SourceError) as caught:
        load("http://127.0.0.1:9")
    assert "127.0.0.1:9" in caught.value.where


@pytest.mark.parametrize(
    "answer", [(404, {}, b""), (200, {}, b"<html>"), (302, {"Location": "http://elsewhere.se/k3y"}, b"")]
)
def test_of_a_web_address_no_part_of_its_path_is_told(load, serve, home, answer):
    """It may be the secret, however short, and from wherever it came."""
    url, _ = serve(answer)
    with pytest.raises(SourceError) as caught:
        load(f"{url}/k3y/v1", endpoint="k3y/things")
    assert "k3y" not in str(caught.value) and caught.value.where.startswith(f"{url}/…")
    source = Source(connector="rest", url=f"{url}/k3y", tables={})
    assert "k3y" not in str(reach("api", source, home))


def test_a_removed_column_stops_the_source(load, serve):
    whole = [row(n) for n in range(20)]
    page = [{k: v for k, v in each.items() if k != "name"} for each in whole]
    url, _ = serve(*((200, {}, json.dumps({"data": rows}).encode()) for rows in (whole, page)))
    load(url)
    with pytest.raises(SourceError, match="column name is gone"):
        load(url)


def test_a_column_that_every_row_leaves_out_is_empty_and_told(load, serve, warehouse):
    page = [{k: v for k, v in row(n).items() if k != "name"} for n in range(3)]
    url, _ = serve((200, {}, json.dumps({"data": page}).encode()))
    counts = load(url)
    assert counts.notes == ["column name stands in none of 3 rows of the API's answer: read as empty"]
    assert warehouse.execute("select count(*) from raw_api.things where name is null").fetchall() == [(3,)]
    with pytest.raises(SourceError, match="column updated_at is gone"):
        load(serve((200, {}, json.dumps({"data": [{"id": 1, "name": "A", "lines": []}]}).encode()))[0])


def test_an_undeclared_column_is_told_and_does_not_enter(load, serve, warehouse):
    url, _ = serve((200, {}, json.dumps({"data": [row(1, colour="red"), row(2)]}).encode()))
    assert load(url).added_columns == ["colour"]
    assert "colour" not in {column for column, *_ in warehouse.execute("describe raw_api.things").fetchall()}


def test_a_row_of_the_wrong_type_is_rejected_and_kept(load, serve, warehouse):
    page = [*(row(n) for n in range(1, 9)), row(9, id="nine")]
    url, _ = serve((200, {}, json.dumps({"data": page}).encode()))
    counts = load(url)
    assert (counts.inserted, counts.rejected, counts.source_rows) == (8, 1, 9)
    content = warehouse.execute("select content from quarantine.rejected_rows").fetchall()[0][0]
    assert json.loads(content)["id"] == "nine"


def test_a_retyped_column_stops_the_source(load, serve):
    url, _ = serve((200, {}, json.dumps({"data": [row(n, id=f"x{n}") for n in range(9)]}).encode()))
    with pytest.raises(SourceError, match="do not fit the declared types"):
        load(url)


def test_a_killed_load_is_finished_and_then_the_new_batch_is_fetched(load, pages, home, warehouse, monkeypatch):
    """Also where the API no longer gives what the package holds, as one of events that shows the last days alone."""
    from orchestration.extract.pages import REJECTS

    folder = pages(1, [row(1), row(2)])
    with serving(folder, "secret-token") as url:
        with monkeypatch.context() as patch:
            # as if the process had died after dlt wrote its package and before anything reached raw
            patch.setattr("dlt.Pipeline.load", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                load(url)
        assert warehouse.execute("select count(*) from raw_api.things").fetchall() == [(0,)]
        pages(1, [row(2, name="changed", updated_at="2026-01-31T00:00:00Z")])
        pages(2, [row(3, updated_at="2026-02-01T00:00:00Z")])
        load(url)
    found = warehouse.execute("select id, name from raw_api.things order by id").fetchall()
    assert found == [(1, "N1"), (2, "changed"), (3, "N3")]
    assert not (home.landing / "api" / "things").exists()
    assert REJECTS not in [r[0] for r in warehouse.execute("describe raw_api.things").fetchall()]


@pytest.mark.parametrize(
    ("moment", "place"),
    [
        # where a next run hung, for dlt calls such packages pending and never finishes them
        ("os.rmdir", r"/normalize/[^/]+$"),
        # where every next run failed, for dlt cannot read what lies there
        ("os.rename", r"/schemas/"),
        ("os.rmdir", r"/normalize/extracted/[^/]+$"),
        ("open", r"/raw/init$"),
    ],
)
def test_a_load_killed_at_its_worst_moments_is_fixed_by_the_next(load, pages, home, warehouse, tmp_path, moment, place):
    folder = pages(1, [row(1)], [row(2)])
    with serving(folder, "secret-token") as url:
        arguments = [str(home.root), str(tmp_path / "elsewhere"), url, repr(COLUMNS), moment, place]
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, *arguments], capture_output=True, check=False, timeout=60
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
        pages(2, [row(3, updated_at="2026-02-01T00:00:00Z")])
        load(url)
    assert [r for (r,) in warehouse.execute("select id from raw_api.things order by id").fetchall()] == [1, 2, 3]
    assert not (home.landing / "api" / "things").exists()


@pytest.mark.parametrize("status", [200, 500])
def test_no_file_below_the_home_holds_what_the_url_or_the_token_keeps_secret(home, warehouse, serve, status):
    """Neither while the rows wait for raw, nor after a night that failed."""
    url, asked = serve((status, {}, json.dumps({"data": [row(1)]}).encode()))
    table = Table(columns=COLUMNS, key=["id"])
    source = Source(connector="rest", url=f"{url}?api_key=s3cr-of-url", token="s3cr-of-token", tables={"things": table})
    prepare_raw(warehouse, Settings(company="T", sources={"api": source}))
    with suppress(SourceError):
        rest.read_endpoint(warehouse, home, "api", source, "things", table, 0.5, Budget("api", 1))
    written = [path for path in home.root.rglob("*") if path.is_file()]
    assert asked and any(path.is_relative_to(home.landing) for path in written)
    assert [path for path in written if b"s3cr-of" in path.read_bytes()] == []


@pytest.mark.parametrize("status", [200, 404])
def test_its_connections_are_closed_whatever_it_answers(load, serve, monkeypatch, status):
    opened, closed = [], []

    class Session(rest.BoundedSession):
        def __init__(self, *args, **more):
            super().__init__(*args, **more)
            opened.append(self)

        def close(self):
            super().close()
            closed.append(self)

    monkeypatch.setattr(rest, "BoundedSession", Session)
    url, _ = serve((status, {}, b'{"data": []}'))
    with suppress(SourceError):
        load(url)
    assert opened and {id(one) for one in closed} >= {id(one) for one in opened}
