"""What was known of customers on a moment, and the features of it. Here: relations `past_*` and `known_*`, what the models of a night share.

Not here: who is asked about, and what happened after (past.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import clear_up

# relations of sql/past_rows.sql that features read
_PAST_ROWS = (
    "orders", "sessions", "emails", "carts", "tickets", "answers", "subscriptions", "interactions", "uses", "deals", "customers",
)  # fmt: skip
_SHARED, _RECORDS, _EVERYBODY = "shared_past", "past_records", "features_of_everybody"


@contextmanager
def shared_past(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """While it lasts, the first model that needs what all of them read alike makes it for all: inside, marts must not change, nor the moment
    that is scored."""
    con.execute(f"create or replace temp table {_SHARED} (made varchar)")
    try:
        yield
    finally:
        made = [str(table) for (table,) in con.execute(f"from {_SHARED}").fetchall()]
        clear_up(con, *(f"drop table if exists temp.{table}" for table in (*made, _SHARED)))


def make_once(con: duckdb.DuckDBPyConnection, table: str, make: Callable[[], object]) -> None:
    """Makes the temporary table, unless it is shared and there."""
    if not _is_shared(con):
        make()
    elif not con.execute(f"select 1 from {_SHARED} where made = $1", [table]).fetchall():
        make()
        con.execute(f"insert into {_SHARED} values ($1)", [table])


def _is_shared(con: duckdb.DuckDBPyConnection) -> bool:
    return bool(con.execute("select 1 from duckdb_tables() where table_name = $1 and temporary", [_SHARED]).fetchall())


def known_as_of(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """The temporary views `known_*`: what was known of customers before the moment."""
    prepare_past(con, as_of)
    known_on(con, as_of)


def prepare_past(con: duckdb.DuckDBPyConnection, since: datetime) -> None:
    """The temporary relations `past_*`: what customers did. Once for all days, none of which is before `since`."""
    make_once(con, _RECORDS, lambda: con.execute(sql_script(__file__, _RECORDS)))
    _profile(con, "marts.customer_profile")
    con.execute(sql_script(__file__, "past_rows", since=literal(since)))


def known_on(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """The temporary views `known_*` of one moment, out of `past_*`."""
    con.execute(sql_script(__file__, "known_as_of", as_of=literal(as_of)))


def keep_past(con: duckdb.DuckDBPyConnection, customers: str) -> None:
    """`past_*` of the customers of a table who may be profiled, as tables: of many days, each would read all events else. Needs `past_*`."""
    _profile(con, customers)
    for name in _PAST_ROWS:
        con.execute(
            f"create or replace temp table kept_{name} as from past_{name} semi join profiled using (customer_id)"
        )
        con.execute(f"create or replace temp view past_{name} as from kept_{name}")


def _profile(con: duckdb.DuckDBPyConnection, customers: str) -> None:
    """Who is looked at: those of the table `customers` who may be profiled."""
    con.execute(
        f"create or replace temp view profiled as select customer_id from marts.customer_profile semi join {customers} c using (customer_id)"
    )


def want(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """The temporary table `wanted`: the customers of whom features are made, by the views of `known_as_of`. Nobody is in it who may not be
    profiled."""
    con.execute(
        f"create or replace temp table wanted as from ({sql}) semi join marts.customer_profile using (customer_id)"
    )


def features_of_wanted(con: duckdb.DuckDBPyConnection, *, are_most: bool = False) -> None:
    """The temporary table `customer_features`, a row per customer of `wanted`, by the views of `known_as_of`. Where they are most customers,
    nothing is gained by leaving out the others' rows early."""
    of_wanted = "" if are_most else "semi join wanted using (customer_id)"
    con.execute(sql_script(__file__, "customer_features", of_wanted=of_wanted))


def features_as_of(con: duckdb.DuckDBPyConnection, as_of: datetime, asked: str) -> None:
    """The temporary table `customer_features` of the customers that the statement `asked` selects, as they are known on the moment: out of
    those of everybody, which models share."""
    make_once(con, _EVERYBODY, lambda: _features_of_everybody(con, as_of))
    want(con, asked)
    con.execute(
        f"create or replace temp table customer_features as from {_EVERYBODY} semi join wanted using (customer_id)"
    )
    if not _is_shared(con):
        con.execute(f"drop table {_EVERYBODY}")


def _features_of_everybody(con: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    known_as_of(con, as_of)
    want(con, "select customer_id from known_customers")
    features_of_wanted(con, are_most=True)
    con.execute(f"drop table if exists temp.{_EVERYBODY}")
    con.execute(f"alter table temp.customer_features rename to {_EVERYBODY}")


def number_customers(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """The temporary table (customer_id, customer): a number for each customer who may be profiled, another one each time."""
    con.execute(sql_script(__file__, "customer_numbers", table=table))


def literal(moment: datetime) -> str:
    return f"timestamp '{moment:%Y-%m-%d %H:%M:%S.%f}'"
