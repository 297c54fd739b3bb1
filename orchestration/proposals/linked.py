"""Whose orders are by their values: a column that holds the keys of another table's people names them, whatever it is called.

Here: noting values while a look lasts, and comparing them when all tables were looked at. No value is kept but as a hash, and for the look
alone. Not here: columns that are called as such keys are (entities.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import duckdb

from orchestration.contracts.conformed import OF_SOMEBODY
from orchestration.core.warehouse import quote, scalar, text
from orchestration.proposals.columns import Column
from orchestration.proposals.doubts import IN_DOUBT
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Filled, Proposal

# of each column the lowest hashes: of two columns the same part of the values is compared, however many they have
_KEPT = 10_000
_MOST_COLUMNS = 10
# of values that were compared: so many have to be keys there, and at least so many have to be compared
_SHARE, _LEAST = 0.9, 3
# shorter numbers are among keys by chance: a quantity is the key of an early customer too
_LONG = 5
_SURENESS = 0.8


def note_values(con: duckdb.DuckDBPyConnection, relation: str, table: FoundTable) -> None:
    """Notes the values of columns of a table that may be keys of people, or name them. To be called while the relation is there."""
    con.execute("create temp table if not exists noted_values (name varchar, place varchar, hashed ubigint)")
    con.execute(f"delete from noted_values where name = {text(table.name)}")
    if any(_is_list(one) for one in table.usable):
        wanted = [c for c in table.columns if c.distinct >= _SHARE * c.rows]
    elif any(_lacks_person(one) for one in table.maps):
        wanted = [c for c in table.columns if c.name not in table.read]
    else:
        return
    for column in [c for c in wanted if _may_name(c) and c.name not in table.withheld][:_MOST_COLUMNS]:
        value = f"nullif(trim({quote(column.name)}), '')"
        if column.is_number and scalar(con, f"select min(length({value})) from {relation}") < _LONG:
            continue
        con.execute(
            f"insert into noted_values select {text(table.name)}, {text(column.name)}, hash({value}) as h from {relation} "
            f"where {value} is not null group by h order by h limit {_KEPT}"
        )


def with_links(con: duckdb.DuckDBPyConnection, tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables, of every format of a place; what lacks a person gets the one column whose values are keys of the people of one other table, or says that it
    names nobody."""
    lists = {table.name: _keys(table) for table in tables if any(map(_is_list, table.usable))}
    return [
        replace(table, maps=[_linked(con, table, one, lists) if _lacks_person(one) and not one.missing else one for one in table.maps]) for table in tables
    ]  # fmt: skip


def _linked(con: duckdb.DuckDBPyConnection, table: FoundTable, one: Proposal, lists: dict[str, str]) -> Proposal:
    found = _matches(con, table.name, lists)
    named = [(column, people) for column, people, place in found if place == lists[people]]
    if len(named) == 1:
        ((column, people),) = named
        filled = Filled("person_key", (column,), _SURENESS, f"its values are keys of {people}")
        return replace(one, filled=(*one.filled, filled))
    told = f"{table.name}: these {one.entity} name no person, and count for no customer: map person_key to the column that says whose they are"
    if found and not named:
        column, people, place = found[0]
        told += (
            f" ({column} holds what {place} is in {people}: it names them where {place} is the source_key of {people})"
        )
    return replace(one, sureness=min(one.sureness, IN_DOUBT), notes=(*one.notes, told))


def _matches(con: duckdb.DuckDBPyConnection, name: str, lists: Collection[str]) -> list[tuple[str, str, str]]:
    """(column, table of people, its column) of those whose values are there."""
    others = ", ".join(text(other) for other in lists if other != name)
    if not others or not con.execute("select 1 from duckdb_tables() where table_name = 'noted_values'").fetchall():
        return []
    rows = con.execute(
        f"""
        with there as (
            select name, place, hashed, case when count(*) over same = {_KEPT} then max(hashed) over same end as highest
            from noted_values where name in ({others}) window same as (partition by name, place)
        ),
        ends as (select distinct name, place, highest from there)
        select n.place, e.name, e.place
        from noted_values n cross join ends e left join there t on t.name = e.name and t.place = e.place and t.hashed = n.hashed
        where n.name = {text(name)} and (e.highest is null or n.hashed <= e.highest)
        group by all having count(*) >= {_LEAST} and count(t.hashed) >= {_SHARE} * count(*)
        order by all
        """
    ).fetchall()
    return [(str(column), str(people), str(place)) for column, people, place in rows]


def _is_list(one: Proposal) -> bool:
    """Whether it is a list of people with a key of their own."""
    key = one.of("source_key")
    return one.entity == "people" and not one.one_row_per_key and key is not None and len(key.columns) == 1


def _keys(table: FoundTable) -> str:
    return next(f.columns[0] for one in table.usable if _is_list(one) and (f := one.of("source_key")))


def _lacks_person(one: Proposal) -> bool:
    return one.entity in OF_SOMEBODY and not one.of("person_key")


def _may_name(column: Column) -> bool:
    is_whole = not column.is_number or column.kind == "BIGINT"
    return bool(column.filled) and is_whole and not column.is_time and column.money is None and column.kind != "BOOLEAN"
