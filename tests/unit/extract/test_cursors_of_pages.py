"""APIs whose cursor stands in a header, or is the key of the last row: read so, found so by add-source, and limits of rate kept."""

from __future__ import annotations

import tomllib

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.proposals.propose import propose

ROWS = [{"id": n, "email": f"n{n}@example.com", "last_name": "Ek"} for n in range(1, 8)]
MOST = 3


def size_of(asked):
    return min(int(asked.query.get("limit", MOST)), MOST)


def by_header(asked):
    at = int(asked.query.get("cursor", 0))
    more = {"X-Next-Cursor": str(at + size_of(asked))} if at + size_of(asked) < len(ROWS) else {}
    return {"data": ROWS[at : at + size_of(asked)]}, 200, more


def by_last_row(asked):
    after = int(asked.query.get("starting_after", 0))
    left = [row for row in ROWS if row["id"] > after]
    return {"data": left[: size_of(asked)], "has_more": len(left) > size_of(asked)}


def by_last_row_alone(asked):
    """It says nothing of a next page: a page without rows is the last one."""
    return [row for row in ROWS if row["id"] > int(asked.query.get("since_id", 0))][: size_of(asked)]


WAYS = [
    (by_header, {"next": "header", "at": "X-Next-Cursor", "parameter": "cursor"}),
    (by_last_row, {"next": "cursor", "at": "data.-1.id", "parameter": "starting_after"}),
    (by_last_row_alone, {"rows": "", "next": "cursor", "at": "-1.id", "parameter": "since_id"}),
]


@pytest.fixture
def load(home, warehouse, monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")

    def go(url, **paging):
        tables = {"customers": Table(columns={"id": "BIGINT"}, key=["id"])}
        source = Source(connector="rest", url=url, paging=paging, tables=tables)
        settings = Settings(company="T", sources={"api": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "api")["customers"]

    return go


@pytest.mark.parametrize(("answer", "paging"), WAYS)
def test_every_row_is_read_and_how_is_found(serve_json, load, answer, paging):
    url = serve_json(lambda asked: answer(asked) if asked.path == "/customers" else ({}, 404, {}))
    assert load(url, **paging).inserted == len(ROWS)
    source = tomllib.loads(propose("shop", f"{url}/customers", "SEK").block)["sources"]["shop"]
    assert source["paging"] == {**paging, "since": ""} or source["paging"] == paging


def test_a_limit_of_rate_is_waited_for_and_no_page_is_lost(serve_json, load, monkeypatch):
    waited, refused = [], []
    monkeypatch.setattr("orchestration.extract.http_session.time.sleep", waited.append)

    def limited(asked):
        if asked.query.get("cursor") and asked.query["cursor"] not in refused:
            refused.append(asked.query["cursor"])
            return {"error": "slow down"}, 429, {"Retry-After": "7"}
        return by_header(asked)

    assert load(serve_json(limited), **WAYS[0][1]).inserted == len(ROWS)
    assert waited == [7.0, 7.0]


def test_a_header_that_never_changes_is_noticed(serve_json, load):
    with pytest.raises(SourceError, match=r"same page again|go in circles"):
        load(serve_json(lambda asked: ({"data": ROWS}, 200, {"X-Next-Cursor": "1"})), **WAYS[0][1])


def test_what_a_way_needs_is_told():
    for paging, told in (({"next": "header"}, "needs at"), ({"next": "header", "at": "X"}, "needs parameter")):
        with pytest.raises(ValueError, match=told):
            Source(connector="rest", url="https://shop.example", paging=paging)
