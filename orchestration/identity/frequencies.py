"""How frequent each value is among the compared people: what a shared name or address is worth. Here: the counts.

Counted once a calibration, and kept. Not here: what is made of them (scoring.py).
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.identity.comparisons import FREQUENCY_COLUMNS

STANDING = "identity.term_frequencies"
SHAPE = "column_name varchar not null, value varchar, frequency double not null"
# what the frequency that the model knows of is worth against the records of a set: two of sixty say little of a number
_KNOWN_RECORDS = 1000

# of a value seen once, or not at all when they were counted, no row is kept but one a country ('|SE'), and one without a
# value; a name is counted among those of its country, which stands behind the |
_FREQUENCIES = """
insert into {into}
with counted as (
    select {column} as value, nullif(regexp_extract({column}, '[|].*$'), '') as country, count(*) as n
    from {schema}.compared_people where {column} is not null group by all
), whole as (select country, sum(n)::double as records from counted group by all),
every as (select greatest(coalesce(sum(n), 0), 1)::double as records from counted),
found as (
    select value, n, records from counted join whole on whole.country is not distinct from counted.country where n > 1
    union all select country, 1, records from whole where country is not null
    union all select null, 1, records from every
)
select '{column}', value, least(n / records, (n + {known} * {share}::double) / (records + {known})) from found
"""
_FREQUENCY_TABLE = """
create or replace table {schema}.frequencies_{column} as
select v.{column}, coalesce(t.frequency, c.frequency, (select frequency from {counted} where column_name = '{column}' and value is null))
    as tf_{column}
from (select distinct {column} from {schema}.{people} where {column} is not null) v
left join {counted} t on t.column_name = '{column}' and t.value = v.{column}
left join {counted} c on c.column_name = '{column}' and c.value = nullif(regexp_extract(v.{column}, '[|].*$'), '')
"""


def count_frequencies(
    con: duckdb.DuckDBPyConnection, settings: dict[str, Any], schema: str, into: str = STANDING
) -> None:
    """Fills the table `into` (column_name, value, frequency) from `<schema>.compared_people`."""
    shares = _known_shares(settings)
    con.execute(f"create or replace table {into} ({SHAPE})")
    for column in FREQUENCY_COLUMNS:
        known = {"known": _KNOWN_RECORDS if column in shares else 0, "share": shares.get(column, 0)}
        con.execute(_FREQUENCIES.format(column=column, schema=schema, into=into, **known))


def _known_shares(settings: dict[str, Any]) -> dict[str, float]:
    """How often two records that are not one person have the same value, by column, as the model knows."""
    return {
        level["tf_adjustment_column"]: level["u_probability"]
        for comparison in settings["comparisons"]
        for level in comparison["comparison_levels"]
        if level.get("tf_adjustment_column")
        and "u_probability" in level
        and level["label_for_charts"].startswith("Exact match")
    }


def look_up(con: duckdb.DuckDBPyConnection, column: str, schema: str, people: str, counted: str) -> str:
    """Makes a table of each value that `<schema>.<people>` has in `column` and its frequency in `counted`; its name."""
    con.execute(_FREQUENCY_TABLE.format(column=column, schema=schema, people=people, counted=counted))
    return f"frequencies_{column}"
