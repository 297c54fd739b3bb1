"""What products, searches and answers are called that tells of a special category (Art. 9): nothing is inferred of who buys or says it.

Here: `identity.special_values`, which marts join where an interest is inferred. Not here: the words (special_categories.py), what
never enters at all (entry.py).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.contracts.person_rows import interest_columns
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, text
from orchestration.privacy.intake.special_categories import REMOVED_SENTENCE, candidates_sql, category_told_by

# what an interest was inferred of before the word was known, or its product gone
_INFERRED = ("identity", "segment_memberships", "segment", "scheme = 'interest'")
_DDL = sql_script(__file__, "special_values")


def prepare_special_values(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def find_special_values(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Makes `identity.special_values` anew: one row per value, however often it is written. Returns {table.column: values}, of
    columns with any."""
    prepare_special_values(con)
    con.execute("delete from identity.special_values")
    found: dict[str, int] = {}
    categories: dict[str, str] = {}
    told_by = [("conformed", f"conformed_{entity}", column, rows) for entity, column, rows in interest_columns()]
    for schema, table, column, rows in [*told_by, _INFERRED]:
        if not has_table(con, schema, table):
            continue
        suspected = con.execute(
            f"select value from (select distinct {column} as value from {schema}.{table} where {rows}) "
            f"where regexp_matches(lower(value), {text(candidates_sql(('text', 'name')))}) or contains(value, {text(REMOVED_SENTENCE)})"
        ).fetchall()
        told = {value: category for (value,) in suspected if (category := _category_of(value))}
        if told:
            found[f"{table.removeprefix('conformed_')}.{column}"] = len(told)
        categories |= told
    if categories:
        con.register("special", pa.table({"value": list(categories), "category": list(categories.values())}))
        con.execute("insert into identity.special_values select value, category from special")
        con.unregister("special")
    return found


def _category_of(value: str) -> str | None:
    # that something was taken out tells of somebody too
    return "some" if REMOVED_SENTENCE in value else category_told_by(value)
