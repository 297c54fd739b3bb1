"""Which rows are the noted subject's (subject_keys.py), and which part of a field that names others too: SQL.

A row is theirs by their record's key; by a value that only they have, as a visitor's cookie; or, where its key is nobody's,
by an address, number or name with birth date that no other customer has, in any reading, as erasure finds it. Not here: the rows
(subject_rows.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import key_text, quote, text
from orchestration.privacy.intake.noted_rows import names_record
from orchestration.privacy.intake.own_values import is_known_by
from orchestration.privacy.intake.raw_people import names_of, raw_table
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


def is_theirs(con: duckdb.DuckDBPyConnection, settings: Settings, source: str, name: str, person: Person) -> str:
    """SQL on a raw row; empty where nothing of it says whose it is."""
    own = is_known_by(source, person, settings.sources[source].nobodys, f"({VALUES})")
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
    columns: Sequence[str],
    where: str,
    customer: str = "",
    *,
    points: Sequence[str] = (),
    whole: str = "false",
) -> list[dict[str, Any]]:
    """Rows with `columns`. Of `points`, columns with contact points that may name others too, only the part that is theirs; all of
    it where the row is theirs by its key, as `whole` says, SQL."""
    found = con.execute(
        f"select {', '.join(map(quote, columns))}, coalesce({whole}, false) from {relation} where {where} order by all",
        {"customer": customer} if "$customer" in where else None,
    ).fetchall()
    rows = [dict(zip(columns, row[:-1], strict=True)) for row in found]
    partly = [row for row, (*_, is_whole) in zip(rows, found, strict=True) if not is_whole]
    written = {row[column] for row in partly for column in points if row[column] is not None}
    # few rows are found by a contact point alone, and the macros that part one are slow to plan
    parts = _their_parts(con, sorted(written)) if written else {}
    for row in partly:
        row.update({column: parts[row[column]] for column in points if row[column] is not None})
    return rows


def _their_parts(con: duckdb.DuckDBPyConnection, written: list[str]) -> dict[str, str]:
    """Of each contact point that names several, the addresses and numbers that only they have; any other as it is."""
    emails, tails = (
        [
            value
            for (value,) in con.execute(f"select distinct {of} from ({VALUES.format(kind=kind)}) order by 1").fetchall()
        ]
        for kind, of in (("email", "value"), ("phone", "match_keys.phone_tail(value)"))
    )
    parts = "match_keys.phone_parts(match_keys.bare_phone(match_keys.beside_addresses(written)))"
    numbers = f"list_filter(list_transform({parts}, lambda p: trim(p)), lambda p: length(match_keys.digits_in(p)) >= 5)"
    mine = (
        "list_concat(list_filter(f.addresses, lambda a: list_contains($emails::varchar[], a)), "
        "list_filter(f.numbers, lambda p: len(list_filter($tails::varchar[], lambda t: contains(match_keys.digits_in(p), t))) > 0))"
    )
    part = (
        f"list_transform([{{'addresses': list_distinct({addresses_in('written')}), 'numbers': {numbers}}}], lambda f: "
        f"case when len(f.addresses) + len(f.numbers) > 1 then array_to_string({mine}, '; ') else written end)[1]"
    )
    return dict(
        con.execute(
            f"select written, {part} from (select unnest($written::varchar[]) as written)",
            {"written": written, "emails": emails, "tails": tails},
        ).fetchall()
    )
