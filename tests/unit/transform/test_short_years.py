"""A date of two digits for the year in a source that declares no format: nobody's time of the year 5, and too old for nothing."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.contracts.mapping_times import mapped_moment
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import prepare_raw
from orchestration.privacy.erasure.retention import forget_expired
from tests.unit.mapped import models_of, raw

SHORT = ["05/06/26", "5-6-26", "26-06-05", "05/06/26 10:30", "05-06-26T10:00:00Z", "99/06/26", "0005-06-26"]
NONE = ["0001-01-01", "0001-01-01T00:00:00", "0001-01-01 00:00:00+00"]


def orders(**columns) -> Table:
    mapped = {"source_key": "no", "ordered_at": "at", "amount": "total", "delivered_at": "out", **columns}
    declared = dict.fromkeys(["no", "at", "total", "out"], "VARCHAR")
    return Table.model_validate({"columns": declared, "key": ["no"], "maps": [{"entity": "orders", "columns": mapped}]})


def staged(con, table: Table, *rows: dict) -> list[tuple]:
    raw(con, "sales", *({"no": str(n), "total": "1", "out": None, **row} for n, row in enumerate(rows)))
    sql, _ = models_of({"sales": table})["orders"]
    found = f"select ordered_at::varchar, delivered_at::varchar, quarantine_reason from ({sql}) order by source_key"
    return con.execute(found).fetchall()


def test_a_format_with_the_name_of_a_month_reads_nordic_ones(warehouse):
    named = {"column": "at", "formats": ["%d. %B %Y", "%d %b %y"]}
    found = staged(
        warehouse, orders(ordered_at=named), {"at": "3. toukokuuta 2025"}, {"at": "24 okt. 25"}, {"at": "3 gatan 2025"}
    )
    assert [(row[0], row[2]) for row in found] == [
        ("2025-05-03 00:00:00", None), ("2025-10-24 00:00:00", None), (None, "ordered_at cannot be read"),
    ]  # fmt: skip


@pytest.mark.parametrize("written", SHORT)
def test_a_mapped_time_of_a_short_year_cannot_be_read(warehouse, written):
    found = staged(warehouse, orders(), {"at": written}, {"at": "2026-06-05", "out": written})
    assert [row[2] for row in found] == ["ordered_at cannot be read", "delivered_at cannot be read"]
    quiet = orders(delivered_at={"column": "out", "on_bad": "null"})
    (found,) = staged(warehouse, quiet, {"at": "2026-06-05", "out": written})
    assert found == ("2026-06-05 00:00:00", None, None)


def test_a_declared_format_reads_it_and_one_of_four_digits_does_not(warehouse):
    def read(*formats: str) -> tuple:
        how = {"column": "at", "formats": list(formats)}
        return staged(warehouse, orders(ordered_at=how), {"at": "05/06/26"})[0][::2]

    assert read("%d/%m/%y") == ("2026-06-05 00:00:00", None)
    assert read("%d/%m/%Y") == (None, "ordered_at cannot be read")


@pytest.mark.parametrize("written", NONE)
def test_what_systems_write_for_no_time_is_none_where_there_need_be_none(warehouse, written):
    found = staged(warehouse, orders(), {"at": written}, {"at": "2026-06-05", "out": written})
    assert found == [(None, None, "ordered_at is missing"), ("2026-06-05 00:00:00", None, None)]


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_a_day_of_a_short_year_cannot_be_read_either(warehouse, kind):
    column = {"timestamp": "paid_at", "date": "due_on"}[kind]
    columns = {"source_key": "no", "amount": "total", column: "at"}
    spec = {"columns": dict.fromkeys(["no", "at", "total"], "VARCHAR"), "key": ["no"], "maps": [{"entity": "invoices", "columns": columns}]}  # fmt: skip
    raw(warehouse, "bills", *({"no": str(n), "total": "1", "at": at} for n, at in enumerate(["05/06/26", "2026-06-05", "0001-01-01"])))  # fmt: skip
    sql, _ = models_of({"bills": Table.model_validate(spec)})["invoices"]
    found = warehouse.execute(f"select ({column}::varchar)[:10], quarantine_reason from ({sql}) order by source_key")
    assert found.fetchall() == [(None, f"{column} cannot be read"), ("2026-06-05", None), (None, None)]


@pytest.fixture
def conformed(compiled, warehouse, staged_orders):
    """Staged orders → what stands and why the others do not, of a system that gives times as times."""

    def go(ordered_at: str, delivered_at: str | None = None) -> list[tuple]:
        warehouse.execute("delete from staging.stg_webshop__orders")
        warehouse.execute(
            "insert into staging.stg_webshop__orders by name select '1' as source_key, 'webshop' as source_system, 'completed' as status, 1 as amount, "
            "'SEK' as currency, $1::timestamp as ordered_at, $2::timestamp as delivered_at, timestamp '2026-03-01' as extracted_at, 1 as load_id",
            [ordered_at, delivered_at],
        )
        found = f"select (ordered_at::varchar)[:10], (delivered_at::varchar)[:10] from ({compiled['conformed_orders']})"
        return warehouse.execute(found).fetchall()

    return go


def test_a_time_that_came_as_one_is_set_aside_too(conformed):
    assert conformed("2026-06-05", "2026-06-06") == [("2026-06-05", "2026-06-06")]
    assert conformed("0005-06-26") == [] == conformed("2026-06-05", "0005-06-26") == conformed("0001-01-01")
    assert conformed("2026-06-05", "0001-01-01") == [("2026-06-05", None)]


def test_retention_does_not_take_it_for_too_old(warehouse):
    """Of a system with models here, and of a mapped table: a row that tells no time is as old as its delivery."""
    activities = {
        "columns": {"id": "BIGINT", "who": "BIGINT", "at": "VARCHAR"},
        "key": ["id"],
        "persons": [{"key": "who"}],
        "retention": {"category": "support", "happened_at": ["at"]},
    }
    mapped = {
        "columns": {"id": "BIGINT", "who": "BIGINT", "at": "VARCHAR"},
        "key": ["id"],
        "maps": [{"entity": "interactions", "columns": {"source_key": "id", "person_key": "who", "occurred_at": "at"}}],
    }
    tables = {"activities": Table.model_validate(activities), "calls": Table.model_validate(mapped)}
    settings = Settings(company="T", sources={"s": Source(connector="files", url="/in", tables=tables)})
    prepare_raw(warehouse, settings)
    rows = [*SHORT, "2026-01-01", "2019-01-01"]
    for table in tables:
        for n, at in enumerate(rows):
            warehouse.execute(
                f"insert into raw_s.{table} (id, who, \"at\", _extracted_at, _load_id) values (?, 1, ?, timestamp '2026-05-01', 1)",
                [n, at],
            )
    assert forget_expired(warehouse, settings, date(2026, 6, 1)) == {"s.activities": 1, "s.calls": 1}
    for table in tables:
        assert warehouse.execute(f'select "at" from raw_s.{table} order by id').fetchall() == [
            (at,) for at in rows[:-1]
        ]


def test_a_mapped_moment_is_none_of_a_short_year(warehouse):
    (mapping,) = orders().maps
    read = f"select {mapped_moment(mapping, 'ordered_at')} is null from (select unnest($1) as at)"
    assert warehouse.execute(read, [[*SHORT, *NONE, "1880-01-01", "2026-06-05"]]).fetchall() == [
        *[(True,)] * (len(SHORT) + len(NONE)),
        (False,),
        (False,),
    ]
