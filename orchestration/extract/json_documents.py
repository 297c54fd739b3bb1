"""JSON files that are one document: an array on a single line, or objects over several lines, as programs write them.

Each element is a row, as a line of JSON Lines is. A document is read whole or not at all: where it is broken, nothing says which row
is. Not here: files with an object on each line (json_files.py, json_arrays.py).
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.warehouse import json_path, text
from orchestration.extract.delivered_file import Delivered, file_names, paths
from orchestration.extract.exact_numbers import exact
from orchestration.extract.nested_rows import nested_path
from orchestration.extract.unpacked import GZIP

_HEAD = 1024 * 1024
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ANEW = (
    "have it delivered again, or with each object on a line of its own: then a broken one costs only itself; an object that holds all rows in "
    'a list is read with format = "json_pages" and, as paging.rows, the name of the list'
)
_START = re.compile(r"\ufeff?\s*(\[\s*)?(?=\{)")


def form_of(file: Delivered) -> str:
    """`array` or `unstructured`, as DuckDB names them, of a document; "" where each object has a line of its own."""
    try:
        with _opened(file.path) as handle:
            read = handle.read(_HEAD)
            head = read.decode("utf-16" if read[:2] in _UTF_16 else "utf-8", errors="replace")
    except (OSError, EOFError):
        return ""  # whoever reads its lines says what is wrong
    start = _START.match(head)
    if not start:
        return ""
    form = "array" if start[1] else "unstructured"
    try:
        _, end = json.JSONDecoder().raw_decode(head, start.end())
    except ValueError:
        # cut or broken, or very long: alone on its line a bracket begins an object of several lines
        return form if re.match(r"\{[ \t\r]*\n", head[start.end() :]) else ""
    follows = head[end:].lstrip(" \t\r,")
    is_of_lines = "\n" not in head[start.end() : end] and not follows.startswith(("{", "["))
    return "" if is_of_lines else form


def without_lines(file: Delivered) -> Delivered:
    """The file, of which no line is to be found again."""
    return replace(file, lines=replace(file.lines, total=0))


def rows_of(files: list[Delivered], form: str) -> str:
    """SQL: a `line` for each element of documents of one form and packing."""
    packing = "gzip" if files[0].lines.is_gzip else "none"
    return (
        f"select json({exact('json::varchar')})::varchar as line, {file_names(files)} as _source_file from read_json_objects({paths(files)}, "
        f"format = '{form}', filename = '_path', hive_partitioning = false, compression = '{packing}')"
    )


def pages_sql(files: str, at: str, largest: int) -> str:
    """SQL: `data`, the rows of each page of the files (a list of DuckDB's names) as JSON[], and the page's `_path`; null where it has no
    list there. Errors are DuckDB's, and quote the file."""
    name, _, rest = at.partition(".")
    path = json_path(name) + (nested_path(rest)[1:] if rest else "")
    found = f"json_extract(page, {text(path)})"
    return (
        f"select case when json_type({found}) = 'ARRAY' then json_extract({found}, '$[*]') end as data, _path from (select {exact('json::varchar')}::json as page, _path "
        f"from read_json_objects({files}, format = 'unstructured', filename = '_path', "
        f"hive_partitioning = false, maximum_object_size = {largest}))"
    )


def refuse_broken(
    con: duckdb.DuckDBPyConnection, source: str, name: str, documents: Sequence[tuple[str, Delivered]]
) -> None:
    """Raises SourceError for the first document that is not JSON to its end. DuckDB's own words quote it."""
    for form, file in documents:
        try:
            con.execute(f"select count(line) from ({rows_of([file], form)})").fetchall()
        except (duckdb.Error, UnicodeDecodeError):
            refuse_other_encodings(source, name, [file])
            why = "is not JSON to its end, or has an object of more than 16 MB"
            raise SourceError(f"source {source}, table {name}: it {why}", where=file.name, to_do=_ANEW) from None


def refuse_other_encodings(source: str, name: str, files: Sequence[Delivered]) -> None:
    """Raises SourceError for the first file that is not UTF-8. To be asked where a file cannot be read: it reads each to its end."""
    for file in files:
        try:
            found = other_encoding(file.path)
        except (OSError, EOFError, zlib.error):  # gone by now, or cut: whoever reads it says so
            continue
        if found:
            raise SourceError(
                f"source {source}, table {name}: it {found}", where=file.name, to_do="export it as UTF-8"
            ) from None


def other_encoding(path: str | Path) -> str:
    """What to tell of a file of JSON that is not UTF-8; nothing of any other one."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(path) as handle:
        start = handle.read(_HEAD)
        try:
            part = start
            while part:
                decoder.decode(part)
                part = handle.read(_HEAD)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            seems = "UTF-16" if start[:2] in _UTF_16 or b"\0" in start[:4] else "Windows-1252"
            return f"is not UTF-8, as JSON is; it seems to be {seems}"
    return ""


def is_object(path: str | Path) -> bool:
    """Whether a file begins with an object, and not with a list of them."""
    with _opened(path) as handle:
        return handle.read(1024).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")


def _opened(path: str | Path) -> gzip.GzipFile | BufferedReader:
    with Path(path).open("rb") as handle:
        is_gzip = handle.read(len(GZIP)) == GZIP
    return gzip.open(path) if is_gzip else Path(path).open("rb")
