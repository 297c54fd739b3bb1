"""The one way into raw: every connector's delivery is cleaned, cast, merged on key and noted, in one transaction.

A connector hands over a `Batch`: a SELECT whose columns are the source's, plus what it already rejected.
Not here: reading a source, merging (merging.py), rejecting (rejecting.py), how many rows may be gone (lost_rows.py), or the raw
table's own shape (raw_tables.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import duckdb

from orchestration.core.clock import now
from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import clock_of, quote, text, transaction
from orchestration.extract.delivery_checks import refuse_mostly_rejected
from orchestration.extract.lost_rows import refuse_a_fall, refuse_emptied, refuse_few, standing
from orchestration.extract.merging import (
    count,
    count_gone,
    drop_duplicates,
    gone_by_file,
    instant_of,
    is_clock,
    keep_keys_apart,
    mark_deleted,
    merge,
    row_keys,
    stand_again,
)
from orchestration.extract.raw_tables import TECHNICAL, raw_name
from orchestration.extract.records import LoadCounts, last_whole_rows, next_load_id, write_load
from orchestration.extract.rejecting import cast_or_reject, reject_endless, reject_future, reject_uncastable
from orchestration.extract.repeated_headers import REPEATED
from orchestration.extract.replaced import Replaced
from orchestration.privacy.intake.entry import (
    category_of_column,
    clean,
    clean_rejects,
    dropped_columns,
    free_text_columns,
    number_columns,
    whole_number_columns,
)
from orchestration.privacy.intake.national_ids import keep_national_ids, remove_written_numbers
from orchestration.privacy.intake.rejected_withdrawals import REPLACED, note_by_key, readers_of
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.secrets.pepper import Pepper

# keys of the rows that came, where these are all that there are
_DELIVERED = "from delivered_keys"


@dataclass
class Batch:
    """One delivery. `select` yields every column of `columns`, and `_source_file` when `has_file`."""

    select: str
    columns: dict[str, str]
    has_file: bool = False
    is_text: bool = False  # values came as text or loosely typed: cast with TRY_CAST, reject what fails
    after: Callable[[int], int] = lambda load_id: 0  # writes the connector's own notes and rejects; returns the rejects
    check: Callable[[str], None] = lambda relation: None  # raises SourceError when the rows as read cannot be whole
    close: Callable[[], None] = lambda: None  # frees what was made to read it: to call whatever became of the load
    keys_there: str | None = None  # a SELECT of every key that the source still has, cast as raw has it
    added: list[str] = field(default_factory=list)  # columns that the source has beyond the declared ones: not loaded
    is_columnar: bool = False  # `select` reads columns of files, and may be asked again
    nulls: list[str] = field(default_factory=list)  # what the source writes for "nothing"
    null_keys: list[str] = field(default_factory=list)  # what it writes, besides, where a row refers to nobody
    files: list[str] = field(default_factory=list)  # names of what it was read from, oldest first
    late: dict[str, list[str]] = field(
        default_factory=dict
    )  # of parts: files that are older by their names → newer ones
    is_older: bool = False  # of a whole table: an older version by its name than the newest that was read
    way: str = "whole"  # how it was read, for people
    notes: list[str] = field(default_factory=list)  # what else people should know of it
    is_whole: bool = False  # every row that the source has, so that what is not there is gone


def load(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    table: Table,
    batch: Batch,
    settings: Settings,
    pepper: Pepper | None = None,
    suppressor: Suppressor | None = None,
) -> LoadCounts:
    """Merges a batch into raw in one transaction; the load log is part of it. Returns the books of the load.

    Columns of national identity numbers and of special categories stay behind, and what free text tells of them;
    `pepper` is the secret of what a table keeps of numbers. Whoever was erased stays out by the `suppressor`.

    A TIMESTAMP in raw is the time of the source's own clock, which staging reads as such: what comes with an offset is
    turned into it.

    Raises SourceError when the delivery cannot be whole, when most of a file is rejected, when so large a share of a column
    cannot be cast that the source must have retyped it, or when so many rows are gone that the source must be broken.
    """
    with clock_of(con, settings.sources[source].timezone or "UTC"), transaction(con):
        load_id = next_load_id(con)
        con.execute("create or replace temp table fresh_rejects as from quarantine.rejected_rows limit 0")
        dropped = dropped_columns(table, [*batch.columns, *batch.added])
        counts = LoadCounts(
            added_columns=[c for c in batch.added if c not in dropped],
            dropped_columns=dropped,
            way=batch.way,
            notes=batch.notes,
        )
        came: dict[str, int] = {}
        batch = replace(batch, check=partial(_check_and_count, con, batch, came))
        is_suppressed = bool(suppressor and suppressor.has_work(table))
        is_read = bool(
            free_text_columns(table, batch.columns)
            or table.questions
            or table.choices
            or number_columns(table, batch.columns)
            or whole_number_columns(table, batch.columns)
        )
        is_copied = bool(table.national_id) or is_suppressed or (is_read and not batch.is_columnar)
        if is_copied:
            # a temp table: what is not to enter never lies in the warehouse's file
            con.execute(f"create or replace temp table delivered as {batch.select}")
            batch.check("delivered")
            batch = replace(batch, select="from delivered", check=lambda relation: None)
        if suppressor and is_suppressed:
            of = readers_of(source, settings.sources[source], name, table)
            note = partial(note_by_key, con, of, load_id, now())
            counts.suppressed = suppressor.keep_out(con, source, table, "delivered", note)
        if pepper and table.national_id:
            counts.invalid_national_ids = keep_national_ids(con, source, table, "delivered", pepper)
        batch = _without(batch, dropped)
        if is_read:
            select, counts.removed = clean(con, table, f"({batch.select})", batch.columns)
            batch = replace(batch, select=select)
        batch = _bring_in(con, source, name, table, batch, load_id, counts, settings)
        if is_copied:
            con.execute("drop table delivered")
        of_read_rows = _rejected_lines(con)
        rejected = batch.after(load_id)
        refuse_mostly_rejected(
            source, name, came, of_read_rows, _rejected_lines(con), settings.quality.max_reject_share
        )
        # after the rejects, all of them: what a line would have said nobody knows
        _mark_gone(con, source, name, table, batch, load_id, counts)
        if dropped:
            remove_written_numbers(con)
        is_emptied = bool(table.choices) or any(category_of_column(table, column) for column in dropped)
        clean_rejects(con, is_emptied, table.not_special)
        if suppressor and is_suppressed:
            suppressor.empty_rejects(con, "fresh_rejects")
        con.execute("insert into quarantine.rejected_rows from fresh_rejects; drop table fresh_rejects")
        counts.rejected += rejected
        counts.source_rows += rejected
        if batch.is_whole and not batch.keys_there:
            # raw keeps what is gone from such a table: only the last read of all tells how much there was
            before = last_whole_rows(con, source, name) or 0
            refuse_few(source, name, counts.source_rows, settings.quality.max_volume_drop, before)
        write_load(con, load_id, source, name, counts)
        return counts


def _check_and_count(con: duckdb.DuckDBPyConnection, batch: Batch, came: dict[str, int], relation: str) -> None:
    """Checks the rows as read, and notes in `came` how many each file brought."""
    batch.check(relation)
    if batch.has_file:
        came.update(con.execute(f"select _source_file, count(*) from {relation} group by all").fetchall())


def _bring_in(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    table: Table,
    batch: Batch,
    load_id: int,
    counts: LoadCounts,
    settings: Settings,
) -> Batch:
    """The rows of a batch into raw: cast, rejected, merged. Returns the batch with the keys that the source still has.

    Raises SourceError where so many rows are gone that the source must be broken.
    """
    target = raw_name(source, name)
    is_first = not con.execute(f"select 1 from {target} limit 1").fetchall()
    columns = list(batch.columns)
    # a key that refers to nobody is none; in a key of several columns, 0 may be the first line
    is_person = len(table.key) == 1 and table.key[0] in {person.key for person in table.whose}
    keyless = batch.nulls + (batch.null_keys if is_person else [])
    technical = f"{load_id} as _load_id, timestamp {text(now().isoformat(sep=' '))} as _extracted_at, null::timestamp as _deleted_at"
    technical += ", _source_file" if batch.has_file else ", null::varchar as _source_file"
    technical += ", null::varchar as _row_key" if table.key else ", _row_key"
    technical += ", null::varchar as _newest_file"
    select = batch.select if table.key else row_keys(batch.select, columns, batch.has_file)
    replaced = Replaced.of(con, source, settings.sources[source], name, table)
    # a zone's clock shows an hour twice: which row is newer is told before the cast
    is_plain = not (is_clock(table) and settings.sources[source].timezone)
    if is_first and table.key and not batch.is_text and not table.is_whole and is_plain:
        names = ", ".join(quote(c) for c in [*columns, *TECHNICAL])
        casts = ", ".join(f"{quote(c)}::{t} as {quote(c)}" for c, t in batch.columns.items())
        con.execute(f"insert into {target} ({names}) select {casts}, {technical} from ({select})")
        batch.check(target)
        counts.source_rows = count(con, target)
        reject_endless(con, target, batch.columns, load_id, source, name, counts)
        reject_future(con, target, table, load_id, source, name, counts)
        counts.duplicates = drop_duplicates(con, target, table, keyless, replaced, has_file=batch.has_file)
        counts.inserted = count(con, target)
    else:
        casts = (
            cast_or_reject(batch.columns, batch.nulls)
            if batch.is_text
            else ", ".join(f"{quote(c)}::{t} as {quote(c)}" for c, t in batch.columns.items())
        )
        con.execute(
            f"create or replace temp table batch as select {casts}, {technical}{instant_of(table)} from ({select})"
        )
        batch.check("batch")
        counts.source_rows = count(con, "batch")
        if batch.is_text:
            share = settings.quality.max_reject_share
            reject_uncastable(con, batch.columns, load_id, source, name, counts, share)
        reject_endless(con, "batch", batch.columns, load_id, source, name, counts)
        reject_future(con, "batch", table, load_id, source, name, counts)
        if batch.has_file and not table.key:
            keep_keys_apart(con, target, load_id)
        batch = replace(batch, keys_there=_keys_there(con, table, batch))
        counts.duplicates += drop_duplicates(con, "batch", table, keyless, replaced, has_file=batch.has_file)
        merge(
            con,
            target,
            table,
            columns,
            counts,
            keyless,
            has_file=batch.has_file,
            replaced=replaced,
            is_older=batch.is_older,
            late=batch.late,
        )
        con.execute("drop table batch")
    if replaced:
        replaced.keep(con)
    if batch.keys_there:
        if not batch.has_file:
            before = standing(con, target) - counts.inserted
            refuse_a_fall(con, source, name, batch.keys_there, settings.quality.max_volume_drop, before, table.key)
        elif table.is_whole and not count(con, f"({batch.keys_there})"):
            # of a register that only shrank the gate closes the channel; min_rows says of any file how few are too few
            drop, before = settings.quality.max_volume_drop, standing(con, target)
            refuse_a_fall(con, source, name, batch.keys_there, drop, before, file=batch.files[-1])
        elif not table.key and batch.files:
            refuse_emptied(con, source, name, batch.files, batch.keys_there, settings.quality.max_volume_drop)
    elif batch.is_whole and not counts.source_rows:
        before = standing(con, target) if last_whole_rows(con, source, name, is_newest=True) != 0 else 0
        refuse_few(source, name, 0, settings.quality.max_volume_drop, before)
    return batch


def _mark_gone(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    table: Table,
    batch: Batch,
    load_id: int,
    counts: LoadCounts,
) -> None:
    """Marks the rows that the source has no more. Of what is read whole and has rejected lines nobody can say which those
    are: then none is marked, and those that came again stand again."""
    if not batch.keys_there:
        return
    target, key = raw_name(source, name), table.key or ["_row_key"]
    # without a key, a file replaces what it brought itself
    is_by_file = bool(batch.files and not table.key)
    among = f"_source_file in ({', '.join(map(text, batch.files))})" if is_by_file else "true"
    rejected = _rejected_lines(con)
    held: list[str] = []
    if not table.key and rejected:
        held = _held_back(con, target, table, batch.keys_there, among, rejected, counts)
    elif table.is_whole and batch.files and not rejected.keys().isdisjoint({"", batch.files[-1]}):
        held = batch.files
    elif batch.keys_there == _DELIVERED and not batch.files and table.key and rejected:
        stand_again(con, target, key, batch.keys_there, load_id, among)
        counts.kept = count_gone(con, target, key, batch.keys_there, among)
        return
    if held:
        within = f"_source_file in ({', '.join(map(text, held))})" if is_by_file else among
        stand_again(con, target, key, batch.keys_there, load_id, within)
        counts.kept = count_gone(con, target, key, batch.keys_there, within)
        among = f"{among} and not ({within})"
    counts.deleted = mark_deleted(con, target, key, batch.keys_there, load_id, among)


def _rejected_lines(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """File → lines of it that this load rejected; those of which no file is known are of the name ""."""
    # a statement that another row replaced was read, and a header is no row
    told = f"from fresh_rejects where reason_code not in ({text(REPLACED)}, {text(REPEATED)}) group by 1"
    return dict(con.execute(f"select coalesce(file, ''), count(*) {told}").fetchall())


def _held_back(
    con: duckdb.DuckDBPyConnection,
    target: str,
    table: Table,
    keys_there: str,
    among: str,
    rejected: dict[str, int],
    counts: LoadCounts,
) -> list[str]:
    """The files of a table without a key of which no row counts as gone, for it may stand in a rejected line.

    Without a key a row that changed is another one, and old versions would stand beside the new ones, night after night.
    So they are held only where no more are gone than lines were rejected. Of people, of what they said and of registers
    all are held: two versions of one do less harm than none.
    """
    is_dear = table.is_register or table.holds_statements or any(mapped.entity == "people" for mapped in table.maps)
    held, lost = [], 0
    for file, gone in gone_by_file(con, target, ["_row_key"], keys_there, among).items():
        lines = rejected.get(file, 0) + (rejected.get("", 0) if file else 0)
        if lines and (is_dear or gone <= lines):
            held.append(file)
        elif lines:
            lost += gone
    if lost:
        counts.notes.append(
            f"lines are rejected, and {lost:,} rows are gone: rows that stood in such lines may be among them"
        )
    return held


def _keys_there(con: duckdb.DuckDBPyConnection, table: Table, batch: Batch) -> str | None:
    """A SELECT of the keys that the source still has, where the rows of the batch tell."""
    if batch.is_older:
        # who is only in the newer version is not gone by it
        return None
    if table.is_whole and batch.files:
        newest = f"where _source_file = {text(batch.files[-1])}"
        keys = ", ".join(quote(c) for c in table.key)
        con.execute(f"create or replace temp table delivered_keys as select {keys} from batch {newest}")
    elif not table.key and (batch.files or batch.is_whole):
        # without a key, a file that comes again, changed, replaces what it brought
        con.execute("create or replace temp table delivered_keys as select _row_key from batch")
    elif _tells_what_is_gone(table, batch):
        con.execute(
            f"create or replace temp table delivered_keys as select {', '.join(map(quote, table.key))} from batch"
        )
    else:
        return batch.keys_there
    return _DELIVERED


def _tells_what_is_gone(table: Table, batch: Batch) -> bool:
    """Whether an API answered all of its rows, and is to be believed that others are gone."""
    return table.find_deletions and bool(table.key) and batch.is_whole and not batch.files and not batch.keys_there


def _without(batch: Batch, dropped: list[str]) -> Batch:
    if not dropped:
        return batch
    columns = {c: t for c, t in batch.columns.items() if c not in dropped}
    return replace(batch, columns=columns, added=[c for c in batch.added if c not in dropped])
