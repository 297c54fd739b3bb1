"""What a file that got out holds: its tables, columns and ids, read without running anything that stands in it.

A CSV, text, Parquet or JSON file, compressed with gzip or not, a DuckDB file, a folder of them. Only tables are read, never views: what a strange file says is
data. Here: reading it into temporary tables. Not here: what it means (breach.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.core.warehouse import quote, scalar, text
from orchestration.privacy.audit.exported_points import point_key

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
    # its separator is found out; whether the first line names columns, by what stands in it
    ".tsv": "read_csv({path}, all_varchar = true, header = {header})",
    ".txt": "read_csv({path}, all_varchar = true, header = {header})",
    ".parquet": "read_parquet({path})",
    # a file may be one object; what is set aside for one is memory
    ".json": "read_json({path}, maximum_object_size = {size})",
    ".jsonl": "read_json({path}, format = 'newline_delimited')",
    ".ndjson": "read_json({path}, format = 'newline_delimited')",
}
_LISTS = (".tsv", ".txt")
# of these DuckDB reads a compressed one too
_COMPRESSED = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
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


def kind_of(file: Path) -> str:
    """The suffix that says how a file is read; empty where it cannot be."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes[-1:] == [".gz"]:
        return suffixes[-2] if len(suffixes) > 1 and suffixes[-2] in _COMPRESSED else ""
    return suffixes[-1] if suffixes and suffixes[-1] in (*_READERS, *_DUCKDB) else ""


def left_out(target: Path) -> list[str]:
    """Names of the files of a folder that cannot be looked into."""
    found = target.rglob("*") if target.is_dir() else ()
    return sorted(str(path.relative_to(target)) for path in found if path.is_file() and not kind_of(path))


def files_of(target: Path) -> list[Path]:
    """The files to look into. Raises KundbildError where there is none that can be read."""
    if target.is_dir():
        files = sorted(path for path in target.rglob("*") if path.is_file() and kind_of(path))
        # of a publication: what describes it, and the Parquet files, which repeat its databases
        has_databases = any(kind_of(path) in _DUCKDB for path in files)
        files = [
            p for p in files if p.name != "publication.json" and not (has_databases and p.parent.name == "parquet")
        ]
    else:
        files = [target] if target.is_file() and kind_of(target) else []
    if not files:
        known = f"{', '.join((*_READERS, *_DUCKDB))}, text also as .gz"
        if target.is_file():
            raise KundbildError(
                f"files like {''.join(target.suffixes[-2:]) or target.name} cannot be looked into",
                where=str(target),
                to_do=f"save its tables in one of these, as a spreadsheet as CSV: {known}",
            )
        raise KundbildError(
            "there is no file here that can be looked into",
            where=str(target),
            to_do=f"name a publication (`kundbild publish --list`), a folder, or a file: {known}",
        )
    return files


def tables_of(con: duckdb.DuckDBPyConnection, file: Path) -> Iterator[Found]:
    """Every table of a file, readable by `relation` until the next is asked for. Raises KundbildError where it cannot be read."""
    try:
        if (kind := kind_of(file)) in _DUCKDB:
            yield from _of_database(con, file)
        else:
            size = min(max(file.stat().st_size + 1024, 16 << 20), 1 << 30)
            has_names = kind not in _LISTS or _has_names(con, file)
            reader = _READERS[kind].format(path=text(file), size=size, header=str(has_names).lower())
            con.execute(f"create or replace temp table {_HERE} as from {reader}")
            if not has_names:
                _name_addresses(con)
            yield _found(con, file.name, _schema_of(file), file.stem, f"temp.{_HERE}")
    except duckdb.Error as error:
        # an error of DuckDB may quote a row
        raise KundbildError(
            f"the file cannot be read ({type(error).__name__})", where=str(file), to_do="name a copy that is whole"
        ) from None


def _has_names(con: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Whether the first line of a list names its columns: none of it is an address or a number."""
    first = con.execute(f"from read_csv({text(file)}, all_varchar = true, header = false) limit 1").fetchall()
    return not any(re.search(r"@|\d{4}", said or "") for row in first for said in row)


def _name_addresses(con: duckdb.DuckDBPyConnection) -> None:
    """Names the columns of a list without names in which addresses or numbers stand."""
    for column, *_ in con.execute(f"describe temp.{_HERE}").fetchall():
        written = f"count(*) filter (where {{}}) * 2 > count({quote(column)})"
        is_email, is_phone = (
            written.format(f"regexp_matches({quote(column)}, '{pattern}')") for pattern in ("@", "^[-+0-9() /.]{7,20}$")
        )
        ((has_emails, has_phones),) = con.execute(f"select {is_email}, {is_phone} from temp.{_HERE}").fetchall()
        if has_emails or has_phones:
            number = re.sub(r"\D", "", column)
            con.execute(
                f"alter table temp.{_HERE} rename {quote(column)} to {'email' if has_emails else 'phone'}_{number}"
            )


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
