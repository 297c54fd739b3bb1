"""Entries of registers that could not be read: whoever they are about may be in an audience.

Here: rejected lines of registers, and reserved numbers that are none, as rows of `identity.untied_withdrawals`; they hold the
publication until they are fixed or acknowledged (data_quality/suites/set_aside.py). A line counts until a newer delivery of a
whole register, or of its file, is there. Not here: rows that staging sets aside (dbt: macros/quarantine.sql), or
withdrawals (untied.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.contracts.reasons import set_aside_as
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, text
from orchestration.extract.records import OLDER, prepare_ops
from orchestration.extract.repeated_headers import REPEATED
from orchestration.privacy.intake.broken_lines import NUMBERED
from orchestration.privacy.intake.rejected_withdrawals import REPLACED

# of ops.acknowledged: what was acknowledged is known by what it says, and of equal ones each is another
PREFIX = "register:"
_DIGEST = f"""
'{PREFIX}' || md5(to_json([{{said}}, (row_number() over (partition by {{said}} order by load_id, source_key))::varchar])::varchar)
"""
_LINES = f"""
insert into identity.untied_withdrawals
select source, table_name, source_key, load_id, why, reason_code, {_DIGEST.format(said="source, table_name, said")} from (
    select source, table_name, line_key as source_key, load_id, reason || coalesce(': ' || column_name, '') as why, reason_code,
        coalesce(content, load_id || ' ' || line_key) as said
    from {NUMBERED}
    -- an entry that another row of its key replaced was read, and a header is about nobody
    where reason_code not in ({text(REPLACED)}, {text(REPEATED)}) and (
        load_id >= (
            select max(n.load_id) from ops.loads n
            where n.source = {{source}} and n.table_name = {{table}} and n.source_rows > 0 and coalesce(n.way, '') != {text(OLDER)})
        or {{has_parts}} and file is not null and not exists (
            select 1 from ops.loaded_files f
            where f.source = {{source}} and f.table_name = {{table}} and f.file = r.file and f.load_id > r.load_id)
    )
)
"""
# a number that names nobody, or has a letter for a digit (07O); beside a name and an address, what has no digit is a word for none
_NUMBERS = f"""
insert into identity.untied_withdrawals
select source_system, 'reservations', source_key, load_id, {set_aside_as("number_unreadable")},
    {_DIGEST.format(said="source_system, said")}
from (
    select r.source_system, r.source_key, r.load_id, to_json([r.register, r.phone, r.family_name, r.street, r.postal_code])::varchar as said
    from conformed.conformed_reservations r join identity.reservation_keys k using (source_system, source_key)
    where r.phone is not null and (
            k.phone_key is null and len(k.denies) = 0 or regexp_matches(r.phone, '^[^\\pL]*[0-9][^\\pL0-9]*\\pL[^\\pL0-9]*[0-9]'))
        and (r.family_name is null or r.postal_code is null or regexp_matches(r.phone, '[0-9]'))
    qualify rank() over (partition by r.source_system, r.register order by r.version_on desc) = 1
)
"""
_FORGET = f"""
delete from ops.acknowledged
where starts_with(digest, '{PREFIX}') and digest not in (select digest from identity.untied_withdrawals)
"""


def register_tables(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """(source, table, whether each delivery is the whole of it) of every table of a register."""
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            if table.is_register:
                yield source, name, table.is_whole


def find_unread_entries(con: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Adds them to `identity.untied_withdrawals`, which was made anew. Needs reservations keyed. Returns how many."""
    prepare_ops(con)
    for source, table, is_whole in register_tables(settings):
        con.execute(_LINES.format(source=text(source), table=text(table), has_parts=str(not is_whole).lower()))
    if has_table(con, "identity", "reservation_keys"):
        con.execute(_NUMBERS)
    con.execute(_FORGET)
    found = f"select count(*) from identity.untied_withdrawals where starts_with(digest, '{PREFIX}')"
    return int(con.execute(found).fetchall()[0][0])
