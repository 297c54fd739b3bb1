"""`kundbild preview`: what a source's maps make of its newest file, masked, and what is set aside, without a home."""

from __future__ import annotations

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.core.clock import now
from orchestration.core.configuration import load_settings
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.privacy.erasure.retention import forget_expired
from orchestration.proposals.masked import masked
from orchestration.proposals.propose import propose
from orchestration.proposals.written import write_source
from orchestration.run.preview import preview
from tests.unit.proposals.truth import swedish


def test_a_preview_shows_masked_rows_and_what_is_set_aside_and_leaves_no_trace(tmp_path, monkeypatch):
    folder, config = tmp_path / "in", tmp_path / "kundbild.toml"
    folder.mkdir()
    swedish(folder)
    write_source(config, propose("shop", str(folder), "SEK").block)
    # somebody takes the format away
    config.write_text(config.read_text().replace('"%d.%m.%Y"', '"%Y"', 1))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(config))
    monkeypatch.setenv("KUNDBILD_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["preview", "shop", "--json"])
    assert done.exit_code == 0, done.exception
    found = json.loads(done.stdout)
    people = next(one for one in found["entities"] if one["entity"] == "people")
    assert people["rows"] == 1 and people["shown"][0]["city"] == "S••••••••", "two birth dates cannot be read"
    assert "gender" in people["empty"] and found["raw_rows"] == {"kundlista": 4}
    assert any("birth_date cannot be read" in line for line in found["set_aside"])
    assert any("the mapping ignores" in line for line in found["set_aside"])
    assert any("a yes of it permits nothing yet" in line and "wording_version" in line for line in found["lacking"])
    assert not any(value in done.stdout for value in ("Örjan", "orjan@example.com", "00102"))
    assert not (tmp_path / "home").exists()
    refused = CliRunner().invoke(app, ["preview", "shopp"])
    assert isinstance(refused.exception, KundbildError) and "shop" in str(refused.exception)
    assert load_settings(config).sources.keys() == {"shop"}


def test_what_is_shown_of_a_value_goes_by_its_kind_of_data():
    assert masked("people", "email", "anna@example.com") == "a•••@•••••••.•••"
    assert masked("orders", "person_key", "K17") == "K••"
    assert masked("orders", "amount", 12) == 12
    assert masked("products", "name", "Tent") == "Tent"
    assert masked("subscriptions", "reason", "Bo died") == "B• ••••"
    assert masked("people", "position", "VD Ek AB") == "V• •• ••"


def test_of_a_database_the_first_rows_are_enough(tmp_path):
    con = sqlite3.connect(tmp_path / "shop.sqlite")
    con.execute("create table customers (id integer primary key, email varchar(80), updated_at timestamp)")
    con.executemany(
        "insert into customers values (?, ?, '2026-01-01 10:00:00')", [(n, f"p{n}@example.com") for n in range(1, 2501)]
    )
    con.commit()
    con.close()
    config = tmp_path / "kundbild.toml"
    write_source(config, propose("shop", str(tmp_path / "shop.sqlite"), "SEK").block)
    settings = load_settings(config)
    assert settings.sources["shop"].tables["customers"].find_deletions
    found = preview(settings, "shop")
    assert found.raw_rows == {"customers": 1000} and [(one.entity, one.rows) for one in found.entities] == [
        ("people", 1000)
    ]


def test_rows_that_are_older_than_their_retention_are_told(tmp_path):
    lines = ["InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID"]
    lines += [
        f"{536365 + n},8512{n % 3}A,{n % 4 + 1},{n % 12 + 1}/{n % 28 + 1}/{2011 if n else 2026} 8:26,2.55,{17850 + n % 5}"
        for n in range(30)
    ]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Online Retail.csv").write_text("\n".join(lines) + "\n")
    config = tmp_path / "kundbild.toml"
    write_source(config, propose("shop", str(tmp_path / "in"), "SEK").block)
    found = preview(load_settings(config), "shop")
    told, keeping = found.too_old
    assert told.startswith(
        "online_retail: 29 of 30 rows, of 4 people who have no younger one there, are older than the 2,555 days"
    )
    assert "nobody's" in told and "retention_days = { purchase = " in keeping and "lawful ground" in keeping


@pytest.mark.parametrize(("said", "is_whole", "told"), [
    ('ordered_at = "day"', False, ["orders: 1 of 2 rows"]),
    ('ordered_at = { sql = "try_cast(day as timestamp)" }', False, []),  # a night counts from when it came
    ('ordered_at = "day"', True, []),  # what the newest delivery has still stands
])  # fmt: skip
def test_a_row_that_a_night_keeps_is_not_told_as_too_old(tmp_path, said, is_whole, told):
    (tmp_path / "orders.csv").write_text("id,customer,day,amount\n1,7,2011-05-01,10\n2,8,2026-05-01,20\n")
    config = tmp_path / "kundbild.toml"
    config.write_text(f"""company = "T"
[sources.shop]
connector = "files"
url = "{tmp_path}"
timezone = "UTC"
[sources.shop.tables.orders]
path = "orders.csv"
key = ["id"]
is_whole = {str(is_whole).lower()}
[[sources.shop.tables.orders.maps]]
entity = "orders"
constants = {{ currency = "SEK", status = "completed" }}
columns = {{ source_key = "id", person_key = "customer", amount = "amount", {said} }}
""")
    settings = load_settings(config)
    found = preview(settings, "shop")
    assert [line.split(",")[0] for line in found.too_old[:-1]] == told
    home = Home(tmp_path / "home").prepare()
    with open_warehouse(home, settings.engine) as con:
        prepare_raw(con, settings)
        extract_source(con, home, settings, "shop")
        assert forget_expired(con, settings, now().date()) == ({"shop.orders": 1} if told else {})
