"""Makes the demo company: draws the world once, then writes what its systems deliver night by night.

Night 1 lies ready in the source systems; later nights wait under `nights/` until `next_night` moves them in.
Not here: how one system looks (crm.py, webshop.py, exports.py).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.core.clock import now
from orchestration.core.errors import KundbildError
from orchestration.core.home import read_json, write_private
from orchestration.core.sql_scripts import sql_script
from orchestration.demo import exports, faults, mess, names, webshop
from orchestration.demo.behaviour import HOLD_OUT, PRODUCTS, RESPONSE_DAYS, draw_behaviour
from orchestration.demo.crm import write_crm
from orchestration.demo.people import draw_people
from orchestration.demo.season import DAY, HORIZON_DAYS

STATE_FILE = "demo.json"
# years before it are drawn too, and nights after it
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


def generate(
    folder: Path,
    *,
    customers: int,
    as_of: date,
    nights: int = 1,
    seed: int = 7,
    days_per_night: int = 1,
    progress: Callable[[str], None] = lambda step: None,
) -> dict[str, int]:
    """Writes the source systems of a company with `customers` people below `folder`, replacing what was there.

    `as_of` is the day of the first night's delivery (everything before it, UTC). Returns rows per `system.table` of
    the first night. The same arguments give the same bytes, but for the SQLite file's header.
    """
    if customers < 100:
        raise KundbildError("the demo company needs at least 100 customers", to_do="use --customers 100 or more")
    if not _FIRST_DAY <= as_of <= _LAST_DAY:
        raise KundbildError(
            f"the demo company is not drawn for {as_of}", to_do=f"say a day from {_FIRST_DAY} to {_LAST_DAY}"
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first = int(np.datetime64(as_of, "s").astype(int))
    cutoffs = [first + night * days_per_night * DAY for night in range(nights)]
    progress("drawing people and what they do")
    con = _world(customers, as_of, seed, first, cutoffs[-1])
    counts: dict[str, int] = {}
    for number, cutoff in enumerate(cutoffs, start=1):
        since = 0 if number == 1 else cutoffs[number - 2]
        target = folder if number == 1 else folder / "nights" / f"{number:03d}"
        progress(f"writing night {number} of {nights}")
        written = {
            "crm": write_crm(con, target / "crm" / "crm.sqlite", cutoff),
            "webshop": webshop.write_pages(con, target / "webshop", number, since, cutoff),
            "web_analytics": webshop.write_analytics(con, target / "web_analytics", number, since, cutoff),
            "email": exports.write_email(con, target / "email", since, cutoff),
            "survey": exports.write_survey(con, target / "survey", since, cutoff),
            "registers": exports.write_registers(con, target / "registers", since, cutoff),
            "requests": exports.write_requests(con, target / "requests", since, cutoff),
        }
        if number == 1:
            exports.plant_broken_lines(con, target / "email")
            counts = {f"{system}.{table}": rows for system, tables in written.items() for table, rows in tables.items()}
    progress("writing the truth beside the sources")
    _write_truth(con, folder / "truth", cutoffs[-1])
    con.close()
    state = {"customers": customers, "as_of": as_of.isoformat(), "seed": seed, "night": 1, "nights": nights}
    write_private(folder / STATE_FILE, json.dumps(state | {"days_per_night": days_per_night}))
    return counts


def next_night(folder: Path) -> int:
    """Lets the source systems live through one more night. Returns its number.

    Raises KundbildError when there is no demo, no night is left, or the next one is yet to come.
    """
    state_path = folder / STATE_FILE
    state = read_json(state_path)
    if state is None:
        raise KundbildError("there is no demo company here", where=str(folder), to_do="make one with `kundbild demo`")
    night = state["night"] + 1
    source = folder / "nights" / f"{night:03d}"
    if not source.exists():
        raise KundbildError(
            f"the demo has no night {night}: it was made with --nights {state['nights']}",
            to_do=f"make it again with `kundbild demo --nights {night}` or more",
        )
    day = date.fromisoformat(state["as_of"]) + timedelta(days=(night - 1) * state.get("days_per_night", 1))
    # a night rejects what lies more than a day ahead
    if day > (now() + timedelta(days=1)).date():
        raise KundbildError(
            f"night {night} is the one of {day}, which is yet to come: the next run would reject its rows as from the future",
            to_do=f"wait a day, or make a company whose nights have passed: `kundbild demo --as-of {_passed(state)}`",
        )
    shutil.copytree(source, folder, dirs_exist_ok=True)
    # in this order: killed in between, the night is either still to come or there
    write_private(state_path, json.dumps(state | {"night": night}))
    shutil.rmtree(source)
    return night


def _passed(state: dict[str, Any]) -> date:
    """The day of a first night, of which the last one is today's."""
    return now().date() - timedelta(days=(state["nights"] - 1) * state.get("days_per_night", 1))


def _world(customers: int, as_of: date, seed: int, first: int, final: int) -> duckdb.DuckDBPyConnection:
    rng = np.random.default_rng(seed)
    people = draw_people(rng, customers, as_of)
    behaviour = draw_behaviour(rng, people["is_minor"].to_numpy(), final)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    variables = {
        "seed": seed,
        "final": final,
        "begin": final - HORIZON_DAYS * DAY,
        "companies": max(customers // 100, 1),
        "products": PRODUCTS,
    }
    for name, value in variables.items():
        con.execute(f"set variable {name} = {value}")
    con.execute(mess.MACROS)
    con.register("person_arrow", people)
    con.execute("create table person as from person_arrow")
    for name, table in behaviour.tables.items():
        con.register("latent", table)
        con.execute(f"create table {'trait' if name == 'traits' else name} as from latent")
        con.unregister("latent")
    con.register("latent", _products(np.random.default_rng(seed + 1)))
    con.execute("create table product as from latent")
    con.execute(f"set variable as_of = date '{as_of}'")
    con.execute(sql_script(__file__, "oddities"))
    mess.spell_records(con)
    faults.plant(con, first, customers)
    webshop.prepare_webshop(con)
    return con


def _products(rng: np.random.Generator) -> pa.Table:
    categories = list(names.GOODS)
    category = [categories[n % len(categories)] for n in range(PRODUCTS)]
    return pa.table(
        {
            "product_id": np.arange(1, PRODUCTS + 1),
            "title": [
                f"{names.LINES[n // 12 % 12]} {names.GOODS[c][0]} {1 + n // 144}" for n, c in enumerate(category)
            ],
            "category": category,
            "price": np.array([names.GOODS[c][1] for c in category]) * rng.uniform(0.6, 1.6, PRODUCTS).round(2),
        }
    )


def _write_truth(con: duckdb.DuckDBPyConnection, folder: Path, final: int) -> None:
    folder.mkdir(parents=True)
    tables = {
        "records": "select system, case when system = 'survey' then 'P' || key else key::varchar end as source_key, person_id from record",
        "people": "select person_id, household_id, country_code, birth_on, is_minor, is_protected, is_deceased, is_junior from person",
        "faults": "select * exclude (replacement) from fault",
        "campaigns": f"select campaign_id, sent_at, true_lift, {RESPONSE_DAYS} as response_days, {HOLD_OUT} as hold_out from campaigns",
        "hold_out": "select campaign_id, person_id from messages where is_held_out",
        "odd": "select person_id, what from odd",
        "churn": f"select person_id, lived_until < {final} as has_churned, lived_until from trait",
    }
    for name, sql in tables.items():
        con.execute(f"copy ({sql}) to '{folder / name}.parquet' (format parquet)")
