"""Text of a database that is not UTF-8: such a row is rejected with its column, the others are loaded.

SQLite keeps whatever bytes it is given as text. Not here: values of another type (rejecting.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import types

from orchestration.contracts.reasons import set_aside_as
from orchestration.core.errors import SourceError
from orchestration.core.settings import Table
from orchestration.core.warehouse import text
from orchestration.extract.merging import count
from orchestration.extract.nested_rows import flat_page
from orchestration.extract.rejecting import known_rejects
from orchestration.privacy.intake.entry_columns import kept_columns


class Misread:
    """The rows of one table that cannot be read as text."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        source: str,
        name: str,
        table: Table,
        max_share: float,
        *,
        within: Collection[str] = (),
    ) -> None:
        """`within` are the columns of the database that hold JSON with values of the table, as in json_columns.py."""
        self.con, self.source, self.name, self.max_share = con, source, name, max_share
        self.table, self.within = table, within
        self.kept = kept_columns(table)
        self.columns: dict[str, str] = {}  # row as JSON → its first column that is not text

    def readable(self, reader: pa.RecordBatchReader, *, is_told: bool = True) -> pa.RecordBatchReader:
        """The rows without those that cannot be read; these are noted where `is_told`."""

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                wrong = _wrong(batch)
                if not wrong:
                    yield batch
                    continue
                if is_told:
                    for at, column in wrong.items():
                        for row in self._as_json(batch, at):
                            self.columns.setdefault(row, column)
                yield batch.filter(pa.array([at not in wrong for at in range(batch.num_rows)], pa.bool_()))

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    def refuse_most(self, relation: str) -> None:
        """Raises SourceError where so many rows cannot be read that the database must hold another encoding."""
        if not self.columns:
            return
        known = {row[0] for row in self.con.execute(known_rejects(self.source, self.name)).fetchall()}
        fresh = Counter(column for row, column in self.columns.items() if row not in known)
        rows = count(self.con, relation) + fresh.total()
        for column, wrong in fresh.most_common(1):
            if wrong > 1 and wrong > self.max_share * rows:
                raise SourceError(
                    f"source {self.source}, table {self.name}: the text of column {column} is not UTF-8 in {wrong} of {rows} rows",
                    to_do="have it written to the database as UTF-8",
                )

    def reject(self, load_id: int) -> int:
        if self.columns:
            why = set_aside_as("not_utf_8")
            values = ", ".join(
                f"({load_id}, {text(self.source)}, {text(self.name)}, null, null, {text(column)}, {why}, {text(row)})"
                for row, column in self.columns.items()
            )
            self.con.execute(f"insert into fresh_rejects values {values}")
        return len(self.columns)

    def _as_json(self, batch: pa.RecordBatch, at: int) -> list[str]:
        """What is kept of a row: of one with JSON a text for each row of the table that it has."""
        row = {}
        for part, values in zip(batch.schema, batch.columns, strict=True):
            value = values.cast(pa.binary())[at].as_py() if _is_text(part.type) else values[at].as_py()
            row[part.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
        found = self._flat(row) if self.within else [row]
        kept = [{column: value for column, value in one.items() if column in self.kept} for one in found]
        return [json.dumps(one, ensure_ascii=False, default=str) for one in kept]

    def _flat(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of the table in a row of the database, as far as its JSON can be read; else what stands in columns of its own."""
        try:
            read = {column: _parsed(value) if column in self.within else value for column, value in row.items()}
            found = [one for one in flat_page([read], self.table, self.source, self.name) if isinstance(one, dict)]
        except (ValueError, SourceError):
            found = []
        return found or [
            {**row, **{column: row.get(path) for column, path in self.table.carried.items() if path in row}}
        ]


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.strip() else value


def _wrong(batch: pa.RecordBatch) -> dict[int, str]:
    """Number of a row → its first column whose text is not UTF-8."""
    found: dict[int, str] = {}
    for part, values in zip(batch.schema, batch.columns, strict=True):
        if not _is_text(part.type):
            continue
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            for at, value in enumerate(values.cast(pa.binary()).to_pylist()):
                if value is not None and not _is_utf_8(value):
                    found.setdefault(at, part.name)
    return found


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_utf_8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
