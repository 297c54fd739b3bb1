"""Tables that are lists of who refused, or statements of consent, by their names; and what an unread one keeps from being proposed.

A refusal that nobody reads may be newer than any yes of the source. Not here: how such a table is mapped (statements.py), columns that say a
no (refusals.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestration.contracts.words import QUALIFIED, entities_of
from orchestration.proposals.found import FoundTable
from orchestration.proposals.grants import STATEMENTS, without_grant
from orchestration.proposals.list_names import lists_refusals, may_list_refusals


def with_refusals_read(
    tables: Sequence[FoundTable], places: Sequence[str] = (), beside: Collection[str] = ()
) -> list[FoundTable]:
    """The tables of one place. Where one of them may hold refusals or statements that no map reads, none of them proposes a yes.

    `places` are where the tables lie, one for each; `beside` are files there that are no tables.
    """
    places = places or [table.name for table in tables]
    unread = {n for n, (table, at) in enumerate(zip(tables, places, strict=True)) if _is_unread(table, at)}
    within = {n: _unread_within(table) for n, table in enumerate(tables)}
    names = (
        [tables[n].name for n in sorted(unread)]
        + [name for told in within.values() for name in told]
        + [name for name in beside if lists_refusals(_stem(name))]
    )
    if not names:
        return list(tables)
    why = f"{', '.join(names)} may hold refusals that are not read"
    found = []
    for n, table in enumerate(tables):
        told = (*table.notes, *map(_note, ([table.name] if n in unread else []) + within[n]))
        found.append(replace(table, maps=[without_grant(one, why) for one in table.maps], notes=told))
    others = tuple(_note(name) for name in beside if lists_refusals(_stem(name)))
    return [replace(found[0], notes=(*found[0].notes, *others)), *found[1:]]


def _is_unread(table: FoundTable, place: str) -> bool:
    if table.vendor or any(one.entity == STATEMENTS for one in table.usable):
        return False
    named = entities_of(table.name)
    if named.get(STATEMENTS, 0.0) >= QUALIFIED:
        return True
    # declined orders are orders, and removed products are products
    is_another = any(one.entity in named and one.entity != "people" for one in table.usable)
    return any(map(may_list_refusals, (table.name, *_parts(place)))) and not is_another


def _unread_within(table: FoundTable) -> list[str]:
    """Lists and objects within the rows that are called as statements or refusals are, and that no map reads."""
    plain = {column.name for column in table.columns}
    nested = [name for name in table.unmapped if name not in plain and not table.vendor]
    return [f"{table.name}.{name}" for name in nested if _is_named(name.rpartition(".")[2])]


def _is_named(name: str) -> bool:
    return lists_refusals(name) or entities_of(name).get(STATEMENTS, 0.0) >= QUALIFIED


def _note(name: str) -> str:
    return f"{name}: may hold refusals, and none is read: map it, or no yes of this source is to be believed"


def _parts(place: str) -> list[str]:
    """The names of the folders and the file of a path, without the file's ending."""
    *folders, file = place.split("/")
    return [*folders, _stem(file)]


def _stem(file: str) -> str:
    return re.sub(r"(\.[A-Za-z]{2,7})+$", "", file.rpartition("/")[2])
