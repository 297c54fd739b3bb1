"""Excel workbooks as files of a source: each sheet is read from its copy as CSV. Not here: what a cell says (sheets.py), which files are new
(delivered.py)."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

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


def read_sheets(
    con: duckdb.DuckDBPyConnection,
    source_name: str,
    source: Source,
    name: str,
    table: Table,
    files: list[Delivered],
    max_share: float,
    budget: Budget,
) -> Batch:
    """The rows of a sheet of each workbook, oldest first. Raises SourceError where one is not whole, or lacks the sheet."""
    told = table.csv or source.csv
    # how the copy is written, whatever is said of files of text
    written = CsvDialect(has_header=told.has_header, skip_lines=told.skip_lines)
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
                    write_sheet(file.path, table.sheet, into, lambda: budget.check(name))
            except SourceError as error:
                raise SourceError(
                    f"source {source_name}, table {name}: {error.what}", where=file.name, to_do=error.to_do
                ) from None
            _, _, lines = read_through(str(copy), as_csv, shape, lambda: budget.check(name))
            copies.append(replace(file, path=str(copy), lines=lines))
        batch = read_csv_files(con, source_name, as_csv, name, shape, copies, max_share, budget)
        held.callback(batch.close)
        return replace(batch, close=held.pop_all().close)
