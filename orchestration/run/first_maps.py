"""What the maps of a source make of the first rows of its tables: all that would be set aside, or be nobody's, in numbers and without a value,
but for words that many rows have in common; and of each map how many rows these are together.

Not here: the rows themselves (first_tables.py), their declared types and keys (first_rows.py), or a night's own SQL (transform/mapping_sql.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from orchestration.contracts.conformed import entities, known_words, never_null_columns
from orchestration.contracts.lacking_evidence import lacking_of
from orchestration.contracts.mapping_parts import Part, how_of, parts_of, said_or_null
from orchestration.contracts.mapping_values import (
    is_ignored,
    mapped_text,
    names_nobody,
    stripped,
    written_amount,
)
from orchestration.contracts.person_rows import counted_by_person
from orchestration.contracts.unknown_words import is_unknown, spelled, told_words
from orchestration.core.settings import Source
from orchestration.core.settings.maps import STATEMENTS, ColumnMap, EntityMap
from orchestration.core.settings.operation import Quality
from orchestration.core.warehouse import key_text, text
from orchestration.core.written_months import read_time
from orchestration.run.findings import Finding
from orchestration.run.first_sums import Misfit, summed
from orchestration.run.first_tables import Brought

_TIMES = ("timestamp", "date")
_NUMBERS = ("decimal", "integer", "bigint", "double")
# required columns that a night fills where a row has none: a key by the row itself, a time of a refusal by when it came
_FILLED = ("source_key", "stated_at")
_WIDEST = ("purpose", "channel")  # and of a withdrawal these
# of the rows that name somebody, so many may name somebody who is not there: guests, people who were deleted
_STRANGERS = 1 / 2


class FirstMaps:
    """The maps of one source, told of its tables one after another."""

    def __init__(self, con: duckdb.DuckDBPyConnection, name: str, source: Source, quality: Quality) -> None:
        self._con, self._name, self._quality = con, name, quality
        parts = parts_of(source.tables, source.null_values, source.null_keys)
        self._parts = [part for of in parts.values() for part in of]
        # people of a table that was not read to its end are not all known
        self._are_known = any(part.mapping.entity == "people" for part in self._parts)
        con.execute("create temp table first_people (key varchar)")
        con.execute("create temp table first_references (what varchar, key varchar)")

    def of_table(self, table_name: str, brought: Brought, unread: Sequence[Misfit], is_summed: bool) -> list[Finding]:
        """`unread` are the rows of the table that no map gets. Where it `is_summed`, all that would be set aside is told as one number too."""
        found = []
        there = {str(c) for (c,) in self._con.execute("select column_name from (describe first_rows)").fetchall()}
        for part in self._parts:
            if part.table != table_name:
                continue
            readable = {target for target in part.mapping.columns if self._is_readable(part, target, there)}
            what = f"{self._name}.{table_name} as {part.mapping.entity}"
            if _is_of_nobody(part):
                told = f"these {part.mapping.entity} name no person, and count for no customer"
                found.append(Finding(what, True, told, "map person_key to the column that says whose they are"))
            if lacking := lacking_of(part.mapping):
                found.append(Finding(what, True, "a yes of it permits nothing yet", "; ".join(lacking)))
            misfits = list(self._misfits(part, readable))
            for one in misfits:
                found.append(
                    Finding(what, one.is_few, f"{one.problem} in the first rows of {brought.where}", one.to_do)
                )
            if is_summed:
                formats = [one for target in readable for one in _written_otherwise(part, target)]
                found.append(self._sum(what, self._kept(part, readable), brought, [*unread, *misfits, *formats]))
            if told := self._nobodys(part, readable):
                found.append(
                    Finding(
                        what, True, f"{told} in the first rows of {brought.where}", "docs/data-engineer.md (Guests)"
                    )
                )
            self._note_people(part, readable, brought)
        if is_summed and not any(part.table == table_name for part in self._parts):
            # of a vendor's table no map tells more
            found.append(self._sum(f"{self._name}.{table_name}", "true", brought, unread))
        return found

    def of_nobody(self) -> list[Finding]:
        """Rows whose person is nobody of the source, where all its people were read."""
        if not self._are_known:
            return []
        rows = self._con.execute(
            "select what, count(*), count(*) filter (where key not in (select key from first_people)) from first_references "
            "group by what having count(*) filter (where key not in (select key from first_people)) > 0 order by what"
        ).fetchall()
        return [
            Finding(
                what, strangers <= _STRANGERS * named, f"person_key: {strangers:,} of {named:,} rows name somebody who is not among the people of {self._name}",
                "map person_key to the column that the people's source_key holds",
            )
            for what, named, strangers in rows
        ]  # fmt: skip

    def _is_readable(self, part: Part, target: str, there: set[str]) -> bool:
        how = part.mapping.how(target)
        # of lines, one says it of all
        elsewhere = [*part.mapping.looked_up, *(part.written.said_once if part.written else [])]
        is_elsewhere = any(column in elsewhere for column in how.columns) if how else True
        return (
            how is not None
            and bool(how.columns)
            and not is_elsewhere
            and set(how.columns) <= there
            and not self._is_computed(part, target)
        )

    @staticmethod
    def _is_computed(part: Part, target: str) -> bool:
        written = part.written.how(target) if part.written else None
        return bool(written and written.is_computed)

    def _sum(self, what: str, kept: str | None, brought: Brought, misfits: Sequence[Misfit]) -> Finding:
        return summed(self._con, what, kept, brought.where, misfits, self._are_few)

    def _kept(self, part: Part, readable: set[str]) -> str | None:
        """SQL: that the map does not leave a row out. None where that cannot be asked of text as it was written."""
        if (where := self._where(part)) is None:
            return None
        hows = [how_of(part.mapping, target) for target in part.mapping.columns if target in readable]
        return " and ".join([where, *(f"not {is_ignored(how)}" for how in hows if how.ignore)])

    def _misfits(self, part: Part, readable: set[str]) -> Iterator[Misfit]:
        if (kept := self._kept(part, readable)) is None:
            return
        rows = self._count("true")
        kinds = entities()[part.mapping.entity]
        required = never_null_columns(part.mapping.entity)
        for target in part.mapping.columns:
            if target not in readable:
                continue
            how = how_of(part.mapping, target)
            said = f"nullif({stripped(said_or_null(part, key_text(how.columns)))}, '')"
            meant = f"nullif({stripped(mapped_text(how))}, '')" if how.values or how.otherwise is not None else said
            is_lacking = target in required and not _is_filled(part.mapping, target)
            is_empty = f"{kept} and {meant} is null"
            if is_lacking and (empty := self._count(is_empty)):
                yield Misfit(
                    self._are_few(empty, rows),
                    f"{target}: {empty:,} rows have none, and would be set aside",
                    "map a column that every row has",
                    is_empty,
                    f"{target} is missing",
                )
            is_bad = f"{kept} and {said} is not null and {_cannot_be(part, how, kinds[target])}"
            if bad := self._count(is_bad):
                yield Misfit(
                    self._are_few(bad, rows),
                    f"{target}: {bad:,} values cannot be read as {kinds[target]}",
                    _TO_DO.get(kinds[target], _OTHERWISE),
                    is_bad if how.on_bad == "quarantine" or target in required else "",
                    f"{target} cannot be read",
                )
            if (words := known_words(part.mapping.entity).get(target)) and not self._is_statement(part):
                yield from self._unknown(target, how, kept, said, words, rows)

    def _where(self, part: Part) -> str | None:
        """SQL: that a row is one of the map's. None where the condition cannot be asked of text as it was written."""
        where = part.written.where if part.written else None
        if not where:
            return "true"
        texts = "select rowid, nullif(columns(*), '') from first_rows"
        condition = f"rowid in (select rowid from ({texts}) where {where})"
        try:
            self._count(condition)
        except duckdb.Error:
            return None
        return condition

    @staticmethod
    def _is_statement(part: Part) -> bool:
        """Of statements what a word means is read by rules of their own."""
        return part.mapping.entity in STATEMENTS

    def _unknown(
        self, target: str, how: ColumnMap, kept: str, said: str, words: frozenset[str], rows: int
    ) -> Iterator[Misfit]:
        word = spelled(mapped_text(how))
        unknown = f"{kept} and {said} is not null and {is_unknown(mapped_text(how), words)}"
        if count := self._count(unknown):
            found = self._con.execute(
                f"select {word}, count(*) from first_rows where {unknown} group by 1 order by 2 desc, 1"
            ).fetchall()
            shared, others = told_words(found)
            told = (
                f": {', '.join(shared)}" + (f", and {others:,} more" if others else "")
                if shared
                else f" ({others:,} in all)"
            )
            yield Misfit(
                self._are_few(count, rows),
                f"{target}: {count:,} {'row has' if count == 1 else 'rows have'} a word that no map knows{told}",
                "name them in `values`, or say `else`",
                unknown,
                f"{target} has a word that no map knows",
            )

    def _are_few(self, set_aside: int, rows: int) -> bool:
        """Whether a night would publish so many of so many rows set aside."""
        share, least = self._quality.max_quarantine_share * rows, self._quality.max_quarantine_rows
        return set_aside <= rows / 2 and (set_aside <= share or set_aside <= least)

    def _nobodys(self, part: Part, readable: set[str]) -> str:
        """How many rows that somebody buys or has name nobody: guests."""
        kept = self._kept(part, readable)
        if part.mapping.entity not in counted_by_person() or "person_key" not in readable or kept is None:
            return ""
        key = key_text(how_of(part.mapping, "person_key").columns)
        is_nobody = f"{kept} and coalesce({names_nobody(key, (*part.nulls, *part.null_keys))}, true)"
        if not (nobodys := self._count(is_nobody)):
            return ""
        return f"person_key: {nobodys:,} of {self._count(kept):,} rows name nobody, and count for no customer,"

    def _note_people(self, part: Part, readable: set[str], brought: Brought) -> None:
        system = str(part.mapping.constants.get("person_system", self._name))
        target = "source_key" if part.mapping.entity == "people" else "person_key"
        if target == "source_key":
            if target in readable:
                self._con.execute(
                    f"insert into first_people select {part.key()} as k from first_rows where k is not null"
                )
            self._are_known &= target in readable and (brought.is_whole or part.mapping.one_row_per_key)
        elif target in readable and system == self._name and "person_system" not in part.mapping.columns:
            key = key_text(how_of(part.mapping, target).columns)
            what = f"{self._name}.{part.table} as {part.mapping.entity}"
            self._con.execute(
                f"insert into first_references select {text(what)}, {key} from first_rows where not {names_nobody(key, (*part.nulls, *part.null_keys))}"
            )

    def _count(self, condition: str) -> int:
        return int(self._con.execute(f"select count(*) from first_rows where {condition}").fetchall()[0][0])


