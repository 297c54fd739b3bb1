"""Columns of a database that hold a JSON object in each row: their plain values are columns by a path, as in JSON files.

Here: which columns these are, their parts beside the others, and the lists of objects within rows. Not here: what such a list is
(json_lists.py), reading them in a night (extract/json_columns.py), JSON
files (nested_kinds.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.core.warehouse import quote, scalar, text
from orchestration.extract.nested_rows import nested_path
from orchestration.proposals.columns import SAMPLED
from orchestration.proposals.found import why_withheld

JSON = "JSON"
_DEEP = 3
# types of json_group_structure that tell a column's own
JSON_KINDS = {"BOOLEAN": "BOOLEAN", "BIGINT": "BIGINT", "UBIGINT": "BIGINT"}


@dataclass(frozen=True)
class Parts:
    """The columns of `looked_flat`, in their order; types that JSON itself tells; what is not read, by its path; what never enters raw."""

    names: list[str]
    kinds: dict[str, str]
    unread: list[str]
    withheld: dict[str, str]
    lists: list[str]  # paths of lists of objects


def with_parts(con: duckdb.DuckDBPyConnection, columns: Sequence[str], asked: Collection[str], json_kinds: Collection[str]) -> Parts:  # fmt: skip
    """Makes the view `looked_flat` of `first_looked`: each column in `asked` of which every value is an object by its parts, any other
    as it is. A column of the database's own JSON (`json_kinds`) that holds anything else is not read."""
    found_in = {c: _structure(con, c, "OBJECT") for c in columns if c in asked}
    holders = {c: structure for c, structure in found_in.items() if isinstance(structure, dict) and structure}
    found: dict[str, tuple[str, str]] = {}  # column → its holder, and its type
    unread = [c for c in columns if c in json_kinds and c not in holders]
    lists = [c for c in columns if c in asked and c not in holders and _is_list(_structure(con, c, "ARRAY", "NULL"))]
    for holder, structure in holders.items():
        for path, kind in _leaves(structure, f"{holder}.", _DEEP):
            if kind is None:
                unread.append(path)
                lists += [path] if _is_list_of_objects(structure, path.removeprefix(f"{holder}.")) else []
            else:
                found[path] = (holder, kind)
    plain = [c for c in columns if c not in holders and c not in unread]
    withheld = why_withheld([*plain, *found, *unread])
    names = [*plain, *(c for c in found if c not in withheld)]
    said = [quote(c) for c in plain]
    said += [f"{_value(c, found[c][0])} as {quote(c)}" for c in names if c in found]
    con.execute(f"create or replace temp view looked_flat as select {', '.join(said)} from first_looked")
    kinds = {c: JSON_KINDS[kind] for c, (_, kind) in found.items() if kind in JSON_KINDS}
    told = {c: why for c, why in withheld.items() if c in found or c in unread}
    return Parts(names, kinds, unread, told, [c for c in lists if c not in withheld])


def parts_within(con: duckdb.DuckDBPyConnection, documents: str) -> dict[str, str | None]:
    """Path → type of JSON of each part of the documents of a relation; None for what has no plain value."""
    structure = scalar(con, f"select json_group_structure(document)::varchar from {documents}")
    parsed = json.loads(structure) if structure else None
    return dict(_leaves(parsed, "", _DEEP)) if isinstance(parsed, dict) else {}


def _is_list_of_objects(structure: dict[str, Any], path: str) -> bool:
    found: Any = structure
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return _is_list(found)


def _is_list(structure: Any) -> bool:
    return isinstance(structure, list) and bool(structure) and isinstance(structure[0], dict) and bool(structure[0])


def _structure(con: duckdb.DuckDBPyConnection, column: str, *kinds: str) -> Any:
    """What the values of a column are made of, as json_group_structure says it; None where any is of another kind of JSON, or of none."""
    value = f"nullif(trim({quote(column)}), '')"
    is_of = f"case when json_valid({value}) then json_type({value}) in ({', '.join(map(text, kinds))}) else {value} is null end"
    first = f"(from first_looked limit {SAMPLED})"
    for rows in (first, "first_looked"):  # nearly all columns are told by their first rows
        if not scalar(con, f"select coalesce(bool_and({is_of}), false) from {rows}"):
            return None
    structure = scalar(con, f"select json_group_structure(({value})::json)::varchar from first_looked")
    return json.loads(structure) if structure else None


def _leaves(structure: dict[str, Any], before: str, deep: int) -> Iterator[tuple[str, str | None]]:
    """(path, type) of each part; None for what has no plain value: a list, what lies deeper, what differs from row to row."""
    for name, part in structure.items():
        path = before + name
        if "." in name:  # a path cannot name it
            continue
        if isinstance(part, dict) and part and deep > 1:
            yield from _leaves(part, f"{path}.", deep - 1)
        else:
            yield path, part if isinstance(part, str) and part not in ("JSON", "NULL") else None


def _value(column: str, holder: str) -> str:
    path = nested_path(column.removeprefix(f"{holder}."))
    return f"json_extract_string(nullif(trim({quote(holder)}), '')::json, {text(path)})"
