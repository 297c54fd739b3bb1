"""Why a database cannot be read, without a word of its driver's, which may quote rows or hold a password.

Can be sent from the process that reads to the one that loads. Not here: what it means for a source (sql.py).
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum

import sqlalchemy as sa
from adbc_driver_manager import Error as AdbcError

# what a driver raises where its server is away or busy; anything else stays as it is
PASSING = (sa.exc.SQLAlchemyError, AdbcError, sqlite3.Error, RuntimeError, OSError)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Why(StrEnum):
    PASSING = "it may be read in a moment"
    UNREACHABLE = "no connection comes about"
    LOCKED = "another program holds it"
    LASTING = "it stays so"
    NO_TABLE = "there is no such table"
    NO_DRIVER = "no package here reads it"


class DatabaseError(Exception):
    """`name` of what the driver raised, and why as far as is known."""

    def __init__(self, name: str, why: Why) -> None:
        super().__init__(name, why)
        self.name, self.why = name, why


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
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error) and (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in _LOCKED:
        return DatabaseError(name, Why.LOCKED)
    # without a statement no connection came about; one may fail at this table alone, by a right or a broken view
    if isinstance(error, sa.exc.OperationalError) and error.statement is None:
        return DatabaseError(name, Why.UNREACHABLE)
    # what is no Exception is a panic of a driver, of a connection that it lost
    is_passing = isinstance(error, PASSING) or not isinstance(error, Exception)
    return DatabaseError(name, Why.PASSING if is_passing else Why.LASTING)
