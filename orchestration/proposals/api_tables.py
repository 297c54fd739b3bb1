"""What the rows of an endpoint's first pages are: its table, and one of each list within its rows that is known.

Not here: which endpoints there are (api_endpoints.py), how they page (api_paging.py), the block (api.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.errors import SourceError
from orchestration.core.settings.paging import Paging
from orchestration.core.warehouse import quote
from orchestration.extract.rest_look import Api
from orchestration.proposals.answers import with_person
from orchestration.proposals.api_endpoints import called
from orchestration.proposals.api_paging import FoundPaging, changes_by, found_paging, rows_at
from orchestration.proposals.columns import columns_of, sample
from orchestration.proposals.doubts import with_doubts
from orchestration.proposals.entities import proposed
from orchestration.proposals.found import FoundTable, cursor_of, unread, why_withheld, with_currency
from orchestration.proposals.keyed import keyed
from orchestration.proposals.linked import note_values
from orchestration.proposals.nested_parts import (
    as_list,
    called_within,
    carried_by,
    flat,
    key_within,
    lists_of,
    names_in,
    rows_within,
    without_lists,
)
from orchestration.proposals.numbers import by_values
from orchestration.proposals.proposal import Company
from orchestration.proposals.unknown_words import unknown_words, with_unknown_words

ROWS, PAGES = 1000, 10


@dataclass(frozen=True)
class ApiTable:
    table: FoundTable
    how: FoundPaging
    endpoint: str


def tables_of(con: duckdb.DuckDBPyConnection, api: Api, base: str, endpoint: str, company: Company) -> list[ApiTable]:
    """The table of an endpoint, and those of the lists within its rows."""
    name, url = called(endpoint), f"{base}/{endpoint}"
    nothing = FoundPaging(Paging(), is_proved=False)
    try:
        first = api.ask(url)
        at = rows_at(first.json, name) if first.is_ok else None
        if at is None:
            why = "it has no rows" if first.is_ok else f"the API answers {first.status}"
            return [ApiTable(unread(name, why), nothing, endpoint)]
        found = found_paging(api, url, first, at)
        pages = list(islice(api.pages(url, found.paging, 100), PAGES + 1))
    except SourceError as error:
        return [ApiTable(unread(name, error.what), nothing, endpoint)]
    came = [row for page in pages for row in page if isinstance(row, dict)]
    rows = [flat(row) for row in came]
    is_all = len(pages) <= PAGES and len(rows) <= ROWS
    table = _table(con, name, rows[:ROWS], company, is_all=is_all)
    cursor = cursor_of(table)
    since = changes_by(api, url, found.paging, cursor, rows) if cursor else ""
    table = replace(table, has_cursor=bool(since))
    found = replace(found, paging=found.paging.model_copy(update={"since": since}))
    lists = [
        listed for path in (lists_of(rows) if table.key else ()) if (listed := _list(con, table, came[:ROWS], path, company, is_all=is_all))
    ]  # fmt: skip
    return [ApiTable(one, found, endpoint) for one in (without_lists(table, lists), *lists)]


def _list(
    con: duckdb.DuckDBPyConnection, parent: FoundTable, rows: Sequence[dict[str, Any]], path: str, company: Company, *, is_all: bool
) -> FoundTable | None:  # fmt: skip
    carried = carried_by(parent, path)
    elements = rows_within(rows, path, carried)[: ROWS * PAGES]
    name = called_within(parent.name, path)
    table = _table(con, name, elements, company, is_all=is_all, path=path, carried=carried)
    key = key_within(table.key, parent, carried)
    if table.usable and key != table.key:
        table = _table(con, name, elements, company, is_all=is_all, key=key, path=path, carried=carried)
    return as_list(replace(table, has_cursor=parent.has_cursor), path, carried)


def _table(
    con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, Any]], company: Company, *, is_all: bool, key: tuple[str, ...] = (),
    path: str | None = None, carried: Mapping[str, str] | None = None,
) -> FoundTable:  # fmt: skip
    names = list(dict.fromkeys(column for row in rows for column in row))
    by_letters = {column.casefold(): column for column in reversed(names)}
    withheld = why_withheld(names, path, carried)
    nested = [c for c in names if any(isinstance(row.get(c), dict | list) for row in rows)]
    columns = [c for c in by_letters.values() if c not in nested and c not in withheld][::-1]
    if not columns or not rows:
        return unread(name, "it has no column of plain values")
    values = {c: pa.array([_text(row.get(c)) for row in rows], pa.string()) for c in columns}
    con.register("api_rows", pa.table(values))
    said = ", ".join(quote(c) for c in columns)
    con.execute(f"create or replace temp table api_looked as select {said} from api_rows")
    sample(con, "api_looked")
    found = columns_of(con, "api_looked", columns)
    withheld |= by_values(con, "api_looked", found)
    found = [column for column in found if column.name not in withheld]
    beside = [
        *withheld,
        *(one for c in nested for one in dict.fromkeys(n for row in rows for n in names_in(row.get(c), c))),
    ]
    key, maps = keyed(
        con, "api_looked", name, found,
        lambda key, of: proposed(name, found, key, purposes=company.purposes, beside=beside, repeated=of), key,
    )  # fmt: skip
    unknown = unknown_words(con, "api_looked", maps)
    maps = [with_doubts(with_unknown_words(with_currency(m, found, company.currency), unknown), found) for m in maps]
    table = FoundTable(name, 0, len(rows), found, key, withheld, maps, [], looked_at=None if is_all else len(rows))
    note_values(con, "api_looked", table)
    return with_person(replace(table, unmapped=[*(c.name for c in found if c.name not in table.read), *nested]))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
