"""Whatever became of a load, nothing of what was read lies about behind it: no copy of a file, no table of rows."""

from __future__ import annotations

import gc

import duckdb
import pytest

from orchestration.core.errors import SourceError
from orchestration.extract import extract

COLUMNS = {"id": "BIGINT", "name": "VARCHAR"}
# lines with different ends are read from a copy; a fraction makes a file be read once more
MIXED = "id,name\r\n1,Kim\r\n2,Bo\n2.5,Ada\n"
LINES = '{"id": 1, "name": "Kim"}\n{"id": 2, "na\n'
PAGE = '{"data": [{"id": 1, "name": "Kim"}, 2]}'


@pytest.fixture
def left(warehouse, home):
    """What lies about: temporary tables and views, and files of the folder for what is temporary."""

    def go() -> list[str]:
        tables = warehouse.execute("select table_name from duckdb_tables() where temporary").fetchall()
        views = warehouse.execute("select view_name from duckdb_views() where temporary and not internal").fetchall()
        return [*(name for (name,) in tables + views), *(file.name for file in home.temporary.rglob("*.csv"))]

    # a file that is closed by the collector would lie about until then
    gc.disable()
    yield go
    gc.enable()


@pytest.mark.parametrize(
    ("format", "files"),
    [
        ("csv", {"a_1.x": MIXED}),
        ("csv", {"a_1.x": MIXED, "a_2.x": MIXED.replace("name", "naam")}),  # while it is read
        ("csv", {"a_1.x": MIXED, "a_2.x": "id;name\n1;Kim\n"}),
        ("jsonl", {"a_1.x": LINES}),
        ("jsonl", {"a_1.x": LINES, "a_2.x": LINES.replace("name", "naam")}),
        ("json_pages", {"a_1.x": PAGE}),
        ("json_pages", {"a_1.x": PAGE, "a_2.x": PAGE.replace("name", "naam")}),
        ("json_pages", {"a_1.x": PAGE, "a_2.x": '{"error": 1}'}),
    ],
)
def test_a_read_that_fails_leaves_nothing(load_files, left, format, files):
    # where the files are read, the load itself refuses them
    with pytest.raises(SourceError) as caught:
        load_files(files, format=format, columns=COLUMNS, table={"min_rows": 9})
    assert left() == [] and caught.value.where.startswith(list(files)[-1])


@pytest.mark.parametrize(("format", "content"), [("csv", MIXED), ("jsonl", LINES), ("json_pages", PAGE)])
def test_nor_does_one_that_succeeds(load_files, left, format, content):
    assert load_files({"a.x": content}, format=format, columns=COLUMNS).rejected == 1
    assert left() == []


@pytest.mark.parametrize(("format", "content"), [("csv", MIXED), ("jsonl", LINES), ("json_pages", PAGE)])
def test_nor_one_that_is_never_loaded(load_files, left, monkeypatch, format, content):
    def fail(*_, **__):
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")

    monkeypatch.setattr(extract, "load", fail)
    with pytest.raises(SourceError):
        load_files({"a.x": content}, format=format, columns=COLUMNS)
    assert left() == []
