"""Proof that erasure leaves nothing: a made-up person is planted, erased as people are, and looked for in every byte.

A second one, planted beside and not erased, must be found: else the search would prove nothing. Both lie uncompressed
meanwhile, for compressed bytes hide what they hold. Then everything in the home folder is searched for whoever was ever
erased, by the keyed hashes of the suppression list. Not here: erasing (erasure.py).
"""

from __future__ import annotations

import mmap
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.match_keys import define_match_keys
from orchestration.privacy.erasure import PEOPLE, finish_erasures
from orchestration.privacy.noted import note_erasure
from orchestration.privacy.suppressor import WRITTEN_EMAIL, Suppressor
from orchestration.settings import Settings
from orchestration.warehouse import has_table, open_warehouse, quote, text

# from the start of a word on, and no longer than an address may be: bytes without a space are long
_EMAIL = re.compile(rb"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
# values that a row must have and that say nothing
_FILLERS = {
    "VARCHAR": "''", "BOOLEAN": "false", "DATE": "date '2000-01-01'", "TIMESTAMP": "timestamp '2000-01-01'", "DOUBLE": "0",
    "BIGINT": "0", "INTEGER": "0", "UBIGINT": "0", "USMALLINT": "0", "VARCHAR[]": "[]",
}  # fmt: skip
_SYSTEM = "canary"


@dataclass(frozen=True)
class Planted:
    """A made-up person: every value of it is found nowhere else."""

    token: str

    @property
    def email(self) -> str:
        return f"{self.token}@example.org"

    @property
    def values(self) -> dict[str, str]:
        """Column → value, for whatever table has the column."""
        said = {
            "email": self.email, "contact_point": self.email, "email_key": self.email, "given_name": self.token,
            "family_name": self.token, "full_name": f"{self.token} {self.token}", "given_key": self.token, "family_key": self.token,
            "source_system": _SYSTEM, "source_key": self.token, "person_system": _SYSTEM, "person_key": self.token,
            "customer_id": self.token, "old_customer_id": self.token, "from_customer_id": self.token, "customer_key": self.token, "written": self.token, "street": self.token,
        }  # fmt: skip
        return {column: text(value) for column, value in said.items()} | {
            "record_id": f"hash('{_SYSTEM}', '{self.token}')"
        }


@dataclass
class Proof:
    """What was looked in, and what was found of the canary, of the control and of whoever is on the suppression list."""

    tables: int = 0
    files: list[str] = field(default_factory=list)
    size: int = 0
    canary_found_before: list[str] = field(default_factory=list)
    canary_found: list[str] = field(default_factory=list)
    control_found: list[str] = field(default_factory=list)
    suppressed: int = 0
    suppressed_found: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return bool(self.canary_found_before and self.control_found) and not (
            self.canary_found or self.suppressed_found
        )


def prove_erasure(home: Home, settings: Settings, suppressor: Suppressor) -> Proof:
    """Plants, erases, searches; takes the control out again. Needs the lock, and the warehouse closed and whole."""
    proof = Proof()
    canary, control = Planted(f"canary{secrets.token_hex(12)}"), Planted(f"control{secrets.token_hex(12)}")
    # whoever finishes erasures takes out what a killed proof leaves
    home.erasure_mark.touch(0o600)
    with open_warehouse(home, settings.engine) as con:
        con.execute("set force_compression = 'uncompressed'")
        proof.tables = sum(_plant(con, settings, planted) for planted in (canary, control)) // 2
    proof.canary_found_before = [str(path) for path in _holding(home, canary.token)]
    _erase(home, settings, canary, compression="uncompressed")
    for path in files_of(home):
        proof.files.append(str(path.relative_to(home.root)))
        proof.size += path.stat().st_size
    proof.canary_found = [str(path) for path in _holding(home, canary.token)]
    proof.control_found = [str(path) for path in _holding(home, control.token)]
    _erase(home, settings, control)
    proof.suppressed = suppressor.count
    proof.suppressed_found = sorted(_suppressed_found(home, settings, suppressor))
    return proof


def files_of(home: Home) -> list[Path]:
    """Every file below the home folder but the demo's sources, which stand for the company's own systems."""
    return sorted(
        path
        for path in home.root.rglob("*")
        if path.is_file() and not path.is_symlink() and home.demo not in path.parents and path != home.lock_file
    )


def planted_customers(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What a killed proof left in the warehouse."""
    if not has_table(con, "identity", "customer_source_records"):
        return []
    left = f"select distinct customer_id from identity.customer_source_records where source_system = '{_SYSTEM}'"
    return [customer for (customer,) in con.execute(left).fetchall()]


def _erase(home: Home, settings: Settings, planted: Planted, compression: str = "auto") -> None:
    with open_warehouse(home, settings.engine) as con:
        note_erasure(con, home, settings, [planted.token], None)
    finish_erasures(home, settings, compression)


def _plant(con: duckdb.DuckDBPyConnection, settings: Settings, planted: Planted) -> int:
    """A row in every table that says whose its rows are, and a line among those that could not be read."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary "
        "and schema_name in ('conformed', 'identity', 'marts', 'segments', 'audiences', 'restricted') and not starts_with(table_name, 'erasing_')"
    ).fetchall()
    count = 0
    for schema, table in tables:
        count += _insert(con, schema, table, planted.values)
    for source, declared in settings.sources.items():
        for name, raw in declared.tables.items():
            for person in raw.whose:
                emails = {column: text(planted.email) for column in person.email}
                if emails and has_table(con, f"raw_{source}", name):
                    count += _insert(con, f"raw_{source}", name, emails)
    con.execute(
        "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) "
        f"values (0, '{_SYSTEM}', '{_SYSTEM}', 'planted', {text(f'1;{planted.token};{planted.email}')})"
    )
    return count + 1


def _insert(con: duckdb.DuckDBPyConnection, schema: str, table: str, values: dict[str, str]) -> int:
    columns = con.execute(
        "select column_name, data_type, is_nullable from duckdb_columns() where database_name = current_database() "
        "and schema_name = $1 and table_name = $2",
        [schema, table],
    ).fetchall()
    own = {"customer_id", "person_key", "record_id", "email", "contact_point"} | (
        {"source_key"} if table in PEOPLE else set()
    )
    names = {name for name, _, _ in columns}
    if not (names & own or (names & set(values) and schema.startswith("raw_"))):
        return 0
    known = {name for name, kind, _ in columns if name in values and kind in ("VARCHAR", "UBIGINT")}
    # an order's own key says nothing of whose it is
    known -= {"source_system", "source_key"} if "person_key" in names else set()
    said = {
        name: values[name] if name in known else _FILLERS.get(kind.split("(")[0], "0")
        for name, kind, is_nullable in columns
        if name in known or not is_nullable
    }
    con.execute(
        f"insert into {quote(schema)}.{quote(table)} ({', '.join(map(quote, said))}) values ({', '.join(said.values())})"
    )
    return 1


def _holding(home: Home, token: str) -> Iterator[Path]:
    """Files with these bytes, as they are or as UTF-16."""
    for path in files_of(home):
        with path.open("rb") as file:
            if path.stat().st_size:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    if content.find(token.encode()) >= 0 or content.find(token.encode("utf-16-le")) >= 0:
                        yield path


def _suppressed_found(home: Home, settings: Settings, suppressor: Suppressor) -> Iterable[str]:
    """Where somebody of the suppression list is: by every address in every byte and in every text that a database holds, by
    people's records, phone numbers, names with birth dates."""
    if not suppressor.count:
        return
    with open_warehouse(home, settings.engine) as con:
        define_match_keys(con)
        if suppressor.find_people(con):
            yield "warehouse.duckdb: conformed.conformed_people"
        for path in files_of(home):
            name = str(path.relative_to(home.root))
            if path == home.warehouse:
                yield from (f"{name}: {place}" for place in _in_database(con, "", suppressor))
            elif path.suffix == ".duckdb":
                con.execute(f"attach {text(path)} as searched (read_only)")
                yield from (f"{name}: {place}" for place in _in_database(con, "searched", suppressor))
                con.execute("detach searched")
            elif path.suffix == ".parquet":
                con.execute(f"create or replace temp view searched_file as from read_parquet({text(path)})")
                columns = con.execute(
                    "select column_name from (describe searched_file) where column_type = 'VARCHAR'"
                ).fetchall()
                if any(suppressor.stands_in(con, _addresses(column, "searched_file")) for (column,) in columns):
                    yield name
            addresses = {found.decode(errors="replace") for found in _addresses_in_bytes(path)}
            if addresses:
                con.execute("create or replace temp table addresses (written varchar)")
                con.executemany("insert into addresses values (?)", [[address] for address in sorted(addresses)])
                if suppressor.stands_in(con, "select written from addresses"):
                    yield f"{name}: its bytes"


def _in_database(con: duckdb.DuckDBPyConnection, catalog: str, suppressor: Suppressor) -> Iterable[str]:
    here = f"database_name = {text(catalog) if catalog else 'current_database()'}"
    columns = con.execute(
        f"select schema_name, table_name, column_name from duckdb_columns() where {here} and data_type = 'VARCHAR' "
        f"and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables() where {here} and not temporary)"
    ).fetchall()
    for schema, table, column in columns:
        relation = ".".join(quote(part) for part in (catalog, schema, table) if part)
        if suppressor.stands_in(con, _addresses(column, relation)):
            yield f"{schema}.{table}.{column}"


def _addresses(column: str, relation: str) -> str:
    return (
        f"select distinct unnest(regexp_extract_all({quote(column)}, {text(WRITTEN_EMAIL)})) as written from {relation} "
        f"where contains({quote(column)}, '@')"
    )


def _addresses_in_bytes(path: Path) -> set[bytes]:
    if not path.stat().st_size:
        return set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return set(_EMAIL.findall(content))
