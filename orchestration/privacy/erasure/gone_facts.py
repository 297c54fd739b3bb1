"""Deletes a person's facts that have no customer id, by their keys.

A message to an address, or a visit before the visitor is known, has no customer id in its fact. Events without a customer id are deleted
by their keys once the conformed row is gone: from the fact, from the analysts' tables and from every publication that is kept. The same
holds for tables made of a text or answer that names the person by an address alone.
Not here: what goes by its own columns (erasure.py), what the conformed tables lose (expired_marts.py).
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.person_rows import made_of_rows
from orchestration.core.warehouse import changed_rows, has_table, quote, text

ROWS = "restricted.erasing_rows"
# no row of another customer goes, whatever stands in its conformed table
_NOBODYS_OR_THEIRS = "(customer_id is null or customer_id in (select customer_id from restricted.erasing_customers))"

_FACTS = """
select schema_name, table_name from duckdb_tables() t
where database_name = current_database()
    and ((schema_name = 'marts' and starts_with(table_name, 'fct_')) or (schema_name = 'insight' and list_contains($told, table_name)))
    and (select count(*) from duckdb_columns() c where c.table_oid = t.table_oid and c.database_name = t.database_name
         and c.column_name in ('source_system', 'source_key', 'customer_id')) = 3
order by all
"""


def note_standing(con: duckdb.DuckDBPyConnection) -> None:
    """Remembers, in this connection, the keys of facts that are of nobody known or of a noted customer."""
    con.execute(
        "create or replace temp table standing_facts (table_name varchar, source_system varchar, source_key varchar)"
    )
    for schema, fact in _facts(con):
        con.execute(
            f"insert into standing_facts select {text(fact)}, source_system, {_key(fact)} from {schema}.{quote(fact)} "
            f"where {_NOBODYS_OR_THEIRS}"
        )


def forget_gone_facts(con: duckdb.DuckDBPyConnection) -> int:
    """Takes out of facts what their conformed table has no more, and notes in ROWS what went since `note_standing`, with the keys as
    analysts see them. Takes these rows out of `bi` too. Returns the rows that changed."""
    rows = 0
    hang = [
        (made.schema, made.table, entity, which)
        for made in made_of_rows().values()
        for entity, which in made.rows_of.items()
    ]
    for schema, table, entity, which in hang:
        if has_table(con, schema, table) and has_table(con, "conformed", f"conformed_{entity}"):
            stands = f"select (source_system, source_key) from conformed.conformed_{entity}"
            rows += changed_rows(
                con,
                f"delete from {schema}.{table} where {which} and {_NOBODYS_OR_THEIRS} and (source_system, source_key) not in ({stands})",
            )
    for schema, fact in _facts(con):
        there = f"(select source_system, {_key(fact)} as source_key from {schema}.{quote(fact)})"
        con.execute(
            # a row without a key stands where it stood
            f"insert into {ROWS} from standing_facts s anti join {there} f on f.source_system is not distinct from s.source_system "
            f"and f.source_key is not distinct from s.source_key where s.table_name = {text(fact)}"
        )
    if has_table(con, "identity", "shown_values"):
        con.execute(
            f"insert into {ROWS} select r.table_name, r.source_system, w.shown from {ROWS} r "
            "join identity.shown_values w on w.is_key and w.value = r.source_key"
        )
    for (fact,) in con.execute(f"select distinct table_name from {ROWS}").fetchall():
        if has_table(con, "bi", fact):
            rows += changed_rows(con, f"delete from bi.{quote(fact)} where {is_gone(fact)}")
    return rows


def goes_by_key(table: str) -> bool:
    """Whether rows of a table, by its name, may go by their keys."""
    return table.startswith("fct_") or table in made_of_rows()


def is_gone(fact: str) -> str:
    """SQL on a row of a fact, by its source_system and source_key: whether it went with a noted person."""
    return f"(source_system, {_key(fact)}) in (select (source_system, source_key) from {ROWS} where table_name = {text(fact)})"


def _key(fact: str) -> str:
    return made.key if (made := made_of_rows().get(fact)) else "source_key"


def _facts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(schema, table) of what may hold rows of nobody known."""
    return con.execute(_FACTS, {"told": list(made_of_rows())}).fetchall()
