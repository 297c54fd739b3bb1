"""The tables of groups that an answer is cut out of, for what several answers tell together: a condition keeps some values of a
dimension, and the others, less these, are an answer too. Not here: which groups of a table are hidden (few_groups.py).

A group of an answer is a sum of cells of each table. It is shown if none of its cells is hidden, or if all that are hidden are in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.metrics.compiler import TIME, Compiler
from orchestration.metrics.few_groups import Coarser
from orchestration.metrics.periods import coarser_ways, common_grain
from orchestration.metrics.question import Question

_NAMED = re.compile(r"{{ (?:Time)?Dimension\('(\w+)'(?:, '\w+')?\) }}")
MOST_CELLS = 50_000


@dataclass(frozen=True)
class Breakdown:
    """A table by `dimensions`. `cut`: whether a group may have some of the cells that are alike in what is asked by, not all."""

    dimensions: tuple[str, ...]
    is_cut: bool


def breakdowns_of(question: Question, within: Mapping[str, str]) -> list[Breakdown]:
    """Those that are needed beside the answer itself. `within`: the dimension that a dimension's values lie in, as a county in a country."""
    whole = _with_what_they_lie_in(question.by, within)
    found = [Breakdown(whole, False)] if question.values or question.period or whole != question.by else []
    times = [name for name in question.by if _grain(name)]
    if question.period:
        grain = common_grain([*filter(None, map(_grain, times)), question.period_grain], question.grains)
        times = [f"{TIME}__{grain}"]
    others = [name for name in question.by if not _grain(name)] + [dimension for dimension, _ in question.values]
    parts = tuple(dict.fromkeys([*times, *_with_what_they_lie_in(others, within)]))
    if set(parts) != set(whole):
        found.append(Breakdown(parts, True))
    return found


def coarser_of(dimensions: Sequence[str]) -> Coarser:
    return {n: coarser_ways(grain) for n, name in enumerate(dimensions) if (grain := _grain(name))}


def cell_of(dimensions: Iterable[str], of: str) -> str:
    """SQL: the values of dimensions as a list of texts, periods by their first day."""
    texts = [
        f"cast(cast({of}.{name} as date) as varchar)" if _grain(name) else f"cast({of}.{name} as varchar)"
        for name in dimensions
    ]
    return f"[{', '.join(texts)}]::varchar[]"


def sql_of(number: int, table: Breakdown, question: Question, people: Sequence[str], compiled: Compiler) -> str:
    """A row a cell: its values, those of the group that it is in, whether the conditions keep it, and its counts of people."""
    columns = [f"{number} as breakdown", f"{cell_of(table.dimensions, 'b')} as part_cell"]
    columns += [f"{_group_of(table, question)} as cell", f"{_kept(table, question)} as is_kept"]
    columns += [f"coalesce(b.{name}, 0) as people__{name}" for name in people]
    return f"select {', '.join(columns)} from ({compiled.sql(people, table.dimensions, [])}) b limit {MOST_CELLS + 1}"


def hidden_cells(
    table: Breakdown, cells: Sequence[Hashable], kept: Sequence[bool], hidden: Iterable[int]
) -> set[Hashable]:
    """Groups (by their cell) that are not shown, where the table's rows at `hidden` are not. `kept`: whether they are in the group."""
    hides: dict[Hashable, set[bool]] = defaultdict(set)
    for position in hidden:
        hides[cells[position]].add(kept[position])
    return {cell for cell, where in hides.items() if not table.is_cut or where == {True, False}}


def _with_what_they_lie_in(names: Iterable[str], within: Mapping[str, str]) -> tuple[str, ...]:
    found = list(dict.fromkeys(names))
    for name in found:
        if (around := within.get(name)) and around not in found:
            found.append(around)
    return tuple(found)


def _grain(name: str) -> str:
    entity, _, grain = name.partition(f"{TIME}__")
    return grain if not entity else ""


def _group_of(table: Breakdown, question: Question) -> str:
    time = next((name for name in table.dimensions if _grain(name)), "")
    texts = [
        f"cast(cast(date_trunc('{grain}', b.{time}) as date) as varchar)"
        if (grain := _grain(name))
        else f"cast(b.{name} as varchar)"
        for name in question.by
    ]
    return f"[{', '.join(texts)}]::varchar[]"


def _kept(table: Breakdown, question: Question) -> str:
    if not table.is_cut:
        return "true"
    time = next((name for name in table.dimensions if _grain(name)), "")
    tests = [_NAMED.sub(lambda named: f"b.{named[1]}", condition) for condition in question.conditions]
    tests += [_NAMED.sub(f"b.{time}", condition) for condition in question.period]
    return " and ".join(f"({test})" for test in tests) or "true"
