"""A database as `kundbild add-source` looks at it: its tables, and a stated number of their first rows.

In transactions that only read, each with an end. Not here: what the tables mean (database.py), or the sql connector's look (extract/sql_look.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import sqlalchemy as sa

from orchestration.core.deadline import LateError
from orchestration.core.errors import ConfigurationError
from orchestration.core.warehouse import quote, text
from orchestration.extract.database_errors import DatabaseError
from orchestration.extract.database_failures import cause_of
from orchestration.extract.duckdb_catalogue import catalogue_of_duckdb
from orchestration.extract.server_processes import ServerProcesses
from orchestration.extract.sql_catalogue import TableThere
from orchestration.extract.sql_look import first_rows, first_rows_of_duckdb, tables_there

# of each table: enough to tell what it is, little enough for a database that others work with
ROWS, BYTES, SECONDS = 100_000, 200_000_000, 60.0
_CATALOGUE_SECONDS = 60.0


class LookedDatabase:
    """What a database has, and the first rows of each of its tables."""

    def __init__(self, con: duckdb.DuckDBPyConnection, url: sa.URL, servers: ServerProcesses) -> None:
        self._con, self._url, self._servers = con, url, servers
        self.is_duckdb = url.get_backend_name() == "duckdb"
        self.is_loose = url.get_backend_name() == "sqlite"
        self.most_rows = ROWS
        self.tables = self._attached() if self.is_duckdb else tables_there(url, _CATALOGUE_SECONDS)

    def _attached(self) -> list[TableThere]:
        path = str(self._url.database)
        if not Path(path).is_file():
            raise ConfigurationError("there is no such file", where=path, to_do="check the path after --from")
        try:
            self._con.execute(f"attach {text(path)} as there (read_only)")
        except duckdb.Error as error:
            raise ConfigurationError(
                f"the DuckDB file cannot be opened ({type(error).__name__})", where=path, to_do="close it where it is open for writing"
            ) from None  # fmt: skip
        return catalogue_of_duckdb(self._con, "there")

    def rows(self, table: TableThere, columns: Sequence[str]) -> bool:
        """The first rows as `first_looked`, all text; whether these are all. Raises DatabaseError, LateError or duckdb.Error."""
        if not self.is_duckdb:
            return first_rows(
                self._con, self._url, self._servers, table.full_name, columns, most_rows=self.most_rows, most_bytes=BYTES, seconds=SECONDS
            )  # fmt: skip
        full = f"there.{quote(table.schema or 'main')}.{quote(table.name)}"
        return first_rows_of_duckdb(self._con, full, columns, self.most_rows)

    def why(self, error: Exception) -> str:
        if isinstance(error, DatabaseError):
            return (cause_of(error, self._url) or (f"it cannot be read ({error.name})", ""))[0]
        return str(error) if isinstance(error, LateError) else f"it cannot be read ({type(error).__name__})"


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, url: sa.URL) -> Iterator[LookedDatabase]:
    with ServerProcesses() as servers:
        yield LookedDatabase(con, url, servers)
