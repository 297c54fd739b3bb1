"""Stories: tests of consent whose people live through the same nights, each story with people of its own.

A night of identity, ledger and permissions takes as long for one person as for hundreds. A story is a generator that yields
the people and rows of a night, and is sent what was permitted of its own people. All stories of a run go through their first
night together, then through their second. A story alone has the same nights: nobody of one shares a whole name, a birth date,
an address or a number with anybody of another. A row without a key of its own is the same row in every night that has it as
it is.

What all people of a night have in common (its time, registers and number of namesakes) is the setting of a story: stories of one
setting are told together, in a warehouse of their own. Not here: tests of what is of no person (`permitted`).
"""

from __future__ import annotations

import tomllib
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from zlib import crc32

import duckdb

from orchestration.core.settings import Settings
from tests.unit.consent import ELSEWHERE, said
from tests.unit.people import MOST, someone

# every register, fresh, with somebody else in it
REGISTERS = [{"register": r, "version_on": "2026-05-31", **ELSEWHERE} for r in ("nix_telefon", "nix_adresserat", "reservasjonsregisteret", "robinson")]  # fmt: skip
# a source whose people are in raw, and in no conformed table: they were set aside
SHOP = Settings.model_validate(
    tomllib.loads("""
company = "T"
[sources.shop]
connector = "files"
url = "."
[sources.shop.tables.people]
path = "p*.csv"
columns = { line = "BIGINT", no = "VARCHAR", first = "VARCHAR", last = "VARCHAR", mail = "VARCHAR", mobile = "VARCHAR", born = "VARCHAR" }
key = ["line"]
[[sources.shop.tables.people.maps]]
entity = "people"
columns = { source_key = "no", given_name = "first", family_name = "last", email = "mail", phone = "mobile", birth_date = "born" }
""")
)
Night = tuple[list[dict], dict[str, list[dict]]]


class Permitted(dict[tuple[str, str, str], str]):
    """{(source_key, purpose, channel): contact point} of a story's people, and `why` it is so."""

    why: dict[tuple[str, str, str], str]

    @property
    def keys_of(self) -> set[str]:
        """The records that are permitted anything."""
        return {key for key, _, _ in self}


Story = Callable[["Cast"], Generator[Night, Permitted, None]]


@dataclass(frozen=True)
class Setting:
    """What all people of a night have in common. Each by night; the last goes on in all nights after it."""

    at: tuple[str, ...] = ("2026-06-01",)
    registers: tuple[list[dict], ...] = (REGISTERS,)
    namesakes: tuple[int, ...] = (1,)

    @property
    def name(self) -> str:
        return f"stories-{crc32(repr(self).encode())}"

    def of_night(self, nth: int) -> tuple[str, list[dict], int]:
        """Its time, registers and number of namesakes."""
        at, registers, namesakes = (each[min(nth, len(each) - 1)] for each in (self.at, self.registers, self.namesakes))
        return at, registers, namesakes


PLAIN = Setting()


class Cast:
    """Whom a story may have: somebody else at each call."""

    def __init__(self, numbers: Iterator[int], warehouse: duckdb.DuckDBPyConnection) -> None:
        self._numbers, self.warehouse = numbers, warehouse

    def one(self, **more: Any) -> dict:
        number = next(self._numbers)
        assert number < MOST, "no names are left: tell some of the stories apart"
        return someone(number, **more)

    def many(self, how_many: int, **more: Any) -> list[dict]:
        return [self.one(**more) for _ in range(how_many)]

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """What the warehouse holds after a night. The other stories' rows are in it too."""
        return self.warehouse.execute(sql, list(values)).fetchall()


def night(people: Iterable[dict], *statements: dict, **rows: list[dict]) -> Night:
    """These people, and what they said; other rows by their entity. `shop`: rows of
    people of the shop, who are in no conformed table; `lines`: its rejected lines."""
    return list(people), {"consent_events": list(statements), **rows}


def of(one: dict, *how: Any, **more: Any) -> dict:
    """What somebody said, on their own address unless another point is given."""
    return said(one["source_key"], *how, **{"contact_point": one["email"]} | more)


