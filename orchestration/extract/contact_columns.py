"""Columns by which a table tells how to reach somebody: a table with one says whose its rows are, or that they are of nobody.

Erasure, suppression, subject access and retention find rows of raw by what a table says of its persons; they pass over a table that says
nothing. Here: which columns are such by their names, and what a configuration is told. Not here: whose rows are (core/settings/whose.py),
what names mean (contracts/words.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from orchestration.contracts.words import ENDING, concepts_of, entities_of, names_people, words_of
from orchestration.core.errors import ConfigurationError
from orchestration.core.settings import Table
from orchestration.core.settings.people import Person
from orchestration.privacy.intake.entry_columns import kept_columns

# by these a row is found, each with a list of columns of its own
_POINTS = ("email", "phone")
_OTHERS = ("full_name", "given_name", "family_name", "birth_date")
# a flag or a time is about an address, and is none
_NO_POINT = re.compile(r"(?i)^(?:bool|date|time|interval|double|float|real|struct|map|blob)")
_CATEGORY = "contact"


def person_of(table: str, columns: Mapping[str, str], key: list[str]) -> Person | None:
    """Whose the rows of a table are, as the names of its columns say it; None where none of them says how to reach somebody."""
    points: dict[str, list[str]] = {name: [] for name in _POINTS}
    for column, kind in columns.items():
        if not _NO_POINT.match(kind):
            for name in _POINTS:
                points[name] += [column] if _says(table, column, name) else []
    if not any(points.values()):
        return None
    others = {name: next((c for c in columns if _says(table, c, name)), None) for name in _OTHERS}
    return Person(key=_key_of(table, columns, key), **points, **others)  # type: ignore[arg-type]


def said_as_toml(person: Person) -> str:
    """The lines that a table of these persons has in `kundbild.toml`."""
    said = ", ".join(f"{name} = {json.dumps(one, ensure_ascii=False)}" for name, one in _said(person).items())
    return f'persons = [{{ {said} }}]\nretention = {{ category = "{_CATEGORY}" }}'


def said_as_python(person: Person) -> list[str]:
    """The same as arguments of a `Table` of a system's module."""
    said = ", ".join(f"{name}={json.dumps(one, ensure_ascii=False)}" for name, one in _said(person).items())
    return [f"persons=[Person({said})]", f'retention=Retention(category="{_CATEGORY}")']


def refuse_unsaid_people(source: str, name: str, table: Table, where: str) -> None:
    """Raises ConfigurationError with the lines to paste where a table tells how to reach somebody, and says of nobody whose its rows are.

    `persons = []` says that they are nobody's.
    """
    if table.whose or "persons" in table.model_fields_set:
        return
    person = person_of(name, kept_columns(table), table.key)
    if person is None:
        return
    reached = ", ".join(f"'{column}'" for column in (*person.email, *person.phone))
    raise ConfigurationError(
        f"the table {name} has {reached}, and does not say whose its rows are: erasure, access and retention would pass over them",
        where=where,
        to_do=f"look whether these are the right columns, and paste below [sources.{source}.tables.{name}]:\n{said_as_toml(person)}\n"
        "  or, where the addresses and numbers are of no person, as a shop's own: persons = []",
    )


def _says(table: str, column: str, concept: str) -> bool:
    """Whether a column is called as one that holds it, as a whole or behind a word that says whose it is: customer_email."""
    if concepts_of(column, table).get(concept, 0.0) > ENDING:
        return True
    first, *rest = words_of(column) or [""]
    return bool(rest) and names_people(first) and concepts_of(" ".join(rest), table).get(concept, 0.0) > ENDING


def _key_of(table: str, columns: Mapping[str, str], key: list[str]) -> str | None:
    """The column of the person's key: one that is called so, or the table's own where the table is of people. Of any other table its own
    key may be somebody else's."""
    named = next((c for c in columns if _says(table, c, "person_key")), None)
    is_of_people = max(entities_of(table), key=entities_of(table).__getitem__, default="") == "people"
    return named or (key[0] if is_of_people and len(key) == 1 else None)


def _said(person: Person) -> dict[str, object]:
    return {name: one for name, one in person.model_dump(exclude_defaults=True).items() if one}
