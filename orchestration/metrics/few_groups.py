"""Which groups of an answer are not shown, so that nobody is told of by a small one. Not here: counting people (metric_definitions.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Group:
    """One row of an answer: its values of the dimensions, and counts of the people that its numbers tell of."""

    cell: tuple[Hashable, ...]
    people: tuple[int, ...]

    def is_few(self, min_people: int) -> bool:
        """Whether one of the counts is of somebody, and of too few (as macros/few.sql has it)."""
        return any(0 < count < min_people for count in self.people)

    @property
    def size(self) -> int:
        """The smallest count of anybody; 0 where it tells of nobody."""
        return min((count for count in self.people if count), default=0)


Coarser = Mapping[int, Sequence[Callable[[Hashable], Hashable]]]


def hidden_groups(
    groups: Sequence[Group], min_people: int, *, coarser: Coarser | None = None, hidden: Iterable[int] = ()
) -> set[int]:
    """Positions of the groups that are not shown: those of few people, and as many others that no total less what is shown
    tells of few.

    A total is of every group that is alike in some of the dimensions: a month of all channels, a channel of all months, all.
    Where groups of a total are hidden, they are two at least, one of them of `min_people`, unless it has no other ones: then what
    is hidden is all of the total. A group that hides another needs the same in the totals of its other dimensions.

    `coarser`, by position of a dimension: a week or a month of days is a total too. `hidden` are those that are hidden anyway.
    """
    hidden = {*hidden, *(position for position, group in enumerate(groups) if group.is_few(min_people))}
    totals = _totals(groups, coarser or {}) if hidden else []
    before = -1
    while len(hidden) != before:
        before = len(hidden)
        for total in totals:
            out = [position for position in total if position in hidden]
            # two small ones may be of the same people: one that is large must be among them
            if not out or (len(out) > 1 and any(groups[position].size >= min_people for position in out)):
                continue
            others = [p for p in total if p not in hidden and groups[p].size >= min_people]
            if others:
                hidden.add(min(others, key=lambda p: (groups[p].size, p)))
    return hidden


def _totals(groups: Sequence[Group], coarser: Coarser) -> list[list[int]]:
    """The positions of each total's groups, for every choice of dimensions that is left out or coarser; small totals first, for what
    hides a group in one of them does so in the larger ones around it."""
    found: list[list[int]] = []
    ways = [(_left_out, _as_it_is, *coarser.get(d, ())) for d in range(len(groups[0].cell))]
    for chosen in product(*ways):
        if all(way is _as_it_is for way in chosen):
            continue
        lines: dict[tuple[Hashable, ...], list[int]] = defaultdict(list)
        for position, group in enumerate(groups):
            lines[tuple(way(value) for way, value in zip(chosen, group.cell, strict=True))].append(position)
        found += lines.values()
    return sorted(found, key=len)


def _left_out(value: Hashable) -> Hashable:
    return None


def _as_it_is(value: Hashable) -> Hashable:
    return value
