"""Transactions are collapsed to histories by hand-counted examples, and what cannot be read is counted by why."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from orchestration.core.errors import KundbildError
from orchestration.prediction.purchase_histories import customers_until, purchases_between, read_purchases

ROWS = [
    ("anna", "2026-01-01", "10"), ("anna", "2026-01-01", "5,5"), ("anna", "2026-01-15", "20"), ("anna", "2026-01-20", "-20"),
    ("anna", "2026-03-01", "7"), ("bo", "2026-01-08", "0"), ("carl", "2026-02-20", "9"),
    ("", "2026-01-01", "1"), ("bo", "", "1"), ("bo", "01/02/2026", "1"), ("bo", "2026-01-09", ""), ("bo", "2026-01-09", "nan"),
]  # fmt: skip


@pytest.fixture
def con():
    with duckdb.connect() as opened:
        opened.execute("create table transactions (who varchar, day varchar, sum varchar)")
        opened.executemany("insert into transactions values (?, ?, ?)", ROWS)
        yield opened


def read(con, date_format=None):
    return read_purchases(con, "t.csv", customer="who", day="day", amount="sum", date_format=date_format)


def test_purchases_of_a_day_are_one_and_a_refund_is_none(con):
    found = read(con)
    assert (found.rows, found.refunds, found.first_day, found.last_day) == (12, 1, date(2026, 1, 1), date(2026, 3, 1))
    customers = customers_until(con, date(2026, 1, 29))
    histories = customers.histories
    assert [list(column[customers.history]) for column in (histories.x, histories.t_x, histories.observed)] == [
        [1, 0],
        [2, 0],
        [4, 3],
    ]
    assert list(customers.spent) == [15.5, 0] and list(customers.purchases) == [2, 1]
    # only what is after the day, to the last one; who came later is nobody's forecast
    assert [list(told) for told in purchases_between(con, date(2026, 1, 29), date(2026, 3, 1))] == [[1, 0], [7, 0]]
    assert [list(told) for told in purchases_between(con, date(2026, 1, 29), date(2026, 2, 28))] == [[0, 0], [0, 0]]


def test_rows_that_cannot_be_read_are_counted_by_why(con):
    assert read(con).left_out == {
        "no customer": 1, "no date": 1, "date cannot be read": 1, "no amount": 1, "amount cannot be read": 1,
    }  # fmt: skip


def test_dates_are_read_by_the_format_that_is_named(con):
    assert read(con, "%d/%m/%Y").last_day == date(2026, 2, 1)
    with pytest.raises(KundbildError, match=r"no row of t\.csv is a purchase"):
        read_purchases(con, "t.csv", customer="who", day="day", amount="sum", date_format="%Y:%m")


def test_customers_of_one_history_share_it(con):
    con.execute("insert into transactions select 'of ' || n, '2026-01-08', '3' from range(5) as r (n)")
    read(con)
    customers = customers_until(con, date(2026, 1, 29))
    assert sorted(customers.histories.customers) == [1, 6] and len(customers.history) == 7
