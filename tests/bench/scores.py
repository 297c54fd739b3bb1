"""`make bench-scores`: how good scores are, next to their goals and anchors, in one table. A set that is not there is told, not measured.

A measurement is a function of (report, folder); BENCHES lists them. To add one, write it and name it there.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.core.settings import PROJECT_DIR
from tests.bench.few_buyers import forecasts_of_few_buyers
from tests.bench.leads import leads_of_demo
from tests.bench.lifts import true_lift_in_its_interval
from tests.bench.measure import Report, run_command
from tests.bench.million_scores import scores_of_a_million
from tests.bench.shop_churn import churn_of_demo_shop
from tests.bench.trained import churn_of_demo_contracts, uplift_of_demo_campaigns
from tests.conftest import DATA

KUNDBILD = str(Path(sys.executable).parent / "kundbild")
_MODEL = "mixture around Pareto/NBD"


def forecast_of_cdnow(report: Report, folder: Path) -> None:
    """Fit to 1997-09-30, forecast to 1998-06-30: what the file says of the hold-out that took no part."""
    file = DATA / "cdnow" / "cdnow_orders.csv"
    if not file.exists():
        report.add("CDNOW", "", "not measured", f"put the data set at {file.parent}")
        return
    days = ["--fit-until", "1997-09-30", "--until", "1998-06-30"]
    found, seconds, peak = _forecast(file, "customer", "date", "amount_usd", [*days, "--to", str(folder / "cdnow.csv")])
    held_out = found["holdout"]
    model, rate = held_out["quality"][_MODEL], held_out["quality"]["own rate so far"]
    report.add(
        "CDNOW: correlation (Pareto/NBD .671)",
        ">= .672",
        f"{model['correlation']:.3f}",
        f"own rate {rate['correlation']:.3f}",
    )
    report.add(
        "CDNOW: mean absolute error (Pareto/NBD .794)", "<= .79", f"{model['mae']:.3f}", f"own rate {rate['mae']:.3f}"
    )
    report.add(
        "CDNOW: cumulative repeats, week 78 (Pareto/NBD -4.3 %)", "within 4 %", f"{held_out['cumulative_error']:+.1%}",
        f"total of the hold-out {held_out['total_error']:+.1%}; the customers' scores sum up to {model['total_error']:+.1%}",
    )  # fmt: skip
    report.add(
        "CDNOW: purchases of the top tenth (Pareto/NBD 46.0 %)", ">= 46.5 %", f"{model['top_tenth']:.1%}",
        f"own rate {rate['top_tenth']:.1%}; the windows before tell no model that ranks better",
    )  # fmt: skip
    total = found["purchases"]
    report.add(
        "CDNOW: the hold-out's total", "in the 90 % interval", f"{held_out['purchases']:,}",
        f"{total['low']:,.0f} to {total['high']:,.0f}, expected {total['expected']:,.0f}",
    )  # fmt: skip
    ranks = held_out["value_rank_correlation"]
    report.add(
        "CDNOW: rank correlation with later spend", "> own spending so far", f"{ranks['model']:.3f}",
        ", ".join(f"{name} {value:.3f}" for name, value in ranks.items() if name != "model"),
    )  # fmt: skip
    report.add("CDNOW: the whole command", "", f"{seconds:.1f} s", f"{peak:,.0f} MB")


def forecast_of_a_million(report: Report, folder: Path) -> None:
    """A million customers of two years: reading, windows, fit and scores."""
    file, to = folder / "million.parquet", folder / "scores.parquet"
    with duckdb.connect() as con:
        con.execute(_MILLION.format(to=file))
    found, seconds, peak = _forecast(file, "customer", "day", "amount", ["--until", "2027-12-31", "--to", str(to)])
    report.add(
        "forecast of a million customers, the whole command", "<= 15 s, <= 2 GB", f"{seconds:.1f} s, {peak:,.0f} MB",
        f"{found['rows']:,} rows, fitted to {found['fitted_to']:,} customers",
    )  # fmt: skip


def churn_of_telco(report: Report, _: Path) -> None:
    """Five folds, three times: each customer is scored by a model that did not see it."""
    file = DATA / "telco_churn_train" / "telco_churn_train.csv"
    if not file.exists():
        report.add("Telco", "", "not measured", f"put the data set at {file.parent}")
        return
    options = ["--label", "Churn", "--id", "customerID", "--folds", "5", "--repeats", "3", "--json"]
    seconds, peak, out = run_command([KUNDBILD, "scores", "evaluate", "--train", str(file), *options], dict(os.environ))
    found = json.loads(out)
    goals = {
        "auc": ("Telco: AUC (shallow boosting .850, logistic .845)", ">= .850"),
        "average_precision": ("Telco: average precision", ""),
        "calibration_error": ("Telco: calibration error (shallow boosting .009, logistic .012)", "<= .010"),
        "brier": ("Telco: Brier", ""),
    }
    for measure, (name, goal) in goals.items():
        model, line = found["quality"]["model"][measure], found["quality"]["logistic"][measure]
        difference = found["difference"]["logistic"][measure]
        report.add(
            name, goal, f"{model['value']:.4f}",
            f"{model['low']:.3f} to {model['high']:.3f}; logistic on the same folds {line['value']:.4f}, "
            f"difference {difference['low']:+.4f} to {difference['high']:+.4f}",
        )  # fmt: skip
    report.add(
        "Telco: the whole command", "", f"{seconds:.1f} s", f"{peak:,.0f} MB; exactly right scores show a calibration "
        f"error of {found['calibration_error_by_chance']:.4f} on one round of the folds",
    )  # fmt: skip


BENCHES: list[Callable[[Report, Path], None]] = [
    forecast_of_cdnow,
    forecast_of_a_million,
    churn_of_telco,
    churn_of_demo_contracts,
    churn_of_demo_shop,
    leads_of_demo,
    uplift_of_demo_campaigns,
    true_lift_in_its_interval,
    forecasts_of_few_buyers,
    scores_of_a_million,
]

# rates of buying and times to leave are exponential over customers; first purchases lie in the first year
_MILLION = """
copy (
    with customers as (
        select
            n as customer, hash(n) % 365 as first, -0.1 * ln((hash(n, 1) % 1000000 + 1) / 1e6) as rate,
            -300 * ln((hash(n, 2) % 1000000 + 1) / 1e6) as life
        from range(1000000) as r (n)
    ),
    numbered as (select *, least(life, 730 - first) as span, unnest(range(60)) as i from customers)
    select
        customer, 10 + hash(customer, i) % 90 as amount,
        date '2025-01-01' + cast(first + case when i = 0 then 0 else (hash(customer, i, 3) % 1000) / 1000 * span end as integer) as day
    from numbered where i <= rate * span / 7
) to '{to}' (format parquet)
"""


def _forecast(file: Path, customer: str, day: str, amount: str, rest: list[str]) -> tuple[dict, float, float]:
    columns = ["--customer", customer, "--date", day, "--amount", amount]
    seconds, peak, out = run_command(
        [KUNDBILD, "scores", "forecast", str(file), *columns, *rest, "--json"], dict(os.environ)
    )
    return json.loads(out), seconds, peak


def main() -> None:
    report = Report()
    with tempfile.TemporaryDirectory(prefix="kundbild-bench-scores-") as folder:
        for bench in BENCHES:
            bench(report, Path(folder))
    (PROJECT_DIR / "build").mkdir(exist_ok=True)
    report.show(PROJECT_DIR / "build" / "bench-scores.json")


if __name__ == "__main__":
    main()
