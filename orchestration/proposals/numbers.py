"""Columns whose values read as national identity numbers, whatever they are called: a customer number is one in many an old system.

Here: asking some values of each column. Not here: which numbers are somebody's (privacy/intake/national_ids.py), columns that are
named so (privacy/intake/national_id_names.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.warehouse import quote
from orchestration.privacy.intake.national_id_patterns import WRITTEN
from orchestration.privacy.intake.national_ids import LOOKED_AT, are_of_people, is_national_id
from orchestration.proposals.columns import AT_ONCE, SAMPLED, Column


def by_values(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column]) -> dict[str, str]:
    """Column that never enters raw → why: those that hold identity numbers, as the night finds them (`are_of_people`)."""
    asked = [column.name for column in columns if column.filled and not column.looks_like]
    if not asked:
        return {}
    found = {}
    looks = _looks(con, relation, asked)
    for name in asked:
        values, written, filled = looks[name]
        held = [is_national_id(value.strip()) for value in dict.fromkeys(values or ())]
        if are_of_people(written, filled) and are_of_people(sum(held), len(held)):
            found[name] = "its values are national identity numbers"
    return found


def _looks(
    con: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]
) -> dict[str, tuple[list[str] | None, int, int]]:
    """{column: (some values that are written as numbers are, how many rows have one, rows with a value)} of the first rows."""
    found: dict[str, tuple[list[str] | None, int, int]] = {}
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        # one place for the pattern, which DuckDB compiles for each
        values = f"unnest([{', '.join(map(quote, some))}]) as v, unnest(range({len(some)})) as nth"
        rows = con.execute(
            f"select nth, arg_min(v, hash(v), {LOOKED_AT}) filter (where is_one), count(*) filter (where is_one), count(v) "
            f"from (select nth, v, regexp_full_match(v, $shape) as is_one from (select {values} from (from {relation} limit {SAMPLED}))) "
            "group by nth",
            {"shape": rf"\s*(?:{WRITTEN})\s*"},
        ).fetchall()
        found |= {some[nth]: (numbers, written, filled) for nth, numbers, written, filled in rows}
    return found
