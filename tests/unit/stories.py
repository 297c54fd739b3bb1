"""Stories: tests of consent whose people live through the same nights, each story with people of its own.

A night of identity, ledger and permissions takes as long for one person as for hundreds. A story is a generator that yields
the people and rows of a night, and is sent what was permitted of its own people. All stories of a run go through their first
night together, then through their second. A story alone has the same nights: nobody of one shares a whole name, a birth date,
an address or a number with anybody of another. A row without a key of its own is the same row in every night that has it as
it is.

Not here: tests whose night has another time, other registers, or another number of namesakes than the others' (`permitted`).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import count
from typing import Any
from zlib import crc32

import duckdb

from tests.unit.consent import FRESH, said
from tests.unit.people import someone

# of so many no two share a whole name
_MOST = 576
Night = tuple[list[dict], dict[str, list[dict]]]


class Permitted(dict[tuple[str, str, str], str]):
    """{(source_key, purpose, channel): contact point} of a story's people, and `why` it is so."""

    why: dict[tuple[str, str, str], str]

    @property
    def keys_of(self) -> set[str]:
        """The records that are permitted anything."""
        return {key for key, _, _ in self}


Story = Callable[["Cast"], Generator[Night, Permitted, None]]


class Cast:
    """Whom a story may have: somebody else at each call."""

    def __init__(self, numbers: Iterator[int], warehouse: duckdb.DuckDBPyConnection) -> None:
        self._numbers, self._warehouse = numbers, warehouse

    def one(self, **more: Any) -> dict:
        number = next(self._numbers)
        assert number < _MOST, "no names are left: tell some of the stories apart"
        return someone(number, **more)

    def many(self, how_many: int, **more: Any) -> list[dict]:
        return [self.one(**more) for _ in range(how_many)]

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """What the warehouse holds after a night. The other stories' rows are in it too."""
        return self._warehouse.execute(sql, list(values)).fetchall()


def night(people: Iterable[dict], *statements: dict, **rows: list[dict]) -> Night:
    """These people, and what they said; other rows by their entity."""
    return list(people), {"consent_events": list(statements), **rows}


def of(one: dict, *how: Any, **more: Any) -> dict:
    """What somebody said, on their own address unless another point is given."""
    return said(one["source_key"], *how, **{"contact_point": one["email"]} | more)


def story(tells: Story) -> Callable[..., None]:
    """Makes a test of a story: it fails as the story does when it is told with the others."""

    def test(told: Callable[[str], str | None]) -> None:
        __tracebackhide__ = True
        failure = told(name_of(tells))
        assert failure is None, failure

    test.__name__, test.__doc__, test.__module__ = tells.__name__, tells.__doc__, tells.__module__
    test.story = tells  # type: ignore[attr-defined]
    return test


def name_of(tells: Story) -> str:
    return f"{tells.__module__}::{tells.__name__}"


def tell(stories: Iterable[Story], permitted: Any, warehouse: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """Tells all of them, night by night. Returns of each how it failed, or None."""
    permitted.remembers = True
    numbers = count()
    failures: dict[str, str | None] = {}
    running = {name_of(one): one(Cast(numbers, warehouse)) for one in stories}
    nights: dict[str, Night] = {}
    found: dict[str, Permitted | None] = dict.fromkeys(running)
    while running:
        for name, generator in [*running.items()]:
            try:
                nights[name] = generator.send(found[name])  # type: ignore[arg-type]
            except StopIteration:
                failures[name] = None
                del running[name]
            except Exception:
                failures[name] = traceback.format_exc()
                del running[name]
        if running:
            found |= _spend(nights, permitted)
    return failures


def _spend(nights: dict[str, Night], permitted: Any) -> dict[str, Permitted | None]:
    """One night of all; those whose story has ended are as they were."""
    people, rows = [], {"reservations": [*FRESH]}
    for name, (own, of_story) in nights.items():
        people += own
        for entity, events in of_story.items():
            rows.setdefault(entity, []).extend(_own_keys(name, events))
    found = permitted(people, **rows)
    told: dict[str, Permitted | None] = {}
    for name, (own, _) in nights.items():
        keys = {one["source_key"] for one in own}
        of_them = told[name] = Permitted({what: point for what, point in found.items() if what[0] in keys})
        of_them.why = {what: reason for what, reason in permitted.why.items() if what[0] in keys}
    return told


def _own_keys(name: str, rows: list[dict]) -> list[dict]:
    """Two stories may give their rows the same keys, or none."""
    keyed = ({"source_key": f"row {crc32(repr(row).encode())}"} | row for row in rows)
    return [row | {"source_key": row["source_key"] and f"{name}/{row['source_key']}"} for row in keyed]
