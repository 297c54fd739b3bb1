"""The statements that the `sql` connector sends, and how long a database may take over them. Here: SQL by SQLAlchemy.

Not here: sending it (sql.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from orchestration.extract.cursors import Since

_CONNECT_SECONDS = 10
_TO_TELL = 1.0
# before the name of a key column: the key as the source itself writes it as text
SPELLED = "_spelled_"
_MYSQL = ("mysql", "mariadb")
# no place's clock is further from UTC
_FARTHEST_OFFSET = timedelta(hours=14)


def schema_and_name(there: str) -> tuple[str | None, str]:
    schema, _, bare = there.rpartition(".")
    return schema or None, bare


@dataclass(frozen=True)
class Query:
    """A SELECT of columns of a table, those of `spelled` once more as text; `where` makes a condition of its columns.

    Can be sent to another process. `found`: the types of all columns of the table.
    """

    there: str
    columns: Sequence[str]
    found: dict[str, Any]
    is_text: bool = False
    spelled: Sequence[str] = ()
    where: Any = None
    limit: int | None = None


def columns_of(engine: sa.Engine, there: str) -> dict[str, Any]:
    schema, bare = schema_and_name(there)
    return {column["name"]: column["type"] for column in sa.inspect(engine).get_columns(bare, schema=schema)}


def select_rows(engine: sa.Engine, query: Query) -> str:
    """The query in the SQL of a database. The engine has connected: some databases say only then how text is quoted."""
    source = _table(query.there, query.found)
    # SQLite's columns hold anything: as text every value arrives, and what does not fit is rejected with its reason
    wanted = [
        sa.cast(source.c[c], sa.Text).label(c) if query.is_text else _plain(source.c[c], engine.dialect.name)
        for c in query.columns
    ]
    wanted += [sa.cast(source.c[c], sa.Text).label(SPELLED + c) for c in query.spelled]
    statement = sa.select(*wanted)
    if query.where is not None:
        statement = statement.where(query.where(source.c))
    if query.limit:
        statement = statement.limit(query.limit)
    sql = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))
    # doubled for drivers that fill in parameters; here it is sent without any
    return sql.replace("%%", "%") if engine.dialect.paramstyle in ("format", "pyformat") else sql


def changed(cursor: str, kind: Any, start: Since, *, is_loose: bool = False) -> Any:
    """What a query takes as `where` for rows that changed; None where the cursor cannot be compared in the source.

    `is_loose`: a column of times may hold text with any offset, as SQLite's.
    """
    value: Any = start.value
    if isinstance(kind, sa.String):
        # text is compared as text: only where it is written so that it sorts as time does
        if not start.text:
            return None
        value = start.text
    elif isinstance(kind, sa.DateTime):
        value = start.instant if kind.timezone else start.clock
        if value and is_loose:
            value -= _FARTHEST_OFFSET
    elif isinstance(kind, sa.Date):
        value = start.clock.date() if start.clock else None
    elif isinstance(kind, sa.Numeric | sa.Integer) and not isinstance(start.value, datetime):
        value = math.floor(start.value or 0) if isinstance(kind, sa.Integer) else start.value
    else:
        return None
    if value is None:
        return None
    return partial(_from_on, cursor, value)


def _from_on(cursor: str, value: Any, columns: Any) -> Any:
    # a row without a cursor would else be read once in full_read_days
    return sa.or_(columns[cursor] >= value, columns[cursor].is_(None))


def among(key: list[str], values: list[tuple[str | None, ...]]) -> Any:
    """What a query takes as `where` for rows of these keys, given as text."""
    return partial(_among, key, values)


def _among(key: list[str], values: list[tuple[str | None, ...]], columns: Any) -> Any:
    written = [sa.cast(columns[c], sa.Text) for c in key]
    if len(key) == 1:
        return written[0].in_([row[0] for row in values])
    return sa.or_(
        *(sa.and_(*(w.is_(None) if v is None else w == v for w, v in zip(written, row, strict=True))) for row in values)
    )


def limits(url: sa.URL, seconds: float, connect_seconds: int = _CONNECT_SECONDS) -> tuple[sa.URL, dict[str, Any]]:
    """The URL, and the driver's arguments, with which a server gives up by itself when the source's time is up."""
    backend = url.get_backend_name()
    if backend == "postgresql":
        # a view may call what writes: nothing is written in a source
        own = f"-c statement_timeout={_server_seconds(seconds) * 1000} -c default_transaction_read_only=on"
        options = f"{url.query.get('options', '')} {own}".strip()
        limited = url.update_query_dict({"options": options, "connect_timeout": str(connect_seconds)})
        return limited, {}
    if backend in _MYSQL:
        return url, {
            "connect_timeout": connect_seconds,
            "read_timeout": _server_seconds(seconds),
            "init_command": "set session transaction read only",
        }
    return url, {"timeout": lock_seconds(seconds)} if backend == "sqlite" else {}


def lock_seconds(seconds: float) -> float:
    """How long SQLite waits for a lock: a moment less than the source may take, so that what it waited for can be told."""
    return max(seconds - _TO_TELL, seconds / 2)


def limited(engine: sa.Engine, sql: str, seconds: float) -> str:
    """A statement that MariaDB or MySQL gives up when the source's time is up, also where a table is locked."""
    whole = _server_seconds(seconds)
    if getattr(engine.dialect, "is_mariadb", False):
        return f"set statement max_statement_time={whole}, lock_wait_timeout={whole} for {sql}"
    if engine.dialect.name == "mysql":
        return sql.replace("SELECT", f"SELECT /*+ MAX_EXECUTION_TIME({whole * 1000}) */", 1)
    return sql


def _server_seconds(seconds: float) -> int:
    """A moment more than the source may take: that its time is up is told here, before the server says so in its own way."""
    return math.ceil(seconds + _TO_TELL)


def _table(there: str, found: dict[str, Any]) -> sa.TableClause:
    schema, bare = schema_and_name(there)
    return sa.table(bare, *[sa.column(c, found[c]) for c in found], schema=schema)


def _plain(column: Any, dialect: str) -> Any:
    """Types that no Arrow driver maps, and values that one breaks on, are sent as text: numeric, uuid, json, arrays."""
    kind = column.type
    is_time = isinstance(kind, sa.Date | sa.DateTime)
    if is_time and dialect == "postgresql":
        # an end that never comes is none; the driver would make it a time before Christ
        return sa.case((column == sa.literal_column("'infinity'"), sa.null()), else_=column).label(column.name)
    # MySQL's 0000-00-00
    is_known = isinstance(kind, sa.Integer | sa.String | sa.Float | sa.Boolean) or (is_time and dialect not in _MYSQL)
    if is_known:
        return column
    # of a CHAR of another database no more than 64 characters are certain
    is_short = isinstance(kind, sa.Numeric) and dialect not in ("postgresql", *_MYSQL)
    return sa.cast(column, sa.String(64) if is_short else sa.Text).label(column.name)
