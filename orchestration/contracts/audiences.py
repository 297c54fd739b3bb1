"""The audiences of the dbt project: every model that writes to the schema `audiences`, whatever it is named.

Here: which tables those are, so that each check and each export knows all of them. Not here: who is in one (dbt), or
exporting one (activation/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR
from orchestration.core.settings.maps import STATEMENT_HOURS
from orchestration.core.warehouse import quote

PERMISSION_CHECK = "every_row_has_permission"


SCHEMA = "audiences"
# where their rows lie in a publication
AUDIENCE_ROWS = "audience_rows"
PREFIX = "audience_"
# permissions, and what sources said, count for so long (rule 15)
MAX_AGE = timedelta(hours=STATEMENT_HOURS)
_FOLDER = "marts/audiences"


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
    models = project / "models"
    found = []
    for path in sorted(models.rglob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        said = _said(path)
        schema = _configured(sql, "schema") or said.get("schema")
        is_in_folder = path.relative_to(models).as_posix().startswith(_FOLDER + "/")
        if schema == SCHEMA or (is_in_folder and schema is None):
            found.append(AudienceModel(path.stem, _configured(sql, "alias") or said.get("alias") or path.stem))
    return found


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


def _configured(sql: str, key: str) -> str | None:
    found = re.search(rf"""\b{key}\s*=\s*["']([^"']+)["']""", sql)
    return found[1] if found else None


def _said(path: Path) -> dict[str, Any]:
    """The model's own configuration in the file beside it."""
    beside = path.with_suffix(".yml")
    if not beside.exists():
        return {}
    return next((m.get("config") or {} for m in model_file(beside).get("models", []) if m["name"] == path.stem), {})
