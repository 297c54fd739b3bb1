"""Whether every part of a nested value is of its declared type, and what of it is declared at all. DuckDB's own casts make what
does not fit null, or round it.

Not here: values that are not nested (rejecting.py), or the rows of an API as Arrow (pages.py).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from orchestration.core.warehouse import json_path, quote, text

_LISTS = ("list", "array")


def is_nested(kind: str) -> bool:
    return kind.upper().startswith("STRUCT(") or kind.rstrip().endswith("]")


def fits(value: str, kind: str, leaf: Callable[[str, str], str]) -> str:
    """SQL: whether a value fits the nested type `kind`, be it JSON, nested itself, or text as DuckDB writes such values.

    `leaf` gives SQL for a text and a type: whether a part that is not nested fits.
    """
    declared = DuckDBPyType(kind)
    return _fits(_as_json(value, declared), declared, leaf, count())


def declared_parts(value: str, kind: str) -> str:
    """SQL: a value as JSON, without what the type `kind` does not declare; of what is declared, whatever type it has."""
    declared = DuckDBPyType(kind)
    return _declared(_as_json(value, declared), declared, count())


def declared_value(value: Any, kind: str) -> Any:
    """The same of a value of Python."""
    return _declared_value(value, DuckDBPyType(kind))


def _declared_value(value: Any, kind: DuckDBPyType) -> Any:
    if kind.id == "struct" and isinstance(value, dict):
        return {name: _declared_value(value[name], part) for name, part in _parts(kind) if name in value}
    if kind.id in _LISTS and isinstance(value, list):
        return [_declared_value(one, _parts(kind)[0][1]) for one in value]
    return None if isinstance(value, dict | list) and kind.id != "varchar" else value


def _as_json(value: str, declared: DuckDBPyType) -> str:
    return (
        f"(case when typeof({value}) = 'VARCHAR' then to_json(try_cast({value} as {_as_texts(declared)})) "
        f"else to_json({value}) end)"
    )


def _declared(value: str, kind: DuckDBPyType, numbers: count[int]) -> str:
    # an object or a list where none is declared is of parts that nobody declared
    plain = f"when json_type({value}) in ('OBJECT', 'ARRAY') then null else {value} end"
    if kind.id == "struct":
        parts = [
            f"{text(name)}, {_declared(f'json_extract({value}, {text(json_path(name))})', part, numbers)}"
            for name, part in _parts(kind)
        ]
        return f"(case when json_type({value}) = 'OBJECT' then json_object({', '.join(parts)}) {plain})"
    if kind.id in _LISTS:
        one = f"part_{next(numbers)}"
        each = f"list_transform(json_extract({value}, '$[*]'), lambda {one}: {_declared(one, _parts(kind)[0][1], numbers)})"
        return f"(case when json_type({value}) = 'ARRAY' then to_json({each}) {plain})"
    return value if kind.id == "varchar" else f"(case {plain})"


def _fits(value: str, kind: DuckDBPyType, leaf: Callable[[str, str], str], numbers: count[int]) -> str:
    if kind.id == "struct":
        parts = [
            _fits(f"json_extract({value}, {text(json_path(name))})", part, leaf, numbers) for name, part in _parts(kind)
        ]
        return _or_null(value, " and ".join([f"json_type({value}) = 'OBJECT'", *parts]))
    if kind.id in _LISTS:
        one = f"part_{next(numbers)}"
        each = _fits(one, _parts(kind)[0][1], leaf, numbers)
        all_fit = f"coalesce(list_bool_and(list_transform(json_extract({value}, '$[*]'), lambda {one}: {each})), true)"
        return _or_null(value, f"json_type({value}) = 'ARRAY' and {all_fit}")
    written = f"json_extract_string({value}, '$')"
    return _or_null(value, "true" if kind.id == "varchar" else leaf(written, str(kind)))


def _or_null(value: str, condition: str) -> str:
    return f"(coalesce(json_type({value}), 'NULL') = 'NULL' or ({condition}))"


def _as_texts(kind: DuckDBPyType) -> str:
    """The type with text in place of all that is not nested."""
    if kind.id == "struct":
        return f"STRUCT({', '.join(f'{quote(name)} {_as_texts(part)}' for name, part in _parts(kind))})"
    return f"{_as_texts(_parts(kind)[0][1])}[]" if kind.id in _LISTS else "VARCHAR"


def _parts(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    # beside its type, an array has its length
    return [(name, part) for name, part in kind.children if isinstance(part, DuckDBPyType)]
