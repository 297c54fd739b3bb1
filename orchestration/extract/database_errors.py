"""Why a database cannot be read, without a word of its driver's, which may quote rows or hold a password.

Can be sent from the process that reads to the one that loads. Not here: what it means for a source (sql.py).
"""

from __future__ import annotations

import re
import sqlite3
from enum import StrEnum

import sqlalchemy as sa
from adbc_driver_manager import Error as AdbcError

# what a driver raises where its server is away or busy; anything else stays as it is
PASSING = (sa.exc.SQLAlchemyError, AdbcError, sqlite3.Error, RuntimeError, OSError)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# what a server says of a right that is missing: SQLSTATE of PostgreSQL, numbers of MariaDB and MySQL
_DENIED = ("42501", "1142", "1143", "1227", "1370")
# of a statement that it cannot carry out, as it stands or with the rows that are there: classes of SQLSTATE, and numbers of
# MariaDB and MySQL that are of no class
_REFUSED_CLASSES = ("0A", "21", "22", "42")
_REFUSED = ("1267", "1271", "1356", "1449", "4078", "4079")
# of these classes, but for a while: too many connections, a limit of an hour
_FOR_A_WHILE = ("1203", "1226")
# where a driver tells the codes in its words alone
_WRITTEN = re.compile(r"\bERROR (\d{4}) \((\w{5})\)")


class Why(StrEnum):
    PASSING = "it may be read in a moment"
    UNREACHABLE = "no connection comes about"
    LOCKED = "another program holds it"
    LASTING = "it stays so"
    NO_TABLE = "there is no such table"
    NO_DRIVER = "no package here reads it"
    DENIED = "the name lacks a right"
    REFUSED = "it cannot carry out the statement"
    DAMAGED = "its file is damaged"


class DatabaseError(Exception):
    """`name` of what the driver raised, and why as far as is known; `code` of the server, where it told one."""

    def __init__(self, name: str, why: Why, code: str = "") -> None:
        super().__init__(name, why, code)
        self.name, self.why, self.code = name, why, code


def broken_off(name: str = "BrokenStreamError") -> DatabaseError:
    """Of a database that began to answer, and did not come to an end."""
    return DatabaseError(name, Why.PASSING)


def told(error: BaseException) -> DatabaseError:
    """What a driver raised, as what it means."""
    if isinstance(error, DatabaseError):
        return error
    name = type(error).__name__
    if isinstance(error, sa.exc.NoSuchTableError):
        return DatabaseError(name, Why.NO_TABLE)
    if isinstance(error, (sa.exc.NoSuchModuleError, ImportError)):
        return DatabaseError(name, Why.NO_DRIVER)
    # of a view whose tables are gone
    if isinstance(error, sa.exc.UnreflectableTableError) and isinstance(error.__cause__, sa.exc.DBAPIError):
        return told(error.__cause__)
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        return DatabaseError(name, _of_sqlite(getattr(cause, "sqlite_errorcode", 0) & 0xFF))
    code, state = _codes(cause)
    # without a statement no connection came about; one may fail at this table alone, by a right or a broken view
    if isinstance(error, sa.exc.OperationalError) and error.statement is None:
        return DatabaseError(name, Why.UNREACHABLE, code)
    if code in _DENIED:
        return DatabaseError(name, Why.DENIED, code)
    if code in _REFUSED or (state.startswith(_REFUSED_CLASSES) and code not in _FOR_A_WHILE):
        return DatabaseError(name, Why.REFUSED, code)
    # what is not an Exception is a panic of a driver, of a connection that it lost
    is_passing = isinstance(error, PASSING) or not isinstance(error, Exception)
    return DatabaseError(name, Why.PASSING if is_passing else Why.LASTING, code)


def _of_sqlite(code: int) -> Why:
    if code in _LOCKED:
        return Why.LOCKED
    if code in _DAMAGED:
        return Why.DAMAGED
    return Why.REFUSED if code == sqlite3.SQLITE_ERROR else Why.PASSING


def _codes(cause: BaseException) -> tuple[str, str]:
    """What the server calls the error, its number or else its SQLSTATE; and its SQLSTATE. Of its words nothing else is kept."""
    state = str(getattr(cause, "sqlstate", None) or "").strip("\0")
    number = cause.args[0] if cause.args and not isinstance(cause, OSError) else None
    if isinstance(number, int):
        return str(number), state
    written = _WRITTEN.search(str(cause))
    return (written[1], written[2]) if written else (state, state)
