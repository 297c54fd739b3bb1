"""Asking the publication, read-only and locked down: no other file, no extension, no setting can be reached."""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.errors import KundbildError
from orchestration.night import home_and_config
from orchestration.publishing.snapshot import BI_FILE


def ask(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(column names, rows) of a query on the current publication. Raises KundbildError with DuckDB's own words."""
    home, _ = home_and_config()
    path = home.published / BI_FILE
    if not path.exists():
        raise KundbildError("nothing is published yet", where=str(path), to_do="`kundbild run`")
    locked: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "lock_configuration": True,
    }
    con = duckdb.connect(str(path), read_only=True, config=locked)
    try:
        cursor = con.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        return columns, cursor.fetchall()
    except duckdb.Error as error:
        raise KundbildError(str(error).strip(), to_do='tables: `kundbild query "show all tables"`') from error
    finally:
        con.close()
