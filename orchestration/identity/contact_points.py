"""Contact points that somebody withdrew from, by the match keys of people: whoever has one is denied, on whatever record.

Here: `identity.withdrawn_points`. Not here: what a withdrawal means (dbt: macros/statements.sql).
"""

from __future__ import annotations

import duckdb

from orchestration.match_keys import define_match_keys
from orchestration.match_keys.phones import read_phones
from orchestration.warehouse import scalar

_POINTS = """
select contact_point, count(*) as statements, sum(load_id)::bigint as loads from (
    select contact_point, load_id from conformed.conformed_consent_events where status = 'withdrawn' and deleted_at is null
    union all
    select contact_point, load_id from conformed.conformed_email_events where kind in ('unsubscribed', 'complained') and deleted_at is null
) where nullif(trim(contact_point), '') is not null group by 1
"""
# a point tells no country: a number that needs one is read as the company's own
_KEYS = f"""
create or replace table identity.withdrawn_points as
select p.contact_point, match_keys.email_key(p.contact_point) as email_key, n.phone_key, p.statements, p.loads
from ({_POINTS}) p
left join identity.phone_numbers n on n.phone = p.contact_point and n.country_code = '' and not contains(p.contact_point, '@')
where match_keys.email_key(p.contact_point) is not null or n.phone_key is not null
"""


def key_withdrawn_points(con: duckdb.DuckDBPyConnection, default_country: str) -> int:
    """Rebuilds `identity.withdrawn_points`, one row per contact point (contact_point, email_key, phone_key, statements and the
    sum of their loads, by which a change is seen). Returns its rows.
    """
    define_match_keys(con)
    read_phones(
        con,
        f"select contact_point as phone, '' as country_code from ({_POINTS}) where not contains(contact_point, '@')",
        default_country,
    )
    con.execute(_KEYS)
    return int(scalar(con, "select count(*) from identity.withdrawn_points"))
