"""The process that asks a publication: it is told a file and a query, and answers with the rows, or with what failed.

A process of its own, because a query sees an interrupt only between two chunks: whoever asks kills it when its time is up
(query.py). Not here: who may ask, and what is told of a failure.
"""

from __future__ import annotations

import pickle
from typing import IO, Any

import duckdb

from orchestration.core.asked_processes import serve

# written before the query begins: starting Python is none of its time
READY = b"r"
# these are said before any row is read
_OF_THE_QUERY = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.PermissionException)
_LOCKED: dict[str, str | bool | int | float | list[str]] = {"enable_external_access": False, "lock_configuration": True}


def _answer(path: str, sql: str) -> dict[str, Any]:
    """The `columns` and the `rows`; or what `failed`, by its name, in DuckDB's own words only where these are about the query."""
    try:
        with duckdb.connect(path, read_only=True, config=_LOCKED) as con:
            cursor = con.execute(sql)
            columns = [column[0] for column in cursor.description or []]
            return {"columns": columns, "rows": cursor.fetchall()}
    except duckdb.Error as error:
        said = str(error).strip() if isinstance(error, _OF_THE_QUERY) else ""
        return {"failed": type(error).__name__, "said": said}
    except MemoryError as error:
        return {"failed": type(error).__name__, "said": ""}


def _serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    path, sql = pickle.load(questions)
    answers.write(READY)
    answers.flush()
    pickle.dump(_answer(path, sql), answers)


if __name__ == "__main__":
    serve(_serve)
