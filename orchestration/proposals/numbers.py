"""Columns whose values read as national identity numbers, whatever they are called: a customer number is one in many an old system.

Here: asking some values of each column. Not here: which numbers are somebody's (privacy/intake/national_ids.py), columns that are
named so (privacy/intake/national_id_names.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.warehouse import quote, text
from orchestration.privacy.intake.national_ids import LOOKED_AT, WRITTEN, are_of_people, is_national_id
from orchestration.proposals.columns import SAMPLED, Column


def by_values(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> dict[str, str]:
    """Column that never enters raw → why: those that hold identity numbers, as the night finds them (`are_of_people`)."""
    asked = [column.name for column in columns if column.filled and not column.looks_like]
    if not asked:
        return {}
    shape = text(rf"\s*(?:{WRITTEN})\s*")
    parts = [
        f"arg_min({name}, hash({name}), {LOOKED_AT}) filter (where regexp_full_match({name}, {shape})), "
        f"count(*) filter (where regexp_full_match({name}, {shape})), count({name})"
        for name in map(quote, asked)
    ]
    (row,) = con.execute(f"select {', '.join(parts)} from (from {relation} limit {SAMPLED})").fetchall()
    found = {}
    for name, values, written, filled in zip(asked, row[::3], row[1::3], row[2::3], strict=True):
        held = [is_national_id(value.strip()) for value in dict.fromkeys(values or ())]
        if are_of_people(written, filled) and are_of_people(sum(held), len(held)):
            found[name] = "its values are national identity numbers"
    return found
