"""Whose orders are by their values: a column that holds the keys of another table's people names them, where it is called so, or has many of them.

Here: noting values while a look lasts, and comparing them when all tables were looked at. No value is kept but as a hash, and for the look
alone. Not here: columns that are called as such keys are (entities.py), words for a buyer (buyers.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from orchestration.contracts.person_rows import counted_by_person
from orchestration.core.warehouse import quote, text
from orchestration.proposals.addresses import is_by_address
from orchestration.proposals.buyers import may_be_staff, names_buyer, names_people
from orchestration.proposals.columns import Column
from orchestration.proposals.doubts import IN_DOUBT
from orchestration.proposals.found import FoundTable
from orchestration.proposals.guests import note_nobodys, with_guests
from orchestration.proposals.proposal import Filled, Proposal

# of the values of a table about so many of each column: of two tables the same part is compared, however many rows they have
_KEPT = 10_000
_MOST_COLUMNS = 10
# of values that were compared: so many have to be keys there, and at least so many have to be compared
_SHARE, _LEAST = 0.9, 3
# shorter numbers are among keys by chance: a quantity is the key of an early customer too
_LONG = 5
# fewer different values are of a staff, of shops or of lists, whatever keys they look like, unless the name says that they are the buyers
_MANY = 50
# numbers of two tables begin alike by chance, so it is always to be looked at
_SURENESS = 0.7


def note_values(con: duckdb.DuckDBPyConnection, relation: str, table: FoundTable) -> None:
    """Notes the values of columns of a table that may be keys of people, or name them. To be called while the relation is there. One pass."""
    con.execute(
        "create temp table if not exists noted_values (name varchar, place varchar, part ubigint, hashed ubigint)"
    )
    con.execute(f"delete from noted_values where name = {text(table.name)}")
    columns = _candidates(table)[:_MOST_COLUMNS]
    note_nobodys(con, relation, table, [] if any(map(_is_list, table.usable)) else columns)
    if not columns:
        return
    found = ", ".join(map(_noted, columns))
    con.execute(
        f"insert into noted_values select {text(table.name)}, one.place, one.part, unnest(one.hashed) "
        f"from (select unnest([{found}]) as one from {relation}) where one.shortest >= {_LONG}"
    )


def _noted(column: Column) -> str:
    """SQL: a column's name, the hashes of its values that are in its part, and how long the shortest number is."""
    # a power of two: what is in the part of many values is in that of fewer ones
    part = 1 << max(0, column.distinct // _KEPT).bit_length()
    value = f"nullif(trim({quote(column.name)}), '')"
    shortest = f"min(length({value}))" if column.is_number else str(_LONG)
    hashed = f"list(distinct hash({value})) filter (where {value} is not null and hash({value}) % {part} = 0)"
    return f"{{place: {text(column.name)}, part: {part}, shortest: {shortest}, hashed: {hashed}}}"


def _candidates(table: FoundTable) -> list[Column]:
    """The columns whose values are compared, the likeliest first."""
    fit = [c for c in table.columns if _may_name(c) and c.name not in table.withheld]
    if any(map(_is_list, table.usable)):
        key = _keys(table)
        return sorted((c for c in fit if c.distinct >= _SHARE * c.rows), key=lambda c: c.name != key)
    if any(map(_lacks_person, table.maps)):
        free = [c for c in fit if c.name not in table.read]
        return sorted(
            (c for c in free if names_buyer(c.name, table.name) or _is_of_many(c)),
            key=lambda c: not names_buyer(c.name, table.name),
        )
    return []


def _is_of_many(column: Column) -> bool:
    """Whether a column may name people whatever it is called: somebody buys twice, and they are many. What is unique counts the rows."""
    return _MANY <= column.distinct < _SHARE * column.filled and not may_be_staff(column.name)


def with_links(con: duckdb.DuckDBPyConnection, tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables, of every format of a place; what lacks a person gets the one column whose values are keys of the people of one other table, or says that it
    names nobody. What has one says how many rows name nobody."""
    lists = {table.name: _keys(table) for table in tables if any(map(_is_list, table.usable))}
    linked = [
        replace(table, maps=[_linked(con, table, one, lists) if _lacks_person(one) and not one.missing else one for one in table.maps]) for table in tables
    ]  # fmt: skip
    return with_guests(con, [_without_addresses(table) for table in linked])


def _without_addresses(table: FoundTable) -> FoundTable:
    """Without the people by their address, where another column turned out to name whose the orders are."""
    keys = [f for one in table.maps if one.entity == "orders" and (f := one.of("person_key"))]
    if not keys or any(map(is_by_address, keys)):
        return table
    read = {column for f in keys for column in f.columns}
    kept = [
        one
        for one in table.maps
        if not (
            one.entity == "people"
            and one.one_row_per_key
            and (f := one.of("source_key"))
            and read.isdisjoint(f.columns)
        )
    ]
    return replace(table, maps=kept)


def _linked(con: duckdb.DuckDBPyConnection, table: FoundTable, one: Proposal, lists: Mapping[str, str]) -> Proposal:
    found = _matches(con, table, lists)
    by_address = is_by_address(one.of("person_key"))
    keys = [(column, people) for column, people, place in found if place == lists[people]]
    called = [(column, people) for column, people in keys if names_people(column, table.name, people, lists[people])]
    named = called or keys
    if len(named) == 1:
        ((column, people),) = named
        filled = Filled("person_key", (column,), _SURENESS, f"its values are keys of {people}")
        told = f"{table.name}: {column} is taken for whose these {one.entity} are, for its values are keys of {people}: look whether it says so"
        kept = tuple(f for f in one.filled if f.target != "person_key")
        return replace(one, filled=(*kept, filled), sureness=min(one.sureness, _SURENESS), notes=(*one.notes, told))
    if by_address:
        return one
    told = f"{table.name}: these {one.entity} name no person, and count for no customer: map person_key to the column that says whose they are"
    if found and not named:
        column, people, place = found[0]
        told += (
            f" ({column} holds what {place} is in {people}: it names them where {place} is the source_key of {people})"
        )
    elif named:
        told += f" ({', '.join(dict.fromkeys(column for column, _ in named))} may)"
    if len(candidates := _candidates(table)) > _MOST_COLUMNS:
        told += f"; of its columns {_MOST_COLUMNS} of {len(candidates)} that may were compared with keys of people"
    return replace(one, sureness=min(one.sureness, IN_DOUBT), notes=(*one.notes, told))


def _matches(con: duckdb.DuckDBPyConnection, table: FoundTable, lists: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(column, table of people, its column) of those whose values are there."""
    others = ", ".join(text(other) for other in lists if other != table.name)
    if not others or not con.execute("select 1 from duckdb_tables() where table_name = 'noted_values'").fetchall():
        return []
    rows = con.execute(
        f"""
        with there as (from noted_values where name in ({others})),
        places as (select distinct name, place, part from there)
        select n.place, p.name, p.place
        from noted_values n cross join places p left join there t on t.name = p.name and t.place = p.place and t.hashed = n.hashed
        where n.name = {text(table.name)} and n.hashed % p.part = 0
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
    key = one.of("person_key")
    return one.entity in counted_by_person() and (not key or is_by_address(key))


def _may_name(column: Column) -> bool:
    is_whole = not column.is_number or column.kind == "BIGINT"
    return bool(column.filled) and is_whole and not column.is_time and column.money is None and column.kind != "BOOLEAN"
