"""Which columns a model's columns are made of, read out of its compiled SQL by sqlglot.

Here: a compiled model → its columns' sources, cached by the SQL's digest. Not here: what Dagster makes of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.core.home import read_json, write_private
from orchestration.core.warehouse import columns_of, quote, scalar

if TYPE_CHECKING:
    from sqlglot.expressions import Expr
    from sqlglot.lineage import Node
    from sqlglot.schema import MappingSchema

# (schema, table, column)
Column = tuple[str, str, str]
# column of the model → the columns that it is made of
ColumnSources = dict[str, list[Column]]

_QUOTED = re.compile(r'"((?:[^"]|"")*)"$')


class Lineage:
    """Reads the compiled SQL of models as they are built, one after the other. `cache` is a JSON file that spares a second reading."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, ColumnSources] = read_json(cache) or {}
        self._names: MappingSchema | None = None
        self._has_new = False

    def of(self, con: duckdb.DuckDBPyConnection, schema: str, table: str, compiled: Path) -> ColumnSources | None:
        """The sources of each column of a model that was just built. Empty where sqlglot cannot read its SQL, None where there is none."""
        if self._names is not None:
            # what is built next may read it
            _add(self._names, con, schema, table)
        if not compiled.exists():
            return None
        sql = compiled.read_text(encoding="utf-8")
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if digest not in self._known:
            self._known[digest], self._has_new = self._read(con, sql), True
        return {column: [(s, t, c) for s, t, c in sources] for column, sources in self._known[digest].items()}

    def save(self) -> None:
        """Writes the cache where a model was new."""
        if self._has_new:
            write_private(self._cache, json.dumps(self._known))

    def _read(self, con: duckdb.DuckDBPyConnection, sql: str) -> ColumnSources:
        from sqlglot.lineage import lineage
        from sqlglot.optimizer.scope import build_scope

        try:
            tree = _parsed(sql)
            # of seeds, and of what a hook makes, nobody says that they are there
            if self._names is None or _lacks(self._names, tree):
                self._names = _names(con)
            tree = _qualified(tree, self._names)
            # only the leaves are read: a copy of the query for each column's node is half of the time
            nodes = lineage(
                None, tree, self._names, dialect="duckdb", scope=build_scope(tree), trim_selects=False, copy=False
            )
        except Exception:  # it fails in many ways at names that would be SQL, and lineage is worth no night
            nodes = {}
        return {column: _sources(node) for column, node in nodes.items()}


def columns_read(con: duckdb.DuckDBPyConnection, compiled: dict[str, Path]) -> dict[str, set[Column]]:
    """Every column of a table that each model's compiled SQL reads, in conditions and joins too, by the model's name."""
    from sqlglot.expressions import Table
    from sqlglot.optimizer.scope import traverse_scope

    names = _names(con)
    found: dict[str, set[Column]] = {}
    for name, path in compiled.items():
        found[name] = set()
        for scope in traverse_scope(_qualified(_parsed(path.read_text(encoding="utf-8")), names)):
            for column in scope.columns:
                source = scope.sources.get(column.table)
                if isinstance(source, Table):
                    found[name].add((source.db, source.name, column.name))
    return found


def _names(con: duckdb.DuckDBPyConnection) -> MappingSchema:
    """What columns there are."""
    from sqlglot.schema import MappingSchema

    tables: dict[str, Any] = {}
    for database, schema, table, column in con.execute(
        "select database_name, schema_name, table_name, column_name from duckdb_columns() where not internal"
    ).fetchall():
        # only names matter here; each is quoted, for it is read as SQL: a source may have a column `tot;al`
        in_schema = tables.setdefault(quote(database), {}).setdefault(quote(schema), {})
        in_schema.setdefault(quote(table), {})[quote(column)] = "varchar"
    return MappingSchema(tables, dialect="duckdb")


def _parsed(sql: str) -> Expr:
    import sqlglot

    return sqlglot.parse_one(sql, dialect="duckdb")


def _qualified(tree: Expr, names: MappingSchema) -> Expr:
    """The query with a table at every column; the tree itself is changed."""
    import logging

    from sqlglot.optimizer.qualify import qualify

    # it warns of subqueries in arguments of functions, which it still reads
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    return qualify(tree, dialect="duckdb", schema=names, validate_qualify_columns=False)


def _add(names: MappingSchema, con: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """Adds the columns of one table or view."""
    # without columns it stays unknown, and all names are read anew where it is asked for
    if columns := columns_of(con, schema, table):
        database = scalar(con, "select current_database()")
        names.add_table(
            ".".join(map(quote, (database, schema, table))), {quote(column): "varchar" for column in columns}
        )


def _lacks(names: MappingSchema, tree: Expr) -> bool:
    """Whether a table or view that the query reads is not among the names."""
    from sqlglot.expressions import Table

    return any(table.db and names.find(table, raise_on_missing=False) is None for table in tree.find_all(Table))


def _sources(node: Node) -> list[Column]:
    """The columns of tables that one column leads back to."""
    from sqlglot.expressions import Table

    return sorted(
        {
            (leaf.expression.db, leaf.expression.name, _column_of(leaf.name))
            for leaf in node.walk()
            if isinstance(leaf.expression, Table)
        }
    )


def _column_of(name: str) -> str:
    """The column of a name as SQL writes it: of s."customer.id" it is customer.id."""
    quoted = _QUOTED.search(name)
    return quoted[1].replace('""', '"') if quoted else name.rpartition(".")[2]
