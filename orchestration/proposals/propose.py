"""`kundbild add-source`: looks at a place and proposes its block for kundbild.toml. Writes nothing.

Here: the order of the steps, and what is kept of a look. Not here: each step (places.py, looked.py, entities.py, block.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings.paging import Paging
from orchestration.extract.vendors import columns_of, is_landed
from orchestration.proposals import block
from orchestration.proposals.answers import with_person
from orchestration.proposals.api import is_api, propose_api
from orchestration.proposals.currencies import with_currencies
from orchestration.proposals.database import database_url, is_database, propose_database
from orchestration.proposals.derived import without_doubles
from orchestration.proposals.doubts import with_doubts
from orchestration.proposals.entities import proposed
from orchestration.proposals.found import (
    FoundTable,
    ProposedSource,
    assert_name,
    beside,
    nothing_is_mapped,
    table_block,
    unread,
    why_withheld,
    with_currency,
)
from orchestration.proposals.header_zones import zones_of
from orchestration.proposals.keyed import keyed
from orchestration.proposals.linked import note_values, with_links
from orchestration.proposals.looked import NULLS, Looked, look, looking, sheets_of
from orchestration.proposals.nested_kinds import elements
from orchestration.proposals.nested_parts import as_list, called_within, carried_by, key_within, without_lists
from orchestration.proposals.numbers import by_values
from orchestration.proposals.order_sums import note_sums
from orchestration.proposals.person_ids import with_person_ids
from orchestration.proposals.places import FileGroup, Place, groups_of, page_groups, place_of, sheet_groups
from orchestration.proposals.proposal import Company
from orchestration.proposals.recognised import looks_like, recognised, recognised_block
from orchestration.proposals.refined import notes_of, without_ends
from orchestration.proposals.refunds import with_refunds
from orchestration.proposals.refusal_lists import with_refusals_read
from orchestration.proposals.secret_urls import secret_url
from orchestration.proposals.sums_of_lines import with_sums
from orchestration.proposals.thousands import with_thousands_of_money
from orchestration.proposals.unknown_words import unknown_words, with_unknown_words
from orchestration.proposals.unread_amounts import with_unread_amounts
from orchestration.proposals.vendor_api import propose_vendor, vendor_of

# of one format
_Tables = list[tuple[FileGroup, Looked | None, FoundTable]]


def propose(
    name: str, said: str, currency: str, purposes: Collection[str] = (), vendor: str | None = None
) -> ProposedSource:
    """`purposes` are those that the company named itself; `vendor` is whose API it is, where its host does not tell.

    Raises ConfigurationError where the name is bad or nothing there is a table, SourceError where the place does not answer.
    """
    assert_name(name)
    company = Company(currency, purposes)
    said = database_url(said)
    if vendor or (is_api(said) and (vendor := vendor_of(said))):
        return propose_vendor(name, said, vendor)
    if is_database(said):
        return propose_database(name, said, company)
    if is_api(said):
        return propose_api(name, said, company)
    place = place_of(name, said)
    found: dict[str, _Tables] = defaultdict(list)
    with looking() as con:
        groups, hidden = _tables(place)
        taken = {group.table for group in groups}
        for group in groups:
            for one in _found(con, name, place, group, company, taken):
                found[_form(one[0])].append(one)
        found = _beside_one_another(con, found)
        found = _with_refusals_read(found, place.ignored)
    blocks: list[str] = []
    names: list[str] = []
    for form, tables in found.items():
        for form_of in dict.fromkeys((t.vendor.vendor, t.vendor.form) for _, _, t in tables if t.vendor):
            names.append(name if not names else f"{name}_{form_of[0]}")
            of = [(group, table.dialect, table.vendor) for group, _, table in tables if table.vendor]
            own = [one for one in of if (one[2].vendor, one[2].form) == form_of]
            blocks.append("\n".join(recognised_block(names[-1], place, form, own)) + "\n")
    mapped = {form: tables for form, tables in found.items() if any(table.usable for _, _, table in tables)}
    sources = {form: f"{name}_{form}" if names or number else name for number, form in enumerate(mapped)}
    names += sources.values()
    entities_of = {sources[form]: {e for _, _, t in tables for e in t.entities} for form, tables in mapped.items()}
    for form, source in sources.items():
        others = {name: entities for name, entities in entities_of.items() if name != source}
        found[form] = [
            (group, looked, beside(table, entities_of[source], others)) for group, looked, table in found[form]
        ]
        blocks.append("\n".join(_source(source, place.url, form, found[form])) + "\n")
    if not blocks:
        raise nothing_is_mapped([table for of in found.values() for _, _, table in of], secret_url(name, said).written)
    return ProposedSource(
        "\n".join(blocks),
        names,
        [t for of in found.values() for _, _, t in of],
        [*place.ignored, *hidden],
        place.variables,
    )


def _beside_one_another(con: duckdb.DuckDBPyConnection, found: dict[str, _Tables]) -> dict[str, _Tables]:
    """The tables of each format, read once more with what the other ones tell."""
    every = [one for tables in found.values() for _, _, table in tables for one in table.maps]
    found = {
        form: [
            (group, looked, replace(table, maps=without_doubles(table.maps, every))) for group, looked, table in tables
        ]
        for form, tables in found.items()
    }
    found = {form: _with_sums(con, _each_once(tables)) for form, tables in found.items()}
    linked = iter(with_links(con, [table for tables in found.values() for _, _, table in tables]))
    return {form: [(group, looked, next(linked)) for group, looked, _ in tables] for form, tables in found.items()}


def _form(group: FileGroup) -> str:
    """The format as kundbild.toml has it."""
    if group.rows is not None:
        return "json_pages"
    return "jsonl" if group.format == "json" else group.format


def _tables(place: Place) -> tuple[list[FileGroup], list[str]]:
    """The tables of a place: groups of files, and of workbooks each sheet. Then the sheets that are hidden, which are none."""
    groups = groups_of(place)
    taken = {group.table for group in groups}
    found: list[FileGroup] = []
    hidden: list[str] = []
    for group in groups:
        if group.format != "xlsx":
            found.append(group)
            continue
        try:
            found += sheet_groups(group, sheets_of(place, group), taken)
            hidden += [f"the hidden sheet {name} of {group.files[-1]}" for name in sheets_of(place, group, hidden=True)]
        except SourceError:
            found.append(group)  # its look says why
    return found, hidden


def _found(
    con: duckdb.DuckDBPyConnection, name: str, place: Place, group: FileGroup, company: Company, taken: set[str]
) -> list[tuple[FileGroup, Looked | None, FoundTable]]:
    """The tables of a group of files: one, or of pages one of each list, and those of the lists within their rows. Names that are `taken`
    are given to none."""
    try:
        with look(
            con, name, place, group, lambda names: group.rows is None and recognised(names, group.files) is not None
        ) as looked:
            if looked.pages:
                parts = page_groups(group, looked.pages, taken)
                found = [one for part in parts for one in _found(con, name, place, part, company, taken)]
                return [
                    (of, seen, table if at else _with_beside(table, looked.beside))
                    for at, (of, seen, table) in enumerate(found)
                ]
            names = [column.name for column in looked.columns]
            # what a vendor exports has no pages
            if group.rows is None and (known := recognised([*names, *looked.nested], group.files)):
                beyond = [
                    c for c in names if c not in (*columns_of(known.vendor, known.form, known.table), *known.more)
                ]
                notes = zones_of(group.table, names, columns_of(known.vendor, known.form, known.table))
                return [(group, looked, FoundTable(
                    group.table, len(group.files), looked.rows, looked.columns, (), {}, [], beyond, dialect=looked.csv, vendor=known,
                    notes=notes,
                ))]  # fmt: skip
            table = _mapped(con, group, looked, company)
            if group.rows is None and (like := looks_like([*names, *looked.nested], group.files)):
                table = replace(table, notes=(f"{group.table}: {like}", *table.notes))
            lists = [
                listed for path in (looked.lists if table.key else ()) if (listed := _list(con, group, table, path, company))
            ]  # fmt: skip
    except SourceError as error:
        return [(group, None, unread(group.table, f"{error.what} ({error.where})", len(group.files)))]
    except duckdb.Error as error:
        # its text may quote values
        problem = f"it cannot be read to its end ({type(error).__name__}, {group.files[-1]})"
        return [(group, None, unread(group.table, problem, len(group.files)))]
    return [(replace(group, table=one.name), looked, one) for one in (without_lists(table, lists), *lists)]


def _with_beside(table: FoundTable, beside: Sequence[str]) -> FoundTable:
    """The table of a list, with what its documents say beside it."""
    if not beside:
        return table
    told = f"{table.name}: {', '.join(beside)}: not read, for the file says it beside its lists of rows"
    return replace(table, notes=(*table.notes, told))


def _mapped(
    con: duckdb.DuckDBPyConnection, group: FileGroup, looked: Looked, company: Company, within: tuple[str, ...] = (),
    path: str | None = None, carried: Mapping[str, str] | None = None,
) -> FoundTable:  # fmt: skip
    """What a look found, as a table with its maps; `within` is the key of elements of a list, which is at `path`."""
    names = [column.name for column in looked.columns]
    why = why_withheld(names, path, carried) | by_values(con, looked.relation, looked.columns)
    kept = [column for column in looked.columns if column.name not in why]
    beside = [*why, *looked.beside, *looked.doubled, *looked.partial]
    key, maps = keyed(
        con, looked.relation, group.table, kept,
        lambda key, of: proposed(group.table, kept, key, purposes=company.purposes, beside=beside, repeated=of), within,
    )  # fmt: skip
    columns = looked.columns
    if not looked.is_decimal_told:
        columns = with_thousands_of_money(columns, looked.csv, maps)
    unknown = unknown_words(con, looked.relation, maps)
    maps = [
        with_doubts(with_unknown_words(with_currency(one, columns, company.currency), unknown), columns) for one in maps
    ]
    read = {column for one in maps for column in one.read}
    maps = [
        without_ends(one, [c.name for c in kept if c.name in {*read, looked.ends.column}], looked.ends) for one in maps
    ]
    unmapped = [column for column in names if column not in read and column not in why]
    table = with_person(FoundTable(
        group.table, len(group.files), looked.rows, columns, key, why, maps, [*unmapped, *looked.nested, *looked.doubled, *looked.partial],
        dialect=looked.csv, notes=(*notes_of(group.table, looked), *zones_of(group.table, names)),
    ))  # fmt: skip
    note_values(con, looked.relation, table)
    note_sums(con, looked.relation, table)
    return table


def _list(
    con: duckdb.DuckDBPyConnection, group: FileGroup, parent: FoundTable, path: str, company: Company
) -> FoundTable | None:
    """The table of a list within the rows of JSON, where it is one that is known."""
    carried = carried_by(parent, path)
    columns = elements(con, path, carried)
    of_list = replace(group, table=called_within(group.table, path))
    inner = Looked(of_list, columns, "looked_within", columns[0].rows)
    table = _mapped(con, of_list, inner, company, (), path, carried)
    key = key_within(table.key, parent, carried)
    if table.usable and key != table.key:
        table = _mapped(con, of_list, inner, company, key, path, carried)
    return as_list(table, path, carried)


def _each_once(
    tables: list[tuple[FileGroup, Looked | None, FoundTable]],
) -> list[tuple[FileGroup, Looked | None, FoundTable]]:
    """The tables, of which a vendor's is one; and beside tables that a loader landed, none that the vendor's do not read."""
    taken: dict[tuple[str, str, str], FoundTable] = {}
    landed = sorted({t.vendor.vendor for _, _, t in tables if t.vendor and is_landed(t.vendor.form)})
    found: list[tuple[FileGroup, Looked | None, FoundTable]] = []
    for group, looked, table in tables:
        if known := table.vendor:
            first = taken.setdefault((known.vendor, known.form, known.table), table)
            if first is not table:
                # files of one table have the same columns: another currency, or another account, is another source
                to_do = "give the files names that differ by numbers alone"
                if known != first.vendor:
                    to_do = "their columns differ: move it to a folder of its own, and add that as a source of its own"
                problem = f"it is {known.told}, as {first.name} is: {to_do}"
                found.append((group, None, unread(group.table, problem, len(group.files))))
                continue
        elif landed and not table.problem:
            found.append(
                (group, None, unread(group.table, f"nothing of {landed[0]} is read from it", len(group.files)))
            )
            continue
        found.append((group, looked, table))
    return found


def _with_sums(
    con: duckdb.DuckDBPyConnection,
    tables: list[tuple[FileGroup, Looked | None, FoundTable]],
) -> list[tuple[FileGroup, Looked | None, FoundTable]]:
    summed = with_unread_amounts(
        with_currencies(with_refunds(with_sums(con, with_person_ids([table for _, _, table in tables]))))
    )
    return [(group, looked, table) for (group, looked, _), table in zip(tables, summed, strict=True)]


def _with_refusals_read(
    found: Mapping[str, list[tuple[FileGroup, Looked | None, FoundTable]]], ignored: Sequence[str]
) -> dict[str, list[tuple[FileGroup, Looked | None, FoundTable]]]:
    """The tables of all formats, for a list of refusals is often written in another one."""
    every = [one for tables in found.values() for one in tables]
    read = iter(with_refusals_read([table for *_, table in every], [group.files[-1] for group, *_ in every], ignored))
    return {form: [(group, looked, next(read)) for group, looked, _ in tables] for form, tables in found.items()}


def _source(name: str, url: str, form: str, tables: list[tuple[FileGroup, Looked | None, FoundTable]]) -> list[str]:
    good = [(group, looked, table) for group, looked, table in tables if looked and (table.maps or table.lent)]
    dialects = [looked.csv for _, looked, _ in good if looked.csv]
    common = max(dialects, key=dialects.count) if dialects else None
    nothing = sorted({word for _, looked, _ in good for word in looked.nothing})
    lines = block.source_lines(name, url, form, common, nothing, NULLS)
    for group, looked, table in good:
        if table.is_read:
            dialect = block.dialect(looked.csv) if looked.csv and looked.csv != common else None
            paging = block.paging(Paging(rows=group.rows)) if group.rows else None
            how: dict[str, object] = {"path": group.glob, "sheet": group.sheet, "csv": dialect, "paging": paging}
            lines += table_block(name, table, how)
    return lines