def story(tells: Story | None = None, **setting: Any) -> Any:
    """Makes a test of a story: it fails as the story does when it is told with the others of its setting."""
    if tells is None:
        return partial(story, **setting)

    def test(told: Callable[[Any], str | None]) -> None:
        __tracebackhide__ = True
        failure = told(test)
        assert failure is None, failure

    test.__name__, test.__doc__, test.__module__ = tells.__name__, tells.__doc__, tells.__module__
    test.story, test.setting = tells, Setting(**setting)  # type: ignore[attr-defined]
    return test


def name_of(tells: Story) -> str:
    return f"{tells.__module__}::{tells.__name__}"


def tell(
    stories: Iterable[Story], permitted: Any, warehouse: duckdb.DuckDBPyConnection, setting: Setting = PLAIN
) -> dict[str, str | None]:
    """Tells all of them, night by night. Returns of each how it failed, or None."""
    permitted.remembers = True
    numbers = count()
    failures: dict[str, str | None] = {}
    running = {name_of(one): one(Cast(numbers, warehouse)) for one in stories}
    nights: dict[str, Night] = {}
    found: dict[str, Permitted | None] = dict.fromkeys(running)
    for nth in count():
        for name, generator in [*running.items()]:
            try:
                nights[name] = generator.send(found[name])  # type: ignore[arg-type]
            except StopIteration:
                failures[name] = None
                del running[name]
            except Exception:
                failures[name] = traceback.format_exc()
                del running[name]
        if not running:
            break
        found |= _spend(nights, permitted, warehouse, *setting.of_night(nth))
    return failures


def _spend(
    nights: dict[str, Night],
    permitted: Any,
    warehouse: duckdb.DuckDBPyConnection,
    at: str,
    registers: list[dict],
    namesakes: int,
) -> dict[str, Permitted | None]:
    """One night of all; those whose story has ended are as they were."""
    people, rows = [], {"reservations": [*registers]}
    aside: dict[str, list] = {"shop": [], "lines": []}
    for name, (own, of_story) in nights.items():
        people += own
        for entity, events in of_story.items():
            if entity in aside:
                aside[entity] += events
            else:
                rows.setdefault(entity, []).extend(_own_keys(name, events))
    permitted.namesakes = namesakes
    # to read what was set aside takes a while of its own: a night does it where a story says what there is
    permitted.settings = SHOP if any("shop" in of_story for _, of_story in nights.values()) else None
    if permitted.settings:
        set_aside(warehouse, aside["shop"], aside["lines"])
    found = permitted(people, at=at, **rows)
    told: dict[str, Permitted | None] = {}
    for name, (own, _) in nights.items():
        keys = {one["source_key"] for one in own}
        of_them = told[name] = Permitted({what: point for what, point in found.items() if what[0] in keys})
        of_them.why = {what: reason for what, reason in permitted.why.items() if what[0] in keys}
    return told


def set_aside(warehouse: duckdb.DuckDBPyConnection, rows: Iterable[dict], lines: Iterable[str]) -> None:
    """Puts these people, and no others, into the shop's raw table, and lines among those that were rejected."""
    warehouse.execute("delete from raw_shop.people; delete from quarantine.rejected_rows")
    for number, line in enumerate(lines, start=1):
        warehouse.execute(
            "insert into quarantine.rejected_rows values (1, 'shop', 'people', 'p.csv', ?, null, 'r', 'unknown', ?)",
            [number, line],
        )
    for number, row in enumerate(rows, start=1):
        whole = {"line": number, "_load_id": 1, **row}
        warehouse.execute(
            f"insert into raw_shop.people ({', '.join(whole)}) values ({', '.join('?' * len(whole))})",
            list(whole.values()),
        )


def _own_keys(name: str, rows: list[dict]) -> list[dict]:
    """Two stories may give their rows the same keys, or none."""
    keyed = ({"source_key": f"row {crc32(repr(row).encode())}"} | row for row in rows)
    return [row | {"source_key": row["source_key"] and f"{name}/{row['source_key']}"} for row in keyed]
