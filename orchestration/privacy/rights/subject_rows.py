"""Rows that are somebody's where no conformed table says so: raw tables, quarantine, registers, what was noted here.

A row is theirs by their record's key; by a value that only they have, as a visitor's cookie; or, where its key is nobody's,
by an address, number or name with birth date that no other customer has, in any reading, as erasure finds it. Of a field that names
others too, only their part is told. Not here: the document (subject_access.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from orchestration.core.settings import Settings, Table
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_relation, has_table, json_path, key_text, quote, scalar, text
from orchestration.match_keys import all_name_keys, define_match_keys
from orchestration.privacy.intake.known_points import read_points
from orchestration.privacy.intake.noted import names_of, names_record
from orchestration.privacy.intake.raw_people import (
    Unresolved,
    declared,
    note_raw_people,
    others_named,
    raw_table,
    standing,
)
from orchestration.privacy.intake.request_words import SOURCE
from orchestration.privacy.intake.set_aside import staged_pairs
from orchestration.privacy.intake.spelled_numbers import is_spelled
from orchestration.privacy.rights.erased_points import addresses_in
from orchestration.privacy.rights.subjects import OWNERS

# (table, source, category, {column: description}, rows)
Found = tuple[str, str, str, dict[str, str], list[dict[str, Any]]]
MINE = "(select (source_system, source_key) from subject_records)"
_OTHERS = "(select (source_system, source_key) from owners where customer_id <> $customer)"
# a statement names their record, in any spelling of its key
IS_SAID = names_record("person_system", "person_key", "subject")
_VALUES = "select value from subject_keys where kind = '{kind}'"
# whatever they are known by, (kind, value), as a legal hold keeps it
KNOWN_BY = "select kind, value from subject_keys union select 'record', source_system || ':' || source_key from subject_records"
# the same as a list
LISTED = "(select coalesce(list(value), []::varchar[]) from subject_keys where kind = '{kind}')"
_NAMES = all_name_keys("given_name", "family_name", "full_name", "birth_date")
# of somebody who had a record's key before it was another's: whether it was them
_IS_FORMER = (
    f"email_key in ({_VALUES.format(kind='email')}) or phone_key in ({_VALUES.format(kind='phone')}) "
    f"or list_has_any({all_name_keys('given_key', 'family_key', 'null::varchar', 'birth_date')}, {LISTED.format(kind='name')})"
)
# every point that a record of theirs has, or that they spoke of by its key
_POINTS = {
    ("conformed", "conformed_people"): f"select unnest([email, phone]) as point, country_code from conformed.conformed_people where (source_system, source_key) in {MINE}",
    ("conformed", "conformed_consent_events"): f"select contact_point, null from conformed.conformed_consent_events where (person_system, person_key) in {MINE}",
    ("conformed", "conformed_email_events"): f"select contact_point, null from conformed.conformed_email_events where (person_system, person_key) in {MINE}",
    ("identity", "withdrawals"): f"select contact_point, null from identity.withdrawals where (person_system, person_key) in {MINE}",
}  # fmt: skip
_OTHERS_HAVE = f"from conformed.conformed_people where (source_system, source_key) in {_OTHERS}"
_DELIVERED, _NOTED = "the source system, as it delivered it", "noted here, as you or your representative said it"
# an unreadable line may hold many people: of those with one address it is known whose they are
_LONGEST_LINE = 2000
_ADDRESSES = "list_distinct(match_keys.email_readings(content))"
_WORDS = ("objections", "restrictions", "corrections")
_STORED = "kept, and not used while the use of your data is restricted"
_REMEMBERED = "kept here, so that what you said stands whatever the source does"


def note_subject(con: duckdb.DuckDBPyConnection, settings: Settings, whom: str | Unresolved) -> None:
    """Makes the temp tables `subject_records`, of the customer's records, gone ones too, and `subject_keys`, of what only the
    customer is known by. Of who is not a customer, of their records; `unresolved_people` (named.py) is there then."""
    customer, unresolved = (whom, None) if isinstance(whom, str) else ("", whom)
    define_match_keys(con)
    con.execute(OWNERS)
    con.execute(
        "create or replace temp table subject_records as select source_system, source_key from owners where customer_id = $customer",
        {"customer": customer},
    )
    for record in unresolved.records if unresolved else ():
        con.execute("insert into subject_records values (?, ?)", record)
    note_raw_people(con, settings, "subject_raw_people", _is_record)
    con.execute("create or replace temp table subject_keys (kind varchar, value varchar)")
    _note_points(con, settings, customer, unresolved)
    con.execute(
        f"insert into subject_keys with theirs as (select distinct unnest({_NAMES}) as key from conformed.conformed_people "
        f"where (source_system, source_key) in {MINE} union select distinct unnest({_NAMES}) from subject_raw_people), others as (select distinct unnest({_NAMES}) as key {_OTHERS_HAVE}) "
        "select 'name', key from theirs where key not in (from others)",
        {"customer": customer},
    )
    if has_table(con, "identity", "former_people"):
        con.execute(
            f"insert into subject_records select person_system, person_key from identity.former_people where {_IS_FORMER}"
        )
    raw = standing(con, settings)
    for source, name, person in declared(settings):
        if person.key and raw.get((source, name)):
            for column in person.own:
                # signed in; of others too where a device is shared
                key = key_text(person.key_columns)
                of = f"from {raw_table(source, name)} where {quote(column)} is not null and {key} is not null and ({text(person.system or source)}, {key})"
                value = f"{text(f'{source}.{column}:')} || {quote(column)}::varchar"
                con.execute(
                    f"insert into subject_keys select distinct 'own', {value} {of} in {MINE} and {value} not in (select {value} {of} not in {MINE})"
                )


def _note_points(
    con: duckdb.DuckDBPyConnection, settings: Settings, customer: str, unresolved: Unresolved | None
) -> None:
    """Their addresses and numbers in every reading, but for those that another customer's record may name too."""
    said = ", ".join(map(text, unresolved.points if unresolved else ()))
    points = [
        *(sql for table, sql in _POINTS.items() if has_table(con, *table)),
        "select unnest(points), country_code from subject_raw_people",
        f"select unnest([{said}]::varchar[]), null",
    ]
    others = f"select email, phone, country_code {_OTHERS_HAVE}"
    if unresolved:
        others += f" union all {others_named(MINE)}"
    read_points(con, settings.identity.default_country, " union ".join(points), others, {"customer": customer})
    con.execute("insert into subject_keys select kind, value from points_and_sharing where not is_shared")
    con.execute("drop table points_and_sharing")


