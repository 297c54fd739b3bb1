"""Brings a home that an older program built up to this program; refuses one that a newer program built.

State tables hold what no source can give again (ids, decisions, requests, ledgers, loads). How to change one:

* **Add, drop or retype a column, change a key:** edit the `create table if not exists` statement. `bring_up_to_date`
  compares each table with its statement and rebuilds it in the new shape; a column that is new gets its default, else
  null, or the type's empty value where it is `not null`.
* **Add a table:** write its statement, and name its module in `shapes.DECLARING`. A structure test notices a missing name.
* **Rename a column, or fill it from others:** append SQL to `steps.STEPS`, which runs before the comparison.
* **Delete or change files of the home:** append a function of `files.py` to `steps.STEPS`.
* **Drop a column or a table of a landed version:** name it in `shapes.REMOVED`, too.

Derived tables of `identity` (`shapes.DERIVED`) are dropped when any of them has another shape: the night makes them anew.
Not here: raw tables (extract/landing.py), dbt's tables (a night with another dbt project rebuilds them).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import duckdb

from orchestration.core.errors import HomeVersionError
from orchestration.core.home import Home
from orchestration.core.migrations.shapes import DECLARING, DERIVED, REMOVED, Shape, declared, shapes_of
from orchestration.core.migrations.steps import STEPS
from orchestration.core.settings import Engine
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import has_table, open_warehouse, quote, scalar, transaction

_DDL = sql_script(__file__, "migrations")
# what a `not null` column that is new holds in rows that were there before
_EMPTY = {"VARCHAR": "'unknown'", "BOOLEAN": "false", "JSON": "'{}'", "DATE": "date '1970-01-01'"}


@contextmanager
def opened(home: Home, engine: Engine, purpose: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse for a command that reads or writes it: under the writer's lock, its state tables up to date."""
    with home.lock(purpose), open_warehouse(home, engine) as con:
        bring_up_to_date(con, home)
        yield con


def migrate(home: Home, engine: Engine, *, is_night: bool = False) -> list[str]:
    """`bring_up_to_date` on a home that has a warehouse. Needs the writer's lock, and the warehouse closed."""
    if not home.warehouse.exists():
        return []
    with open_warehouse(home, engine) as con:
        return bring_up_to_date(con, home, is_night=is_night)


def bring_up_to_date(con: duckdb.DuckDBPyConnection, home: Home, *, is_night: bool = False) -> list[str]:
    """Migrates the state tables of the open warehouse, and files of its home; returns the tables that were changed. Needs the
    writer's lock.

    Raises HomeVersionError, having changed nothing, where a newer program built the home; and, for a command that is
    not a night, where derived tables are to be built anew, which only a night does.
    """
    is_stamped = has_table(con, "ops", "home")
    if is_stamped and scalar(con, "select program from ops.home") == _program():
        return []
    wanted = declared()
    version = assert_not_newer(con)
    there = shapes_of(con)
    derived = _derived_otherwise(there, wanted)
    if derived and not is_night:
        raise HomeVersionError(
            "an older version built this home: its tables of identity have another shape",
            where=derived[0],
            to_do="`kundbild run` builds them anew; then repeat the command",
        )
    with transaction(con):
        if there:
            for step in STEPS[version:]:
                if isinstance(step, str):
                    con.execute(step)
                else:
                    step(home)
            there = shapes_of(con)
        state = _state_otherwise(there, wanted)
        for name in state:
            _rebuild(con, there[name], wanted[name])
        # one of them that is made anew stands on the others: all or none
        for name in sorted(DERIVED & there.keys()) if derived else []:
            con.execute(f"drop table {_quoted(name)}")
        _stamp(con, wanted)
    return [*state, *derived]


def pending(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables that `bring_up_to_date` would change, those first that only a night builds anew. Changes nothing.

    Raises HomeVersionError where a newer program built the home.
    """
    assert_not_newer(con)
    there, wanted = shapes_of(con), declared()
    return _derived_otherwise(there, wanted) + _state_otherwise(there, wanted)


@contextmanager
def of_this_version(what: str) -> Iterator[None]:
    """Reads tables without bringing them up to date first. Raises HomeVersionError where one has not the columns asked for:
    an older program, or its dbt project, built it."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise HomeVersionError(
            f"an older version built this home: {what} cannot be read before a night",
            where="the warehouse",
            to_do="`kundbild run` builds its tables anew",
        ) from error


