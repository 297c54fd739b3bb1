"""Amounts as people write them, by the decimal mark that a mapping says; what is none is set aside."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.core.settings import Table
from tests.unit.mapped import models_of, raw


def amounts(decimal, *written):
    table = Table(columns={"id": "VARCHAR", "day": "VARCHAR", "total": "VARCHAR"}, key=["id"], maps=[{"entity": "orders", "columns": {"source_key": "id", "ordered_at": "day", "amount": {"column": "total", "decimal": decimal}}}])  # fmt: skip
    (sql, _) = models_of({"orders": table}, ("", "-"))["orders"]
    with duckdb.connect() as con:
        raw(con, "orders", *({"id": str(n), "day": "2026-01-01", "total": value} for n, value in enumerate(written)))
        return con.execute(f"select amount::varchar, quarantine_code from ({sql}) order by source_key::int").fetchall()


@pytest.mark.parametrize(
    ("decimal", "written", "amount"),
    [
        (",", "1 234,50 kr", "1234.50"), (",", "1\u00a0234\u202f567,5", "1234567.50"), (",", "99:-", "99.00"), (",", "kr -12,00", "-12.00"),
        (",", "1.234,50 €", "1234.50"), (",", "−5,25", "-5.25"), (",", "SEK 12", "12.00"), (".", "$1,234.50", "1234.50"), (".", "£0.99", "0.99"),
        (",", "99,-", "99.00"), (",", "(1 234,50)", "-1234.50"), (".", "($5.00)", "-5.00"), (",", "(12,00 kr)", "-12.00"), (",", "–5,25", "-5.25"),
        (".", "-$5.00", "-5.00"), (",", "-kr 12,00", "-12.00"), (",", "1\u2009234", "1234.00"), (",", "99:–", "99.00"), (",", "US$ 5", "5.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_without_what_stands_around_it(decimal, written, amount):
    assert amounts(decimal, written) == [(amount, None)]


@pytest.mark.parametrize(
    "written",
    [
        "12 or 13",
        "1,2,3",
        "1 23,50",
        "tolv",
        "12 kr 50",
        "12 %",
        "12,5%",
        "10 tkr",
        "1,5 mkr",
        "2k",
        "10 MSEK",
        "<5",
        "#5",
        "(-5)",
        "--5",
        "1,50-",
    ],
)
def test_what_is_no_single_amount_is_set_aside(written):
    assert amounts(",", written) == [(None, "unreadable")]
