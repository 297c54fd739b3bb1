"""Which rows the source has no more, by the rows of a load: they are marked as deleted, and none where a rejected line may hold it.

Not here: how many may be gone (lost_rows.py), the statements that mark (merging.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, text
from orchestration.extract.batch import Batch
from orchestration.extract.merging import count_gone, gone_by_file, mark_deleted, stand_again
from orchestration.extract.raw_tables import raw_name
from orchestration.extract.records import LoadCounts
from orchestration.extract.rejecting import rejected_lines

# keys of the rows that came, where these are all that there are
_DELIVERED = "from delivered_keys"


def mark_gone(
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
    rejected = rejected_lines(con)
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


def keys_there(con: duckdb.DuckDBPyConnection, table: Table, batch: Batch) -> str | None:
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
