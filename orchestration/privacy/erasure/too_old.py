"""Rows that are too old to be kept when they come: how many, of how many people, and the setting that would keep them.

A history of many years loses most of its people to a retention that nobody looked at. Here: counts and what is said of them. Not here:
when a row is old (retention_rules.py), what a night does with it (retention.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.contracts.conformed import retentions
from orchestration.contracts.mapping_parts import parts_of
from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import has_table, key_text
from orchestration.match_keys import define_match_keys
from orchestration.privacy.erasure.inactive import own_key
from orchestration.privacy.erasure.retention import cutoffs_on, going, is_sold
from orchestration.privacy.erasure.retention_rules import rule_of
from orchestration.privacy.intake.raw_people import raw_table

_YEAR = 365


@dataclass(frozen=True)
class TooOld:
    """Rows of one table. `people` are those of whom it has no younger row; `age` is that of the oldest row, in days."""

    table: str
    rows: int
    of: int
    people: int
    category: str
    days: int
    age: int
    does: str

    @property
    def needed(self) -> int:
        """Days that keep them, for at least a year from now, in whole years."""
        return math.ceil((self.age + _YEAR) / _YEAR) * _YEAR

    @property
    def is_most(self) -> bool:
        """Whether they are more than half of the rows: of a source that delivers all of its past each night, some always are."""
        return 2 * self.rows > self.of

    def told(self, among: str = "") -> str:
        """`among` says which rows were looked at, where they are not all."""
        people = f", of {self.people:,} people who have no younger one there," if self.people else ""
        return (
            f"{self.table}: {self.rows:,} of {among}{self.of:,} rows{people} are older than the {self.days:,} days for which "
            f"{self.category} data are kept: {self.does}"
        )


def too_old_in_raw(
    con: duckdb.DuckDBPyConnection, source: str, settings: Settings, today: date, *, after_load: int | None = None
) -> list[TooOld]:
    """Of each raw table of a source; `after_load` leaves out what had come before."""
    define_match_keys(con)
    cutoffs = cutoffs_on(today, settings)
    newer = "" if after_load is None else f" where _load_id > {after_load}"
    return [
        one
        for name, table in settings.sources[source].tables.items()
        if has_table(con, f"raw_{source}", name)
        for one in too_old(con, name, table, f"(select * from {raw_table(source, name)}{newer})", cutoffs, today)
    ]


def too_old(
    con: duckdb.DuckDBPyConnection, name: str, table: Table, relation: str, cutoffs: Mapping[str, date], today: date
) -> list[TooOld]:
    """Of the rows of a relation, which has the columns of the table in raw: what a night takes out of raw, or makes nobody's, then
    what it hides from one of the entities that the table is mapped to. Needs match keys (define_match_keys)."""
    rule = rule_of(con, table, cutoffs)
    if not rule:
        return []
    does = "a night deletes them"
    if own_key(table):
        does = "a night deletes those of whom nothing younger is heard from any source"
    elif is_sold(table):
        does = "a night makes them nobody's, and they count for no customer"
    # of several categories the longest counts
    category = next(c for c in _categories(table) if cutoffs[c] == rule.cutoff)
    asked = [(going(table, rule), rule.moment, category, does)]
    for part in (part for of in parts_of({name: table}).values() for part in of if part.hidden_by):
        alone = table.model_copy(update={"maps": [part.mapping], "retention": None, "persons": []})
        hidden = rule_of(con, alone, cutoffs)
        said = retentions()[part.mapping.entity].category
        if hidden and hidden.cutoff > rule.cutoff:
            told = f"a night reads no {part.mapping.entity} of them"
            asked.append((f"{hidden.is_old} and not {rule.is_old}", hidden.moment, said, told))
    keys = [key_text(person.key_columns) for person in table.whose if person.key]
    found = []
    for old, moment, of, what in asked:
        counted = f"select count(*) filter (where {old}), count(*), min({moment}) filter (where {old})"
        rows, every, oldest = con.execute(f"{counted} from {relation}").fetchall()[0]
        if not rows:
            continue
        people = (
            con.execute(
                f"select count(*) from (select 1 from {relation} where {keys[0]} is not null group by {keys[0]} having bool_and({old}))"
            ).fetchall()[0][0]
            if keys
            else 0
        )
        days, age = (today - cutoffs[of]).days, (today - oldest.date()).days
        found.append(TooOld(name, int(rows), int(every), int(people), of, days, age, what))
    return found


def keeping(found: Sequence[TooOld], own: Mapping[str, int]) -> str:
    """What to write so that they are kept; `own` are the days that the company says already. Empty where nothing is too old."""
    if not found:
        return ""
    days = dict(own)
    for one in found:
        days[one.category] = max(days.get(one.category, 0), one.needed)
    said = ", ".join(f"{category} = {count}" for category, count in sorted(days.items()))
    return (
        f"retention_days = {{ {said} }} below [privacy] in kundbild.toml keeps what is too old; data of people may be kept for so long only on "
        "a lawful ground (Art. 5(1)(e) and 6), which the record of processing has to name"
    )


def told_of_came(came: Mapping[str, Sequence[TooOld]], own: Mapping[str, int]) -> list[str]:
    """Of a night: by source what came to it of which most was too old to be kept, then how it is kept, and read again. Empty where there
    is none."""
    came = {source: [one for one in found if one.is_most] for source, found in came.items()}
    told = [f"Too old when it came: {source}.{one.told()}" for source, found in came.items() for one in found]
    sources = [source for source, found in came.items() if found]
    said = keeping([one for found in came.values() for one in found], own)
    again = " and ".join(f"`kundbild source reset {source}`" for source in sources)
    return [*told, f"{said}; then {again} has the next run read it again"] if said else []


def _categories(table: Table) -> list[str]:
    if table.retention:
        return [table.retention.category]
    said = [found.category for mapped in table.maps if (found := retentions().get(mapped.entity))]
    return [*said, "identity"]
