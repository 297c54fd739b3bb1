"""Nested JSON as flat rows: `customer.id` is a column, and the elements of a list within each row are rows of a table of their own.

Each in Python, for pages of an API (pages.py), and in SQL, for files (json_files.py) and databases (json_columns.py). A name with dots that stands there as it is counts
first. Not here: columns that stay nested (nested.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.core.warehouse import json_path, scalar, text
from orchestration.extract.paging import has_place, is_place, value_at

# the place of an element in its list, as `carried` names it
PLACE = "#"
# so few rows may all be without a list by chance
_FEW_ROWS = 20


def paths_of(table: Table) -> list[str]:
    """Columns that are named by a path."""
    return [column for column in table.columns if "." in column]


def nested_path(column: str) -> str:
    """The path of a nested field, as DuckDB writes it, a number in it taken for a place in a list: $."customer"."id"."""
    return nested_paths(column)[0]


def nested_paths(column: str) -> list[str]:
    """The paths that a nested field may have: a number may be a place in a list, or the name of an object."""
    return ["$" + "".join(steps) for steps in product(*(_steps(name) for name in column.split(".")))]


def _steps(name: str) -> list[str]:
    named = json_path(name)[1:]
    if not is_place(name):
        return [named]
    return [f"[{name}]" if not name.startswith("-") else f"[#{name}]", named]


def flat_page(page: list[Any], table: Table, source: str, name: str) -> list[Any]:
    """The rows of a page; what is no object stays as it is. Raises SourceError where no row has the list that holds the rows."""
    if table.rows_in:
        rows = [row for row in page if isinstance(row, dict)]
        if len(rows) >= _FEW_ROWS and not any(table.rows_in.partition(".")[0] in row for row in rows):
            raise no_list(source, name, table, len(rows))
        _refuse_renamed(rows, table, source, name)
        page = [element for row in page for element in _elements(row, table, table.rows_in)]
    elif table.carried:
        _refuse_renamed([row for row in page if isinstance(row, dict)], table, source, name)
        page = [{**row, **_carried(row, table)} if isinstance(row, dict) else row for row in page]
    paths = paths_of(table)
    if not paths:
        return page
    around, holders = {path: _around(path) for path in paths}, _holders(table)
    return [_flat(row, around, holders) if isinstance(row, dict) else row for row in page]


def no_list(source: str, name: str, table: Table, rows: int) -> SourceError:
    return SourceError(
        f"source {source}, table {name}: none of {rows:,} rows has {table.rows_in}, of which its rows are",
        to_do=f"where it is called otherwise now, change rows_in below [sources.{source}.tables.{name}]",
    )


def _refuse_renamed(rows: list[dict[str, Any]], table: Table, source: str, name: str) -> None:
    for column, path in _needed_of_carried(table).items():
        if rows and not any(has_place(row, path) for row in rows):
            raise _not_there(source, name, column, path)


def _needed_of_carried(table: Table) -> dict[str, str]:
    """What is carried and must not be called otherwise one day: of the key, for rows without one fall together, and all of statements, for a
    withdrawal without its address denies nothing."""
    needed = {*table.key} | ({*table.carried} - {*table.filled_only} if table.holds_statements else set())
    return {column: path for column, path in table.carried.items() if column in needed and path != PLACE}


def _not_there(source: str, name: str, column: str, path: str) -> SourceError:
    return SourceError(
        f"source {source}, table {name}: no row has {path}, which is carried as {column}",
        to_do=f"where it is called otherwise now, change carried below [sources.{source}.tables.{name}]; of what stands there only where it is "
        f'filled, and is no key, say filled_only = ["{column}"]',
    )


def _elements(row: Any, table: Table, at: str) -> Iterator[Any]:
    if not isinstance(row, dict):
        yield row
        return
    found = value_at(row, at)
    # an API may say one element without its list
    elements = found if isinstance(found, list) else [] if found is None else [found]
    carried = _carried(row, table)
    places = [column for column, path in table.carried.items() if path == PLACE]
    for place, element in enumerate(elements, start=1):
        yield {**element, **carried, **dict.fromkeys(places, place)} if isinstance(element, dict) else element


def _carried(row: dict[str, Any], table: Table) -> dict[str, Any]:
    return {column: value_at(row, path) for column, path in table.carried.items()}


def _around(path: str) -> list[str]:
    """What a nested value stands in, the innermost first: customer.address, customer."""
    return [path.rsplit(".", at)[0] for at in range(1, path.count(".") + 1)]


def _holders(table: Table) -> set[str]:
    """Objects within a row of which columns are read: customer, customer.address."""
    return {holder for column in paths_of(table) for holder in _around(column)} - {*table.columns}


def _flat(row: dict[str, Any], around: dict[str, list[str]], holders: set[str]) -> dict[str, Any]:
    """The row, with what its holders hold beside it: parts that nobody declared, too, so that they are told. `around` has the paths that
    are columns, and what they stand in. This is done for every row: what most of its names need is done by Python's own copy."""
    parts: dict[str, Any] = {}
    held = [key for key in holders & row.keys() if row[key] is None or isinstance(row[key], dict)]
    for key in held:
        _put(parts, key, row[key], around, holders)
    # a name that has dots itself counts first
    found = {**parts, **row}
    for key in held:
        del found[key]
    # of a column that stays nested, whole, and of lists however deep
    for path, outer in around.items():
        if path in found:
            continue
        holder = next((one for one in outer if one in found), None)
        if holder is None:
            continue
        if (value := value_at(row, path)) is not None:
            found[path] = value
        elif isinstance(found[holder], list):  # a list says of each place whether something is there
            found[path] = None
    return found


