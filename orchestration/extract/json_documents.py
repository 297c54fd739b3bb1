"""JSON files that are one document: an array on a single line, or objects over several lines, as programs write them.

Each element is a row, as a line of JSON Lines is. A document is read whole or not at all: where it is broken, nothing says which row
is. Not here: files with an object on each line (json_files.py, json_arrays.py).
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

import duckdb

from orchestration.core.errors import SourceError
from orchestration.extract.delivered import Delivered, file_names, paths

_HEAD = 1024 * 1024
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ANEW = "have it delivered again, or with each object on a line of its own: then a broken one costs only itself"
_START = re.compile(r"\ufeff?\s*(\[\s*)?(?=\{)")


def form_of(file: Delivered) -> str:
    """`array` or `unstructured`, as DuckDB names them, of a document; "" where each object has a line of its own."""
    try:
        with _opened(file) as handle:
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
        f"select json(json)::varchar as line, {file_names(files)} as _source_file from read_json_objects({paths(files)}, "
        f"format = '{form}', filename = '_path', hive_partitioning = false, compression = '{packing}')"
    )


def refuse_broken(
    con: duckdb.DuckDBPyConnection, source: str, name: str, documents: Sequence[tuple[str, Delivered]]
) -> None:
    """Raises SourceError for the first document that is not JSON to its end. DuckDB's own words quote it."""
    for form, file in documents:
        try:
            con.execute(f"select count(line) from ({rows_of([file], form)})").fetchall()
        except (duckdb.Error, UnicodeDecodeError):
            why, to_do = "is not JSON to its end, or has an object of more than 16 MB", _ANEW
            if not _is_utf_8(file):
                why, to_do = "is not UTF-8, as JSON is", "export it as UTF-8"
            raise SourceError(f"source {source}, table {name}: it {why}", where=file.name, to_do=to_do) from None


def _is_utf_8(file: Delivered) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with _opened(file) as handle:
            while part := handle.read(_HEAD):
                decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _opened(file: Delivered) -> gzip.GzipFile | BufferedReader:
    return gzip.open(file.path) if file.lines.is_gzip else Path(file.path).open("rb")
