"""Rows that are somebody's where no conformed table says so: raw tables, quarantine, registers, what was noted here.

A row is theirs by their record's key; by a value that only they have, as a visitor's cookie; or, where its key is nobody's,
by an address, number or name with birth date that no other customer has. Not here: the document (subject_access.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from orchestration.match_keys import define_match_keys, name_key
from orchestration.person_settings import Person
from orchestration.privacy.noted import declared, raw_table
from orchestration.privacy.rights import OWNERS
from orchestration.privacy.set_aside import staged_pairs
from orchestration.privacy.suppressor import WRITTEN_EMAIL
from orchestration.settings import Settings
from orchestration.warehouse import has_table, key_text, quote, text

# (table, source, category, {column: description}, rows)
Found = tuple[str, str, str, dict[str, str], list[dict[str, Any]]]
MINE = "(select (source_system, source_key) from subject_records)"
_OTHERS = "(select (source_system, source_key) from owners where customer_id <> $customer)"
_KEY = "(select value from subject_keys where kind = '{kind}')"
_NAME = name_key("given_name", "family_name", "birth_date")
_DELIVERED, _NOTED = "the source system, as it delivered it", "noted here, as you or your representative said it"
# an unreadable line may hold many people: of those with one address it is known whose they are
_LONGEST_LINE = 2000
_WORDS = ("objections", "restrictions", "corrections")
_REMEMBERED = "kept here, so that what you said stands whatever the source does"
# by record, or by an address or number that only they have
_LEDGER = f"""
(person_system, person_key) in {MINE} or person_key is null and (
    match_keys.email_key(contact_point) in {_KEY.format(kind="email")}
    or contact_point in (select phone from identity.phone_numbers where phone_key in {_KEY.format(kind="phone")}))
