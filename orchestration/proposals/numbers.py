"""Columns whose values read as national identity numbers, whatever they are called: a customer number is one in many an old system.

Here: asking some values of each column. Not here: which numbers are somebody's (privacy/intake/national_ids.py), columns that are
named so (privacy/intake/national_id_names.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.warehouse import quote, text
from orchestration.privacy.intake.national_ids import WRITTEN, is_national_id
from orchestration.proposals.columns import SAMPLED, Column

# other numbers of as many digits are right by chance: one of ten
_SHARE = 1 / 2
_LOOKED_AT = 200


def by_values(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> dict[str, str]:
    """Column that never enters raw → why: those of which most values are written as identity numbers are, and most of these have
    the right check digits."""
    asked = [column.name for column in columns if column.filled and not column.looks_like]
    if not asked:
        return {}
    shape = text(rf"\s*(?:{WRITTEN})\s*")
    parts = [
        f"arg_min({name}, hash({name}), {_LOOKED_AT}) filter (where regexp_full_match({name}, {shape})), "
        f"count(*) filter (where regexp_full_match({name}, {shape})), count({name})"
        for name in map(quote, asked)
    ]
    (row,) = con.execute(f"select {', '.join(parts)} from (from {relation} limit {SAMPLED})").fetchall()
    found = {}
    for name, values, written, filled in zip(asked, row[::3], row[1::3], row[2::3], strict=True):
        held = [is_national_id(value.strip()) for value in dict.fromkeys(values or ())]
        if written > _SHARE * filled and sum(held) > _SHARE * len(held):
            found[name] = "its values are national identity numbers"
    return found
