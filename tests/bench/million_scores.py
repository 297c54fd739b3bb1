"""What it takes to fit and to make every score of a night, of a million customers: seconds, memory, and both beside plain DuckDB.

`python -m tests.bench.million_scores FILE` measures each model of the marts in the file, in a process of its own. Not here: how good the scores are.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from orchestration.core.settings import ScoreSettings
from orchestration.core.warehouse import quote
from orchestration.demo.names import GOODS
from orchestration.prediction.nightly.estimators import SCORED, SCORED_DDL
from orchestration.prediction.nightly.registry import estimators
from orchestration.prediction.nightly.trained import TrainedScores
from orchestration.prediction.warehouse.past import features_of_wanted, known_as_of, want
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
    command = [sys.executable, "-m", "tests.bench.million_scores", str(file)]
    _, peak, out = run_command(command, dict(os.environ))
    found = json.loads(out)
    rest = ", ".join(f"{name} {told['fit']:.0f} + {told['score']:.0f} s" for name, told in found["models"].items())
    fit, score = (sum(told[part] for told in found["models"].values()) for part in ("fit", "score"))
    report.add(
        f"all scores of {people * copies:,} customers: features and scoring, of processor time", "<= 60 s a score, <= 2 GB",
        f"{score:.0f} s, {peak:,.0f} MB", f"{orders:,} orders, {events:,} events; fit + score: {rest}",
    )  # fmt: skip
    report.add("the same: features by plain DuckDB, of processor time", "", f"{found['features']:.0f} s", f"all customers; scoring the leads takes {found['models']['leads']['score'] / found['features']:.2f} of it")  # fmt: skip
    report.add("the same: training all models, of processor time", "<= 5 min", f"{fit:.0f} s")


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


def measured(file: Path) -> dict[str, object]:
    """Of each model the processor seconds of its fit and of its scores, and of the features of all customers by SQL alone."""
    models: dict[str, dict[str, float]] = {}
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'; set memory_limit = '1GB'; set threads = 2")
        for model in estimators(ScoreSettings()):
            start = time.process_time()
            seen = model.inputs(con, UNTIL)
            fit = model.fit(con, UNTIL)
            assert seen and not fit.why_not, (model.name, fit.why_not)
            between = time.process_time()
            con.execute(SCORED_DDL)
            model.score(con, fit.content, UNTIL)
            ((rows,),) = con.execute(f"select count(*) from {SCORED}").fetchall()
            models[model.name] = {
                "fit": between - start, "score": time.process_time() - between, "rows": float(rows), "is_trained": float(isinstance(model, TrainedScores)),
            }  # fmt: skip
            print(model.name, models[model.name], file=sys.stderr, flush=True)
        known_as_of(con, UNTIL)
        want(con, "select customer_id from profiled")
        start = time.process_time()
        features_of_wanted(con)
        return {"models": models, "features": time.process_time() - start}


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
    print(json.dumps(measured(Path(sys.argv[1]))))
