"""Tables of one source whose rows are the same kind of thing, each numbered from 1: customers and members. One number would be two people.

Here: which of them become a source of their own, with what refers to them, and whose the rows beside them are then. Not here: keys
(keyed.py), statements and lines, whose keys never meet (contracts/mapping_parts.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestration.contracts.conformed import entities, named_by
from orchestration.contracts.words import words_of
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Proposal


def parted(name: str, tables: Sequence[FoundTable]) -> tuple[list[FoundTable], list[str]]:
    """The tables, and the source of each: `name`, or one of its own."""
    homes = _homes(tables)
    own = _with_lines({table: f"{name}_{table}" for table in homes}, tables)
    source_of = {table.name: own.get(table.name, name) for table in tables}
    if not _is_joined(tables, source_of):
        return list(tables), [name] * len(tables)
    people = [table.name for table in tables if "people" in table.entities and table.name not in homes]
    whose = source_of[people[0]] if people else name
    found = [_noted(_told(_whose(table, source_of, whose), source_of, tables), homes, source_of) for table in tables]
    return found, [source_of[table.name] for table in tables]


def _noted(table: FoundTable, homes: Mapping[str, tuple[str, str]], source_of: Mapping[str, str]) -> FoundTable:
    if table.name not in homes:
        return table
    entity, first = homes[table.name]
    note = (
        f"{table.name}: no foreign key says that its numbers are those of {first}, so number 1 of both may be two {entity}: {table.name} is "
        f"a source of its own, {source_of[table.name]}"
    )
    return replace(table, notes=(*table.notes, note))


def _homes(tables: Sequence[FoundTable]) -> dict[str, tuple[str, str]]:
    """Table → the entity that another table numbers too, and that table. The one that most tables refer to stays."""
    referred = Counter(of for table in tables for of in table.foreign.values())
    named = ["people", "carts", *dict.fromkeys(of for entity in entities() for of in named_by(entity).values())]
    found: dict[str, tuple[str, str]] = {}
    for entity in named:
        numbered = [table for table in tables if _number(table, entity) and table.name not in found]
        if len(numbered) < 2:
            continue
        first = max(numbered, key=lambda table: referred[table.name])
        for table in numbered:
            if table is not first and not _is_same(table, first, entity) and not _is_same(first, table, entity):
                found[table.name] = (entity, first.name)
    return found


def _number(table: FoundTable, entity: str) -> str | None:
    """The column of whole numbers by which a table counts an entity as its own."""
    for one in table.usable:
        key = one.of("source_key") if one.entity == entity and not one.one_row_per_key else None
        if key and len(key.columns) == 1:
            numbers = {column.name for column in table.columns if column.kind == "BIGINT"}
            return key.columns[0] if key.columns[0] in numbers else None
    return None


def _is_same(table: FoundTable, other: FoundTable, entity: str) -> bool:
    """Whether the numbers of a table are those of another one, by a foreign key or by what its column is called: customer_id."""
    number = _number(table, entity) or ""
    named = "".join(words_of(number)).removesuffix("id").removesuffix("no").removesuffix("nr")
    return table.foreign.get(number) == other.name or named in (
        "".join(words_of(other.name)).removesuffix("s"),
        "".join(words_of(other.name)),
    )


def _is_joined(tables: Sequence[FoundTable], source_of: Mapping[str, str]) -> bool:
    """Whether each row finds what it looks up: in its own source alone."""
    looked_up = [
        (table.name, str(lookup["table"])) for table in tables for one in table.usable for lookup in one.lookups
    ]
    return all(source_of[table] == source_of[other] for table, other in looked_up)


def _with_lines(own: dict[str, str], tables: Sequence[FoundTable]) -> dict[str, str]:
    """And what names a row of one of these by a key that is joined within its source: the lines of its orders."""
    found = dict(own)
    for table in tables:
        joined = {f.columns[0] for one in table.usable for target in named_by(one.entity) if (f := one.of(target))}
        of = [there for column, there in table.foreign.items() if column in joined and there in own]
        if of and table.name not in own:
            found[table.name] = own[of[0]]
    # what their rows look up is beside them
    looked_up = {
        str(n["table"]): found[t.name] for t in tables if t.name in found for one in t.usable for n in one.lookups
    }
    return {
        table.name: looked_up[table.name] for table in tables if table.name in looked_up and not table.usable
    } | found


def _whose(table: FoundTable, source_of: Mapping[str, str], whose: str) -> FoundTable:
    """The table, whose maps say in which source the people are that their rows name."""
    own = source_of[table.name]

    def with_system(one: Proposal) -> Proposal:
        key = one.of("person_key")
        itself = {f.columns for m in table.usable if m.entity == "people" and (f := m.of("source_key"))}
        if not key or key.columns in itself:
            return one
        of = source_of.get(table.foreign.get(key.columns[0], ""), whose)
        return one if of == own else replace(one, constants={**one.constants, "person_system": of})

    return replace(table, maps=[with_system(one) for one in table.maps])


def _told(table: FoundTable, source_of: Mapping[str, str], tables: Sequence[FoundTable]) -> FoundTable:
    """The table, with what it names of another source, which is not joined."""
    own = source_of[table.name]
    there = {e for other in tables if source_of[other.name] == own for e in other.entities}
    elsewhere = {e for other in tables if source_of[other.name] != own for e in other.entities} - there
    notes = [
        f"{table.name}: {target}: the {of} are in another source, and are not joined"
        for one in table.usable
        for target, of in named_by(one.entity).items()
        if of in elsewhere and one.of(target)
    ]
    return replace(table, notes=(*table.notes, *notes))
