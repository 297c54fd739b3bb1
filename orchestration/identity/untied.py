"""Withdrawals that name nobody: no record that was ever known, and no contact point that can be read.

Here: `identity.untied_withdrawals`, made anew each night, which hold the publication until they are mended or acknowledged
(data_quality/suites/set_aside.py). A readable address or number of nobody is none of these: it denies whoever comes with it. Nor is a
withdrawal that was somebody's once, and outlived their record. A rejected line of a table of statements that names nobody is
one of these. Not here: whom a withdrawal is about (contact_points.py).
"""

from __future__ import annotations

import duckdb

from orchestration.privacy.broken_lines import IS_CANDIDATE, LINES, UNNAMED
from orchestration.privacy.withdrawals import LEDGER
from orchestration.warehouse import scalar

_TIED = f"""
update {LEDGER} l set was_tied = true where not coalesce(l.was_tied, false) and (
    l.source_system = 'kundbild'
    or exists (select 1 from identity.customer_source_records r where r.source_system = l.person_system and r.source_key = l.person_key)
    or exists (select 1 from identity.heirs h where h.gone_system = l.person_system and h.gone_key = l.person_key)
    or exists (select 1 from identity.withdrawn_points w where w.contact_point = l.contact_point and w.is_readable)
)
"""
_UNTIED = f"""
insert into identity.untied_withdrawals
select source_system, entity, coalesce(source_key, 'without a key'), load_id,
    case when nullif(trim(person_key), '') is null then 'its contact point cannot be read'
        when contact_point is null then 'it names a person who is not known'
        else 'it names a person who is not known, and its contact point cannot be read' end
from {LEDGER} l where not coalesce(was_tied, false){{but}}
"""
_UNNAMED = f"""
insert into identity.untied_withdrawals
select source_system, 'rejected_rows', line_key, load_id, 'the line cannot be read, and names nobody who is known' from ({UNNAMED})
"""


def find_untied(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds the table. Needs the ledger, customers and their contact points. Returns its rows."""
    con.execute(_TIED)
    con.execute("delete from identity.untied_withdrawals")
    has_lines = bool(scalar(con, f"select count(*) from duckdb_tables() where temporary and table_name = '{LINES}'"))
    con.execute(_UNTIED.format(but=f" and not ({IS_CANDIDATE})" if has_lines else ""))
    if has_lines:
        con.execute(_UNNAMED)
        con.execute(f"drop table {LINES}")
    return int(scalar(con, "select count(*) from identity.untied_withdrawals"))
