"""What personal data there are and what for: each column's category, out of dbt's own contracts; the record of processing.

A column's category stands beside its type (`meta: personal`), none where it says nothing of anybody; what a category is for,
on what legal basis, how long and who receives it stands in the seed data_categories. Not here: removing anything.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.contracts.model_files import model_file
from orchestration.contracts.seeds import seed
from orchestration.core.errors import KundbildError
from orchestration.core.settings import DBT_DIR
from orchestration.privacy.intake.special_categories import special_category_of

NONE = "none"
_ROOMS = ("conformed", "identity", "marts", "bi", "bi_open", "quarantine")


@dataclass(frozen=True)
class Category:
    """A kind of personal data (Art. 30): `retention_days` after the person was last heard of; `is_portable` for Art. 20."""

    category: str
    description: str
    purpose: str
    legal_basis: str
    retention_days: int
    recipients: str
    is_portable: bool


@dataclass(frozen=True)
class Column:
    """A column of a table that dbt makes; `category` is NONE where it says nothing of anybody."""

    schema: str
    table: str
    column: str
    category: str
    description: str


class UntaggedError(KundbildError):
    """A column does not say whether it is personal."""


class SpecialCategoryError(KundbildError):
    """A column is named as data of a special category (Art. 9): no table after staging has such."""


@cache
def categories() -> dict[str, Category]:
    """By name, as the seed has them."""
    return {
        row["category"]: Category(
            **{**row, "retention_days": int(row["retention_days"]), "is_portable": row["is_portable"] == "true"}  # type: ignore[arg-type]
        )
        for row in seed("data_categories")
    }


def categories_with(days: Mapping[str, int]) -> dict[str, Category]:
    """The same, with the days that the configuration gives instead. Raises KundbildError where it names none of them."""
    for category in days:
        if category not in categories():
            raise KundbildError(
                f"there is no category of data '{category}'",
                where="[privacy] retention_days",
                to_do=f"categories are {', '.join(categories())} (seed data_categories)",
            )
    return {name: replace(c, retention_days=days.get(name, c.retention_days)) for name, c in categories().items()}


def read_catalogue(models: Path = DBT_DIR / "models") -> list[Column]:
    """Every column of every model after staging. Raises UntaggedError naming those without a category, or with one unknown;
    SpecialCategoryError naming one that by its name tells of a special category."""
    found, untagged = [], []
    for room in _ROOMS:
        for path in sorted((models / room).rglob("*.yml")):
            for model in model_file(path).get("models", []):
                for column in model.get("columns", []):
                    if special := special_category_of(column["name"]):
                        raise SpecialCategoryError(
                            f"{model['name']}.{column['name']} is named as data of a special category ({special})",
                            where=str(path.relative_to(models.parent)),
                            to_do="leave it out (Art. 9); where it is none, name it otherwise",
                        )
                    category = column.get("config", {}).get("meta", {}).get("personal")
                    if category != NONE and category not in categories():
                        untagged.append(f"{model['name']}.{column['name']}")
                        continue
                    schema, table = _place(path, models, model)
                    found.append(Column(schema, table, column["name"], category, column.get("description", "")))
    if untagged:
        more = f" and {len(untagged) - 5} more" if len(untagged) > 5 else ""
        raise UntaggedError(
            f"columns do not say whether they are personal: {', '.join(untagged[:5])}{more}",
            where="dbt_project/models",
            to_do=f"give each config: {{meta: {{personal: …}}}}, one of {NONE}, {', '.join(categories())} (seed data_categories)",
        )
    return found


def _place(path: Path, models: Path, model: dict[str, Any]) -> tuple[str, str]:
    parts = path.relative_to(models).parts
    schema = parts[1] if len(parts) > 2 and parts[1] in ("segments", "insight", "audiences") else parts[0]
    said = model.get("config", {})
    return said.get("schema", schema), said.get("alias", model["name"])


_HEADER = [
    "category",
    "description",
    "purpose",
    "legal_basis",
    "retention_days",
    "recipients",
    "schema",
    "table",
    "columns",
]


def processing_record(catalogue: Iterable[Column], kinds: Mapping[str, Category]) -> list[list[str]]:
    """The record of processing (Art. 30): a row per category and table, header first."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for column in catalogue:
        if column.category != NONE:
            places.setdefault((column.category, column.schema, column.table), []).append(column.column)
    rows = [_HEADER]
    for name, category in kinds.items():
        said = [
            name,
            category.description,
            category.purpose,
            category.legal_basis,
            str(category.retention_days),
            category.recipients,
        ]
        rows += [
            [*said, schema, table, ", ".join(columns)]
            for (kind, schema, table), columns in sorted(places.items())
            if kind == name
        ]
    return rows


def as_csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def as_page(rows: list[list[str]], kinds: Mapping[str, Category]) -> str:
    """The record as Markdown: what each category is for, then where it lies."""
    lines = [
        "# Record of processing (Art. 30)",
        "",
        "Made from the contracts of the dbt models and the seed `data_categories` by `kundbild catalogue --write docs`; do not",
        "edit it by hand. Raw tables hold the same data in the source systems' own shape, and the tables that the identity step",
        "makes (docs/identity.md) hold identity, contact and pseudonyms. `scores.customer_scores` holds what `marts.customer_scores` shows.",
        "",
        "| category | what | purpose | legal basis | kept | recipients |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {c.category} | {c.description} | {c.purpose} | {c.legal_basis} | {c.retention_days} days | {c.recipients} |"
        for c in kinds.values()
    ]
    lines += ["", "| category | table | columns |", "| --- | --- | --- |"]
    lines += [f"| {row[0]} | `{row[6]}.{row[7]}` | {row[8]} |" for row in rows[1:]]
    return "\n".join([*lines, ""])
