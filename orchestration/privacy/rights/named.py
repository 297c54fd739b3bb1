"""Whom a request names: customers, and where an address or a record is not a customer's, people of whom there are only rows that
were set aside, could not be read, or are of a record that nobody has.

Not here: how a customer is known (subjects.py), what those people are known by (raw_people.py), what is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb

from orchestration.core.settings import Settings
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import has_table, scalar, text
from orchestration.match_keys import define_match_keys
from orchestration.match_keys.junk import define_junk
from orchestration.privacy.intake.raw_people import Unresolved, is_one_name, note_raw_people
from orchestration.privacy.intake.spelled_numbers import is_spelled, numbers_asked
from orchestration.privacy.intake.suppressor import Suppressor
from orchestration.privacy.intake.withdrawals import LEDGER, prepare_withdrawals
from orchestration.privacy.rights.holds import Hold, held, hold_on_values
from orchestration.privacy.rights.requests import State
from orchestration.privacy.rights.rights_keys import STAND_IN
from orchestration.privacy.rights.subject_keys import KNOWN_BY, note_subject
from orchestration.privacy.rights.subject_rows import has_any
from orchestration.privacy.rights.subjects import Subject, customers_of, record_of, state_of
from orchestration.privacy.secrets.pepper import find_pepper


@dataclass(frozen=True)
class Named:
    """Whom a subject names: customers (ids of today), or else people who are none; of several a person decides."""

    customers: list[str] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)

    @property
    def state(self) -> State:
        return state_of(self.candidates)

    @property
    def candidates(self) -> list[str]:
        """Customer ids, or records as system:key."""
        return self.customers or [one.handle for one in self.unresolved]

    @property
    def nobodys(self) -> Unresolved | None:
        """The one person, where it is not a customer."""
        return self.unresolved[0] if len(self.unresolved) == 1 else None


def named(con: duckdb.DuckDBPyConnection, settings: Settings, subjects: Sequence[Subject]) -> list[Named]:
    """Of each subject whom it names. Raises KundbildError as `customers_of` does."""
    found = [Named(customers) for customers in customers_of(con, subjects)]
    unknown = [place for place, one in enumerate(found) if not one.customers and not subjects[place].customer]
    if unknown:
        define_junk(con)
        note_unresolved_people(con, settings)
    for place in unknown:
        found[place] = _beside(con, settings, subjects[place])
    return found


def note_unresolved_people(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Makes the temp table `unresolved_people`: people's records in raw that no conformed table has."""
    define_match_keys(con)
    note_raw_people(con, settings, "unresolved_people", lambda source, person: "true", is_record=True)


def suppressed_unresolved(
    con: duckdb.DuckDBPyConnection, settings: Settings, suppressor: Suppressor
) -> list[Unresolved]:
    """Who is not a customer and on the suppression list: they came back with a backup."""
    if not suppressor.count or not has_table(con, "identity", "customer_source_records"):
        return []
    note_unresolved_people(con, settings)
    con.execute(
        "create or replace temp table unresolved_again as select source_system, source_key, given_name, family_name, full_name, birth_date, "
        "country_code, person_id, array_to_string(points, '; ') as email, array_to_string(points, '; ') as phone from unresolved_people"
    )
    suppressor.find_people(con, "unresolved_again")
    records = con.execute("select distinct source_system, source_key from known_again order by all").fetchall()
    con.execute("drop table unresolved_again")
    return [Unresolved(tuple(records))] if records else []


def named_by_request(con: duckdb.DuckDBPyConnection, settings: Settings, request: str) -> Named:
    """Whom a request that waits is about, where that was not a customer: by what it was noted with."""
    prepare_withdrawals(con)
    records = (
        "select distinct source_system || ':' || source_key from identity.restrictions where request_id = $1 "
        f"and source_system <> {text(STAND_IN)} order by 1"
    )
    said = f"select distinct contact_point from {LEDGER} where entity = 'requests' and source_key = $1 and contact_point is not null order by 1"
    subjects = [Subject(source_record=record) for (record,) in con.execute(records, [request]).fetchall()]
    points = [] if subjects else [point for (point,) in con.execute(said, [request]).fetchall()]
    subjects += [Subject(email=point) if "@" in point else Subject(phone=point) for point in points]
    found = named(con, settings, subjects)
    return Named(
        list(dict.fromkeys(customer for one in found for customer in one.customers)),
        _joined([one for each in found for one in each.unresolved]),
    )


