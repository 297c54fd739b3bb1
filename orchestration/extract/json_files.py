"""JSON Lines, and API pages that are kept as files. Not here: which files are new."""

from __future__ import annotations

import duckdb

from orchestration.errors import SourceError
from orchestration.extract.csv_files import MAX_LINE_BYTES
from orchestration.extract.delivered import Delivered, file_name, noting
from orchestration.extract.landing import Batch, check_contract
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, scalar, text


def read_json_lines(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, files: list[Delivered]
) -> Batch:
    paths = "[" + ", ".join(text(file.path) for file in files) + "]"
    con.execute(
        "create or replace temp table json_lines as select line, _path, "
        "case when json_valid(line) then case when json_type(line) = 'OBJECT' then line::json end end as document from ("
        f"select line, filename as _path from read_csv({paths}, columns = {{'line': 'VARCHAR'}}, delim = '\x1f', quote = '', "
        f"escape = '', header = false, auto_detect = false, max_line_size = {MAX_LINE_BYTES}, filename = true))"
    )
    keys = "select distinct unnest(json_keys(document)) from json_lines where document is not null"
    found = [row[0] for row in con.execute(keys).fetchall()]
    if not found and all(file.size == 0 for file in files):
        found = list(table.columns)
    if not found:
        raise SourceError(
            f"source {source_name}, table {name}: no line is a JSON object",
            where=file_name(files[0].path),
            to_do="check that the file is JSON Lines: one object a line",
        )
    added = sorted(check_contract(source_name, name, table, found, file_name(files[0].path)))
    columns = {**table.columns, **dict.fromkeys(added, "VARCHAR")}
    fields = ", ".join(_json_field(c, t) for c, t in columns.items())
    row_key = "null::varchar" if table.key else "md5(line)"
    select = f"select {fields}, parse_filename(_path) as _source_file, {row_key} as _row_key from json_lines where document is not null"

    def after(load_id: int) -> int:
        con.execute(
            f"insert into fresh_rejects select {load_id}, {text(source_name)}, {text(name)}, parse_filename(_path), null, "
            f"null, 'not a JSON object', line from json_lines where document is null"
        )
        broken = scalar(con, "select count(*) from json_lines where document is null")
        con.execute("drop table json_lines")
        noting(con, source_name, name, files)(load_id)
        return int(broken)

    return Batch(select, columns, has_file=True, is_text=True, after=after, added=added)


def _json_field(column: str, kind: str) -> str:
    path = text(f'$."{column}"')
    if kind.upper().startswith("STRUCT") or kind.endswith("[]"):
        return f"nullif(json_extract(document, {path})::varchar, 'null')::json as {quote(column)}"
    return f"json_extract_string(document, {path}) as {quote(column)}"


def read_json_pages(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, files: list[Delivered]
) -> Batch:
    """API pages kept as files: `{"data": [row, …]}` each."""
    largest = (
        max(file.size for file in files) + 1024
    )  # DuckDB takes a buffer of this size for each file that it has open
    paths = "[" + ", ".join(text(file.path) for file in files) + "]"
    first = con.execute(
        "select distinct unnest(json_keys(document)) from (select unnest(data) as document from "
        f"read_json({text(files[0].path)}, columns = {{'data': 'JSON[]'}}, format = 'unstructured', maximum_object_size = {largest}))"
    ).fetchall()
    added = sorted(check_contract(source_name, name, table, [row[0] for row in first], file_name(files[0].path)))
    columns = {**table.columns, **dict.fromkeys(added, "JSON")}
    row = "STRUCT(" + ", ".join(f"{quote(c)} {t}" for c, t in columns.items()) + ")[]"
    select = (
        f"select {', '.join(quote(c) for c in columns)}, parse_filename(_path) as _source_file, null::varchar as _row_key from ("
        f"select unnest(data, max_depth := 2), filename as _path from read_json({paths}, columns = {{'data': {text(row)}}}, "
        f"format = 'unstructured', filename = true, maximum_object_size = {largest}))"
    )
    return Batch(select, columns, has_file=True, after=noting(con, source_name, name, files), added=added)
