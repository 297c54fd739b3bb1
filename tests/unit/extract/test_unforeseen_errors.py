"""Whatever a driver raises costs its own source alone, and says nothing of what the driver said."""

from __future__ import annotations

import errno
import sqlite3

import pytest
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw


@pytest.fixture
def load(home, warehouse, tmp_path, monkeypatch):
    """With a driver that cannot look at the table `odd`."""
    path = tmp_path / "s.sqlite"
    with sqlite3.connect(path) as con:
        con.execute("create table odd (id integer)")
        con.execute("create table even (id integer)")
        con.execute("insert into even values (1)")
    con.close()
    tables = {name: Table(columns={"id": "BIGINT"}, key=["id"]) for name in ("odd", "even")}
    settings = Settings(company="T", sources={"s": Source(connector="sql", url=f"sqlite:///{path}", tables=tables)})
    prepare_raw(warehouse, settings)

    def go(error):
        look = SQLiteDialect_pysqlite.get_columns

        def get_columns(dialect, connection, table_name, schema=None, **kw):
            if table_name == "odd":
                raise error
            return look(dialect, connection, table_name, schema, **kw)

        monkeypatch.setattr(SQLiteDialect_pysqlite, "get_columns", get_columns)
        return extract_source(warehouse, home, settings, "s")

    return go


@pytest.mark.parametrize(
    "error", [TypeError("hunter2"), AssertionError("hunter2"), StopIteration(), KeyError("hunter2")]
)
def test_an_error_that_nobody_foresaw_costs_its_table(load, warehouse, error):
    with pytest.raises(SourceError, match=r"source s, table odd: .*cannot be read") as caught:
        load(error)
    assert "hunter2" not in str(caught.value) and not caught.value.is_passing
    assert warehouse.execute("select count(*) from raw_s.even").fetchall() == [(1,)]
    said = warehouse.execute("select is_ok, message from ops.source_status").fetchall()
    assert not said[0][0] and "hunter2" not in said[0][1]


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOSPC, "No space left on device")])
def test_what_no_source_is_to_blame_for_is_no_failure_of_one(load, error):
    with pytest.raises(type(error)):
        load(error)
