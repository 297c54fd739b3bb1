"""The forecast of a file of transactions, and how it did where the file goes on. Here: options, hold-out, the written scores.

Not here: the forecast itself (forecast.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.core.errors import KundbildError
from orchestration.core.spreadsheets import is_formula, neutral
from orchestration.core.sql_scripts import sql_script
from orchestration.core.table_files import opened_table
from orchestration.core.warehouse import text
from orchestration.prediction.backtests import baselines
from orchestration.prediction.forecast import Scores, forecast
from orchestration.prediction.forecast_quality import measured, rank_correlation
from orchestration.prediction.purchase_histories import ReadRows, purchases_between, read_purchases

# what a formula begins with
_SUSPECT = r"[=+\-@＝＋－＠\t\r\n]"
_HARMLESS = pa.schema([("customer", pa.string()), ("key", pa.string())])
_FORMATS = {".csv": "(header true)", ".parquet": "(format parquet)"}


@dataclass(frozen=True)
class FileForecast:
    """The scores of a file. `holdout` measures them where the file has rows after `fit_until`; `by_customer` is None where the
    scores were written to a file."""

    scores: Scores
    read: ReadRows
    held_out_rows: int
    holdout: dict[str, Any] | None
    by_customer: list[dict[str, Any]] | None

    def as_dict(self) -> dict[str, Any]:
        found = self.scores
        return {
            "fit_until": found.fit_until,
            "until": found.until,
            "model": found.model,
            "parameters": found.parameters,
            "customer_count": len(found.low),
            "fitted_to": found.fitted_to,
            "purchases": asdict(found.purchases),
            "value": asdict(found.value),
            "rows": self.read.rows,
            "held_out_rows": self.held_out_rows,
            "left_out": self.read.left_out,
            "refunds": self.read.refunds,
            "windows": [window.as_dict() for window in found.windows],
            "holdout": self.holdout,
            **({} if self.by_customer is None else {"customers": self.by_customer}),
        }


def forecast_file(
    path: Path,
    *,
    customer: str,
    day: str,
    amount: str,
    until: date,
    fit_until: date | None = None,
    date_format: str | None = None,
    to: Path | None = None,
    overwrite: bool = False,
) -> FileForecast:
    """The forecast of a file of transactions. Rows after `fit_until`, by default the file's last day, only measure it.

    Raises KundbildError where the file or a column cannot be read, or where a day does not fit the others.
    """
    if to is not None:
        _assert_writable(to, overwrite)
    columns = {"--customer": customer, "--date": day, "--amount": amount}
    with opened_table(path, "transactions", columns.items(), row="transaction") as con:
        read = read_purchases(con, path.name, customer=customer, day=day, amount=amount, date_format=date_format)
        known = fit_until or read.last_day
        if until <= known:
            raise KundbildError(
                f"--until {until} is not after {known}, the last day that the forecast knows",
                to_do="name a later day, or hold out the days before it: --fit-until DATE",
            )
        first_purchase = con.execute("select min(day) from purchase_days where is_purchase").fetchall()[0][0]
        if known < first_purchase:
            raise KundbildError(
                f"nobody has bought by --fit-until {known}: the first purchase is of {first_purchase}",
                to_do="name a later day",
            )
        scores = forecast(con, read.first_day, known, until)
        (later,) = con.execute(
            "select count(*) from read_rows where customer is not null and amount is not null and day > $1", [known]
        ).fetchall()[0]
        holdout = _holdout(con, scores, read) if later else None
        con.register("scores", scores.table())
        by_customer = None
        if to is None:
            cursor = con.execute(sql_script(__file__, "forecast_of_customers"))
            names = [column[0] for column in cursor.description or []]
            by_customer = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        else:
            _write(con, to)
        return FileForecast(scores, read, int(later), holdout, by_customer)


def _assert_writable(to: Path, overwrite: bool) -> None:
    if to.suffix.lower() not in _FORMATS:
        raise KundbildError(
            f"{to.name} is not a file that is written here", to_do="name a .csv or a .parquet: --to FILE"
        )
    if not to.parent.is_dir():
        raise KundbildError(f"there is no folder {to.parent}", to_do="make it, or name another file: --to FILE")
    if to.exists() and not overwrite:
        raise KundbildError(f"{to} is there already", to_do="name another file, or replace it: --overwrite")


def _write(con: duckdb.DuckDBPyConnection, to: Path) -> None:
    if to.suffix.lower() == ".csv":
        # keys of somebody else's system: those that a spreadsheet would run are made harmless
        found = con.execute("select customer from customer_counts where regexp_matches(customer, $1)", [_SUSPECT])
        harmless = {key: neutral(key) for (key,) in found.fetchall() if is_formula(key)}
        con.register(
            "harmless", pa.table({"customer": list(harmless), "key": list(harmless.values())}, schema=_HARMLESS)
        )
        con.execute(
            "update customer_counts set customer = key from harmless where customer_counts.customer = harmless.customer"
        )
    try:
        con.execute(
            f"copy ({sql_script(__file__, 'forecast_of_customers')}) to {text(to)} {_FORMATS[to.suffix.lower()]}"
        )
    except duckdb.IOException:
        raise KundbildError(f"{to} cannot be written", to_do="look at its rights and at the disk") from None
    to.chmod(0o600)


def _holdout(con: duckdb.DuckDBPyConnection, scores: Scores, read: ReadRows) -> dict[str, Any]:
    """What came after `fit_until`, against the scores and the baselines; `is_whole` where the file goes on to `until`."""
    actual, spent = purchases_between(con, scores.fit_until, scores.until)
    customers = scores.customers
    simple = baselines(con, customers, (scores.until - scores.fit_until).days)
    seen = float(np.sum(customers.histories.x * customers.histories.customers))
    total, worth = float(np.sum(actual)), float(np.sum(spent))
    by_value = {
        "model": scores.expected.value,
        "own average amount, own rate": np.maximum(simple["own rate so far"], 0) * customers.mean_spent,
        "own average amount, expected purchases": scores.expected.purchases * customers.mean_spent,
        "own average amount": customers.mean_spent,
        "own spending so far": customers.spent,
    }
    return {
        "is_whole": read.last_day >= scores.until,
        "purchases": int(total),
        "value": worth,
        "is_in_interval": scores.purchases.low <= total <= scores.purchases.high,
        "is_value_in_interval": scores.value.low <= worth <= scores.value.high,
        "total_error": scores.purchases.expected / total - 1 if total else None,
        "cumulative_error": (seen + scores.purchases.expected) / (seen + total) - 1 if seen + total else None,
        "quality": {
            name: asdict(measured(expected, actual))
            for name, expected in {scores.model: scores.expected.purchases, **simple}.items()
        },
        "value_rank_correlation": {name: rank_correlation(value, spent) for name, value in by_value.items()},
    }
