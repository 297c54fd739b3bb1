"""What a file that got out holds: its tables, columns and ids, read without running anything that stands in it.

A CSV, Parquet or JSON file, a DuckDB file, a folder of them. Only tables are read, never views: what a strange file says is
data. Here: reading it into temporary tables. Not here: what it means (breach.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import KundbildError
from orchestration.privacy.exported_points import point_key
from orchestration.warehouse import quote, scalar, text

# columns, in any case, by which a row names a customer: by the id, and by the pseudonym of BI
_IDS = ("customer_id", "old_customer_id", "from_customer_id", "to_customer_id")
_KEYS = ("customer_key",)
_POINTS = ("contact_point", "email", "email_address", "phone", "mobile")
_READERS = {
    ".csv": "read_csv({path}, all_varchar = true, header = true)",
    ".parquet": "read_parquet({path})",
    ".json": "read_json({path}, maximum_object_size = 1073741824)",
    ".jsonl": "read_json({path}, format = 'newline_delimited')",
}
_DUCKDB = (".duckdb", ".db")
_HERE = "leaked"


@dataclass(frozen=True)
class Found:
    """A table of what got out: `schema` is empty of a file that is one table; `types` by column."""

    file: str
    schema: str
    table: str
    relation: str
    types: dict[str, str]
    rows: int


def files_of(target: Path) -> list[Path]:
    """The files to look into. Raises KundbildError where there is none that can be read."""
    known = (*_READERS, *_DUCKDB)
    if target.is_dir():
        files = sorted(path for path in target.rglob("*") if path.is_file() and path.suffix in known)
        # of a publication: what describes it, and the Parquet files, which repeat its databases
        has_databases = any(path.suffix in _DUCKDB for path in files)
        files = [
            p for p in files if p.name != "publication.json" and not (has_databases and p.parent.name == "parquet")
        ]
    else:
        files = [target] if target.is_file() and target.suffix in known else []
    if not files:
        raise KundbildError(
            "there is no file here that can be looked into",
            where=str(target),
            to_do=f"name a publication (`kundbild publish --list`), a folder, or a file: {', '.join(known)}",
        )
    return files


def tables_of(con: duckdb.DuckDBPyConnection, file: Path) -> Iterator[Found]:
    """Every table of a file, readable by `relation` until the next is asked for. Raises KundbildError where it cannot be read."""
    try:
        if file.suffix in _DUCKDB:
            yield from _of_database(con, file)
        else:
            reader = _READERS[file.suffix].format(path=text(file))
            con.execute(f"create or replace temp table {_HERE} as from {reader}")
            yield _found(con, file.name, _schema_of(file), file.stem, f"temp.{_HERE}")
    except duckdb.Error as error:
        # an error of DuckDB may quote a row
        raise KundbildError(
            f"the file cannot be read ({type(error).__name__})", where=str(file), to_do="name a copy that is whole"
        ) from None


def _schema_of(file: Path) -> str:
    """The schema that a file's one table is published in, by where the file lies."""
    if file.suffix != ".parquet":
        return ""
    return "bi_open" if file.parts[-3:-1] == ("open", "parquet") else "bi"


def _of_database(con: duckdb.DuckDBPyConnection, file: Path) -> Iterator[Found]:
    own = str(scalar(con, "select path from duckdb_databases() where database_name = current_database()") or "")
    is_own = bool(own) and Path(own).exists() and Path(own).samefile(file)
    database = str(scalar(con, "select current_database()")) if is_own else _HERE
    if not is_own:
        con.execute(f"attach {text(file)} as {_HERE} (read_only)")
    try:
        rows = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = $1 and not internal and not temporary order by all",
            [database],
        ).fetchall()
        for schema, table in rows:
            yield _found(con, file.name, schema, table, f"{quote(database)}.{quote(schema)}.{quote(table)}")
    finally:
        if not is_own:
            con.execute(f"detach {_HERE}")


def _found(con: duckdb.DuckDBPyConnection, file: str, schema: str, table: str, relation: str) -> Found:
    types = {column: kind for column, kind, *_ in con.execute(f"describe {relation}").fetchall()}
    return Found(file, schema, table, relation, types, int(scalar(con, f"select count(*) from {relation}")))


def prepare_named(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `named` (kind, value), empty: whom the tables name, by customer id, pseudonym or contact point."""
    con.execute("create or replace temp table named (kind varchar, value varchar)")


def note_named(con: duckdb.DuckDBPyConnection, found: Found) -> None:
    """Adds whom a table names; by contact points only where it has no id."""
    by = [("id", column) for column in found.types if column.lower() in _IDS]
    by += [("key", column) for column in found.types if column.lower() in _KEYS]
    parts = [f"select '{kind}' as kind, {quote(column)}::varchar as value from {found.relation}" for kind, column in by]
    if not parts:
        parts = [
            f"select 'point', {point_key(f'{quote(column)}::varchar')} from {found.relation}"
            for column in found.types
            if column.lower() in _POINTS
        ]
    if parts:
        con.execute(
            f"insert into named select distinct kind, value from ({' union all '.join(parts)}) t(kind, value) "
            "anti join named using (kind, value) where value is not null and value <> ''"
        )
