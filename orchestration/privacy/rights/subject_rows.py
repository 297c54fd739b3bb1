"""Rows that are somebody's where no conformed table says so: raw tables, quarantine, registers, what was noted here.

Of a field that names others too, only their part is told. Not here: which rows those are (subject_conditions.py), the document
(subject_access.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from orchestration.core.settings import Settings, Table
from orchestration.core.warehouse import has_relation, has_table, json_path, quote, scalar, text
from orchestration.privacy.intake.raw_people import declared, raw_table, standing
from orchestration.privacy.intake.request_words import SOURCE
from orchestration.privacy.intake.set_aside import staged_pairs
from orchestration.privacy.rights.subject_conditions import (
    IS_SAID,
    is_theirs,
    names_them,
    rows_of,
)
from orchestration.privacy.rights.subject_keys import LISTED, MINE, VALUES, is_record

# (table, source, category, {column: description}, rows)
Found = tuple[str, str, str, dict[str, str], list[dict[str, Any]]]
_DELIVERED, _NOTED = "the source system, as it delivered it", "noted here, as you or your representative said it"
# an unreadable line may hold many people: of those with one address it is known whose they are
_LONGEST_LINE = 2000
# rejected lines with the addresses of each, which are slow to plan and stand in the plan once
_LINES = "(select *, rowid as row_number, list_distinct(match_keys.email_readings(content)) as addresses from quarantine.rejected_rows)"
_THEIRS_OF_LINE = f"list_intersect(addresses, {LISTED.format(kind='email')})"
_WORDS = ("objections", "restrictions", "corrections")
_STORED = "kept, and not used while the use of your data is restricted"
_REMEMBERED = "kept here, so that what you said stands whatever the source does"


def has_any(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Whether anything is held of the noted subject, who is not a customer, but for what they asked for."""
    for source, name, _, where in _in_raw(con, settings):
        values = {"customer": ""} if "$customer" in where else None
        if (source, name) != (SOURCE, SOURCE) and scalar(
            con, f"select exists (from {raw_table(source, name)} where {where})", values
        ):
            return True
    return any(True for _ in set_aside_rows(con, settings))


def raw_rows(con: duckdb.DuckDBPyConnection, settings: Settings, customer: str) -> Iterator[Found]:
    """Of each raw table the rows that are theirs, with every column that it has, declared or not."""
    for source, name, table, where in _in_raw(con, settings):
        columns = [
            (column, kind)
            for column, kind, *_ in con.execute(f"describe {raw_table(source, name)}").fetchall()
            if not column.startswith("_") or column in ("_extracted_at", "_deleted_at")
        ]
        points = [
            column
            for column, kind in columns
            if kind == "VARCHAR" and any(column in (*person.email, *person.phone) for person in table.whose)
        ]
        rows = rows_of(
            con,
            raw_table(source, name),
            [column for column, _ in columns],
            where,
            customer,
            points=points,
            whole=" or ".join(is_record(source, person) for person in table.whose if person.key) or "false",
        )
        category = table.retention.category if table.retention else "identity"
        if rows:
            yield f"raw_{source}.{name}", _DELIVERED, category, {column: _DELIVERED for column, _ in columns}, rows


def _in_raw(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[str, str, Table, str]]:
    """(source, table, its declaration, SQL on a row: whether it is theirs) of each raw table that has a row."""
    for (source, name), has_rows in standing(con, settings).items():
        table = settings.sources[source].tables[name]
        if has_rows:
            conditions = [c for person in table.whose if (c := is_theirs(con, settings, source, name, person))]
            yield source, name, table, " or ".join(conditions) or "false"


