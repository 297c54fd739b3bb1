"""Files written anew without what was deleted from them: DuckDB leaves the bytes of deleted rows where they were.

Here: the warehouse's file and the publications'. Each is replaced by one rename; a reader keeps the file that it opened.
Not here: what is deleted (erasure.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.core.cut_databases import drop_cut
from orchestration.core.errors import KundbildError
from orchestration.core.home import READ_ONLY, Home, put_in_place, read_json
from orchestration.core.settings import Engine
from orchestration.core.warehouse import PUBLISHED_STORAGE, open_warehouse, quote, scalar, text


@dataclass(frozen=True)
class Theirs:
    """What of a table is somebody's: rows by an SQL condition, which go, or stay with the columns `emptied`.

    `blanked` is {column: condition} of what else becomes null, in rows that are not theirs.
    """

    where: str
    emptied: tuple[str, ...] = ()
    blanked: Mapping[str, str] = field(default_factory=dict)

    def deletions(self, table: str) -> list[str]:
        """Statements that take it out of a table."""
        blanked = [f"update {table} set {column} = null where {where}" for column, where in self.blanked.items()]
        if self.emptied:
            emptied = ", ".join(f"{column} = null" for column in self.emptied)
            return [*blanked, f"update {table} set {emptied} where {self.where}"]
        return [*blanked, f"delete from {table} where {self.where}"]

    def rest(self, relation: str) -> str:
        """SQL: the relation without it."""
        nulls = {**dict.fromkeys(self.emptied, self.where), **self.blanked}
        replaced = ", ".join(
            f"case when {where} then null else {column} end as {column}" for column, where in nulls.items()
        )
        kept = "" if self.emptied else f" where not coalesce({self.where}, false)"
        return f"select *{f' replace ({replaced})' if replaced else ''} from {relation}{kept}"

    def any_in(self, relation: str) -> str:
        """SQL: whether there is any of it."""
        return f"select count(*) > 0 from (select 1 from {relation} where {' or '.join([self.where, *self.blanked.values()])} limit 1)"


# what of a table, by its name and columns, is theirs; None where none of it can be
Find = Callable[[str, set[str]], Theirs | None]
# a database that is at rest knows its rows
_ROWS = "select schema_name, table_name, estimated_size from duckdb_tables() where database_name = $catalog and not temporary order by all"


def rewrite_warehouse(home: Home, engine: Engine, *, laid_open: Sequence[tuple[str, str]] = ()) -> None:
    """Copies the warehouse into a fresh file and puts that in its place. Needs the lock, and the warehouse closed.

    Rows that are to be `laid_open`, by relation and SQL condition, lie uncompressed in it: compressed bytes hide what they
    hold. Raises KundbildError where a table of the copy has other rows: the warehouse then stays as it was.
    """
    fresh = home.temporary / "warehouse.fresh.duckdb"
    fresh.unlink(missing_ok=True)
    with open_warehouse(home, engine) as con:
        catalog = str(scalar(con, "select current_database()"))
        con.execute(f"attach {text(fresh)} as fresh")
        con.execute(f"copy from database {quote(catalog)} to fresh")
        if laid_open:
            con.execute("set force_compression = 'uncompressed'")
        for relation, where in laid_open:
            _lay_open(con, f"fresh.{relation}", where)
        _assert_same(con, catalog, "fresh", home.warehouse)
        con.execute("detach fresh")
    put_in_place(fresh, home.warehouse)
    Path(f"{home.warehouse}.wal").unlink(missing_ok=True)


def _lay_open(con: duckdb.DuckDBPyConnection, relation: str, where: str) -> None:
    """Takes rows out and puts them in again, at the end, with whatever stands in the row group there."""
    con.execute(f"create or replace temp table taken_out as select * from {relation} where {where}")
    con.execute(f"delete from {relation} where {where}")
    con.execute(f"insert into {relation} from taken_out")
    con.execute("drop table taken_out")


def rewrite_publications(
    con: duckdb.DuckDBPyConnection, home: Home, find: Find, version: str | None = None
) -> list[str]:
    """Rids every publication that is kept, or one, of what `find` says. Returns the versions that held any of it."""
    held = []
    for folder in sorted((home.published / "versions").glob(version or "*")):
        changed = [_rewrite_database(con, home, path, find) for path in sorted(folder.rglob("*.duckdb"))]
        changed += [_rewrite_parquet(con, path, find) for path in sorted(folder.rglob("*.parquet"))]
        if any(changed):
            held.append(folder.name)
            _recount(con, folder)
    return held


def _rewrite_database(con: duckdb.DuckDBPyConnection, home: Home, path: Path, find: Find) -> bool:
    """In a file beside it, so that readers never see it half done. Says whether there was anything to be rid of."""
    if drop_cut(path):
        return True
    fresh = home.temporary / f"{path.name}.fresh"
    fresh.unlink(missing_ok=True)
    con.execute(f"attach {text(path)} as published (read_only)")
    try:
        rests: dict[tuple[str, str], str] = {}
        is_held = False
        for schema, table, _ in con.execute(_ROWS, {"catalog": "published"}).fetchall():
            relation = f"published.{quote(schema)}.{quote(table)}"
            theirs = find(table, _columns(con, relation))
            rests[schema, table] = theirs.rest(relation) if theirs else f"from {relation}"
            is_held = is_held or bool(theirs and scalar(con, theirs.any_in(relation)))
        if is_held:
            con.execute(f"attach {text(fresh)} as fresh (storage_version {text(PUBLISHED_STORAGE)})")
            for schema in dict.fromkeys(schema for schema, _ in rests):
                con.execute(f"create schema fresh.{quote(schema)}")
            for (schema, table), rest in rests.items():
                con.execute(f"create table fresh.{quote(schema)}.{quote(table)} as {rest}")
            for schema, view, definition in con.execute(_VIEWS).fetchall():
                con.execute(f"create schema if not exists fresh.{quote(schema)}")
                con.execute(f"create view fresh.{quote(schema)}.{quote(view)} as {definition}")
            for comment in con.execute(_COMMENTS).fetchall():
                con.execute(_commented(*comment))
            con.execute("detach fresh")
    finally:
        con.execute("detach published")
    if is_held:
        put_in_place(fresh, path, READ_ONLY)
    return is_held


# what BI tools show beside a table or view and a column: (kind, schema, table, column or null, text)
_COMMENTS = """
select 'table' as kind, schema_name, table_name, null as column_name, comment from duckdb_tables() where database_name = 'published' and comment is not null
union all
select 'view', schema_name, view_name, null, comment from duckdb_views() where database_name = 'published' and comment is not null
union all
select 'column', schema_name, table_name, column_name, comment from duckdb_columns() where database_name = 'published' and comment is not null
"""


# (schema, name, SELECT) of each view
_VIEWS = """
select schema_name, view_name, rtrim(regexp_replace(sql, '^create view .*? as ', '', 'is'), ';') from duckdb_views()
where database_name = 'published' and not internal
"""


def _commented(kind: str, schema: str, table: str, column: str | None, comment: str) -> str:
    name = f"fresh.{quote(schema)}.{quote(table)}{f'.{quote(column)}' if column else ''}"
    return f"comment on {kind} {name} is {text(comment)}"


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    return {row[0] for row in con.execute(f"describe from {relation}").fetchall()}


def _rewrite_parquet(con: duckdb.DuckDBPyConnection, path: Path, find: Find) -> bool:
    relation = f"read_parquet({text(path)})"
    theirs = find(path.stem, _columns(con, relation))
    if not theirs or not scalar(con, theirs.any_in(relation)):
        return False
    fresh = path.with_suffix(".fresh")
    con.execute(f"copy ({theirs.rest(relation)}) to {text(fresh)} (format parquet, compression zstd)")
    put_in_place(fresh, path, READ_ONLY)
    return True


def _recount(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The manifest's rows of each table, as they are now."""
    manifest = folder / "publication.json"
    said = read_json(manifest)
    if not isinstance(said, dict) or not isinstance(said.get("tables"), dict):
        # broken: the next publication removes the folder
        return
    for path in sorted(folder.rglob("*.duckdb")):
        con.execute(f"attach {text(path)} as published (read_only)")
        for schema, table, rows in con.execute(_ROWS, {"catalog": "published"}).fetchall():
            said["tables"][f"{schema}.{table}"] = rows
        con.execute("detach published")
    fresh = manifest.with_suffix(".fresh")
    fresh.write_text(json.dumps(said, indent=2), encoding="utf-8")
    put_in_place(fresh, manifest)


def _assert_same(con: duckdb.DuckDBPyConnection, catalog: str, copy: str, where: Path) -> None:
    def rows(of: str) -> list[tuple[str, str, int]]:
        tables = con.execute(_ROWS, {"catalog": of}).fetchall()
        return [
            (schema, table, int(scalar(con, f"select count(*) from {quote(of)}.{quote(schema)}.{quote(table)}")))
            for schema, table, _ in tables
        ]

    if rows(catalog) != rows(copy):
        raise KundbildError(
            "the warehouse's copy has other rows than the warehouse",
            where=str(where),
            to_do="check the disk; the warehouse is as it was, and the next run tries again",
        )
