"""A map of a vendor's file → one of kundbild.toml: without what reads columns and tables that this company does not have, and with its words.

Not here: the vendor's tables (vendors/__init__.py).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

from orchestration.core.settings.maps import columns_in

# of a map, the columns that it stands in for, and conformed columns without which it says nothing; and a pattern of columns, of each of
# which there is such a map
INSTEAD_OF, REQUIRES, OF_EACH = "instead_of", "requires", "of_each"
_EACH = "$each"


def opt_outs_in(found: Iterable[str], patterns: list[str]) -> list[str]:
    """The columns that by their names say who opted out of one kind of message."""
    return [c for c in found if any(fnmatch.fnmatchcase(c.casefold(), one.casefold()) for one in patterns)]


def of_each(one: dict[str, Any], columns: list[str]) -> list[dict[str, Any]]:
    """A map, or one for each of the columns that fit its pattern."""
    if OF_EACH not in one:
        return [one]
    rest = {key: value for key, value in one.items() if key != OF_EACH}
    return [
        put_in(rest | {"name": f"{one['name']}: {column}"}, {_EACH: column})
        for column in opt_outs_in(columns, [one[OF_EACH]])
    ]


def map_of(one: dict[str, Any], shape: dict[str, Any], shapes: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """A map without what reads columns and tables that are not there; None where what it cannot be without is gone."""
    there = {*shape["columns"], "_row_key", "_source_file"}
    lookups = []
    for each in one.get("lookups", []):
        if kept := _looked_up(each, there, shapes):
            lookups.append(kept)
            there |= {*kept["columns"]}
    columns = {target: how for target, how in one["columns"].items() if reads(how) <= there}
    if not {"source_key", *one.get(REQUIRES, [])} <= {*columns, *one.get("constants", {})}:
        return None
    said = {key: value for key, value in one.items() if key not in (INSTEAD_OF, REQUIRES)}
    said |= {"columns": columns, "where": _where(one, there), "lookups": lookups}
    return said | {"said_once": [column for column in one.get("said_once", []) if column in there]}


def _looked_up(each: dict[str, Any], there: set[str], shapes: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    other = {*shapes.get(each["table"], {}).get("columns", {})}
    if not ({*each["by"]} <= there and {*each["by"].values()} <= other):
        return None
    columns = {name: column for name, column in each["columns"].items() if column in other}
    first_by = [column for column in each.get("first_by", []) if column in other]
    return each | {"columns": columns, "where": _where(each, other), "first_by": first_by} if columns else None


def _where(said: dict[str, Any], there: set[str]) -> str:
    """Conditions in one; of several, those of whose columns all are there."""
    where = said.get("where", "")
    return where if isinstance(where, str) else " and ".join(one for one in where if {*columns_in(one)} <= there)


def reads(how: Any) -> set[str]:
    if isinstance(how, dict):
        return {*columns_in(how["sql"])} if "sql" in how else reads(how["column"])
    return {how} if isinstance(how, str) else {*how}


def put_in(said: Any, values: dict[str, str | None]) -> Any:
    """What stands there with the company's own words in place of $purpose and $wording; without the key where it has none."""
    if isinstance(said, dict):
        return {
            key: put_in(one, values)
            for key, one in said.items()
            if not (isinstance(one, str) and values.get(one, one) is None)
        }
    if isinstance(said, list):
        return [put_in(one, values) for one in said]
    return values.get(said, said) if isinstance(said, str) else said
