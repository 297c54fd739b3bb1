"""Raw tables: their names, their columns, and the contract that a delivery must meet.

Here: creating a raw table, fitting it to changed declarations, comparing a delivery's columns with the declared ones.
Not here: loading rows (landing.py).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.core.warehouse import has_table, quote, scalar
from orchestration.extract.vendors.maps import opt_outs_in
from orchestration.privacy.intake.entry_columns import dropped_columns, kept_columns
from orchestration.privacy.intake.national_ids_in_text import national_ids_in

TECHNICAL = {
    "_load_id": "BIGINT",
    "_extracted_at": "TIMESTAMP",
    "_deleted_at": "TIMESTAMP",
    "_source_file": "VARCHAR",
    "_row_key": "VARCHAR",
    "_newest_file": "VARCHAR",
}


_DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d(?!\d)")
# as many digits as a phone number has, with what people write between them
_NUMBER = re.compile(r"\d(?:[ ().+/-]{0,2}\d){6,}")
_WORD = re.compile(r"[\w$.:/-]+")
# what stands in place of a name that is not told begins so
_MASK = "*** ("


def told_name(column: str) -> str:
    """An undeclared column's name as it may be told and stored. Whoever keys an object by people writes an address or a number
    where a name belongs: of such a name only what it looks like is told."""
    if "@" in column:
        return f"{_MASK}an address)"
    if any(national_ids_in(column)) or _NUMBER.search(_DAY.sub(" ", column)):
        return f"{_MASK}a number)"
    return column


def told_key(key: str) -> str:
    """The same of a key of JSON, which may be a value: of one that is not written as a word, as a person's name is not, only that."""
    told = told_name(key)
    return told if told != key or _WORD.fullmatch(key) else f"{_MASK}more than a word)"


def is_told(column: str, *, is_key: bool) -> bool:
    """Whether a name is told as it is written; `is_key`: one of JSON."""
    return not column.startswith(_MASK) and (told_key if is_key else told_name)(column) == column


def raw_name(source: str, table: str) -> str:
    return f"{quote('raw_' + source)}.{quote(table)}"


def ensure_raw(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> None:
    """Creates the raw table, empty, so that staging can read it before the source was ever reached."""
    con.execute(f"create schema if not exists {quote('raw_' + source)}")
    kept = kept_columns(table)
    columns = ", ".join(f"{quote(c)} {t}" for c, t in {**kept, **TECHNICAL}.items())
    con.execute(f"create table if not exists {raw_name(source, name)} ({columns})")
    there = raw_types(con, source, name)
    for column, kind in {**kept, **TECHNICAL}.items():
        if column.lower() not in {c.lower() for c in there}:
            con.execute(f"alter table {raw_name(source, name)} add column {quote(column)} {kind}")


def raw_types(con: duckdb.DuckDBPyConnection, source: str, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in con.execute(f"describe {raw_name(source, name)}").fetchall()}


def fit_raw(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> None:
    """Fits the raw table to what is declared now.

    A column of another type is converted where every value of it can be read as the declared type. Columns that
    entered undeclared, by an older version, go: ops.loads names them. Raises SourceError where a value cannot be read.
    """
    target = raw_name(source, name)
    there = raw_types(con, source, name)
    wanted = canonical(con, kept_columns(table))
    for column in undeclared_before(con, source, name) or ():
        if column in there and column not in table.columns:
            con.execute(f"alter table {target} drop column {quote(column)}")
    for column, kind in wanted.items():
        if there.get(column, kind) == kind:
            continue
        lost = scalar(
            con,
            f"select count(*) from {target} where {quote(column)} is not null and try_cast({quote(column)} as {kind}) is null",
        )
        if lost:
            raise SourceError(
                f"source {source}, table {name}: column {column} was {there[column]} and is now declared {kind}, but {lost:,} "
                "values that are there cannot be read as such",
                to_do=f'declare it "{there[column]}" as before and cast it in the mapping, or give the table another name, '
                "which loads it anew",
            )
        con.execute(
            f"alter table {target} alter column {quote(column)} type {kind} using try_cast({quote(column)} as {kind})"
        )


def undeclared_before(con: duckdb.DuckDBPyConnection, source: str, name: str) -> set[str] | None:
    """The columns beyond the declared ones that earlier loads had, as they may be told; None where there was none."""
    # a look without a home has no loads
    if not has_table(con, "ops", "loads"):
        return None
    loads = "select count(*), flatten(list(added_columns)) from ops.loads where source = ? and table_name = ?"
    (row,) = con.execute(loads, [source, name]).fetchall()
    return set(row[1] or []) if row[0] else None


def canonical(con: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> dict[str, str]:
    """The types as DuckDB writes them: DECIMAL(18, 2) is DECIMAL(18,2) there."""
    if not columns:
        return {}
    described = con.execute("describe select " + ", ".join(f"null::{t} as {quote(c)}" for c, t in columns.items()))
    return {row[0]: row[1] for row in described.fetchall()}


def check_contract(
    source: str,
    name: str,
    table: Table,
    found: list[str],
    where: str,
    told: Callable[[str], str] = told_name,
    before: Collection[str] | None = None,
) -> list[str]:
    """The columns that the source has beyond those declared, as they may be `told`: they are not loaded. `before` are those that earlier
    loads had, as they were told; None where nobody knows: then none is new.

    Raises SourceError when a declared one is missing, naming what may be its new name, or stands there twice;
    and where one that is not declared says who opted out.
    """
    missing = [c for c in table.columns if c not in found]
    added = list(dict.fromkeys(told(c) for c in found if c and c not in table.columns))
    if missing and len(missing) == len(table.columns):
        # what stands there instead may be a row of somebody's: it is not told
        raise SourceError(
            f"source {source}, table {name}: none of its columns is there; is the header missing?",
            where=where,
            to_do=f"the columns are {', '.join(table.columns)}: fix the export, or say csv = {{ has_header = false }} for the table",
        )
    refusing = [told(c) for c in opt_outs_in(found, table.opt_outs) if c not in table.columns]
    if refusing:
        more = f"name it below [sources.{source}.tables.{name}]: more = {json.dumps([*table.more, *refusing], ensure_ascii=False)}"
        lacked = [column for column in refusing if column in table.lacks]
        raise SourceError(
            f"source {source}, table {name}: {', '.join(refusing)} says who opted out, and is not read",
            where=where,
            to_do=f"it is there now: take {', '.join(lacked)} out of lacks below [sources.{source}.tables.{name}]"
            if lacked
            else more,
        )
    if missing:
        # of what never enters raw no load tells
        new = [column for column in added if column not in {*(before or ()), *dropped_columns(table, added)}]
        hint = f"; {'not declared' if before is None else 'new'} there: {', '.join(new)} (renamed?)" if new else ""
        raise SourceError(
            f"source {source}, table {name}: column {', '.join(missing)} is gone{hint}",
            where=where,
            to_do=f"fix the export; where it is right, change the {'line' if len(missing) == 1 else 'lines'} "
            + ", ".join(f'{c} = "{table.columns[c]}"' for c in missing)
            + f" below [sources.{source}.tables.{name}.columns], and what reads it: its map or its staging model",
        )
    doubled = [c for c, times in Counter(found).items() if times > 1 and c in table.columns]
    if doubled:
        raise SourceError(
            f"source {source}, table {name}: column {', '.join(doubled)} stands there twice, and nothing says which is meant",
            where=where,
            to_do="rename one of the two in the export",
        )
    return added
