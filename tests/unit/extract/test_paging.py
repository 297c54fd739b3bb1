"""APIs that page otherwise than by a Link header: rows at any place, the next page by an address, a cursor, a number or an offset."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

ROWS = [{"id": n, "name": f"N{n}", "updated_at": f"2026-01-{n:02d}T00:00:00Z"} for n in range(1, 8)]
MOST = 3  # rows a page, whatever is asked for


@pytest.fixture
def serve():
    servers = []

    def start(answer):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append({k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()})
                body = json.dumps(answer(asked[-1])).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def load(home, warehouse):
    def go(url, **paging):
        table = Table(
            columns={"id": "BIGINT", "name": "VARCHAR", "updated_at": "TIMESTAMP"}, key=["id"], cursor="updated_at"
        )
        source = Source(connector="rest", url=url, paging=paging, tables={"things": table})
        settings = Settings(company="T", sources={"api": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "api")["things"]

    return go


def part(at):
    return ROWS[at : at + MOST]


def by_page(asked):
    return part((int(asked["p"]) - 1) * MOST)


def by_offset(asked):
    return {"result": {"items": part(int(asked["skip"]))}}


def by_cursor(asked):
    at = int(asked.get("after", 0))
    # some say a cursor on the last page too
    return {"results": part(at), "paging": {"next": {"after": str(at + MOST)}}, "has_more": at + MOST < len(ROWS)}


def by_address(asked):
    at = int(asked.get("from", 0))
    return {"data": part(at), "links": {"next": f"/things?from={at + MOST}" if at + MOST < len(ROWS) else None}}


@pytest.mark.parametrize(("answer", "paging"), [
    (by_page, {"rows": "", "next": "page", "parameter": "p"}),
    (by_offset, {"rows": "result.items", "next": "offset", "parameter": "skip"}),
    (by_cursor, {"rows": "results", "next": "cursor", "at": "paging.next.after", "parameter": "after"}),
    (by_address, {"next": "url", "at": "links.next"}),
    (lambda asked: ROWS, {"rows": "", "next": "none", "size": ""}),
])  # fmt: skip
def test_every_row_is_read_however_an_api_pages(serve, load, warehouse, answer, paging):
    url, _ = serve(answer)
    assert load(url, **paging).inserted == len(ROWS), "no row is left out, though pages have fewer than were asked for"
    assert warehouse.execute("select count(distinct id) from raw_api.things").fetchall() == [(7,)]


def test_changes_are_asked_for_by_the_name_that_the_api_knows_and_else_all_rows(serve, load):
    url, asked = serve(by_page)
    paging = {"rows": "", "next": "page", "parameter": "p", "size": "per_page"}
    load(url, **paging)
    assert asked[0] == {"per_page": "1000", "p": "1"}
    again = load(url, **paging | {"since": "modified_after"})
    assert again.way.startswith("changes") and asked[-1]["modified_after"].startswith("2026-01-06")
    assert load(url, **paging | {"since": ""}).way == "whole: the API cannot be asked for changes"


def test_an_api_that_does_not_count_is_noticed(serve, load):
    url, asked = serve(lambda asked: ROWS)
    with pytest.raises(SourceError, match="the same page again"):
        load(url, rows="", next="page", parameter="page")
    assert len(asked) == 2


def by_last_row(asked):
    at = int(asked.get("after", 0))
    return {"data": part(at)}


def without_a_key(asked):
    found = by_last_row(asked)
    return {"data": [*found["data"][:-1], {**found["data"][-1], "id": None}]} if asked.get("after") == "3" else found


@pytest.mark.parametrize(("answer", "paging", "at"), [
    (by_cursor, {"rows": "results", "next": "cursor", "at": "paging.next", "parameter": "after"}, "paging.next"),
    (without_a_key, {"next": "cursor", "at": "data.-1.id", "parameter": "after"}, "data.-1.id"),
])  # fmt: skip
def test_a_next_page_that_cannot_be_asked_for_is_no_end(serve, load, answer, paging, at):
    url, _ = serve(answer)
    with pytest.raises(SourceError, match=f"no value at {at} by which the next page"):
        load(url, **paging)


def test_the_key_of_the_last_row_asks_for_what_comes_behind_it(serve, load):
    url, _ = serve(by_last_row)
    assert load(url, next="cursor", at="data.-1.id", parameter="after").inserted == len(ROWS)


def test_rows_that_are_elsewhere_are_told(serve, load):
    url, _ = serve(lambda asked: {"items": ROWS})
    with pytest.raises(SourceError, match="not a page of rows") as refused:
        load(url, rows="result.items")
    assert '{"result.items": [...]}' in refused.value.to_do


def test_a_look_reads_one_page(serve, home, warehouse):
    url, asked = serve(by_page)
    table = Table(columns={"id": "BIGINT"}, key=["id"])
    paging = {"rows": "", "next": "page", "parameter": "p"}
    source = Source(connector="rest", url=url, paging=paging, tables={"things": table}).first(2)
    settings = Settings(company="T", sources={"api": source})
    prepare_raw(warehouse, settings)
    assert extract_source(warehouse, home, settings, "api")["things"].inserted == MOST
    assert asked == [{"limit": "2", "p": "1"}]


def by_size(asked):
    at, size = int(asked.get("after", 0)), min(int(asked["limit"]), MOST)
    is_last = at + size >= len(ROWS)
    # as many APIs have it: nothing is said of a next page where there is none
    return {"data": ROWS[at:][:size], "paging": {} if is_last else {"next": {"after": str(at + size)}}}


def told_twice(asked):
    return {"data": part(0), "has_more": True, "cursor": "x"}


@pytest.mark.parametrize(("answer", "paging"), [
    (by_size, {"next": "cursor", "at": "paging.next.afer", "parameter": "after"}),
    (by_size, {"next": "url", "at": "links.next"}),
    (by_size, {"next": "header", "at": "X-Next", "parameter": "after"}),
    (told_twice, {"next": "cursor", "at": "next_cursor", "parameter": "cursor", "size": ""}),
])  # fmt: skip
def test_a_misspelt_place_of_the_next_page_is_no_end(serve, load, answer, paging):
    url, asked = serve(answer)
    with pytest.raises(SourceError, match=f"{paging['at']}"):
        load(url, **paging)
    assert len(asked) <= 2


def test_a_full_page_without_a_link_is_no_end_where_the_api_has_more(serve, home, warehouse):
    url, _ = serve(lambda asked: {"data": ROWS[: int(asked["limit"])]})
    table = Table(columns={"id": "BIGINT"}, key=["id"])
    source = Source(connector="rest", url=url, page_size=3, tables={"things": table})
    settings = Settings(company="T", sources={"api": source})
    prepare_raw(warehouse, settings)
    with pytest.raises(SourceError, match="no Link header"):
        extract_source(warehouse, home, settings, "api")


def test_an_api_that_says_nothing_of_a_next_page_where_there_is_none_is_asked_for_one_row_more_once(serve, load):
    url, asked = serve(by_size)
    assert load(url, next="cursor", at="paging.next.after", parameter="after").inserted == len(ROWS)
    assert [one.get("after") for one in asked] == [None, "3", "6"]
    del ROWS[2:]
    try:
        asked.clear()
        load(url, next="cursor", at="paging.next.after", parameter="after", since="")
        assert [one["limit"] for one in asked] == ["1000", "1"], "a page that may hide a next one is proved once"
    finally:
        ROWS.extend({"id": n, "name": f"N{n}", "updated_at": f"2026-01-{n:02d}T00:00:00Z"} for n in range(3, 8))


def test_an_api_that_says_zero_pages_and_has_rows_is_read_until_there_are_none(serve, load):
    url, _ = serve(lambda asked: {"data": by_page(asked), "pages": 0})
    assert load(url, next="page", parameter="p", pages="pages").inserted == len(ROWS)


NEEDS_A_NEXT = {"next": "cursor", "at": "paging.next.after", "parameter": "after"}


@pytest.fixture
def load_queries(home, warehouse, serve_json):
    def go(answer, **paging):
        url, table = serve_json(answer), Table(columns={"id": "BIGINT"}, key=["id"], body={"filter": {"kind": "all"}})
        settings = Settings(company="T", sources={"api": Source(connector="rest", url=url, paging=paging, tables={"things": table})})  # fmt: skip
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "api")["things"]

    return go


def test_who_is_asked_for_one_row_more_is_asked_the_same(load_queries):
    asked_with = []

    def answer(asked):
        asked_with.append((asked.query["limit"], json.loads(asked.sent or b"null")))
        return by_size(asked.query) if asked_with[-1][1] else ({"error": "no filter"}, 400, {})

    with pytest.raises(SourceError, match=r"nothing at paging\.next\.afer"):
        load_queries(answer, **NEEDS_A_NEXT | {"at": "paging.next.afer"})
    assert asked_with == [("1000", {"filter": {"kind": "all"}}), ("1", {"filter": {"kind": "all"}})]


@pytest.mark.parametrize("of_one", [
    ({"error": "slow down"}, 429, {"Retry-After": "9999"}), {"error": "too small a page"}, {"errors": [{"message": "cost"}], "data": ROWS[:1]},
])  # fmt: skip
def test_who_answers_no_single_row_says_nothing_of_a_table_that_was_read_whole(load_queries, of_one):
    asked = []

    def answer(request):
        asked.append(request.query["limit"])
        return of_one if asked[-1] == "1" else {"data": ROWS[:2], "paging": {}}

    assert load_queries(answer, **NEEDS_A_NEXT).inserted == 2 and asked == ["1000", "1"]


def test_one_row_that_says_that_there_are_more_proves_a_misspelt_place(load_queries):
    def answer(request):
        return {"data": ROWS[: min(int(request.query["limit"]), 2)], "has_more": request.query["limit"] == "1"}

    with pytest.raises(SourceError, match=r"nothing at paging\.next\.after"):
        load_queries(answer, **NEEDS_A_NEXT)


@pytest.mark.parametrize("at", ["links.next.href", "links.0.hreff", "links.-1.next.href"])
def test_a_misspelt_place_within_a_list_is_no_end_either(serve, load, at):
    def answer(asked):
        found = by_size(asked)
        after = found["paging"].get("next", {}).get("after")
        return {"data": found["data"], "links": [{"rel": "next", "href": f"/things?after={after}"}] if after else []}

    url, _ = serve(answer)
    with pytest.raises(SourceError, match="nothing at links"):
        load(url, next="url", at=at)


def test_a_place_within_a_list_is_followed(serve, load):
    def answer(asked):
        found = by_size({"limit": "3", **asked})
        after = found["paging"].get("next", {}).get("after")
        links = [{"rel": "self", "href": "/"}, *([{"rel": "next", "href": f"/things?after={after}"}] if after else [])]
        return {"data": found["data"], "links": links}

    url, _ = serve(answer)
    assert load(url, next="url", at="links.1.href").inserted == len(ROWS)


def test_an_object_of_a_class_of_tryton_that_nobody_knows_costs_its_row_where_it_does_not_fit(serve, load, warehouse):
    day = {"__class__": "datetime", "year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5, "microsecond": 0}  # fmt: skip
    noon = {"__class__": "time", "hour": 12, "minute": 0, "second": 0, "microsecond": 0}
    rows = [
        {"id": {"__class__": "Decimal", "decimal": "1"}, "name": noon, "updated_at": day},
        {"id": 2, "name": {"__class__": "bytes", "base64": "eA=="}, "updated_at": day},
        {"id": 3, "name": {"__class__": "Dictionary", "a": 1}, "updated_at": day},
        {"id": 4, "name": "four", "updated_at": {"__class__": "fuzzydate", "year": 2026}},
    ]
    url, _ = serve(lambda asked: {"result": rows})
    counts = load(url, rows="result", next="none", typed="tryton", since="")
    assert (counts.inserted, counts.rejected) == (3, 1)
    found = warehouse.execute("select id, name, updated_at::varchar from raw_api.things order by id").fetchall()
    assert [name for _, name, _ in found] == ["12:00:00.000000", None, '{"__class__": "Dictionary", "a": 1}']
    assert found[0] == (1, "12:00:00.000000", "2026-01-02 03:04:05")
