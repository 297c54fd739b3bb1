"""What a file that got out holds: its tables, columns and ids, read without running anything that stands in it.

A CSV, Parquet or JSON file, a DuckDB file, a folder of them. Only tables are read, never views: what a strange file says is
data. Here: reading it into temporary tables. Not here: what it means (breach.py).
"""

from __future__ import annotations

import re
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
# by their letters alone, as systems and people of five countries write them
_POINTS = {
    "contactpoint", "email", "emailaddress", "mail", "mailaddress", "epost", "epostadress", "epostadresse", "mejl", "sähköposti",
    "phone", "phonenumber", "mobile", "mobilephone", "mobil", "mobilnummer", "mobiltelefon", "telephone", "telefon", "telefonnummer", "tel", "tlf",
    "puhelin", "puhelinnumero", "msisdn",
}  # fmt: skip
_KNOWN = "(select customer_id from identity.customer_source_records union select old_customer_id from identity.customer_id_redirects)"
_READERS = {
    ".csv": "read_csv({path}, all_varchar = true, header = true)",
    ".parquet": "read_parquet({path})",
    # a file may be one object; what is set aside for one is memory
    ".json": "read_json({path}, maximum_object_size = {size})",
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
            size = min(max(file.stat().st_size + 1024, 16 << 20), 1 << 30)
            reader = _READERS[file.suffix].format(path=text(file), size=size)
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
    """Adds whom a table names: by contact points where it has no id, or one that is nobody's here, as another system's key."""
    by = [("id", column) for column in found.types if column.lower() in _IDS]
    by += [("key", column) for column in found.types if column.lower() in _KEYS]
    parts = [f"select '{kind}' as kind, {quote(column)}::varchar as value from {found.relation}" for kind, column in by]
    points = [column for column in found.types if re.sub(r"[\W\d_]", "", column.lower()) in _POINTS]
    keys = [point_key(f"{quote(column)}::varchar") for column in points]
    if not parts:
        parts = [f"select 'point', {key} from {found.relation}" for key in keys]
    elif keys and [kind for kind, _ in by] == ["id"]:
        own = f"{quote(by[0][1])}::varchar"
        parts = [
            f"select 'id', {own} from {found.relation} where {own} in {_KNOWN} or coalesce({', '.join(keys)}) is null"
        ]
        parts += [
            f"select 'point', {key} from {found.relation} where coalesce({own} not in {_KNOWN}, true)" for key in keys
        ]
    if parts:
        con.execute(
            f"insert into named select distinct kind, value from ({' union all '.join(parts)}) t(kind, value) "
            "anti join named using (kind, value) where value is not null and value <> ''"
        )
