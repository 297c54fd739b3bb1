"""A delivery's rows into the raw table: one row a key, changed rows replace, rows that are gone are marked.

Here: set-wise SQL on the temp table `batch`. Not here: what a row is rejected for (rejecting.py), what becomes of a withdrawal
that another row replaces (replaced.py), or the order of things (landing.py).

Rows whose key says nothing (null, "", "N/A" …) are not one row: they are told apart by their whole content. Rows of a
table without a key are told apart by `_row_key`: their file and content, and a number where one file has the same row twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from orchestration.contracts.mapping_times import known_time
from orchestration.contracts.mapping_values import names_nobody
from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, scalar
from orchestration.extract.late_files import drop_late_rows, is_by_file, note_newest_file
from orchestration.extract.raw_tables import TECHNICAL
from orchestration.extract.records import LoadCounts
from orchestration.extract.replaced import Replaced

# of a batch: the instant of a cursor whose type keeps the clock alone
INSTANT = "_instant"
_CLOCKS = ("TIMESTAMP", "DATETIME")


def count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(scalar(con, f"select count(*) from {relation}"))


def moment(cursor: str, kind: str) -> str:
    """SQL: a cursor's value as something that sorts by time, or by number; text that is neither sorts as null, and so does a date
    of two digits for the year, which is of the year 31 to a cast on the last of May."""
    if kind.upper().startswith(("DATE", "TIMESTAMP")):
        return known_time(cursor)
    if kind.upper() != "VARCHAR":
        return cursor
    # an instant is compared as one: as text, 02:50+02:00 is later than 02:10+01:00
    return f"coalesce(epoch({known_time(f'try_cast({cursor} as timestamptz)')}), try_cast({cursor} as double))"


def instant_of(table: Table) -> str:
    """SELECT item: the instant of a row's cursor as it came, for in raw it is a clock's time: an hour comes twice a year."""
    if not table.cursor or not is_clock(table):
        return ""
    return f", {known_time(f'try_cast({quote(table.cursor)} as timestamptz)')} as {INSTANT}"


def is_clock(table: Table) -> bool:
    """Whether the cursor's type keeps the clock's time alone."""
    return bool(table.cursor) and table.columns[str(table.cursor)].upper() in _CLOCKS


def _earliest(clock: str) -> str:
    """SQL: the first instant at which the source's clock shows a time."""
    at = f"{clock}::timestamptz"
    return f"least({at}, case when ({at} - interval 1 hour)::timestamp = {clock} then {at} - interval 1 hour end)"


def row_keys(select: str, columns: list[str], has_file: bool) -> str:
    """A SELECT of the same rows with `_row_key`, stable from night to night, for a table without a key."""
    parts = ", ".join([*(["_source_file"] if has_file else []), *(f"{quote(c)}::varchar" for c in columns)])
    keyed = f"select *, md5(to_json([{parts}])::varchar) as _content_key from ({select})"
    return (
        "select * exclude (_content_key), _content_key || '-' || row_number() over (partition by _content_key) as _row_key "
        f"from ({keyed})"
    )


def keep_keys_apart(con: duckdb.DuckDBPyConnection, target: str, load_id: int) -> None:
    """Gives rows of `batch` a key of their own where `target` has theirs from another file: it was moved, and its path came again."""
    con.execute(
        f"create or replace temp table taken as select b.rowid as row_id, b._row_key, b._source_file from batch b "
        f"semi join {target} r on r._row_key = b._row_key and r._source_file <> b._source_file"
    )
    if count(con, "taken"):
        # the one that it got before, where the file comes again
        con.execute(
            "update batch set _row_key = k.own from (select t.row_id, "
            f"coalesce(min(r._row_key), min(t._row_key) || '@{load_id}') as own from taken t left join {target} r "
            "on split_part(r._row_key, '@', 1) = t._row_key and r._row_key <> t._row_key and r._source_file = t._source_file "
            "group by 1) k where batch.rowid = k.row_id"
        )
    con.execute("drop table taken")


