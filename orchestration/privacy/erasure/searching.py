"""Looks for people in everything below the home folder: in bytes, and in the texts of databases and Parquet files.

Whoever was erased is known by the keyed hashes of the suppression list. Not here: what is planted to be found (proof.py).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import open_warehouse, quote, text
from orchestration.match_keys import define_match_keys
from orchestration.privacy.intake.suppressor import WRITTEN_EMAIL, Suppressor

_PUBLISHED = "published/versions/"
# bytes without a space are long: an address is looked for from its @, which is rare
_DOMAIN = re.compile(rb"@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_LONGEST_LOCAL = 64
# what ends so is an address, from the start of a word on
_ADDRESS = r"(?:^|[^A-Za-z0-9._%+'-])([A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]+)$"


def files_of(home: Home) -> list[Path]:
    """Every file below the home folder but the demo's sources, which stand for the company's own systems."""
    return sorted(
        path
        for path in home.root.rglob("*")
        if path.is_file() and not path.is_symlink() and home.demo not in path.parents and path != home.lock_file
    )


def holding(home: Home, token: str) -> Iterator[Path]:
    """Files with these bytes, as they are or as UTF-16."""
    for path in files_of(home):
        with path.open("rb") as file:
            if path.stat().st_size:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    if content.find(token.encode()) >= 0 or content.find(token.encode("utf-16-le")) >= 0:
                        yield path


def suppressed_found(home: Home, settings: Settings, suppressor: Suppressor) -> list[str]:
    """Where somebody of the suppression list is: by every address in every byte and in every text that a database holds, by
    people's records, phone numbers, names with birth dates."""
    if not suppressor.count:
        return []
    with open_warehouse(home, settings.engine) as con:
        define_match_keys(con)
        found = ["warehouse.duckdb: conformed.conformed_people"] if suppressor.find_people(con) else []
        con.execute("create or replace temp table written_addresses (place varchar, written varchar)")
        places, endings = list[str](), list[str]()
        for path in files_of(home):
            name = str(path.relative_to(home.root))
            if path == home.warehouse:
                _note_in_database(con, f"{name}: ", "")
            elif path.suffix == ".duckdb":
                con.execute(f"attach {text(path)} as searched (read_only)")
                _note_in_database(con, f"{name}: ", "searched")
                con.execute("detach searched")
            elif path.suffix == ".parquet":
                con.execute(f"create or replace temp view searched_file as from read_parquet({text(path)})")
                columns = con.execute("select column_name from (describe searched_file) where column_type = 'VARCHAR'")
                _note_in(con, f"{name}: ", "searched_file", [column for (column,) in columns.fetchall()])
            in_bytes = _endings_in_bytes(path)
            places += [f"{name}: its bytes"] * len(in_bytes)
            endings += in_bytes
        con.register(
            "in_bytes", pa.table({"place": pa.array(places, pa.string()), "ending": pa.array(endings, pa.string())})
        )
        con.execute(
            f"insert into written_addresses select distinct place, regexp_extract(ending, {text(_ADDRESS)}, 1) as written from in_bytes "
            "where written <> ''"
        )
        con.unregister("in_bytes")
        return [*found, *suppressor.places_of(con, "from written_addresses")]


def what_to_do(home: Home, found: Sequence[str]) -> str:
    """How each kind of place that `suppressed_found` names is rid of the person, with the files in full; one sentence a kind."""
    places = [place.partition(": ")[0] for place in found]
    warehouse = home.warehouse.name
    files = {str(home.root / path) for path in places if path != warehouse and not path.startswith(_PUBLISHED)}
    versions = {str(home.root.joinpath(*Path(path).parts[:3])) for path in places if path.startswith(_PUBLISHED)}
    said = []
    if files:
        said.append(f"Delete, where nothing needs it, {_listed(files)}")
    if versions:
        said.append(
            f"Delete each publication that was put back, {_listed(versions)}; the next one that a night publishes is free of them"
        )
    if any(place == f"{warehouse}: its bytes" for place in found):
        said.append("`kundbild prove-erasure` writes the warehouse's file anew, without what was deleted in it")
    if any(path == warehouse and not place.endswith(": its bytes") for path, place in zip(places, found, strict=True)):
        said.append("Take what stands in a table of the warehouse out at its source; the next night reads the row anew")
    return ". ".join(said)


def _listed(paths: Iterable[str]) -> str:
    named = sorted(paths)
    return ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")


def _note_in_database(con: duckdb.DuckDBPyConnection, place: str, catalog: str) -> None:
    here = f"database_name = {text(catalog) if catalog else 'current_database()'}"
    tables = con.execute(
        f"select schema_name, table_name, list(column_name) from duckdb_columns() where {here} and data_type = 'VARCHAR' "
        f"and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables() where {here} and not temporary) "
        "group by all"
    ).fetchall()
    for schema, table, columns in tables:
        relation = ".".join(quote(part) for part in (catalog, schema, table) if part)
        _note_in(con, f"{place}{schema}.{table}.", relation, columns)


def _note_in(con: duckdb.DuckDBPyConnection, place: str, relation: str, columns: list[str]) -> None:
    """Adds the addresses that stand in texts of a relation to `written_addresses`: in one look, whatever the columns."""
    if not columns:
        return
    values = ", ".join(f"{{'place': {text(place + column)}, 'value': {quote(column)}}}" for column in columns)
    has_any = " or ".join(f"contains({quote(column)}, '@')" for column in columns)
    con.execute(
        f"insert into written_addresses select distinct said.place, unnest(regexp_extract_all(said.value, {text(WRITTEN_EMAIL)})) "
        f"from (select unnest([{values}]) as said from {relation} where {has_any}) where contains(said.value, '@')"
    )


def _endings_in_bytes(path: Path) -> list[str]:
    """Of each @ with a domain behind it, that and what stands before it, as long as an address may be."""
    if not path.stat().st_size:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return [
            content[max(0, domain.start() - _LONGEST_LOCAL - 1) : domain.end()].decode("latin-1")
            for domain in _DOMAIN.finditer(content)
        ]
