"""Addresses and numbers that people are known by, in every reading of what was written, and who else may be known by them.

Not here: whose they are (noted.py, subject_keys.py), names and cookies.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from orchestration.core.warehouse import drop_tables, has_table, scalar
from orchestration.match_keys.junk import define_junk
from orchestration.match_keys.phones import read_phones_apart

# of so many numbers each is looked for among the digits of others before these are read
_FEW = 100
_KEYS = "unnest(list_distinct(list_append(readings, phone_key)))"


def read_points(
    con: duckdb.DuckDBPyConnection,
    country: str,
    theirs: str,
    others: str,
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Makes the temp table `points_and_sharing` (kind, value, is_shared): match keys of `theirs`, a query of (point, country_code).

    Shared is what `others`, a query of (email, phone, country_code) with `parameters`, may be known by too, what is junk, and
    what identifies nobody. `country` is that of numbers without one.
    """
    define_junk(con)
    con.execute(f"create or replace temp table points_of_theirs as {theirs}")
    con.execute(f"create or replace temp table points_of_others as {others}", parameters or None)
    has_nobodys = has_table(con, "identity", "identifiers")
    nobodys = "select value_key from identity.identifiers where ignored_reason is not null and value_key is not null" if has_nobodys else "select null::varchar where false"  # fmt: skip
    con.execute(
        "create or replace temp table points_and_sharing as "
        "with theirs as (select distinct unnest(match_keys.email_readings(point)) as key from points_of_theirs), "
        "others as (select distinct unnest(match_keys.email_readings(email)) as key from points_of_others) "
        f"select 'email' as kind, key as value, key in (from others) or key in ({nobodys}) or is_junk('email', key) as is_shared from theirs"
    )
    written = "select match_keys.beside_addresses(point) as phone, country_code from points_of_theirs"
    read_phones_apart(con, written, country, "their_phones")
    # digits whose country cannot be told are anybody's
    con.execute(f"create or replace temp table their_keys as from (select distinct {_KEYS} as key from their_phones) where starts_with(key, '+')")  # fmt: skip
    numbers = "select phone, country_code from points_of_others"
    if scalar(con, "select count(*) from their_keys") <= _FEW:
        numbers += " where exists (select 1 from their_keys t where match_keys.has_phone_tail(phone, t.key))"
    read_phones_apart(con, numbers, country, "others_phones")
    con.execute(
        f"insert into points_and_sharing with others as (from (select distinct {_KEYS} as key from others_phones) where key is not null) "
        f"select 'phone', key, key in (from others) or key in ({nobodys}) or is_junk('phone', key) from their_keys"
    )
    drop_tables(con, "points_of_theirs", "points_of_others", "their_phones", "their_keys", "others_phones")
