"""The id that a system itself keeps of a person across its records, as a match key: it counts within its system alone.

Here: the key, and people with their ids. Not here: which ids are worth anything (identity/edges.py).
"""

from __future__ import annotations

# a warehouse that an earlier version made has people without ids until a night has read them anew
PEOPLE = "(select null::varchar as person_id where false union all by name select * from conformed.conformed_people)"


def person_id_key(person_id: str = "person_id", system: str = "source_system") -> str:
    """SQL: `system:id` of two expressions, the id spelled as any key of a record is; null where there is no id."""
    return f"{system} || ':' || match_keys.record_key(({person_id})::varchar)"


def person_id_spellings(person_id: str = "person_id", system: str = "source_system") -> str:
    """SQL: the list of the key and of the id as it is written, which an earlier version hashed."""
    written = f"{system} || ':' || nullif(trim(({person_id})::varchar), '')"
    return f"list_distinct([{person_id_key(person_id, system)}, {written}])"
