"""Ids of people who are noted to be erased: visitors' cookies, and the ids under which systems keep them (`restricted.erasing_values`).

Here: noting them, and which ids others have too. Not here: SQL of the values (own_values.py), who is noted (noted.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.warehouse import key_text, text
from orchestration.match_keys.person_ids import PEOPLE, person_id_key
from orchestration.privacy.intake.noted_rows import RECORDS, is_of
from orchestration.privacy.intake.own_values import ignored_ids, own_values, person_id_of
from orchestration.privacy.intake.raw_people import declared, raw_table, standing


def note_own_values(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    for source, name, person in declared(settings):
        for kind, value in own_values(source, person, settings.sources[source].nobodys) if person.key else []:
            con.execute(
                f"insert into restricted.erasing_values select distinct '{kind}', {value}, false "
                f"from {raw_table(source, name)} where {is_of(source, person)} and {value} is not null"
            )


def note_person_ids(con: duckdb.DuckDBPyConnection) -> None:
    """Of conformed people: rows of raw come later, when records that are gone are noted by them too."""
    con.execute(
        "insert into restricted.erasing_values select distinct 'person_id', key, false from ("
        f"select {person_id_key()} as key from {PEOPLE} where (source_system, source_key) in {RECORDS}) where key is not null"
    )


def part_shared_ids(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """An id that a record of somebody else has too, or that joins nobody, is not theirs alone: it takes nobody along."""
    others = f"select {person_id_key()} from {PEOPLE} where deleted_at is null and (source_system, source_key) not in {RECORDS}"
    shared = " union ".join([others, ignored_ids(con), *_ids_of_others(con, settings)])
    con.execute(
        f"update restricted.erasing_values set is_shared = true where kind = 'person_id' and value in ({shared})"
    )


def _ids_of_others(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[str]:
    """SQL of ids that raw rows of others have, whatever became of them in conformed people: any other customer's, and those of
    more records than one person has. A record that was set aside may be the person's own."""
    raw, records = standing(con, settings), list[str]()
    for source, name, person in declared(settings):
        ids = person_id_of(source, person, settings.sources[source].nobodys)
        if not (person.key and ids and raw.get((source, name))):
            continue
        system, key = text(person.system or source), f"match_keys.record_key({key_text(person.key_columns)})"
        known = (
            f"select match_keys.record_key(source_key) from conformed.conformed_people where source_system = {system}"
        )
        others = f"{known} and deleted_at is null and (source_system, source_key) not in {RECORDS}"
        rows = (
            f"select {ids} as value, {key} as record from {raw_table(source, name)} "
            f"where {ids} in (select value from restricted.erasing_values where kind = 'person_id')"
        )
        yield f"select value from ({rows}) where record in ({others})"
        records.append(rows)
    if records:
        most = settings.identity.max_records_per_person_id
        yield f"select value from ({' union '.join(records)}) group by value having count(distinct record) > {most}"
