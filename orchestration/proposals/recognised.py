"""Tables of vendors that are known as they are: by their header, without a proposal. Here: header → vendor, form and table, and their
block for kundbild.toml. Not here: what is known of a vendor (extract/vendors).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from orchestration.core.settings import CsvDialect
from orchestration.extract.sql_catalogue import TableThere
from orchestration.extract.vendors import (
    API,
    column_there,
    columns_of,
    fits_name,
    forms,
    has_one,
    headers,
    is_landed,
    is_told_by_name,
    lacking_within,
    lies_within_columns,
    more_columns,
    names_of,
    needed_columns,
    other_columns,
    path_of,
    read_form,
    table_of,
    tables_beside,
)
from orchestration.proposals.block import ZONE, dialect, said
from orchestration.proposals.places import FileGroup, Place

# columns by which a table tells of itself whose it is
_TELLING = 3
# what is like a vendor's has so many of them, and lacks no more than so many
_MOST_OF_IT, _FEW = 5, 2


@dataclass(frozen=True)
class Recognised:
    """Which table of which vendor a file is, and which of the columns that the vendor may have it lacks."""

    vendor: str
    form: str
    table: str
    lacks: tuple[str, ...]
    # of those that a vendor names by a pattern
    more: tuple[str, ...] = ()

    @property
    def entities(self) -> list[str]:
        maps = read_form(self.vendor, self.form)["tables"][self.table].get("maps", [])
        return list(dict.fromkeys(one["entity"] for one in maps))

    @property
    def has_local_times(self) -> bool:
        """Whether it has times of which the vendor does not say the zone."""
        form = read_form(self.vendor, self.form)
        targets = {target for one in form["tables"][self.table].get("maps", []) for target in one["columns"]}
        return "timezone" not in form.get("source", {}) and any(target.endswith("_at") for target in targets)

    @property
    def may_grant(self) -> bool:
        """Whether a row of it may grant: a grant needs the wording that only the company knows."""
        maps = read_form(self.vendor, self.form)["tables"][self.table].get("maps", [])
        return any("wording_version" in one.get("constants", {}) for one in maps)

    @property
    def told(self) -> str:
        return f"{self.vendor} {self.form}: {', '.join(self.entities) or self.table}"


def recognised(header: Iterable[str], files: Sequence[str] = (), *, is_database: bool = False) -> Recognised | None:
    """Of several tables that a header fits, the one that its name tells, or that says most of it; of files, one that all of them may be by
    their names. `is_database`: `files` is the name of a table of a database."""
    names = list(header)
    there = {name.casefold() for name in names}
    fitting = [key for key, needed in _needed().items() if needed <= there and _is_all_of_it(needed, there)]
    fitting = [key for key in fitting if there.isdisjoint(c.casefold() for c in other_columns(*key))]
    fitting = [key for key in fitting if has_one(*key, there) and (is_database or not lies_within_columns(*key[:2]))]
    fitting = [key for key in fitting if all(fits_name(*key, file) for file in files)]
    if not fitting:
        return None
    vendor, form, table = max(
        fitting, key=lambda key: (bool(files) and is_told_by_name(*key), len(_needed()[key]), key)
    )
    lacks = tuple(
        c for c in columns_of(vendor, form, table) if column_there(vendor, form, table, c).casefold() not in there
    )
    return Recognised(vendor, form, table, lacks, tuple(more_columns(vendor, form, table, names)))


def looks_like(header: Iterable[str], files: Sequence[str] = ()) -> str:
    """What a file misses to be a vendor's: few of the columns by which it is known, or the name that its file has; empty where it is
    like none."""
    there = {name.casefold() for name in header}
    near = []
    for key, needed in _needed().items():
        missing = needed - there
        if len(needed) - len(missing) < _MOST_OF_IT or len(missing) > _FEW or is_landed(key[1]):
            continue
        if not there.isdisjoint(c.casefold() for c in other_columns(*key)):
            continue
        near.append((len(missing), not is_told_by_name(*key), -len(needed), key))
    for lacks, _, _, key in sorted(near):
        vendor, form, table = key
        columns = [c for c in columns_of(*key) if column_there(*key, c).casefold() in _needed()[key] - there]
        if lacks:
            return f"looks like the {table} of {vendor} ({form}), but lacks {', '.join(columns)}: where it has another name, rename it in the file"
        if named := [one for one in names_of(*key) if not all(fits_name(*key, file) for file in files)]:
            others = sorted({key[2] for of, _, _, key in near if not of})
            return f"has the header of {' or '.join(others)} of {vendor} ({form}), which its name has to tell: for {table} call it {' or '.join(named)}"
    return ""


def lists_within(one: Recognised, header: Iterable[str]) -> list[Recognised]:
    """The tables of lists within the rows of a table, of those that it has."""
    there = {name.casefold() for name in header}
    found = {
        table: lacking_within(one.vendor, one.form, table, there)
        for table in tables_beside(one.vendor, one.form, one.table)
    }
    return [replace(one, table=table, lacks=tuple(lacks), more=()) for table, lacks in found.items() if lacks is not None]  # fmt: skip


def _is_all_of_it(needed: frozenset[str], there: set[str]) -> bool:
    """Two keys tell of no vendor where a table has more than them: a company's own deals have a company too."""
    more = [name for name in there - needed if not name.startswith("_")]
    return len(needed) >= _TELLING or len(more) <= len(needed)


