"""Whom a training between two nights learns from. Here: those whom the night let be profiled, without who refused it since. Not here: what
is a refusal (later_words.py), learning (prediction/)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import duckdb

from orchestration.activation.later_words import note_later_profiling
from orchestration.core.warehouse import has_table, transaction

_TAKEN = "create or replace temp table profiles_taken as from marts.customer_profile semi join later_profiling using (customer_id)"


@contextmanager
def profiled_by_now(con: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[int]:
    """Takes out of `marts.customer_profile` who may not be profiled any more `now` (UTC, naive), and tells how many; afterwards the mart is
    the night's again. Where the process dies in between they stay out until the next night."""
    if not has_table(con, "marts", "customer_profile"):
        yield 0
        return
    note_later_profiling(con, now)
    with transaction(con):
        con.execute(_TAKEN)
        con.execute("delete from marts.customer_profile where customer_id in (select customer_id from later_profiling)")
    try:
        yield int(con.execute("select count(*) from profiles_taken").fetchall()[0][0])
    finally:
        with transaction(con):
            con.execute("insert into marts.customer_profile from profiles_taken")
            con.execute("drop table profiles_taken")
