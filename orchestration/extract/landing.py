"""The one way into raw: every connector's delivery is cleaned, cast, merged on key and noted, in one transaction.

A connector hands over a `Batch` (batch.py).
Not here: reading a source, merging (merging.py), rejecting (rejecting.py), which rows are gone (gone_rows.py) and how many may be
(lost_rows.py), or the raw table's own shape (raw_tables.py).
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import duckdb

from orchestration.core.clock import now
from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import clock_of, quote, text, transaction
from orchestration.extract.batch import Batch
from orchestration.extract.delivery_checks import refuse_mostly_rejected
from orchestration.extract.gone_rows import keys_there, mark_gone
from orchestration.extract.lost_rows import refuse_a_fall, refuse_emptied, refuse_few, standing
from orchestration.extract.merging import (
    any_order,
    count,
    drop_duplicates,
    instant_of,
    is_clock,
    is_unique,
    keep_keys_apart,
    merge,
    row_keys,
)
from orchestration.extract.raw_tables import TECHNICAL, raw_name
from orchestration.extract.records import LoadCounts, last_whole_rows, next_load_id, write_load
from orchestration.extract.rejecting import (
    cast_or_reject,
    reject_endless,
    reject_future,
    reject_uncastable,
    rejected_lines,
)
from orchestration.extract.replaced import Replaced
from orchestration.privacy.intake.entry import clean, clean_rejects
from orchestration.privacy.intake.entry_columns import (
    category_of_column,
    dropped_columns,
    free_text_columns,
    number_columns,
    whole_number_columns,
)
from orchestration.privacy.intake.line_readers import readers_of
from orchestration.privacy.intake.national_id_hashes import keep_national_ids
from orchestration.privacy.intake.national_ids_in_text import remove_written_numbers
from orchestration.privacy.intake.person_id_columns import NUMBER_AS_ID, emptied_before, person_id_columns, told_of
from orchestration.privacy.intake.rejected_withdrawals import note_by_key
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.secrets.pepper import Pepper


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
            or person_id_columns(table, batch.columns)
        )
        is_copied = bool(table.national_id) or is_suppressed or (is_read and not batch.is_columnar)
        if is_copied:
            # a temp table: what is not to enter never lies in the warehouse's file
            con.execute(f"create or replace temp table delivered as {batch.select}")
            batch.check("delivered")
            batch = replace(batch, select="from delivered", check=lambda relation: None, is_columnar=True)
        if suppressor and is_suppressed:
            of = readers_of(source, settings.sources[source], name, table)
            note = partial(note_by_key, con, of, load_id, now())
            counts.suppressed = suppressor.keep_out(
                con, source, table, "delivered", note, settings.sources[source].nobodys
            )
        if pepper and table.national_id:
            counts.invalid_national_ids = keep_national_ids(con, source, table, "delivered", pepper)
        batch = _without(batch, dropped)
        if is_read:
            emptied = emptied_before(con, source, name)
            select, counts.removed = clean(con, table, f"({batch.select})", batch.columns, emptied)
            as_ids = {column: rows for (column, what), rows in counts.removed.items() if what == NUMBER_AS_ID}
            counts.notes = [*counts.notes, *(told_of(column, rows) for column, rows in as_ids.items())]
            batch = replace(batch, select=select)
        batch = _bring_in(con, source, name, table, batch, load_id, counts, settings)
        if is_copied:
            con.execute("drop table delivered")
        of_read_rows = rejected_lines(con)
        rejected = batch.after(load_id)
        refuse_mostly_rejected(source, name, came, of_read_rows, rejected_lines(con), settings.quality.max_reject_share)
        # after the rejects, all of them: what a line would have said nobody knows
        mark_gone(con, source, name, table, batch, load_id, counts)
        if dropped or any(what == NUMBER_AS_ID for _, what in counts.removed):
            remove_written_numbers(con)
        is_emptied = bool(table.choices) or any(category_of_column(table, column) for column in dropped)
        clean_rejects(con, is_emptied, table.not_special)
        if suppressor and is_suppressed:
            suppressor.empty_rejects(con, "fresh_rejects")
        con.execute("insert into quarantine.rejected_rows from fresh_rejects")
        con.execute("drop table fresh_rejects")
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
        key_casts = ", ".join(f"{quote(c)}::{batch.columns[c]} as {quote(c)}" for c in table.key)
        # a server's answer is read once: it is asked for double keys when it is in raw
        has_one_row_a_key = batch.is_columnar and is_unique(con, f"(select {key_casts} from ({select}))", table)
        # of rows with one key the last counts
        with any_order(con) if has_one_row_a_key else nullcontext():
            con.execute(f"insert into {target} ({names}) select {casts}, {technical} from ({select})")
        batch.check(target)
        counts.source_rows = count(con, target)
        reject_endless(con, target, batch.columns, load_id, source, name, counts)
        reject_future(con, target, table, load_id, source, name, counts)
        if not has_one_row_a_key:
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
        batch = replace(batch, keys_there=keys_there(con, table, batch))
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


def _without(batch: Batch, dropped: list[str]) -> Batch:
    if not dropped:
        return batch
    columns = {c: t for c, t in batch.columns.items() if c not in dropped}
    return replace(batch, columns=columns, added=[c for c in batch.added if c not in dropped])