def _derived_otherwise(there: dict[str, Shape], wanted: dict[str, Shape]) -> list[str]:
    return [name for name in sorted(DERIVED & there.keys()) if not there[name].is_like(wanted[name])]


def _state_otherwise(there: dict[str, Shape], wanted: dict[str, Shape]) -> list[str]:
    return [n for n in wanted if n in there and n not in DERIVED and not there[n].is_like(wanted[n])]


def assert_not_newer(con: duckdb.DuckDBPyConnection) -> int:
    """The home's schema version, 0 where none is noted. Raises HomeVersionError where this program is the older one."""
    if not has_table(con, "ops", "home"):
        return 0
    if scalar(con, "select program from ops.home") == _program():
        return len(STEPS)
    version, shape = con.execute("select schema_version, shape from ops.home").fetchall()[0]
    unknown = sorted(set(json.loads(shape)) - set(_listed(declared())) - REMOVED)
    if version > len(STEPS) or unknown:
        is_ahead = version > len(STEPS)
        newer = (
            f"schema version {version}; this program knows {len(STEPS)}"
            if is_ahead
            else "it keeps what this one does not know"
        )
        raise HomeVersionError(
            f"a newer version of Kundbild built this home ({newer})",
            where=unknown[0] if unknown else "ops.home",
            to_do="use that version or a newer one; nothing was changed",
        )
    return int(version)


def refuse_newer(home: Home) -> None:
    """For whoever writes into a home without bringing it up to date. Raises HomeVersionError where a newer program built it.

    Where the warehouse cannot be opened, nothing is said: another program that has it open asked itself, and a broken one is
    told by whoever reads it.
    """
    if not home.warehouse.exists():
        return
    try:
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            assert_not_newer(con)
    except duckdb.Error:
        return


def _listed(wanted: dict[str, Shape]) -> list[str]:
    """`schema.table.column` of every state table."""
    return sorted(f"{name}.{c.name}" for name, shape in wanted.items() if name not in DERIVED for c in shape.columns)


def _stamp(con: duckdb.DuckDBPyConnection, wanted: dict[str, Shape]) -> None:
    con.execute(_DDL)
    con.execute("delete from ops.home")
    con.execute(
        "insert into ops.home (schema_version, program, shape) values ($version, $program, $shape)",
        {"version": len(STEPS), "program": _program(), "shape": json.dumps(_listed(wanted))},
    )


@cache
def _program() -> str:
    """A digest of the modules that declare tables, and of scripts beside them: where it is the home's, there is nothing to look at."""
    digest = hashlib.sha256()
    for name in (*DECLARING, "orchestration.core.migrations.shapes", "orchestration.core.migrations.steps"):
        spec = find_spec(name)
        assert spec and spec.origin, name
        origin = Path(spec.origin)
        for file in (origin, *sorted((origin.parent / "sql").glob("*.sql"))):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _rebuild(con: duckdb.DuckDBPyConnection, old: Shape, new: Shape) -> None:
    """The table in its declared shape, with the rows that it holds. Raises HomeVersionError rather than lose a value."""
    before = {column.name for column in old.columns}
    for name in sorted(before - {column.name for column in new.columns}):
        if f"{new.name}.{name}" not in REMOVED and scalar(con, f"select count({quote(name)}) from {_quoted(new.name)}"):
            raise HomeVersionError(
                "the home holds values that this version of Kundbild does not know",
                where=f"{new.name}.{name}",
                to_do="use the version that built it, or a newer one; nothing was changed",
            )
    values = []
    for column in new.columns:
        if column.name in before:
            values.append(f"cast({quote(column.name)} as {column.kind}) as {quote(column.name)}")
        elif not column.is_nullable and column.default is None:
            empty = _EMPTY.get(column.kind, "[]" if column.kind.endswith("[]") else "0")
            if column.kind.startswith("TIMESTAMP"):
                empty = "timestamp '1970-01-01'"
            values.append(f"cast({empty} as {column.kind}) as {quote(column.name)}")
    con.execute(f"create or replace temp table before_migration as from {_quoted(new.name)}")
    con.execute(f"drop table {_quoted(new.name)}")
    con.execute(new.sql)
    con.execute(f"insert into {_quoted(new.name)} by name select {', '.join(values)} from before_migration")
    con.execute("drop table before_migration")


def _quoted(name: str) -> str:
    return ".".join(map(quote, name.split(".")))
