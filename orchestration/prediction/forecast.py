"""Expected purchases and value of each customer until a day. Here: the steps and the result. Not here: models, reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from orchestration.core.errors import KundbildError
from orchestration.core.table_files import opened_table
from orchestration.prediction import gamma_gamma, pareto_nbd
from orchestration.prediction.purchase_histories import Customers, ReadRows, customers_until, read_purchases


@dataclass(frozen=True)
class Forecast:
    """What customers are expected to do from the day after `fit_until` to `until`, both with the 90 % interval of the total."""

    fit_until: date
    until: date
    model: str
    parameters: dict[str, float]
    customers: int
    expected_purchases: float
    expected_value: float
    read: ReadRows
    by_customer: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def forecast_file(
    path: Path, *, customer: str, day: str, amount: str, until: date, fit_until: date | None, date_format: str | None
) -> Forecast:
    """The forecast of a file of transactions. Rows after `fit_until`, by default the file's last day, are not read by the fit.

    Raises KundbildError where the file or a column cannot be read, or where a day does not fit the others.
    """
    columns = {"--customer": customer, "--date": day, "--amount": amount}
    with opened_table(path, "transactions", columns, row="transaction") as con:
        read = read_purchases(con, path.name, customer=customer, day=day, amount=amount, date_format=date_format)
        known = fit_until or read.last_day
        if until <= known:
            raise KundbildError(
                f"--until {until} is not after {known}, the last day that the forecast knows",
                to_do="name a later day, or hold out the days before it: --fit-until DATE",
            )
        if known < read.first_day:
            raise KundbildError(
                f"nobody has bought by --fit-until {known}: the first purchase is of {read.first_day}",
                to_do="name a later day",
            )
        return _forecast(con, customers_until(con, known), until, read)


def _forecast(con: duckdb.DuckDBPyConnection, customers: Customers, until: date, read: ReadRows) -> Forecast:
    weeks = (until - customers.until) / timedelta(days=7)
    model = pareto_nbd.fit(customers.histories)
    purchases = pareto_nbd.expected(model.log_parameters, customers.histories, weeks)[customers.history]
    mean = np.maximum(customers.spent, 0) / customers.purchases
    value = purchases * gamma_gamma.fit(customers.purchases, mean).mean_amount(customers.purchases, mean)
    keys = con.execute("select customer from customer_counts order by number").fetchall()
    return Forecast(
        fit_until=customers.until,
        until=until,
        model="Pareto/NBD",
        parameters=model.parameters,
        customers=len(keys),
        expected_purchases=float(np.sum(purchases)),
        expected_value=float(np.sum(value)),
        read=read,
        by_customer=[
            {"customer": key, "expected_purchases": round(float(p), 6), "expected_value": round(float(v), 4)}
            for (key,), p, v in zip(keys, purchases, value, strict=True)
        ],
    )
