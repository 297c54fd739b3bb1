"""Customers as they were known on past days, with what happened after. Here: which days, and the table of all of them.

Not here: who is asked about (sql/), what was known on a day (known.py), learning (learning.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import quote
from orchestration.prediction.classify.labelled import NUMBER, Labelled, Profile, Values, texts_of
from orchestration.prediction.classify.members import single_threaded
from orchestration.prediction.warehouse.known import (
    features_of_wanted,
    keep_past,
    known_on,
    literal,
    make_once,
    prepare_past,
    want,
)

PAST = "past"
# what a table of the past holds beside features
_ABOUT = ("customer_id", "as_of", "label")
_NUMERIC = ("DOUBLE", "FLOAT", "DECIMAL", "BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER")
# more customers of one day teach little more, and take time
MOST_OF_A_DAY = 20_000
# what a model makes of rows takes many times their memory
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Question:
    """What is asked of customers on a day: `sql/<script>.sql` says of whom, and whether it happened within the days after.

    `step_days` lie between two past days, the first of which is not before that of `sql/<since>.sql`; without it the days are those on which
    campaigns were sent. At most `most_days` are looked at. `sql/<table>.sql` makes the temporary table of that name which the script reads.
    """

    script: str
    horizon_days: int
    most_days: int
    step_days: int = 0
    since: str = ""
    table: str = ""

    @property
    def horizon(self) -> timedelta:
        return timedelta(days=self.horizon_days)


CONTRACT_ENDS = Question("subscribers", horizon_days=90, most_days=24, step_days=30, since="first_contract")
CAMPAIGN_IS_ANSWERED = Question("recipients", horizon_days=7, most_days=12)


def lead_converts(horizon_days: int) -> Question:
    return Question("leads", horizon_days, most_days=24, step_days=30, since="first_lead", table="past_leads")


def prepare_question(con: duckdb.DuckDBPyConnection, question: Question) -> None:
    """The temporary table that the question is answered from on every day."""
    if question.table:
        make_once(con, question.table, lambda: con.execute(sql_script(__file__, question.table)))


def asked(con: duckdb.DuckDBPyConnection, question: Question, as_of: datetime, *, most: int = MOST_OF_A_DAY) -> int:
    """The temporary table `wanted` (customer_id, label) of a past day, at most so many of it; returns how many there were. Needs `past_*`
    and the question's table."""
    known_on(con, as_of)
    want(con, sql_script(__file__, question.script, as_of=literal(as_of), horizon_days=question.horizon_days))
    ((count,),) = con.execute("select count(*) from wanted").fetchall()
    if count > most:
        want(con, f"from wanted order by hash(customer_id, {literal(as_of)}), customer_id limit {most}")
    return int(count)


def past_days(con: duckdb.DuckDBPyConnection, question: Question, as_of: datetime) -> list[datetime]:
    """The past days whose answer is known by `as_of`, the latest first. Empty where nobody was there to be asked about."""
    last = as_of - question.horizon
    if question.since:
        ((first,),) = con.execute(sql_script(__file__, question.since)).fetchall()
        found = [last - timedelta(days=question.step_days * n) for n in range(question.most_days)]
        return [day for day in found if first is not None and first < day]
    days = con.execute(sql_script(__file__, "campaign_days", until=literal(last), most=question.most_days)).fetchall()
    return [day for (day,) in days]


def answers(
    con: duckdb.DuckDBPyConnection, question: Question, days: list[datetime]
) -> dict[datetime, tuple[int, int]]:
    """Of each day on how many customers it did not happen, and on how many it did. They stay in the temporary table `answered`."""
    prepare_past(con, min(days))
    prepare_question(con, question)
    for number, day in enumerate(days):
        asked(con, question, day)
        rows = f"select {literal(day)} as as_of, customer_id, label from wanted"
        con.execute(f"insert into answered {rows}" if number else f"create or replace temp table answered as {rows}")
    counted = con.execute(
        "select as_of, count(*) filter (not label), count(*) filter (label) from answered group by all"
    ).fetchall()
    told = {day: (int(no), int(yes)) for day, no, yes in counted}
    return {day: told.get(day, (0, 0)) for day in days}


