"""Public registers against marketing, by the match keys that people are compared by. Here: `identity.reservation_keys`.

Not here: reading the registers' files (extract), or what a hit means (dbt: customer_reservations, contact_permissions).
"""

from __future__ import annotations

import duckdb

from orchestration.identity.normalise import read_phones
from orchestration.warehouse import scalar

# a number is read as one of the register's own country
_NUMBERS = """
select r.phone, c.country_code from conformed.conformed_reservations r
join (select distinct register, country_code from reference.register_rules) c using (register)
where r.deleted_at is null
"""
_KEYS = """
create or replace table identity.reservation_keys as
select r.source_system, r.source_key, r.register, r.version_on, n.phone_key,
    identity.words_key(r.family_name) as family_key, identity.words_key(r.street) as street_key,
    identity.street_number(identity.words_key(r.street)) as street_number, identity.postal_key(r.postal_code) as postal_key
from conformed.conformed_reservations r
join (select distinct register, country_code from reference.register_rules) c using (register)
left join identity.phone_numbers n on n.phone = r.phone and n.country_code = c.country_code
where r.deleted_at is null
"""


def key_reservations(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds `identity.reservation_keys`, one row per standing entry of a register with a rule. Returns its rows.

    Needs people normalised: their macros fold the names here too.
    """
    read_phones(con, _NUMBERS)
    con.execute(_KEYS)
    return int(scalar(con, "select count(*) from identity.reservation_keys"))
