"""Proof that erasure leaves nothing: a made-up person is planted, erased as people are, and looked for in every byte.

A second one, planted beside and not erased, must be found: else the search would prove nothing. Both lie uncompressed
meanwhile, for compressed bytes hide what they hold. Then everything in the home folder is searched for whoever was ever
erased. Not here: searching (searching.py), erasing (erasure.py), the order of things (run/erase.py).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from orchestration.core.warehouse import has_table, open_warehouse, quote, text
from orchestration.privacy.erasure.searching import files_of, holding, suppressed_found
from orchestration.privacy.erasure.theirs import PEOPLE
from orchestration.privacy.intake.noted import PLANTED
from orchestration.privacy.intake.suppressor import Suppressor

# values that a row must have and that say nothing
_FILLERS = {
    "VARCHAR": "''", "BOOLEAN": "false", "DATE": "date '2000-01-01'", "TIMESTAMP": "timestamp '2000-01-01'", "DOUBLE": "0",
    "BIGINT": "0", "INTEGER": "0", "UBIGINT": "0", "USMALLINT": "0", "VARCHAR[]": "[]",
}  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A made-up person: every value of it is found nowhere else."""

    token: str

    @property
    def email(self) -> str:
        # of a domain that is nobody's, and that the seed junk_identifiers does not list
        return f"{self.token}@kundbild.internal"

    @property
    def values(self) -> dict[str, str]:
        """Column → value, for whatever table has the column."""
        said = {
            "email": self.email, "contact_point": self.email, "email_key": self.email, "given_name": self.token,
            "family_name": self.token, "full_name": f"{self.token} {self.token}", "given_key": self.token, "family_key": self.token,
            "source_system": PLANTED, "source_key": self.token, "person_system": PLANTED, "person_key": self.token,
            "phone": self.token, "value_key": self.email, "person_id": self.token, "person_id_key": f"{PLANTED}:{self.token}",
            "customer_id": self.token, "old_customer_id": self.token, "from_customer_id": self.token, "customer_key": self.token, "written": self.token, "street": self.token,
        }  # fmt: skip
        return {column: text(value) for column, value in said.items()} | {
            "record_id": f"hash('{PLANTED}', '{self.token}')"
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


@dataclass(frozen=True)
class Planting:
    """The two made-up people, and where a row of each of them is: (relation, column, value of the canary, of the control)."""

    canary: Planted
    control: Planted
    rows: list[tuple[str, str, str, str]]

    @property
    def spots(self) -> list[tuple[str, str]]:
        """Relations and SQL conditions of the rows of both, and of the lines that could not be read."""
        return [
            *((relation, f"{column} in ({canary}, {control})") for relation, column, canary, control in self.rows),
            ("quarantine.rejected_rows", f"source = {text(PLANTED)}"),
        ]

    @property
    def removals(self) -> list[str]:
        """Statements that take out the one that is not erased."""
        return [f"delete from {relation} where {column} = {control}" for relation, column, _, control in self.rows]


def plant(con: duckdb.DuckDBPyConnection, home: Home, settings: Settings) -> Planting:
    """Plants both, uncompressed from when the warehouse is closed."""
    # whoever finishes erasures takes out what a killed proof leaves
    home.erasure_mark.touch(0o600)
    con.execute("set force_compression = 'uncompressed'")
    canary, control = Planted(f"canary{_letters()}"), Planted(f"control{_letters()}")
    beside = zip(_plant(con, settings, canary), _plant(con, settings, control), strict=True)
    return Planting(canary, control, [(*row, value) for row, (_, _, value) in beside])


def _letters() -> str:
    """Random letters, without a digit: what stands where a number is expected must read as none."""
    return secrets.token_hex(12).translate(str.maketrans("0123456789", "ghijklmnop"))


def is_found(home: Home, planting: Planting) -> list[str]:
    """The files where the canary's bytes are."""
    return [str(path) for path in holding(home, planting.canary.token)]


def look_for(
    home: Home, settings: Settings, planting: Planting, found_before: list[str], suppressor: Suppressor
) -> Proof:
    """Searches for everybody after the canary was erased, and takes the control out. Needs the lock, and the warehouse closed."""
    files = files_of(home)
    proof = Proof(
        tables=len(planting.rows),
        files=[str(path.relative_to(home.root)) for path in files],
        size=sum(path.stat().st_size for path in files),
        canary_found_before=found_before,
        canary_found=is_found(home, planting),
        control_found=[str(path) for path in holding(home, planting.control.token)],
        suppressed=suppressor.count,
    )
    with open_warehouse(home, settings.engine) as con:
        for removal in planting.removals:
            con.execute(removal)
        take_out_kept(con)
    proof.suppressed_found = suppressed_found(home, settings, suppressor)
    return proof


def planted_customers(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What a killed proof left in the warehouse."""
    if not has_table(con, "identity", "customer_source_records"):
        return []
    left = f"select distinct customer_id from identity.customer_source_records where source_system = '{PLANTED}'"
    return [customer for (customer,) in con.execute(left).fetchall()]


def take_out_kept(con: duckdb.DuckDBPyConnection) -> None:
    """Takes out what an erasure leaves of made-up people: orders and rows of raw that were nobody's, a line without its content."""
    kept = con.execute(
        "select schema_name, table_name from duckdb_columns() where database_name = current_database() and column_name = 'person_system' "
        "and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables() where not temporary)"
    ).fetchall()
    for schema, table in kept:
        con.execute(f"delete from {quote(schema)}.{quote(table)} where person_system = {text(PLANTED)}")
    # a row of raw that outlasts its person is emptied of all that names the canary; every row that was loaded tells of its load
    loaded = con.execute(
        "select schema_name, table_name from duckdb_columns() where database_name = current_database() "
        "and starts_with(schema_name, 'raw_') and column_name in ('_load_id', '_extracted_at') "
        "and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables() where not temporary) "
        "group by all having count(*) = 2"
    ).fetchall()
    for schema, table in loaded:
        con.execute(f"delete from {quote(schema)}.{quote(table)} where _load_id is null and _extracted_at is null")
    con.execute(f"delete from quarantine.rejected_rows where source = {text(PLANTED)}")


def _plant(con: duckdb.DuckDBPyConnection, settings: Settings, planted: Planted) -> list[tuple[str, str, str]]:
    """A row in every table that says whose its rows are, and a line among those that could not be read.

    Returns where each is: (relation, column, value), as SQL.
    """
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database() and not temporary "
        "and schema_name in ('conformed', 'identity', 'marts', 'scores', 'segments', 'insight', 'audiences', 'restricted') and not starts_with(table_name, 'erasing_')"
    ).fetchall()
    rows = [_insert(con, schema, table, planted.values) for schema, table in tables]
    for source, declared in settings.sources.items():
        for name, raw in declared.tables.items():
            for person in raw.whose:
                emails = {column: text(planted.email) for column in person.email}
                if emails and has_table(con, f"raw_{source}", name):
                    rows.append(_insert(con, f"raw_{source}", name, emails))
    con.execute(
        "insert into quarantine.rejected_rows (load_id, source, table_name, reason, content) "
        f"values (0, {text(PLANTED)}, {text(PLANTED)}, 'planted', {text(f'1;{planted.token};{planted.email}')})"
    )
    return [row for row in rows if row]


def _insert(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, values: dict[str, str]
) -> tuple[str, str, str] | None:
    columns = con.execute(
        "select column_name, data_type, is_nullable from duckdb_columns() where database_name = current_database() "
        "and schema_name = $1 and table_name = $2",
        [schema, table],
    ).fetchall()
    own = {"customer_id", "person_key", "record_id", "email", "contact_point"}
    own |= {"source_key"} if table in PEOPLE else set()
    # what is remembered of numbers and addresses, whoever has them
    own |= {"phone"} if table == "phone_numbers" else {"value_key"} if table == "identifiers" else set()
    names = {name for name, _, _ in columns}
    if not (names & own or (names & set(values) and schema.startswith("raw_"))):
        return None
    known = {name for name, kind, _ in columns if name in values and kind in ("VARCHAR", "UBIGINT")}
    # an order's own key says nothing of whose it is
    known -= {"source_system", "source_key"} if "person_key" in names else set()
    said = {
        name: values[name] if name in known else _FILLERS.get(kind.split("(")[0], "0")
        for name, kind, is_nullable in columns
        if name in known or not is_nullable
    }
    relation = f"{quote(schema)}.{quote(table)}"
    con.execute(f"insert into {relation} ({', '.join(map(quote, said))}) values ({', '.join(said.values())})")
    # the system of both is the same
    name = min(known - {"source_system", "person_system"})
    return relation, quote(name), values[name]
