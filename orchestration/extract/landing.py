"""The one way into raw: contract check, then merge on key, in one transaction. Here: set-wise SQL for every connector.

A connector hands over a `Batch`: a SELECT whose columns are the source's, plus what it already rejected.
Not here: reading a source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import duckdb

from orchestration.errors import SourceError
from orchestration.extract.records import LoadCounts, next_load_id, now, write_load
from orchestration.privacy.entry import clean, clean_rejects, dropped_columns, free_text_columns, kept_columns
from orchestration.privacy.national_ids import keep_national_ids, remove_written_numbers
from orchestration.privacy.pepper import Pepper
from orchestration.privacy.special_categories import special_category_of
from orchestration.privacy.suppressor import Suppressor
from orchestration.settings import Table
from orchestration.warehouse import quote, scalar, text, transaction

TECHNICAL = {
    "_load_id": "BIGINT",
    "_extracted_at": "TIMESTAMP",
    "_deleted_at": "TIMESTAMP",
    "_source_file": "VARCHAR",
    "_row_key": "VARCHAR",
}
# types of a cursor that is a time
_TIMES = ("VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")


@dataclass
class Batch:
    """One delivery. `select` yields every column of `columns` and, when `has_file`, `_source_file` and `_row_key`."""

    select: str
    columns: dict[str, str]
    has_file: bool = False
    is_text: bool = False  # values came as text or loosely typed: cast with TRY_CAST, reject what fails
    after: Callable[[int], int] = lambda load_id: 0  # writes the connector's own notes and rejects; returns the rejects
    keys_there: str | None = None  # a SELECT of every key that the source still has
    added: list[str] = field(default_factory=list)
    is_columnar: bool = False  # `select` reads columns of files, and may be asked again


def raw_name(source: str, table: str) -> str:
    return f"{quote('raw_' + source)}.{quote(table)}"


def ensure_raw(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> None:
    """Creates the raw table, empty, so that staging can read it before the source was ever reached."""
    con.execute(f"create schema if not exists {quote('raw_' + source)}")
    kept = kept_columns(table)
    columns = ", ".join(f"{quote(c)} {t}" for c, t in {**kept, **TECHNICAL}.items())
    con.execute(f"create table if not exists {raw_name(source, name)} ({columns})")
    there = {row[0] for row in con.execute(f"describe {raw_name(source, name)}").fetchall()}
    for column, kind in kept.items():
        if column not in there:
            con.execute(f"alter table {raw_name(source, name)} add column {quote(column)} {kind}")


def check_contract(source: str, name: str, table: Table, found: list[str], where: str) -> list[str]:
    """The columns that the source added. Raises SourceError when a declared one is gone, naming what may be its new name."""
    missing = [c for c in table.columns if c not in found]
    added = [c for c in found if c not in table.columns]
    if missing and len(missing) == len(table.columns):
        # what stands there instead may be a row of somebody's: it is not told
        raise SourceError(
            f"source {source}, table {name}: none of its columns is there; is the header missing?",
            where=where,
            to_do=f"the columns are {', '.join(table.columns)}: mend the export, or say csv = {{ has_header = false }} for the table",
        )
    if missing:
        hint = f"; new there: {', '.join(added)} (renamed?)" if added else ""
        raise SourceError(
            f"source {source}, table {name}: column {', '.join(missing)} is gone{hint}",
            where=where,
            to_do="mend the export, or change the table's columns in the configuration and its staging model",
        )
    return added


def load(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    table: Table,
    batch: Batch,
    max_reject_share: float,
    pepper: Pepper | None = None,
    suppressor: Suppressor | None = None,
) -> LoadCounts:
    """Merges a batch into raw in one transaction; the load log is part of it. Returns the books of the load.

    Columns of national identity numbers and of special categories stay behind, and what free text tells of them;
    `pepper` is the secret of what a table keeps of numbers. Whoever was erased stays out by the `suppressor`.

    Raises SourceError when so large a share of a column cannot be cast that the source must have retyped it.
    """
    target = raw_name(source, name)
    with transaction(con):
        load_id = next_load_id(con)
        con.execute("create or replace temp table fresh_rejects as from quarantine.rejected_rows limit 0")
        dropped = dropped_columns(table, batch.columns)
        counts = LoadCounts(added_columns=[c for c in batch.added if c not in dropped], dropped_columns=dropped)
        is_suppressed = bool(suppressor and suppressor.has_work(table))
        is_read = bool(free_text_columns(table, batch.columns) or table.questions)
        is_copied = bool(table.national_id) or is_suppressed or (is_read and not batch.is_columnar)
        if is_copied:
            # a temp table: what is not to enter never lies in the warehouse's file
            con.execute(f"create or replace temp table delivered as {batch.select}")
            batch = replace(batch, select="from delivered")
        if suppressor and is_suppressed:
            counts.suppressed = suppressor.keep_out(con, source, table, "delivered")
        if pepper and table.national_id:
            counts.invalid_national_ids = keep_national_ids(con, source, table, "delivered", pepper)
        batch = _without(batch, dropped)
        if is_read:
            select, counts.removed = clean(con, table, f"({batch.select})", batch.columns)
            batch = replace(batch, select=select)
        _widen(con, target, batch)
        is_first = not con.execute(f"select 1 from {target} limit 1").fetchall()
        columns = list(batch.columns)
        technical = f"{load_id} as _load_id, timestamp {text(now().isoformat(sep=' '))} as _extracted_at, null::timestamp as _deleted_at"
        technical += (
            ", _source_file, _row_key"
            if batch.has_file
            else ", null::varchar as _source_file, null::varchar as _row_key"
        )
        if is_first and not batch.is_text and not table.is_whole:
            names = ", ".join(quote(c) for c in [*columns, *TECHNICAL])
            casts = ", ".join(f"{quote(c)}::{t} as {quote(c)}" for c, t in batch.columns.items())
            con.execute(f"insert into {target} ({names}) select {casts}, {technical} from ({batch.select})")
            inserted = _count(con, target)
            counts.duplicates = _drop_duplicates(con, target, table, inserted)
            counts.source_rows, counts.inserted = inserted, inserted - counts.duplicates
            _reject_future(con, target, table, load_id, source, name, counts)
            counts.inserted = _count(con, target)
        else:
            con.execute(
                f"create or replace temp table batch as select {_casts(batch)}, {technical} from ({batch.select})"
            )
            counts.source_rows = _count(con, "batch")
            if batch.is_text:
                _reject_uncastable(con, batch, load_id, source, name, counts, max_reject_share)
            _reject_future(con, "batch", table, load_id, source, name, counts)
            if table.is_whole:
                keys = ", ".join(quote(c) for c in table.key)
                con.execute(
                    f"create or replace temp table keys_there as select {keys} from batch where _source_file = (select max(_source_file) from batch)"
                )
                batch = replace(batch, keys_there="from keys_there")
            counts.duplicates += _drop_duplicates(con, "batch", table, counts.source_rows)
            _merge(con, target, table, columns, counts)
            con.execute("drop table batch")
        if batch.keys_there:
            counts.deleted = _mark_deleted(con, target, table, batch.keys_there, load_id)
        if is_copied:
            con.execute("drop table delivered")
        rejected = batch.after(load_id)
        if dropped:
            remove_written_numbers(con)
        clean_rejects(con, has_special=any(special_category_of(column) for column in dropped))
        if suppressor and is_suppressed:
            suppressor.empty_rejects(con, "fresh_rejects")
        con.execute("insert into quarantine.rejected_rows from fresh_rejects; drop table fresh_rejects")
        counts.rejected += rejected
        counts.source_rows += rejected
        write_load(con, load_id, source, name, counts)
        return counts


def _without(batch: Batch, dropped: list[str]) -> Batch:
    if not dropped:
        return batch
    columns = {c: t for c, t in batch.columns.items() if c not in dropped}
    return replace(batch, columns=columns, added=[c for c in batch.added if c not in dropped])


def _casts(batch: Batch) -> str:
    if not batch.is_text:
        return ", ".join(f"{quote(c)}::{t} as {quote(c)}" for c, t in batch.columns.items())
    typed = [f"try_cast({quote(c)} as {t}) as {quote(c)}" for c, t in batch.columns.items()]
    failed = [
        f"case when {quote(c)} is not null and try_cast({quote(c)} as {t}) is null then {text(c)} end"
        for c, t in batch.columns.items()
        if t.upper() != "VARCHAR"
    ]
    bad = f"coalesce({', '.join(failed)}, null)" if failed else "null::varchar"
    content = (
        "case when _bad is not null then to_json({"
        + ", ".join(f"{text(c)}: {quote(c)}" for c in batch.columns)
        + "})::varchar end"
    )
    return ", ".join([*typed, f"{bad} as _bad", f"{content.replace('_bad', f'({bad})')} as _content"])


def _widen(con: duckdb.DuckDBPyConnection, target: str, batch: Batch) -> None:
    there = {row[0] for row in con.execute(f"describe {target}").fetchall()}
    for column in batch.added:
        if column not in there:
            con.execute(f"alter table {target} add column {quote(column)} {batch.columns[column]}")


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(scalar(con, f"select count(*) from {relation}"))


def _drop_duplicates(con: duckdb.DuckDBPyConnection, relation: str, table: Table, rows: int) -> int:
    """Keeps, of rows with one key, the one with the greatest cursor. The dear step runs only where there are any."""
    if not table.key or not rows:
        return 0
    key = ", ".join(quote(c) for c in table.key)
    # as many hashes as rows: certainly no two keys are equal; fewer may be chance, and the exact step below decides
    distinct = scalar(con, f"select count(distinct hash({key})) from {relation}")
    before = _count(con, relation)
    if distinct == before:
        return 0
    order = f"{quote(table.cursor)} desc nulls last, " if table.cursor else ""
    con.execute(
        f"delete from {relation} where rowid in (select rowid from {relation} "
        f"qualify row_number() over (partition by {key} order by {order}rowid desc) > 1)"
    )
    return before - _count(con, relation)


def _reject_uncastable(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    load_id: int,
    source: str,
    name: str,
    counts: LoadCounts,
    max_share: float,
) -> None:
    bad = con.execute("select _bad, count(*) from batch where _bad is not null group by all order by 2 desc").fetchall()
    for column, rows in bad:
        filled = scalar(con, f"select count({quote(column)}) from batch")
        if rows > max_share * (rows + filled) and rows > 1:
            raise SourceError(
                f"source {source}, table {name}: column {column} is no longer {batch.columns[column]} "
                f"({rows} of {counts.source_rows} rows cannot be read as such)",
                to_do="mend the export, or change the column's type in the configuration and its staging model",
            )
    if bad:
        con.execute(
            "insert into fresh_rejects select ?, ?, ?, null, null, _bad, 'not of the declared type', _content "
            "from batch where _bad is not null",
            [load_id, source, name],
        )
        con.execute("delete from batch where _bad is not null")
        counts.rejected += sum(rows for _, rows in bad)
    con.execute("alter table batch drop column _bad")
    con.execute("alter table batch drop column _content")


def _reject_future(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    load_id: int,
    source: str,
    name: str,
    counts: LoadCounts,
) -> None:
    """A cursor ahead of the clock would hide every later change: such rows are rejected, with a day's grace for zones."""
    kind = table.columns[table.cursor].upper() if table.cursor else ""
    if not table.cursor or kind not in _TIMES:
        return
    # a time is compared as it is, by the blocks' bounds; only text is read row by row
    moment = (
        quote(table.cursor)
        if kind in ("DATE", "TIMESTAMP")
        else f"try_cast({quote(table.cursor)}::varchar as timestamp)"
    )
    ahead = f"{moment} > (now() at time zone 'UTC' + interval 1 day)"
    found = scalar(con, f"select count(*) from {relation} where {ahead} and _load_id = {load_id}")
    if not found:
        return
    columns = ", ".join(f"{text(c)}: {quote(c)}" for c in kept_columns(table))
    con.execute(
        f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, null, null, {text(table.cursor)}, "
        f"'cursor in the future', to_json({{{columns}}})::varchar from {relation} where {ahead} and _load_id = {load_id}"
    )
    con.execute(f"delete from {relation} where {ahead} and _load_id = {load_id}")
    counts.rejected += found