def _joined(people: Sequence[Unresolved]) -> list[Unresolved]:
    """What one request names, as one person."""
    records = tuple(dict.fromkeys(record for one in people for record in one.records))
    points = tuple(dict.fromkeys(point for one in people for point in one.points))
    return [Unresolved(records, points)] if people else []


def holds_on(con: duckdb.DuckDBPyConnection, settings: Settings, found: Sequence[Named]) -> list[Hold | None]:
    """Of each the legal hold that keeps its data, where it is one person."""
    pepper, today = find_pepper(con, settings.privacy.pepper), datetime.now(UTC).date()
    certain = sorted({one.customers[0] for one in found if len(one.customers) == 1})
    stopped: list[Hold | None] = []
    of_customers = held(con, pepper, certain, today)
    for one in found:
        if one.nobodys:
            note_subject(con, settings, one.nobodys)
            stopped.append(hold_on_values(con, pepper, KNOWN_BY, today))
        else:
            stopped.append(of_customers.get(one.customers[0]) if len(one.customers) == 1 else None)
    return stopped


def _points_of(con: duckdb.DuckDBPyConnection, subject: Subject) -> tuple[str, ...]:
    """The match keys of the address or number that is said; none of what is junk."""
    kind = "email" if subject.email is not None else "phone"
    said = (
        scalar(con, "select match_keys.email_readings($1)", [subject.email])
        if subject.email is not None
        else numbers_asked(con, subject.phone or "")
    )
    keys = f"select distinct key from (select unnest($1::varchar[]) as key) where not is_junk({text(kind)}, key) order by 1"
    return tuple(key for (key,) in con.execute(keys, [said]).fetchall())


def _has_point(con: duckdb.DuckDBPyConnection, settings: Settings, subject: Subject, points: tuple[str, ...]) -> str:
    """SQL on `unresolved_people u`: whether a field of theirs names one of the points."""
    if subject.email is not None:
        return f"exists (select 1 from (select unnest(u.points) as point) p where list_has_any(match_keys.email_readings(p.point), {list(points)}))"
    written = "(select unnest(points) as point, country_code from unresolved_people)"
    country, numbers = settings.identity.default_country, f"select unnest({list(points)})"
    is_theirs = is_spelled(con, written, Person(country_code="country_code"), "point", country, numbers)
    fields = "select unnest(u.points) as point, u.country_code as country_code"
    return f"exists (select 1 from ({fields}) p where {is_theirs or 'false'})"


def _beside(con: duckdb.DuckDBPyConnection, settings: Settings, subject: Subject) -> Named:
    points: tuple[str, ...] = ()
    if subject.source_record:
        system, key = record_of(subject.source_record)
        is_theirs = (
            f"lower(u.source_system) = lower(match_keys.plain({text(system)})) "
            f"and match_keys.record_key(u.source_key) = match_keys.record_key({text(key)})"
        )
    else:
        points = _points_of(con, subject)
        if not points:
            return Named()
        is_theirs = _has_point(con, settings, subject, points)
    people = con.execute(
        "select distinct u.source_system, u.source_key, u.written_name, o.customer_id from unresolved_people u "
        "left join owners o on o.source_system = u.source_system and match_keys.record_key(o.source_key) = match_keys.record_key(u.source_key) "
        f"where {is_theirs} order by all"
    ).fetchall()
    # set aside since: it was a customer's record before
    customers = sorted({customer for *_, customer in people if customer})
    if customers:
        return Named(customers)
    records = tuple(dict.fromkeys((system, key) for system, key, *_ in people))
    if points and not is_one_name([name for _, _, name, _ in people if name]):
        return Named(unresolved=[Unresolved((record,)) for record in records])
    if not records and subject.source_record:
        records = (record_of(subject.source_record),)
    one = Unresolved(records, points)
    note_subject(con, settings, one)
    return Named(unresolved=[one]) if has_any(con, settings) else Named()
