"""Whose the rows of a mapped table are, as its maps say it. Where a row also says what was sold, it outlasts all of them.

Not here: what a person is (settings/people.py), persons that a table declares (settings/tables.py).
"""

from __future__ import annotations

from orchestration.core.settings.maps import ACCOUNTING, EntityMap
from orchestration.core.settings.people import Person


def mapped_persons(maps: list[EntityMap]) -> list[Person]:
    """The persons that the maps of a table say, in their order."""
    found = [(mapped, person) for mapped in maps if (person := _mapped_person(mapped))]
    sold = _sold(maps, [person for _, person in found])
    if not sold:
        return [person for _, person in found]
    return [
        person.model_copy(
            update={
                "is_kept": True,
                "emptied": sorted(_read_of(mapped, person, found) - sold - {*person.key_columns}),
            }
        )
        for mapped, person in found
    ]


def _is_named(mapped: EntityMap) -> bool:
    """Whether its rows say a name and a birth date, as those of an address register do."""
    return bool(mapped.how("birth_date") and any(map(mapped.how, ("given_name", "family_name", "full_name"))))


def _named(mapped: EntityMap) -> list[str]:
    """Columns of a mapped table that say who its person is."""
    how = mapped.how("person_key")
    return how.columns if how else []


def _sold(maps: list[EntityMap], persons: list[Person]) -> set[str]:
    """Columns that stay when the buyer goes: what the maps of accounting read, but for what names a person. What they write of an order stays anyway."""
    accounting = [m for m in maps if m.entity in ACCOUNTING]
    buyers = {c for m in accounting for c in _named(m)}
    known_by = {c for person in persons for c in (*person.key_columns, *person.email, *person.phone)}
    said = {c for m in accounting for name in m.columns if name != "person_key" and (how := m.how(name)) for c in how.columns}  # fmt: skip
    return ({c for m in accounting for c in m.read} - known_by | said) - buyers


def _read_of(mapped: EntityMap, person: Person, found: list[tuple[EntityMap, Person]]) -> set[str]:
    """Columns that any map reads of the same person: once the row is emptied of what names them in one way, nobody finds it by another.

    A map is of the same person where it reads what they are found by, or another key of the buyer, whom the maps of an entity name
    each in its way: customers by an id, guests by an address.
    """
    keys = [person.key_columns] if person.key_columns else [[c] for c in (*person.email, *person.phone)]
    others = [(m.entity, key) for m, _ in found if m.entity in ACCOUNTING and (key := _named(m))]
    same = {entity for entity, key in others if key in keys or {*key} <= {*mapped.read}}
    keys += [key for entity, key in others if entity in same]
    return {c for m, _ in found if m is mapped or any({*key} <= {*m.read} for key in keys) for c in m.read}


def _mapped_person(mapped: EntityMap) -> Person | None:
    """Whose the rows of a mapped table are, by the conformed columns that they are mapped to."""

    def columns(name: str) -> list[str]:
        how = mapped.how(name)
        return [c for c in how.columns if c not in mapped.looked_up] if how else []

    def column(name: str) -> str | None:
        return next(iter(columns(name)), None)

    is_people = mapped.entity == "people"
    key = columns("source_key" if is_people else "person_key")
    points = [c for c in map(column, ("email", "phone") if is_people else ("contact_point",)) if c]
    if not key and not points and not _is_named(mapped):
        return None
    system = mapped.constants.get("person_system")
    return Person(
        key=key[0] if len(key) == 1 else key or None, system=str(system) if system else None, email=points, phone=points, country_code=column("country_code"),
        full_name=column("full_name"), given_name=column("given_name"), family_name=column("family_name"), birth_date=column("birth_date"),
        birth_formats=born.formats if (born := mapped.how("birth_date")) else [],
        person_id=column("person_id") if is_people else None, is_kept=mapped.entity in ACCOUNTING,
    )  # fmt: skip
