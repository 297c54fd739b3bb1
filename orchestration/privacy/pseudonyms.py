"""Each customer's pseudonym in what is published without personal data. Here: `identity.customer_keys`.

A keyed hash of the customer id: who has the publication alone cannot tell whose it is, nor make one of an id.
"""

from __future__ import annotations

import duckdb

from orchestration.privacy.pepper import hash_parameters, keyed_hash_sql
from orchestration.warehouse import scalar

_DDL = "create table if not exists identity.customer_keys (customer_id varchar primary key, customer_key varchar not null unique)"
# half of the digest: 128 bits
_NEW = f"""
insert into identity.customer_keys
select customer_id, left({keyed_hash_sql("'bi:' || customer_id")}, 32)
from (select distinct customer_id from identity.customer_source_records where valid_to is null)
where customer_id not in (select customer_id from identity.customer_keys)
"""


def key_customers(con: duckdb.DuckDBPyConnection, pepper: str) -> int:
    """Gives each customer that has none a key. Returns how many have one."""
    con.execute(_DDL)
    con.execute(_NEW, hash_parameters(pepper))
    return int(scalar(con, "select count(*) from identity.customer_keys"))
