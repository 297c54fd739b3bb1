"""The `files` connector: CSV, JSON Lines, JSON pages and Parquet, local or any fsspec URL, read by DuckDB itself.

Each file is loaded once, known by name, size and hash. Not here: merging into raw (landing.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb
import fsspec

from orchestration.errors import SourceError
from orchestration.extract.landing import Batch, check_contract, raw_name
from orchestration.settings import Source, Table
from orchestration.warehouse import quote, scalar, text

_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CAST_ERRORS = "('CAST')"
_SNIFF_BYTES = 64 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Delivered:
    """A file as it lies at the source. `path` is what DuckDB opens."""

    path: str
    size: int
    modified_ns: int
    sha256: str


def read_files(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, max_reject_share: float
) -> Batch | None:
    """The files of one table that were not loaded yet, or None. Raises SourceError as landing and the contract say."""
    if not table.path:
        raise SourceError(f"source {source_name}, table {name} says no path", to_do='add path = "….csv" to the table')
    files, known_copies = _new_files(con, source_name, source, name, table)
    for copy in known_copies:
        _note(con, source_name, name, copy, 0)
    if not files:
        return None
    for file in files:
        if source.format != "jsonl":  # JSON Lines without a row has no byte; every other format has at least a header
            _refuse_empty(source_name, name, file)
    if source.format == "csv":
        return _csv(con, source_name, source, name, table, files, max_reject_share)
    reader = {"parquet": _parquet, "jsonl": _json_lines, "json_pages": _json_pages}[source.format]
    return reader(con, source_name, source, name, table, files)


def _new_files(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table
) -> tuple[list[Delivered], list[Delivered]]:
    """(files to load, byte-for-byte copies of loaded ones), in the order of their names."""
    system, root = fsspec.core.url_to_fs(source.url)
    is_local = "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,))
    if not is_local:
        con.register_filesystem(system)
    found = system.glob(f"{root.rstrip('/')}/{table.path}", detail=True)
    if not found and not table.optional:
        raise SourceError(
            f"source {source_name}, table {name}: no file matches {table.path}",
            where=source.url,
            to_do="check that the export ran and that url and path are right",
        )
    loaded = con.execute(
        "select file, size, modified_ns, sha256 from ops.loaded_files where source = ? and table_name = ?",
        [source_name, name],
    ).fetchall()
    seen = {(file, size, modified) for file, size, modified, _ in loaded}
    hashes = {sha for *_, sha in loaded}
    fresh: list[Delivered] = []
    copies: list[Delivered] = []
    for path, info in sorted(found.items()):
        if info.get("type") == "directory":
            continue
        modified = int(float(info.get("mtime") or 0) * 1e9)
        if (_file_name(path), info["size"], modified) in seen:
            continue
        with system.open(path, "rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        opened = (
            path
            if is_local
            else f"{system.protocol if isinstance(system.protocol, str) else system.protocol[0]}://{path}"
        )
        file = Delivered(opened, info["size"], modified, digest)
        (copies if digest in hashes else fresh).append(file)
        hashes.add(digest)
    return fresh, copies


def _file_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _note(con: duckdb.DuckDBPyConnection, source: str, table: str, file: Delivered, load_id: int) -> None:
    con.execute(
        "insert or replace into ops.loaded_files values (?, ?, ?, ?, ?, ?, ?)",
        [source, table, _file_name(file.path), file.size, file.modified_ns, file.sha256, load_id],
    )


def _refuse_empty(source: str, name: str, file: Delivered) -> None:
    if file.size == 0:
        raise SourceError(
            f"source {source}, table {name}: the file is empty",
            where=_file_name(file.path),
            to_do="deliver it again; an export without rows still has its header",
        )


def _open(path: str) -> fsspec.core.OpenFile:
    return fsspec.open(path, "rb")


def _header(source: str, name: str, file: Delivered, spec: Source) -> tuple[list[str], bool]:
    """(column names, whether line ends are mixed) from the start of a file."""
    with _open(file.path) as handle:
        start = handle.read(_SNIFF_BYTES)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom) and spec.csv.encoding != encoding:
            raise SourceError(
                f"source {source}, table {name}: the file is {encoding.upper()}, not {spec.csv.encoding}",
                where=_file_name(file.path),
                to_do=f'set csv = {{ encoding = "{encoding}" }} for the source, or export it as UTF-8',
            )
    encoding = "utf-8-sig" if spec.csv.encoding == "utf-8" else spec.csv.encoding
    first = start.decode(encoding, errors="replace").splitlines()[0] if start else ""
    names = [part.strip().strip(spec.csv.quote) for part in first.split(spec.csv.delimiter)]
    if len(names) == 1:
        other = next((d for d in (";", "\t", ",", "|") if d != spec.csv.delimiter and d in first), None)
        if other:
            raise SourceError(
                f"source {source}, table {name}: the header is not separated by {spec.csv.delimiter!r} but seems to be by {other!r}",
                where=f"{_file_name(file.path)}, line 1",
                to_do=f'set csv = {{ delimiter = "{other}" }} for the source',
            )
    is_mixed = b"\r\n" in start and start.count(b"\n") > start.count(b"\r\n")
    return names, is_mixed


def _csv(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_share: float,
) -> Batch:
    by_header: dict[tuple[tuple[str, ...], bool], list[Delivered]] = {}
    for file in files:
        found, is_mixed = _header(source_name, name, file, source)
        check_contract(source_name, name, table, found, f"{_file_name(file.path)}, line 1")
        by_header.setdefault((tuple(found), is_mixed), []).append(file)
    added = sorted({c for header, _ in by_header for c in header if c not in table.columns})
    columns = {**table.columns, **dict.fromkeys(added, "VARCHAR")}
    rejects = [f"rejects_{number}" for number in range(len(files))]
    selects = []
    groups = (
        [([f], h) for h, fs in by_header.items() for f in fs]
        if not table.key
        else [(fs, h) for h, fs in by_header.items()]
    )
    for number, (group, (header, is_mixed)) in enumerate(groups):
        declared = ", ".join(f"{text(c)}: {text(columns[c])}" for c in header)
        options = (
            f"columns = {{{declared}}}, header = true, auto_detect = false, delim = {text(source.csv.delimiter)}, "
            f"quote = {text(source.csv.quote)}, escape = {text(source.csv.quote)}, encoding = {text(source.csv.encoding)}, "
            f"decimal_separator = {text(source.csv.decimal)}, max_line_size = {MAX_LINE_BYTES}, filename = '_path', "
            f"strict_mode = {str(not is_mixed).lower()}, store_rejects = true, rejects_table = '{rejects[number]}', rejects_scan = '{rejects[number]}_scan'"
        )
        paths = "[" + ", ".join(text(file.path) for file in group) + "]"
        wanted = ", ".join(quote(c) if c in header else f"null::varchar as {quote(c)}" for c in columns)
        row_key = "null::varchar" if table.key else f"'{group[0].sha256[:12]}-' || row_number() over ()"
        selects.append(
            f"select {wanted}, parse_filename(_path) as _source_file, {row_key} as _row_key from read_csv({paths}, {options})"
        )
    if not table.key:
        con.execute("set preserve_insertion_order = true")

    def after(load_id: int) -> int:
        con.execute("set preserve_insertion_order = false")
        rejected = 0
        for number in range(len(groups)):
            rejected += _keep_rejects(con, rejects[number], load_id, source_name, name, table, max_share)
        for file in files:
            _note(con, source_name, name, file, load_id)
        return rejected

    return Batch(" union all ".join(selects), columns, has_file=True, after=after, added=added)


def _keep_rejects(
    con: duckdb.DuckDBPyConnection, rejects: str, load_id: int, source: str, name: str, table: Table, max_share: float
) -> int:
    """Moves what read_csv rejected to quarantine.rejected_rows, one row a line. Error texts quote values: left behind."""
    rejected = int(scalar(con, f"select count(distinct (file_id, line)) from {rejects}"))
    if rejected:
        read = scalar(con, f"select count(*) from {raw_name(source, name)} where _load_id = {load_id}")
        worst = con.execute(
            f"select column_name, count(*) from {rejects} where error_type in {_CAST_ERRORS} group by all order by 2 desc limit 1"
        ).fetchall()
        total = rejected + read
        for column, rows in worst:
            if rows == 1 or rows <= max_share * total:
                continue
            raise SourceError(
                f"source {source}, table {name}: column {column} is no longer {table.columns.get(column, 'text')} "
                f"({rows} of {total} rows cannot be read as such)",
                to_do="mend the export, or change the column's type in the configuration and its staging model",
            )
        con.execute(
            f"insert into quarantine.rejected_rows select {load_id}, {text(source)}, {text(name)}, "
            f"any_value(parse_filename(s.file_path)), e.line, string_agg(distinct e.column_name, ', '), "
            f"string_agg(distinct lower(e.error_type::varchar), ', '), any_value(e.csv_line) "
            f"from {rejects} e join {rejects}_scan s using (scan_id, file_id) group by e.file_id, e.line"
        )
    con.execute(f"drop table if exists {rejects}")
    con.execute(f"drop table if exists {rejects}_scan")
    return rejected


def _parquet(
    con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str, table: Table, files: list[Delivered]
) -> Batch:
    columns = dict(table.columns)
    for file in files:
        found = dict(
            con.execute(
                f"select column_name, column_type from (describe from read_parquet({text(file.path)}))"
            ).fetchall()
        )
        check_contract(source_name, name, table, list(found), _file_name(file.path))
        for column, kind in found.items():
            columns.setdefault(column, kind)
            if column in table.columns and _family(kind) != _family(table.columns[column]):
                raise SourceError(
                    f"source {source_name}, table {name}: column {column} is {kind}, no longer {table.columns[column]}",
                    where=_file_name(file.path),
                    to_do="mend the export, or change the column's type in the configuration and its staging model",
                )
    paths = "[" + ", ".join(text(file.path) for file in files) + "]"
    row_key = "null::varchar" if table.key else "parse_filename(_path) || '-' || file_row_number"
    extra = "" if table.key else ", file_row_number = true"
    select = (
        f"select {', '.join(quote(c) for c in columns)}, parse_filename(_path) as _source_file, {row_key} as _row_key "
        f"from read_parquet({paths}, union_by_name = true, filename = '_path'{extra})"
    )
    added = [c for c in columns if c not in table.columns]
    return Batch(select, columns, has_file=True, after=_noting(con, source_name, name, files), added=added)


def _json_lines(
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
            where=_file_name(files[0].path),
            to_do="check that the file is JSON Lines: one object a line",
        )
    added = sorted(check_contract(source_name, name, table, found, _file_name(files[0].path)))
    columns = {**table.columns, **dict.fromkeys(added, "VARCHAR")}
    fields = ", ".join(_json_field(c, t) for c, t in columns.items())
    row_key = "null::varchar" if table.key else "md5(line)"
    select = f"select {fields}, parse_filename(_path) as _source_file, {row_key} as _row_key from json_lines where document is not null"

    def after(load_id: int) -> int:
        con.execute(
            f"insert into quarantine.rejected_rows select {load_id}, {text(source_name)}, {text(name)}, parse_filename(_path), null, "
            f"null, 'not a JSON object', line from json_lines where document is null"
        )
        broken = scalar(con, "select count(*) from json_lines where document is null")
        con.execute("drop table json_lines")
        _noting(con, source_name, name, files)(load_id)
        return int(broken)

    return Batch(select, columns, has_file=True, is_text=True, after=after, added=added)


def _json_field(column: str, kind: str) -> str:
    path = text(f'$."{column}"')
    if kind.upper().startswith("STRUCT") or kind.endswith("[]"):
        return f"nullif(json_extract(document, {path})::varchar, 'null')::json as {quote(column)}"
    return f"json_extract_string(document, {path}) as {quote(column)}"


def _json_pages(
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
    added = sorted(check_contract(source_name, name, table, [row[0] for row in first], _file_name(files[0].path)))
    columns = {**table.columns, **dict.fromkeys(added, "JSON")}
    row = "STRUCT(" + ", ".join(f"{quote(c)} {t}" for c, t in columns.items()) + ")[]"
    select = (
        f"select {', '.join(quote(c) for c in columns)}, parse_filename(_path) as _source_file, null::varchar as _row_key from ("
        f"select unnest(data, max_depth := 2), filename as _path from read_json({paths}, columns = {{'data': {text(row)}}}, "
        f"format = 'unstructured', filename = true, maximum_object_size = {largest}))"
    )
    return Batch(select, columns, has_file=True, after=_noting(con, source_name, name, files), added=added)


def _noting(con: duckdb.DuckDBPyConnection, source: str, name: str, files: list[Delivered]):
    def after(load_id: int) -> int:
        for file in files:
            _note(con, source, name, file, load_id)
        return 0

    return after


def _family(kind: str) -> str:
    kind = kind.upper().split("(")[0]
    if "INT" in kind or kind in ("DOUBLE", "FLOAT", "REAL", "DECIMAL"):
        return "number"
    return "time" if kind.startswith(("TIMESTAMP", "DATE")) else kind


def sample_columns(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Column names and guessed types of one file, for scaffolding. Raises SourceError when it cannot be read."""
    reader = {".parquet": "read_parquet", ".jsonl": "read_json", ".json": "read_json"}.get(path.suffix, "read_csv")
    try:
        return dict(
            con.execute(f"select column_name, column_type from (describe from {reader}({text(path)}))").fetchall()
        )
    except duckdb.Error as error:
        raise SourceError(
            "the file cannot be read", where=str(path), to_do="name a CSV, JSON Lines or Parquet file"
        ) from error