def _merge(con: duckdb.DuckDBPyConnection, target: str, table: Table, columns: list[str], counts: LoadCounts) -> None:
    names = ", ".join(quote(c) for c in [*columns, *TECHNICAL])
    if table.key:
        on = " and ".join(f"b.{quote(c)} is not distinct from r.{quote(c)}" for c in table.key)
        same = (
            " and ".join(f"b.{quote(c)} is not distinct from r.{quote(c)}" for c in columns if c not in table.key)
            or "true"
        )
        older = f" or (b.{quote(table.cursor)} < r.{quote(table.cursor)})" if table.cursor else ""
        before = _count(con, "batch")
        con.execute(f"delete from batch b using {target} r where {on} and (({same} and r._deleted_at is null){older})")
        counts.unchanged = before - _count(con, "batch")
        rows = _count(con, target)
        con.execute(f"delete from {target} r using batch b where {on}")
        counts.updated = rows - _count(con, target)
    else:
        # without a key a row is known by its file alone: a file that comes again, changed, replaces what it brought
        replaced = (
            f"update {target} r set _deleted_at = b._extracted_at, _extracted_at = b._extracted_at, _load_id = b._load_id from ("
            "select distinct _source_file, _extracted_at, _load_id from batch where _source_file is not null) b "
            "where r._source_file = b._source_file and r._deleted_at is null"
        )
        counts.deleted = int(scalar(con, replaced))
    counts.inserted = _count(con, "batch") - counts.updated
    con.execute(f"insert into {target} ({names}) select {names} from batch")


def _mark_deleted(con: duckdb.DuckDBPyConnection, target: str, table: Table, keys_there: str, load_id: int) -> int:
    key = " and ".join(f"there.{quote(c)}::varchar is not distinct from r.{quote(c)}::varchar" for c in table.key)
    # restored with its old time, a row would never be fetched again: its key says that it stands
    con.execute(
        f"update {target} r set _deleted_at = null, _extracted_at = (now() at time zone 'UTC'), _load_id = {load_id} "
        f"where _deleted_at is not null and exists (select 1 from ({keys_there}) there where {key})"
    )
    gone = scalar(
        con,
        f"update {target} r set _deleted_at = (now() at time zone 'UTC'), _extracted_at = (now() at time zone 'UTC'), _load_id = {load_id} "
        f"where _deleted_at is null and not exists (select 1 from ({keys_there}) there where {key})",
    )
    return int(gone)
