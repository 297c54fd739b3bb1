"""What a raw row holds that only its person has, beside contact points and names: a visitor's cookie, the id that the source keeps.

Here: SQL of each value as it is noted, and hashed. Not here: whose a value is (noted.py, subject_keys.py, held_rows.py).
"""

from __future__ import annotations

from orchestration.core.settings.people import Person
from orchestration.core.warehouse import quote, text
from orchestration.match_keys.person_ids import person_id_key
from orchestration.privacy.intake.suppression import Kind


def own_values(source: str, person: Person) -> list[tuple[Kind, str]]:
    """(kind, SQL of its value on a raw row, null where there is none) of each."""
    found: list[tuple[Kind, str]] = [("own", f"{text(f'{source}.{c}:')} || {quote(c)}::varchar") for c in person.own]
    if person.person_id:
        found.append(("person_id", person_id_key(quote(person.person_id), text(person.system or source))))
    return found


def is_known_by(source: str, person: Person, values: str) -> list[str]:
    """SQL conditions on a raw row: one of its values is among `values`, a query in parentheses with a place for {kind}."""
    return [f"coalesce({value} in {values.format(kind=kind)}, false)" for kind, value in own_values(source, person)]