def has_any(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Whether anything is held of the noted subject, who is not a customer, but for what they asked for."""
    for source, name, _, where in _in_raw(con, settings):
        values = {"customer": ""} if "$customer" in where else None
        if (source, name) != (SOURCE, SOURCE) and scalar(
            con, f"select exists (from {raw_table(source, name)} where {where})", values
        ):
            return True
    return any(True for _ in set_aside_rows(con, settings))


def names_them(
    con: duckdb.DuckDBPyConnection, settings: Settings, relation: str, column: str, person: Person | None = None
) -> str:
    """SQL: whether a contact point, a column of `relation`, names an address or a number that only they have."""
    address = f"list_has_any({addresses_in(f'{quote(column)}::varchar')}, {LISTED.format(kind='email')})"
    numbers = is_spelled(con, relation, person or Person(), column, settings.identity.default_country, _VALUES.format(kind="phone"))  # fmt: skip
    return f"({address} or {numbers})" if numbers else address


def their_part(con: duckdb.DuckDBPyConnection, column: str) -> str:
    """SQL: of a contact point that names several, the addresses and numbers that only they have; any other as it is."""
    emails, tails = (
        f"[{', '.join(text(value) for (value,) in con.execute(f'select distinct {of} from ({_VALUES.format(kind=kind)}) order by 1').fetchall())}]::varchar[]"
        for kind, of in (("email", "value"), ("phone", "right(value, 7)"))
    )
    written = f"{quote(column)}::varchar"
    addresses = addresses_in(written)
    parts = f"match_keys.phone_parts(match_keys.bare_phone(match_keys.beside_addresses({written})))"
    numbers = f"list_filter(list_transform({parts}, lambda p: trim(p)), lambda p: length(match_keys.digits_in(p)) >= 5)"
    mine = (
        f"list_concat(list_filter(list_distinct({addresses}), lambda a: list_contains({emails}, a)), "
        f"list_filter({numbers}, lambda p: len(list_filter({tails}, lambda t: contains(match_keys.digits_in(p), t))) > 0))"
    )
    return f"case when len(list_distinct({addresses})) + len({numbers}) > 1 then array_to_string({mine}, '; ') else {written} end"


def raw_rows(con: duckdb.DuckDBPyConnection, settings: Settings, customer: str) -> Iterator[Found]:
    """Of each raw table the rows that are theirs, with every column that it has, declared or not."""
    for source, name, table, where in _in_raw(con, settings):
        columns = [
            (column, kind)
            for column, kind, *_ in con.execute(f"describe {raw_table(source, name)}").fetchall()
            if not column.startswith("_") or column in ("_extracted_at", "_deleted_at")
        ]
        told = {
            column: _told(con, source, table.whose, column)
            for column, kind in columns
            if kind == "VARCHAR" and any(column in (*person.email, *person.phone) for person in table.whose)
        }
        rows = _rows(con, raw_table(source, name), [column for column, _ in columns], where, customer, told)
        category = table.retention.category if table.retention else "identity"
        if rows:
            yield f"raw_{source}.{name}", _DELIVERED, category, {column: _DELIVERED for column, _ in columns}, rows


def _in_raw(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[str, str, Table, str]]:
    """(source, table, its declaration, SQL on a row: whether it is theirs) of each raw table that has a row."""
    for (source, name), has_rows in standing(con, settings).items():
        table = settings.sources[source].tables[name]
        if has_rows:
            conditions = [c for person in table.whose if (c := _is_theirs(con, settings, source, name, person))]
            yield source, name, table, " or ".join(conditions) or "false"


def _told(con: duckdb.DuckDBPyConnection, source: str, whose: list[Person], column: str) -> str:
    """SQL: a contact point of a raw row, whole where the row is theirs by its key."""
    keyed = [_is_record(source, person) for person in whose if person.key]
    part = their_part(con, column)
    return f"case when {' or '.join(keyed)} then {quote(column)} else {part} end" if keyed else part


def _is_record(source: str, person: Person) -> str:
    system = person.system or source
    theirs = f"select match_keys.record_key(source_key) from subject_records where source_system = {text(system)}"
    return f"coalesce(match_keys.record_key({key_text(person.key_columns)}) in ({theirs}), false)"


def _is_theirs(con: duckdb.DuckDBPyConnection, settings: Settings, source: str, name: str, person: Person) -> str:
    """SQL on a raw row; empty where nothing of it says whose it is."""
    own = [f"{text(f'{source}.{c}:')} || {quote(c)}::varchar in ({_VALUES.format(kind='own')})" for c in person.own]
    raw = raw_table(source, name)
    points = [names_them(con, settings, raw, c, person) for c in dict.fromkeys([*person.email, *person.phone])]
    if names := names_of(person):
        points.append(f"coalesce(list_has_any({names}, {LISTED.format(kind='name')}), false)")
    found = [_is_record(source, person)] if person.key else []
    if own or points:
        system = person.system or source
        theirs = f"select match_keys.record_key(source_key) from owners where customer_id <> $customer and source_system = {text(system)}"
        nobodys = (
            f"coalesce(match_keys.record_key({key_text(person.key_columns)}) not in ({theirs}), true) and "
            if person.key
            else ""
        )
        found.append(f"({nobodys}({' or '.join([*own, *points])}))")
    return " or ".join(found)


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
            rows += _rows(con, "quarantine.quarantined_rows", columns, where)
        if rows:
            yield "quarantine.quarantined_rows", "set aside here", "pseudonym", dict.fromkeys(columns, "why a row was set aside"), rows  # fmt: skip
    if not has_table(con, "quarantine", "rejected_rows"):
        return
    columns = ["source", "table_name", "reason", "content"]
    mine = f"list_intersect({_ADDRESSES}, {LISTED.format(kind='email')})"
    is_named, is_theirs = f"(len({mine}) > 0 or {_has_number()})", _is_their_line(settings)
    # of a line that names others too, or may, only their part
    told = {"content": f"case when {is_theirs} then content else array_to_string({mine}, '; ') end"}
    if rows := _rows(con, "quarantine.rejected_rows", columns, f"{is_theirs} or {is_named}", told=told):
        yield "quarantine.rejected_rows", "a line that could not be read", "contact", dict.fromkeys(columns, _DELIVERED), rows  # fmt: skip


def _has_number() -> str:
    """SQL on a rejected line: whether the digits of a number of theirs stand in it, as erasure looks for them."""
    digits = "regexp_replace(content, '[^0-9]', '', 'g')"
    return f"exists (select 1 from ({_VALUES.format(kind='phone')}) v where contains({digits}, right(v.value, 8)))"


def _is_their_line(settings: Settings) -> str:
    """SQL on a rejected line: it names them by an address, or as an object by their record's key, and nobody else by an address."""
    mine = f"list_intersect({_ADDRESSES}, {LISTED.format(kind='email')})"
    named = [f"len({_ADDRESSES}) > 0"]
    for source, name, person in declared(settings):
        if person.key:
            # a JSON function would end the query at a line that is broken, in whatever order filters come
            document = "case when json_valid(content) then content end"
            fields = ", ".join(
                f"json_extract_string({document}, {text(json_path(c))}) as {quote(c)}" for c in person.key_columns
            )
            lines = f"select rowid as line, {fields} from quarantine.rejected_rows where source = {text(source)} and table_name = {text(name)}"
            named.append(f"rowid in (select line from ({lines}) where {_is_record(source, person)})")
    return f"length(content) <= {_LONGEST_LINE} and len({mine}) = len({_ADDRESSES}) and ({' or '.join(named)})"


def noted_rows(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Found]:
    """Objections, restrictions and corrections that were noted here, the ledger of withdrawals, and points that records had."""
    for name in _WORDS:
        if not has_table(con, "identity", name):
            continue
        columns = [column for column, *_ in con.execute(f"describe identity.{name}").fetchall()]
        if rows := _rows(con, f"identity.{name}", columns, f"(source_system, source_key) in {MINE}"):
            yield f"identity.{name}", _NOTED, "consent", dict.fromkeys(columns, _NOTED), rows
    for name, category in (("withdrawals", "consent"), ("held_points", "contact"), ("former_people", "identity")):
        if not has_table(con, "identity", name):
            continue
        where, told = IS_SAID, dict[str, str]()
        if name == "withdrawals":
            # by record, or by an address or number that only they have
            named = names_them(con, settings, "identity.withdrawals", "contact_point")
            where = f"{IS_SAID} or person_key is null and {named}"
            told["contact_point"] = (
                f"case when {IS_SAID} then contact_point else {their_part(con, 'contact_point')} end"
            )
        columns = [column for column, *_ in con.execute(f"describe identity.{name}").fetchall() if column != "load_id"]
        if rows := _rows(con, f"identity.{name}", columns, where, told=told):
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


def _rows(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: list[str],
    where: str,
    customer: str = "",
    told: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Rows with `columns`; what is `told` of a column, SQL, in its place."""
    shown = ", ".join(f"{(told or {}).get(column, quote(column))} as {quote(column)}" for column in columns)
    cursor = con.execute(
        f"select {shown} from {relation} where {where} order by all",
        {"customer": customer} if "$customer" in where else None,
    )
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
