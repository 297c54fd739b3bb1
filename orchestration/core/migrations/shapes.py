"""The shapes of the tables that Python declares, and the shapes that a warehouse has.

Here: which modules declare state, which tables are derived. Not here: changing anything (the package's own module).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

import duckdb

# modules with `create table if not exists` in a string, or a list of strings, at module level
DECLARING = (
    "data_quality.runner",
    "orchestration.run.unfinished",
    "orchestration.run.prove_erasure",
    "orchestration.extract.records",
    "orchestration.identity.contact_points",
    "orchestration.identity.decisions",
    "orchestration.identity.former_people",
    "orchestration.identity.groups",
    "orchestration.identity.ids",
    "orchestration.identity.names",
    "orchestration.identity.registers",
    "orchestration.identity.scoring",
    "orchestration.identity.touched",
    "orchestration.insight.quality_history",
    "orchestration.insight.segment_history",
    "orchestration.match_keys.phones",
    "orchestration.prediction.nightly.tables",
    "orchestration.core.migrations",
    "orchestration.run.publications",
    "orchestration.privacy.audit.exported_points",
    "orchestration.privacy.audit.exports",
    "orchestration.privacy.rights.holds",
    "orchestration.privacy.intake.national_id_hashes",
    "orchestration.privacy.intake.noted",
    "orchestration.privacy.intake.personal_text",
    "orchestration.privacy.intake.special_values",
    "orchestration.privacy.secrets.pepper",
    "orchestration.privacy.secrets.pseudonyms",
    "orchestration.privacy.rights.requests",
    "orchestration.privacy.rights.rights_keys",
    "orchestration.privacy.intake.suppression",
    "orchestration.run.status",
    "orchestration.privacy.intake.withdrawals",
    "orchestration.transform.runner",
)
# declared, and made anew by a night from conformed people and the state
DERIVED = {
    "identity.calibration",
    "identity.held_records",
    "identity.latin_names",
    "identity.made_with",
    "identity.phone_numbers",
    "identity.phone_numbers_made_with",
    "identity.scored_pairs",
    "identity.shown_values",
    "identity.special_values",
    "identity.standing_decisions",
    "identity.term_frequencies",
    "identity.touched_records",
    "identity.untied_withdrawals",
    "scores.customer_scores",
    "scores.fit_bins",
    "scores.score_models",
}
# `schema.table.column` of landed versions that later ones do not have: a home that has them is not newer
REMOVED: set[str] = set()
_DECLARATIONS = (duckdb.StatementType.CREATE, duckdb.StatementType.ALTER)
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    is_nullable: bool
    default: str | None


@dataclass(frozen=True)
class Shape:
    """A table `schema.table`; `sql` creates it."""

    name: str
    sql: str
    columns: tuple[Column, ...]

    def is_like(self, other: Shape) -> bool:
        """Whether both have the same columns, in the same order, and the same keys."""
        mine, theirs = ([(c.name, c.kind, c.is_nullable) for c in shape.columns] for shape in (self, other))
        return mine == theirs and _keys(self.sql) == _keys(other.sql)


@cache
def declared() -> dict[str, Shape]:
    """Every declared table, by `schema.table`, as this program makes it in an empty warehouse."""
    with duckdb.connect() as con:
        for name in DECLARING:
            for statement in _statements(import_module(name)):
                con.execute(statement)
        return shapes_of(con)


def shapes_of(con: duckdb.DuckDBPyConnection) -> dict[str, Shape]:
    """Every table of the open database outside of dbt's and raw's schemas."""
    columns: dict[str, list[Column]] = {}
    for name, column, kind, is_nullable, default in con.execute(
        "select schema_name || '.' || table_name, column_name, data_type, is_nullable, column_default "
        "from duckdb_columns() where database_name = current_database() and not internal order by 1, column_index"
    ).fetchall():
        columns.setdefault(name, []).append(Column(column, kind, is_nullable, default))
    tables = con.execute(
        "select schema_name || '.' || table_name, sql from duckdb_tables() where database_name = current_database() "
        "and not temporary and schema_name in ('ops', 'identity', 'restricted', 'quarantine', 'scores') order by 1"
    ).fetchall()
    return {name: Shape(name, sql, tuple(columns[name])) for name, sql in tables}


def _statements(module: ModuleType) -> list[str]:
    """The declaring statements among the module's strings."""
    texts: list[str] = []
    for name, value in vars(module).items():
        if name == "__doc__":
            continue
        texts += [value] if isinstance(value, str) else []
        texts += [v for v in value if isinstance(v, str)] if isinstance(value, (list, tuple)) else []
    # a place to fill in is within a name or a value: any word keeps the statement readable
    declaring = [_PLACE.sub(r"x_\1", text) for text in texts if "create table if not exists" in text]
    found = [s.query for text in declaring for s in duckdb.extract_statements(text) if s.type in _DECLARATIONS]
    # a schema may be declared by another module
    schemas = {name for s in found for name in re.findall(r"create table if not exists (\w+)\.", s)}
    return [f"create schema if not exists {schema}" for schema in sorted(schemas)] + found


def _keys(sql: str) -> list[str]:
    return sorted(re.findall(r"(?:PRIMARY KEY|UNIQUE)\s*\([^)]*\)", sql, re.IGNORECASE))
