"""Which rows are the noted subject's (subject_keys.py), and which part of a field that names others too: SQL.

A row is theirs by their record's key; by a value that only they have, as a visitor's cookie; or, where its key is nobody's,
by an address, number or name with birth date that no other customer has, in any reading, as erasure finds it. Not here: the rows
(subject_rows.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import key_text, quote, text
from orchestration.privacy.intake.noted import names_of, names_record
from orchestration.privacy.intake.raw_people import raw_table
from orchestration.privacy.intake.spelled_numbers import is_spelled
from orchestration.privacy.rights.erased_points import addresses_in
from orchestration.privacy.rights.subject_keys import LISTED, VALUES, is_record

# a statement names their record, in any spelling of its key
IS_SAID = names_record("person_system", "person_key", "subject")


def names_them(
    con: duckdb.DuckDBPyConnection, settings: Settings, relation: str, column: str, person: Person | None = None
) -> str:
    """SQL: whether a contact point, a column of `relation`, names an address or a number that only they have."""
    address = f"list_has_any({addresses_in(f'{quote(column)}::varchar')}, {LISTED.format(kind='email')})"
    numbers = is_spelled(con, relation, person or Person(), column, settings.identity.default_country, VALUES.format(kind="phone"))  # fmt: skip
    return f"({address} or {numbers})" if numbers else address


def their_part(con: duckdb.DuckDBPyConnection, column: str) -> str:
    """SQL: of a contact point that names several, the addresses and numbers that only they have; any other as it is."""
    emails, tails = (
        f"[{', '.join(text(value) for (value,) in con.execute(f'select distinct {of} from ({VALUES.format(kind=kind)}) order by 1').fetchall())}]::varchar[]"
        for kind, of in (("email", "value"), ("phone", "right(value, 7)"))
    )
    written = f"{quote(column)}::varchar"
    addresses = addresses_in(written)
    parts = f"match_keys.phone_parts(match_keys.bare_phone(match_keys.beside_addresses({written})))"
    numbers = f"list_filter(list_transform({parts}, lambda p: trim(p)), lambda p: length(match_keys.digits_in(p)) >= 5)"
    mine = (
        f"list_concat(list_filter(f.addresses, lambda a: list_contains({emails}, a)), "
        f"list_filter(f.numbers, lambda p: len(list_filter({tails}, lambda t: contains(match_keys.digits_in(p), t))) > 0))"
    )
    # the macros stand in the plan once: they are slow to plan
    return (
        f"list_transform([{{'written': {written}, 'addresses': list_distinct({addresses}), 'numbers': {numbers}}}], lambda f: "
        f"case when len(f.addresses) + len(f.numbers) > 1 then array_to_string({mine}, '; ') else f.written end)[1]"
    )


def part_of_row(con: duckdb.DuckDBPyConnection, source: str, whose: list[Person], column: str) -> str:
    """SQL: a contact point of a raw row, whole where the row is theirs by its key."""
    keyed = [is_record(source, person) for person in whose if person.key]
    part = their_part(con, column)
    return f"case when {' or '.join(keyed)} then {quote(column)} else {part} end" if keyed else part


def is_theirs(con: duckdb.DuckDBPyConnection, settings: Settings, source: str, name: str, person: Person) -> str:
    """SQL on a raw row; empty where nothing of it says whose it is."""
    own = [f"{text(f'{source}.{c}:')} || {quote(c)}::varchar in ({VALUES.format(kind='own')})" for c in person.own]
    raw = raw_table(source, name)
    points = [names_them(con, settings, raw, c, person) for c in dict.fromkeys([*person.email, *person.phone])]
    if names := names_of(person):
        points.append(f"coalesce(list_has_any({names}, {LISTED.format(kind='name')}), false)")
    found = [is_record(source, person)] if person.key else []
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


def rows_of(
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