@cache
def _needed() -> dict[tuple[str, str, str], frozenset[str]]:
    return {
        (vendor, form, table): frozenset(
            column_there(vendor, form, table, c).casefold() for c in [*known, *needed_columns(vendor, form, table)]
        )
        for vendor, of in forms().items()
        for form in of
        if form != API
        for table, known in headers(vendor, form).items()
    }


def recognised_block(
    name: str, place: Place, file_format: str, tables: Sequence[tuple[FileGroup, CsvDialect | None, Recognised]]
) -> list[str]:
    """The lines of a source of one vendor and form."""
    first = tables[0][2]
    dialects = [csv for _, csv, _ in tables if csv]
    common = max(dialects, key=dialects.count) if dialects else None
    lines = [f"[sources.{name}]", 'connector = "files"', f"url = {said(place.url)}"]
    lines += [f"vendor = {said(first.vendor)}", f"form = {said(first.form)}"]
    lines += [f"format = {said(file_format)}"] if file_format != "csv" else []
    lines += [f"csv = {said(dialect(common))}"] if common and dialect(common) else []
    lines += [ZONE] if any(one.has_local_times for _, _, one in tables) else []
    lines += wording_lines(one for _, _, one in tables)
    for group, csv, one in tables:
        lines += ["", f"[sources.{name}.tables.{one.table}]"]
        lines += [] if _takes(one, place, file_format) == set(group.files) else [f"path = {said(group.glob)}"]
        lines += [f"sheet = {said(group.sheet)}"] if group.sheet else []
        lines += [f"csv = {said(dialect(csv))}"] if csv and csv != common else []
        lines += _otherwise(one)
    return lines


def landed_lines(name: str, url: str, tables: Sequence[tuple[TableThere, Recognised]]) -> Iterator[str]:
    """The lines of a source that is a database, of one vendor."""
    yield from (f"[sources.{name}]", 'connector = "sql"', f"url = {said(url)}", f"vendor = {said(tables[0][1].vendor)}", f"form = {said(tables[0][1].form)}")  # fmt: skip
    yield from wording_lines(one for _, one in tables)
    for there, one in tables:
        yield from ("", f"[sources.{name}.tables.{one.table}]")
        yield from (
            [f"table = {said(there.full_name)}"] if there.full_name != table_of(one.vendor, one.form, one.table) else []
        )
        yield from _otherwise(one)


def _otherwise(one: Recognised) -> list[str]:
    """Which of the vendor's columns a table does not have, and which it has beside them."""
    return [f"{key} = {said(list(names))}" for key, names in (("lacks", one.lacks), ("more", one.more)) if names]


def wording_lines(tables: Iterable[Recognised]) -> list[str]:
    if not any(one.may_grant for one in tables):
        return []
    return [
        '# wording = "2026-01"  # the version of the text that subscribers agreed to: without it a grant permits nothing'
    ]


def _takes(one: Recognised, place: Place, file_format: str) -> set[str]:
    """The files that the vendor's own names of files take."""
    pattern = path_of(one.vendor, one.form, one.table, file_format)
    return {file for file in place.files if fnmatch.fnmatchcase(file, pattern)}
