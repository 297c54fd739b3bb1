"""Lists of objects within rows of a database, as order lines in a column of JSON: each is a table of its own, where it is one that is known.

Not here: which columns hold such lists (json_columns.py), lists of JSON files (propose.py) or of an API (api_tables.py), reading them in a
night (extract/json_columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from orchestration.core.settings import Table
from orchestration.core.warehouse import quote
from orchestration.extract.json_columns import fill_json_rows
from orchestration.extract.nested_rows import value_sql
from orchestration.proposals.columns import Column, columns_of, sample
from orchestration.proposals.doubts import with_doubts
from orchestration.proposals.entities import proposed
from orchestration.proposals.found import FoundTable, why_withheld, with_currency
from orchestration.proposals.json_columns import JSON_KINDS, parts_within
from orchestration.proposals.keyed import keyed
from orchestration.proposals.linked import note_values
from orchestration.proposals.nested_parts import as_list, called_within, carried_by, key_within
from orchestration.proposals.numbers import by_values
from orchestration.proposals.proposal import Company
from orchestration.proposals.unknown_words import unknown_words, with_unknown_words


def lists_within(
    con: duckdb.DuckDBPyConnection, parent: FoundTable, paths: Sequence[str], company: Company, taken: set[str]
) -> list[FoundTable]:
    """The tables of lists in the rows of `first_looked`. Of a table without a key none: nothing would tell their rows apart. No name that
    is `taken` is given again."""
    found = []
    for path in paths if parent.key else ():
        name = called_within(parent.name, path)
        while name in taken:
            name += "_2"
        if listed := _list(con, parent, path, name, company):
            taken.add(name)
            found.append(listed)
    return found


def _list(
    con: duckdb.DuckDBPyConnection, parent: FoundTable, path: str, name: str, company: Company
) -> FoundTable | None:
    carried = carried_by(parent, path)
    fill_json_rows(
        con, "", name, Table(columns=dict.fromkeys(carried, "VARCHAR"), rows_in=path, carried=carried), "first_looked"
    )
    parts = parts_within(con, "json_rows")
    withheld = why_withheld(list(parts), path, carried)
    kinds = {c: kind for c, kind in parts.items() if kind and c not in withheld}
    nested = [c for c, kind in parts.items() if not kind and c not in withheld]
    said = ", ".join(f"json_extract_string({value_sql(c)}, '$') as {quote(c)}" for c in kinds)
    con.execute(
        f"create or replace temp table listed_within as select {said} from json_rows where document is not null"
    )
    con.execute("drop table json_rows")
    sample(con, "listed_within")
    known = {c: JSON_KINDS[kind] for c, kind in kinds.items() if kind in JSON_KINDS and c not in carried}
    found = columns_of(con, "listed_within", list(kinds), known=known)
    if not found or not found[0].rows:
        return None
    withheld |= by_values(con, "listed_within", found)
    kept = [c for c in found if c.name not in withheld]
    beside = [*withheld, *nested]
    table = _mapped(con, parent, name, kept, withheld, beside, carried, company, ())
    key = key_within(table.key, parent, carried) if parent.looked_at is None else key_within((), parent, carried)
    if table.usable and key != table.key:
        table = _mapped(con, parent, name, kept, withheld, beside, carried, company, key)
    return as_list(replace(table, unmapped=[*table.unmapped, *nested]), path, carried)


def _mapped(
    con: duckdb.DuckDBPyConnection, parent: FoundTable, name: str, columns: list[Column], withheld: dict[str, str], beside: Sequence[str],
    carried: Mapping[str, str], company: Company, key: tuple[str, ...],
) -> FoundTable:  # fmt: skip
    entity = next((one.entity for one in parent.usable), None)
    foreign = {column: parent.name for column, at in carried.items() if (at,) == parent.key}
    refers = dict.fromkeys(foreign, entity) if entity else {}
    key, maps = keyed(
        con, "listed_within", name, columns,
        lambda key, of: proposed(name, columns, key, refers, company.purposes, beside, of), key,
    )  # fmt: skip
    unknown = unknown_words(con, "listed_within", maps)
    maps = [
        with_doubts(with_unknown_words(with_currency(m, columns, company.currency), unknown), columns) for m in maps
    ]
    table = FoundTable(
        name, 0, columns[0].rows, columns, key, withheld, maps, [], is_view=parent.is_view, has_cursor=parent.has_cursor,
        looked_at=columns[0].rows if parent.looked_at is not None else None, foreign=foreign,
    )  # fmt: skip
    note_values(con, "listed_within", table)
    return replace(table, unmapped=[c.name for c in columns if c.name not in table.read])
