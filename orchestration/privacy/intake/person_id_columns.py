"""Columns that are mapped as the id under which a source keeps a person, and hold national identity numbers: they are emptied.

The column's name tells nothing, and a map by hand names whatever column it likes, so the values are looked at. Not here: how
a number is known (national_ids.py), the cleaning of other columns (entry.py), telling it in `status` (run/set_aside.py).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from orchestration.core.settings import Table
from orchestration.core.warehouse import quote, text
from orchestration.privacy.intake.national_ids import (
    LEAST_WHOLE,
    LOOKED_AT,
    MOST_WHOLE,
    are_of_people,
    is_whole_number_of_somebody,
)
from orchestration.privacy.intake.national_ids_in_text import national_ids_in

# the category in ops.removed_values
NUMBER_AS_ID = "national identity number as person_id"


def person_id_columns(table: Table, columns: Collection[str]) -> list[str]:
    """Those of `columns` that are somebody's person_id; none of the table's own key, without which no row can be kept."""
    named = {person.person_id for person in table.whose} - {*table.key}
    return [column for column in columns if column in named]


def emptied_before(con: duckdb.DuckDBPyConnection, source: str, name: str) -> set[str]:
    """Columns that the last load with rows emptied for what they hold."""
    return {
        column
        for (column,) in con.execute(
            "select column_name from ops.removed_values where source = $1 and table_name = $2 and category = $3 and load_id = ("
            "select max(load_id) from ops.loads where source = $1 and table_name = $2 and source_rows > 0)",
            [source, name, NUMBER_AS_ID],
        ).fetchall()
    }


def columns_of_numbers(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Collection[str], before: Collection[str] = ()
) -> dict[str, int]:
    """{column that holds identity numbers: how many values it has}.

    A delivery of few values tells little, so that it is taken for what the last one was (`before`).
    """
    found: dict[str, int] = {}
    for column in columns:
        value = f"nullif(trim({quote(column)}::varchar), '')"
        values = con.execute(
            f"select value from (select distinct {value} as value from {relation}) where value is not null "
            f"order by hash(value) limit {LOOKED_AT}"
        ).fetchall()
        held = sum(_is_number(value) for (value,) in values)
        is_as_before = column in before and len(values) < LOOKED_AT
        if values and (is_as_before or are_of_people(held, len(values))):
            (found[column],) = con.execute(f"select count({value}) from {relation}").fetchall()[0]
    return found


def _is_number(value: str) -> bool:
    if any(national_ids_in(value, within_keys=True)):
        return True
    try:
        whole = float(value)
    except ValueError:
        return False
    return whole.is_integer() and LEAST_WHOLE <= whole < MOST_WHOLE and is_whole_number_of_somebody(int(whole))


def told_of(column: str, values: int) -> str:
    """What people are told of an emptied column."""
    return (
        f"{column} is mapped as person_id and holds national identity numbers: its {values:,} values do not enter, and records "
        "are not joined by it. Map another column as person_id or none; `national_id` of the table keeps keyed hashes of the "
        "numbers, which confirm and veto who is one person"
    )


NUMBERS_AS_ID = f"""
select source, table_name, column_name, removed, source_rows from ops.removed_values r join ops.loads l using (load_id, source, table_name)
where r.category = {text(NUMBER_AS_ID)} and not exists (
    select 1 from ops.loads n where n.source = l.source and n.table_name = l.table_name and n.load_id > l.load_id and n.source_rows > 0
)
"""
