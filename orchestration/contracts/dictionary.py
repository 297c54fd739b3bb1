"""The data dictionary: every table that readers get, what a row of it is, its columns with unit, type and tag, and what it is made of.

Here: reading it out of dbt's manifest, and writing it. Not here: compiling the manifest (transform/runner.py), personal data by
purpose and legal basis (privacy/audit/catalogue.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

# what readers get, in the order in which they meet it
_TITLES = {
    "bi_open": "Open: aggregates without a person, for everybody in the company",
    "bi": "Analysts: pseudonymised rows, for few",
    "marts": "Marts: what the warehouse knows of customers",
    "segments": "Segments: sets of customers that are described",
    "insight": "Insight: answers to the questions of analysts and marketers",
    "audiences": "Audiences: customers who may be contacted",
}
SCHEMAS = tuple(_TITLES)
_TEMPLATES = {"html": "dictionary.html.jinja", "md": "dictionary.md.jinja"}
# what `meta: unit` says of an amount whose name alone does not
_COMPANY_CURRENCY = "the company's currency"
# The unit that a name says: one word means one thing everywhere. A column's `meta: unit` says another
_OWN_CURRENCY = ("base_amount", "gross_amount", "refunded_amount", "net_amount", "revenue_amount")
_NAMED = {
    "ces": "1 to 7",
    "clicks": "count",
    "csat": "1 to 5",
    "digest": "hash",
    "exchange_rate": "the company's currency for one of the row's",
    "frequency": "count",
    "frequency_score": "1 to 5",
    "impressions": "count",
    "load_id": "number of the load",
    "money_score": "1 to 5",
    "nps": "0 to 10",
    "nps_change": "points of 0 to 10",
    "page_views": "count",
    "quantity": "the product's unit",
    "rating": "1 to 5",
    "reach": "people",
    "recency_score": "1 to 5",
    "satisfaction": "1 to 5",
    "step_order": "rank",
}
_ENDINGS = {
    "_at": "time, UTC",
    "_on": "date",
    "_month": "month, by its first day",
    "_count": "count",
    "_quantity": "the product's unit",
    "_seconds": "seconds",
    "_hours": "hours",
    "_days": "days",
    "_share": "share, 0 to 1",
    "_digest": "hash",
}


@dataclass(frozen=True)
class Column:
    """One column. `tag` is its category of personal data (seed data_categories), `none` where it is not personal."""

    name: str
    type: str
    unit: str
    tag: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Entry:
    """One table: `grain` are the columns that are unique together, `sources` the tables that it is made of, one step back."""

    schema: str
    table: str
    description: str
    grain: tuple[str, ...]
    sources: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


def read_dictionary(manifest: Mapping[str, Any], currency: str) -> list[Entry]:
    """Every table of SCHEMAS, by schema and name. `currency` is the company's, of amounts without a currency beside them."""
    nodes: dict[str, Mapping[str, Any]] = {**manifest["nodes"], **manifest["sources"]}
    grains = {
        node["attached_node"]: tuple(node["test_metadata"]["kwargs"]["columns"])
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "unique_grain"
    }
    entries = [
        Entry(
            schema=node["schema"],
            table=node["alias"],
            description=_on_one_line(node["description"]),
            grain=grains.get(key, ()),
            sources=tuple(sorted({_name_of(nodes[of]) for of in node["depends_on"]["nodes"] if of in nodes})),
            columns=tuple(_column(column, node["columns"], currency) for column in node["columns"].values()),
        )
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] in SCHEMAS
    ]
    return sorted(entries, key=lambda entry: (SCHEMAS.index(entry.schema), entry.table))


def _name_of(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{node.get('identifier') or node.get('alias') or node['name']}"


def _column(column: Mapping[str, Any], beside: Mapping[str, Any], currency: str) -> Column:
    meta = {**(column.get("meta") or {}), **((column.get("config") or {}).get("meta") or {})}
    unit = str(meta.get("unit") or _unit(column["name"], column["data_type"] or "", beside, currency))
    return Column(
        name=column["name"],
        type=(column["data_type"] or "").lower(),
        unit=currency if unit == _COMPANY_CURRENCY else unit,
        tag=str(meta.get("personal", "")),
        is_required=any(str(c["type"]).endswith("not_null") for c in column.get("constraints") or ()),
        description=_on_one_line(column["description"]),
    )


def _unit(name: str, kind: str, beside: Mapping[str, Any], currency: str) -> str:
    if kind.lower() == "boolean":
        return "yes or no"
    if name in _OWN_CURRENCY:
        return currency
    name = name.removeprefix("mean_").removeprefix("last_")
    if name.endswith("_amount"):
        return "the row's currency" if "currency" in beside else ""
    if name in _NAMED:
        return _NAMED[name]
    if "_count_" in name:
        return "count"
    if name.startswith("days_"):
        return "days"
    if kind.lower() == "timestamp":
        return "time, UTC"
    return next((unit for end, unit in _ENDINGS.items() if name.endswith(end)), "")


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def as_rows(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The dictionary for a machine."""
    return [asdict(entry) for entry in entries]


def as_text(entries: Iterable[Entry], form: str) -> str:
    """The dictionary as `html` or `md`; what models say is text in both."""
    template = Path(__file__).with_name(_TEMPLATES[form]).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=form == "html", trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("<", "&lt;")
    return environment.from_string(template).render(entries=list(entries), titles=_TITLES)
