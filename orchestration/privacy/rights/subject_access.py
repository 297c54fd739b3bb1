"""Everything that is held of somebody (Art. 15), and the part that they may take elsewhere (Art. 20), as JSON and as a page.

Out of raw and conformed tables, quarantine, registers, the golden record, marts and segments; each table with the categories
of its columns and what these are for; who received it. Nobody else's data: a household is an id, a company a name.
Not here: who may ask (subjects.py), whose rows those are that no conformed table has (subject_rows.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

from orchestration.contracts.person_rows import children, named_by_birth
from orchestration.core.settings import Settings
from orchestration.core.warehouse import quote, scalar
from orchestration.match_keys import name_keys
from orchestration.privacy.audit.catalogue import NONE, Category, Column, categories, read_catalogue
from orchestration.privacy.audit.exports import exports_with, held_out_of
from orchestration.privacy.audit.log import subject_hash
from orchestration.privacy.intake.raw_people import Unresolved
from orchestration.privacy.rights.holds import holds_of
from orchestration.privacy.rights.phrases import LANGUAGES, authority_of, language_of, phrases
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.rights.subject_conditions import IS_SAID, names_them, rows_of
from orchestration.privacy.rights.subject_keys import KNOWN_BY, LISTED, MINE, note_subject
from orchestration.privacy.rights.subject_rows import Found, noted_rows, raw_rows, set_aside_rows, stored_segments
from orchestration.privacy.secrets.pepper import Pepper

SCHEMA = Path(__file__).with_name("subject_access.schema.json")
_PAGE = Path(__file__).with_name("subject_access.html.jinja")
VERSION = 3
_FIRST = (
    "marts.dim_customers",
    "conformed.conformed_people",
    "marts.contact_permissions",
    "conformed.conformed_consent_events",
)
# their splits and merges name other people's ids; what changed in a history that is told whole
_LEFT_OUT = ("customer_identity_events", "segment_changes")
# an entry of a register names nobody by a key. Theirs is what matched them; of a household's entry with another given name it is not theirs
_OF_REGISTER = (
    "source_key in (select reservation_key from marts.customer_reservations where customer_id = $customer) "
    "and (given_name is null or match_keys.words_key(given_name) in (select match_keys.words_key(given_name) from conformed.conformed_people "
    f"where (source_system, source_key) in {MINE}))"
)
_OF_VISITOR = "(source_system || '.visitor_id:' || visitor_key) in (select value from subject_keys where kind = 'own')"
_OF_NAME = f"list_has_any({name_keys('given_name', 'family_name', 'birth_date')}, {LISTED.format(kind='name')})"
_PROFILING = (
    "We sort customers by when they last bought, how often and for how much, and by how long ago anything was heard of them, "
    "and estimate from their history what they will do, such as whether they buy again. "
    "It decides which offers suit, and nothing with legal effect; a person decides everything else. You may object to it."
)
_SOURCES = {"conformed": "the source system that each row names", "marts": "computed here from the above", "segments": "computed here from the above", "insight": "computed here from the above", "audiences": "computed here from the above", "identity": "chosen here among the source records"}  # fmt: skip


def export_subject(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    pepper: Pepper,
    whom: str | Unresolved,
    received: datetime,
    kinds: Mapping[str, Category],
    language: str = "",
) -> dict[str, Any]:
    """The document about a customer (today's id), or who is none (named.py), that SCHEMA describes; times UTC. `received` begins the one-month clock,
    `kinds` are the categories of data as they are configured. Unless given, the language is that of their country."""
    note_subject(con, settings, whom)
    customer = whom if isinstance(whom, str) else ""
    records = con.execute("from subject_records order by all").fetchall()
    country = scalar(
        con, f"select any_value(match_keys.country_code(country_code)) from conformed.conformed_people where (source_system, source_key) in {MINE}"
    )  # fmt: skip
    tables: dict[tuple[str, str], list[Column]] = {}
    for column in read_catalogue():
        if column.schema not in ("bi", "bi_open", "quarantine") and column.table not in _LEFT_OUT:
            tables.setdefault((column.schema, column.table), []).append(column)
    there = set(con.execute(_RELATIONS).fetchall())
    data = [
        found
        for (schema, table), columns in tables.items()
        if (schema, table) in there and (found := _table(con, settings, customer, schema, table, columns))
    ]
    beside = [*set_aside_rows(con, settings), *noted_rows(con, settings), *raw_rows(con, settings, customer)]
    ids = [customer, *(old for (old,) in con.execute(_FORMER, {"customer": customer}).fetchall())]
    data += [
        _beside(*found) for found in (*beside, *_holds(con, pepper, customer, received), *stored_segments(con, ids))
    ]
    if not isinstance(whom, str):
        ids = [whom.handle]
    data += [_beside(*found) for found in _held_out(con, pepper, ids)]
    # who they are comes first, then what they said and did
    data.sort(key=lambda found: _FIRST.index(found["table"]) if found["table"] in _FIRST else len(_FIRST))
    due = con.execute("select ($1::timestamp + interval 1 month)::date", [received]).fetchall()[0][0]
    return {
        "version": VERSION,
        "customer_id": customer or None,
        "received_at": _plain(received),
        "due_on": _plain(due),
        "language": language or language_of(country),
        "controller": settings.privacy.controller or settings.company,
        "officer": settings.privacy.officer,
        "authority": authority_of(country),
        "profiling": _PROFILING,
        "recipients": exports_with(con, pepper, ids),
        "requests": _requests(con, pepper, ids),
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
    con: duckdb.DuckDBPyConnection, settings: Settings, customer: str, schema: str, table: str, columns: list[Column]
) -> dict[str, Any] | None:
    # a table of before an update lacks what it got since
    there = {column for column, *_ in con.execute(f"describe {quote(schema)}.{quote(table)}").fetchall()}
    columns = [column for column in columns if column.column in there]
    names = {column.column for column in columns}
    mine = "(select source_system, source_key from subject_records)"
    points: tuple[str, ...] = ()
    entity = table.removeprefix("conformed_") if schema == "conformed" else ""
    if entity in children():
        key, parent = children()[entity]
        where = (
            f"(source_system, {key}) in (select (source_system, source_key) from conformed.conformed_{parent} "
            f"where (person_system, person_key) in (select (source_system, source_key) from {mine}))"
        )
    elif entity == "people":
        where = f"(source_system, source_key) in (select (source_system, source_key) from {mine})"
    elif {"person_system", "person_key"} <= names and schema == "conformed":
        where = IS_SAID
        if "contact_point" in names:
            # what was said by an address or number alone
            named = names_them(con, settings, f"{schema}.{table}", "contact_point")
            where, points = f"{where} or person_key is null and {named}", ("contact_point",)
    elif {"person_system", "person_key"} <= names and schema == "insight":
        # of who is no customer too; facts of marts are the conformed rows again
        where = f"customer_id = $customer or {IS_SAID}"
    elif "customer_id" in names and not {"person_system", "person_key"} <= names:
        where = "customer_id = $customer"
    else:
        where = "false"
    if beside := _beside_records(entity, names):
        where = f"({where}) or ({beside})"
    elif where == "false":
        return None
    told = [column for column in columns if column.column not in ("load_id", "customer_key")]
    relation = f"{quote(schema)}.{quote(table)}"
    found = rows_of(con, relation, [c.column for c in told], where, customer, points=points, whole=IS_SAID if points else "false")  # fmt: skip
    rows = [{column: _plain(value) for column, value in row.items()} for row in found]
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


def _beside_records(entity: str, columns: Collection[str]) -> str:
    """SQL on a row that may be theirs though no record of theirs is beside it: whether it is; empty where none is."""
    if entity in named_by_birth():
        return _OF_NAME
    if entity == "reservations":
        return _OF_REGISTER
    return _OF_VISITOR if "visitor_key" in columns else ""


_RELATIONS = "select table_schema, table_name from information_schema.tables where table_catalog = current_database()"
_FORMER = "select old_customer_id from identity.customer_id_redirects where customer_id = $customer"


def _beside(
    table: str, source: str, category: str, columns: dict[str, str], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "table": table,
        "source": source,
        "categories": [category],
        "is_portable": False,
        "columns": {column: {"category": category, "description": said} for column, said in columns.items()},
        "rows": [{column: _plain(value) for column, value in row.items()} for row in rows],
    }


_HOLD = "data that the law keeps from being erased (Art. 17(3)), and until when"


_HELD_OUT = "files that left you out at random, so that what they bring about can be measured"


def _holds(con: duckdb.DuckDBPyConnection, pepper: Pepper, customer: str, received: datetime) -> Iterator[Found]:
    """Legal holds that stand; not who placed them."""
    found = holds_of(con, pepper, customer, KNOWN_BY, received.date())
    if found:
        columns = ("ground", "note", "until_on", "placed_at")
        rows = [{column: getattr(hold, column) for column in columns} for hold in found]
        yield "restricted.legal_holds", _HOLD, "identity", dict.fromkeys(columns, _HOLD), rows


def _held_out(con: duckdb.DuckDBPyConnection, pepper: Pepper, ids: Sequence[str]) -> Iterator[Found]:
    rows = [{"what": what, "exported_at": at} for what, at in held_out_of(con, pepper, ids)]
    if rows:
        columns = dict.fromkeys(("what", "exported_at"), _HELD_OUT)
        yield "restricted.held_out", "computed here from the above", "pseudonym", columns, rows


def _requests(con: duckdb.DuckDBPyConnection, pepper: Pepper, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Their earlier requests: what they asked for, when, and what became of it."""
    prepare_requests(con)
    said = "select kind, received_at, coalesce(extended_to, due_on), state, closed_at from restricted.rights_requests where list_contains($subjects, subject) order by 2"
    cursor = con.execute(said, {"subjects": [subject_hash(pepper, customer) for customer in ids]})
    names = ("kind", "received_at", "due_on", "state", "closed_at")
    return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


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


def as_page(document: dict[str, Any]) -> str:
    """The document as one HTML file that a person can read, in their language; nothing is fetched."""
    words = phrases(document["language"]) if document["language"] in LANGUAGES else {}

    def in_words(english: str) -> str:
        return words.get(english, english)

    def said(value: Any) -> str:
        return in_words("yes" if value else "no") if isinstance(value, bool) else _said(value)

    page = Environment(autoescape=True).from_string(_PAGE.read_text(encoding="utf-8"))
    return page.render(d=document, t=in_words, titled=_titled, said=said)


def _titled(table: str) -> str:
    name = table.split(".")[1]
    for prefix in ("conformed_", "dim_", "fct_", "bridge_"):
        name = name.removeprefix(prefix)
    return name.replace("_", " ").capitalize()


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(str(part) for part in _leaves(value) if part is not None)
    return "" if value is None else str(value)


def _leaves(value: dict[str, Any]) -> Iterable[Any]:
    for part in value.values():
        yield from _leaves(part) if isinstance(part, dict) else [part]