def is_unique(con: duckdb.DuckDBPyConnection, relation: str, table: Table) -> bool:
    """Whether no two rows have one key. False may be chance: the exact step of `drop_duplicates` decides."""
    key = ", ".join(quote(c) for c in table.key)
    # as many hashes as rows: certainly no two keys are equal
    return bool(scalar(con, f"select count(distinct hash({key})) = count(*) from {relation}"))


@contextmanager
def any_order(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Inside, rows may be written in another order than they are read: in order, files leave row groups that are not full, which each
    checkpoint writes anew."""
    before = scalar(con, "select current_setting('preserve_insertion_order')")
    con.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        con.execute(f"set preserve_insertion_order = {before}")


def drop_duplicates(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    nulls: list[str],
    replaced: Replaced | None = None,
    *,
    has_file: bool = False,
) -> int:
    """Keeps, of rows with one key, the one with the greatest cursor, else the last of the newest file. Returns how many go.

    Of files that say `read = "whole"` the last of the newest file counts, whatever its cursor.

    The expensive step runs only where a key comes twice. `replaced` takes the statements among the rows that go.
    """
    if not table.key or is_unique(con, relation, table):
        return 0
    before = count(con, relation)
    key = ", ".join(quote(c) for c in table.key)
    order = ""
    if table.cursor and not (has_file and table.read == "whole"):
        has_instant = is_clock(table) and relation == "batch"
        order = INSTANT if has_instant else moment(quote(table.cursor), table.columns[table.cursor])
        order += " desc nulls last, "
    content = f"case when {is_keyless('t', table, nulls)} then md5(to_json(t)::varchar) end"
    # sorted are only the rows whose key comes twice
    con.execute(
        f"create or replace temp table doubles as select t.rowid as row_id from {relation} t "
        f"semi join (select hash({key}) as key_hash from {relation} group by all having count(*) > 1) d on d.key_hash = hash({key}) "
        f"qualify row_number() over (partition by {key}, {content} order by {order}t.rowid desc) > 1"
    )
    doubles = f"{relation} where rowid in (select row_id from doubles)"
    if replaced:
        replaced.take(con, f"(from {doubles})")
    con.execute(f"delete from {doubles}")
    con.execute("drop table doubles")
    return before - count(con, relation)


def is_keyless(alias: str, table: Table, nulls: list[str]) -> str:
    """SQL: whether a row's key says nothing."""
    keys = [f"{alias}.{quote(c)}" for c in table.key]
    return "(" + " and ".join(f"({key} is null or {names_nobody(key, nulls)})" for key in keys) + ")"


def merge(
    con: duckdb.DuckDBPyConnection,
    target: str,
    table: Table,
    columns: list[str],
    counts: LoadCounts,
    nulls: list[str],
    *,
    has_file: bool,
    replaced: Replaced | None = None,
    is_older: bool = False,
    late: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Merges `batch` into `target`; one that `is_older` replaces no row that stands, and a row of a file that is `late` none of the
    files that are newer, unless its cursor is greater. Of files, which come in any order, a row with an older cursor than raw's is none.

    What a database or an API answers is how things stand now, whatever its cursor says; and what comes later counts where
    rows are entered with old times: statements, and tables that say `read = "whole"`, as an address register, whose dates
    are of what it tells.
    """
    names = ", ".join(quote(c) for c in [*columns, *TECHNICAL])
    if table.key:
        on = " and ".join(f"b.{quote(c)} is not distinct from r.{quote(c)}" for c in table.key)
        same = " and ".join(f"b.{quote(c)} is not distinct from r.{quote(c)}" for c in columns if c not in table.key)
        keyed = f"not {is_keyless('b', table, nulls)}"
    else:
        on = "b._row_key = r._row_key"
        same, keyed = _names_whom_it_named(table, columns), "true"
    same = same or "true"
    older, is_greater = "", "false"
    if has_file and table.is_by_cursor:
        cursor = str(table.cursor)
        then, now = (moment(f"{alias}.{quote(cursor)}", table.columns[cursor]) for alias in "br")
        if is_clock(table):
            # raw's may be either of two: a row that is not surely older counts, for it came later
            then, now = f"b.{INSTANT}", _earliest(now)
        older = f" or ({then} < {now} and {keyed})"
        is_greater = f"coalesce({then} > {now}, false)"
    if is_older:
        older = f" or (r._deleted_at is null and {keyed})"
        if replaced:
            replaced.take(con, f"(select b.* from batch b semi join {target} r on {on} and {keyed})")
    before = count(con, "batch")
    if late:
        drop_late_rows(con, target, f"{on} and {keyed} and not {is_greater}", late, replaced)
    if has_file and is_by_file(table):
        note_newest_file(con, target, f"{on} and {keyed} and {same} and r._deleted_at is null")
    con.execute(f"delete from batch b using {target} r where {on} and (({same} and r._deleted_at is null){older})")
    counts.unchanged = before - count(con, "batch")
    rows = count(con, target)
    if replaced:
        replaced.take(con, f"(select r.* from {target} r semi join batch b on {on} and {keyed})", is_raw=True)
    con.execute(f"delete from {target} r using batch b where {on} and {keyed}")
    counts.updated = rows - count(con, target)
    counts.inserted = count(con, "batch") - counts.updated
    with any_order(con):
        con.execute(f"insert into {target} ({names}) select {names} from batch")


def _names_whom_it_named(table: Table, columns: Sequence[str]) -> str:
    """SQL: of rows of one content, that raw's was not made nobody's while its file names somebody. Such a row comes as one that changed,
    as it does in a table with a key: who is kept for longer now is there again. Who was erased is emptied before (intake/)."""
    named = [c for person in table.whose if person.is_kept for c in [*person.key_columns, *person.emptied]]
    named = [quote(c) for c in dict.fromkeys(named) if c in columns]
    if not named:
        return ""
    is_nobodys, names_one = (f" {word} ".join(f"{alias}.{c} is {what}" for c in named) for alias, what, word in (("r", "null", "and"), ("b", "not null", "or")))  # fmt: skip
    return f"not ({is_nobodys} and ({names_one}))"


def same_key(one: str, other: str, key: list[str]) -> str:
    """SQL: whether two rows have one key. Both sides hold it as raw's type, for its text may be spelled otherwise."""
    return " and ".join(f"{one}.{quote(c)} is not distinct from {other}.{quote(c)}" for c in key)


def stand_again(
    con: duckdb.DuckDBPyConnection, target: str, key: list[str], keys_there: str, load_id: int, among: str = "true"
) -> None:
    """Rows of `target` that were marked as gone, and whose key is among `keys_there`, stand again."""
    # restored with its old time, a row would never be fetched again: its key says that it stands
    con.execute(
        f"update {target} r set _deleted_at = null, _extracted_at = (now() at time zone 'UTC'), _load_id = {load_id} "
        f"where _deleted_at is not null and {among} and {_is_there(key, keys_there)}"
    )


def count_gone(
    con: duckdb.DuckDBPyConnection, target: str, key: list[str], keys_there: str, among: str = "true"
) -> int:
    """The rows of `target` whose key is not among `keys_there`."""
    return sum(gone_by_file(con, target, key, keys_there, among).values())


def gone_by_file(
    con: duckdb.DuckDBPyConnection, target: str, key: list[str], keys_there: str, among: str
) -> dict[str, int]:
    """File → the rows of it in `target` whose key is not among `keys_there`; the name of what is not a file is ""."""
    gone = f"{target} r where _deleted_at is null and {among} and not {_is_there(key, keys_there)}"
    return dict(con.execute(f"select coalesce(_source_file, ''), count(*) from {gone} group by 1").fetchall())


def mark_deleted(
    con: duckdb.DuckDBPyConnection, target: str, key: list[str], keys_there: str, load_id: int, among: str = "true"
) -> int:
    """Marks the rows of `target` whose key is not among `keys_there`, which are of raw's types; those that came back stand again.

    Returns how many went.
    """
    stand_again(con, target, key, keys_there, load_id, among)
    gone = scalar(
        con,
        f"update {target} r set _deleted_at = (now() at time zone 'UTC'), _extracted_at = (now() at time zone 'UTC'), _load_id = {load_id} "
        f"where _deleted_at is null and {among} and not {_is_there(key, keys_there)}",
    )
    return int(gone)


def _is_there(key: list[str], keys_there: str) -> str:
    return f"exists (select 1 from ({keys_there}) there where {same_key('there', 'r', key)})"
