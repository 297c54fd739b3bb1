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
from orchestration.extract.batch import Batch
from orchestration.extract.budget import Budget
from orchestration.extract.csv_files import read_csv_files
from orchestration.extract.delivered_file import Delivered
from orchestration.extract.line_books import read_through
from orchestration.extract.raw_tables import raw_name, raw_types
from orchestration.extract.sheets import write_sheet
from orchestration.extract.sie import is_another, write_vouchers

_COMPANY = "company"


def copied_as(source: Source, table: Table) -> CsvDialect:
    """How a copy is written, whatever is said of files of text."""
    told = table.csv or source.csv
    return (
        CsvDialect() if source.format == "sie" else CsvDialect(has_header=told.has_header, skip_lines=told.skip_lines)
    )


def write_copy(source: Source, table: Table, path: str | Path, into: IO[str], check_time: Callable[[], None]) -> str:
    """Writes a file as CSV with commas. Returns the mark of the company that an SIE file is of. Raises SourceError as sheets.py and sie.py say."""
    if source.format == "sie":
        return write_vouchers(path, into, check_time)
    write_sheet(path, table.sheet, into, check_time)
    return ""


def _known_companies(con: duckdb.DuckDBPyConnection, source_name: str, source: Source, name: str) -> list[str]:
    """Marks of companies whose vouchers stand in raw."""
    if source.format != "sie" or _COMPANY not in raw_types(con, source_name, name):
        return []
    marks = f"select distinct {_COMPANY} from {raw_name(source_name, name)} where _deleted_at is null and {_COMPANY} is not null"
    return [mark for (mark,) in con.execute(marks).fetchall()]


def _refuse_another(company: str, companies: list[str]) -> None:
    """Raises SourceError where a file is of another company than those before it: vouchers and accounts of two have the same numbers."""
    if any(is_another(company, known) for known in companies):
        raise SourceError(
            "it is of another company than the files that were read before: their vouchers have the same numbers, and nothing of it was read",
            to_do="use a folder and a source of its own for each company; where the files before it were the wrong ones, take them away "
            "and give the source another name, which reads the rest anew (`kundbild source reset` deletes no row)",
        )
    if company:
        companies.append(company)


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
        copies, companies = [], _known_companies(con, source_name, source, name)
        for number, file in enumerate(files):
            # as many letters before each name: SQL cuts them off
            copy = folder / f"{number:09}" / file.name
            copy.parent.mkdir(parents=True)
            try:
                with copy.open("w", encoding="utf-8", newline="") as into:
                    company = write_copy(source, table, file.path, into, lambda: budget.check(name))
                _refuse_another(company, companies)
            except SourceError as error:
                raise SourceError(
                    f"source {source_name}, table {name}: {error.what}", where=file.name, to_do=error.to_do
                ) from None
            _, _, lines = read_through(str(copy), as_csv, shape, lambda: budget.check(name))
            copies.append(replace(file, path=str(copy), lines=lines))
        batch = read_csv_files(con, source_name, as_csv, name, shape, copies, max_share, budget)
        held.callback(batch.close)
        return replace(batch, close=held.pop_all().close)