"""


def note_subject(con: duckdb.DuckDBPyConnection, settings: Settings, customer: str) -> None:
    """Makes the temp tables `subject_records`, of the customer's records, gone ones too, and `subject_keys`, of what only the
    customer is known by."""
    define_match_keys(con)
    con.execute(OWNERS)
    con.execute(
        "create or replace temp table subject_records as select source_system, source_key from owners where customer_id = $customer",
        {"customer": customer},
    )
    con.execute("create or replace temp table subject_keys (kind varchar, value varchar)")
    for kind in ("email", "phone"):
        mine = f"select {kind}_key from identity.normalised_people where {kind}_key is not null and (source_system, source_key)"
        con.execute(
            f"insert into subject_keys select distinct '{kind}', {kind}_key from ({mine} in {MINE}) where {kind}_key not in ({mine} in {_OTHERS})",
            {"customer": customer},
        )
    names = f"select {_NAME} as key from conformed.conformed_people where {_NAME} is not null and (source_system, source_key)"
    con.execute(
        f"insert into subject_keys select distinct 'name', key from ({names} in {MINE}) where key not in ({names} in {_OTHERS})",
        {"customer": customer},
    )
    for source, name, person in declared(settings):
        if person.key and has_table(con, f"raw_{source}", name):
            for column in person.own:
                # signed in; of others too where a device is shared
                key = key_text(person.key_columns)
                of = f"from {raw_table(source, name)} where {quote(column)} is not null and {key} is not null and ({text(person.system or source)}, {key})"
                value = f"{text(f'{source}.{column}:')} || {quote(column)}::varchar"
                con.execute(
                    f"insert into subject_keys select distinct 'own', {value} {of} in {MINE} and {value} not in (select {value} {of} not in {MINE})"
                )


def raw_rows(con: duckdb.DuckDBPyConnection, settings: Settings, customer: str) -> Iterator[Found]:
    """Of each raw table the rows that are theirs, with every column that it has, declared or not."""
    for source, spec in settings.sources.items():
        for name, table in spec.tables.items():
            if not table.whose or not has_table(con, f"raw_{source}", name):
                continue
            conditions = [c for person in table.whose if (c := _is_theirs(con, source, person))]
            columns = [
                (column, kind)
                for column, kind, *_ in con.execute(f"describe {raw_table(source, name)}").fetchall()
                if not column.startswith("_") or column in ("_extracted_at", "_deleted_at")
            ]
            where = " or ".join(conditions) or "false"
            rows = _rows(con, raw_table(source, name), [column for column, _ in columns], where, customer)
            category = table.retention.category if table.retention else "identity"
            if rows:
                yield f"raw_{source}.{name}", _DELIVERED, category, {column: _DELIVERED for column, _ in columns}, rows


def _is_theirs(con: duckdb.DuckDBPyConnection, source: str, person: Person) -> str:
    """SQL on a raw row; empty where nothing of it says whose it is."""
    record = f"({text(person.system or source)}, {key_text(person.key_columns)})" if person.key else ""
    own = [f"{text(f'{source}.{c}:')} || {quote(c)}::varchar in {_KEY.format(kind='own')}" for c in person.own]
    points = [f"match_keys.email_key({quote(c)}::varchar) in {_KEY.format(kind='email')}" for c in person.email]
    if has_table(con, "identity", "phone_numbers"):
        spelled = f"(select phone from identity.phone_numbers where phone_key in {_KEY.format(kind='phone')})"
        points += [f"{quote(c)}::varchar in {spelled}" for c in person.phone]
    if person.given_name and person.family_name and person.birth_date:
        key = name_key(quote(person.given_name), quote(person.family_name), quote(person.birth_date))
        points.append(f"{key} in {_KEY.format(kind='name')}")
    found = [f"{record} in {MINE}"] if record else []
    if own or points:
        nobodys = f"coalesce({record} not in {_OTHERS}, true) and " if record else ""
        found.append(f"({nobodys}({' or '.join([*own, *points])}))")
    return " or ".join(found)


def set_aside_rows(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """What was set aside of theirs, and why; the rows themselves stand in raw. And unreadable lines with their address."""
    if has_table(con, "quarantine", "quarantined_rows"):
        columns = ["source_system", "entity", "source_key", "reason", "extracted_at"]
        rows: list[dict[str, Any]] = []
        for source, entity in staged_pairs(con):
            staged = f'staging."stg_{source}__{entity}"'
            has = {column for column, *_ in con.execute(f"describe {staged}").fetchall()}
            whose = "(source_system, source_key)" if entity == "people" else "(person_system, person_key)"
            if entity != "people" and not {"person_system", "person_key"} <= has:
                continue
            keys = f"(select source_key from {staged} where {whose.replace('source_system', text(source))} in {MINE})"
            where = f"source_system = {text(source)} and entity = {text(entity)} and source_key in {keys}"
            rows += _rows(con, "quarantine.quarantined_rows", columns, where)
        if rows:
            yield "quarantine.quarantined_rows", "set aside here", "pseudonym", dict.fromkeys(columns, "why a row was set aside"), rows  # fmt: skip
    columns = ["source", "table_name", "reason", "content"]
    addresses = f"regexp_extract_all(content, {text(WRITTEN_EMAIL)})"
    where = f"length(content) <= {_LONGEST_LINE} and len({addresses}) = 1 and match_keys.email_key({addresses}[1]) in {_KEY.format(kind='email')}"
    if has_table(con, "quarantine", "rejected_rows") and (rows := _rows(con, "quarantine.rejected_rows", columns, where)):  # fmt: skip
        yield "quarantine.rejected_rows", "a line that could not be read", "contact", dict.fromkeys(columns, _DELIVERED), rows  # fmt: skip


def noted_rows(con: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """Objections, restrictions and corrections that were noted here, the ledger of withdrawals, and points that records had."""
    for name in _WORDS:
        if not has_table(con, "identity", name):
            continue
        columns = [column for column, *_ in con.execute(f"describe identity.{name}").fetchall()]
        if rows := _rows(con, f"identity.{name}", columns, f"(source_system, source_key) in {MINE}"):
            yield f"identity.{name}", _NOTED, "consent", dict.fromkeys(columns, _NOTED), rows
    for name, where, category in (
        ("withdrawals", _LEDGER, "consent"),
        ("held_points", f"(person_system, person_key) in {MINE}", "contact"),
    ):
        if has_table(con, "identity", name) and has_table(con, "identity", "phone_numbers"):
            columns = [
                column for column, *_ in con.execute(f"describe identity.{name}").fetchall() if column != "load_id"
            ]
            if rows := _rows(con, f"identity.{name}", columns, where):
                yield f"identity.{name}", "kept here", category, dict.fromkeys(columns, _REMEMBERED), rows


def _rows(
    con: duckdb.DuckDBPyConnection, relation: str, columns: list[str], where: str, customer: str = ""
) -> list[dict[str, Any]]:
    cursor = con.execute(
        f"select {', '.join(map(quote, columns))} from {relation} where {where} order by all",
        {"customer": customer} if "$customer" in where else None,
    )
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
