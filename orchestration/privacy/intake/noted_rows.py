"""Whether a row is of whoever is noted to be erased: SQL by their records, and by what only they are known by.

Here: the terms, which erasure and what lies beside it ask by. Not here: who is noted (noted.py).
"""

from __future__ import annotations

from orchestration.core.settings.people import Person
from orchestration.core.warehouse import key_text, text

ERASING = "restricted.erasing"
RECORDS = "(select (source_system, source_key) from restricted.erasing_records)"
# what only the person is known by: a mailbox that others use too is theirs as well
VALUES = "(select value from restricted.erasing_values where kind = '{kind}' and not is_shared)"
# the same as a list
LISTED = "(select coalesce(list(value), []::varchar[]) from restricted.erasing_values where kind = '{kind}' and not is_shared)"


def names_record(system: str, key: str, journal: str = ERASING) -> str:
    """SQL: whether a system and a key, two columns, name a noted record, in any spelling of both (`1.0` is record 1)."""
    # most keys are plain, and equal to their spelling: to spell each costs twenty times as much
    is_plain = f"regexp_full_match({key}, '[\\w-]+') and regexp_full_match({system}, '[a-z0-9_-]+')"
    plain_system, plain_key = "lower(match_keys.plain({}))", "match_keys.record_key({})"
    records = (
        f"select (unnest([source_system, {plain_system.format('source_system')}]), "
        f"unnest([source_key, {plain_key.format('source_key')}])) from {journal}_records"
    )
    spelled = f"({plain_system.format(system)}, {plain_key.format(key)}) in ({records})"
    return f"(({system}, {key}) in ({records}) or not ({is_plain}) and {spelled})"


def is_of(source: str, person: Person) -> str:
    """SQL: whether a raw row names a noted record, in any spelling of its key."""
    theirs = f"select match_keys.record_key(source_key) from restricted.erasing_records where source_system = {text(person.system or source)}"
    return f"match_keys.record_key({key_text(person.key_columns)}) in ({theirs})"