def _put(found: dict[str, Any], key: str, value: Any, paths: Iterable[str], holders: set[str]) -> None:
    if key not in holders or (value is not None and not isinstance(value, dict)):
        found[key] = value
    elif value is None:  # nothing is there, and that is said
        for path in paths:
            if path.startswith(f"{key}."):
                found.setdefault(path, None)
    else:
        for name, part in value.items():
            _put(found, f"{key}.{name}", part, paths, holders)


def make_rows(con: duckdb.DuckDBPyConnection, select: str) -> None:
    """Makes `json_rows` of a SELECT of document, line and _source_file: a row that is no object has no document, and its text as line."""
    con.execute(f"create or replace temp table json_rows as {select}")


def value_sql(column: str, document: str = "document") -> str:
    """SQL: the JSON value of a column."""
    plain = f"json_extract({document}, {text(json_path(column))})"
    if "." not in column:
        return plain
    nested = ", ".join(f"json_extract({document}, {text(path)})" for path in nested_paths(column))
    return f"coalesce({plain}, {nested})"


def keys_sql(table: Table, document: str = "document") -> str:
    """SQL: the names in a row as flat_page has them, a list of text."""
    holders = sorted(_holders(table))
    if not holders:
        return f"json_keys({document})"
    told = ", ".join(text(holder) for holder in holders)
    parts = []
    for holder in ("", *holders):
        at = (
            value_sql(holder, document)
            if "." in holder
            else f"json_extract({document}, {text(json_path(holder) if holder else '$')})"
        )
        prefix = f"{holder}." if holder else ""
        # what holds no object, though columns are of it, is a name itself
        named = f"list_transform(json_keys({at}), lambda k: {text(prefix)} || k)"
        inner = f"json_type({at}, '$.\"' || replace(k[{len(prefix) + 1}:], '\"', '\\\"') || '\"')"
        parts.append(
            f"list_filter({named}, lambda k: k not in ({told}) or coalesce({inner}, '') not in ('OBJECT', 'NULL'))"
        )
        if holder:
            own = [c for c in paths_of(table) if c.startswith(prefix)]
            parts.append(f"case when json_type({at}) in ('NULL', 'ARRAY') then {own}::varchar[] end")
    return f"list_concat({', '.join(f'coalesce({part}, [])' for part in parts)})"


