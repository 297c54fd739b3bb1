"""What it takes to fit and to make every score of a night, of a million customers: seconds and memory.

`python -m tests.bench.million_scores FILE MODEL` measures one model of the marts in the file, so each has a process and a peak of its own. Not here:
how good the scores are.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from orchestration.core.settings import Insight, ScoreSettings
from orchestration.core.warehouse import quote
from orchestration.demo.names import GOODS
from orchestration.prediction.nightly.estimators import SCORED, SCORED_DDL
from orchestration.prediction.nightly.registry import estimators
from tests.bench.demo_marts import MARTS, demo_marts
from tests.bench.measure import Report, run_command
from tests.bench.trained import UNTIL
from tests.unit.empty_tables import empty_tables

# columns that say whose a row is, or which: each copy of the company has its own
_KEYS = ("customer_id", "source_key", "person_key", "order_key")
_MORE = ("contact_permissions", "fct_order_items", "dim_products", "customer_id_redirects")


def scores_of_a_million(report: Report, folder: Path, *, people: int = 50_000, copies: int = 20) -> None:
    """A demo company, copied until it has that many customers: what the night's fits and scores take of it."""
    file = folder / "million_scores.duckdb"
    orders, events = write_marts(file, people, copies)
    models = estimators(ScoreSettings(), Insight())
    found = {model.name: _measured_apart(file, model.name) for model in models}
    for name, told in found.items():
        report.add(
            f"{name} of {people * copies:,} customers: fit + scoring, of processor time", "", f"{told['fit']:.0f} + {told['score']:.0f} s",
            f"{told['rows']:,.0f} scores; {told['wall']:.0f} s by the clock; {told['peak']:,.0f} MB",
        )  # fmt: skip
    fit, score, wall = (sum(told[part] for told in found.values()) for part in ("fit", "score", "score_wall"))
    report.add(
        "all of them: features and scoring, by the clock", "<= 60 s, <= 2 GB", f"{wall:.0f} s, {max(told['peak'] for told in found.values()):,.0f} MB",
        f"{score:.0f} s of processor time; {orders:,} orders, {events:,} events",
    )  # fmt: skip
    report.add("all of them: training, by the clock", "<= 5 min", f"{sum(told['fit_wall'] for told in found.values()):.0f} s", f"{fit:.0f} s of processor time")  # fmt: skip


def _measured_apart(file: Path, model: str) -> dict[str, float]:
    wall, peak, out = run_command(
        [sys.executable, "-m", "tests.bench.million_scores", str(file), model], dict(os.environ)
    )
    return {**json.loads(out), "wall": wall, "peak": peak}


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


def measured(file: Path, name: str) -> dict[str, float]:
    """Seconds of processor time and by the clock of a model's fit and of its scores, and how many scores there are."""
    (model,) = (one for one in estimators(ScoreSettings(), Insight()) if one.name == name)
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'; set memory_limit = '1GB'; set threads = 2")
        start = _now()
        seen = model.inputs(con, UNTIL)
        fit = model.fit(con, UNTIL)
        assert seen and not fit.why_not, (name, fit.why_not)
        between = _now()
        con.execute(SCORED_DDL)
        model.score(con, fit.content, UNTIL)
        end = _now()
        ((rows,),) = con.execute(f"select count(*) from {SCORED}").fetchall()
    parts = {"fit": (start, between), "score": (between, end)}
    seconds = {p: after[0] - before[0] for p, (before, after) in parts.items()}
    walls = {f"{p}_wall": after[1] - before[1] for p, (before, after) in parts.items()}
    return {**seconds, **walls, "rows": float(rows)}


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


_SOLD = """
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
    print(json.dumps(measured(Path(sys.argv[1]), sys.argv[2])))
