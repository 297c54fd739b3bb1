"""Whole numbers that are times since 1970 are proposed as such where they are called so and are of 1990 to 2100, and as nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pytest

from orchestration.proposals.columns import columns_of, sample
from orchestration.proposals.propose import propose
from tests.unit.mapped import models_of, raw, set_clock_and_retention
from tests.unit.proposals.blocks import settings_of


@pytest.mark.parametrize("each", [1, 1_000, 1_000_000])
def test_times_since_1970_are_read_by_an_expression(tmp_path, warehouse, each):
    days = [datetime(2025, 1, n, 12, 30, tzinfo=UTC) for n in (1, 2, 3)]
    rows = [
        {"order_id": str(n), "customer_id": f"c{n}", "created": str(int(day.timestamp() * each)), "total": "10.50"}
        for n, day in enumerate(days)
    ]  # fmt: skip
    (tmp_path / "orders.csv").write_text(
        "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
    )
    shape = settings_of(propose("shop", str(tmp_path), "SEK")).sources["shop"].tables["orders"]
    raw(warehouse, "orders", *rows)
    warehouse.execute("alter table raw_shop.orders alter column created type bigint")
    set_clock_and_retention(warehouse)
    sql, _ = models_of({"orders": shape}, ("",))["orders"]
    found = warehouse.execute(f"select ordered_at from ({sql}) where quarantine_code is null order by 1").fetchall()
    assert [at for (at,) in found] == [day.replace(tzinfo=None) for day in days]


def test_other_whole_numbers_are_no_times():
    columns = {
        "created": ("1735689600", "1735776000"), "updated_at": ("1735689600", "12"), "customer_id": ("1735689600", "1735776000"),
        "order_time": ("12", "14"), "sent_at": ("1735689600123", "1735776000"), "paid_at": ("", "1735689600"),
    }  # fmt: skip
    con = duckdb.connect()
    con.execute(f"create table t ({', '.join(f'{name} varchar' for name in columns)})")
    con.executemany(
        f"insert into t values ({', '.join('?' for _ in columns)})", list(zip(*columns.values(), strict=True))
    )
    sample(con, "t")
    found = {column.name: column.epoch for column in columns_of(con, "t", list(columns))}
    assert found == {"created": 1, "updated_at": 0, "customer_id": 0, "order_time": 0, "sent_at": 0, "paid_at": 1}
