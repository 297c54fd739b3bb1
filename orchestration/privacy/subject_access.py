"""Everything that is held of somebody (Art. 15), and the part that they may take elsewhere (Art. 20), as JSON and as a page.

Out of conformed tables, the golden record, marts and segments; each table with the categories of its columns and what
these are for. Nobody else's data: a household is an id, a company a name. Not here: who may ask (rights.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

from orchestration.privacy.catalogue import NONE, Category, Column, categories, read_catalogue
from orchestration.warehouse import quote

SCHEMA = Path(__file__).with_name("subject_access.schema.json")
VERSION = 1
# rows that name the person by the row they hang on
_CHILDREN = {
    "conformed_survey_answers": ("response_key", "conformed_survey_responses"),
    "conformed_order_items": ("order_key", "conformed_orders"),
}
_FIRST = (
    "marts.dim_customers",
    "conformed.conformed_people",
    "marts.contact_permissions",
    "conformed.conformed_consent_events",
)
# of registers, what is held of the person stands with the customer (dim_customers, customer_reservations)
_LEFT_OUT = ("conformed_reservations", "conformed_address_updates", "customer_identity_events")
_SOURCES = {"conformed": "the source system that each row names", "marts": "computed here from the above", "segments": "computed here from the above", "audiences": "computed here from the above", "identity": "chosen here among the source records"}  # fmt: skip


def export_subject(
    con: duckdb.DuckDBPyConnection, customer: str, received: datetime, kinds: Mapping[str, Category]
) -> dict[str, Any]:
    """The document about `customer` (today's id) that SCHEMA describes; times UTC. `received` begins the one-month clock,
    `kinds` are the categories of data as they are configured."""
    records = con.execute(
        "select source_system, source_key from identity.customer_source_records where customer_id = $1 and valid_to is null order by all",
        [customer],
    ).fetchall()
    con.execute("create or replace temp table subject_records (source_system varchar, source_key varchar)")
    con.executemany(
        "insert into subject_records values (?, ?)", [list(record) for record in records]
    ) if records else None
    tables: dict[tuple[str, str], list[Column]] = {}
    for column in read_catalogue():
        if column.schema not in ("bi", "quarantine") and column.table not in _LEFT_OUT:
            tables.setdefault((column.schema, column.table), []).append(column)
    data = [
        found for (schema, table), columns in tables.items() if (found := _table(con, customer, schema, table, columns))
    ]
    # who they are comes first, then what they said and did
    data.sort(key=lambda found: _FIRST.index(found["table"]) if found["table"] in _FIRST else len(_FIRST))
    due = con.execute("select ($1::timestamp + interval 1 month)::date", [received]).fetchall()[0][0]
    return {
        "version": VERSION,
        "customer_id": customer,
        "received_at": _plain(received),
        "due_on": _plain(due),
        "source_records": [f"{system}:{key}" for system, key in records],
        "your_rights": (
            "You may have errors corrected, data erased, their use restricted, object to marketing, take what you gave us elsewhere, "
            "and complain to your data protection authority."
        ),
        "categories": [
            {
                "category": c.category, "description": c.description, "purpose": c.purpose, "legal_basis": c.legal_basis,
                "retention_days": c.retention_days, "recipients": c.recipients,
            }
            for c in kinds.values()
        ],
        "data": data,
        "portable": [
            {"table": found["table"], "rows": found["rows"]} for found in data if found["is_portable"]
        ],
    }  # fmt: skip


def _table(
    con: duckdb.DuckDBPyConnection, customer: str, schema: str, table: str, columns: list[Column]
) -> dict[str, Any] | None:
    names = {column.column for column in columns}
    mine = "(select source_system, source_key from subject_records)"
    if table in _CHILDREN:
        key, parent = _CHILDREN[table]
        where = (
            f"(source_system, {key}) in (select (source_system, source_key) from {schema}.{parent} "
            f"where (person_system, person_key) in (select (source_system, source_key) from {mine}))"
        )
    elif table == "conformed_people":
        where = f"(source_system, source_key) in (select (source_system, source_key) from {mine})"
    elif {"person_system", "person_key"} <= names and schema == "conformed":
        where = f"(person_system, person_key) in (select (source_system, source_key) from {mine})"
    elif "customer_id" in names and not {"person_system", "person_key"} <= names:
        where = "customer_id = $customer"
    else:
        return None
    told = [column for column in columns if column.column not in ("load_id", "customer_key")]
    cursor = con.execute(
        f"select {', '.join(quote(column.column) for column in told)} from {quote(schema)}.{quote(table)} where {where} order by all",
        {"customer": customer} if "$customer" in where else None,
    )
    rows = [{c.column: _plain(value) for c, value in zip(told, row, strict=True)} for row in cursor.fetchall()]
    if not rows:
        return None
    kinds = sorted({column.category for column in told} - {NONE})
    return {
        "table": f"{schema}.{table}",
        "source": _SOURCES[schema],
        "categories": kinds,
        "is_portable": schema == "conformed" and any(categories()[kind].is_portable for kind in kinds),
        "columns": {c.column: {"category": c.category, "description": c.description} for c in told},
        "rows": rows,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def as_json(document: dict[str, Any]) -> str:
    """The document as text. Raises jsonschema.ValidationError where it is not what SCHEMA describes."""
    import jsonschema  # type: ignore[import-untyped]

    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What we hold about you</title>
<style>
 body { font: 15px/1.45 system-ui, sans-serif; color: #1d2733; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
 h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2.2rem }
 .scroll { overflow-x: auto } table { border-collapse: collapse; font-size: .88rem }
 th, td { border-bottom: 1px solid #d9e0e6; padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top }
 .quiet { color: #5b6a78 } .data td { white-space: nowrap }
</style></head><body>
<h1>What we hold about you</h1>
<p>Asked for on {{ d.received_at[:10] }}; to be answered by {{ d.due_on }}. {{ d.your_rights }}</p>
<h2>What it is for</h2>
<div class="scroll"><table><tr><th>kind</th><th>what</th><th>purpose</th><th>legal basis</th><th>kept</th><th>who receives it</th></tr>
{% for c in d.categories %}<tr><td>{{ c.category }}</td><td>{{ c.description }}</td><td>{{ c.purpose }}</td><td>{{ c.legal_basis }}</td>
<td>{{ c.retention_days }} days</td><td>{{ c.recipients }}</td></tr>{% endfor %}</table></div>
{% for t in d.data %}
<h2>{{ titled(t.table) }}</h2>
<p class="quiet">{{ t.categories | join(", ") }}; from {{ t.source }}{% if t.is_portable %}; you may take it elsewhere{% endif %}</p>
<div class="scroll"><table class="data"><tr>{% for name, c in t.columns.items() %}<th title="{{ c.description }}">{{ name | replace("_", " ") }}</th>{% endfor %}</tr>
{% for row in t.rows %}<tr>{% for name in t.columns %}<td>{{ said(row[name]) }}</td>{% endfor %}</tr>{% endfor %}</table></div>
{% endfor %}</body></html>
"""


def as_page(document: dict[str, Any]) -> str:
    """The document as one HTML file that a person can read; nothing is fetched."""
    page = Environment(autoescape=True).from_string(_PAGE)
    return page.render(d=document, titled=_titled, said=_said)


def _titled(table: str) -> str:
    name = table.split(".")[1]
    for prefix in ("conformed_", "dim_", "fct_", "bridge_"):
        name = name.removeprefix(prefix)
    return name.replace("_", " ").capitalize()


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(part) for part in _leaves(value) if part is not None)
    return (
        ""
        if value is None
        else {True: "yes", False: "no"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )


def _leaves(value: dict[str, Any]) -> Iterable[Any]:
    for part in value.values():
        yield from _leaves(part) if isinstance(part, dict) else [part]
