"""The identity step on a million records of the demo: quality, seconds, memory; then nights of little news.

`python -m tests.bench.million prepare`, then `resolve`, which prints JSON; the home is KUNDBILD_HOME. Only what people
are made of is extracted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date, datetime, timedelta

import duckdb

from orchestration.core.configuration import home_and_config
from orchestration.demo.generate import generate
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.identity.evaluate import load_seeds, peak_mb, score
from orchestration.identity.model import DEFAULT_MODEL, Model
from orchestration.identity.resolve import resolve_identities
from orchestration.run.night import Night
from tests.bench.__main__ import AS_OF
from tests.bench.closure import anchors

# some 2.1 records a customer
CUSTOMERS = 470_000
_PEOPLE = {"crm": ["contacts"], "webshop": ["customers"], "email": ["subscribers"], "survey": ["respondents"]}
_ONE_PERCENT = (
    "update conformed.conformed_people set phone = '+4670' || (1000000 + hash(source_key) % 9000000)::varchar "
    "where hash(source_key, source_system) % 100 = 0"
)


def prepare() -> None:
    """The demo's sources, and conformed people of them with their truth."""
    home, _ = home_and_config()
    generate(home.prepare().demo, customers=CUSTOMERS, as_of=date.fromisoformat(AS_OF), nights=1)
    with Night.begin("million") as night:
        with night.warehouse() as con:
            prepare_raw(con, night.settings)
            night.start_clock(con)
            for source, tables in _PEOPLE.items():
                extract_source(con, night.home, night.settings, source, tables=tables)
        # a test that reads more than people would miss the rest
        night.dbt.build("+conformed_people", exclude="resource_type:test")
        with night.warehouse() as con:
            load_seeds(con)
            con.execute(
                "create schema labelled; create table labelled.truth as select hash(system, source_key) as record_id, "
                f"person_id as entity from '{night.home.demo}/truth/records.parquet'"
            )


def resolve() -> None:
    """A full night, then one of nothing new and one of 1 % changed, in a process that did nothing before."""
    with Night.begin("million") as night, night.warehouse() as con:
        seconds = {"full": resolved(con, night, 0)}
        scores = score(con, seconds["full"], peak_mb())
        seconds["nothing new"] = resolved(con, night, 1)
        con.execute(_ONE_PERCENT)
        seconds["1 % changed"] = resolved(con, night, 2)
        evidence, naive = anchors(con, night.home)
    print(json.dumps({"scores": vars(scores), "evidence": evidence, "naive": naive, "seconds": seconds}), flush=True)


def resolved(con: duckdb.DuckDBPyConnection, night: Night, day: int) -> float:
    """Seconds of one night's identity step."""
    moment = datetime.fromisoformat(AS_OF) + timedelta(days=day)
    start = time.perf_counter()
    resolve_identities(con, night.settings.identity, Model.load(DEFAULT_MODEL), f"million-{day}", moment)
    return time.perf_counter() - start


if __name__ == "__main__":
    {"prepare": prepare, "resolve": resolve}[sys.argv[1]]()
    # DuckDB's Python bindings tell of leaks on a slow way out
    os._exit(0)
