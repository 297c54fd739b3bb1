"""`restricted.national_ids`: keyed hashes of valid national identity numbers, where a table opts in.

They confirm and veto who is who (identity/edges.py), and are never a key of anything. Not here: how a number is known (national_ids.py).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.core.settings import Table
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import quote, text
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.national_ids import canonical_number
from orchestration.privacy.secrets.pepper import Pepper

_DDL = sql_script(__file__, "national_ids")


def prepare_national_ids(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_DDL)


def keep_national_ids(con: duckdb.DuckDBPyConnection, source: str, table: Table, delivered: str, pepper: Pepper) -> int:
    """Brings `restricted.national_ids` up to date with a delivery, a relation with the number beside the key.

    Returns how many numbers were no valid ones: of these nothing is kept.
    """
    assert table.national_id
    prepare_national_ids(con)
    define_match_keys(con)
    column, key = quote(table.national_id.column), quote(table.key[0])
    country = (
        f"match_keys.country_code({quote(table.national_id.country_column)})"
        if table.national_id.country_column
        else text(str(table.national_id.country))
    )
    con.execute(
        f"create or replace temp table delivered_ids as select {key}::varchar as source_key, trim({column}::varchar) as number, "
        f"coalesce({country}, '') as country_code from {delivered}"
    )
    try:
        numbers = con.execute("select distinct number, country_code from delivered_ids where number <> ''").fetchall()
        hashes = [_keyed(pepper, number, code) for number, code in numbers]
        con.register(
            "hashed_ids",
            pa.table(
                {
                    "number": pa.array([number for number, _ in numbers], pa.string()),
                    "country_code": pa.array([code for _, code in numbers], pa.string()),
                    "keyed_hash": pa.array(hashes, pa.string()),
                }
            ),
        )
        con.execute(sql_script(__file__, "national_ids_delivered", source=text(source)))
        con.unregister("hashed_ids")
    finally:
        con.execute("drop table delivered_ids")
    return sum(found is None for found in hashes)


def _keyed(pepper: Pepper, number: str, country: str) -> str | None:
    canonical = canonical_number(number, country)
    return pepper.hashed(f"{country}:{canonical}") if canonical else None