def answers_of(con: duckdb.DuckDBPyConnection, days: list[datetime]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Of each row of `answered` of these days whether it happened, and the number of its customer, from 0 on."""
    rows = con.execute(
        "select label, dense_rank() over (order by customer_id) - 1 as customer from answered where list_contains($1, as_of)",
        [days],
    ).fetchnumpy()
    return np.asarray(rows["label"], dtype=bool), np.asarray(rows["customer"], dtype=np.int64)


def make_past(
    con: duckdb.DuckDBPyConnection, days: list[datetime], *, measured: Sequence[datetime] = (), share: float = 1
) -> None:
    """The temporary table `past`: of each day and customer of `answered` the features, and whether it happened.

    Of days that are not `measured` only this share of the customers, by a hash: more would not be learnt from.
    """
    con.execute("create or replace temp table learnt_from as from answered limit 0")
    for day in days:
        taken = 1 if day in measured else share
        con.execute(
            f"insert into learnt_from select * from answered where as_of = {literal(day)} order by hash(customer_id, as_of), customer_id "
            f"limit (select ceil({taken} * count(*))::bigint from answered where as_of = {literal(day)})"
        )
    keep_past(con, "learnt_from")
    for number, day in enumerate(days):
        known_on(con, day)
        want(con, f"select customer_id, label from learnt_from where as_of = {literal(day)}")
        features_of_wanted(con)
        rows = f"select {literal(day)} as as_of, label, f.* from wanted join customer_features f using (customer_id)"
        con.execute(f"insert into {PAST} {rows}" if number else f"create or replace temp table {PAST} as {rows}")


def labelled_past(con: duckdb.DuckDBPyConnection, days: list[datetime], name: str) -> Labelled:
    """The rows of these days as the classifier reads them."""
    taken = f"from {PAST} where as_of in ({', '.join(map(literal, days))}) order by as_of, customer_id"
    kinds = con.execute(f"select column_name, column_type from (describe {PAST})").fetchall()
    features = {str(c): str(kind) for c, kind in kinds if c not in _ABOUT}
    # as texts they would be written and read again, which takes longer than all the rest
    numbers = [c for c, kind in features.items() if kind.startswith(_NUMERIC)]
    others = ", ".join(["customer_id", *(quote(c) for c in features if c not in numbers)])
    texts, profiles = texts_of(con, f"(select {others} {taken})", _ABOUT)
    columns = ", ".join(["label", *(f"cast({quote(c)} as double) as {quote(c)}" for c in numbers)])
    fetched = con.execute(f"select {columns} {taken}").fetchnumpy()
    raw: Values = {c: np.ma.filled(fetched[c], np.nan) if c in numbers else texts[c] for c in features}
    told = {c: profile_of_numbers(c, raw[c]) if c in numbers else profiles[c] for c in features}
    return Labelled(name, np.asarray(fetched["label"], dtype=np.int8), raw, told, texts["customer_id"], {})


def profile_of_numbers(name: str, values: NDArray[np.float64]) -> Profile:
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
    whole = int((known == np.trunc(known)).sum())
    return Profile(name, len(known), len(known), whole, 0, len(np.unique(known)), low, high)


def read_of_wanted(con: duckdb.DuckDBPyConnection, kinds: dict[str, str]) -> str:
    """SQL: of each row of `customer_features` the columns that a model asks for. A column that is gone is a gap."""
    there = {str(c) for (c,) in con.execute("select column_name from (describe customer_features)").fetchall()}
    chosen = [
        f"cast({quote(c) if c in there else 'null'} as {'double' if kind == NUMBER else 'varchar'}) as {quote(c)}"
        for c, kind in kinds.items()
    ]
    return f"select {', '.join(['customer_id', *chosen])} from customer_features"


def values_now(con: duckdb.DuckDBPyConnection, kinds: dict[str, str]) -> Iterator[tuple[NDArray[Any], Values]]:
    """Part by part, of each row of `customer_features` the customer, and the columns that a model asks for."""
    select = read_of_wanted(con, kinds)
    # of rows that no transaction has written yet, the first is not 0
    ((first, rows),) = con.execute("select coalesce(min(rowid), 0), count(*) from customer_features").fetchall()
    for start in range(first, first + rows, _ROWS_AT_ONCE):
        part = f"{select} where rowid >= {start} and rowid < {start + _ROWS_AT_ONCE}"
        fetched = con.execute(part).fetchnumpy()
        values: Values = {
            c: np.ma.filled(fetched[c].astype(np.float64), np.nan) if kind == NUMBER else np.ma.filled(fetched[c], "")
            for c, kind in kinds.items()
        }
        yield np.asarray(fetched["customer_id"]), values


def told_now(
    con: duckdb.DuckDBPyConnection, kinds: dict[str, str], tell: Callable[[NDArray[Any], Values], pa.Table]
) -> Iterator[pa.Table]:
    """Part by part, in the order of `values_now`, what `tell` says of it, on as many threads as the connection has."""
    ((threads,),) = con.execute("select current_setting('threads')").fetchall()
    waiting: deque[Future[pa.Table]] = deque()
    with single_threaded(), ThreadPoolExecutor(threads) as pool:
        for part in values_now(con, kinds):
            waiting.append(pool.submit(tell, *part))
            # parts that wait are held in memory
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
