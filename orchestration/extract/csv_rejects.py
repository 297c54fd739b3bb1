"""Rejected CSV lines: how many, with which reason, and what is kept of one: a row by its declared columns, so that a withdrawal
in it can be read. Also what removes the tables that a read leaves of them.

Not here: which lines are rejected (csv_files.py), what is kept of one that is no row (kept_lines.py), what a withdrawal is
(privacy/intake/withdrawals.py).
"""

from __future__ import annotations

import re

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Table
from orchestration.core.warehouse import scalar, text
from orchestration.extract.delivered_file import Delivered, file_names
from orchestration.extract.kept_lines import kept_of_csv, may_refuse


def keep_rejects(
    con: duckdb.DuckDBPyConnection,
    number: int,
    columns: list[str],
    load_id: int,
    source: str,
    name: str,
    table: Table,
    max_share: float,
    came: int,
    files: list[Delivered],
    csv: CsvDialect,
) -> int:
    """`came`: rows that were read. Moves what read_csv rejected to fresh_rejects, one row a line. Error texts quote values: left behind."""
    rejects = f"rejects_{number}"
    rejected = int(scalar(con, f"select count(distinct (file_id, line)) from {rejects}"))
    if rejected:
        total = rejected + came
        worst = con.execute(
            f"select case when error_type = 'CAST' then column_name end, count(distinct (file_id, line)) from {rejects} "
            "group by 1 order by 2 desc"
        ).fetchall()
        for position, rows in worst:
            if rows == 1 or rows <= max_share * total:
                continue
            if position is None:
                raise SourceError(
                    f"source {source}, table {name}: {rows:,} of {total:,} lines have not the fields that the header says",
                    where=", ".join(file.name for file in files[:3]),
                    to_do="check delimiter, quotes and header of the export",
                )
            column = columns[int(position[1:])]
            raise SourceError(
                f"source {source}, table {name}: column {column} is no longer {table.columns.get(column, 'text')} "
                f"({rows} of {total} rows cannot be read as such)",
                to_do="fix the export, or change the column's type in the configuration and its staging model",
            )
        named = " ".join(f"when 'c{at}' then {text(column)}" for at, column in enumerate(columns))
        lines = (
            f"select any_value({file_names(files, 's.file_path')}) as file, e.line, "
            f"string_agg(distinct case e.column_name {named} end, ', ' order by case e.column_name {named} end) as named, "
            "string_agg(distinct lower(e.error_type::varchar), ', ' order by lower(e.error_type::varchar)) as why, "
            f"min({code_of('e.error_type')}) as code, "
            f"any_value(e.csv_line) as written, bool_and({WHOLE_QUOTES}) as has_whole_quotes "
            f"from {rejects} e join {rejects}_scan s using (scan_id, file_id) group by e.file_id, e.line"
        )
        in_doubt = may_refuse(source, name, table)
        con.execute(
            f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, file, line, named, why, code, "
            f"{_as_row('written', columns, table, csv, in_doubt=in_doubt)} from ({lines})"
        )
    return rejected


def code_of(error_type: str) -> str:
    """SQL: the reason_code of what DuckDB's reader says of a line."""
    return f"replace(lower({error_type}::varchar), ' ', '_')"


def _as_row(line: str, header: list[str], table: Table, csv: CsvDialect, *, in_doubt: bool) -> str:
    """SQL: an expression of a line as a JSON object of its declared columns; what may be kept of it where it has another number
    of fields than the header."""
    fields = fields_of(line, csv)
    pairs = ", ".join(f"{text(c)}, ({fields})[{header.index(c) + 1}]" for c in table.columns if c in header)
    rest = kept_of_csv(line, _written_fields(line, csv), "has_whole_quotes", header, table, csv, in_doubt=in_doubt)
    return f"case when len({fields}) = {len(header)} then json_object({pairs})::varchar else {rest} end"


def fields_of(line: str, csv: CsvDialect) -> str:
    """SQL: the list of a line's values."""
    if not csv.quote:
        return _written_fields(line, csv)
    return (
        f"list_transform({_written_fields(line, csv)}, lambda f: case when starts_with(f, {text(csv.quote)}) and length(f) > 1 "
        f"then replace(f[2:-2], {text(csv.quote * 2)}, {text(csv.quote)}) else f end)"
    )


def _written_fields(line: str, csv: CsvDialect) -> str:
    """SQL: the same with their quotes."""
    whole = f"rtrim({line}, chr(13) || chr(10))"
    if not csv.quote:
        return f"string_split({whole}, {text(csv.delimiter)})"
    delimiter, mark = re.escape(csv.delimiter), re.escape(csv.quote)
    field = f"{delimiter}({mark}(?:[^{mark}]|{mark}{mark})*{mark}|[^{delimiter}]*)"
    return f"regexp_extract_all({text(csv.delimiter)} || {whole}, {text(field)}, 1)"


def drops_of(*rejects: str) -> list[str]:
    """Statements that drop what read_csv made for these rejects tables."""
    return [f"drop table if exists {table}{suffix}" for table in rejects for suffix in ("", "_scan")]


# errors of a row whose quotes are whole: it may be of several lines
WHOLE_QUOTES = "error_type in ('CAST', 'MISSING COLUMNS', 'TOO MANY COLUMNS')"


def has_rejects(con: duckdb.DuckDBPyConnection, rejects: str) -> bool:
    return bool(con.execute(f"select 1 from {rejects} limit 1").fetchall())


def rejected_lines(
    con: duckdb.DuckDBPyConnection, rejects: str, files: list[Delivered]
) -> dict[str, tuple[int, int, int]]:
    """File → (lines that were rejected, the first of them, rejects) of one rejects table."""
    per_reject = (
        f"select file_id, scan_id, line, max(case when {WHOLE_QUOTES} "
        f"then length(csv_line) - length(replace(csv_line, chr(10), '')) else 0 end) + 1 as lines from {rejects} group by all"
    )
    rows = con.execute(
        f"select {file_names(files, 's.file_path')}, sum(e.lines), min(e.line), count(*) from ({per_reject}) e "
        f"join {rejects}_scan s using (scan_id, file_id) group by all"
    ).fetchall()
    return {file: (int(lines), int(first), int(times)) for file, lines, first, times in rows}
