"""Asking the publication, read-only and locked down: no other file, no extension, no setting can be reached."""

from __future__ import annotations

import threading
from typing import Any

import duckdb

from orchestration.core.configuration import home_and_config, load_privacy
from orchestration.core.cut_databases import is_cut
from orchestration.core.errors import KundbildError
from orchestration.core.migrations import refuse_newer
from orchestration.privacy.audit.access import QUERIED, note_access
from orchestration.publishing.grades import ANALYST, Grade

# these are said before any row is read
_OF_THE_QUERY = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.PermissionException)


def ask(sql: str, seconds: float = 60, *, grade: Grade = ANALYST) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(column names, rows) of a query on the file of one grade of the current publication. It is noted who asked which grade
    and how many rows there were, and what cannot be noted is not answered.

    A query that fails is noted too: what it says may tell of rows. Raises KundbildError; in DuckDB's own words only where
    these are about the query, for an error while it runs may quote a row.
    """
    home, config = home_and_config()
    # it is noted who asks
    refuse_newer(home)
    path = home.published / grade.file
    if not path.exists():
        is_older = (home.published / "current").exists()
        raise KundbildError(
            f"the publication is of before there was a grade {grade.name}" if is_older else "nothing is published yet",
            where=str(path),
            to_do="`kundbild run --force`" if is_older else "`kundbild run`",
        )
    if is_cut(path):
        raise KundbildError(
            f"the publication's file of the grade {grade.name} is cut: nobody can read it",
            where=str(path),
            to_do="`kundbild run` publishes anew, or `kundbild publish --rollback` goes back to the one before",
        )
    locked: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "lock_configuration": True,
    }

    def note(**said: int | str) -> None:
        note_access(home, load_privacy(config), QUERIED, of=grade.name, **said)

    con = duckdb.connect(str(path), read_only=True, config=locked)
    limit = threading.Timer(seconds, con.interrupt)
    limit.start()
    try:
        cursor = con.execute(sql)
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall()
    except duckdb.Error as error:
        note(rows=0, failed=type(error).__name__)
        raise _told(error, seconds) from None
    finally:
        limit.cancel()
        con.close()
    note(rows=len(rows))
    return columns, rows


def _told(error: duckdb.Error, seconds: float) -> KundbildError:
    if isinstance(error, duckdb.InterruptException):
        return KundbildError(
            f"the query took longer than {seconds:g} seconds and was stopped",
            to_do="ask for less, or give it more with --timeout",
        )
    if isinstance(error, _OF_THE_QUERY):
        return KundbildError(str(error).strip(), to_do='tables: `kundbild query "show all tables"`')
    return KundbildError(
        f"the query failed while it ran ({type(error).__name__}); what DuckDB says of it may quote a row and is not shown",
        to_do="a value may not fit: try_cast in place of cast, and no error()",
    )
