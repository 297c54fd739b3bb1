"""Grants that ended with a correction (Art. 16): rows of `identity.void_grants` that say until when a grant was one.

A grant for the corrected customer, on a contact point that the correction replaced, ends with the first correction at or after
which nothing was granted anew. Not here: which points a correction replaces (privacy/rights/corrected_points.py), grants that never
were evidence (contact_points.py), when a grant was given (dbt: macros/statements.sql).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import drop_tables
from orchestration.privacy.rights.corrected_points import note_replaced_points

_GRANTED = """
select s.customer_id, e.contact_point, e.channel from conformed.conformed_consent_events e
join identity.customer_source_records s on s.source_system = e.person_system and s.source_key = e.person_key and s.valid_to is null
where e.status = 'granted' and e.deleted_at is null and e.contact_point is not null
"""
# of several corrections each ends what was given since the one before it; what never was evidence has no end
_END = """
insert into identity.void_grants by name
select g.person_system, g.person_key, g.contact_point, g.ends_at,
    lag(g.ends_at) over (partition by g.person_system, g.person_key, g.contact_point order by g.ends_at) as given_after
from (
    select distinct e.person_system, e.person_key, e.contact_point, r.corrected_at as ends_at
    from replaced_points r
    join identity.customer_source_records s on s.customer_id = r.customer_id and s.valid_to is null
    join granted_on e on e.person_system = s.source_system and e.person_key = s.source_key and e.contact_point = r.contact_point
) g
anti join identity.void_grants v
    on v.person_system = g.person_system and v.person_key = g.person_key and v.contact_point = g.contact_point
"""


def end_corrected_grants(con: duckdb.DuckDBPyConnection) -> None:
    """Adds to `identity.void_grants` what ended with a correction. Needs customers of tonight, and the temp table `granted_on`
    (person_system, person_key, contact_point)."""
    note_replaced_points(con, _GRANTED)
    con.execute(_END)
    drop_tables(con, "replaced_points", "owners")
