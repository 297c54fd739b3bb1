"""Tables that are lists of who refused, or statements of consent, by their names; and what an unread one keeps from being proposed.

A refusal that nobody reads may be newer than any yes of the source. Not here: how such a table is mapped (statements.py), columns that say a
no (refusals.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestration.proposals.found import FoundTable
from orchestration.proposals.list_names import lists_refusals, may_list_refusals
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.words import QUALIFIED, entities_of

STATEMENTS = "consent_events"


def with_refusals_read(
    tables: Sequence[FoundTable], places: Sequence[str] = (), beside: Collection[str] = ()
) -> list[FoundTable]:
    """The tables of one place. Where one of them may hold refusals or statements that no map reads, none of them proposes a yes.

    `places` are where the tables lie, one for each; `beside` are files there that are no tables.
    """
    places = places or [table.name for table in tables]
    unread = {n for n, (table, at) in enumerate(zip(tables, places, strict=True)) if _is_unread(table, at)}
    names = [tables[n].name for n in sorted(unread)] + [name for name in beside if lists_refusals(_stem(name))]
    if not names:
        return list(tables)
    why = f"{', '.join(names)} may hold refusals that are not read"
    found = []
    for n, table in enumerate(tables):
        told = (*table.notes, *([_note(table.name)] if n in unread else []))
        found.append(replace(table, maps=[without_grant(one, why) for one in table.maps], notes=told))
    others = tuple(_note(name) for name in names[len(unread) :])
    return [replace(found[0], notes=(*found[0].notes, *others)), *found[1:]]


def without_grant(one: Proposal, why: str) -> Proposal:
    """The map, of which no word is a yes."""
    status = one.of("status")
    yes = [word for word, meaning in status.values.items() if meaning == "granted"] if status else []
    if one.entity != STATEMENTS or not status or not yes:
        return one
    values = {word: meaning for word, meaning in status.values.items() if word not in yes}
    denies = replace(status, values=values, ignore=(*status.ignore, *yes))
    filled = tuple(denies if f is status else f for f in one.filled)
    note = f"{status.columns[0]}: {', '.join(yes)} is not mapped, for {why}; a no is"
    return replace(one, filled=filled, notes=(*one.notes, note))


def _is_unread(table: FoundTable, place: str) -> bool:
    if table.vendor or any(one.entity == STATEMENTS for one in table.usable):
        return False
    named = entities_of(table.name)
    if named.get(STATEMENTS, 0.0) >= QUALIFIED:
        return True
    # declined orders are orders, and removed products are products
    is_another = any(one.entity in named and one.entity != "people" for one in table.usable)
    return any(map(may_list_refusals, (table.name, *_parts(place)))) and not is_another


def _note(name: str) -> str:
    return f"{name}: may hold refusals, and none is read: map it, or no yes of this source is to be believed"


def _parts(place: str) -> list[str]:
    """The names of the folders and the file of a path, without the file's ending."""
    *folders, file = place.split("/")
    return [*folders, _stem(file)]


def _stem(file: str) -> str:
    return re.sub(r"(\.[A-Za-z]{2,7})+$", "", file.rpartition("/")[2])
