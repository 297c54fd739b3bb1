"""What a raw row holds that only its person has, beside contact points and names: a visitor's cookie, the id that the source keeps.

Here: SQL of each value as it is noted, and hashed. Not here: whose a value is (noted_ids.py, subject_keys.py, held_rows.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.contracts.mapping_values import names_nobody
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_table, quote, text
from orchestration.match_keys.person_ids import person_id_key
from orchestration.privacy.intake.suppression import Kind


def own_values(source: str, person: Person, nobodys: Sequence[str]) -> list[tuple[Kind, str]]:
    """(kind, SQL of its value on a raw row, null where there is none) of each.

    `nobodys` are the words that the source writes for nobody (Source.nobodys): raw keeps them, and an id of 0 is every guest's.
    """
    found: list[tuple[Kind, str]] = [("own", f"{text(f'{source}.{c}:')} || {quote(c)}::varchar") for c in person.own]
    if value := person_id_of(source, person, nobodys):
        found.append(("person_id", value))
    return found


def person_id_of(source: str, person: Person, nobodys: Sequence[str]) -> str | None:
    """The same of the id alone; None where the source keeps none."""
    if not person.person_id:
        return None
    key = person_id_key(quote(person.person_id), text(person.system or source))
    is_nobodys = names_nobody(quote(person.person_id), nobodys)
    return f"case when not {is_nobodys} then {key} end"


def is_known_by(source: str, person: Person, nobodys: Sequence[str], values: str) -> list[str]:
    """SQL conditions on a raw row: one of its values is among `values`, a query in parentheses with a place for {kind}."""
    known = own_values(source, person, nobodys)
    return [f"coalesce({value} in {values.format(kind=kind)}, false)" for kind, value in known]


def ignored_ids(con: duckdb.DuckDBPyConnection) -> str:
    """SQL of the ids of systems that join nobody: more people have one than one person is. They prove nothing of anybody."""
    if not has_table(con, "identity", "identifiers"):
        return "select null::varchar where false"
    return "select value_key from identity.identifiers where kind = 'person_id' and ignored_reason is not null"
