"""Each customer's pseudonym in what is published without personal data. Here: `identity.customer_keys`, and former ones.

A keyed hash of the customer id: who has the publication alone cannot tell whose it is, nor make one of an id.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import scalar
from orchestration.privacy.secrets.pepper import Pepper

_DDL = sql_script(__file__, "pseudonyms")
# half of the digest: 128 bits
_NEW = """
insert into identity.customer_keys
select customer_id, left({pseudonym}, 32)
from (select distinct customer_id from identity.customer_source_records where valid_to is null)
where customer_id not in (select customer_id from identity.customer_keys)
"""


def prepare_keys(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def key_customers(con: duckdb.DuckDBPyConnection, pepper: Pepper) -> int:
    """Gives each customer that has none a key. Returns how many have one."""
    con.execute(_DDL)
    con.execute(_NEW.format(pseudonym=pepper.hashed_sql("'bi:' || customer_id")), pepper.parameters())
    return int(scalar(con, "select count(*) from identity.customer_keys"))


def end_keys(con: duckdb.DuckDBPyConnection, versions: Sequence[str]) -> int:
    """Ends every key: the next night gives new ones. By the former ones an erasure finds rows in the publications that
    are there, `versions`. Returns how many ended.
    """
    con.execute(_DDL)
    con.execute(
        "insert into restricted.former_customer_keys select customer_id, customer_key, $versions from identity.customer_keys",
        {"versions": list(versions)},
    )
    return int(scalar(con, "delete from identity.customer_keys"))


def forget_former_keys(con: duckdb.DuckDBPyConnection, versions: Sequence[str]) -> None:
    """Forgets the keys that none of the publications `versions`, which are kept, holds."""
    con.execute(_DDL)
    con.execute(
        "delete from restricted.former_customer_keys f where not list_has_any(f.versions, $versions)",
        {"versions": list(versions)},
    )
