"""What a raw row holds that only its person has, beside contact points and names: a visitor's cookie, the id that the source keeps.

Here: SQL of each value as it is noted, and hashed. Not here: whose a value is (noted_ids.py, subject_keys.py, held_rows.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.contracts.mapping_values import names_nobody
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_table, quote, text
from orchestration.match_keys.person_ids import person_id_key, person_id_spellings
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
    return person_id_key(written, text(person.system or source)) if (written := written_id(person, nobodys)) else None


def spelled_ids(source: str, person: Person, nobodys: Sequence[str]) -> str | None:
    """SQL of the list of the id's key and of what hashes of an earlier version were made of; None where the source keeps none."""
    written = written_id(person, nobodys)
    return person_id_spellings(written, text(person.system or source)) if written else None


def written_id(person: Person, nobodys: Sequence[str]) -> str | None:
    """SQL of the id as a raw row has it, null where it is nobody's; None where the source keeps none."""
    if not person.person_id:
        return None
    return f"case when not {names_nobody(quote(person.person_id), nobodys)} then {quote(person.person_id)}::varchar end"


def is_known_by(source: str, person: Person, nobodys: Sequence[str], values: str) -> list[str]:
    """SQL conditions on a raw row: one of its values is among `values`, a query in parentheses with a place for {kind}."""
    known = own_values(source, person, nobodys)
    return [f"coalesce({value} in {values.format(kind=kind)}, false)" for kind, value in known]


def ignored_ids(con: duckdb.DuckDBPyConnection) -> str:
    """SQL of the ids of systems that join nobody: more people have one than one person is. They prove nothing of anybody."""
    if not has_table(con, "identity", "identifiers"):
        return "select null::varchar where false"
    return "select value_key from identity.identifiers where kind = 'person_id' and ignored_reason is not null"
