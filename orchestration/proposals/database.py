"""`kundbild add-source --from` a database: its tables and views, what they are by keys, foreign keys and their first rows.

Not here: asking the database (looked_databases.py), or what columns mean (entities.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from orchestration.contracts.words import words_of
from orchestration.core.deadline import LateError
from orchestration.extract.database_errors import DatabaseError
from orchestration.extract.sql_catalogue import TableThere
from orchestration.extract.sql_look import clear_url, shown
from orchestration.extract.vendors import headers, is_landed
from orchestration.proposals import block
from orchestration.proposals.answers import with_person
from orchestration.proposals.columns import Column, columns_of, sample
from orchestration.proposals.currencies import with_currencies
from orchestration.proposals.derived import without_doubles
from orchestration.proposals.doubts import with_doubts
from orchestration.proposals.entities import proposed
from orchestration.proposals.found import (
    FoundTable,
    ProposedSource,
    nothing_is_mapped,
    table_block,
    unread,
    why_withheld,
    with_currency,
)
from orchestration.proposals.json_columns import JSON, with_parts
from orchestration.proposals.json_lists import lists_within
from orchestration.proposals.keyed import keyed
from orchestration.proposals.linked import note_values, with_links
from orchestration.proposals.looked import looking
from orchestration.proposals.looked_databases import LookedDatabase, opened
from orchestration.proposals.nested_parts import without_lists
from orchestration.proposals.numbers import by_values
from orchestration.proposals.order_sums import note_sums
from orchestration.proposals.own_numbers import parted
from orchestration.proposals.person_ids import with_person_ids
from orchestration.proposals.proposal import Company
from orchestration.proposals.recognised import Recognised, landed_lines, recognised
from orchestration.proposals.recognised import lists_within as lists_of_vendor
from orchestration.proposals.refunds import with_refunds
from orchestration.proposals.refusal_lists import with_refusals_read
from orchestration.proposals.repeated import Repeated, repeated
from orchestration.proposals.secret_urls import SecretUrl, secret_url
from orchestration.proposals.sums_of_lines import with_sums
from orchestration.proposals.thousands import tells_decimal, with_thousands, with_thousands_of_money
from orchestration.proposals.unknown_words import Unknown, unknown_words, with_unknown_words
from orchestration.proposals.unread_amounts import with_unread_amounts

_KINDS = ("postgresql", "postgres", "mysql", "mariadb", "sqlite", "duckdb", "mssql", "oracle")
# a boolean of SQLite, and the text of it in raw
_BOOLEANS = {"0": "false", "1": "true"}
_MARKS = {"sqlite": (0, b"SQLite format 3\0"), "duckdb": (8, b"DUCK")}


def database_url(said: str) -> str:
    """The same, or the URL of a database where a path of its file is said."""
    path = Path(said).expanduser()
    with suppress(OSError, ValueError):
        if "://" not in said and path.is_file():
            with path.open("rb") as handle:
                start = handle.read(16)
            for kind, (at, mark) in _MARKS.items():
                if start[at : at + len(mark)] == mark:
                    return f"{kind}:///{path.resolve()}"
    return said


def is_database(said: str) -> bool:
    return said.partition("://")[0].partition("+")[0].lower() in _KINDS and "://" in said


@dataclass(frozen=True)
class _Looked:
    there: TableThere
    columns: list[Column]  # those that were read
    key: tuple[str, ...]
    table: FoundTable
    repeated: Repeated | None = None
    unknown: dict[tuple[str, str], Unknown] = field(default_factory=dict)
    lists: list[FoundTable] = field(default_factory=list)  # tables of lists within its rows


# columns by which a table of a database tells of itself whose it is
_TELLING = 4


def propose_database(name: str, said: str, company: Company) -> ProposedSource:
    """Raises ConfigurationError where the database does not answer, or nothing there is a table."""
    hidden = secret_url(name, said)
    url, written = clear_url(hidden.plain), hidden.written
    if url.get_backend_name() in _MARKS:  # a run may start in another folder
        path = str(Path(str(url.database)).expanduser().resolve())
        url, written = url.set(database=path), f"{written.partition('://')[0]}:///{path}"
    if url.drivername == "postgres":
        url, written = url.set(drivername="postgresql"), "postgresql" + written.removeprefix("postgres")
    with looking() as con, opened(con, url) as database:
        if landed := _landed(database.tables):
            lines = [*landed_lines(name, written, landed)]
            tables = [_of_vendor(one, known) for one, known in landed]
            read = {one.full_name for one, _ in landed}
            others = [one.full_name for one in database.tables if one.full_name not in read]
            return ProposedSource("\n".join(lines) + "\n", [name], tables, others, _new(hidden, written))
        called = [*_called(database.tables)]
        taken = {name for _, name in called}
        looked = [_look(con, database, one, name, company, taken) for one, name in called]
        ours = {one.there.full_name: one for one in looked}
        first = {full: next((m.entity for m in one.table.usable), None) for full, one in ours.items()}
        # each with the table that it is read from
        pairs = [
            (one, table) for one in looked for table in (without_lists(_mapped(one, ours, first, company), one.lists), *one.lists)
        ]  # fmt: skip
        mapped = [table for _, table in pairs]
        every = [m for table in mapped for m in table.maps]
        own = {m.entity for table in mapped if not table.is_view for m in table.usable if not m.one_row_per_key}
        once = [_without_copies(replace(table, maps=without_doubles(table.maps, every)), own) for table in mapped]
        tables = with_unread_amounts(
            with_links(con, with_refusals_read(with_currencies(with_refunds(with_sums(con, with_person_ids(once))))))
        )
    if not any(table.usable for table in tables):
        raise nothing_is_mapped(tables, shown(url))
    tables, sources = parted(name, tables)
    blocks = []
    for source in dict.fromkeys(sources):
        lines = block.database_lines(source, written)
        for (one, _), table, of in zip(pairs, tables, sources, strict=True):
            if table.is_read and of == source:
                lines += table_block(source, table, _how_read(one.there, table))
        blocks.append("\n".join(lines) + "\n")
    names = [*dict.fromkeys(sources)]
    return ProposedSource("\n".join(blocks), names, tables, [], _new(hidden, written))


def _how_read(there: TableThere, table: FoundTable) -> dict[str, object]:
    # a key within JSON is not asked of all rows
    is_asked = bool(table.key) and not table.within.get("rows_in") and {*table.key} <= {*there.columns}
    name = there.full_name if there.full_name != table.name else None
    return {"table": name, "find_deletions": True if is_asked and not table.is_view else None}


def _new(hidden: SecretUrl, written: str) -> dict[str, str]:
    """The variables of the environment that the block needs and that are not set yet."""
    return {v: secret for v, secret in hidden.variables.items() if hidden.is_new and v in written}


def _landed(tables: Sequence[TableThere]) -> list[tuple[TableThere, Recognised]]:
    """The tables that a loader landed of a vendor that is known; of two that are the same the first."""
    found: dict[tuple[str, str, str], tuple[TableThere, Recognised]] = {}
    for one in tables:
        known = recognised(one.columns, [one.name], is_database=True)
        if known and is_landed(known.form):
            found.setdefault((known.vendor, known.form, known.table), (one, known))
    # a table of two keys is anybody's: a vendor is known by one that says more
    first = next(((v, form) for v, form, table in found if len(headers(v, form)[table]) >= _TELLING), None)
    named = [one for (vendor, form, _), one in found.items() if (vendor, form) == first]
    return [(there, table) for there, known in named for table in (known, *lists_of_vendor(known, there.columns))]


def _of_vendor(there: TableThere, known: Recognised) -> FoundTable:
    return FoundTable(known.table, 0, there.rows or 0, [], (), {}, [], [], vendor=known, is_view=there.is_view)


def _called(tables: Sequence[TableThere]) -> Iterator[tuple[TableThere, str]]:
    """Each table, with its name in the configuration."""
    taken: set[str] = set()
    for one in tables:
        name = (
            one.name
            if one.name.isidentifier() and one.name == one.name.lower()
            else "_".join(words_of(one.name)) or "rows"
        )
        name = f"t_{name}" if name[0].isdigit() else name
        name = f"{'_'.join(words_of(one.schema))}_{name}" if name in taken and one.schema else name
        while name in taken:
            name += "_2"
        taken.add(name)
        yield one, name


def _look(
    con: duckdb.DuckDBPyConnection, database: LookedDatabase, there: TableThere, name: str, company: Company, taken: set[str]
) -> _Looked:  # fmt: skip
    """One table by itself, and the lists within its rows. What never enters raw is not even asked for."""
    withheld = why_withheld(list(there.columns))
    columns = [c for c, kind in there.columns.items() if kind is not None and c not in withheld]
    nested = [c for c, kind in there.columns.items() if kind is None and c not in withheld]
    if "." in there.name or not columns:
        why = "a name with a dot is not read" if columns else "it has no column of plain values, or cannot be described"
        return _Looked(there, [], (), unread(name, why))
    try:
        is_all = database.rows(there, columns)
        texts = [c for c in columns if there.columns[c] in ("", "VARCHAR", JSON)]
        parts = with_parts(con, columns, texts, [c for c in texts if there.columns[c] == JSON])
        nested += parts.unread
        withheld |= parts.withheld
        sample(con, "looked_flat")
        known = {} if database.is_loose else {c: k for c in columns if (k := there.columns[c]) and c not in texts}
        found = [
            _as_declared(c, there, database)
            for c in columns_of(con, "looked_flat", parts.names, known=known | parts.kinds)
        ]
        is_told = tells_decimal(found, {c.name for c in found if c.name not in {*columns, *parts.kinds} - {*texts}})
        found = found if is_told else with_thousands(found)
        count = found[0].rows
        withheld |= by_values(con, "looked_flat", found)
        found = [c for c in found if c.name not in withheld]
        whole = [c for c in found if c.filled]
        key = there.key if set(there.key) <= {c.name for c in found} else ()
        if not key and is_all:
            key, _ = keyed(con, "looked_flat", name, whole, lambda key, of: proposed(name, found, key, repeated=of))
        maps = proposed(name, found, key, beside=[*withheld, *nested])
        number = repeated(con, "looked_flat", name, whole, key, maps)
        if number:
            maps = proposed(name, found, key, beside=[*withheld, *nested], repeated=number)
        unknown = unknown_words(con, "looked_flat", maps)
        found = found if is_told else with_thousands_of_money(found, None, maps)
        table = FoundTable(
            name, 0, count if is_all else max(there.rows or 0, count), found, key, withheld, maps, nested,
            is_view=there.is_view, looked_at=None if is_all else min(count, database.most_rows),
        )  # fmt: skip
        lists = lists_within(con, table, parts.lists, company, taken)
    except (DatabaseError, LateError, duckdb.Error) as error:
        return _Looked(there, [], (), unread(name, database.why(error)))
    note_values(con, "looked_flat", table)
    note_sums(con, "looked_flat", table)
    return _Looked(there, found, key, table, number, unknown, lists)


def _as_declared(column: Column, there: TableThere, database: LookedDatabase) -> Column:
    """A column of text whose rows are not text alone is what its rows are; without a value, what the database says."""
    said = there.columns.get(column.name)
    if not column.filled and said:
        return replace(column, kind=said)
    if database.is_loose and said == "BOOLEAN" and set(column.values) <= _BOOLEANS.keys():
        return replace(column, kind="BOOLEAN", values=tuple(sorted(_BOOLEANS[value] for value in column.values)))
    # a number that the database holds as one has no mark that could part thousands
    return replace(column, is_ambiguous=False) if said not in ("", "VARCHAR", JSON) and column.is_number else column


def _mapped(one: _Looked, ours: dict[str, _Looked], first: dict[str, str | None], company: Company) -> FoundTable:
    """The table, read once more with what its foreign keys say."""
    table = one.table
    if table.problem:
        return table
    refers, foreign = {}, {}
    for column, (there, of) in one.there.foreign.items():
        full = f"{one.there.schema}.{there}" if one.there.schema else there
        if full in ours and ours[full].key == (of,) and (entity := first[full]):
            refers[column], foreign[column] = entity, ours[full].table.name
    maps = proposed(
        table.name, one.columns, one.key, refers, company.purposes, [*table.withheld, *table.unmapped], one.repeated
    )
    maps = [with_unknown_words(with_currency(m, one.columns, company.currency), one.unknown) for m in maps]
    maps = [with_doubts(m, one.columns) for m in maps]
    table = replace(table, maps=maps, foreign=foreign)
    unread_ones = [c.name for c in table.columns if c.name not in table.read]
    return with_person(replace(table, unmapped=[*unread_ones, *table.unmapped]))


def _without_copies(table: FoundTable, own: set[str]) -> FoundTable:
    """A view of what a table has: its rows would be there twice."""
    copy = next((m.entity for m in table.usable if m.entity in own), None) if table.is_view else None
    if copy is None:
        return table
    why = f"a view of {copy}, which a table has: not proposed, or each would be there twice"
    return replace(table, maps=[], problem=why)
