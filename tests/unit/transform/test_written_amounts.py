"""Amounts as people write them, by the decimal mark that a mapping says; what is none is set aside."""

from __future__ import annotations

from itertools import product

import duckdb
import pytest

from orchestration.contracts.mapping_values import written_amount
from orchestration.core.settings import Table
from tests.unit.mapped import models_of, raw


def amounts(decimal, *written):
    table = Table(columns={"id": "VARCHAR", "day": "VARCHAR", "total": "VARCHAR"}, key=["id"], maps=[{"entity": "orders", "columns": {"source_key": "id", "ordered_at": "day", "amount": {"column": "total", "decimal": decimal}}}])  # fmt: skip
    (sql, _) = models_of({"orders": table}, ("", "-"))["orders"]
    with duckdb.connect() as con:
        raw(con, "orders", *({"id": str(n), "day": "2026-01-01", "total": value} for n, value in enumerate(written)))
        return con.execute(f"select amount::varchar, quarantine_code from ({sql}) order by source_key::int").fetchall()


# (decimal mark, as written, the amount)
READ = [
    (",", "1 234,50 kr", "1234.50"), (",", "1\u00a0234\u202f567,5", "1234567.50"), (",", "99:-", "99.00"), (",", "kr -12,00", "-12.00"),
    (",", "1.234,50 €", "1234.50"), (",", "−5,25", "-5.25"), (",", "SEK 12", "12.00"), (".", "$1,234.50", "1234.50"), (".", "£0.99", "0.99"),
    (",", "99,-", "99.00"), (",", "(1 234,50)", "-1234.50"), (".", "($5.00)", "-5.00"), (",", "(12,00 kr)", "-12.00"), (",", "–5,25", "-5.25"),
    (".", "-$5.00", "-5.00"), (",", "-kr 12,00", "-12.00"), (",", "1\u2009234", "1234.00"), (",", "99:–", "99.00"), (",", "US$ 5", "5.00"),
]  # fmt: skip
NONE = [
    "12 or 13", "1,2,3", "1 23,50", "tolv", "12 kr 50", "12 %", "12,5%", "10 tkr", "(10 tkr)", "1,5 mkr", "2k", "10 MSEK", "<5", "#5", "(-5)",
    "--5", "1,50-",
]  # fmt: skip


@pytest.mark.parametrize("decimal", [",", "."])
def test_an_amount_is_read_without_what_stands_around_it(decimal):
    expected = {written: (amount, None) for mark, written, amount in READ if mark == decimal}
    assert dict(zip(expected, amounts(decimal, *expected), strict=True)) == expected


def test_what_is_no_single_amount_is_set_aside():
    assert dict(zip(NONE, amounts(",", *NONE), strict=True)) == dict.fromkeys(NONE, (None, "unreadable"))


@pytest.mark.parametrize("decimal", [",", "."])
def test_a_few_values_are_read_as_all_are(decimal):
    """Cases, and what is put together of their parts."""
    begin, middle, end = ["", "-", "(", "kr ", "-US$", "(€", "ABCDE"], ["5", "1 234", "1.234,5", "1,5", "12\u00a0345"], ["", ")", " kr", ":-", " tkr)", "m.", "2k", "æøåÅE"]  # fmt: skip
    values = [*(written for _, written, _ in READ), *NONE, *map("".join, product(begin, middle, end)), "", "  ", None]
    with duckdb.connect() as con:
        con.execute("create table told as select unnest($1::varchar[]) as v", [values])
        both = f"select v, {written_amount('v', decimal)} as one, {written_amount('v', decimal, is_of_few=True)} as other from told"
        assert con.execute(f"select * from ({both}) where one is distinct from other").fetchall() == []
        assert con.execute(
            f"select count(*) > 50 from ({both}) where try_cast(one as double) is not null"
        ).fetchall() == [(True,)]
