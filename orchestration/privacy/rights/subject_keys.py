"""Whoever asks for what is held of them, as temp tables: their records, and what only they are known by.

Not here: which rows are theirs (subject_conditions.py).
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.person_rows import with_column
from orchestration.core.settings import Settings
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_table, key_text, text
from orchestration.match_keys import all_name_keys, define_match_keys
from orchestration.privacy.intake.known_points import read_points
from orchestration.privacy.intake.own_values import ignored_ids, own_values, person_id_of
from orchestration.privacy.intake.raw_people import (
    Unresolved,
    declared,
    note_raw_people,
    others_named,
    raw_table,
    standing,
)
from orchestration.privacy.rights.subjects import OWNERS

MINE = "(select (source_system, source_key) from subject_records)"
VALUES = "select value from subject_keys where kind = '{kind}'"
# whatever they are known by, (kind, value), as a legal hold keeps it
KNOWN_BY = "select kind, value from subject_keys union select 'record', source_system || ':' || source_key from subject_records"
# the same as a list
LISTED = "(select coalesce(list(value), []::varchar[]) from subject_keys where kind = '{kind}')"
_OTHERS = "(select (source_system, source_key) from owners where customer_id <> $customer)"
_NAME_COLUMNS = ("given_name", "family_name", "full_name", "birth_date")
_NAMED = ", ".join(_NAME_COLUMNS)
# of somebody who had a record's key before it was another's: whether it was them
_IS_FORMER = (
    f"email_key in ({VALUES.format(kind='email')}) or phone_key in ({VALUES.format(kind='phone')}) "
    f"or list_has_any({all_name_keys('given_key', 'family_key', 'null::varchar', 'birth_date')}, {LISTED.format(kind='name')})"
)
# every point that a record of theirs has, or that they spoke of by its key
_HAD = f"select unnest([email, phone]) as point, country_code from conformed.conformed_people where (source_system, source_key) in {MINE}"
_SPOKEN = "select contact_point, null from {schema}.{table} where (person_system, person_key) in " + MINE
_OTHERS_HAVE = f"from conformed.conformed_people where (source_system, source_key) in {_OTHERS}"


def is_record(source: str, person: Person) -> str:
    """SQL on a raw row: its key is that of a record of theirs, in any spelling."""
    system = person.system or source
    theirs = f"select match_keys.record_key(source_key) from subject_records where source_system = {text(system)}"
    return f"coalesce(match_keys.record_key({key_text(person.key_columns)}) in ({theirs}), false)"


def note_subject(con: duckdb.DuckDBPyConnection, settings: Settings, whom: str | Unresolved) -> None:
    """Makes the temp tables `subject_records`, of the customer's records, gone ones too, and `subject_keys`, of what only the
    customer is known by. Of who is not a customer, of their records; `unresolved_people` (named.py) is there then."""
    customer, unresolved = (whom, None) if isinstance(whom, str) else ("", whom)
    define_match_keys(con)
    con.execute(OWNERS)
    con.execute(
        "create or replace temp table subject_records as select source_system, source_key from owners where customer_id = $customer",
        {"customer": customer},
    )
    for record in unresolved.records if unresolved else ():
        con.execute("insert into subject_records values (?, ?)", record)
    note_raw_people(con, settings, "subject_raw_people", is_record)
    con.execute("create or replace temp table subject_keys (kind varchar, value varchar)")
    _note_points(con, settings, customer, unresolved)
    # the keys stand in the plan once: they are slow to plan
    con.execute(
        f"insert into subject_keys with named as (select true as is_theirs, {_NAMED} from conformed.conformed_people where (source_system, source_key) in {MINE} "
        f"union all select true, {_NAMED} from subject_raw_people union all select false, {_NAMED} {_OTHERS_HAVE}), "
        f"keyed as (select is_theirs, unnest({all_name_keys(*_NAME_COLUMNS)}) as key from named) "
        "select 'name', key from keyed group by key having bool_and(is_theirs)",
        {"customer": customer},
    )
    if has_table(con, "identity", "former_people"):
        con.execute(
            f"insert into subject_records select person_system, person_key from identity.former_people where {_IS_FORMER}"
        )
    raw = standing(con, settings)
    for source, name, person in declared(settings):
        if person.key and raw.get((source, name)):
            for kind, value in own_values(source, person, settings.sources[source].nobodys):
                # signed in; of others too where a device, or an id of the source, is shared
                key = key_text(person.key_columns)
                of = f"from {raw_table(source, name)} where {value} is not null and {key} is not null and ({text(person.system or source)}, {key})"
                con.execute(
                    f"insert into subject_keys select distinct '{kind}', {value} {of} in {MINE} and {value} not in (select {value} {of} not in {MINE})"
                )
    con.execute(f"delete from subject_keys where kind = 'person_id' and value in ({ignored_ids(con)})")
    # an id is a system's, in whatever table of it: another's row may have it where none of theirs has
    for source, name, person in declared(settings):
        ids = person_id_of(source, person, settings.sources[source].nobodys)
        if person.key and ids and raw.get((source, name)):
            con.execute(
                f"delete from subject_keys where kind = 'person_id' and value in (select {ids} from {raw_table(source, name)} "
                f"where {key_text(person.key_columns)} is not null and not {is_record(source, person)})"
            )


def _note_points(
    con: duckdb.DuckDBPyConnection, settings: Settings, customer: str, unresolved: Unresolved | None
) -> None:
    """Their addresses and numbers in every reading, but for those that another customer's record may name too."""
    said = ", ".join(map(text, unresolved.points if unresolved else ()))
    spoken = [
        *(("conformed", f"conformed_{entity}") for entity in with_column("contact_point")),
        ("identity", "withdrawals"),
    ]
    points = [
        *([_HAD] if has_table(con, "conformed", "conformed_people") else []),
        *(_SPOKEN.format(schema=schema, table=table) for schema, table in spoken if has_table(con, schema, table)),
        "select unnest(points), country_code from subject_raw_people",
        f"select unnest([{said}]::varchar[]), null",
    ]
    others = f"select email, phone, country_code {_OTHERS_HAVE}"
    if unresolved:
        others += f" union all {others_named(MINE)}"
    read_points(con, settings.identity.default_country, " union ".join(points), others, {"customer": customer})
    con.execute("insert into subject_keys select kind, value from points_and_sharing where not is_shared")
    con.execute("drop table points_and_sharing")
