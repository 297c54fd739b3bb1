"""Rows that cannot enter raw: values of another type, cursors of the future. Here: what they are rejected for, and where they go.

Not here: lines that a reader could not split into fields (csv_files.py, json_files.py).
"""

from __future__ import annotations

import re

import duckdb

from orchestration.contracts.reasons import set_aside_as
from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, scalar, text
from orchestration.extract.merging import count
from orchestration.extract.nested import declared_parts, fits, is_nested
from orchestration.extract.records import LoadCounts
from orchestration.extract.repeated_headers import REPEATED
from orchestration.privacy.intake.entry_columns import kept_columns
from orchestration.privacy.intake.rejected_withdrawals import REPLACED

# types of a cursor that is a time
TIMES = ("VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER|[1248])?|LONG|SHORT|SIGNED")
# PostgreSQL's first; an infinite time that a driver took for a number lies before it
_FIRST_DAY = "date '4714-11-24 (BC)'"


def cast_keys(key: list[str], columns: dict[str, str]) -> str:
    """SELECT list that casts the columns of a key as a load casts them: as text, 022 and 22 are two keys."""
    return ", ".join(f"{_cast(c, columns[c])} as {quote(c)}" for c in key)


def cast_or_reject(columns: dict[str, str], nulls: list[str]) -> str:
    """SELECT list that casts every column; `_bad` names the first that could not be, `_content` is then the whole row, of which
    nothing is kept that is not declared."""

    typed = [f"{_cast(c, t)} as {quote(c)}" for c, t in columns.items()]
    listed = ", ".join(text(value) for value in nulls)
    is_said = f" and trim({{0}}::varchar) not in ({listed})" if listed else ""
    failed = [
        f"case when {quote(c)} is not null and {_cast(c, t)} is null{is_said.format(quote(c))} then {text(c)} end"
        for c, t in columns.items()
        if t.upper() != "VARCHAR"
    ]
    bad = f"coalesce({', '.join(failed)}, null)" if failed else "null::varchar"
    values = ", ".join(f"{text(c)}: {_declared(c, t)}" for c, t in columns.items())
    content = f"case when ({bad}) is not null then to_json({{{values}}})::varchar end"
    return ", ".join([*typed, f"{bad} as _bad", f"{content} as _content"])


def _declared(column: str, kind: str) -> str:
    """SQL: a column's value without parts that its type does not declare."""
    if is_nested(kind):
        return declared_parts(quote(column), kind)
    if kind.upper() in ("VARCHAR", "JSON"):
        return quote(column)
    return f"case when not regexp_matches({quote(column)}::varchar, '^\\s*[\\[{{]') then {quote(column)} end"


def _cast(column: str, kind: str) -> str:
    # a cast to TIMESTAMP would drop the offset: 02:00+02:00 is midnight
    if kind.upper() in ("TIMESTAMP", "DATETIME"):
        return f"(try_cast({quote(column)} as timestamptz) at time zone current_setting('TimeZone'))"
    cast = f"try_cast({quote(column)} as {kind})"
    if is_nested(kind):
        return f"case when {fits(quote(column), kind, _fits)} then {cast} end"
    return f"case when not ({is_fraction(quote(column))}) then {cast} end" if is_whole_number(kind) else cast


def _fits(value: str, kind: str) -> str:
    """SQL: whether a part of a nested value is of its type."""
    cast = f"try_cast({value} as {kind}) is not null"
    return f"({cast} and not ({is_fraction(value)}))" if is_whole_number(kind) else cast


def is_whole_number(kind: str) -> bool:
    return _WHOLE.fullmatch(kind.strip().upper()) is not None


def is_fraction(value: str) -> str:
    """SQL: whether a value is a number with a fraction, which a cast to whole numbers rounds into another one.

    Digits of a long number are compared as they are written: a DOUBLE does not hold them all.
    """
    written = f"{value}::varchar"
    return (
        f"(contains({written}, '.') or contains(lower({written}), 'e')) and "
        f"(coalesce(try_cast({value} as double) % 1 <> 0, false) or regexp_matches({written}, '\\.\\d*[1-9]\\d*\\s*$'))"
    )


def known_rejects(source: str, name: str) -> str:
    """A SELECT of the rows of a table that earlier loads rejected."""
    return (
        f"select content from quarantine.rejected_rows where source = {text(source)} and table_name = {text(name)} "
        "and content is not null"
    )


