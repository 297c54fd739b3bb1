"""The conformed entities and their columns, read from dbt's own contracts so that they are written down once.

Here: name → columns and types, and how long rows are kept. Not here: what feeds them (dbt_project.yml).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orchestration.contracts.model_files import model_file
from orchestration.contracts.seeds import seed
from orchestration.core.settings import DBT_DIR

# columns that no mapping sets: those that every entity carries, and what staging sees of a statement's times
TECHNICAL_COLUMNS = ("source_system", "extracted_at", "load_id", "deleted_at", "is_zoneless")
_PREFIX = "conformed_"


@cache
def entities() -> dict[str, dict[str, str]]:
    """entity → {column: DuckDB type}, without the technical columns."""
    found = {}
    for path in sorted((DBT_DIR / "models" / "conformed").glob(f"{_PREFIX}*.yml")):
        model = model_file(path)["models"][0]
        columns = {c["name"]: c["data_type"] for c in model["columns"] if c["name"] not in TECHNICAL_COLUMNS}
        found[model["name"].removeprefix(_PREFIX)] = columns
    return found


@cache
def named_by(entity: str) -> dict[str, str]:
    """{column: the entity whose row it names within the source} of an entity's keys, by what they are called: response_key names
    survey_responses. People are not among them, whom rows of other sources name too (person_system)."""
    found = {}
    for column in entities()[entity]:
        name = column.removesuffix("_key")
        several = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
        named = [e for e in entities() if column.endswith("_key") and (e == several or e.endswith(f"_{several}"))]
        if len(named) == 1:
            found[column] = named[0]
    return found


@dataclass(frozen=True)
class EntityRetention:
    """Of which category of data_categories an entity's rows are, and from when on their days count: the latest of columns.

    `only` is {column: values} of the only rows that expire: withdrawals, in whatever words, stand; `while_known`, that rows
    of known people do;
    `is_kept`, that rows stay as nobody's, for accounting: the entity's own word, which lines of orders have without a retention.
    """

    category: str
    happened_at: list[str]
    only: dict[str, list[str]] = field(default_factory=dict)
    while_known: bool = False
    is_kept: bool = False


@cache
def retentions() -> dict[str, EntityRetention]:
    """By entity, those that are about people: what the models' own files say."""
    return {
        entity: EntityRetention(**said, is_kept=bool(meta.get("is_kept")))
        for entity in entities()
        if (said := (meta := entity_meta(entity)).get("retention"))
    }


def entity_meta(entity: str) -> dict[str, Any]:
    """What an entity's contract says of its rows as a whole."""
    found: dict[str, Any] = _model(entity).get("config", {}).get("meta", {})
    return found


@cache
def known_words(entity: str) -> dict[str, frozenset[str]]:
    """Column → the words that it may have, in lower case, where the entity's contract lists them or names their seed; a row with
    another one is set aside (dbt: macros/set_aside.sql). Of an order's status every spelling."""
    found = {}
    for column in columns_of(entity):
        meta = column.get("config", {}).get("meta", {})
        allowed = meta.get("allowed", {})
        words = [str(word) for word in allowed.get("values", [])]
        if "values_of" in allowed:
            words = [row[column["name"]] for row in seed(allowed["values_of"])]
        if meta.get("reads") == "order_statuses":
            words = [row["spelling"] for row in seed("order_statuses")]
        if words:
            found[column["name"]] = frozenset(word.lower() for word in words)
    return found


@cache
def meanings(entity: str, column: str) -> list[str]:
    """What the words of such a column mean: those of its seed, or the words themselves."""
    (found,) = [c for c in columns_of(entity) if c["name"] == column]
    if _meta(found).get("reads") == "order_statuses":
        return list(dict.fromkeys(row["status"] for row in seed("order_statuses")))
    return sorted(known_words(entity)[column])


@cache
def required_columns(entity: str) -> list[str]:
    """Columns that a map of the entity names: those that are never null, and those of required_unless. Without the technical ones."""
    never_null = never_null_columns(entity)
    return [c["name"] for c in columns_of(entity) if c["name"] in never_null or c["name"] in required_unless(entity)]


@cache
def required_unless(entity: str) -> dict[str, str]:
    """{column: another} of columns that a row may lack where it has the other one."""
    found = {c["name"]: _meta(c).get("required_unless") for c in columns_of(entity)}
    return {column: other for column, other in found.items() if other}


@cache
def never_null_columns(entity: str) -> list[str]:
    """Columns of the entity that its contract says are never null, without the technical ones."""
    return [
        c["name"]
        for c in columns_of(entity)
        if c["name"] not in TECHNICAL_COLUMNS and {"type": "not_null"} in c.get("constraints", [])
    ]


def columns_of(entity: str) -> list[dict[str, Any]]:
    """The columns as an entity's contract has them, each a mapping."""
    found: list[dict[str, Any]] = _model(entity)["columns"]
    return found


def _model(entity: str) -> dict[str, Any]:
    path = DBT_DIR / "models" / "conformed" / f"{_PREFIX}{entity}.yml"
    found: dict[str, Any] = model_file(path)["models"][0]
    return found


def _meta(column: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (column.get("config") or {}).get("meta") or {}
    return found
