"""Rows that an API does not answer any more, of a table with find_deletions: gone whenever it is read whole, and never by what changed."""

from __future__ import annotations

import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "updated_at": "TIMESTAMP"}


def row(n, **more):
    return {"id": n, "name": f"N{n}", "updated_at": f"2026-01-{n % 28 + 1:02d}T00:00:00Z", **more}


@pytest.fixture
def night(home, warehouse, serve_json):
    """A night on which the API has these rows; it asks for all unless `since` is something."""
    rows = []
    url = serve_json(lambda asked: {"data": rows})

    def go(*found, since="", **table):
        rows[:] = found
        spec = Table(columns=COLUMNS, key=["id"], cursor="updated_at", **{"find_deletions": True, **table})
        source = Source(connector="rest", url=url, tables={"t": spec}, paging={"next": "none", "since": since})
        settings = Settings(company="T", sources={"s": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "s")["t"]

    return go


@pytest.fixture
def there(warehouse):
    return lambda: [n for (n,) in warehouse.execute("select id from raw_s.t where _deleted_at is null order by 1").fetchall()]  # fmt: skip


def test_who_is_not_answered_any_more_is_gone_and_stands_again_where_it_comes_again(night, there):
    night(row(1), row(2), row(3))
    assert night(row(1), row(3)).deleted == 1 and there() == [1, 3]
    night(row(1), row(2), row(3))
    assert there() == [1, 2, 3]


def test_what_changed_tells_of_nobody_that_they_are_gone(night, there):
    night(row(1), row(2), since="updated_since")
    counts = night(row(2, name="new"), since="updated_since")
    assert (counts.way.split(":")[0], counts.deleted, counts.updated) == ("changes", 0, 1) and there() == [1, 2]


def test_without_find_deletions_nobody_is_gone(night, there):
    night(row(1), row(2), find_deletions=False)
    night(row(1), find_deletions=False)
    assert there() == [1, 2]


def test_beside_a_row_that_cannot_be_read_nobody_is_gone(night, there):
    night(*(row(n) for n in range(1, 6)))
    counts = night(row(1), row(2, updated_at="soon"), row(3), row(4))
    assert (counts.deleted, counts.kept, counts.rejected) == (0, 2, 1) and there() == [1, 2, 3, 4, 5]


def test_an_api_that_lost_most_of_its_rows_is_not_believed(night, there):
    night(*(row(n) for n in range(1, 31)))
    with pytest.raises(SourceError, match="raw keeps what it had"):
        night(row(1))
    assert len(there()) == 30


def test_a_row_that_moved_to_a_page_that_was_read_before_is_not_gone(home, warehouse, serve_json, there):
    """Pages are counted, and a row of the first one is deleted while the second one is asked for: the third row is on no page then."""
    rows, asked_for = [row(n) for n in range(1, 7)], []

    def page(asked):
        start = int(asked.query.get("skip", 0))
        asked_for.append(start)
        found = rows[start : start + 2]
        if is_second_night and rows[0]["id"] == 1:
            del rows[0]
        return {"data": found}

    spec = Table(columns=COLUMNS, key=["id"], cursor="updated_at", find_deletions=True)
    paging = {"next": "offset", "parameter": "skip", "size": "", "since": ""}
    source = Source(connector="rest", url=serve_json(page), tables={"t": spec}, paging=paging)
    settings = Settings(company="T", sources={"s": source})
    prepare_raw(warehouse, settings)
    is_second_night = False
    extract_source(warehouse, home, settings, "s")
    assert asked_for == [0, 2, 4, 6], "where nobody is gone it is read once"
    is_second_night = True
    asked_for.clear()
    counts = extract_source(warehouse, home, settings, "s")["t"]
    assert asked_for == [0, 2, 4, 5, 0, 2, 4, 5] and (counts.deleted, counts.duplicates) == (0, 0)
    assert there() == [1, 2, 3, 4, 5, 6], "the deleted row was answered by this read"
    counts = extract_source(warehouse, home, settings, "s")["t"]
    assert counts.deleted == 1 and there() == [2, 3, 4, 5, 6]
