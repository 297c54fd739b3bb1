"""Public registers against marketing: `identity.reservation_keys`, by the match keys that people are compared by, and
`identity.register_versions`, how many entries each version had.

Not here: reading the registers' files (extract), or what a hit means (dbt: customer_reservations, contact_permissions).
"""

from __future__ import annotations

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar
from orchestration.match_keys import define_match_keys
from orchestration.match_keys.phones import read_phones

# a number is read as one of the register's own country
_NUMBERS = """
select r.phone, c.country_code from conformed.conformed_reservations r
join (select distinct register, country_code from reference.register_rules) c using (register)
where r.deleted_at is null
"""
# a number that was granted is looked up as the record's is, in the record's country
_GRANTED = """
select e.contact_point as phone, p.country_code from conformed.conformed_consent_events e
left join identity.normalised_people p on p.source_system = e.person_system and p.source_key = e.person_key
where e.deleted_at is null and not contains(e.contact_point, '@') and length(match_keys.digits_in(e.contact_point)) >= 5
"""
_KEYS = """
create or replace table identity.reservation_keys as
select r.source_system, r.source_key, r.register, r.version_on, n.phone_key, coalesce(n.denies, []::varchar[]) as denies,
    match_keys.alike_forms(r.family_name) as family_forms, match_keys.street_marks(match_keys.words_key(r.street)) as street_marks,
    match_keys.postal_key(r.postal_code, c.country_code) as postal_key
from conformed.conformed_reservations r
join (select distinct register, country_code from reference.register_rules) c using (register)
left join identity.phone_numbers n on n.phone = r.phone and n.country_code = c.country_code
where r.deleted_at is null
"""
_VERSIONS = sql_script(__file__, "registers_versions")


def key_reservations(con: duckdb.DuckDBPyConnection) -> int:
    """Rebuilds `identity.reservation_keys`, one row per standing entry of a register with a rule. Returns its rows. Notes the
    newest version of each register with its entries, and whether it shrank by more than its rule allows.

    Needs people normalised: their macros fold the names here too.
    """
    define_match_keys(con)
    read_phones(con, _NUMBERS)
    read_phones(con, _GRANTED)
    con.execute(_KEYS)
    con.execute(_VERSIONS)
    return int(scalar(con, "select count(*) from identity.reservation_keys"))
