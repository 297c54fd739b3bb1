"""When the rows of a raw table are too old: by what its settings say, or the entity that it is mapped to.

Not here: what is done with such rows (retention.py), how long a category is kept (the seed data_categories).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.contracts.conformed import retentions
from orchestration.contracts.mapping_times import known_time, mapped_moment
from orchestration.contracts.mapping_values import mapped_text
from orchestration.core.settings import Table
from orchestration.core.settings.maps import EntityMap
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_table, quote, text
from orchestration.match_keys import birth

_UNKNOWN = "identity"


@dataclass(frozen=True)
class Rule:
    """When a raw table's rows are old: those whose `moment`, an SQL timestamp, is before `cutoff`, but for what is `kept`."""

    moment: str
    cutoff: date
    kept: str

    @property
    def is_old(self) -> str:
        return f"({self.moment} < date {text(self.cutoff.isoformat())} and not coalesce({self.kept}, false))"


def rule_of(con: duckdb.DuckDBPyConnection, table: Table, cutoffs: Mapping[str, date]) -> Rule | None:
    """The rule of a raw table, None where its rows are nobody's: as it says, or as the entity that it is mapped to."""
    if table.retention:
        said = table.retention
        moments = [_utc(quote(column)) for column in said.happened_at]
        return _rule(con, table, said.category, moments, {quote(c): v for c, v in said.only.items()}, said.while_known, cutoffs)  # fmt: skip
    rules = []
    sold = [
        m for mapped in table.maps if (of := retentions().get(mapped.entity)) and of.is_kept for m in _moments(mapped)
    ]
    for mapped in table.maps:
        entity = retentions().get(mapped.entity)
        if entity:
            # people who are read out of a list of orders have no time of their own: they are as old as the order
            is_read_out = mapped.entity != "people" or mapped.one_row_per_key
            moments = _moments(mapped) or (sold if is_read_out else [])
            only = {_mapped_value(mapped, c): v for c, v in entity.only.items()}
            rules.append(_rule(con, table, entity.category, moments, only, entity.while_known, cutoffs))
    if len(rules) > 1:
        # a row stays while any entity needs it; staging hides it from those that are done with it (contracts/mapping_parts.py)
        moment = f"greatest({', '.join(rule.moment for rule in rules)})"
        kept = " or ".join(f"coalesce({rule.kept}, false)" for rule in rules)
        return Rule(moment, min(rule.cutoff for rule in rules), f"({kept})")
    if rules:
        return rules[0]
    return _rule(con, table, _UNKNOWN, [], {}, False, cutoffs) if table.whose else None


def _moments(mapped: EntityMap) -> list[str]:
    """SQL of the times from which the days of a map's entity count; of what is computed staging knows when it happened, and hides it
    (contracts/mapping_parts.py)."""
    entity = retentions().get(mapped.entity)
    own = [column for column in entity.happened_at if mapped.is_raw(column)] if entity else []
    return [m for m in (mapped_moment(mapped, column) for column in own) if m]


def _rule(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    category: str,
    moments: list[str],
    only: dict[str, list[str]],
    while_known: bool,
    cutoffs: Mapping[str, date],
) -> Rule:
    # fail closed: a row expires by what it is known to be, so that a withdrawal in unknown words stands
    kept = [
        f"coalesce(lower(trim({column}::varchar)) not in ({', '.join(text(value.lower()) for value in values)}), true)"
        for column, values in only.items()
    ]
    if table.is_whole:
        # what the newest delivery has still stands, since whenever
        kept.append("_deleted_at is null")
    named = [p for p in table.whose if p.given_name and p.family_name and p.birth_date]
    if while_known and named:
        kept.append(_is_of_somebody_known(con, named[0]))
    # of a row that tells no time, it is known when it came
    moment = f"coalesce(greatest({', '.join(moments)}), _extracted_at)" if moments else "_extracted_at"
    return Rule(moment, cutoffs[category], " or ".join(kept) or "false")


def _is_of_somebody_known(con: duckdb.DuckDBPyConnection, person: Person) -> str:
    """SQL: whether somebody known has the birth date and one of the family names; true of what came since people were built.

    In doubt a row stays: it may protect somebody who is delivered with it.
    """
    if not has_table(con, "conformed", "conformed_people"):
        return "true"
    born = f"'|' || {birth(quote(str(person.birth_date)), person.birth_formats)}"
    word = f"unnest(match_keys.words_of({quote(str(person.family_name))})) || {born}"
    known = f"unnest(match_keys.words_of(concat_ws(' ', family_name, full_name))) || '|' || {birth('birth_date')}"
    people = "conformed.conformed_people"
    return (
        f"exists (select 1 from (select {word} as name) where name in (select {known} from {people})) "
        f"or _load_id > (select coalesce(max(load_id), 0) from {people})"
    )


def _utc(expression: str) -> str:
    return known_time(f"(try_cast({expression}::varchar as timestamptz) at time zone 'UTC')")


def _mapped_value(mapped: EntityMap, column: str) -> str:
    """SQL of the conformed value of a mapped column; null where nothing says it."""
    how = mapped.how(column)
    if how is None:
        return text(str(mapped.constants[column])) if column in mapped.constants else "null"
    return mapped_text(how)
