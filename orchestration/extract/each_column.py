"""A map for each of several columns, as of consents that stand beside one another in a row (Nyhetsbrev: Ja, Sms: Nej): `each` names the columns.

Here: a map as it is written → maps as they are written. Not here: lists within a row, whose elements are rows (`rows_in`, nested_rows.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from orchestration.core.settings.maps import columns_in
from orchestration.privacy.intake.withdrawals import REFUSAL, WITHDRAWN_WORDS

EACH, COLUMN = "each", "$column"
# what SQL reads in its place, to see whether it reads it
_READ = "read_of_each"


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
    if one.get("entity") == "consent_events" and (wrong := _without_answer(each, rest)):
        raise refuse(
            f"the status of {wrong} does not read {COLUMN}: the yes of another column would grant what {wrong} is about",
            f'write status = {{ column = "{COLUMN}", … }}, or say in `each` which column has the answer: "{wrong}" = {{ status = "…" }}',
        )
    return [_of(column, said, rest) for column, said in each.items()]


def _without_answer(each: dict[str, dict[str, Any]], rest: dict[str, Any]) -> str | None:
    """The first column of `each` of which the map may say a grant that no column of its own says."""
    how = rest["columns"].get("status")
    if how is None:
        constants = rest.get("constants", {})
        words = {column: said.get("status", constants.get("status", "")) for column, said in each.items()}
        return next((column for column, word in words.items() if not _refuses(str(word))), None)
    return None if _reads_column(how) else next((column for column, said in each.items() if "status" not in said), None)


def _refuses(word: str) -> bool:
    said = word.strip().lower()
    return said in WITHDRAWN_WORDS or re.search(REFUSAL, said) is not None


def _reads_column(how: Any) -> bool:
    """Whether what a column is read from names `$column`: its words and formats may do so besides."""
    if isinstance(how, dict) and "sql" in how:
        return any(_READ in column for column in columns_in(str(how["sql"]).replace(COLUMN, _READ)))
    read = how.get("column") if isinstance(how, dict) else how
    return any(COLUMN in str(column) for column in (read if isinstance(read, list) else [read]))


def _of(column: str, said: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    own = {target: value for target, value in said.items() if target in rest["columns"]}
    constants = {target: value for target, value in said.items() if target not in own}
    name = f"{rest['name']}: {column}" if rest.get("name") else column
    made: dict[str, Any] = _put(rest, column) | {"name": name}
    made["columns"] |= own
    return made | {"constants": {**rest.get("constants", {}), **constants}}


def _put(said: Any, column: str) -> Any:
    if isinstance(said, dict):
        return {key: _put(value, column) for key, value in said.items()}
    if isinstance(said, list):
        return [_put(value, column) for value in said]
    return said.replace(COLUMN, column) if isinstance(said, str) else said
