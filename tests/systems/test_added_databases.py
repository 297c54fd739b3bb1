"""`kundbild add-source --from` a real PostgreSQL or MariaDB server: proposed, written without its password, and read; nothing is written there."""

from __future__ import annotations

import tomllib

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.ports import free_port
from orchestration.extract.database_urls import with_driver
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.sql_look import tables_there
from orchestration.extract.sql_statements import limits
from orchestration.proposals import looked_databases as looks
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source

pytestmark = pytest.mark.system
TABLES = (
    "create table buyers (ref integer primary key, first_name varchar(40), email varchar(80), born date, updated_at timestamp not null)",
    "create table sales (no varchar(10) primary key, who integer, placed_at timestamp, total numeric(10, 2), foreign key (who) references buyers (ref))",
    "insert into buyers values (1, 'Åsa', 'asa@example.com', '1980-01-01', '2026-01-01 10:00:00')",
    "insert into sales values ('A1', 1, '2026-01-03 10:00:00', 20.50), ('A2', 1, '2026-01-04 10:00:00', 5)",
    "create view v_buyers as select * from buyers",
)  # fmt: skip


@pytest.fixture
def shop(database):
    drop = ("drop view if exists v_buyers", "drop table if exists sales", "drop table if exists buyers")
    with database.begin() as con:
        for statement in (*drop, *TABLES):
            con.execute(sa.text(statement))
    yield database
    with database.begin() as con:
        for statement in drop:
            con.execute(sa.text(statement))


def test_a_server_is_added_without_its_password_and_read_as_it_is_written(shop, home, warehouse, tmp_path, monkeypatch):
    config = tmp_path / "kundbild.toml"
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    url = shop.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pymysql", "")
    done = CliRunner().invoke(app, ["add-source", "shop", "--from", url, "--yes"])
    assert done.exit_code == 0, done.output
    text = config.read_text()
    tables = tomllib.loads(text)["sources"]["shop"]["tables"]
    assert tables["buyers"]["key"] == ["ref"] and tables["buyers"]["cursor"] == "updated_at"
    assert tables["buyers"]["columns"]["born"] == "DATE" and tables["sales"]["columns"]["total"] == "DECIMAL(10, 2)"
    assert [m["entity"] for m in tables["sales"]["maps"]] == ["orders"]
    assert tables["sales"]["maps"][0]["columns"]["person_key"] == "who" and "v_buyers" not in tables
    if shop.url.password:
        assert shop.url.password not in text + done.output and "export SHOP_PASSWORD=" in done.output
        monkeypatch.setenv("SHOP_PASSWORD", shop.url.password)
    settings = load_settings(config)
    prepare_raw(warehouse, settings)
    counts = extract_source(warehouse, home, settings, "shop")
    assert (counts["buyers"].inserted, counts["sales"].inserted) == (1, 2)


@pytest.mark.slow
def test_a_view_that_takes_long_costs_itself_alone(shop, monkeypatch):
    sleep = "pg_sleep(120) is null" if shop.name == "postgresql" else "sleep(120)"
    with shop.begin() as con:
        con.execute(sa.text(f"create or replace view slow as select ref, {sleep} as s from buyers"))
    # the others have to answer by then, also on a busy machine
    monkeypatch.setattr(looks, "SECONDS", 10.0)
    try:
        found = {t.name: t for t in propose("shop", shop.url.render_as_string(hide_password=False), "SEK").tables}
        assert "10 seconds" in found["slow"].problem and found["buyers"].usable
    finally:
        with shop.begin() as con:
            con.execute(sa.text("drop view slow"))


def test_tables_of_another_schema_are_read_by_their_full_name(shop, home, warehouse, tmp_path):
    if shop.name != "postgresql":
        pytest.skip("a schema of MariaDB is a database of its own")
    with shop.begin() as con:
        con.execute(sa.text("create schema crm"))
        con.execute(
            sa.text("create table crm.buyers (member_no integer primary key, email varchar(80), last_name varchar(80))")
        )
        con.execute(sa.text("insert into crm.buyers values (7, 'bo@example.com', 'Al')"))
    try:
        config = tmp_path / "kundbild.toml"
        write_source(config, propose("shop", shop.url.render_as_string(hide_password=False), "SEK").block)
        settings = load_settings(config)
        # a source of its own: both tables number people, and nothing says that they are the same ones
        ((name, source),) = [one for one in settings.sources.items() if "crm_buyers" in one[1].tables]
        assert name != "shop" and source.tables["crm_buyers"].table == "crm.buyers"
        prepare_raw(warehouse, settings)
        assert extract_source(warehouse, home, settings, name)["crm_buyers"].inserted == 1
    finally:
        with shop.begin() as con:
            con.execute(sa.text("drop schema crm cascade"))


def test_nothing_is_written_in_a_source(shop):
    url, arguments = limits(with_driver(shop.url), 10)
    engine = sa.create_engine(url, connect_args=arguments)
    with pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.only"), engine.begin() as con:
        con.execute(sa.text("delete from sales"))
    engine.dispose()


def test_what_keeps_it_out_is_said(mariadb):
    url = sa.make_url(mariadb)
    with pytest.raises(ConfigurationError, match=r"a server answers at port .* but lets nobody in so") as caught:
        tables_there(url.set(database="nowhere"), 30)
    assert "name of the database" in caught.value.to_do and "hunter2" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="nothing answers at port"):
        tables_there(url.set(port=free_port(0)), 30)
    with pytest.raises(ConfigurationError, match="no computer is known as"):
        tables_there(url.set(host="nowhere.invalid"), 30)
