"""What a database server refuses is named with its cause: host, name and password are blamed only where no connection comes about.

Not here: servers that are lost (test_lost_databases.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

pytestmark = pytest.mark.system


@pytest.fixture
def refused(home, warehouse):
    """Reads a table of a server, as one of its names; returns the error of it."""

    def go(url: sa.URL, there: str, **table) -> SourceError:
        spec = Table(**{"columns": {"id": "BIGINT", "at": "VARCHAR"}, "key": ["id"], "table": there, **table})
        source = Source(connector="sql", url=url.render_as_string(hide_password=False), tables={"t": spec})
        settings = Settings(company="T", sources={"crm": source})
        prepare_raw(warehouse, settings)
        with pytest.raises(SourceError) as caught:
            extract_source(warehouse, home, settings, "crm")
        assert "hunter2" not in str(caught.value) and "secret row" not in str(caught.value)
        return caught.value

    return go


@pytest.fixture
def url(database) -> Iterator[sa.URL]:
    """Of a name that may read the view `odd`, and not the table `secrets`."""
    is_postgres = database.dialect.name == "postgresql"
    owner = database if is_postgres else sa.create_engine(database.url.set(username="root", password=""))
    drop = ["drop view if exists broken, odd", "drop table if exists secrets, texts, places"]
    statements = [
        *drop,
        "create table secrets (id integer primary key, at varchar(20))", "create table texts (id varchar(20), at varchar(20))",
        "insert into texts values ('secret row', null)",
    ]  # fmt: skip
    if is_postgres:
        statements += [
            "create view odd as select cast(id as integer) as id, at from texts",
            "do $$ begin create role limited login password 'hunter2'; exception when duplicate_object then null; end $$",
            "grant select on odd to limited",
        ]
    else:
        statements += [
            "create view odd as select * from secrets", "create view broken as select * from texts", "drop table texts",
            "create or replace user 'limited'@'%' identified by 'hunter2'",
            "grant select on shop.odd to 'limited'@'%'",
            "create table places (id integer primary key, at point)", "insert into places values (1, point(1, 1))",
        ]  # fmt: skip
    with owner.begin() as con:
        for statement in statements:
            con.execute(sa.text(statement))
    yield database.url.set(username="limited", password="hunter2")
    with owner.begin() as con:
        for statement in drop:
            con.execute(sa.text(statement))
    if not is_postgres:
        owner.dispose()


def costs_its_table(error: SourceError) -> bool:
    """And is not tried again: no minute fixes it."""
    assert "password" not in str(error.to_do)
    return not error.is_passing and not error.is_whole_source


def test_a_table_that_is_not_there_is_named(refused, url, database):
    error = refused(database.url, "nowhere")
    assert costs_its_table(error) and "there is no table nowhere" in error.what
    # a server may tell a limited name no more
    error = refused(url, "nowhere")
    assert costs_its_table(error) and "table's name" in error.to_do


def test_a_right_that_is_missing_is_named(refused, url):
    error = refused(url, "secrets")
    code = "42501" if url.get_backend_name() == "postgresql" else "1142"
    assert costs_its_table(error) and "may not read the table" in error.what
    assert code in error.what and "grant" in error.to_do


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize(("there", "table", "code"), [("broken", {}, "1356"), ("places", {"cursor": "at"}, "4079")])
def test_a_query_that_a_server_cannot_carry_out_is_named_with_its_code(refused, url, database, there, table, code):
    error = refused(database.url, there, columns={"id": "BIGINT", "at": "TIMESTAMP"}, **table)
    assert costs_its_table(error) and "cannot carry out the query" in error.what and code in error.what


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_row_that_breaks_a_view_points_to_the_log(refused, url):
    error = refused(url, "odd")
    assert "log" in error.to_do and "password" not in error.to_do and not error.is_whole_source


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_name_that_is_refused_is_one_of_url(refused, url):
    error = refused(url.set(password="wrong"), "odd")
    assert "password" in error.to_do and error.is_whole_source and "1045" in error.what
