"""Tables of the configuration that say no types: a column without one is text, and what the entity takes is read out of it by the map.

So a later file cannot fail by a type: a value that the map cannot read sets aside its row, with the reason. Here: which columns a table has,
by what reads them. Not here: tables of a system that Kundbild knows (systems/), or vendors (vendors/).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from orchestration.contracts.conformed import entities
from orchestration.core.settings.maps import EntityMap

_TEXT = "VARCHAR"
# columns that every raw table has
_OWN = ("_row_key", "_source_file")
# files with types of their own are taken as they are typed
_TYPED = ("parquet",)
_NUMBERS = ("decimal", "integer", "bigint", "double")


def with_columns(source: Mapping[str, Any], tables: dict[str, Any]) -> dict[str, Any]:
    """The tables, as they are written, of which each has columns; those that say none, or no types, have what is read of them."""
    if source.get("format") in _TYPED:
        return tables
    maps = {name: _maps(table) for name, table in tables.items()}
    if None in maps.values():
        return tables  # whoever validates them says what is wrong
    looked_up: dict[str, list[str]] = {}
    for of in maps.values():
        for lookup in (one for mapping in of or [] for one in mapping.lookups):
            looked_up.setdefault(lookup.table, []).extend(
                [*lookup.by.values(), *lookup.columns.values(), *lookup.first_by]
            )
    return {
        name: _with_columns(source, table, maps[name] or [], looked_up.get(name, [])) for name, table in tables.items()
    }


def _with_columns(
    source: Mapping[str, Any], table: dict[str, Any], maps: list[EntityMap], looked_up: list[str]
) -> dict[str, Any]:
    said, types = table.get("columns"), table.get("types") or {}
    if isinstance(said, dict) or not isinstance(types, dict) or not (maps or said):
        return table
    named = list(said) if isinstance(said, list) else _read(table, maps, looked_up)
    if not all(isinstance(name, str) for name in named):
        return table
    columns = {**dict.fromkeys(named, _TEXT), **types}
    has_comma = _decimal(table) == "," if "csv" in table else _decimal(source) == ","
    written = [_with_commas(one, columns) if has_comma else one for one in table.get("maps", [])]
    return {**table, "columns": columns, "maps": written} if maps else {**table, "columns": columns}


def _read(table: dict[str, Any], maps: list[EntityMap], looked_up: list[str]) -> list[str]:
    key, cursor = table.get("key", []), table.get("cursor")
    names = [*(key if isinstance(key, list) else []), *([cursor] if cursor else []), *looked_up]
    names += [column for mapping in maps for column in mapping.read]
    return [name for name in dict.fromkeys(names) if name not in _OWN]


def _maps(table: Any) -> list[EntityMap] | None:
    try:
        return [EntityMap.model_validate(one) for one in table.get("maps", [])]
    except (ValidationError, AttributeError, TypeError):
        return None


def _decimal(said: Mapping[str, Any]) -> str:
    csv = said.get("csv")
    return str(csv.get("decimal", ".")) if isinstance(csv, dict) else "."


def _with_commas(mapping: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """The map of a file with decimal commas: the reader of the file turns those of typed columns alone."""
    kinds = entities().get(str(mapping.get("entity")), {})
    targets = {}
    for target, said in mapping["columns"].items():
        how = {"column": said} if isinstance(said, str) else said
        is_text = isinstance(how, dict) and columns.get(str(how.get("column"))) == _TEXT
        is_amount = kinds.get(target, "").startswith(_NUMBERS) and is_text and "decimal" not in how
        targets[target] = {**how, "decimal": ","} if is_amount else said
    return {**mapping, "columns": targets}
