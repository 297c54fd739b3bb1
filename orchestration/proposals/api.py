"""`kundbild add-source --from` an API: its endpoints, how they page, and what the rows of their first pages are.

The token comes from the environment (NAME_TOKEN), and goes to the host of the URL alone. Not here: how an endpoint pages (api_paging.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa

from orchestration.core.errors import ConfigurationError, SourceError, told_address
from orchestration.core.settings.paging import Paging
from orchestration.core.warehouse import quote
from orchestration.extract.budget import Budget
from orchestration.extract.rest_look import Api
from orchestration.proposals import block
from orchestration.proposals.api_endpoints import called, endpoints_of
from orchestration.proposals.api_paging import PAGE_SIZE, FoundPaging, changes_by, found_paging, rows_at
from orchestration.proposals.columns import columns_of, sample
from orchestration.proposals.derived import without_doubles
from orchestration.proposals.entities import likely_keys, proposed
from orchestration.proposals.found import (
    FoundTable,
    ProposedSource,
    cursor_of,
    nothing_is_mapped,
    table_block,
    unread,
    why_withheld,
    with_currency,
)
from orchestration.proposals.keys import proved_key
from orchestration.proposals.looked import looking
from orchestration.proposals.numbers import by_values
from orchestration.proposals.places import FORMATS
from orchestration.proposals.proposal import Company
from orchestration.proposals.secret_urls import secret_url

ROWS, PAGES, _MINUTES = 1000, 10, 5.0


def is_api(said: str) -> bool:
    """Whether it is a web address that is not a file."""
    if not said.startswith(("http://", "https://")):
        return False
    name = urlsplit(said).path.rpartition("/")[2].lower().removesuffix(".gz")
    # of an API a resource may be named so
    return not name.endswith((*FORMATS, ".zip")) or name.endswith(".json")


def propose_api(name: str, said: str, company: Company) -> ProposedSource:
    """Raises ConfigurationError where nothing there is a table or the token is refused, SourceError where the API does not answer."""
    hidden = secret_url(name, said)
    variable = f"{name.upper()}_TOKEN"
    api = Api(name, hidden.plain, os.environ.get(variable), Budget(name, _MINUTES))
    first = api.ask(hidden.plain)
    if first.status in (401, 403):
        raise ConfigurationError(
            f"the API refuses the token (status {first.status})" if api.token else f"the API asks for a token (status {first.status})",
            where=told_address(said), to_do=f"set {variable}, which kundbild.toml names too: export {variable}=…, and call again",
        )  # fmt: skip
    base, endpoints = endpoints_of(api, hidden.plain, first)
    with looking() as con:
        looked = [_look(con, api, base, endpoint, company) for endpoint in endpoints]
    every = [m for table, _ in looked for m in table.maps]
    tables = [(replace(t, maps=without_doubles(t.maps, every)), paging) for t, paging in _alike(looked)]
    if not any(table.usable for table, _ in tables):
        raise nothing_is_mapped([table for table, _ in tables], told_address(said))
    common = max((p for t, p in tables if t.usable), key=[p for t, p in tables if t.usable].count)
    size = min((how.page_size for _, how in looked), default=PAGE_SIZE)
    lines = block.api_lines(
        name,
        _with_variables(base, hidden.variables),
        variable if api.token else None,
        common,
        size if size != PAGE_SIZE else None,
    )
    for (table, paging), endpoint in zip(tables, endpoints, strict=True):
        if table.usable:
            said_so = _with_variables(endpoint, hidden.variables)
            own = block.paging(paging) if paging != common else None
            lines += table_block(name, table, {"endpoint": said_so if said_so != table.name else None, "paging": own})
    variables = {v: s for v, s in hidden.variables.items() if hidden.is_new and any(v in line for line in lines)}
    return ProposedSource("\n".join(lines) + "\n", [name], [t for t, _ in tables], [], variables)


def _alike(looked: Sequence[tuple[FoundTable, FoundPaging]]) -> list[tuple[FoundTable, Paging]]:
    """The tables with how they page: one of too few rows to tell as most others do, one without a cursor as those that have one."""
    proved = [how.paging for table, how in looked if how.is_proved and table.maps]
    since = [p.since for p in proved if p.since] or [Paging().since]
    found = []
    for table, how in looked:
        paging = how.paging
        if not how.is_proved and proved:
            paging = max(proved, key=proved.count).model_copy(update={"rows": paging.rows, "since": paging.since})
        if not table.has_cursor:
            paging = paging.model_copy(update={"since": max(since, key=since.count)})
        found.append((table if how.is_proved or proved else _noted(table), paging))
    return found


def _noted(table: FoundTable) -> FoundTable:
    note = f"{table.name}: it has too few rows to tell how it pages: set `paging` before it has more"
    return replace(table, notes=(*table.notes, note))


def _with_variables(written: str, variables: dict[str, str]) -> str:
    """An address or an endpoint, with what is secret in it as its variable."""
    for variable, secret in variables.items():
        written = written.replace(f"={secret}", f"=${{{variable}}}").replace(f":{secret}@", f":${{{variable}}}@")
    return written


def _look(
    con: duckdb.DuckDBPyConnection, api: Api, base: str, endpoint: str, company: Company
) -> tuple[FoundTable, FoundPaging]:
    name, url = called(endpoint), f"{base}/{endpoint}"
    try:
        first = api.ask(url)
        at = rows_at(first.json, name) if first.is_ok else None
        if at is None:
            why = "it has no rows" if first.is_ok else f"the API answers {first.status}"
            return unread(name, why), FoundPaging(Paging(), is_proved=False)
        found = found_paging(api, url, first, at)
        pages = list(islice(api.pages(url, found.paging, 100), PAGES + 1))
    except SourceError as error:
        return unread(name, error.what), FoundPaging(Paging(), is_proved=False)
    rows = [row for page in pages for row in page if isinstance(row, dict)]
    is_all = len(pages) <= PAGES and len(rows) <= ROWS
    table = _table(con, name, rows[:ROWS], company, is_all=is_all)
    cursor = cursor_of(table)
    since = changes_by(api, url, found.paging, cursor, rows) if cursor else ""
    return replace(table, has_cursor=bool(since)), replace(
        found, paging=found.paging.model_copy(update={"since": since})
    )


def _table(
    con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, Any]], company: Company, *, is_all: bool
) -> FoundTable:
    names = list(dict.fromkeys(column for row in rows for column in row))
    by_letters = {column.casefold(): column for column in reversed(names)}
    withheld = why_withheld(names)
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
    key = proved_key(con, "api_looked", found, likely_keys(name, found))
    maps = proposed(name, found, key, purposes=company.purposes)
    maps = [with_currency(m, found, company.currency) for m in maps]
    table = FoundTable(name, 0, len(rows), found, key, withheld, maps, [], looked_at=None if is_all else len(rows))
    return replace(table, unmapped=[*(c.name for c in found if c.name not in table.read), *nested])


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
