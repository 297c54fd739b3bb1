"""Whose rows raw tables hold, as they declare it; and people of whom there is nothing else: what was set aside of them, could
not be read, or is of a record that nobody has.

Not here: whom a request names (named.py), what is done with them (noted.py, subject_keys.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from orchestration.core.settings import Settings, Table
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_table, json_path, key_text, quote, text
from orchestration.match_keys import alike_name_keys, birth
from orchestration.privacy.intake.broken_lines import NUMBERED
from orchestration.privacy.intake.own_values import written_id

_COLUMNS = ("given_name", "family_name", "full_name", "birth_date", "country_code")


@dataclass(frozen=True)
class Unresolved:
    """Who is known by records (system, key) that are no customer's, and by addresses and numbers (match keys) that were said."""

    records: tuple[tuple[str, str], ...] = ()
    points: tuple[str, ...] = ()

    @property
    def handle(self) -> str:
        """What the audit log and the register of requests hash: a record, or where there is none an address or number."""
        return ":".join(min(self.records)) if self.records else self.points[0]


def declared(settings: Settings) -> list[tuple[str, str, Person]]:
    """(source, table, person) of every table that says whose its rows are."""
    return [
        (source, name, person)
        for source, declared in settings.sources.items()
        for name, table in declared.tables.items()
        for person in table.whose
    ]


def raw_table(source: str, name: str) -> str:
    return f"{quote('raw_' + source)}.{quote(name)}"


def standing(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[tuple[str, str], bool]:
    """{(source, table): whether it has a row} of the raw tables that say whose their rows are, and that exist.

    To plan a query on all that a declaration says takes longer than to see that there is nothing to read."""
    tables = "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
    there = set(con.execute(tables).fetchall())
    found = [
        (source, name)
        for source, spec in settings.sources.items()
        for name, table in spec.tables.items()
        if table.whose and (f"raw_{source}", name) in there
    ]
    if not found:
        return {}
    filled = con.execute("select " + ", ".join(f"exists (from {raw_table(*one)})" for one in found)).fetchall()[0]
    return dict(zip(found, filled, strict=True))


def note_raw_people(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: str,
    is_theirs: Callable[[str, Person], str],
    *,
    is_record: bool = False,
    with_rejected: bool = False,
) -> None:
    """Makes the temp table `table` of rows of raw that no conformed table has: (source_system, source_key, given_name,
    family_name, full_name, birth_date, country_code, points, written_name, person_id): the id under which the source keeps them,
    as it is written.

    `is_theirs` is SQL on a raw row, of its source and person; `is_record`: only rows that are a person's record themselves;
    `with_rejected`: those that could not enter raw, too.
    """
    columns = ", ".join(f"{column} varchar" for column in _COLUMNS)
    con.execute(
        f"create or replace temp table {table} (source_system varchar, source_key varchar, {columns}, points varchar[], written_name varchar, person_id varchar)"
    )
    raw = standing(con, settings)
    has_rejected = with_rejected and has_table(con, "quarantine", "rejected_rows")
    for source, name, person in declared(settings):
        if not person.key or (source, name) not in raw:
            continue
        if is_record and not is_person_record(settings.sources[source].tables[name], person):
            continue
        system, key = text(person.system or source), key_text(person.key_columns)
        known = (
            f"select match_keys.record_key(source_key) from conformed.conformed_people where source_system = {system}"
        )
        said = [_said(person, column) for column in _COLUMNS]
        points = ", ".join(f"{quote(c)}::varchar" for c in dict.fromkeys([*person.email, *person.phone]))
        written = f"match_keys.words_key(coalesce(nullif(concat_ws(' ', {said[0]}, {said[1]}), ''), {said[2]}))"
        own_id = written_id(person, settings.sources[source].nobodys) or "null"
        relations = [raw_table(source, name)] if raw[source, name] else []
        if has_rejected:
            relations.append(_rejected(source, name, person))
        for relation in relations:
            con.execute(
                f"insert into {table} select {system}, {key}, {', '.join(said)}, [{points}]::varchar[], {written}, {own_id} "
                f"from {relation} where {key} is not null and ({is_theirs(source, person)}) "
                f"and match_keys.record_key({key}) not in ({known})"
            )


def _said(person: Person, column: str) -> str:
    """SQL of what a raw row says of its person; a birth date in one of the source's own formats is written as others are."""
    if not (written := getattr(person, column)):
        return "null"
    value = f"{quote(written)}::varchar"
    is_own = column == "birth_date" and person.birth_formats
    return f"coalesce(({birth(value, person.birth_formats)})::varchar, {value})" if is_own else value


def names_of(person: Person) -> str | None:
    """SQL of the list of a raw row's name keys, by their sound too; None where its table has no name with a birth date."""
    named = (person.given_name, person.family_name, person.full_name)
    if not person.birth_date or not any(named):
        return None
    given, family, full = (f"{quote(column)}::varchar" if column else "null::varchar" for column in named)
    return alike_name_keys(given, family, full, quote(person.birth_date), person.birth_formats)


def is_person_record(table: Table, person: Person) -> bool:
    """Whether a row of the table is its person's record, and not one that names it."""
    mapped = [how.columns for m in table.maps if m.entity == "people" and (how := m.how("source_key"))]
    return person.key_columns in (table.key, *mapped)


def _rejected(source: str, name: str, person: Person) -> str:
    """SQL of the rejected rows of a table whose values could be told apart, with the columns that say whose they are."""
    columns = ", ".join(
        f"json_extract_string(r.document, {text(json_path(c))}) as {quote(c)}" for c in dict.fromkeys(person.columns)
    )
    numbered = NUMBERED.format(source=text(source), table=text(name))
    return f"(select {columns} from {numbered} where r.document is not null)"


def others_named(records: str) -> str:
    """SQL of (email, phone, country_code): points of records that no conformed table has, in the temp table
    `unresolved_people`, beside `records`, an SQL list of them, and of another name."""
    mine = f"select written_name from unresolved_people where (source_system, source_key) in {records} and written_name is not null"
    is_same = "starts_with(m.written_name || ' ', u.written_name || ' ') or starts_with(u.written_name || ' ', m.written_name || ' ')"
    return (
        "select point as email, point as phone, country_code from ("
        f"select unnest(points) as point, country_code from unresolved_people u where (source_system, source_key) not in {records} "
        f"and written_name is not null and not exists (select 1 from ({mine}) m where {is_same}))"
    )


def is_one_name(names: list[str]) -> bool:
    """Whether names, folded, may be one person's: `anna` and `anna berg` may."""
    whole = max(names, key=len, default="") + " "
    return all(whole.startswith(name + " ") for name in names)
