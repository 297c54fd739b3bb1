"""Rows of people under a legal hold (Art. 17(3)), which retention does not delete before the hold ends.

Here: `identity.held_records`, made anew each night, and which raw rows are theirs: by the person's key, an address, a number
or what only they have (a visitor's cookie). Not here: what a hold is (holds.py), what is too old (retention.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.settings.people import Person
from orchestration.core.settings.tables import Table
from orchestration.core.warehouse import drop_tables, has_table, key_text, quote, scalar, text
from orchestration.match_keys import all_name_keys, define_match_keys
from orchestration.match_keys.person_ids import person_id_key
from orchestration.match_keys.phones import read_phones_apart
from orchestration.privacy.intake.own_values import ignored_ids, is_known_by, own_values
from orchestration.privacy.intake.raw_people import declared, raw_table, standing
from orchestration.privacy.intake.spelled_numbers import is_spelled
from orchestration.privacy.rights.holds import held, holds, note_held_values
from orchestration.privacy.rights.named import note_unresolved_people
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.privacy.secrets.pepper import Pepper

_IS_HELD = "({system}, {key}) in (select (source_system, source_key) from identity.held_records)"
_VALUES = "select value from held_values where kind = '{kind}'"
_LISTED = "(select coalesce(list(value), []::varchar[]) from held_values where kind = '{kind}')"
# temporary: of these people nothing more is kept than there is
_NOTE = """
insert into held_values
select distinct 'email' as kind, unnest(match_keys.email_readings(email)) as value
from conformed.conformed_people join identity.held_records using (source_system, source_key)
union
select 'phone', key from (select unnest(list_append(readings, phone_key)) as key from held_phones) where starts_with(key, '+')
"""
# what people are known by of whom there are only rows that were set aside, and lines that could not be read
_NOBODYS = f"""
select source_system, source_key, 'record' as kind, source_system || ':' || source_key as value from unresolved_people
union select source_system, source_key, 'email', unnest(match_keys.email_readings(point)) from (select *, unnest(points) as point from unresolved_people)
union select source_system, source_key, 'phone', unnest(list_append(n.readings, n.phone_key))
from (select *, unnest(points) as point from unresolved_people) u
join nobodys_phones n on n.phone = u.point and n.country_code = coalesce(match_keys.country_code(u.country_code), '')
union select source_system, source_key, 'name', unnest({all_name_keys("given_name", "family_name", "full_name", "birth_date")}) from unresolved_people
union select source_system, source_key, 'person_id', {person_id_key()} from unresolved_people where person_id is not null
-- lines
union select null, null, 'email', unnest(match_keys.denied_addresses(content)) from quarantine.rejected_rows
"""
_PHONES = "select phone, country_code from conformed.conformed_people join identity.held_records using (source_system, source_key)"


@dataclass(frozen=True)
class HeldRows:
    """Whose rows stay. `counts` says how many of a table stayed for it alone, as retention finds them."""

    is_any: bool
    default_country: str = ""
    # by source, what it writes for nobody
    nobodys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.counts.total()

    def of(self, con: duckdb.DuckDBPyConnection, source: str, name: str, table: Table) -> str:
        """SQL: whether a raw row of a table is of somebody under a hold."""
        found: list[str] = []
        for person in table.whose if self.is_any else []:
            if person.key:
                found.append(_is_theirs(source, person))
            found += [
                f"list_has_any(match_keys.email_readings({quote(c)}::varchar), {_LISTED.format(kind='email')})"
                for c in person.email
            ]
            for column in person.phone:
                numbers = _VALUES.format(kind="phone")
                if spelled := is_spelled(con, raw_table(source, name), person, column, self.default_country, numbers):
                    found.append(spelled)
            found += is_known_by(source, person, self.nobodys[source], f"({_VALUES})")
        return f"({' or '.join(f'coalesce({one}, false)' for one in found)})" if found else "false"

    @property
    def of_line(self) -> str:
        """SQL: whether the `content` of a rejected line has the address of somebody under a hold."""
        if not self.is_any:
            return "false"
        return f"coalesce(list_has_any(match_keys.denied_addresses(content), {_LISTED.format(kind='email')}), false)"


def find_held(con: duckdb.DuckDBPyConnection, settings: Settings, pepper: Pepper, today: date) -> HeldRows:
    """Rebuilds `identity.held_records`, of everybody who is under a hold `today`. What it returns is of this connection."""
    prepare_requests(con)
    define_match_keys(con)
    con.execute("delete from identity.held_records")
    # a warehouse that knows no customer yet has no hold on one
    if not has_table(con, "identity", "customer_source_records"):
        return HeldRows(is_any=False)
    customers = list(held(con, pepper, None, today))
    con.execute("create or replace temp table held_values (kind varchar, value varchar)")
    is_nobody = _note_nobodys(con, settings, pepper, today)
    if customers:
        con.execute(
            "insert into identity.held_records (source_system, source_key) select distinct source_system, source_key from owners "
            "where customer_id in (select unnest($customers::varchar[]))",
            {"customers": customers},
        )
    is_any = bool(customers) or is_nobody
    if is_any:
        _note_values(con, settings)
    nobodys = {source: spec.nobodys for source, spec in settings.sources.items()}
    return HeldRows(is_any=is_any, default_country=settings.identity.default_country, nobodys=nobodys)


def _note_nobodys(con: duckdb.DuckDBPyConnection, settings: Settings, pepper: Pepper, today: date) -> bool:
    """Notes the records and points of held people who are no customers; and whether there are any."""
    if not any(hold.until_on >= today for hold in holds(con, today)):
        return False
    note_unresolved_people(con, settings)
    numbers = "select unnest(points) as phone, country_code from unresolved_people"
    read_phones_apart(con, numbers, settings.identity.default_country, "nobodys_phones")
    known = _NOBODYS if has_table(con, "quarantine", "rejected_rows") else _NOBODYS.split("-- lines\n", maxsplit=1)[0]
    note_held_values(con, pepper, known, today)
    con.execute(
        "insert into identity.held_records select distinct source_system, source_key from known_held where source_key is not null"
    )
    con.execute(
        "insert into held_values select distinct k.kind, k.value from known_held h join (from (" + known + ")) k on "
        "k.source_system = h.source_system and k.source_key = h.source_key where k.kind in ('email', 'phone') "
        "union select kind, value from known_held where kind = 'email'"
    )
    found = scalar(con, "select count(*) from known_held")
    drop_tables(con, "known_held", "nobodys_phones", "unresolved_people")
    return bool(found)


def _is_theirs(source: str, person: Person) -> str:
    return _IS_HELD.format(system=text(person.system or source), key=key_text(person.key_columns))


def _note_values(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    read_phones_apart(con, _PHONES, settings.identity.default_country, "held_phones")
    con.execute(_NOTE)
    con.execute("drop table held_phones")
    raw = standing(con, settings)
    for source, name, person in declared(settings):
        if person.key and raw.get((source, name)):
            for kind, value in own_values(source, person, settings.sources[source].nobodys):
                con.execute(
                    f"insert into held_values select distinct '{kind}', {value} "
                    f"from {raw_table(source, name)} where {_is_theirs(source, person)} and {value} is not null"
                )
    con.execute(f"delete from held_values where kind = 'person_id' and value in ({ignored_ids(con)})")
