"""People of whom nothing was heard for as long as their category is kept: their own records go.

Not here: all other rows (retention.py), when a row is old (retention_rules.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import changed_rows, count_rows, has_table, key_text, scalar, text
from orchestration.privacy.erasure.retention_rules import Rule, rule_of
from orchestration.privacy.intake.raw_people import raw_table
from orchestration.privacy.rights.held_rows import HeldRows


@dataclass(frozen=True)
class People:
    """A table whose rows are people's own records."""

    source: str
    name: str
    key: str
    rule: Rule
    theirs: str  # SQL: whether a row is of somebody under a legal hold


def own_key(table: Table) -> str | None:
    """SQL: the key, as text, of a table whose rows are people's own records."""
    own = next((p.key_columns for p in table.whose if p.key and p.key_columns == table.key and not p.system), None)
    return key_text(own) if own else None


# every record of whoever has one that is old, and whether it is heard of: by itself, so far
_THEIRS = """
create or replace temp table theirs as
with current_records as ({records}),
records as (
    select source_system, source_key, customer_id as customer from current_records
    where customer_id in (select customer_id from current_records join old_records using (source_system, source_key))
    union all
    select source_system, source_key, source_system || ':' || source_key from old_records
    anti join current_records using (source_system, source_key)
)
select r.*, o.source_key is null as is_active, coalesce(o.is_held, false) as is_held
from records r left join old_records o using (source_system, source_key)
"""
_RECORDS = "select source_system, source_key, customer_id from identity.customer_source_records where valid_to is null"
_NO_RECORDS = "select '' as source_system, '' as source_key, '' as customer_id where false"
_INACTIVE = "(select source_key from theirs where source_system = {source} and customer not in (select customer from theirs where {by}))"


def forget_inactive(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    people: list[People],
    cutoffs: Mapping[str, date],
    held: HeldRows | None,
) -> dict[str, int]:
    """People of whom nothing was heard for as long: neither of the record, nor of another one of the same customer."""
    con.execute("create or replace temp table old_records (source_system varchar, source_key varchar, is_held boolean)")
    for own in people:
        con.execute(
            f"insert into old_records select {text(own.source)}, {own.key}, {own.theirs} "
            f"from {raw_table(own.source, own.name)} where {own.rule.is_old}"
        )
    if not scalar(con, "select count(*) from old_records"):
        return {}
    is_known = has_table(con, "identity", "customer_source_records")
    con.execute(_THEIRS.format(records=_RECORDS if is_known else _NO_RECORDS))
    since = max(own.rule.cutoff for own in people)
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            rule = rule_of(con, table, cutoffs)
            for person in table.whose:
                if rule and person.key and person.key_columns != table.key:
                    con.execute(
                        f"update theirs set is_active = true where source_system = {text(person.system or source)} and source_key in "
                        f"(select {key_text(person.key_columns)} from {raw_table(source, name)} where {rule.moment} >= date {text(since.isoformat())})"
                    )
    gone: dict[str, int] = {}
    for own in people:
        raw, place = raw_table(own.source, own.name), f"{own.source}.{own.name}"
        # a record under a hold keeps the others of its customer, as one that is heard of does
        inactive, unheard = (
            f"{own.rule.is_old} and {own.key} in {_INACTIVE.format(source=text(own.source), by=by)}"
            for by in ("is_active or is_held", "is_active")
        )
        if held and held.is_any:
            held.counts[place] += count_rows(con, raw, unheard) - count_rows(con, raw, inactive)
        gone[place] = changed_rows(con, f"delete from {raw} where {inactive}")
    return gone
