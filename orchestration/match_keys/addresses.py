"""Addresses that a withdrawn contact point may name, read once for each distinct text.

Not here: how an address is read (sql/denied_emails.sql), whom it names (identity/contact_points.py).
"""

from __future__ import annotations

import duckdb

from orchestration.core.warehouse import scalar
from orchestration.match_keys import define_match_keys

_TEXTS = """
create or replace temp table texts_to_read as
select written, match_keys.is_unmarked(written) as is_unmarked from (select distinct written from ({texts}) t where written is not null)
"""
_PLAIN = """
create or replace temp table addresses_read as
select written, key as email_key, [key] as addresses
from (select written, match_keys.plain_address_key(written) as key from texts_to_read where is_unmarked)
"""
# to plan these takes a tenth of a second, and most texts are plain addresses and numbers
_ODD = """
insert into addresses_read
select written, match_keys.email_key(written), match_keys.read_withdrawn_addresses(written)
from texts_to_read where not is_unmarked and not match_keys.has_no_address(written)
"""
_ARE_ODD = "select count(*) from texts_to_read where not is_unmarked and not match_keys.has_no_address(written)"


def read_addresses(con: duckdb.DuckDBPyConnection, texts: str) -> None:
    """Makes the temp table `addresses_read` (written, email_key, addresses) of `texts`, a query of one column `written`:
    `match_keys.email_key` and `match_keys.withdrawn_addresses` of each text that may hold an address."""
    define_match_keys(con)
    con.execute(_TEXTS.format(texts=texts))
    con.execute(_PLAIN)
    if scalar(con, _ARE_ODD):
        con.execute(_ODD)
    con.execute("drop table texts_to_read")
