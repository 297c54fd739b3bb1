"""Purchases of a file or a mart, as the histories that a forecast needs. Here: reading and collapsing, set-wise in DuckDB. Not here: models."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

import duckdb
import numpy as np

from orchestration.core.errors import KundbildError
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import quote, text
from orchestration.prediction.pareto_nbd import Array, Histories

# what a date is read as where the user names no format: unambiguous spellings only
_ANY_DATE = "coalesce(try_cast({day} as date), cast(try_cast({day} as timestamp) as date), cast(try_strptime({day}, '%Y%m%d') as date))"
_REASONS = ("no customer", "no date", "date cannot be read", "no amount", "amount cannot be read")


@dataclass(frozen=True)
class ReadRows:
    """What was read of a file: rows, those left out by reason, refunds, the first and last day of a purchase."""

    rows: int
    left_out: dict[str, int]
    refunds: int
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Reading:
    """How customers are read: one in so many of them, times in steps of so many days."""

    one_in: int = 1
    step: int = 1


@dataclass(frozen=True)
class Customers:
    """All customers who bought by a day, in the order of the temporary table customer_counts, and their distinct histories.

    `history` is the number of each customer's history.
    """

    until: date
    history: np.ndarray[tuple[int], np.dtype[np.int64]]
    histories: Histories
    spent: Array

    @property
    def purchases(self) -> Array:
        return self.histories.x[self.history] + 1

    @property
    def mean_spent(self) -> Array:
        """What a purchase of each customer was worth on average, refunds taken off."""
        return np.maximum(self.spent, 0) / self.purchases


def read_purchases(
    con: duckdb.DuckDBPyConnection, name: str, *, customer: str, day: str, amount: str, date_format: str | None
) -> ReadRows:
    """Collapses the temporary table `transactions` of a file `name` to the temporary table purchase_days.

    Raises KundbildError where no row can be read.
    """
    written = f"trim(cast({quote(day)} as varchar))"
    read = _ANY_DATE.format(day=written)
    if date_format is not None:
        read = f"cast(try_strptime({written}, {text(date_format)}) as date)"
    parts = {"customer": quote(customer), "day": quote(day), "amount": quote(amount), "read_day": read}
    try:
        con.execute(sql_script(__file__, "purchase_days", **parts))
    except duckdb.Error as error:
        raise KundbildError(
            f"the dates of {name} cannot be read ({type(error).__name__})",
            to_do="name their format as strptime does: --date-format %d/%m/%Y",
        ) from None
    (rows, *counts, refunds, first, last) = con.execute(sql_script(__file__, "unread_rows")).fetchall()[0]
    left_out = {reason: count for reason, count in zip(_REASONS, counts, strict=True) if count}
    if last is None or not con.execute("select 1 from purchase_days where is_purchase limit 1").fetchall():
        why = ", ".join(f"{count:,} rows: {reason}" for reason, count in left_out.items()) or "all amounts are refunds"
        raise KundbildError(
            f"no row of {name} is a purchase with a customer, a date and an amount ({why})",
            to_do="name the columns with --customer, --date and --amount, and the dates' format with --date-format",
        )
    return ReadRows(rows, left_out, refunds, first, last)


def read_marts(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Makes the temporary tables purchase_days and unknown_worth of the marts: who may be profiled, by a time (UTC, naive)."""
    for script in ("purchase_days_of_marts", "unknown_worth_of_marts"):
        con.execute(sql_script(__file__, script), {"as_of": as_of})


def customers_until(con: duckdb.DuckDBPyConnection, until: date, reading: Reading = Reading()) -> Customers:
    """Makes the temporary table customer_counts of everybody who bought by a day, and the arrays of it."""
    con.execute(sql_script(__file__, "purchase_counts", until=until, **asdict(reading)))
    found = con.execute("select history, spent from customer_counts order by number").fetchnumpy()
    distinct = con.execute("select x, t_x, observed, customers from distinct_histories order by history").fetchnumpy()
    x, t_x, observed, customers = (
        np.asarray(distinct[name], dtype=float) for name in ("x", "t_x", "observed", "customers")
    )
    histories = Histories(x, t_x / 7, observed / 7, customers)
    return Customers(until, np.asarray(found["history"]), histories, np.asarray(found["spent"], dtype=float))


def purchases_between(con: duckdb.DuckDBPyConnection, after: date, last: date) -> tuple[Array, Array]:
    """(purchases, spent) of each customer of customer_counts after one day, to another. What is later is not read."""
    found = con.execute(sql_script(__file__, "purchases_between"), {"after": after, "last": last}).fetchnumpy()
    return np.asarray(found["purchases"], dtype=float), np.asarray(found["spent"], dtype=float)
