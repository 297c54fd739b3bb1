"""The books of a CSV file balance on lines: each is a row, a part of a row's text, or a reject; else the file is refused.

A stray quote makes a reader take other rows for a part of one value, without an error. A file whose rows are fewer than its
lines is read once more as text, every column of it: what is not loaded may hold line ends too. Then lines within one row
are compared with the file's rows. Not here: counting lines (line_books.py), or what a line is rejected for (csv_files.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Table
from orchestration.core.warehouse import text
from orchestration.extract.csv_rejects import WHOLE_QUOTES, drops_of, rejected_lines
from orchestration.extract.delivered_file import Delivered, file_names, paths

AGAIN = "rejects_again"  # the rejects table of the second read


@dataclass(frozen=True)
class Read:
    """Files that are read in one way: their column names, how many lines each header has, and read_csv's options for all
    columns as text, with the rejects table AGAIN."""

    files: Sequence[Delivered]
    names: list[str]
    headers: Mapping[str, int]
    as_text: str

    def lines_left(self, file: Delivered, rows: Mapping[str, int], rejected: Mapping[str, tuple[int, int, int]]) -> int:
        """Lines of a file beyond its header, its rows and its rejected lines."""
        lines, _, _ = rejected.get(file.name, (0, 0, 0))
        return file.lines.total - self.headers[file.name] - int(rows.get(file.name, 0)) - lines


class _Found(NamedTuple):
    """Of one file, as text: rows, line ends within them, blank lines within them, and a column whose value holds other rows."""

    rows: int
    ends: int
    blank: int
    swallowing: int | None


def refuse_swallowed_lines(
    con: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    table: Table,
    relation: str,
    read: Read,
    rejected: Mapping[str, tuple[int, int, int]],
    csv: CsvDialect,
) -> None:
    """Raises SourceError for the first file of which lines are missing among the rows of `relation`, or hold other rows.

    `rejected`: file → (lines that were rejected, the first of them, rejects).
    """
    rows = dict(con.execute(f"select _source_file, count(*) from {relation} group by all").fetchall())

    def is_in_doubt(file: Delivered) -> bool:
        lines, _, rejects = rejected.get(file.name, (0, 0, 0))
        return read.lines_left(file, rows, rejected) > 0 or lines > rejects

    doubtful = [file for file in read.files if is_in_doubt(file)]
    if not doubtful:
        return
    found, lost = _read_again(con, table, read, doubtful, csv)
    for file in doubtful:
        seen = found.get(file.name, _Found(0, 0, 0, None))
        missing = file.lines.total - read.headers[file.name] - seen.rows - seen.ends - lost.get(file.name, (0, 0, 0))[0]
        # a blank line is a row of one column, and of several nothing
        unread = 0 if len(read.names) == 1 else file.lines.blank - seen.blank
        if seen.swallowing is None and missing <= unread:
            continue
        lines, first, _ = rejected.get(file.name, (0, 0, 0))
        near = f" (the first bad line is {first:,})" if first else ""
        holds = seen.swallowing is not None
        about = (
            f"a value of {read.names[seen.swallowing]} holds lines that look like rows"
            if seen.swallowing is not None
            else "lines are missing"
        )
        raise SourceError(
            f"source {source}, table {name}: of {file.lines.total:,} lines only {rows.get(file.name, 0):,} became rows and "
            f"{lines:,} rejects: {about}{near}; is there a stray quote{'' if holds else ', or a line of more than 16 MB'}?",
            where=file.name,
            to_do='fix the export and deliver it again, or say csv = { quote = "" } for the table if it quotes nothing',
        )


def _read_again(
    con: duckdb.DuckDBPyConnection, table: Table, read: Read, files: list[Delivered], csv: CsvDialect
) -> tuple[dict[str, _Found], dict[str, tuple[int, int, int]]]:
    """What the files hold as text, and the lines that are rejected then."""
    fields = "[" + ", ".join(f"coalesce(c{at}, '')" for at in range(len(read.names))) + "]"
    rows = f"select {fields} as fields, {file_names(files)} as file from read_csv({paths(files)}, {read.as_text})"
    is_row = _is_row(read.names, csv.delimiter, is_strict=_is_strict(table))
    found, lost = _counted(con, rows, files, csv, is_row)
    if _is_strict(table) or all(seen.swallowing is None for seen in found.values()):
        return found, lost
    likeness = _likeness(con, table, read.names, rows, csv)
    return _counted(con, rows, files, csv, _is_row(read.names, csv.delimiter, likeness))


def _is_strict(table: Table) -> bool:
    """Whether any doubt refuses: of registers and statements a lost row lets somebody be written to who said no."""
    return table.is_register or table.holds_statements


def _counted(
    con: duckdb.DuckDBPyConnection, rows: str, files: list[Delivered], csv: CsvDialect, is_row: str
) -> tuple[dict[str, _Found], dict[str, tuple[int, int, int]]]:
    _drop_rejects(con)
    # the lines of a row, as they stand in the file but for quotes, and for delimiters within them
    of_one_line = f"replace(f, {text(csv.delimiter)}, '')"
    bare = f"list_transform(fields, lambda f: case when contains(f, chr(10)) then f else {of_one_line} end)"
    written = f"string_split(array_to_string({bare}, {text(csv.delimiter)}), chr(10))"
    has_ends = "list_transform(fields, lambda f: contains(f, chr(10)))"
    counted = con.execute(
        f"select file, count(*), sum(len(lines) - 1), "
        f"sum(len(list_filter(lines[2:-2], lambda l: rtrim(l, chr(13)) = ''))), "
        f"any_value(list_position({has_ends}, true)) filter (len(lines) > 1 and ({is_row})) "
        f"from (select *, case when list_bool_or({has_ends}) then {written} else [''] end as lines from ({rows})) group by file"
    ).fetchall()
    found = {
        file: _Found(int(n), int(ends), int(blank), None if at is None else int(at) - 1)
        for file, n, ends, blank, at in counted
    }
    rejects = con.execute(
        f"select distinct {file_names(files, 's.file_path')} from (select file_id, scan_id, "
        f"list_transform(string_split(rtrim(csv_line, chr(13) || chr(10)), chr(10)), lambda l: {_bare('l', csv)}) as lines from {AGAIN} where {WHOLE_QUOTES}) e "
        f"join {AGAIN}_scan s using (scan_id, file_id) where len(lines) > 1 and ({is_row})"
    ).fetchall()
    for (file,) in rejects:
        found[file] = found.get(file, _Found(0, 0, 0, None))._replace(swallowing=0)
    lost = rejected_lines(con, AGAIN, files)
    _drop_rejects(con)
    return found, lost


def _bare(line: str, csv: CsvDialect) -> str:
    """SQL: a line without its quoted fields that hold a delimiter; the delimiters around them stay."""
    if not csv.quote:
        return line
    delimiter, mark = re.escape(csv.delimiter), re.escape(csv.quote)
    quoted = f"(^|{delimiter}){mark}[^{mark}{delimiter}]*{delimiter}[^{mark}]*{mark}({delimiter}|$)"
    for _ in range(2):  # of two such fields side by side, one match takes the delimiter between
        line = f"regexp_replace({line}, {text(quoted)}, '\\1\\2', 'g')"
    return line


def _drop_rejects(con: duckdb.DuckDBPyConnection) -> None:
    for drop in drops_of(AGAIN):
        con.execute(drop)


def _is_row(names: Sequence[str], delimiter: str, likeness: str = "true", *, is_strict: bool = False) -> str:
    """SQL: whether the `lines` of a row are rows of their own. `likeness` is SQL on such a line `l`.

    A line between the first and the last is one by its number of fields. The last is one where the first is whole too: a
    text in the first column ends in a line that has all other fields.
    """
    if len(names) == 1:
        return "true"

    def delimiters(line: str) -> str:
        return f"(length({line}) - length(replace({line}, {text(delimiter)}, '')))"

    wanted = len(names) - 1
    whole = f"{delimiters('l')} {'>=' if is_strict else '='} {wanted} and {likeness}"
    inner = f"len(list_filter(lines[2:-2], lambda l: {whole})) > 0"
    last = f"{delimiters('lines[1]')} >= {wanted} and len(list_filter(lines[-1:], lambda l: {whole})) > 0"
    return f"{inner} or ({last})"


def _likeness(con: duckdb.DuckDBPyConnection, table: Table, names: Sequence[str], rows: str, csv: CsvDialect) -> str:
    """SQL: whether a line `l` has the key of a row by its form; without a key its first field, and every typed one."""
    typed = [names.index(c) for c, kind in table.columns.items() if kind.upper() != "VARCHAR"]
    telling = [names.index(c) for c in table.key] or list(dict.fromkeys([0, *typed]))
    around = text(f" {csv.quote}" + chr(13))
    conditions = []
    for at in telling:
        field = f"trim(string_split(l, {text(csv.delimiter)})[{at + 1}], {around})"
        kind = table.columns.get(names[at], "VARCHAR")
        if kind.upper() != "VARCHAR":
            is_empty = "false" if table.key else f"{field} = ''"
            conditions.append(f"(try_cast({field} as {kind}) is not null or {is_empty})")
            continue
        one = f"fields[{at + 1}]"
        forms, least, most = con.execute(
            f"select list(distinct {_form(one)}), min(length({one})), max(length({one})) from ({rows}) "
            f"where {one} <> '' and not contains({one}, chr(10))"
        ).fetchall()[0]
        _drop_rejects(con)
        if forms:
            listed = ", ".join(map(text, forms))
            conditions.append(
                f"{_form(field)} in ({listed}) and length({field}) between {least - 1} and {most + 1} and {field} <> ''"
            )
    return " and ".join(conditions) or "true"


def _form(value: str) -> str:
    """SQL: which kinds of characters a value is made of: letters as a, digits as 9, others as they are."""
    letters = f"regexp_replace(regexp_replace({value}, '\\p{{L}}+', 'a', 'g'), '\\d+', '9', 'g')"
    return f"array_to_string(list_sort(list_distinct(string_split({letters}, ''))), '')"
