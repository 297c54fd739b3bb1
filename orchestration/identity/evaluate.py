"""How well identities are resolved, on people whose true identity is known. Here: a labelled file → scores.

The whole step runs in a database of its own, with the default configuration. Not here: the step (resolve.py).
"""

from __future__ import annotations

import re
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contracts.conformed import entities
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR, Engine, Identity
from orchestration.core.warehouse import open_warehouse, quote, text
from orchestration.identity.resolve import link_records, prepare_people
from orchestration.identity.training import fitting_model

_SEEDS = ("junk_identifiers", "identifier_overrides", "role_mailboxes", "nicknames")
# how exports write dates; the first that reads a value wins. DuckDB reads 76 as the year 76 where a year has four digits
_DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%Y-%m-%d %H:%M:%S",
)
_SHORT_DATE_FORMATS = ("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%y-%m-%d")


@dataclass(frozen=True)
class Scores:
    """Of the final customers against the truth. Pair: of all pairs of records; B³: averaged over records (Bagga 1998)."""

    records: int
    true_customers: int
    customers: int
    pair_precision: float
    pair_recall: float
    pair_f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    largest_cluster: int
    largest_true_cluster: int
    seconds: float  # training apart
    peak_mb: float


def evaluate(
    path: Path,
    truth: str,
    mapping: Mapping[str, str],
    settings: Identity,
    engine: Engine,
    step: Callable[[str, int], None] = lambda name, rows: None,
) -> Scores:
    """Runs the identity step on the file's records and scores it against the column `truth`, which no step sees.

    `mapping` is {column of the file: column of conformed people}; columns of that name need none, others are ignored.
    Raises KundbildError where the file, the truth or a mapped column is not there.
    """
    with tempfile.TemporaryDirectory(prefix="kundbild-identity-") as folder:
        home = Home(Path(folder)).prepare()
        with open_warehouse(home, engine) as con:
            load_labelled(con, path, truth, mapping)
            start = time.perf_counter()
            prepare_people(con, settings, step)
            prepared = time.perf_counter()
            model = fitting_model(con)
            trained = time.perf_counter()
            link_records(con, settings, model, step)
            seconds = time.perf_counter() - trained + prepared - start
            return score(con, seconds, peak_mb())


def peak_mb() -> float:
    """The most memory that this process ever held, MB; not its parent's, which getrusage tells after a fork."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024  # type: ignore[index]
    # macOS tells it in bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def load_labelled(con: duckdb.DuckDBPyConnection, path: Path, truth: str, mapping: Mapping[str, str]) -> None:
    """Fills conformed.conformed_people from the file and `labelled.truth` (record_id, entity) beside it; seeds too."""
    if not path.is_file():
        raise KundbildError("there is no such file", where=str(path), to_do="give a CSV or Parquet file of people")
    reader = (
        f"read_parquet({text(path)})" if path.suffix == ".parquet" else f"read_csv({text(path)}, all_varchar = true)"
    )
    con.execute(
        f"create or replace temp table labelled_file as select *, row_number() over () as labelled_row from {reader}"
    )
    there = {row[0].strip().lower(): row[0] for row in con.execute("describe labelled_file").fetchall()}
    people = entities()["people"] | {"source_system": "varchar"}
    if truth.strip().lower() not in there:
        raise KundbildError(
            f"the file has no column {truth}", where=str(path), to_do=f"columns there: {', '.join(there)}"
        )
    wanted = {column: column for column in people if column in there and column != truth.strip().lower()}
    for theirs, ours in mapping.items():
        if theirs.strip().lower() not in there:
            raise KundbildError(
                f"the file has no column {theirs}", where="--map", to_do=f"columns there: {', '.join(there)}"
            )
        if ours not in people:
            raise KundbildError(
                f"conformed people have no column {ours}", where="--map", to_do=f"columns: {', '.join(people)}"
            )
        wanted[ours] = theirs.strip().lower()
    values = {
        ours: _value(f"nullif(trim({quote(there[theirs])}::varchar), '')", people[ours])
        for ours, theirs in wanted.items()
    }
    values |= {"source_key": "labelled_row::varchar", "source_system": values.get("source_system", "'labelled'")}
    columns = ", ".join(f"{values.get(column, f'null::{kind}')} as {quote(column)}" for column, kind in people.items())
    for schema in ("conformed", "labelled"):
        con.execute(f"create schema if not exists {schema}")
    con.execute(
        f"create or replace table conformed.conformed_people as select {columns}, null::timestamp as deleted_at, "
        "now()::timestamp as extracted_at, 1::bigint as load_id from labelled_file"
    )
    con.execute(
        f"create or replace table labelled.truth as select hash({values['source_system']}, labelled_row::varchar) as record_id, "
        f"trim({quote(there[truth.strip().lower()])}::varchar) as entity from labelled_file"
    )
    load_seeds(con)
    con.execute("drop table labelled_file")


def load_seeds(con: duckdb.DuckDBPyConnection) -> None:
    """Fills the tables of schema reference that the step reads, as dbt does."""
    con.execute("create schema if not exists reference")
    for seed in _SEEDS:
        con.execute(
            f"create or replace table reference.{seed} as from read_csv({text(DBT_DIR / 'seeds' / f'{seed}.csv')}, all_varchar = true)"
        )


def _value(expression: str, kind: str) -> str:
    if kind == "date":
        long, short = (
            "[" + ", ".join(text(f) for f in formats) + "]" for formats in (_DATE_FORMATS, _SHORT_DATE_FORMATS)
        )
        has_long_year = f"regexp_matches({expression}, '[0-9]{{4}}')"
        return f"case when {has_long_year} then try_strptime({expression}, {long}) else try_strptime({expression}, {short}) end::date"
    return f"try_cast({expression} as {kind})"


_SCORE = """
with cells as (
    select t.entity, c.cluster_id, count(*) as n
    from labelled.truth t join identity.record_clusters c using (record_id) where t.entity is not null group by all
), customers as (select cluster_id, sum(n) as n from cells group by all),
people as (select entity, sum(n) as n from cells group by all),
sized as (
    select c.n, k.n as in_cluster, p.n as in_entity from cells c join customers k using (cluster_id) join people p using (entity)
)
select
    (select sum(n) from cells), (select count(*) from people), (select count(*) from customers),
    (select sum(n * (n - 1) / 2) from cells), (select sum(n * (n - 1) / 2) from customers), (select sum(n * (n - 1) / 2) from people),
    (select sum(n * n / in_cluster) / sum(n) from sized), (select sum(n * n / in_entity) / sum(n) from sized),
    (select max(n) from customers), (select max(n) from people)
"""


def score(con: duckdb.DuckDBPyConnection, seconds: float, peak_mb: float) -> Scores:
    """Scores `identity.record_clusters` against `labelled.truth`. Records without a truth do not count."""
    records, people, customers, right, found, true, b_precision, b_recall, largest, largest_true = (
        float(value or 0) for value in con.execute(_SCORE).fetchall()[0]
    )
    precision, recall = (right / found if found else 1.0), (right / true if true else 1.0)
    return Scores(
        int(records), int(people), int(customers),
        precision, recall, _harmonic(precision, recall), b_precision, b_recall, _harmonic(b_precision, b_recall),
        int(largest), int(largest_true), seconds, peak_mb,
    )  # fmt: skip


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0
