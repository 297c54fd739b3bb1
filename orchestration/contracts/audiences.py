"""The audiences of the dbt project: every model that writes to the schema `audiences`, whatever it is named.

Here: which tables those are, so that each check and each export knows all of them. Not here: who is in one (dbt), or
exporting one (activation/).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contracts.model_files import models_of
from orchestration.core.settings import DBT_DIR
from orchestration.core.warehouse import quote

PERMISSION_CHECK = "every_row_has_permission"


SCHEMA = "audiences"
# where their rows lie in a publication
AUDIENCE_ROWS = "audience_rows"
PREFIX = "audience_"
# SQL on a row `a` of the seed audience_rules: whether it picks a segment that nobody is in. A scheme without its segment is nobody's
SEGMENT_IS_EMPTY = (
    "coalesce(a.scheme, a.segment) is not null and not exists "
    "(select 1 from segments.customer_segments s where s.scheme = a.scheme and s.segment = a.segment)"
)


@dataclass(frozen=True)
class AudienceModel:
    """A dbt model and the table that it makes in the schema `audiences`."""

    model: str
    table: str

    @property
    def name(self) -> str:
        """What the seed audience_rules and the command line call it."""
        return self.table.removeprefix(PREFIX)


def audience_models(project: Path = DBT_DIR) -> list[AudienceModel]:
    """Every model below models/marts/audiences, and every other one whose own configuration names the schema."""
    return [AudienceModel(model, table) for model, table in models_of(SCHEMA, project)]


def audience_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables and views that stand in the schema `audiences`, also those that no model makes."""
    rows = con.execute(
        "select table_name from information_schema.tables where table_catalog = current_database() and table_schema = ? "
        "and not contains(table_name, '__dbt_') order by 1",
        [SCHEMA],
    ).fetchall()
    return [name for (name,) in rows]


def drop_orphans(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Drops audiences that no model makes any more: nobody would bring them up to date. Returns their names."""
    made = {audience.table for audience in audience_models()}
    orphans = [table for table in audience_tables(con) if table not in made]
    for table in orphans:
        kind = "view" if _is_view(con, table) else "table"
        con.execute(f"drop {kind} {SCHEMA}.{quote(table)}")
    return orphans


def _is_view(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = con.execute(
        "select 1 from duckdb_views() where database_name = current_database() and schema_name = ? and view_name = ?",
        [SCHEMA, table],
    )
    return bool(found.fetchall())
