"""The contract of JSON files: each holds the declared columns, and each page has rows."""

from __future__ import annotations

import json

import pytest

from orchestration.core.errors import SourceError

COLUMNS = {"id": "BIGINT", "name": "VARCHAR"}
SUFFIX = {"jsonl": "jsonl", "json_pages": "json"}


@pytest.fixture
def load(load_files):
    def go(format, **files: list[dict]):
        def written(rows: list[dict]) -> str:
            lines = [json.dumps(row) for row in rows]
            return "\n".join(lines) + "\n" if format == "jsonl" else f'{{"data": [{", ".join(lines)}]}}'

        named = {f"{name}.{SUFFIX[format]}": written(rows) for name, rows in files.items()}
        return load_files(named, format=format, columns=COLUMNS, path=f"*.{SUFFIX[format]}")

    return go


@pytest.mark.parametrize("format", SUFFIX)
def test_a_column_that_one_of_several_files_lacks_is_gone(load, warehouse, format):
    load(format, a=[{"id": 1, "name": "A"}, {"id": 2, "name": "B"}])
    with pytest.raises(SourceError, match=r"column name is gone; new there: naam \(renamed\?\)") as caught:
        load(format, b1=[{"id": 3, "name": "C"}], b2=[{"id": 1, "naam": "A"}, {"id": 2, "naam": "B"}])
    assert caught.value.where.startswith("b2.")
    rows = warehouse.execute("select id, name from raw_s.t order by id").fetchall()
    assert rows == [(1, "A"), (2, "B")]


@pytest.mark.parametrize("format", SUFFIX)
def test_a_column_that_some_rows_leave_out_is_not(load, format):
    rows = [{"id": 1}, {"id": 2, "name": "B", "more": 1}]
    counts = load(format, a=rows, b=[{"id": 3, "name": "C"}])
    assert (counts.inserted, counts.rejected, counts.added_columns) == (3, 0, ["more"])


@pytest.mark.parametrize("format", SUFFIX)
def test_a_file_without_a_row_lacks_nothing(load, format):
    assert load(format, a=[{"id": 1, "name": "A"}], b=[]).inserted == 1


NO_PAGES = [
    '{"error": "internal error"}',
    '{"data": null}',
    '{"rows": [{"id": 1, "name": "A"}]}',
    '{"data": {"id": 1, "name": "A"}}',
    '{"data": [{"id": 1, "name": "A"}]} {"error": "internal error"}',
    " \n",
]


@pytest.mark.parametrize("body", NO_PAGES)
@pytest.mark.parametrize("is_alone", [True, False])
def test_a_file_that_is_no_page_is_refused_and_not_noted(load_files, warehouse, body, is_alone):
    pages = {"a.json": '{"data": [{"id": 2, "name": "B"}]}', "b.json": body}
    files = {"b.json": body} if is_alone else pages
    with pytest.raises(SourceError) as caught:
        load_files(files, format="json_pages", columns=COLUMNS)
    assert "b.json" in caught.value.where and "error" not in caught.value.what
    assert warehouse.execute("select * from ops.loaded_files").fetchall() == []
    assert warehouse.execute("select * from raw_s.t").fetchall() == []
