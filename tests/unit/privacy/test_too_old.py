"""A history of many years: what a night would not keep of it is told before it does, with the line that keeps it."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.clock import now
from orchestration.core.configuration import load_settings
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.privacy.erasure.retention import forget_expired
from orchestration.privacy.erasure.too_old import told_of_came, too_old_in_raw
from orchestration.proposals.propose import propose
from orchestration.run.dry_run import look_at_sources
from orchestration.run.source_state import read_again

TODAY = now().date()
KEPT = 2555  # the seed's days of purchases


def sales(folder, ages, people):
    """A list of orders, of so many days ago each; buyers are numbered round."""
    lines = [f"{n},{1000 + n % people},{TODAY - timedelta(days=age)},{n + 1}.50" for n, age in enumerate(ages)]
    (folder / "orders.csv").write_text("\n".join(["order_id,customer_id,order_date,total", *lines]) + "\n")


def config_of(tmp_path, privacy=""):
    config = tmp_path / "kundbild.toml"
    block = propose("shop", str(tmp_path / "in"), "SEK").block
    config.write_text(f'company = "T"\n{privacy}\n{block}')
    return config


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def extracted(con, home, settings):
    prepare_raw(con, settings)
    extract_source(con, home, settings, "shop")


def test_what_is_told_is_what_a_night_takes_and_the_line_keeps_it(home, tmp_path, folder, warehouse):
    ages = [KEPT - 5, KEPT - 1, KEPT, KEPT + 1, 4000, 9000, 30]
    sales(folder, ages, 4)
    settings = load_settings(config_of(tmp_path))
    extracted(warehouse, home, settings)
    (found,) = too_old_in_raw(warehouse, "shop", settings, TODAY)
    plain = duckdb.connect().execute(
        f"with r as (select *, date '{TODAY}' - order_date > {KEPT} as old from read_csv('{folder / 'orders.csv'}')) select "
        "count(*) filter (where old), count(*), (select count(*) from (select customer_id from r group by 1 having bool_and(old))) from r"
    ).fetchall()  # fmt: skip
    assert [(found.rows, found.of, found.people)] == plain == [(3, 7, 1)]
    (said,) = [
        line
        for line in told_of_came({"shop": [found, found.__class__("x", 9, 9, 0, "survey", 730, 800, "")]}, {})
        if "retention_days" in line
    ]
    (line,) = re.findall(r"retention_days = \{[^}]*\}", said)
    assert line == "retention_days = { survey = 1460 }", "3 of 7 rows are not most of what came"
    assert forget_expired(warehouse, settings, TODAY) == {"shop.orders": 3}


def test_the_line_that_is_told_keeps_all_and_what_the_company_said_already(home, tmp_path, folder, warehouse):
    sales(folder, [5000, 9000, 10900], 2)
    own = "[privacy]\nretention_days = { purchase = 3000, survey = 100 }"
    settings = load_settings(config_of(tmp_path, own))
    extracted(warehouse, home, settings)
    found = too_old_in_raw(warehouse, "shop", settings, TODAY)
    told = told_of_came({"shop": found, "none": []}, settings.privacy.retention_days)
    assert told[0].startswith(
        "Too old when it came: shop.orders: 3 of 3 rows, of 2 people who have no younger one there, are older than the 3,000 days"
    )
    assert "nobody's, and they count for no customer" in told[0] and "lawful ground" in told[1]
    assert "`kundbild source reset shop`" in told[1] and "reset none" not in told[1]
    (line,) = re.findall(r"retention_days = \{[^}]*\}", told[1])
    assert line == "retention_days = { purchase = 11315, survey = 100 }"
    (tmp_path / "kundbild.toml").unlink()
    settings = load_settings(config_of(tmp_path, f"[privacy]\n{line}"))
    assert too_old_in_raw(warehouse, "shop", settings, TODAY) == []
    assert too_old_in_raw(warehouse, "shop", settings, TODAY + timedelta(days=365)) == [], "in a year too"
    assert forget_expired(warehouse, settings, TODAY) == {}


def test_a_night_tells_of_what_came_since_the_last_one_alone(home, tmp_path, folder, warehouse):
    sales(folder, [5000, 9000], 2)
    settings = load_settings(config_of(tmp_path))
    extracted(warehouse, home, settings)
    (load,) = warehouse.execute("select max(_load_id) from raw_shop.orders").fetchone()
    assert [one.rows for one in too_old_in_raw(warehouse, "shop", settings, TODAY, after_load=load - 1)] == [2]
    assert too_old_in_raw(warehouse, "shop", settings, TODAY, after_load=load) == []


@pytest.mark.parametrize(
    "header", ["order_id,customer_id,order_date,total", "customer_id,order_date,total"], ids=["a key", "no key"]
)
def test_a_longer_retention_and_a_reset_bring_back_whom_a_night_took(home, tmp_path, folder, warehouse, header):
    said = ["order_id", "customer_id", "order_date", "total"]
    rows = [dict(zip(said, (str(n), str(1000 + n % 3), "1999-05-01", "9.50"), strict=True)) for n in range(6)]
    lines = [",".join(row[name] for name in header.split(",")) for row in rows]
    (folder / "orders.csv").write_text("\n".join([header, *lines]) + "\n")
    settings = load_settings(config_of(tmp_path))
    assert bool(settings.sources["shop"].tables["orders"].key) == ("order_id" in header)
    extracted(warehouse, home, settings)
    assert forget_expired(warehouse, settings, TODAY) == {"shop.orders": 6}
    buyers = "select customer_id, count(*) from raw_shop.orders group by 1 order by 1"
    assert warehouse.execute(buyers).fetchall() == [(None, 6)]
    extracted(warehouse, home, settings)
    assert warehouse.execute(buyers).fetchall() == [(None, 6)], "a file that was read is not read again by itself"
    read_again(warehouse, settings, "shop", [], None)
    extracted(warehouse, home, settings)
    assert warehouse.execute(buyers).fetchall() == [("1000", 2), ("1001", 2), ("1002", 2)]


def test_people_of_whom_nothing_younger_is_heard_are_told_apart(home, tmp_path, folder, warehouse):
    rows = [f"{n},p{n}@example.com,{TODAY - timedelta(days=400 * n)}" for n in range(1, 6)]
    (folder / "customers.csv").write_text("\n".join(["customer_id,email,created_at", *rows]) + "\n")
    settings = load_settings(config_of(tmp_path))
    extracted(warehouse, home, settings)
    (found,) = too_old_in_raw(warehouse, "shop", settings, TODAY)
    assert (found.rows, found.people, found.category) == (
        3,
        3,
        "identity",
    ) and "of whom nothing younger is heard" in found.does
    assert forget_expired(warehouse, settings, TODAY) == {"shop.customers": 3}


def test_what_one_entity_keeps_and_another_may_not_is_told_of_the_other(home, tmp_path, folder, warehouse):
    sales(folder, [100, 1000, 5000], 3)
    config = config_of(tmp_path)
    config.write_text(config.read_text() + """
