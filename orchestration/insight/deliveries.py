"""Which kinds of data no source delivers, as the last night left it, and which columns of a customer are empty for it, in words.

Here: reading and wording. Not here: what makes a column known (contracts/deliveries.py), the definition (dbt: delivered_entities).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from orchestration.contracts.segment_rules import readable_columns
from orchestration.core.warehouse import has_relation


def undelivered(con: duckdb.DuckDBPyConnection, schema: str = "marts") -> set[str]:
    """Entities that no source delivers; none where no night has said. `schema` is bi in a publication for analysts."""
    if not has_relation(con, schema, "delivered_entities"):
        return set()
    asked = f"select entity from {schema}.delivered_entities where not is_delivered"
    return {entity for (entity,) in con.execute(asked).fetchall()}


def not_known(columns: Iterable[str], lacking: set[str]) -> dict[str, tuple[str, ...]]:
    """Column → the entities of `lacking` for which it is empty for everybody, of columns that a condition may read."""
    known = readable_columns()
    needs = {name: known[name].delivered_by for name in columns}
    return {name: entities for name, entities in needs.items() if entities and lacking.issuperset(entities)}


def note_of(columns: Iterable[str], lacking: set[str]) -> str:
    """Which of the columns that rules read are empty for everybody, and why; "" where sources deliver all."""
    by_entities: dict[tuple[str, ...], list[str]] = {}
    for column, entities in sorted(not_known(columns, lacking).items()):
        by_entities.setdefault(entities, []).append(column)
    return "; ".join(
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} empty for every customer: no source delivers "
        f"{' or '.join(map(entity_in_words, entities))}"
        for entities, names in by_entities.items()
    )


def entity_in_words(entity: str) -> str:
    """An entity as people read it."""
    return entity.replace("_", " ")
