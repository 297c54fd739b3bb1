"""Grains of time: which lie within which, and which a period is whole in. Not here: reading a period (question.py)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, timedelta

# what each is made into; a week lies in no month
COARSER = {
    "day": ("week", "month", "quarter", "year"),
    "week": (),
    "month": ("quarter", "year"),
    "quarter": ("year",),
    "year": (),
}
# the fewest periods first
_COARSEST = ("year", "quarter", "month", "week", "day")


def coarser_ways(grain: str) -> list[Callable[[Hashable], Hashable]]:
    """How the start of a period, as 2026-05-31, becomes each period around it."""
    return [_WAYS[coarse] for coarse in COARSER[grain]]


def common_grain(grains: Iterable[str], known: Sequence[str]) -> str:
    """The coarsest grain that each of these is made of, of those that are known; else the finest known one."""
    wanted = set(grains)
    fitting = (grain for grain in _COARSEST if grain in known and wanted <= {grain, *COARSER[grain]})
    return next(fitting, known[0])


def grain_of(first: date | None, last: date | None, known: Sequence[str]) -> str:
    """The coarsest grain that a period begins and ends with; an open end is one of any. `known` are the grains, the finest first."""
    starts = [day for day in (first, last + timedelta(days=1) if last and last < date.max else None) if day]
    fitting = (grain for grain in _COARSEST if grain in known and all(_is_start(day, grain) for day in starts))
    return next(fitting, known[0])


def _is_start(day: date, grain: str) -> bool:
    if grain == "week":
        return day.weekday() == 0
    months = {"month": 1, "quarter": 3, "year": 12}.get(grain)
    return months is None or (day.day == 1 and (day.month - 1) % months == 0)


def _week(value: Hashable) -> Hashable:
    try:
        return date.fromisoformat(str(value)).isocalendar()[:2]
    except ValueError:
        # nothing, or a year that no calendar has
        return value


def _quarter(value: Hashable) -> Hashable:
    return (str(value)[:4], (int(str(value)[5:7]) - 1) // 3) if str(value)[5:7].isdigit() else value


_WAYS: dict[str, Callable[[Hashable], Hashable]] = {
    "week": _week,
    "month": lambda value: str(value)[:7],
    "quarter": _quarter,
    "year": lambda value: str(value)[:4],
}