def reject_uncastable(
    con: duckdb.DuckDBPyConnection,
    columns: dict[str, str],
    load_id: int,
    source: str,
    name: str,
    counts: LoadCounts,
    max_share: float,
) -> None:
    bad = con.execute("select _bad, count(*) from batch where _bad is not null group by all order by 2 desc").fetchall()
    for column, rows in bad:
        filled = scalar(con, f"select count({quote(column)}) from batch")
        if rows <= max_share * (rows + filled) or rows == 1:
            continue
        # rows that raw lacks are asked for each night: those that were rejected before say nothing of a retyped column
        fresh = scalar(
            con,
            f"select count(*) from batch where _bad = {text(column)} and _content not in ({known_rejects(source, name)})",
        )
        if fresh > max_share * (fresh + filled) and fresh > 1:
            raise SourceError(
                f"source {source}, table {name}: column {column} is no longer {columns[column]} "
                f"({rows} of {counts.source_rows} rows cannot be read as such)",
                to_do="fix the export, or change the column's type in the configuration and its staging model",
            )
    if bad:
        con.execute(
            f"insert into fresh_rejects select ?, ?, ?, _source_file, null, _bad, {set_aside_as('not_of_type')}, _content "
            "from batch where _bad is not null",
            [load_id, source, name],
        )
        con.execute("delete from batch where _bad is not null")
        counts.rejected += sum(rows for _, rows in bad)
    con.execute("alter table batch drop column _bad")
    con.execute("alter table batch drop column _content")


def reject_endless(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: dict[str, str],
    load_id: int,
    source: str,
    name: str,
    counts: LoadCounts,
) -> None:
    """Times of no calendar: an infinite one is none, and a row with one before all calendars is rejected, as -infinity is."""
    times = [c for c, t in columns.items() if t.upper().startswith(("DATE", "TIMESTAMP"))]
    if not times:
        return
    fresh = f"_load_id = {load_id}"
    early = {c: f"{quote(c)} < {_FIRST_DAY}" for c in times}
    asked = ", ".join(f"count(*) filter ({quote(c)} = 'infinity'), count(*) filter ({early[c]})" for c in times)
    found = con.execute(f"select {asked} from {relation} where {fresh}").fetchall()[0]
    for column, endless, before in zip(times, found[::2], found[1::2], strict=True):
        if endless:
            con.execute(f"update {relation} set {quote(column)} = null where {fresh} and {quote(column)} = 'infinity'")
        if before:
            content = ", ".join(f"{text(c)}: {quote(c)}::varchar" for c in columns)
            gone = f"{relation} where {fresh} and {early[column]}"
            con.execute(
                f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, _source_file, null, {text(column)}, "
                f"{set_aside_as('before_all_calendars')}, to_json({{{content}}})::varchar from {gone}"
            )
            counts.rejected += int(scalar(con, f"delete from {gone}"))


def reject_future(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    load_id: int,
    source: str,
    name: str,
    counts: LoadCounts,
) -> None:
    """Rejects rows whose cursor is more than a day ahead of the clock, for they would hide every later change of theirs.

    A day's grace is for time zones. Statements are never rejected for it: a withdrawal with a wrong clock is one.
    """
    kind = table.columns[table.cursor].upper() if table.cursor else ""
    if not table.cursor or kind not in TIMES or table.holds_statements:
        return
    # a time is compared as it is, by the blocks' bounds; only text is read row by row
    cursor = quote(table.cursor)
    moment = cursor if kind in ("DATE", "TIMESTAMP") else f"try_cast({cursor}::varchar as timestamp)"
    ahead = f"{moment} > (now() at time zone 'UTC' + interval 1 day) and _load_id = {load_id}"
    found = count(con, f"(select 1 from {relation} where {ahead})")
    if not found:
        return
    columns = ", ".join(f"{text(c)}: {quote(c)}" for c in kept_columns(table))
    con.execute(
        f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, _source_file, null, {text(table.cursor)}, "
        f"{set_aside_as('cursor_in_future')}, to_json({{{columns}}})::varchar from {relation} where {ahead}"
    )
    con.execute(f"delete from {relation} where {ahead}")
    counts.rejected += found


def rejected_lines(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """File → lines of it that this load rejected; those of which no file is known are of the name ""."""
    # a statement that another row replaced was read, and a header is no row
    told = f"from fresh_rejects where reason_code not in ({text(REPLACED)}, {text(REPEATED)}) group by 1"
    return dict(con.execute(f"select coalesce(file, ''), count(*) {told}").fetchall())
