"""Retention: no row is older than the seed data_categories says of its category. Rows that are leave every night.

Before anything is built: out of raw by the time that a row tells of, and out of what stands from earlier nights. A person's
record stays until nothing was heard of the customer for as long; withdrawals stay with it. What was sold stays as nobody's.
Rows of people under a legal hold stay (held_rows.py). Not here: how long (the seed), what a table's rows are (settings, the conformed entities).
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from orchestration.contracts.conformed import retentions
from orchestration.contracts.mapping_parts import parts_of
from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import changed_rows, count_rows, has_table, quote, text, transaction
from orchestration.match_keys import define_match_keys
from orchestration.privacy.audit.catalogue import categories_with
from orchestration.privacy.audit.exports import forget_members
from orchestration.privacy.erasure.expired_marts import forget_built
from orchestration.privacy.erasure.floors import lowered_floors
from orchestration.privacy.erasure.inactive import People, forget_inactive, own_key
from orchestration.privacy.erasure.retention_rules import Rule, rule_of
from orchestration.privacy.intake.raw_people import raw_table
from orchestration.privacy.rights.held_rows import HeldRows


def forget_expired(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    today: date,
    *,
    is_rebuild: bool = False,
    held: HeldRows | None = None,
) -> dict[str, int]:
    """Deletes what is too old `today`, in one transaction; what was sold stays, without the person.

    Returns {source.table: rows}, of tables that lost any. `is_rebuild`: what stands from earlier nights is made anew anyway.
    `held`: whose rows stay, being under a legal hold; how many is noted there.
    Raises KundbildError where the configuration names a category that there is none of.
    """
    define_match_keys(con)
    cutoffs = cutoffs_on(today, settings)
    gone: dict[str, int] = {}
    with transaction(con), lowered_floors(con):
        people: list[People] = []
        for source, spec in settings.enabled_sources.items():
            for name, table in spec.tables.items():
                rule = rule_of(con, table, cutoffs)
                if not rule or not has_table(con, f"raw_{source}", name):
                    continue
                theirs = held.of(con, source, name, table) if held else "false"
                if key := own_key(table):
                    people.append(People(source, name, key, rule, theirs))
                else:
                    raw = raw_table(source, name)
                    if held and held.is_any:
                        held.counts[f"{source}.{name}"] += count_rows(con, raw, f"{going(table, rule)} and {theirs}")
                    kept = Rule(rule.moment, rule.cutoff, f"coalesce({rule.kept}, false) or {theirs}")
                    gone[f"{source}.{name}"] = changed_rows(con, _forgetting(table, raw, kept))
        gone |= forget_inactive(con, settings, people, cutoffs, held)
        hiding = {source for source, spec in settings.enabled_sources.items() if _hides_rows(spec.tables)}
        swept = sorted({place.split(".")[0] for place, rows in gone.items() if rows} | hiding)
        if swept and not is_rebuild:
            for entity, said in retentions().items():
                for source in swept:
                    forget_built(con, entity, said, source, cutoffs)
        # keyed hashes of ids
        gone |= forget_members(con, cutoffs["pseudonym"])
        gone["quarantine.rejected_rows"] = _forget_rejects(con, max(cutoffs.values()), held)
    return {place: rows for place, rows in sorted(gone.items()) if rows}


def cutoffs_on(today: date, settings: Settings) -> dict[str, date]:
    """Category → the first day that is kept. Raises KundbildError where the configuration names a category that there is none of."""
    days = categories_with(settings.privacy.retention_days)
    return {name: today - timedelta(days=category.retention_days) for name, category in days.items()}


def _hides_rows(tables: dict[str, Table]) -> bool:
    return any(part.hidden_by for parts in parts_of(tables).values() for part in parts)


def _forgetting(table: Table, raw: str, rule: Rule) -> str:
    """The statement that rids a raw table of what is old: of rows, or, where they say what was sold, of whose they are."""
    if not is_sold(table):
        return f"delete from {raw} where {going(table, rule)}"
    emptied = ", ".join(f"{quote(column)} = null" for column in _emptied(table))
    return f"update {raw} set {emptied} where {going(table, rule)}"


def going(table: Table, rule: Rule) -> str:
    """SQL: whether a night takes a row out of raw, or, where it says what was sold, makes it nobody's, which it is not yet."""
    if not is_sold(table):
        return rule.is_old
    is_somebodys = " or ".join(f"{quote(column)} is not null" for column in _emptied(table))
    return f"{rule.is_old} and ({is_somebodys})"


def is_sold(table: Table) -> bool:
    """Whether rows say what was sold, and stay as nobody's."""
    return any(person.is_kept for person in table.whose)


def _emptied(table: Table) -> list[str]:
    return list(dict.fromkeys(column for p in table.whose for column in [*p.key_columns, *p.emptied]))


def _forget_rejects(con: duckdb.DuckDBPyConnection, before: date, held: HeldRows | None) -> int:
    """Lines that could not be read tell no time: they go as soon as any category would."""
    old = f"load_id in (select load_id from ops.loads where loaded_at < date {text(before.isoformat())})"
    if held and held.is_any:
        theirs = f"{old} and {held.of_line}"
        held.counts["quarantine.rejected_rows"] += count_rows(con, "quarantine.rejected_rows", theirs)
        old += f" and not {held.of_line}"
    return changed_rows(con, f"delete from quarantine.rejected_rows where {old}")
