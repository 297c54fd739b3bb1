"""What it takes to fit and to make every score of a night, of a million customers: seconds and memory.

`python -m tests.bench.million_scores FILE fit` fits all models of the marts in the file, as `kundbild scores train` does, `... score` scores by them, as
a night without a fit does: each has a process and a peak of its own. Not here: how good the scores are.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from orchestration.core.settings import Insight, ScoreSettings
from orchestration.core.warehouse import quote
from orchestration.demo.names import GOODS
from orchestration.prediction.nightly.estimators import SCORED, SCORED_DDL
from orchestration.prediction.nightly.registry import estimators
from orchestration.prediction.warehouse.known import shared_past
from tests.bench.demo_marts import MARTS, demo_marts
from tests.bench.measure import Report, run_command
from tests.bench.trained import UNTIL
from tests.unit.empty_tables import empty_tables

# columns that say whose a row is, or which: each copy of the company has its own
_KEYS = ("customer_id", "source_key", "person_key", "order_key")
_MORE = ("contact_permissions", "fct_order_items", "dim_products", "customer_id_redirects")


def scores_of_a_million(report: Report, folder: Path, *, people: int = 50_000, copies: int = 20) -> None:
    """A demo company, copied until it has that many customers: what all fits and all scores of a night take of it."""
    file = folder / "million_scores.duckdb"
    orders, events = write_marts(file, people, copies)
    fits, scores = (_measured_apart(file, step) for step in ("fit", "score"))
    for name in fits.models:
        fit, score = fits.models[name], scores.models[name]
        report.add(
            f"{name} of {people * copies:,} customers: fit, scoring, of processor time", "", f"{fit.processor:.0f} s, {score.processor:.0f} s",
            f"by the clock {fit.clock:.0f} s, {score.clock:.0f} s; {score.rows:,.0f} scores",
        )  # fmt: skip
    report.add(
        "all of them: features and scoring, by the clock", "<= 60 s, <= 2 GB", f"{scores.clock:.0f} s, {scores.peak:,.0f} MB",
        f"{scores.processor:.0f} s of processor time; {orders:,} orders, {events:,} events",
    )  # fmt: skip
    report.add(
        "all of them: training, by the clock", "<= 300 s", f"{fits.clock:.0f} s, {fits.peak:,.0f} MB",
        f"{fits.processor:.0f} s of processor time",
    )  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """Seconds of processor time and by the clock, and how many scores there are."""

    processor: float
    clock: float
    rows: float


@dataclass(frozen=True)
class Step:
    """What each model took in one process, whose peak this is, in MB. The first model that needs the features of everybody makes them."""

    models: dict[str, Taken]
    peak: float

    @property
    def processor(self) -> float:
        return sum(one.processor for one in self.models.values())

    @property
    def clock(self) -> float:
        return sum(one.clock for one in self.models.values())


def _measured_apart(file: Path, step: str) -> Step:
    command = [sys.executable, "-m", "tests.bench.million_scores", str(file), step]
    _, peak, out = run_command(command, dict(os.environ))
    return Step({name: Taken(**told) for name, told in json.loads(out).items()}, peak)


def write_marts(file: Path, people: int, copies: int) -> tuple[int, int]:
    """The marts in a DuckDB file; returns how many orders and events they have."""
    con = demo_marts(people, 7, UNTIL)
    empty_tables(con, *_MORE)
    con.execute(_SOLD.format(categories=list(GOODS)))
    con.execute(f"attach '{file}' as f; create schema f.marts; create schema f.conformed")
    for table in (*MARTS, *_MORE):
        schema = "conformed" if table.startswith("conformed") else "marts"
        names = [str(c) for (c,) in con.execute(f"select column_name from (describe {schema}.{table})").fetchall()]
        # products are those of one shop
        own, times = ((), 1) if table == "dim_products" else (_KEYS, copies)
        columns = ", ".join(f"{quote(c)} || '-' || n as {quote(c)}" if c in own else quote(c) for c in names)
        con.execute(f"create table f.{schema}.{table} as select {columns} from {schema}.{table}, range({times}) r (n)")
    counts = "select (select count(*) from f.marts.fct_orders), sum(n) from (select count(*) as n from f.marts.fct_web_sessions union all select count(*) from f.marts.fct_email_events union all select count(*) from f.conformed.conformed_usage_events)"
    ((orders, events),) = con.execute(counts).fetchall()
    con.close()
    return int(orders), int(events)


def measured(file: Path, step: str) -> dict[str, Taken]:
    """What each model takes: what there is to learn from, which a night asks each time, and its fit or its scores."""
    contents = file.with_suffix(".fits.json")
    fits = json.loads(contents.read_text()) if step == "score" else {}
    taken = {}
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute(
            "set TimeZone = 'UTC'; set memory_limit = '1GB'; set threads = 2; set preserve_insertion_order = false"
        )
        with shared_past(con):
            for model in estimators(ScoreSettings(), Insight()):
                start, rows = _now(), 0
                seen = model.inputs(con, UNTIL)
                if step == "score":
                    con.execute(SCORED_DDL)
                    model.score(con, fits[model.name], UNTIL)
                    ((rows,),) = con.execute(f"select count(*) from {SCORED}").fetchall()
                else:
                    fit = model.fit(con, UNTIL)
                    assert seen and not fit.why_not, (model.name, fit.why_not)
                    fits[model.name] = fit.content
                processor, clock = (after - before for before, after in zip(start, _now(), strict=True))
                taken[model.name] = Taken(processor, clock, float(rows))
    contents.write_text(json.dumps(fits))
    return taken


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


_SOLD = """
update marts.fct_orders set net_amount = 50 + hash(source_key) % 400;
insert into marts.fct_order_items by name
select
    'webshop' as source_system, order_no || '-' || line_no as source_key, cast(order_no as varchar) as order_key,
    cast(product_id as varchar) as product_key, quantity, 100 as gross_amount
from items;
insert into marts.dim_products by name
select 'webshop' as source_system, cast(product_id as varchar) as source_key, ({categories})[1 + product_id % 12] as category
from (select distinct product_id from items);
insert into marts.contact_permissions by name
select customer_id, 'email' as channel, 'newsletter' as purpose, true as is_permitted from marts.customer_profile;
"""

if __name__ == "__main__":
    print(json.dumps({name: asdict(told) for name, told in measured(Path(sys.argv[1]), sys.argv[2]).items()}))
