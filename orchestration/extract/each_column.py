"""A map for each of several columns, as of consents that stand beside one another in a row (Nyhetsbrev: Ja, Sms: Nej): `each` names the columns.

Here: a map as it is written → maps as they are written. Not here: lists within a row, whose elements are rows (`rows_in`, nested_rows.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

EACH, COLUMN = "each", "$column"


def with_each(table: dict[str, Any], refuse: Callable[[str, str], Exception]) -> dict[str, Any]:
    """A table as it is written, with a map for each column of `each`. Raises what `refuse(what, to_do)` makes where one says nothing of its column."""
    maps = table.get("maps")
    if not isinstance(maps, list) or not any(isinstance(one, dict) and EACH in one for one in maps):
        return table
    found: list[Any] = []
    for one in maps:
        found += _of_each(one, refuse) if isinstance(one, dict) and EACH in one else [one]
    return {**table, "maps": found}


def _of_each(one: dict[str, Any], refuse: Callable[[str, str], Exception]) -> list[dict[str, Any]]:
    each, rest = one[EACH], {key: value for key, value in one.items() if key != EACH}
    is_right = isinstance(each, dict) and each and all(isinstance(said, dict) for said in each.values())
    if not is_right or not isinstance(rest.get("columns"), dict):
        raise refuse(
            "each names no columns",
            'each = { "Nyhetsbrev" = { purpose = "newsletter" } }: a column, and what is said of it',
        )
    if COLUMN not in str(rest["columns"]):
        raise refuse(f"no column of the map reads {COLUMN}", f'write status = {{ column = "{COLUMN}", … }}')
    return [_of(column, said, rest) for column, said in each.items()]


def _of(column: str, said: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    own = {target: value for target, value in said.items() if target in rest["columns"]}
    constants = {target: value for target, value in said.items() if target not in own}
    made: dict[str, Any] = _put(rest, column) | {"name": column}
    made["columns"] |= own
    return made | {"constants": {**rest.get("constants", {}), **constants}}


def _put(said: Any, column: str) -> Any:
    if isinstance(said, dict):
        return {key: _put(value, column) for key, value in said.items()}
    if isinstance(said, list):
        return [_put(value, column) for value in said]
    return said.replace(COLUMN, column) if isinstance(said, str) else said
