"""Endpoints that are asked once for each row of another (`for_each`): what such a row says, in the address and in the rows of its own endpoint.

Not here: asking (rest.py, run/first_tables.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from orchestration.core.errors import SourceError
from orchestration.core.settings import Source, Table
from orchestration.core.settings.paging import ForEach, named_in
from orchestration.extract.paging import has_place, value_at
from orchestration.extract.rest_look import Api

# of a row: its values by name, and those that stand in addresses as they are written there
SAID, WRITTEN = "said", "written"
# of a look, so many rows are asked for theirs
LOOKED_AT = 5
# in place of a row that is no object, which cannot say whose it is
NO_OBJECT = "_no_object"


def parents_of(table: Table) -> list[ForEach]:
    """The endpoints for each of whose rows the next one is asked, outermost first."""
    return table.for_each.outermost_first if table.for_each else []


def parent_of(row: Any, one: ForEach, asked_by: str, source: str, name: str, outer: dict[str, Any]) -> dict[str, Any]:
    """What a row of `one` says, and what an `outer` one does; nothing of a column whose place it does not have. `asked_by` is the endpoint that
    is asked for it. Raises SourceError where it does not say what stands in that address, or by what rows are chosen."""
    said = {column: value_at(row, path) for column, path in one.columns.items() if has_place(row, path)}
    for column in one.columns:
        found = said.get(column)
        is_unsaid = column in named_in(asked_by) and (found in (None, "") or isinstance(found, dict | list | bool))
        if is_unsaid or (column in one.only and column not in said):
            raise SourceError(
                f"source {source}, table {name}: a row of {one.endpoint.partition('?')[0]} has no {one.columns[column]}, by which its own rows are asked for",
                to_do=f"check for_each.columns below [sources.{source}.tables.{name}]",
            )  # fmt: skip
    said = {**outer, **said}
    # a key that holds a slash or a question mark stays one part of the address
    return {SAID: said, WRITTEN: {column: quote(str(value), safe="") for column, value in said.items()}}


def is_asked_for(said: dict[str, Any], one: ForEach) -> bool:
    """Whether a row of `one` is among those that the configuration names, if it names any."""
    return all(str(said[column]) in values for column, values in one.only.items())


def as_objects(rows: list[Any]) -> list[dict[str, Any]]:
    """The rows of a page, to each of which something can be added."""
    return [row if isinstance(row, dict) else {NO_OBJECT: row} for row in rows]


def with_parent(row: dict[str, Any], said: dict[str, Any], table: Table) -> Any:
    """A row with the columns that its parent says; what is no object is that again."""
    if NO_OBJECT in row:
        return row[NO_OBJECT]
    return {**row, **{column: value for column, value in said.items() if column in table.columns}}


def carrying(table: Table) -> Table:
    """The table, whose list elements also carry the values of the parent, as their row does."""
    if not (table.for_each and table.rows_in):
        return table
    own = {column: column for column in table.for_each.said if column in table.columns}
    return table.model_copy(update={"carried": {**own, **table.carried}})


def first_endpoints(api: Api, source: Source, name: str, table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """The endpoints that a look asks: those of the first rows of the parent, each with the values that its row says."""
    parents = parents_of(table)
    endpoints = [*(one.endpoint for one in parents), table.endpoint or name]
    asked: list[tuple[str, dict[str, Any]]] = [(endpoints[0], {})]
    for one, following in zip(parents, endpoints[1:], strict=True):
        found: list[tuple[str, dict[str, Any]]] = []
        for endpoint, outer in asked:
            pages = api.pages(
                address(source, endpoint),
                source.paging_of(one),
                source.page_size if one.only else min(source.page_size, LOOKED_AT),
                one,
            )
            for row in next(pages, []):
                parent = parent_of(row, one, following, api.source, name, outer)
                if len(found) >= LOOKED_AT or not is_asked_for(parent[SAID], one):
                    continue
                found.append((following.format_map(parent[WRITTEN]), parent[SAID]))
        asked = found
    yield from asked


def address(source: Source, endpoint: str) -> str:
    return f"{source.url.rstrip('/')}/{endpoint.lstrip('/')}"
