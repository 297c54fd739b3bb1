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
        more = {"columns": COLUMNS, **go.more}
        return load_files(named, format=format, path=f"*.{SUFFIX[format]}", **more)

    go.more = {}

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


@pytest.mark.parametrize("format", SUFFIX)
def test_a_column_that_every_row_leaves_out_is_empty_and_told(load, warehouse, format):
    """Whoever writes JSON may leave out what is null."""
    counts = load(format, a=[{"id": 1}, {"id": 2}], b=[{"id": 3}], c=[{"id": 4, "name": "D"}])
    assert (counts.inserted, counts.rejected) == (4, 0)
    ends = SUFFIX[format]
    assert counts.notes == [f"column name stands in none of 3 rows of a.{ends}, b.{ends}: read as empty"]
    # what other rows have beside it is known by now, and no new name of it
    load(format, d=[{"id": 5, "name": "E", "more": 1}])
    assert load(format, e=[{"id": 6, "more": 1}]).inserted == 1
    assert warehouse.execute("select id from raw_s.t where name is null order by id").fetchall() == [(1,), (2,), (3,), (6,)]  # fmt: skip


@pytest.mark.parametrize("format", SUFFIX)
@pytest.mark.parametrize(
    "more",
    [
        {"key": ("name",)},
        {"cursor": "name"},
        {"table": {"maps": [{"entity": "consent_events", "columns": {"source_key": "id", "status": "name"}}]}},
        {"table": {"retention": {"category": "register"}}},
    ],
)
def test_a_key_a_cursor_and_any_column_of_statements_and_registers_is_never_left_out(load, format, more):
    load.more = more
    with pytest.raises(SourceError, match="column name is gone"):
        load(format, a=[{"id": 1}, {"id": 2}])


@pytest.mark.parametrize("format", SUFFIX)
def test_a_column_that_was_filled_too_often_to_be_empty_by_chance_is_gone(load, warehouse, format):
    load(format, a=[{"id": n, "name": "A" if n % 2 else None} for n in range(20)])
    assert load(format, b=[{"id": 1}, {"id": 3}]).notes  # two of two may be
    with pytest.raises(SourceError, match="column name is gone"):
        load(format, c=[{"id": n} for n in range(20, 40)])


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


@pytest.mark.parametrize("format", SUFFIX)
def test_a_key_that_is_an_address_a_number_or_a_name_is_told_as_such_and_stored_nowhere(load, warehouse, format):
    keys = (
        "John.Secretname@berg.se",
        "+46 70 111 22 33",
        "19121212-1212",
        "more",
        "sales-2026-01-31",
        "address_line_2",
        "Anna Berg",
        "Berg, Bo",
    )
    # before a first load nobody knows what is new there
    with pytest.raises(SourceError) as caught:
        load(format, a=[{"name": "B", "eva@dahl.se": 1, "Eva Dahl": 2}])
    assert "eva@dahl.se" not in str(caught.value) and "Eva Dahl" not in str(caught.value)
    assert "not declared there: *** (more than a word), *** (an address)" in str(caught.value)
    counts = load(format, a=[{"id": 1, "name": "A", **dict.fromkeys(keys, 1)}])
    assert counts.inserted == 1
    told = [
        "*** (a number)",
        "*** (an address)",
        "*** (more than a word)",
        "address_line_2",
        "more",
        "sales-2026-01-31",
    ]
    assert sorted(counts.added_columns) == told
    assert sorted(warehouse.execute("select unnest(added_columns) from ops.loads").fetchall()) == [(c,) for c in told]
    # a new key of the same kind is nothing new, and does not make a column that is left out a renamed one
    assert load(format, b=[{"id": 2, "eva@dahl.se": 1}]).notes
    with pytest.raises(SourceError) as caught:
        load(format, c=[{"name": "B", "eva@dahl.se": 1, "Eva Dahl": 2}])
    assert "eva@dahl.se" not in str(caught.value) and "Eva Dahl" not in str(caught.value)
    assert "there:" not in str(caught.value)


NESTED = {
    "id": "BIGINT",
    "age": "INTEGER",
    "home": "STRUCT(city VARCHAR, rooms INTEGER[])",
    "visits": "STRUCT(shop VARCHAR, n INTEGER)[]",
}


@pytest.mark.parametrize("format", SUFFIX)
@pytest.mark.parametrize(
    ("wrong", "kept"),
    [
        ({"id": "x"}, {"id": "x"}),
        ({"home": {"city": "Lund", "rooms": ["many"], "hat": "secret"}}, {"home": {"city": "Lund", "rooms": ["many"]}}),
        ({"home": [{"hat": "secret"}]}, {"home": None}),
        ({"visits": [{"shop": {"hat": "secret"}, "n": {"hat": "secret"}}]}, None),
        ({"age": {"hat": "secret"}}, {"age": None}),
    ],
)  # fmt: skip
def test_of_a_rejected_row_what_nobody_declared_is_not_kept(load, warehouse, format, wrong, kept):
    load.more = {"columns": NESTED}
    home = {"city": "Lund", "rooms": [1], "hat": "secret"}
    row = {"id": 1, "age": 40, "home": home, "visits": [{"shop": "A", "n": 2, "hat": "secret"}], "more": "secret"}
    counts = load(format, a=[row, {**row, **wrong}])
    assert (counts.inserted, counts.rejected) == (1, 1)
    ((content,),) = warehouse.execute("select content from quarantine.rejected_rows").fetchall()
    declared = {"age": "40", "home": {"city": "Lund", "rooms": [1]}, "visits": [{"shop": "A", "n": 2}]}
    if kept is None:
        # an object where text is declared enters raw as text too
        kept = {"visits": [{"shop": {"hat": "secret"}, "n": None}]}
    else:
        assert "secret" not in content
    assert json.loads(content) == {"id": "1", **declared, **kept}
