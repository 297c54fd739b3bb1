"""Which pairs of records are compared at all. Here: Splink's blocking rules, as many as fit in what may be compared.

Not here: how two records are compared (comparisons.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.warehouse import scalar

# pairs to compare for each record, all blocking rules together: keeps the night's work in proportion to the records
_PAIRS_PER_RECORD = 5
_SMALL = 2_000_000

# in the order of their worth: each is used while the pairs it brings fit in what is left. Where they do not, a sharper
# one stands behind it, which is not looked at where they do
_BLOCKS: list[tuple[str, ...]] = [
    ("email_key",), ("phone_key",), ("given_key", "family_key"), ("given_key", "family_key", "is_rare"),
    ("birth_text", "given_key"), ("birth_text", "family_key"), ("street_key", "postal_key"), ("family_key", "postal_key"),
    ("given_key", "postal_key"), ("email_own",), ("email_own", "substr(family_key, 1, 1)"),
    ("birth_text", "substr(given_key, 1, 1)"), ("birth_text", "postal_key"), ("family_key", "street_key"),
    ("given_key", "street_key"), ("family_key", "substr(given_key, 1, 2)", "substr(birth_text, 1, 4)"), ("birth_text",),
    ("substr(given_key, 1, 3)", "substr(birth_text, 1, 4)"), ("substr(family_key, 1, 3)", "substr(birth_text, 1, 4)"),
    ("city_key", "substr(given_key, 1, 2)"), ("city_key", "substr(family_key, 1, 2)"), ("substr(email_own, 1, 5)",),
    ("substr(birth_text, 6, 5)", "substr(given_key, 1, 1)"), ("substr(birth_text, 6, 5)", "substr(family_key, 1, 1)"),
    ("phone_tail",), ("street_number", "substr(family_key, 1, 3)"), ("street_number", "substr(given_key, 1, 3)"),
    ("given_key",), ("family_key",), ("substr(birth_text, 1, 7)",), ("street_key",), ("postal_key",), ("city_key",),
]  # fmt: skip
_SWAPPED = "l.given_key = r.family_key and l.family_key = r.given_key"


def choose_blocks(con: duckdb.DuckDBPyConnection, schema: str, records: int) -> list[list[str]]:
    """The columns to block on whose pairs fit in the budget: all of them on a small set, the sharp ones on a large one."""
    left = _budget(records)
    chosen: list[list[str]] = []
    for columns in _BLOCKS:
        if any(set(broad) <= set(columns) for broad in chosen):
            continue
        pairs = _pairs_of(con, schema, columns)
        if 0 < pairs <= left / 2:
            chosen.append(list(columns))
            left -= pairs
    return chosen


def blocks_fit(con: duckdb.DuckDBPyConnection, schema: str, blocks: list[list[str]], records: int) -> bool:
    """Whether blocks chosen on an earlier night still bring no more than twice the pairs that they may."""
    return sum(_pairs_of(con, schema, columns) for columns in blocks) <= 2 * _budget(records)


def _budget(records: int) -> int:
    return max(_SMALL, _PAIRS_PER_RECORD * records)


def _pairs_of(con: duckdb.DuckDBPyConnection, schema: str, columns: Sequence[str]) -> int:
    there = " and ".join(f"{column} is not null" for column in columns)
    return int(
        scalar(
            con,
            "select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from "
            f"{schema}.compared_people where {there} group by {', '.join(columns)})",
        )
    )


def blocking_rules(blocks: list[list[str]]) -> list[str]:
    """SQL on records l and r for each block, and for swapped names."""
    return [*(" and ".join(f"{_of('l', c)} = {_of('r', c)}" for c in columns) for columns in blocks), _SWAPPED]


def _of(side: str, column: str) -> str:
    return column.replace("(", f"({side}.", 1) if "(" in column else f"{side}.{column}"