def set_aside_rows(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Found]:
    """What was set aside of theirs, and why; the rows themselves stand in raw. And unreadable lines with their address or key."""
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
            rows += rows_of(con, "quarantine.quarantined_rows", columns, where)
        if rows:
            yield "quarantine.quarantined_rows", "set aside here", "pseudonym", dict.fromkeys(columns, "why a row was set aside"), rows  # fmt: skip
    if not has_table(con, "quarantine", "rejected_rows"):
        return
    columns = ["source", "table_name", "reason", "content"]
    is_named, is_theirs = f"(len({_THEIRS_OF_LINE}) > 0 or {_has_number()})", _is_their_line(settings)
    # of a line that names others too, or may, only their part
    part = f"case when {is_theirs} then content else array_to_string({_THEIRS_OF_LINE}, '; ') end as content"
    told = f"(select * replace ({part}) from {_LINES} where {is_theirs} or {is_named})"
    if rows := rows_of(con, told, columns, "true"):
        yield "quarantine.rejected_rows", "a line that could not be read", "contact", dict.fromkeys(columns, _DELIVERED), rows  # fmt: skip


def _has_number() -> str:
    """SQL on a rejected line: whether the digits of a number of theirs stand in it, as erasure looks for them."""
    return f"exists (select 1 from ({VALUES.format(kind='phone')}) v where match_keys.has_phone_tail(content, v.value))"


def _is_their_line(settings: Settings) -> str:
    """SQL on a rejected line: it names them by an address, or as an object by their record's key, and nobody else by an address."""
    named = ["len(addresses) > 0"]
    for source, name, person in declared(settings):
        if person.key:
            # a JSON function would end the query at a line that is broken, in whatever order filters come
            document = "case when json_valid(content) then content end"
            fields = ", ".join(
                f"json_extract_string({document}, {text(json_path(c))}) as {quote(c)}" for c in person.key_columns
            )
            lines = f"select rowid as row_number, {fields} from quarantine.rejected_rows where source = {text(source)} and table_name = {text(name)}"
            named.append(f"row_number in (select row_number from ({lines}) where {is_record(source, person)})")
    return f"length(content) <= {_LONGEST_LINE} and len({_THEIRS_OF_LINE}) = len(addresses) and ({' or '.join(named)})"


def noted_rows(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Found]:
    """Objections, restrictions and corrections that were noted here, the ledger of withdrawals, and points that records had."""
    for name in _WORDS:
        if not has_table(con, "identity", name):
            continue
        columns = [column for column, *_ in con.execute(f"describe identity.{name}").fetchall()]
        if rows := rows_of(con, f"identity.{name}", columns, f"(source_system, source_key) in {MINE}"):
            yield f"identity.{name}", _NOTED, "consent", dict.fromkeys(columns, _NOTED), rows
    for name, category in (("withdrawals", "consent"), ("held_points", "contact"), ("former_people", "identity")):
        if not has_table(con, "identity", name):
            continue
        where, points = IS_SAID, []
        if name == "withdrawals":
            # by record, or by an address or number that only they have
            named = names_them(con, settings, "identity.withdrawals", "contact_point")
            where, points = f"{IS_SAID} or person_key is null and {named}", ["contact_point"]
        columns = [column for column, *_ in con.execute(f"describe identity.{name}").fetchall() if column != "load_id"]
        if rows := rows_of(con, f"identity.{name}", columns, where, points=points, whole=IS_SAID):
            yield f"identity.{name}", "kept here", category, dict.fromkeys(columns, _REMEMBERED), rows


def stored_segments(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Iterator[Found]:
    """Memberships of segments that are kept and that no mart shows: of whoever is restricted."""
    if not has_table(con, "identity", "segment_memberships"):
        return
    columns = ("scheme", "segment", "entered_at", "left_at")
    theirs = "where list_contains($ids, customer_id)"
    kept = f"select {', '.join(columns)} from identity.segment_memberships {theirs}"
    if has_relation(con, "segments", "segment_membership_history"):
        kept += f" and not exists (select 1 from segments.segment_membership_history {theirs})"
    rows = [
        dict(zip(columns, row, strict=True)) for row in con.execute(f"{kept} order by all", {"ids": [*ids]}).fetchall()
    ]
    if rows:
        yield (
            "identity.segment_memberships",
            "computed here from the above",
            "derived",
            dict.fromkeys(columns, _STORED),
            rows,
        )
