"""What a source writes for nothing is nothing in every mapping, and who has no key is not one customer with all the others."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Source, Table
from orchestration.extract.merging import is_keyless
from tests.unit.mapped import models_of, raw

DEFAULT = Source(connector="files", url="/x")
COLUMNS = "no guest email at total off who"
ORDERS = {"source_key": "no", "person_key": "guest", "ordered_at": "at", "amount": "total", "discount": "off"}


@pytest.fixture
def con():
    with duckdb.connect() as con:
        yield con


def staged(con, entity: str, columns: str, nulls=None, null_keys=None, maps=None) -> list[tuple]:
    maps = maps or [
        {"entity": "orders", "columns": ORDERS},
        {"entity": "people", "columns": {"source_key": "guest", "email": "email"}, "one_row_per_key": True},
    ]
    table = Table.model_validate({"columns": dict.fromkeys(COLUMNS.split(), "VARCHAR"), "key": ["no"], "maps": maps})
    nulls, null_keys = nulls or DEFAULT.null_values, null_keys or DEFAULT.null_keys
    sql, _ = models_of({"sales": table}, tuple(nulls), tuple(null_keys))[entity]
    return con.execute(f"select {columns} from ({sql}) order by 1").fetchall()


def sales(con, *guests):
    rows = [
        {"no": str(n), "guest": g, "email": e, "who": g, "at": "2026-01-01", "total": "1", "off": "N/A"}
        for n, (g, e) in enumerate(guests)
    ]
    raw(con, "sales", *rows)


def test_guests_without_a_key_are_not_one_customer(con):
    sales(con, ("0", "a@x.test"), ("", "b@x.test"), (None, "c@x.test"), ("NULL", "d@x.test"), ("7", "N/A"))
    assert staged(con, "people", "source_key, email") == [("7", None)]
    orders = staged(con, "orders", "source_key, person_key, discount, quarantine_reason")
    assert orders == [*[(str(n), None, None, None) for n in range(4)], ("4", "7", None, None)]


@pytest.mark.parametrize(
    "written",
    ["0.0", "00", "000", "-", "-1", "None", "nan", "NaN", " guest ", "Guest", "GÄST", "gjest", "gæst", "Vieras", "anonymous", "Unknown",
     "undefined", "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "0000", "0.00", "n.a.", "N/A", "n / a", "gast", "Ga\u0308st",
     "Guest User", "(null)", "#REF!", "<NA>", "\u00a0Anonym\u200b", "Kontant", " KONTANT ", "walk-in", "Walk in", "WALKIN", "Walk-in customer", "Cash",
     "kontantköp", "Kontantsalg", "Gæstekunde", "gest", "Gestur", "Óþekktur", "staðgreitt", "Käteinen", "KA\u0308TEINEN", "käteisasiakas", "Gastkunde",
     "Laufkunde", "Barverkauf", "unbekannt", "nobody", "diverse kunder"],
)  # fmt: skip
def test_a_key_that_names_no_guest_is_none(con, written):
    sales(con, (written, "a@x.test"), (written, "b@x.test"), ("7", "c@x.test"))
    assert staged(con, "people", "source_key, email") == [("7", "c@x.test")]
    # nor is it the id of somebody: the key is another column here
    people = {"entity": "people", "columns": {"source_key": "no", "person_id": "who"}}
    assert staged(con, "people", "source_key, person_id", maps=[people]) == [("1", None), ("2", "7"), (None, None)]
    assert staged(con, "orders", "source_key, person_key") == [("0", None), ("1", None), ("2", "7")]


def test_a_key_that_holds_a_zero_or_a_word_for_nobody_is_a_key(con):
    keys = [
        "00000000-0000-0000-0000-000000000001",
        "1000",
        "0a",
        "guest7",
        "N/A-7",
        "Nadja",
        "Kontanta",
        "walk-in-7",
        "Gastberg",
    ]
    sales(con, *((key, "a@x.test") for key in keys))
    assert {key for (key,) in staged(con, "people", "source_key")} == set(keys)


def test_raw_keeps_rows_apart_by_the_same_words(con):
    rows = [("gast", 1), ("GAST ", 2), ("0000", 3), ("7", 4), ("8", 5)]
    con.execute("create table shoppers (who varchar, n int)")
    con.executemany("insert into shoppers values (?, ?)", rows)
    table = Table.model_validate({"columns": {"who": "VARCHAR", "n": "INTEGER"}, "key": ["who"]})
    apart = is_keyless("t", table, [*DEFAULT.null_values, *DEFAULT.null_keys])
    assert con.execute(f"select n from shoppers t where {apart} order by n").fetchall() == [(1,), (2,), (3,)]
    # a key of several columns may well have a 0
    assert con.execute(f"select n from shoppers t where {is_keyless('t', table, DEFAULT.null_values)}").fetchall() == []


def test_a_source_says_what_it_writes_for_nothing(con):
    sales(con, ("-1", "-"), ("0", "NULL"))
    found = staged(con, "people", "source_key, email", nulls=["-"], null_keys=["-1"])
    assert found == [("0", "NULL")]


def test_the_key_of_a_row_is_only_there_where_the_table_has_none(write_config):
    path = write_config("""
company = "T"
[sources.till]
connector = "sql"
url = "sqlite:///t.sqlite"
[sources.till.tables.orders]
key = ["no"]
columns = { no = "VARCHAR", at = "VARCHAR", total = "VARCHAR" }
[[sources.till.tables.orders.maps]]
entity = "orders"
columns = { source_key = "_row_key", ordered_at = "at", amount = "total" }
""")
    with pytest.raises(ConfigurationError, match="reads _row_key, which only a table without a key has") as caught:
        load_settings(path)
    assert "map from the key, no" in caught.value.to_do
    path.write_text(path.read_text().replace('key = ["no"]\n', ""))
    assert load_settings(path).sources["till"].tables["orders"].key == []
