"""How the rows of conformed entities, and of tables made of them, hang on a person: read from dbt's own contracts, so that an
entity that is added is erased, told and withheld without being named in Python.

Here: which entities. Not here: the SQL of it (privacy/), how long rows are kept (conformed.py), raw tables (core/settings/whose.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from orchestration.contracts.conformed import columns_of, entities, entity_meta, named_by
from orchestration.contracts.model_files import model_file, models_of
from orchestration.core.settings import DBT_DIR

_MARTS = DBT_DIR / "models" / "marts"
_NAME = {"given_name", "family_name", "birth_date"}


def with_column(column: str) -> list[str]:
    """Entities that have the column."""
    return [entity for entity, columns in entities().items() if column in columns]


@cache
def kept_for_accounting() -> tuple[str, ...]:
    """Entities whose rows say what was sold: they stay without the person."""
    return tuple(entity for entity in entities() if entity_meta(entity).get("is_kept"))


@cache
def counted_by_person() -> tuple[str, ...]:
    """Entities of what somebody buys or has: a row without a person counts for no customer."""
    return tuple(entity for entity in entities() if entity_meta(entity).get("counts_by_person"))


@cache
def children() -> dict[str, tuple[str, str]]:
    """{entity: (its key, the entity of the row that the key names)} of entities that name a person by that row alone."""
    persons = with_column("person_key")
    found = {}
    for entity in entities():
        parents = [(key, parent) for key, parent in named_by(entity).items() if parent in persons]
        if entity not in persons and parents:
            found[entity] = parents[0]
    return found


@cache
def named_by_birth() -> tuple[str, ...]:
    """Entities that name a person by a name and a birth date alone, as an address register does."""
    return tuple(
        entity
        for entity, columns in entities().items()
        if columns.keys() >= _NAME and "person_key" not in columns and entity != "people"
    )


def entity_tables(entity: str) -> list[tuple[str, str]]:
    """(schema, table) of an entity's own rows: the conformed one, and its fact."""
    return [("conformed", f"conformed_{entity}"), ("marts", f"fct_{entity}")]


@dataclass(frozen=True)
class MadeOfRows:
    """A mart of another name than an entity's that has rows of entities by their keys: entity → SQL, which of its rows; and SQL of
    the key that tells them apart."""

    schema: str
    table: str
    rows_of: dict[str, str]
    key: str


@cache
def made_of_rows() -> dict[str, MadeOfRows]:
    """Table → what its contract's `meta: rows_of` says; of those without one nothing."""
    found, insight = {}, {model for model, _ in models_of("insight")}
    for path in sorted(_MARTS.rglob("*.yml")):
        if "rows_of:" in path.read_text(encoding="utf-8"):
            model = model_file(path)["models"][0]
            meta, schema = model["config"]["meta"], "insight" if model["name"] in insight else "marts"
            made = MadeOfRows(schema, model["name"], meta["rows_of"], meta.get("row_key", "source_key"))
            found[made.table] = made
    return found


@cache
def interest_columns() -> list[tuple[str, str, str]]:
    """(entity, column, SQL: in which rows) of columns that an interest of a person is inferred of: `meta: tells_interest`."""
    return [
        (entity, column["name"], said)
        for entity in entities()
        for column in columns_of(entity)
        if (said := column.get("config", {}).get("meta", {}).get("tells_interest"))
    ]


@cache
def free_texts() -> frozenset[str]:
    """Conformed columns that hold what somebody wrote or said: `meta: is_free_text`. By their names, in doubt of every entity."""
    return frozenset(
        column["name"]
        for entity in entities()
        for column in columns_of(entity)
        if column.get("config", {}).get("meta", {}).get("is_free_text")
    )


@dataclass(frozen=True)
class ShownColumn:
    """A column that `bi` shows as the source wrote it, of rows `where` an SQL condition holds: a key of rows, a text, or a key in
    the place of a text."""

    entity: str
    column: str
    is_key: bool
    is_text: bool
    where: str


@cache
def shown_columns() -> list[ShownColumn]:
    """Those whose contract says `meta: shown_as`, with `shown_where` of some rows alone."""
    return [
        ShownColumn(entity, column["name"], "key" in said, "text" in said, meta.get("shown_where", "true"))
        for entity in entities()
        for column in columns_of(entity)
        if (said := (meta := column.get("config", {}).get("meta", {})).get("shown_as"))
    ]
