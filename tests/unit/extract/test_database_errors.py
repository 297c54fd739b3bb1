"""What a driver raises, as what it means: told by the server's code, and never by its words.

Not here: what servers raise (tests/systems/test_refused_databases.py).
"""

from __future__ import annotations

import pickle
import sqlite3

import psycopg
import pymysql
import pytest
import sqlalchemy as sa
from adbc_driver_manager import AdbcStatusCode
from adbc_driver_manager import ProgrammingError as AdbcProgrammingError

from orchestration.extract.database_errors import Why, told


def adbc(sqlstate: str) -> Exception:
    return AdbcProgrammingError("hunter2", status_code=AdbcStatusCode.UNKNOWN, sqlstate=sqlstate)


def by_sqlalchemy(kind: str, cause: BaseException, statement: str | None = "select hunter2") -> Exception:
    return getattr(sa.exc, kind)(statement, None, cause)


def of_sqlite(code: int) -> Exception:
    error = sqlite3.OperationalError("hunter2")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "why", "code"),
    [
        (by_sqlalchemy("ProgrammingError", psycopg.errors.InsufficientPrivilege("hunter2")), Why.DENIED, "42501"),
        (adbc("42501"), Why.DENIED, "42501"),
        (adbc("42883"), Why.REFUSED, "42883"),
        (adbc("57014"), Why.PASSING, "57014"),
        (by_sqlalchemy("OperationalError", psycopg.errors.AdminShutdown("hunter2")), Why.PASSING, "57P01"),
        (by_sqlalchemy("OperationalError", psycopg.OperationalError("hunter2"), None), Why.UNREACHABLE, ""),
        (
            by_sqlalchemy("OperationalError", pymysql.err.OperationalError(1045, "hunter2"), None),
            Why.UNREACHABLE,
            "1045",
        ),
        (by_sqlalchemy("OperationalError", pymysql.err.OperationalError(1142, "hunter2")), Why.DENIED, "1142"),
        (by_sqlalchemy("OperationalError", pymysql.err.OperationalError(1356, "hunter2")), Why.REFUSED, "1356"),
        (by_sqlalchemy("OperationalError", pymysql.err.OperationalError(2013, "hunter2")), Why.PASSING, "2013"),
        (RuntimeError("MySqlError { ERROR 1064 (42000): hunter2 }"), Why.REFUSED, "1064"),
        (RuntimeError("MySqlError { ERROR 1226 (42000): hunter2 }"), Why.PASSING, "1226"),
        (RuntimeError("hunter2"), Why.PASSING, ""),
        (by_sqlalchemy("OperationalError", of_sqlite(sqlite3.SQLITE_BUSY)), Why.LOCKED, ""),
        (of_sqlite(sqlite3.SQLITE_ERROR), Why.REFUSED, ""),
        (of_sqlite(sqlite3.SQLITE_NOTADB), Why.DAMAGED, ""),
        (OSError(5, "hunter2"), Why.PASSING, ""),
        (TypeError("hunter2"), Why.LASTING, ""),
    ],
)
def test_what_a_driver_raises_is_told_by_its_code(error, why, code):
    found = pickle.loads(pickle.dumps(told(error)))
    assert (found.why, found.code) == (why, code)
    assert "hunter2" not in str(found)
