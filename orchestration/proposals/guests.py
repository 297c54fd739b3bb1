"""Orders and the like whose person is nobody: of guests, whose key is 0 or empty. They count for no customer, which is told with how many they are.

Here: counting while a look lasts, telling when all tables were looked at. Not here: which column names the person (entities.py, linked.py), or
which words stand for nobody (core/settings/nobody.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from orchestration.contracts.mapping_values import names_nobody
from orchestration.contracts.person_rows import counted_by_person
from orchestration.contracts.words import concepts_of
from orchestration.core.settings.nobody import NOBODYS_KEYS
from orchestration.core.warehouse import quote, text
from orchestration.proposals.columns import Column
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Proposal

# what rows of something else may say of a guest, the best first
_OF_A_GUEST = ("email", "phone")


def note_nobodys(con: duckdb.DuckDBPyConnection, relation: str, table: FoundTable, others: Sequence[Column]) -> None:
    """Counts the rows that name nobody, of each column that may say whose they are: by its name, or one of `others`. One pass."""
    con.execute(
        "create temp table if not exists noted_nobodys (name varchar, place varchar, nobodys bigint, of_rows bigint)"
    )
    con.execute(f"delete from noted_nobodys where name = {text(table.name)}")
    if not any(one.entity in counted_by_person() for one in table.maps):
        return
    read = [c for one in table.maps if (f := one.of("person_key")) for c in f.columns]
    named = [c.name for c in table.columns if "person_key" in concepts_of(c.name, table.name)]
    places = [*dict.fromkeys([*read, *named, *(c.name for c in others)])]
    if not places:
        return
    # what one line says of all is nobody of an order, not of its other lines
    once = {c: one.lines_of for one in table.maps for c in one.said_once if c in places}
    for thing in dict.fromkeys(once.get(place, "") for place in places):
        those = [place for place in places if once.get(place, "") == thing]
        of = relation
        if thing:
            said = ", ".join(f"max({quote(place)}) as {quote(place)}" for place in those)
            of = f"(select {said} from {relation} group by {quote(thing)})"
        counted = ", ".join(
            f"count(*) filter (where coalesce({names_nobody(quote(place), NOBODYS_KEYS)}, true))" for place in those
        )
        each = f"select unnest([{', '.join(map(text, those))}]) as place, unnest([{counted}]) as nobodys, count(*) as of_rows from {of}"
        con.execute(f"insert into noted_nobodys select {text(table.name)}, * from ({each}) where nobodys > 0")


def with_guests(con: duckdb.DuckDBPyConnection, tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; maps of orders and the like say how many rows have no person, and by what these could be known."""
    return [replace(table, maps=[_told(con, table, one) for one in table.maps]) for table in tables]


def _told(con: duckdb.DuckDBPyConnection, table: FoundTable, one: Proposal) -> Proposal:
    key = one.of("person_key")
    if one.entity not in counted_by_person() or one.missing or not key or len(key.columns) != 1:
        return one
    counted = (
        f"select nobodys, of_rows from noted_nobodys where name = {text(table.name)} and place = {text(key.columns[0])}"
    )
    for nobodys, rows in con.execute(counted).fetchall():
        told = (
            f"{table.name}: {nobodys:,} of {rows:,} rows name nobody in {key.columns[0]} (0, empty, guest), and these {one.entity} count for no "
            "customer"
        )
        people = next((p for p in table.usable if p.entity == "people" and p.one_row_per_key), None)
        said = people and next((f for target in _OF_A_GUEST if (f := people.of(target))), None)
        told += (
            f": where {said.columns[0]} says who they are, docs/data-engineer.md (Guests) tells how to count them"
            if said and said.columns != key.columns
            else ""
        )
        return replace(one, notes=(*one.notes, told))
    return one
