"""Types of nested values of JSON files: which of their parts are columns by a path, and how SQL reaches them.

Here: DuckDB's types, and the elements of a list as a relation. Not here: nested values of an API (nested_parts.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
from duckdb.sqltypes import DuckDBPyType

from orchestration.core.warehouse import quote
from orchestration.extract.duckdb_catalogue import plain_kind
from orchestration.extract.nested_rows import PLACE
from orchestration.proposals.columns import Column, columns_of, sample

DEEP = 3


def is_nested_kind(kind: str) -> bool:
    return ("(" in kind and not kind.startswith("DECIMAL")) or "[" in kind or kind in ("JSON", "MAP")


def is_list_of_objects(kind: str) -> bool:
    return kind.endswith("[]") and _is_object(kind[:-2])


def leaves_of(kinds: Mapping[str, str], deep: int = DEEP, before: str = "") -> dict[str, str]:
    """Path → type of the parts of objects, down to `deep`; of a name with a dot, which a path cannot name, none."""
    found: dict[str, str] = {}
    for name, kind in kinds.items():
        if deep and _is_object(kind) and "." not in name:
            found |= leaves_of(_parts(kind), deep - 1, f"{before}{name}.")
        elif not before or "." not in name:
            found[before + name] = kind
    return found


def names_within(con: duckdb.DuckDBPyConnection, kinds: Mapping[str, str], types: Mapping[str, str]) -> list[str]:
    """Paths of nested values of `looked_typed` and of everything within them. Of a type without names of its own, as a map is, those of
    its rows."""
    found: list[str] = []
    for path, kind in kinds.items():
        found += [path, *_paths_of(kind, path)]
        if "MAP(" in kind or "JSON" in kind:
            written = f"to_json({reached(path, types)})::varchar"
            names = f'unnest(regexp_extract_all({written}, \'"([^"]+)"\\s*:\', 1))'
            rows = con.execute(f"select distinct name from (select {names} as name from looked_typed)").fetchall()
            found += [f"{path}.{name}" for (name,) in rows]
    return found


def _paths_of(kind: str, path: str) -> Iterator[str]:
    while kind.endswith("]"):
        kind = kind[: kind.rindex("[")]
    if _is_object(kind):
        for name, part in _parts(kind).items():
            yield f"{path}.{name}"
            yield from _paths_of(part, f"{path}.{name}")


def reached(path: str, kinds: Mapping[str, str]) -> str:
    """SQL: the value at a path."""
    return quote(path) if path in kinds else ".".join(map(quote, path.split(".")))


def _is_object(kind: str) -> bool:
    return kind.startswith("STRUCT(") and not kind.endswith("]")


def _parts(kind: str) -> dict[str, str]:
    return {name: str(part) for name, part in DuckDBPyType(kind).children if isinstance(part, DuckDBPyType)}


def elements(con: duckdb.DuckDBPyConnection, path: str, carried: Mapping[str, str]) -> list[Column]:
    """The columns of the elements of a list of `looked_typed`, and of what they carry along, as the view `looked_within`."""
    types = dict(con.execute("select column_name, column_type from (describe from looked_typed)").fetchall())
    at = reached(path, types)
    (kind,) = con.execute(f"select any_value(typeof({at})) from looked_typed").fetchall()[0]
    parts = _parts(kind[:-2])
    own = {c: k for c, k in leaves_of(parts).items() if not is_nested_kind(k) and c not in carried}
    said = {c: "place" if there == PLACE else reached(there, types) for c, there in carried.items()}
    of_element = {c: f"element.{reached(c, parts)}" for c in own}
    named = ", ".join(f"cast({sql} as varchar) as {quote(c)}" for c, sql in (of_element | said).items())
    con.execute(
        f"create or replace temp view looked_within as select {named} from "
        f"(select *, unnest({at}) as element, generate_subscripts({at}, 1) as place from looked_typed) where element is not null"
    )
    sample(con, "looked_within")
    known = {c: plain_kind(k.upper()) for c, k in own.items() if k.upper() != "VARCHAR"}
    return columns_of(con, "looked_within", [*own, *said], known=known)
