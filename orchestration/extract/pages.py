"""A page of an API as Arrow: every value as the declared type where it can be one, a row that cannot as a reject.

Types that JSON does not know (decimals, times) travel as text, and are cast by DuckDB (landing.py). Not here: fetching (rest.py).
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import types

from orchestration.contracts.reasons import set_aside_words
from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.core.warehouse import quote
from orchestration.extract.kept_lines import may_refuse
from orchestration.extract.left_out import LeftOut
from orchestration.extract.nested import declared_value
from orchestration.extract.nested_rows import flat_page
from orchestration.extract.page_json import Exact, exact
from orchestration.privacy.intake.entry_columns import unread_columns

# of a row that does not fit: the row, the column that did not, and why, in words and as a code
REJECTS, REJECTED_COLUMN = "_rejected_json", "_rejected_column"
REJECTED_FOR, REJECTED_CODE = "_rejected_for", "_rejected_code"
NOT_OF_TYPE = "not_of_type"
_AS_JSON = {"as": "json"}  # nested rows that hold a type which JSON does not know
# numbers beyond 64 bits too, which dlt's own cannot write
_dumps = json.JSONEncoder(ensure_ascii=False).encode
# what reading a value raises, and what that means; none of these errors' own words, for they quote the value
_REASONS: dict[type[Exception], str] = {
    UnicodeEncodeError: "no_valid_text",
    RecursionError: "nested_too_deep",
    OverflowError: "beyond_type",
    ValueError: NOT_OF_TYPE,
}
_MISFIT = (*_REASONS, pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError)


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
    left_out: LeftOut,
    told: set[str] | None = None,
) -> pa.Table:
    """A page of rows as Arrow of `schema`. Rows that do not fit are kept as JSON in the column `_rejected_json`, with why.

    Undeclared columns are dropped, and `told`. Raises SourceError when a declared column is gone by `left_out`, or when so
    many rows do not fit that a column must have been retyped.
    """
    page = flat_page(page, table, source, name)
    rows = [row for row in page if isinstance(row, dict)]
    bad: list[tuple[Any, str | None, str]] = [(row, None, "not_an_object") for row in page if not isinstance(row, dict)]
    seen = {_as_text(name) for name in set().union(*rows)}
    if rows:
        added = left_out.check(sorted(seen), len(rows), "the API's answer")
        if told is not None:
            told.update(added)
    unread = unread_columns(table, table.columns)
    schema = pa.schema([part for part in schema if part.name not in unread])  # pages lie on disk until they are loaded
    columns: list[pa.Array] = []
    misfits: dict[int, tuple[str, str]] = {}
    for part in schema:
        values, unfit = _column([row.get(part.name) for row in rows], part)
        columns.append(values)
        misfits = {**{number: (part.name, code) for number, code in unfit.items()}, **misfits}
    fitting = pa.table(columns, schema=schema) if columns else schema.empty_table()
    if not misfits and not bad:
        return fitting
    bad += [(rows[number], *misfits[number]) for number in sorted(misfits)]
    if len(bad) > 1 and len(bad) > max_reject_share * len(page):
        raise SourceError(
            f"source {source}, table {name}: {len(bad)} of {len(page)} rows of a page do not fit the declared types",
            to_do="a column was retyped: fix the API, or change the types in the configuration and the staging model",
        )
    good = fitting.filter(pa.array([number not in misfits for number in range(len(rows))], pa.bool_()))
    kept = {c: kind for c, kind in table.columns.items() if c not in unread}
    is_kept_whole = may_refuse(source, name, table)
    shown = {REJECTS: [_reject(row, kept, is_kept_whole=is_kept_whole) for row, _, _ in bad], REJECTED_COLUMN: [column for _, column, _ in bad],
            REJECTED_FOR: [set_aside_words(code) for _, _, code in bad], REJECTED_CODE: [code for _, _, code in bad]}  # fmt: skip
    rejected = pa.table({name: pa.array(values, pa.string()) for name, values in shown.items()})
    return pa.concat_tables([good, rejected], promote_options="default")


def _column(values: list[Any], part: pa.Field) -> tuple[pa.Array, dict[int, str]]:
    """The values as Arrow, null where one does not fit; and the reason_code, by its number."""
    written = values
    with suppress(*_MISFIT):
        if is_json(part):
            written = [None if value is None else _dumps(exact(value)) for value in values]
        # Arrow cuts a fraction off, takes a text for a list, and true for 1.0
        if {type(value) for value in written} <= _of_kind(part.type):
            return pa.array(written, part.type), {}
    fitted, unfit = [], {}
    for number, value in enumerate(values):
        try:
            fitted.append(_fit(_dumps(exact(value)) if is_json(part) and value is not None else value, part.type))
        except tuple(_REASONS) as error:
            fitted.append(None)
            unfit[number] = next(code for kind, code in _REASONS.items() if isinstance(error, kind))
    return pa.array(fitted, part.type), unfit


def _of_kind(kind: pa.DataType) -> set[type]:
    """Types of Python whose values Arrow takes for a type as they are, or refuses. None for a type of which no one is such."""
    if types.is_integer(kind):
        return {int, type(None)}
    if types.is_float64(kind):
        return {int, float, Exact, type(None)}
    if types.is_boolean(kind):
        return {bool, type(None)}
    return {str, type(None)} if types.is_string(kind) else {type(None)}


def _reject(row: Any, columns: dict[str, str], *, is_kept_whole: bool) -> str:
    """A row as JSON, for people: what is declared of it alone, and without what no program can write. `is_kept_whole`: what is
    no object stays as it is, for it may refuse something."""
    if isinstance(row, dict):
        kept: Any = {c: declared_value(row[c], kind) for c, kind in columns.items() if c in row}
    else:
        kept = row if is_kept_whole else None
    try:
        written = _dumps(kept)
    except RecursionError:
        flat = {c: v for c, v in kept.items() if not isinstance(v, dict | list)} if isinstance(kept, dict) else None
        written = _dumps(flat)
    return _as_text(written)


def _as_text(written: str) -> str:
    """Text with a question mark for each half of a character."""
    return written.encode("utf-8", "replace").decode()


def _is_json(kind: pa.DataType) -> bool:
    """Whether every value of the type can be a JSON value."""
    if types.is_struct(kind):
        return all(_is_json(part.type) for part in kind)
    if types.is_list(kind):
        return _is_json(kind.value_type)
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_string(kind))


def _fit(value: Any, kind: pa.DataType) -> Any:
    """A JSON value as the type. Raises an error of _REASONS when it is not one."""
    if value is None:
        return None
    if types.is_string(kind):
        written = value.written if isinstance(value, Exact) else value if isinstance(value, str) else _dumps(value)
        written.encode()  # half a character is not text
        return written
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
        share = float(value)
        if not math.isfinite(pa.scalar(share, kind).as_py()):
            raise OverflowError("no number")
        return share
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError("a fraction")
    bits = kind.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if types.is_signed_integer(kind) else (0, 2**bits)
    if not low <= number < high:
        raise OverflowError("beyond the type")
    return number