def unnest_rows(con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> bool:
    """Makes a row of `json_rows` of each element of the list that holds the table's rows. Whether none is left then. Raises SourceError
    where no row has the list."""
    if not table.rows_in:
        return False
    has_list = f"json_exists(document, {text(nested_path(table.rows_in.partition('.')[0]))})"
    rows, lists = con.execute(
        f"select count(document), count(*) filter (document is not null and ({has_list} or {value_sql(table.rows_in)} is not null)) from json_rows"
    ).fetchall()[0]
    if rows >= _FEW_ROWS and not lists:
        raise no_list(source, name, table, rows)
    for column, path in _needed_of_carried(table).items():
        outer = [f"coalesce(json_type({value_sql(one)}), '') in ('NULL', 'ARRAY')" for one in _around(path)]
        places = [f"json_exists(document, {text(at)})" for at in (json_path(path), *nested_paths(path))]
        of_file = "select 1 from json_rows where document is not null group by _source_file"
        if con.execute(f"{of_file} having not bool_or({' or '.join([*places, *outer])})").fetchall():
            raise _not_there(source, name, column, path)
    con.execute(f"create or replace temp table unnested_rows as {_elements_sql('from json_rows', table)}")
    _put_in_place(con, "unnested_rows")
    return not scalar(con, "select count(*) from json_rows where document is not null or trim(line) <> ''")


def carry(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Puts what a table carries into the documents of `json_rows`, where its rows are no elements of a list."""
    if table.rows_in or not table.carried:
        return
    values = ", ".join(f"{text(column)}, {value_sql(path, 'element')}" for column, path in table.carried.items())
    con.execute(
        f"create or replace temp table carried_rows as select * exclude (element, document), "
        f"case when element is not null then {_carrying(list(table.carried), values)} end as document "
        "from (select *, document as element from json_rows)"
    )
    _put_in_place(con, "carried_rows")


def _put_in_place(con: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Makes the rows of a temp table those of `json_rows`."""
    con.execute("delete from json_rows")
    con.execute(f"insert into json_rows by name from {rows}")
    con.execute(f"drop table {rows}")


def _carrying(columns: list[str], carried: str) -> str:
    """SQL: the element with what it carries along, null where the row has nothing: a patch would leave nulls out, as if the key were gone,
    and merge objects of the same name."""
    # a patch writes numbers anew: only an element that has such a name itself is patched
    own = " or ".join(f"json_exists(element, {text(json_path(column))})" for column in columns)
    without = ", ".join(f"{text(column)}, null" for column in columns)
    rest = f"(case when {own} then json_merge_patch(element, json_object({without})) else element end)"
    said = f"json_object({carried})::varchar"
    return (
        f"case when len(json_keys({rest})) = 0 then json_object({carried}) "
        f"else (left({said}, -1) || ',' || ltrim({rest}::varchar)[2:])::json end"
    )


def _elements_sql(rows: str, table: Table) -> str:
    """SQL: `rows` with a row for each element of the list, as flat_page has them. What is no object has no document, and its text as line."""
    at = str(table.rows_in)
    carried = ", ".join(
        f"{text(column)}, {'place' if path == PLACE else value_sql(path)}" for column, path in table.carried.items()
    )
    found = value_sql(at)
    elements = (
        f"case when document is null then [null::json] when json_type({found}) = 'ARRAY' then json_extract({found}, '$[*]') "
        f"when coalesce(json_type({found}), 'NULL') = 'NULL' then []::json[] else [{found}] end"
    )
    merged = _carrying(list(table.carried), carried) if carried else "element"
    return (
        f"select * exclude (document, line, element, place, elements), "
        f"case when document is null then line when json_type(element) <> 'OBJECT' then element::varchar end as line, "
        f"case when json_type(element) = 'OBJECT' then {merged} end as document "
        f"from (select *, unnest(elements) as element, unnest(range(1, len(elements) + 1)) as place "
        f"from (select *, {elements} as elements from ({rows})))"
    )