[[sources.shop.tables.orders.maps]]
entity = "reviews"
constants = { rating = 5 }
columns = { source_key = "order_id", person_key = "customer_id", reviewed_at = "order_date" }
""")  # fmt: skip
    settings = load_settings(config)
    extracted(warehouse, home, settings)
    found = {one.does: (one.rows, one.category) for one in too_old_in_raw(warehouse, "shop", settings, TODAY)}
    assert found == {
        "a night makes them nobody's, and they count for no customer": (1, "purchase"),
        "a night reads no reviews of them": (1, "survey"),
    }


def test_a_young_source_is_told_nothing(home, tmp_path, folder, warehouse):
    sales(folder, [1, 2, KEPT], 2)
    settings = load_settings(config_of(tmp_path))
    extracted(warehouse, home, settings)
    assert too_old_in_raw(warehouse, "shop", settings, TODAY) == []
    assert not [one for one in look_at_sources(settings, home) if "retention_days" in one.to_do]


def test_the_doctor_tells_it_of_the_first_rows(home, tmp_path, folder):
    sales(folder, [9000] * 1500 + [9500], 40)
    settings = load_settings(config_of(tmp_path))
    (found,) = [one for one in look_at_sources(settings, home) if "retention_days" in one.to_do]
    assert found.is_ok and found.what == "shop.orders"
    assert found.found.startswith(
        "1,000 of the first 1,000 rows, of 40 people who have no younger one there, are older than the 2,555 days"
    )
    assert "retention_days = { purchase = 9490 }" in found.to_do and "may be older still" in found.to_do


def test_add_source_tells_it_of_all_rows(tmp_path, folder, monkeypatch):
    sales(folder, [9000] * 1500 + [9500, 1], 40)
    monkeypatch.setenv("KUNDBILD_CONFIG", str(tmp_path / "kundbild.toml"))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["add-source", "shop", "--from", str(folder), "--yes", "--json"])
    assert done.exit_code == 0, done.exception
    told, keeping = json.loads(done.stdout)["too_old"]
    assert told.startswith("orders: 1,501 of 1,502 rows, of 39 people")
    assert keeping.startswith("retention_days = { purchase = 10220 } below [privacy]")
    assert not (tmp_path / "home").exists()
    printed = CliRunner().invoke(app, ["add-source", "again", "--from", str(folder), "--yes"])
    assert "old retention_days = { purchase = 10220 }" in printed.stdout
