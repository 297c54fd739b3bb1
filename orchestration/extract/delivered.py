"""Which files of a source were not loaded yet. Here: what `ops.loaded_files` says of them.

A file is known by its path below the source's url. What it holds was seen before only while that is the newest content
of its path, or the newest delivery: a file that goes back to earlier bytes is a new one, and so is one that is written anew
with the bytes of an older delivery, unless the numbers in their names say that the newest comes after it. Not here: a file itself (delivered_file.py), what a
store lists (stores.py), reading a file (files.py, csv_files.py, json_files.py), counting its lines (line_books.py), or what a
file that was moved takes along (moved_files.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import duckdb

from orchestration.core.clock import now
from orchestration.core.disk import FULL
from orchestration.core.errors import SourceError, told_address
from orchestration.core.settings import Source, Table
from orchestration.extract.budget import Budget
from orchestration.extract.delivered_file import Delivered
from orchestration.extract.delivery_checks import is_companion, read_companion
from orchestration.extract.late_files import is_by_file
from orchestration.extract.line_books import Lines, read_through
from orchestration.extract.moved_files import Known, adopt_bare_names, follow, moved_from, rows_of
from orchestration.extract.store_copies import Copies
from orchestration.extract.stores import (
    Store,
    date_of,
    is_older_by_name,
    modified,
    newer_by_name,
    oldest_first,
    some_of,
)

_AHEAD = timedelta(days=1)


@dataclass
class Deliveries:
    fresh: list[Delivered] = field(default_factory=list)  # to load, oldest first
    copies: list[Delivered] = field(default_factory=list)  # byte for byte what was loaded last
    unreadable: dict[str, str] = field(default_factory=dict)  # name → why it could not even be opened
    touched: list[str] = field(default_factory=list)  # copies that were written anew
    returned: dict[str, str] = field(
        default_factory=dict
    )  # fresh ones with what they held → the file that came between
    late: dict[str, list[str]] = field(
        default_factory=dict
    )  # older by name → those that are newer and known, newest last
    again: dict[str, list[str]] = field(default_factory=dict)  # copies → files of the same bytes that are no newer
    is_whole: bool = False
    is_by_cursor: bool = False
    moved: dict[str, tuple[str, int]] = field(default_factory=dict)  # copies → what they may be moved from, its rows

    @property
    def notes(self) -> list[str]:
        """What people should know of files that were written anew with what they held, or may have been moved."""
        return [
            *(
                f"{file}: written anew, with the content that it had before {other} came: read again, as the newest delivery"
                for file, other in self.returned.items()
            ),
            *(
                [f"{some_of(self.touched)}: written anew, with the content that was read before: not read again"]
                if self.touched
                else []
            ),
            *(
                f"{file}: older by its name than {newer[-1]}, which was read before: {self._late(file)}"
                for file, newer in self.late.items()
            ),
            *(
                [
                    f"{some_of([f'{file} (as {old})' for file, (old, _) in self.moved.items()])}: the content and the last name of "
                    f"a file that is gone, written at another time: taken as that file, moved, so "
                    f"{sum(rows for _, rows in self.moved.values()):,} rows are not read again; where it is a delivery of its "
                    "own, put a copy of it beside it under another name"
                ]
                if self.moved
                else []
            ),
        ]

    def _late(self, file: str) -> str:
        """What becomes of a file that is older by its name than another that was read."""
        if file not in {fresh.name for fresh in self.fresh}:
            return "not read"
        becomes = (
            "what only it has is added, nothing is replaced and nobody is gone"
            if self.is_whole
            else "it replaces no row of a newer file" + (" but by a greater cursor" if self.is_by_cursor else "")
        )
        hint = "; a date in each name, as 20261102, tells which is the newer one for certain"
        return becomes + ("" if _is_dated(file, self.late[file]) else hint)


def new_files(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    budget: Budget,
    copies: Copies,
) -> Deliveries:
    """The files of a table that raw does not show yet, those of another machine among `copies`.

    Raises SourceError when there is none at all, or no way to them.
    """
    store = budget.within(name, lambda: Store.of(source_name, source))
    listed = budget.within(name, lambda: store.listed(str(table.path)))
    found = {file: info for file, info in listed.items() if not is_companion(file, table)}
    adopt_bare_names(con, source_name, name, list(found))
    loaded = con.execute(
        "select file, size, modified_ns, sha256, noted_at, load_id from ops.loaded_files where source = ? and table_name = ? "
        "order by noted_at nulls first, load_id",
        [source_name, name],
    ).fetchall()
    # a folder that is not there is a mistake of the url, and no register that did not come yet
    is_lost = table.optional == "before_first" and (loaded or not budget.within(name, store.is_there))
    if not found and (not table.optional or is_lost):
        raise SourceError(
            f"source {source_name}, table {name}: no file matches {table.path}",
            where=told_address(source.url),
            to_do="check that the export ran and that url and path are right",
        )
    newest = {file: Known(size, written, sha, noted_at) for file, size, written, sha, noted_at, _ in loaded}
    # an earlier version noted last names alone, and no time
    by_bare_name = {(file, written, sha) for file, _, written, sha, at, _ in loaded if at is None and "/" not in file}
    # the last that was loaded: a copy that was only noted says nothing new
    newest_row = max(loaded, key=lambda row: (row[5], row[4] or datetime.min)) if loaded else None
    last = newest_row[3] if newest_row else ""
    newest_file, loaded_at = (newest_row[0], newest_row[4]) if newest_row else ("", None)
    # where the newest delivery was written anew too, all of a folder was, as by a backup: that says nothing of the others
    is_restored = newest_file in found and modified(found[newest_file]) != newest[newest_file].modified_ns
    # one of a day that is still to come is a slip of its name
    known_files = {file for file, *_ in loaded if (date_of(file) or date.min) <= now().date() + _AHEAD}
    is_ordered = table.is_whole or is_by_file(table)
    deliveries, last_file = Deliveries(is_whole=table.is_whole, is_by_cursor=table.is_by_cursor), newest_file
    # what replaced nothing is not what stands
    is_last_late = is_ordered and bool(newer_by_name(newest_file, known_files))

    def touched_since() -> set[str]:
        return {
            file for file, known in newest.items() if file in found and store.may_have_changed(file, known.noted_at)
        }

    touched = budget.within(name, touched_since)
    for file, info in oldest_first(found):
        size, written = int(info.get("size") or 0), modified(info)
        known = newest.get(file)
        is_as_known = known and written and (known.size, known.modified_ns) == (size, written)
        if known and is_as_known and file not in touched:
            continue
        read_at = now()
        read = _read(store, source, name, table, file, budget, copies)
        if isinstance(read, str):
            deliveries.unreadable[file] = read
            continue
        here, digest, size, lines, rows_told = read
        delivered = Delivered(here, file, size, written, digest, lines, rows_told=rows_told, read_at=read_at)
        seen = Known(size, written, digest, read_at)
        old = None if table.key or known else moved_from(file, seen, newest, found)
        if old:
            # whatever moves a file keeps its time; a daily folder's file with the numbers of an earlier day has another one
            if not written or newest[old].modified_ns != written:
                deliveries.moved[file] = old, rows_of(con, source_name, name, old)
            follow(con, source_name, name, old, file)
            del newest[old]
        # merged again by key, an older delivery would bring old values back unless it is the newest word; without a key the
        # same bytes are other rows, but in the file that was moved
        is_copy = (digest == last and not is_last_late) if table.key else bool(old)
        is_known_by_last_name = "/" in file and (file.rpartition("/")[2], written, digest) in by_bare_name
        is_rewritten = bool(known and known.sha256 == digest and known.modified_ns != written)
        is_again = bool(table.key and is_rewritten and digest != last) and (
            _is_after(written, loaded_at)
            and (file == newest_file or not is_restored)
            and not is_older_by_name(file, newest_file)
        )
        is_seen = bool(known and known.sha256 == digest and not is_again) or is_copy or is_known_by_last_name
        newer = newer_by_name(file, known_files) if is_ordered and not is_seen else []
        # by numbers alone nobody can say that it is older: they may begin again each month, with names that were there before
        is_dated = _is_dated(file, newer)
        if newer and (is_dated or table.is_whole or not known):
            deliveries.late[file] = newer
        # a part may tell of somebody of whom no other does, and what was said is always read
        is_unread = bool(newer) and is_dated and table.is_whole and not table.holds_statements
        if is_seen or is_unread:
            deliveries.copies.append(delivered)
            if is_copy and not known and is_by_file(table):
                same = [other for other, there in newest.items() if there.sha256 == digest]
                deliveries.again[file] = [other for other in same if not is_older_by_name(file, other)]
            if store.is_copied:
                copies.drop(here)
            deliveries.touched.extend([file] if is_rewritten else [])
        else:
            deliveries.fresh.append(delivered)
            deliveries.returned.update({file: last_file} if is_again else {})
            last, last_file, is_last_late = digest, file, file in deliveries.late
        newest[file] = seen
    # the last one is the newest one, whatever times say
    deliveries.fresh.sort(key=lambda file: file.name not in deliveries.late)
    return deliveries


def _is_dated(file: str, newer: list[str]) -> bool:
    """Whether dates say that a file is older, and not numbers alone."""
    return bool(newer) and bool(date_of(file) and date_of(newer[-1]))


def _read(
    store: Store, source: Source, name: str, table: Table, file: str, budget: Budget, copies: Copies
) -> tuple[str, str, int, Lines, int | None] | str:
    """(where it is read, SHA-256, bytes, lines, rows told) of a file, or why it cannot be read. Raises SourceError where its
    store does not answer."""
    try:

        def looked_at() -> tuple[bool, str | None]:
            beside = f"{file}.{table.told_by}" if table.told_by else file
            return store.is_copied, store.why_no_file(file) or store.why_no_file(beside)

        is_copied, why_not = budget.within(name, looked_at)
        if why_not:
            return why_not
        here = str(copies.take(store, file, name, budget)) if is_copied else store.path(file)

        def read() -> tuple[str, int, Lines]:
            return read_through(here, source, table, lambda: budget.check(name))

        digest, size, lines = budget.within(name, read)

        def told() -> tuple[int | None, str | None]:
            return read_companion(store.system, store.path(file), table, digest)

        rows_told, why_not = budget.within(name, told)
    except SourceError:
        raise
    except Exception as error:  # each store's package raises kinds of its own
        if getattr(error, "errno", None) in FULL:  # of the disk that a copy is written to
            raise
        if not store.is_of_one_file(error):
            raise store.does_not_answer(error) from None
        return f"the file {'is gone, or a link to nowhere' if isinstance(error, FileNotFoundError) else 'cannot be opened'}"
    return why_not or (here, digest, size, lines, rows_told)


def _is_after(written_ns: int, moment: datetime | None) -> bool:
    """Whether a file was written after a moment; of a store that tells no times nobody knows."""
    if moment is None:
        return False
    ends_at = now() + timedelta(days=1)
    first, last = (int(at.replace(tzinfo=UTC).timestamp() * 1e9) for at in (moment, ends_at))
    return first < written_ns < last
