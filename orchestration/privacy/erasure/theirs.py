"""Which rows of the warehouse and of publications are a noted person's.

By the columns that say whose a row is; and, where none does, by what the entity's contract says (contracts/person_rows.py) or by
what the table is. Not here: who is noted (intake/noted.py), raw tables and the steps of an erasure (erasure.py).
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.person_rows import (
    children,
    entity_tables,
    kept_for_accounting,
    named_by_birth,
    with_column,
)
from orchestration.core.warehouse import columns_of, has_table
from orchestration.match_keys import alike_name_keys
from orchestration.privacy.erasure.gone_facts import goes_by_key, is_gone
from orchestration.privacy.erasure.rewriting import Theirs
from orchestration.privacy.intake.noted_rows import ERASING, LISTED, RECORDS, VALUES, names_record

_POINTS = "(select contact_point from erased_points where is_theirs)"
# tables whose rows are people's records, by these columns
PEOPLE = ("conformed_people", "national_ids", "objections", "corrections", "restrictions", "held_records")


def statements_beside_columns(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Statements that rid tables of what stands in no column that says whose it is. They need `erased_points` and `erased_rows`."""
    return [*_special(con), *_of_entities(con)]


def _of_entities(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Statements that delete rows of entities that name the person by something else than a record's key."""
    own = "select substr(value, instr(value, ':') + 1) from restricted.erasing_values where kind = 'own'"
    by_name = alike_name_keys("given_name", "family_name", "null::varchar", "birth_date")
    wanted = [
        (
            "conformed",
            f"conformed_{entity}",
            f"(source_system, {key}) in (select (source_system, source_key) from conformed.conformed_{parent} where (person_system, person_key) in {RECORDS}) "
            f"or (source_system, {key}) in (select (source_system, source_key) from erased_rows)",
        )
        for entity, (key, parent) in children().items()
        if entity not in kept_for_accounting()
    ]  # fmt: skip
    wanted += [
        (*table, f"visitor_key in ({own})") for entity in with_column("visitor_key") for table in entity_tables(entity)
    ]
    wanted += [
        ("conformed", f"conformed_{entity}", f"contact_point in {_POINTS}") for entity in with_column("contact_point")
    ]
    wanted += [
        ("conformed", f"conformed_{entity}", f"list_has_any({by_name}, {LISTED.format(kind='name')})")
        for entity in named_by_birth()
    ]
    return [
        f"delete from {schema}.{table} where {where}"
        for schema, table, where in wanted
        if has_table(con, schema, table) and (schema == "conformed" or "visitor_key" in columns_of(con, schema, table))
    ]


def _special(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What stands in no column that says whose it is."""
    email, phone = VALUES.format(kind="email"), VALUES.format(kind="phone")
    wanted = {
        ("raw_requests", "requests"): "delete from raw_requests.requests where customer_id in (select customer_id from restricted.erasing_customers) "
        "or source_record in (select source_system || ':' || source_key from restricted.erasing_records)",
        # what nobody has any more goes too: a number that is junk is theirs, and so is one that they had before. What others
        # than people name is read again the next night
        ("identity", "phone_numbers"): "delete from identity.phone_numbers where "
        f"list_has_any(list_append(readings, phone_key), {LISTED.format(kind='phone')}) or phone in {_POINTS} or phone not in ({_numbers_kept(con)})",
        ("identity", "point_holders"): f"delete from identity.point_holders where contact_point in {_POINTS}",
        ("identity", "held_points"): f"delete from identity.held_points where token in {email} or token in {phone}",
        ("identity", "void_grants"): f"delete from identity.void_grants where contact_point in {_POINTS}",
        ("identity", "heirs"): f"delete from identity.heirs where (gone_system, gone_key) in {RECORDS}",
        ("identity", "withdrawn_points"): f"delete from identity.withdrawn_points where contact_point in {_POINTS}",
        ("identity", "identifiers"): "delete from identity.identifiers where (kind, value_key) in (select (kind, value) from restricted.erasing_values where not is_shared) "
        f"or value_key not in ({_keys_kept(con)})",
        ("identity", "term_frequencies"): "delete from identity.term_frequencies where column_name in ('email_key', 'phone_key') and (value in "
        f"(select value from restricted.erasing_values where not is_shared) or value not in ({_keys_kept(con)}))",
        ("identity", "latin_names"): "delete from identity.latin_names where written in (select unnest([full_name, given_name, family_name]) "
        f"from conformed.conformed_people where (source_system, source_key) in {RECORDS})",
        ("quarantine", "rejected_rows"): "update quarantine.rejected_rows q set content = null where exists (select 1 from restricted.erasing_values v "
        "where (v.kind = 'email' and contains(lower(q.content), v.value)) "
        "or (v.kind = 'phone' and match_keys.has_phone_tail(q.content, v.value)) "
        "or (v.kind = 'written' and contains(lower(q.content), split_part(v.value, '|', 1)) and contains(lower(q.content), split_part(v.value, '|', 2))))",
    }  # fmt: skip
    return [statement for (schema, table), statement in wanted.items() if has_table(con, schema, table)]


def _numbers_kept(con: duckdb.DuckDBPyConnection) -> str:
    """SQL: numbers as others than noted people, and public registers, write them."""
    others = f"select phone from conformed.conformed_people where phone is not null and (source_system, source_key) not in {RECORDS}"
    registers = "select phone from conformed.conformed_reservations where phone is not null"
    return f"{others} union {registers}" if has_table(con, "conformed", "conformed_reservations") else others


def _keys_kept(con: duckdb.DuckDBPyConnection) -> str:
    """SQL: match keys that others than noted people have."""
    if not has_table(con, "identity", "normalised_people"):
        return "select null::varchar"
    # an earlier version's table has no ids
    return (
        "select key from (select unnest(list_value(*columns('^(email|phone|person_id)_key$'))) as key from identity.normalised_people "
        "where record_id not in (select record_id from restricted.erasing_records)) where key is not null"
    )


def theirs_of(table: str, columns: set[str], journal: str = ERASING) -> Theirs | None:
    """What of a table is a noted person's, by the columns that say whose its rows are."""
    of = {
        column: f"{column} in (select {key} from {journal}_customers where {key} is not null)"
        for column, key in (
            ("customer_id", "customer_id"), ("old_customer_id", "customer_id"), ("from_customer_id", "customer_id"),
            ("to_customer_id", "customer_id"), ("customer_key", "customer_key"),
        )
    }  # fmt: skip
    of |= {
        column: f"{column} in (select record_id from {journal}_records)"
        for column in ("record_id", "unique_id", "left_id", "right_id")
    }
    found = [condition for column, condition in of.items() if column in columns]
    if {"person_system", "person_key"} <= columns:
        # as a source writes it, where all others are of our own making
        found.append(names_record("person_system", "person_key", journal))
    pairs = {("left_system", "left_key"), ("right_system", "right_key")}
    pairs |= {("source_system", "source_key")} if table in PEOPLE else set()
    found += [
        f"({system}, {key}) in (select (source_system, source_key) from {journal}_records)"
        for system, key in sorted(pairs)
        if {system, key} <= columns
    ]
    if journal == ERASING and goes_by_key(table) and {"source_system", "source_key"} <= columns:
        found.append(is_gone(table))
    if not found:
        return None
    where = f"({' or '.join(found)})"
    if table in {name for entity in kept_for_accounting() for _, name in entity_tables(entity)}:
        return Theirs(where, emptied=tuple(c for c in ("customer_id", "customer_key", "person_key") if c in columns))
    if "edge" not in columns:
        return Theirs(where)
    record = f"(select source_system || ':' || source_key from {journal}_records)"
    ends = " or ".join(f"regexp_extract(edge, ', (\\S+) and (\\S+)$', {end}) in {record}" for end in (1, 2))
    return Theirs(where, blanked={"edge": f"({ends})"})