def _is_filled(mapping: EntityMap, target: str) -> bool:
    """Whether a night puts something in where a row has none."""
    is_withdrawal = mapping.entity == "consent_events" and mapping.constants.get("status") == "withdrawn"
    return target in _FILLED or (is_withdrawal and target in _WIDEST)


def _is_of_nobody(part: Part) -> bool:
    """Whether rows that somebody buys or has are mapped without whose they are."""
    said = {*part.mapping.columns, *part.mapping.constants}
    return part.mapping.entity in counted_by_person() and "person_key" not in said


_OTHERWISE = "map another column"
_TO_DO = {"timestamp": "say `formats` of the mapping", "date": "say `formats` of the mapping"}


def _written_otherwise(part: Part, target: str) -> Iterator[Misfit]:
    """Values that none of a column's formats reads; first_rows.py tells them of the table. Of times with an offset none is tried."""
    how = how_of(part.mapping, target)
    if not how.formats or len(how.columns) > 1 or any("%z" in one for one in how.formats) or how.on_bad != "quarantine":
        return
    said = f"nullif({stripped(said_or_null(part, key_text(how.columns)))}, '')"
    unread = f"{said} is not null and {read_time(said, how.formats)} is null"
    yield Misfit(True, "", "", unread, f"{target} cannot be read")


def _cannot_be(part: Part, how: ColumnMap, kind: str) -> str:
    """SQL: whether a value is none of a conformed column. Formats, and types that are declared, are tried apart (first_rows.py)."""
    kind = kind.lower()
    value = mapped_text(how)
    if kind in _TIMES:
        return f"try_cast({value} as timestamptz) is null" if not how.formats else "false"
    if kind.startswith(_NUMBERS):
        if part.shape.columns.get(how.columns[0], "VARCHAR").upper() != "VARCHAR":
            return "false"
        value = written_amount(value, how.decimal) if how.decimal else value
        return f"try_cast({value} as {'double' if kind in ('integer', 'bigint') else kind}) is null"
    return f"try_cast({value} as boolean) is null" if kind == "boolean" else "false"
