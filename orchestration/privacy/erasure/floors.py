"""What a home takes away itself is not a loss: the floors of the volume checks (`ops.table_counts`) go down with it.

By an erasure, a restriction or retention, since the last night that was published. What a source lost meanwhile still counts.
Not here: the checks (data_quality/suites), what goes (erasure.py, retention.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.core.warehouse import count_rows, has_relation, has_table, quote

_PEOPLE = "conformed.conformed_people"
# what is made of people, and is made anew after them
_OF_PEOPLE = ("identity", "marts", "segments", "insight", "audiences", "bi")
_LAST = "select table_name, arg_max(row_count, counted_at) from ops.table_counts group by 1"
_LOWERED = """
insert into ops.table_counts
select arg_max(run_id, counted_at), table_name, $floor, greatest(max(counted_at), (now() at time zone 'UTC')) + interval 1 microsecond
from ops.table_counts where table_name = $table group by table_name
"""


@contextmanager
def lowered_floors(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Lowers each floor by the rows that its table loses inside; of what is made of people and keeps its rows until it is made
    anew, by the share of people that go. Needs a transaction."""
    if not has_table(con, "ops", "table_counts"):
        yield
        return
    last = dict(con.execute(_LAST).fetchall())
    before = _counts(con, list(last))
    yield
    after = _counts(con, list(last))
    left = after.get(_PEOPLE, 0) / before[_PEOPLE] if before.get(_PEOPLE) else 1.0
    for table, rows in after.items():
        lost = before[table] - rows
        floor = max(last[table] - lost, rows)
        if lost <= 0 and table.partition(".")[0] in _OF_PEOPLE:
            floor = int(last[table] * left)
        if floor < last[table]:
            con.execute(_LOWERED, {"floor": floor, "table": table})


def _counts(con: duckdb.DuckDBPyConnection, tables: list[str]) -> dict[str, int]:
    """Rows of those that are there."""
    names = [(table, *table.split(".", 1)) for table in tables]
    return {
        table: count_rows(con, f"{quote(schema)}.{quote(name)}", "true")
        for table, schema, name in names
        # segments are views too, on what is kept of their customers
        if has_table(con, schema, name) or (schema == "segments" and has_relation(con, schema, name))
    }
