"""`kundbild add-source`: looks at a place and proposes its block for kundbild.toml. Writes nothing.

Here: the order of the steps, and what is kept of a look. Not here: each step (places.py, looked.py, entities.py, block.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

import duckdb

from orchestration.contracts.conformed import entities
from orchestration.core.errors import ConfigurationError, SourceError
from orchestration.core.settings import CsvDialect
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.special_categories import special_category_of
from orchestration.proposals import block
from orchestration.proposals.columns import Column
from orchestration.proposals.derived import without_doubles
from orchestration.proposals.entities import likely_keys, proposed, withheld
from orchestration.proposals.keys import proved_key
from orchestration.proposals.looked import NULLS, Looked, look, looking, sheets_of
from orchestration.proposals.places import FileGroup, Place, groups_of, place_of, sheet_groups
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.words import concepts_of, currency_of

# read as text, whatever they look like: 022 and 22 are two of them, and the next may have a letter
_TEXT = ("postal_code", "phone", "registration_number", "house_number")
# numbers that are no amounts
_COUNTS = ("quantity", "refunded_quantity", "items")
# columns that an error names of a table
_MOST_NAMED = 8


@dataclass(frozen=True)
class FoundTable:
    """What was found of one table. Nothing in it is a value of a row."""

    name: str
    files: int
    rows: int
    columns: list[Column]
    key: tuple[str, ...]
    withheld: dict[str, str]  # column that never enters raw → why
    maps: list[Proposal]
    unmapped: list[str]
    problem: str = ""
    dialect: CsvDialect | None = None


@dataclass(frozen=True)
class ProposedSource:
    """A block for kundbild.toml, and what it stands on. `names` are the sources in it: one for each format."""

    block: str
    names: list[str]
    tables: list[FoundTable]
    ignored: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        return [note for table in self.tables for one in table.maps for note in one.notes]


def propose(name: str, said: str, currency: str) -> ProposedSource:
    """Raises ConfigurationError where the name is bad or nothing there is a table, SourceError where the place does not answer."""
    if not name.isidentifier() or name != name.lower() or "__" in name:
        raise ConfigurationError(
            f"'{name}' is not a valid name for a source", to_do="use lower-case letters, digits and single _"
        )
    place = place_of(name, said)
    found: dict[str, list[tuple[FileGroup, Looked | None, FoundTable]]] = defaultdict(list)
    with looking() as con:
        for group in _tables(place):
            form = "jsonl" if group.format == "json" else group.format
            found[form].append(_found(con, name, place, group, currency))
    every = [one for tables in found.values() for _, _, table in tables for one in table.maps]
    found = {
        form: [
            (group, looked, replace(table, maps=without_doubles(table.maps, every))) for group, looked, table in tables
        ]
        for form, tables in found.items()
    }
    blocks: list[str] = []
    names: list[str] = []
    for form, tables in found.items():
        if any(table.maps for _, _, table in tables):
            names.append(name if not names else f"{name}_{form}")
            blocks.append("\n".join(_source(names[-1], place.url, form, tables)) + "\n")
    if not blocks:
        told = "; ".join(_told(table) for of in found.values() for _, _, table in of)
        raise ConfigurationError(
            f"nothing there could be mapped by itself: {told}", where=said,
            to_do="write the block by hand (README, Your own systems), or `kundbild add-system` for models of your own",
        )  # fmt: skip
    return ProposedSource("\n".join(blocks), names, [t for of in found.values() for _, _, t in of], list(place.ignored))


def _told(table: FoundTable) -> str:
    """A table of which nothing is mapped: why it could not be read, or its columns."""
    if table.problem:
        return f"{table.name}: {table.problem}"
    names = [column.name for column in table.columns]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{table.name} ({', '.join(names[:_MOST_NAMED])}{more})"


def _tables(place: Place) -> list[FileGroup]:
    """The tables of a place: groups of files, and of workbooks each sheet."""
    groups = groups_of(place)
    taken = {group.table for group in groups}
    found = []
    for group in groups:
        if group.format != "xlsx":
            found.append(group)
            continue
        try:
            found += sheet_groups(group, sheets_of(place, group), taken)
        except SourceError:
            found.append(group)  # its look says why
    return found


def _found(
    con: duckdb.DuckDBPyConnection, name: str, place: Place, group: FileGroup, currency: str
) -> tuple[FileGroup, Looked | None, FoundTable]:
    try:
        with look(con, name, place, group) as looked:
            names = [column.name for column in looked.columns]
            kept = [column for column in looked.columns if column.name not in withheld(names)]
            key = proved_key(con, looked.relation, kept, likely_keys(group.table, kept))
            maps = [
                _without_total(_with_currency(one, kept, currency), names[0], looked.total)
                for one in proposed(group.table, kept, key)
            ]
    except SourceError as error:
        return group, None, _unread(group, f"{error.what} ({error.where})")
    except duckdb.Error as error:
        # its text may quote values
        return group, None, _unread(group, f"it cannot be read to its end ({type(error).__name__}, {group.files[-1]})")
    read = {column for one in maps for filled in one.filled for column in filled.columns}
    why = {column: special_category_of(column) or _number_of(column) for column in withheld(names)}
    unmapped = [column for column in names if column not in read and column not in why] + list(looked.nested)
    table = FoundTable(
        group.table, len(group.files), looked.rows, looked.columns, key, why, maps, unmapped, dialect=looked.csv
    )
    return group, looked, table


def _unread(group: FileGroup, problem: str) -> FoundTable:
    return FoundTable(group.table, len(group.files), 0, [], (), {}, [], [], problem=problem)


def _number_of(column: str) -> str:
    return "national identity numbers" if holds_national_ids(column) else "withheld"


def _without_total(one: Proposal, first: str, total: str | None) -> Proposal:
    """The map, which leaves out the line of totals: its first column says that it is one."""
    if total is None:
        return one
    at = next((n for n, f in enumerate(one.filled) if f.columns == (first,) and not f.values), None)
    if at is None:
        return one
    filled = [*one.filled]
    filled[at] = replace(filled[at], ignore=(total,))
    return replace(one, filled=tuple(filled))


def _with_currency(one: Proposal, columns: list[Column], currency: str) -> Proposal:
    """The currency of amounts that no column says: the one beside the amounts, in the column's name, or the company's."""
    of_entity = entities()[one.entity]
    if "currency" not in of_entity or one.of("currency") or one.missing:
        return one
    amounts = [
        f.columns[0] for f in one.filled if of_entity[f.target].startswith("decimal") and f.target not in _COUNTS
    ]
    if not amounts:
        return one
    by_name = {column.name: column for column in columns}
    own = next((c for name in amounts if (c := by_name[name].currency or currency_of(name))), None)
    return replace(one, constants={**one.constants, "currency": own or currency})


def _source(name: str, url: str, form: str, tables: list[tuple[FileGroup, Looked | None, FoundTable]]) -> list[str]:
    good = [(group, looked, table) for group, looked, table in tables if looked and table.maps]
    dialects = [looked.csv for _, looked, _ in good if looked.csv]
    common = max(dialects, key=dialects.count) if dialects else None
    nothing = sorted({word for _, looked, _ in good for word in looked.nothing})
    lines = block.source_lines(name, url, form, common, nothing, NULLS)
    for group, looked, table in good:
        usable = [one for one in table.maps if not one.missing]
        if not usable:
            continue
        read = {column for one in usable for filled in one.filled for column in filled.columns}
        cursor = _cursor(table)
        kinds = {c.name: _kind(c, table, usable) for c in table.columns if c.name in {*read, *table.key, cursor}}
        lines += block.table_lines(
            name,
            group.table,
            group.glob,
            kinds,
            table.key,
            cursor,
            looked.csv if looked.csv != common else None,
            group.sheet,
        )
        if table.unmapped:
            lines += block.comment([f"not read: {', '.join(table.unmapped)}"])
        for one in usable:
            lines += block.map_lines(name, group.table, one, table.columns)
    return lines


def _cursor(table: FoundTable) -> str | None:
    """The column that grows when a row changes: only where the key tells rows apart, and every row has it."""
    if not table.key:
        return None
    found = [
        c for c in table.columns if "updated_at" in concepts_of(c.name, table.name) and c.kind in ("DATE", "TIMESTAMP")
    ]
    return next((c.name for c in found if c.filled == c.rows), None)


def _kind(column: Column, table: FoundTable, maps: list[Proposal]) -> str:
    targets = {filled.target for one in maps for filled in one.filled if column.name in filled.columns}
    is_text = column.name in table.key or any(target.endswith("_key") or target in _TEXT for target in targets)
    return "VARCHAR" if is_text else column.kind
