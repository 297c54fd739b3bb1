"""What retention or an erasure took out of raw goes out of what stands from earlier nights: conformed tables, facts, quarantine;
and households of which one is left.

Not here: what is too old in raw (retention.py), what is a person's by its own columns (erasure.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb

from orchestration.contracts.conformed import EntityRetention
from orchestration.contracts.person_rows import made_of_rows
from orchestration.core.warehouse import changed_rows, has_table, scalar, text
from orchestration.privacy.intake.set_aside import forget_set_aside, staged_pairs

# staged times may be read otherwise than raw ones, by hours at most
_SLACK = timedelta(days=2)


def forget_built(
    con: duckdb.DuckDBPyConnection, entity: str, said: EntityRetention, source: str, cutoffs: Mapping[str, date]
) -> None:
    """Takes out of a conformed table, of its fact and of quarantine what raw no longer has."""
    staged, table = f"stg_{source}__{entity}", f"conformed_{entity}"
    if not has_table(con, "conformed", table) or not _has_view(con, "staging", staged):
        return
    # only the slice that may be too old is compared; where rows tell no time, or a person decides, all of it
    slice_ = ""
    if said.happened_at and entity != "people":
        until = text((cutoffs[said.category] + _SLACK).isoformat())
        slice_ = f"coalesce(greatest({', '.join(said.happened_at)}), extracted_at) < date {until} and "
    con.execute(
        f"create or replace temp table gone_keys as select source_key from conformed.{table} where {slice_}source_system = {text(source)} "
        f"and source_key not in (select source_key from staging.{staged} where {slice_}source_key is not null)"
    )
    # facts take what is new of their entity, and would not see what is gone
    for schema, name in (("conformed", table), ("marts", f"fct_{entity}")):
        if has_table(con, schema, name):
            con.execute(
                f"delete from {schema}.{name} where source_system = {text(source)} and source_key in (from gone_keys)"
            )
    if said.is_kept:
        _part_from_person(con, entity, source, staged, slice_)
    forget_set_aside(con, source, entity)


def forget_gone(con: duckdb.DuckDBPyConnection, source: str) -> int:
    """Takes out of a source's conformed tables what raw no longer has, whoever it names, and out of facts what no conformed
    table has any more. Returns the rows that changed."""
    rows = 0
    for entity in [entity for system, entity in staged_pairs(con) if system == source]:
        conformed = f"conformed.conformed_{entity}"
        if not has_table(con, *conformed.split(".")):
            continue
        stands = f'select source_key from staging."stg_{source}__{entity}" where source_key is not null'
        of_source = f"where source_system = {text(source)}"
        rows += changed_rows(con, f"delete from {conformed} {of_source} and source_key not in ({stands})")
        others = [made.table for made in made_of_rows().values() if made.schema == "marts" and entity in made.rows_of]
        for fact in (f"fct_{entity}", *others):
            if has_table(con, "marts", fact):
                stands = f"select source_key from {conformed} {of_source}"
                rows += changed_rows(con, f"delete from marts.{fact} {of_source} and source_key not in ({stands})")
    return rows


def dissolve_households(con: duckdb.DuckDBPyConnection) -> None:
    """Takes out households of one, as the next night does: who is left is not a household."""
    bridge, households = "marts.bridge_household_customers", "marts.dim_households"
    if has_table(con, *bridge.split(".")):
        con.execute(
            f"delete from {bridge} where household_id in (select household_id from {bridge} group by 1 having count(*) < 2)"
        )
        if has_table(con, *households.split(".")):
            con.execute(f"delete from {households} where household_id not in (select household_id from {bridge})")


def _part_from_person(con: duckdb.DuckDBPyConnection, entity: str, source: str, staged: str, slice_: str) -> None:
    """Removes the person from sales whose raw row has no person."""
    nobodys = f"select source_key from staging.{staged} where {slice_}person_key is null"
    for schema, name, emptied in (
        ("conformed", f"conformed_{entity}", "person_key = null"),
        ("marts", f"fct_{entity}", "person_key = null, customer_id = null"),
    ):
        if has_table(con, schema, name):
            con.execute(
                f"update {schema}.{name} set {emptied} where source_system = {text(source)} and person_key is not null and source_key in ({nobodys})"
            )


def _has_view(con: duckdb.DuckDBPyConnection, schema: str, view: str) -> bool:
    found = "select count(*) from duckdb_views() where database_name = current_database() and schema_name = $1 and view_name = $2"
    return bool(scalar(con, found, [schema, view]))
