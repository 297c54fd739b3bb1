"""Withdrawals in rows that never stand in raw, for the ledger (withdrawals.py).

A value of another type in any column rejects a row, a key that comes again replaces one (extract/replaced.py), and a row
whose key is an erased person's contact point is kept out (suppressor.py); whoever said no in it has said no. Not here: rejecting and replacing (extract), whom a line may name that is no row (broken_lines.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import duckdb

from orchestration.core.warehouse import has_table, json_path, quote, text
from orchestration.privacy.intake.broken_lines import NUMBERED, note_lines, note_unnamed, prepare_lines
from orchestration.privacy.intake.line_readers import Reader
from orchestration.privacy.intake.withdrawals import (
    LEDGER,
    add_withdrawals,
    prepare_withdrawals,
)

# reason_code of a row that is kept though it was read well: another of its key stands in its place
REPLACED = "replaced"


# a line that is no row at all denies everybody whose address stands in it, and whose key or contact point stands in broken
# JSON where it is written, until its file comes anew
_LINES = """
select 'rejected_rows' as entity, {source} as source_system, null::varchar as source_key,
    case when r.person_key is not null then {system} end as person_system, r.person_key, r.contact_point, 'all' as purpose,
    'all' as channel, l.loaded_at as stated_at, false as is_certain, r.load_id, true as is_again, false as is_gone, false as is_zoneless
from ({named}) r join ops.loads l using (load_id)
where coalesce(r.contact_point, r.person_key) is not null
"""
_NO_ROWS = f"""
select load_id, source, content, line_key from {NUMBERED} where r.content is not null and r.document is null
    and not exists (select 1 from ops.loaded_files f where f.source = r.source and f.table_name = r.table_name
        and f.file = r.file and f.load_id > r.load_id)
"""
# a line that was rejected got no key of its own in raw
_OBJECTS = f"""
select {{columns}}, null::varchar as _row_key, r.file as _source_file, r.load_id as _load_id, l.loaded_at as _loaded_at, r.line_key as _line_key, r.content as _content,
    -- of a database: a column that holds the rest as JSON is broken, and what it says is not known
    r.reason_code = 'not_an_object' or r.reason_code = 'not_utf_8' and ({{is_lost}}) as _is_broken, case when r.file is not null then exists (
    select 1 from ops.loaded_files f where f.source = r.source and f.table_name = r.table_name and f.file = r.file and f.load_id > r.load_id
) else exists (
    select 1 from ops.loads n where n.source = r.source and n.table_name = r.table_name and n.load_id > r.load_id
        and n.source_rows > 0 and starts_with(n.way, 'whole')
) end as _came_anew
from {NUMBERED} join ops.loads l using (load_id)
where r.document is not null
"""
_REFUSING = "({objects}) where (_is_broken or not {granted}) and ({withdrawn} or not _came_anew)"
_ROWS = f"""
select 'rejected_rows' as entity, {{source}} as source_system, {{key}}::varchar as source_key,
    case when {{person}} is not null then {{system}} end as person_system, {{person}}::varchar as person_key,
    unnest([{{points}}])::varchar as contact_point, coalesce(said_word({{purpose}}), 'all') as purpose,
    coalesce(said_word({{channel}}), 'all') as channel,
    coalesce({{stated_at}}, _loaded_at) as stated_at, {{withdrawn}} as is_certain,
    _load_id as load_id, {{stated_at}} is null as is_again, false as is_gone,
    {{stated_at}} is not null and {{is_zoneless}} as is_zoneless
from {_REFUSING}
"""
# of a row that is kept out for the contact point in it
_BY_KEY = """
select {entity} as entity, {source} as source_system, null::varchar as source_key, {system} as person_system,
    {person}::varchar as person_key, null::varchar as contact_point, coalesce(said_word({purpose}), 'all') as purpose,
    coalesce(said_word({channel}), 'all') as channel, coalesce({stated_at}, timestamp {at}) as stated_at,
    {withdrawn} as is_certain, {load_id} as load_id, {stated_at} is null as is_again, false as is_gone,
    {stated_at} is not null and {is_zoneless} as is_zoneless
from (select columns(*)::varchar from {rows}) where not {granted}
"""
_OF_NOBODY = f"""
select {{source}} as source, _line_key as line_key, _load_id as load_id, _content as content, {{key}}::varchar as source_key from {_REFUSING}
    and nullif(trim({{person}}::varchar), '') is null and coalesce({{said_points}}) is null
"""


def note_rejected_withdrawals(con: duckdb.DuckDBPyConnection, of: Iterable[Reader]) -> None:
    """Adds what rejected lines of those tables say. What could not be read stands as long as its line does."""
    prepare_withdrawals(con)
    prepare_lines(con)
    con.execute(f"delete from {LEDGER} where entity = 'rejected_rows' and not is_certain")
    if not has_table(con, "quarantine", "rejected_rows"):
        return
    for reader in of:
        source, table = text(reader.source), text(reader.table)
        there = f"select 1 from quarantine.rejected_rows where source = {source} and table_name = {table} limit 1"
        if not con.execute(there).fetchall():
            continue
        columns = ", ".join(
            f"json_extract_string(r.document, {text(json_path(c))}) as {quote(c)}" for c in reader.columns
        )
        # of a row with text that is none, the column that holds these is not kept
        parts = [c for c in reader.columns if "." in c]
        is_lost = " or ".join(f"not json_exists(r.document, {text(json_path(c))})" for c in parts) or "false"
        lines = _NO_ROWS.format(source=source, table=table)
        named = reader.named(lines)
        add_withdrawals(con, _LINES.format(source=source, named=named, system=text(reader.own_system)))
        note_lines(con, lines, named=named, system=reader.own_system, has_key=len(reader.person_columns) == 1)
        said = {
            "objects": _OBJECTS.format(source=source, table=table, columns=columns, is_lost=is_lost), "source": source, "key": reader.key,
            "person": reader.person, "system": reader.person_system, "points": ", ".join(reader.points) or "null",
            "said_points": ", ".join(f"said_word({point}::varchar)" for point in reader.points) or "null",
            "purpose": reader.purpose, "channel": reader.channel, "stated_at": reader.stated_at, "is_zoneless": reader.is_zoneless,
            "withdrawn": reader.withdrawn, "granted": reader.granted,
        }  # fmt: skip
        add_withdrawals(con, _ROWS.format(**said))
        note_unnamed(con, _OF_NOBODY.format(**said))


def note_by_key(con: duckdb.DuckDBPyConnection, of: Iterable[Reader], load_id: int, at: datetime, rows: str) -> None:
    """Adds what the relation `rows` of a table's delivery says, for the person's key alone. `at` is UTC, naive."""
    prepare_withdrawals(con)
    for reader in of:
        said = {
            "entity": text(reader.entity), "source": text(reader.source), "person": reader.person, "system": reader.person_system,
            "purpose": reader.purpose, "channel": reader.channel, "stated_at": reader.stated_at, "is_zoneless": reader.is_zoneless,
            "withdrawn": reader.withdrawn, "granted": reader.granted,
        }  # fmt: skip
        add_withdrawals(con, _BY_KEY.format(**said, at=text(at.isoformat(sep=" ")), load_id=load_id, rows=rows))
