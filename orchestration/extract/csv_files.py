"""CSV: header comparison, typed reading, rejected lines kept with their reason. Not here: which files are new."""

from __future__ import annotations

import codecs

import duckdb
import fsspec

from orchestration.errors import SourceError
from orchestration.extract.delivered import Delivered, file_name, note_file
from orchestration.extract.landing import Batch, check_contract, raw_name
from orchestration.settings import CsvDialect, Source, Table
from orchestration.warehouse import quote, scalar, text

_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CAST_ERRORS = "('CAST')"
_SNIFF_BYTES = 64 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024


def read_csv_files(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_share: float,
) -> Batch:
    csv = table.csv or source.csv
    by_header: dict[tuple[tuple[str, ...], bool], list[Delivered]] = {}
    for file in files:
        found = _header(source_name, name, file, csv, table)
        check_contract(source_name, name, table, found, f"{file_name(file.path)}, line 1")
        by_header.setdefault((tuple(found), file.has_mixed_line_ends), []).append(file)
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
            f"columns = {{{declared}}}, header = {str(csv.has_header).lower()}, auto_detect = false, delim = {text(csv.delimiter)}, "
            f"quote = {text(csv.quote)}, escape = {text(csv.quote)}, encoding = {text(csv.encoding)}, "
            f"decimal_separator = {text(csv.decimal)}, max_line_size = {MAX_LINE_BYTES}, filename = '_path', "
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
            note_file(con, source_name, name, file, load_id)
        return rejected

    return Batch(" union all ".join(selects), columns, has_file=True, after=after, added=added)


def _header(source: str, name: str, file: Delivered, csv: CsvDialect, table: Table) -> list[str]:
    """Column names, from the start of a file; of one without a header the declared ones. Raises SourceError where the file
    is in another encoding or separated otherwise than it should be."""
    with _open(file.path) as handle:
        start = handle.read(_SNIFF_BYTES)
    where = file_name(file.path)
    found = _other_encoding(start, csv.encoding)
    if found:
        raise SourceError(
            f"source {source}, table {name}: the file is {found.upper()}, not {csv.encoding}",
            where=where,
            to_do=f'set csv = {{ encoding = "{found}" }}, or export it as {csv.encoding.upper()}',
        )
    encoding = "utf-8-sig" if csv.encoding == "utf-8" else csv.encoding
    first = start.decode(encoding, errors="replace").splitlines()[0] if start else ""
    names = [part.strip().strip(csv.quote) for part in first.split(csv.delimiter)]
    if not csv.has_header:
        if len(names) != len(table.columns):
            raise SourceError(
                f"source {source}, table {name}: a line has {len(names)} fields, not the {len(table.columns)} that are declared",
                where=f"{where}, line 1",
                to_do=f"the columns are {', '.join(table.columns)}: mend the export, or change them in the configuration",
            )
        return list(table.columns)
    if len(names) == 1:
        other = next((d for d in (";", "\t", ",", "|") if d != csv.delimiter and d in first), None)
        if other:
            raise SourceError(
                f"source {source}, table {name}: the header is not separated by {csv.delimiter!r} but seems to be by {other!r}",
                where=f"{where}, line 1",
                to_do=f'set csv = {{ delimiter = "{other}" }} for the source',
            )
    return names


def _other_encoding(start: bytes, declared: str) -> str | None:
    """The encoding that a file is in, where its start tells that it is another than `declared`."""
    for bom, encoding in _BOMS.items():
        if start.startswith(bom) and declared != encoding:
            return encoding
    if declared == "utf-16" or start.isascii():
        return None
    try:
        # the sniffed part may end within a letter
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        # one broken line among good ones is rejected as such: in UTF-8 every second byte of Nordic letters is this one
        is_latin = start.count(b"\xc3") * 4 < sum(byte > 0x7F for byte in start)
        return "latin-1" if declared == "utf-8" and is_latin else None
    return "utf-8" if declared == "latin-1" else None


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
            f"insert into fresh_rejects select {load_id}, {text(source)}, {text(name)}, "
            f"any_value(parse_filename(s.file_path)), e.line, string_agg(distinct e.column_name, ', '), "
            f"string_agg(distinct lower(e.error_type::varchar), ', '), any_value(e.csv_line) "
            f"from {rejects} e join {rejects}_scan s using (scan_id, file_id) group by e.file_id, e.line"
        )
    con.execute(f"drop table if exists {rejects}")
    con.execute(f"drop table if exists {rejects}_scan")
    return rejected


def _open(path: str) -> fsspec.core.OpenFile:
    return fsspec.open(path, "rb")
