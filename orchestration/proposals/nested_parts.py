"""Nested JSON as a proposal has it: plain values by their path, and the lists of which tables of their own are made.

Here: what of a row is a path, what of a table its lists carry along. Not here: reading them (extract/nested_rows.py), what they mean (entities.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from orchestration.contracts.person_rows import children
from orchestration.contracts.words import entities_of, words_of
from orchestration.core.settings import Table
from orchestration.extract.nested_rows import PLACE, flat_page
from orchestration.extract.paging import value_at
from orchestration.proposals.answers import ANSWERS
from orchestration.proposals.found import FoundTable, cursor_of

_DEEP = 3
# what of its parent says something of the elements too
_CARRIED = ("ordered_at", "submitted_at", "currency")


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with plain values of its objects by their paths. Lists, and what lies deeper, stay as they are."""
    return dict(_parts(row, "", 1))


def _parts(row: dict[str, Any], before: str, deep: int) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        # a path is parted at its dots
        if isinstance(value, dict) and value and deep <= _DEEP and "." not in name:
            yield from _parts(value, f"{before}{name}.", deep + 1)
        elif not before or "." not in name:
            yield before + name, value


def names_in(value: Any, path: str) -> Iterator[str]:
    """The path of a value, and of everything within it, however deep."""
    yield path
    if isinstance(value, dict):
        for name, part in value.items():
            yield from names_in(part, f"{path}.{name}")
    elif isinstance(value, list):
        for element in value:
            # the list has the same path
            yield from islice(names_in(element, path), 1, None)


def lists_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Paths of lists of objects in flat rows."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if any(_is_of_objects(row.get(name)) for row in rows)]


def _is_of_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(element, dict) for element in value)


def called_within(table: str, path: str) -> str:
    """The name of the table that a list is: order_line_items."""
    return "_".join([_one(table), *words_of(path.rpartition(".")[2])])


def carried_by(table: FoundTable, path: str) -> dict[str, str]:
    """Column → where the parent has it: its key, its cursor, and what it says of its lines too; `line` is the place."""
    said = [c for one in table.usable for f in one.filled if f.target in _CARRIED for c in f.columns]
    names = {column.name for column in table.columns}
    cursor = cursor_of(table) if table.has_cursor else None
    # an answer is somebody's: erasure goes by the person
    is_answers = ANSWERS in entities_of(called_within(table.name, path))
    person = _person_of(table) if is_answers or any(one.entity == "survey_responses" for one in table.usable) else []
    wanted = dict.fromkeys([*table.key, *([cursor] if cursor else []), *said, *person])
    carried = {"_".join([_one(table.name), *words_of(c)]): c for c in wanted if c in names}
    return carried | {"line": PLACE}


def _person_of(table: FoundTable) -> list[str]:
    """The column by which the rows of a table name their person: a key, else an address."""
    keys = [c for one in table.usable if (f := one.of("person_key")) for c in f.columns]
    keys += [c for one in table.usable if one.entity == "people" and (f := one.of("source_key")) for c in f.columns]
    return [*keys, *(column.name for column in table.columns if column.looks_like == "email")][:1]


def key_within(proved: Sequence[str], parent: FoundTable, carried: dict[str, str]) -> tuple[str, ...]:
    """The key of the elements: their own, else that of their parent and the place. An order may have a product twice."""
    if len(proved) == 1 and carried.keys().isdisjoint(proved):
        return tuple(proved)
    return tuple(column for column, at in carried.items() if at in parent.key or at == PLACE)


def as_list(table: FoundTable, path: str, carried: dict[str, str]) -> FoundTable | None:
    """The table of a list within rows, where it is one that is known."""
    # lists of addresses or tags are no people and no orders
    table = replace(table, maps=[one for one in table.maps if one.entity in children()])
    if not table.usable:
        return None
    used = {*table.read, *table.key, *table.named_by, cursor_of(table) if table.has_cursor else None}
    within: dict[str, object] = table.within | {
        "rows_in": path,
        "carried": {column: at for column, at in carried.items() if column in used},
    }
    notes = table.notes
    if any(carried.get(column) == PLACE for column in table.key):
        notes += (
            f"{table.name}: no id tells its rows apart, so their place in {path} does: where one is taken out, the last one stays too",
        )
    return replace(table, unmapped=[c for c in table.unmapped if c not in carried], within=within, notes=notes)


def without_lists(parent: FoundTable, lists: Sequence[FoundTable]) -> FoundTable:
    """The parent, of which what is read as a list is not unmapped."""
    read = [one.within["rows_in"] for one in lists]
    return replace(parent, unmapped=[c for c in parent.unmapped if c not in read])


def rows_within(rows: Sequence[dict[str, Any]], path: str, carried: dict[str, str]) -> list[dict[str, Any]]:
    """The elements of a list within rows that came, flat, as a night reads them."""
    table = Table(columns=dict.fromkeys(carried, "VARCHAR"), rows_in=path, carried=carried)
    having = [row for row in rows if value_at(row, path)]
    return [flat(row) for row in flat_page(having, table, "", "") if isinstance(row, dict)]


def _one(table: str) -> str:
    """The name of one row: order of orders."""
    return table[:-3] + "y" if table.endswith("ies") else table.removesuffix("s")
