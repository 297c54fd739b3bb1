"""Withdrawals that name nobody: no record that was ever known, and no contact point that can be read.

Here: `identity.untied_withdrawals`, made anew each night, which hold the publication until they are mended or acknowledged
(data_quality/suites/set_aside.py). A readable address or number of nobody is none of these: it denies whoever comes with it. Nor is a
withdrawal that was somebody's once, and outlived their record. Not here: whom a withdrawal is about (contact_points.py).
"""

from __future__ import annotations

import duckdb

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
from {LEDGER} where not coalesce(was_tied, false)
"""


def find_untied(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds the table. Needs the ledger, customers and their contact points. Returns its rows."""
    con.execute(_TIED)
    con.execute("delete from identity.untied_withdrawals")
    con.execute(_UNTIED)
    return int(scalar(con, "select count(*) from identity.untied_withdrawals"))
