"""An API that misbehaves ends in bounded time with a clear error, and never gets another host's token."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Quality, Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.http_session import _origin

COLUMNS = {"id": "BIGINT", "updated_at": "VARCHAR"}


def page(*ids: int, day: int = 1) -> bytes:
    return json.dumps({"data": [{"id": n, "updated_at": f"2026-01-{day:02d}T00:00:00Z"} for n in ids]}).encode()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")


@pytest.fixture
def serve():
    """Starts a server whose `answer(handler)` does what the test wants; returns its url and the requests it got."""
    servers = []

    def start(answer):
        asked: list[tuple[str, str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, self.headers.get("Authorization")))
                answer(self, len(asked))

            def reply(self, body: bytes, status: int = 200, **headers: str):
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def load(home, warehouse):
    def go(url: str, *, max_minutes: float = 1, columns=None, quality=None, **table):
        spec = Table(columns=columns or COLUMNS, key=["id"], **{"cursor": "updated_at", **table})
        source = Source(connector="rest", url=url, token="secret", max_minutes=max_minutes, tables={"t": spec})
        settings = Settings(company="T", sources={"api": source}, quality=quality or Quality())
        prepare_raw(warehouse, settings)
        started = time.monotonic()
        try:
            return extract_source(warehouse, home, settings, "api")["t"]
        finally:
            assert time.monotonic() - started < 12

    return go


def rows(warehouse):
    return [
        r for (r,) in warehouse.execute("select id from raw_api.t where _deleted_at is null order by id").fetchall()
    ]


@pytest.mark.parametrize(
    "retry_after",
    [lambda: "3600", lambda: format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)],
    ids=["s", "date"],
)
def test_an_hour_of_retry_after_is_told_and_not_waited(serve, load, retry_after):
    url, asked = serve(lambda handler, n: handler.reply(b"{}", 429, Retry_After=retry_after()))
    with pytest.raises(SourceError, match=r"asks to wait 3,[56]"):
        load(url)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("begun", "is_first"),
    [
        (b"H", True),
        (b"HTTP/1.1 100 Continue\r\n", True),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", False),
    ],
)
def test_an_api_that_drips_the_head_of_an_answer_is_given_up(serve, load, begun, is_first):
    """Each byte comes in time; the whole never does. Also on a connection that gave an answer before."""

    def drip(handler, n):
        if n == 1 and not is_first:
            handler.protocol_version = "HTTP/1.1"
            handler.reply(page(1), Link=f'<{url}/t?page=2>; rel="next"')
            handler.close_connection = False
            return
        handler.wfile.write(begun)
        with suppress(OSError):  # until it hangs up
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.05)

    warm, _ = serve(lambda handler, n: handler.reply(page(1)))
    load(warm)  # what is imported at the first request would take the time
    url, _ = serve(drip)
    with pytest.raises(SourceError, match=r"longer than the 0\.02 minutes"):
        load(url, max_minutes=0.02)


def test_a_head_that_was_cut_is_no_answer(serve, load, monkeypatch):
    """Where the source has more time than one answer may take."""
    monkeypatch.setattr("orchestration.extract.http_session._ANSWER_SECONDS", 0.3)

    def drip(handler, n):
        if n > 1:
            return handler.reply(page(1))
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        with suppress(OSError):  # until it hangs up
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.05)

    url, asked = serve(drip)
    assert load(url).inserted == 1 and len(asked) == 2


def test_an_api_that_drips_bytes_is_given_up(serve, load):
    def drip(handler, n):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)

    url, _ = serve(drip)
    with pytest.raises(SourceError, match=r"longer than the 0\.03 minutes") as caught:
        load(url, max_minutes=0.03)
    assert "max_minutes" in caught.value.to_do


def test_an_api_that_never_answers_is_given_up(serve, load):
    url, _ = serve(lambda handler, n: time.sleep(20))
    with pytest.raises(SourceError, match="longer than the"):
        load(url, max_minutes=0.03)


def test_a_next_link_to_itself_is_noticed(serve, load, warehouse):
    url, asked = serve(lambda handler, n: handler.reply(page(n), Link=f'<{url}/t?page=2>; rel="next"'))
    with pytest.raises(SourceError, match="in circles"):
        load(url)
    assert len(asked) == 2 and rows(warehouse) == []


def test_the_same_page_for_ever_is_noticed(serve, load):
    url, asked = serve(lambda handler, n: handler.reply(page(1), Link=f'<{url}/t?page={n}>; rel="next"'))
    with pytest.raises(SourceError, match="same page again"):
        load(url)
    assert len(asked) == 2


def test_pages_without_an_end_end_with_the_time_of_the_source(serve, load, warehouse):
    url, _ = serve(lambda handler, n: handler.reply(page(n), Link=f'<{url}/t?page={n}>; rel="next"'))
    with pytest.raises(SourceError, match="longer than the"):
        load(url, max_minutes=0.03)
    assert rows(warehouse) == []


@pytest.mark.parametrize("way", ["link", "redirect"])
def test_the_token_and_the_trust_stay_with_one_host(serve, load, warehouse, way):
    elsewhere, heard = serve(lambda handler, n: handler.reply(page(666)))

    def point_away(handler, n):
        if way == "link":
            handler.reply(page(1), Link=f'<{elsewhere}/t?page=2>; rel="next"')
        else:
            handler.reply(b"", 302, Location=f"{elsewhere}/t")

    url, _ = serve(point_away)
    with pytest.raises(SourceError, match="points to another host"):
        load(url)
    assert heard == [] and rows(warehouse) == []


@pytest.mark.parametrize(
    ("written", "other", "is_one"),
    [
        ("http://bücher.example/t", "http://xn--bcher-kva.example/t?page=2", True),
        ("http://xn--bcher-kva.example:80/t", "HTTP://BÜCHER.example/t", True),
        ("http://bücher.example/t", "http://bucher.example/t", False),
        ("http://bücher.example/t", "http://[/t", False),
    ],
)
def test_a_host_in_letters_and_in_punycode_is_one(written, other, is_one):
    assert (_origin(written) == _origin(other)) is is_one


def test_a_redirect_on_the_same_host_is_followed(serve, load, warehouse):
    def answer(handler, n):
        if handler.path.startswith("/t"):
            handler.reply(b"", 307, Location="/v2/t")
        else:
            handler.reply(page(1))

    url, asked = serve(answer)
    load(url)
    assert rows(warehouse) == [1] and asked[-1] == ("/v2/t", "Bearer secret")


def test_a_source_that_suddenly_answers_nothing_is_no_success(serve, load, warehouse):
    answers = {"now": page(*range(30))}
    url, _ = serve(lambda handler, n: handler.reply(answers["now"]))
    load(url)
    answers["now"] = page()
    with pytest.raises(SourceError, match="answers 0 rows, where there were 30"):
        load(url)
    assert len(rows(warehouse)) == 30


def test_an_endpoint_read_whole_that_lost_most_of_its_rows_is_no_success(serve, load, warehouse):
    answers = {"now": page(*range(50))}
    url, _ = serve(lambda handler, n: handler.reply(answers["now"]))
    load(url, cursor=None)
    answers["now"] = page(1)
    for _night in range(2):
        with pytest.raises(SourceError, match="answers 1 rows, where there were 50") as caught:
            load(url, cursor=None)
        assert len(rows(warehouse)) == 50 and "max_volume_drop" in caught.value.to_do
    answers["now"] = page(*range(30))
    assert load(url, cursor=None).unchanged == 30


@pytest.mark.parametrize("left", [1, 0])
def test_one_night_that_lets_a_fall_in_is_enough(serve, load, warehouse, left):
    """Raw keeps the rows that are gone, but what is there by now is what the next read is measured by."""
    answers = {"now": page(*range(50))}
    url, _ = serve(lambda handler, n: handler.reply(answers["now"]))
    load(url, cursor=None)
    answers["now"] = page(*range(left))
    load(url, cursor=None, quality=Quality(max_volume_drop=1))
    assert load(url, cursor=None).source_rows == left and len(rows(warehouse)) == 50


def test_of_a_small_endpoint_any_share_may_be_gone(serve, load):
    answers = {"now": page(*range(19))}
    url, _ = serve(lambda handler, n: handler.reply(answers["now"]))
    load(url, cursor=None)
    answers["now"] = page(1)
    assert load(url, cursor=None).source_rows == 1


def test_nothing_new_is_a_success_where_the_source_still_has_rows(serve, load):
    def answer(handler, n):
        handler.reply(page(1) if "updated_since" not in handler.path else page())

    url, _ = serve(answer)
    load(url)
    counts = load(url)
    assert counts.source_rows == 0 and counts.way.startswith("changes: updated_at from 2025-12-31 00:00")


def test_statements_are_read_whole_so_that_backdated_ones_are_seen(serve, load, warehouse):
    grant = {"status": "status", "granted": ["granted"], "stated_at": "updated_at", "wording": "wording"}
    table = {
        "columns": {**COLUMNS, "status": "VARCHAR", "wording": "VARCHAR"},
        "persons": [{"key": "id", "grant": grant}],
        "texts": [],
    }
    said = [{"id": 1, "updated_at": "2026-01-09T00:00:00Z", "status": "granted", "wording": "w"}]

    def answer(handler, n):
        since = "2026-01" in handler.path
        handler.reply(json.dumps({"data": [row for row in said if not since or row["updated_at"] > "2026"]}).encode())

    url, asked = serve(answer)
    load(url, **table)
    said.append({"id": 2, "updated_at": "2019-01-01T00:00:00Z", "status": "withdrawn", "wording": ""})
    assert load(url, **table).way.startswith("whole: statements")
    assert rows(warehouse) == [1, 2] and not any("updated_since" in path for path, _ in asked)


def test_now_and_then_everything_is_read_so_that_rows_a_page_lost_are_found(serve, load, warehouse):
    there = {"now": (1, 3)}  # 2 was lost between two pages
    url, asked = serve(lambda handler, n: handler.reply(page(*there["now"])))
    load(url)
    there["now"] = (1, 2, 3)
    warehouse.execute("update ops.loads set loaded_at = loaded_at - interval 8 day")
    assert load(url).way == "whole: as every 7 days"
    assert rows(warehouse) == [1, 2, 3] and "updated_since" not in asked[-1][0]


def test_instants_are_compared_as_instants_in_the_hour_that_comes_twice(serve, load, warehouse):
    told = [{"id": 1, "updated_at": "2025-10-26T02:10:00+01:00"}, {"id": 2, "updated_at": "2025-10-26T02:50:00+02:00"}]
    url, asked = serve(lambda handler, n: handler.reply(json.dumps({"data": told}).encode()))
    load(url, cursor_lag=0)
    load(url, cursor_lag=0)
    assert "updated_since=2025-10-26T01%3A10%3A00Z" in asked[-1][0]


def test_a_number_with_a_fraction_is_asked_from_the_whole_one_below(serve, load):
    told = [{"id": 1, "updated_at": 10.6}]
    url, asked = serve(lambda handler, n: handler.reply(json.dumps({"data": told}).encode()))
    columns = {"id": "BIGINT", "updated_at": "DOUBLE"}
    load(url, cursor_lag=0, columns=columns)
    load(url, cursor_lag=0, columns=columns)
    assert asked[-1][0].endswith("updated_since=10")


def test_a_cursor_ahead_of_now_does_not_hide_what_changes_meanwhile(serve, load):
    ahead = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    told = [{"id": 1, "updated_at": "2026-01-01T00:00:00Z"}, {"id": 2, "updated_at": ahead}]
    url, asked = serve(lambda handler, n: handler.reply(json.dumps({"data": told}).encode()))
    load(url, cursor_lag=0)
    load(url, cursor_lag=0)
    assert "updated_since=2026-01-01T00" in asked[-1][0]
