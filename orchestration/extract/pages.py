"""A page of an API as Arrow: every value as the declared type where it can be one, a row that cannot as a reject.

Types that JSON does not know (decimals, times) travel as text, and are cast by DuckDB (landing.py). Not here: fetching (rest.py).
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import types

from orchestration.errors import SourceError
from orchestration.extract.raw_tables import check_contract
from orchestration.privacy.entry import unread_columns
from orchestration.settings import Table
from orchestration.warehouse import quote

REJECTS = "_rejected_json"
_AS_JSON = {"as": "json"}  # nested rows that hold a type which JSON does not know
# numbers beyond 64 bits too, which dlt's own cannot write
_dumps = partial(json.dumps, ensure_ascii=False)
_MISFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


def arrow_schema(con: duckdb.DuckDBPyConnection, table: Table) -> pa.Schema:
    """The declared columns as they travel."""
    columns = ", ".join(f"null::{kind} as {quote(column)}" for column, kind in table.columns.items())
    declared = con.sql(f"select {columns}").to_arrow_table().schema
    fields = []
    for part, kind in zip(declared, table.columns.values(), strict=True):
        is_nested = types.is_nested(part.type)
        if _is_json(part.type) and "HUGEINT" not in kind.upper():
            fields.append(part)
        else:
            fields.append(pa.field(part.name, pa.string(), metadata=_AS_JSON if is_nested else None))
    return pa.schema(fields)


def is_json(part: pa.Field) -> bool:
    return bool(part.metadata)


def is_text(con: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether some column travels as text though it is declared as something else."""
    return any(
        types.is_string(part.type) and kind.upper() != "VARCHAR"
        for part, kind in zip(arrow_schema(con, table), table.columns.values(), strict=True)
    )


def page_to_arrow(
    page: list[Any],
    schema: pa.Schema,
    source: str,
    name: str,
    table: Table,
    max_reject_share: float,
    told: set[str] | None = None,
) -> pa.Table:
    """A page of rows as Arrow of `schema`. Rows that do not fit are kept as JSON in the column `_rejected_json`.

    Undeclared columns are left out, and `told`. Raises SourceError when a declared column stands in no row, or when so
    many rows do not fit that a column must have been retyped.
    """
    rows = [row for row in page if isinstance(row, dict)]
    bad = [row for row in page if not isinstance(row, dict)]
    seen: set[str] = set().union(*rows)
    if rows:
        added = check_contract(source, name, table, sorted(seen), "the API's answer")
        if told is not None:
            told.update(added)
    unread = unread_columns(table, table.columns)
    schema = pa.schema([part for part in schema if part.name not in unread])  # pages lie on disk until they are loaded
    columns, misfits = [], set()
    for part in schema:
        values = [row.get(part.name) for row in rows]
        if is_json(part):
            values = [None if value is None else _dumps(value) for value in values]
        try:
            columns.append(pa.array(values, part.type))
        except _MISFIT:
            fitted = []
            for number, value in enumerate(values):
                try:
                    fitted.append(_fit(value, part.type))
                except ValueError:
                    fitted.append(None)
                    misfits.add(number)
            columns.append(pa.array(fitted, part.type))
    fitting = pa.table(columns, schema=schema) if columns else schema.empty_table()
    if not misfits and not bad:
        return fitting
    bad += [rows[number] for number in sorted(misfits)]
    if len(bad) > 1 and len(bad) > max_reject_share * len(page):
        raise SourceError(
            f"source {source}, table {name}: {len(bad)} of {len(page)} rows of a page do not fit the declared types",
            to_do="a column was retyped: mend the API, or change the types in the configuration and the staging model",
        )
    good = fitting.filter(pa.array([number not in misfits for number in range(len(rows))], pa.bool_()))
    kept = [
        {c: v for c, v in row.items() if c in table.columns and c not in unread} if isinstance(row, dict) else row
        for row in bad
    ]
    rejected = pa.table({REJECTS: pa.array([_dumps(row) for row in kept], pa.string())})
    return pa.concat_tables([good, rejected], promote_options="default")


def _is_json(kind: pa.DataType) -> bool:
    """Whether every value of the type can be a JSON value."""
    if types.is_struct(kind):
        return all(_is_json(part.type) for part in kind)
    if types.is_list(kind):
        return _is_json(kind.value_type)
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_string(kind))


def _fit(value: Any, kind: pa.DataType) -> Any:
    """A JSON value as the type. Raises ValueError when it is not one."""
    if value is None:
        return None
    if types.is_string(kind):
        return value if isinstance(value, str) else _dumps(value)
    if types.is_struct(kind) and isinstance(value, dict):
        return {part.name: _fit(value.get(part.name), part.type) for part in kind}
    if types.is_list(kind) and isinstance(value, list):
        return [_fit(part, kind.value_type) for part in value]
    if types.is_boolean(kind):
        said = {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
        if said is None:
            raise ValueError(type(value).__name__)
        return said
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(type(value).__name__)
    if types.is_floating(kind):
        return float(value)
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError("a fraction")
    bits = kind.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if types.is_signed_integer(kind) else (0, 2**bits)
    if not low <= number < high:
        raise ValueError("beyond the type")
    return number
