"""Excel workbooks and SIE files as files of a source: each is read from its copy as CSV. Not here: what a cell says (sheets.py), what a voucher says
(sie.py), which files are new (delivered.py)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO

import duckdb

from orchestration.core.errors import SourceError
from orchestration.core.settings import CsvDialect, Source, Table
from orchestration.core.warehouse import scalar
from orchestration.extract.budget import Budget
from orchestration.extract.csv_files import read_csv_files
from orchestration.extract.delivered import Delivered
from orchestration.extract.landing import Batch
from orchestration.extract.line_books import read_through
from orchestration.extract.sheets import write_sheet
from orchestration.extract.sie import write_vouchers


def copied_as(source: Source, table: Table) -> CsvDialect:
    """How a copy is written, whatever is said of files of text."""
    told = table.csv or source.csv
    return (
        CsvDialect() if source.format == "sie" else CsvDialect(has_header=told.has_header, skip_lines=told.skip_lines)
    )


def write_copy(source: Source, table: Table, path: str | Path, into: IO[str], check_time: Callable[[], None]) -> None:
    """Writes a file as CSV with commas. Raises SourceError as sheets.py and sie.py say."""
    if source.format == "sie":
        write_vouchers(path, into, check_time)
    else:
        write_sheet(path, table.sheet, into, check_time)


def read_converted(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_share: float,
    budget: Budget,
) -> Batch:
    """The rows of each file, oldest first. Raises SourceError where one is not whole, or lacks the sheet."""
    written = copied_as(source, table)
    as_csv = source.model_copy(update={"format": "csv", "csv": written})
    shape = table.model_copy(update={"csv": written})
    with ExitStack() as held:
        folder = Path(tempfile.mkdtemp(dir=str(scalar(con, "select current_setting('temp_directory')"))))
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        copies = []
        for number, file in enumerate(files):
            # as many letters before each name: SQL cuts them off
            copy = folder / f"{number:09}" / file.name
            copy.parent.mkdir(parents=True)
            try:
                with copy.open("w", encoding="utf-8", newline="") as into:
                    write_copy(source, table, file.path, into, lambda: budget.check(name))
            except SourceError as error:
                raise SourceError(
                    f"source {source_name}, table {name}: {error.what}", where=file.name, to_do=error.to_do
                ) from None
            _, _, lines = read_through(str(copy), as_csv, shape, lambda: budget.check(name))
            copies.append(replace(file, path=str(copy), lines=lines))
        batch = read_csv_files(con, source_name, as_csv, name, shape, copies, max_share, budget)
        held.callback(batch.close)
        return replace(batch, close=held.pop_all().close)
