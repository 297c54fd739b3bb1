"""Rows of facts that go with a person whom no column of theirs names, by their keys.

A message to an address of theirs, or a visit before they said who they are, is of no customer in a fact. It goes out of the fact because
it goes out of the conformed table. By its key it then goes out of what analysts see, and of every publication that is kept.
Not here: what goes by its own columns (erasure.py), what the conformed tables lose (expired_marts.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import changed_rows, has_table, quote, text

ROWS = "restricted.erasing_rows"
# facts that bear another name than the entity whose keys they have
OTHER_FACTS = {"email_events": ("fct_contact_compliance",)}

_FACTS = """
select table_name from duckdb_tables() t
where database_name = current_database() and schema_name = 'marts' and starts_with(table_name, 'fct_')
    and (select count(*) from duckdb_columns() c where c.table_oid = t.table_oid and c.database_name = t.database_name
         and c.column_name in ('source_system', 'source_key', 'customer_id')) = 3
order by table_name
"""


def note_standing(con: duckdb.DuckDBPyConnection) -> None:
    """Remembers, in this connection, the keys of facts that are of nobody known or of a noted customer."""
    con.execute(
        "create or replace temp table standing_facts (table_name varchar, source_system varchar, source_key varchar)"
    )
    for (fact,) in con.execute(_FACTS).fetchall():
        con.execute(
            f"insert into standing_facts select {text(fact)}, source_system, source_key from marts.{quote(fact)} "
            "where customer_id is null or customer_id in (select customer_id from restricted.erasing_customers)"
        )


def forget_gone_facts(con: duckdb.DuckDBPyConnection) -> int:
    """Takes out of facts what their conformed table has no more, and notes in ROWS what went since `note_standing`, with the keys as
    analysts see them. Takes these rows out of `bi` too. Returns the rows that changed."""
    rows = 0
    for entity, facts in OTHER_FACTS.items():
        for fact in facts:
            if has_table(con, "marts", fact) and has_table(con, "conformed", f"conformed_{entity}"):
                stands = f"select (source_system, source_key) from conformed.conformed_{entity}"
                rows += changed_rows(
                    con, f"delete from marts.{fact} where (source_system, source_key) not in ({stands})"
                )
    for (fact,) in con.execute(_FACTS).fetchall():
        con.execute(
            f"insert into {ROWS} from standing_facts s anti join marts.{quote(fact)} f using (source_system, source_key) "
            f"where s.table_name = {text(fact)}"
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


def is_gone(fact: str) -> str:
    """SQL on a row of a fact, by its source_system and source_key: whether it went with a noted person."""
    return f"(source_system, source_key) in (select (source_system, source_key) from {ROWS} where table_name = {text(fact)})"
