"""How the lines of a table say a withdrawal, as SQL by its columns: who, of which contact point, when, and what is a refusal.

Not here: what such lines become (rejected_withdrawals.py), whom a line may name that is no row (broken_lines.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestration.contracts.mapping_times import formats_by_offset
from orchestration.contracts.mapping_values import is_ignored, mapped_text, names_nobody
from orchestration.core.settings import Settings, Source, Table
from orchestration.core.settings.maps import STATEMENTS, EntityMap
from orchestration.core.settings.people import Person
from orchestration.core.warehouse import key_text, quote, text
from orchestration.core.written_months import read_time
from orchestration.privacy.intake.request_words import SOURCE, ends_contact, ends_nothing, purpose_ended
from orchestration.privacy.intake.withdrawals import (
    EARLIEST,
    is_harmless,
    is_withdrawn,
    refuses,
)


@dataclass(frozen=True)
class Reader:
    """How a table's rejected lines are read: SQL by its columns. `entity` is what its rows become."""

    entity: str
    source: str
    table: str
    key: str
    person_system: str
    person: str
    points: tuple[str, ...]
    granted: str
    withdrawn: str
    purpose: str
    channel: str
    stated_at: str  # UTC
    is_zoneless: str
    own_system: str  # whose the person's key is where a row does not tell
    person_columns: tuple[str, ...]
    point_columns: tuple[str, ...]
    columns: tuple[str, ...]

    def named(self, lines: str) -> str:
        """SQL: (load_id, line_key, contact_point, person_key) of everybody whom lines of broken JSON name: `lines` with one more row
        for each key, contact point and email address. Of a key of several columns every combination that stands in a line."""
        said = f"(select load_id, line_key, content, replace(content, '\\\"', '\"') as written from ({lines}))"
        keys, found = [f"k{number}" for number in range(len(self.person_columns))], said
        for key, column in zip(keys, self.person_columns, strict=True):
            found = f"(select *, unnest({_values(column)}) as {key} from {found})"
        parts = [
            f"select load_id, line_key, unnest(regexp_extract_all(content, '{EMAILS}')) as contact_point, null::varchar as person_key from {said}"
        ]
        # what has not the digits of a number names nobody; addresses are found wherever they stand
        number = "length(regexp_replace(v, '[^0-9]', '', 'g')) >= 7"
        parts += [
            f"select load_id, line_key, unnest(list_filter({_values(column)}, lambda v: {number})), null from {said}"
            for column in self.point_columns
        ]
        parts += [f"select load_id, line_key, null, {key_text(keys)} from {found}"] if keys else []
        return " union all ".join(parts)


def readers(settings: Settings) -> Iterator[Reader]:
    """One for each table and mapping that feeds statements on consent or events of messages, and one of people's requests."""
    for source, spec in settings.enabled_sources.items():
        for name, table in spec.tables.items():
            yield from readers_of(source, spec, name, table)


def readers_of(source: str, spec: Source, name: str, table: Table) -> Iterator[Reader]:
    """Those of one table."""
    if source == name == SOURCE:
        yield _of_requests(table, spec.timezone)
    for mapping in table.maps:
        if mapping.entity in STATEMENTS:
            yield _of_mapping(source, name, table, mapping, spec)
    for person in table.persons:
        if person.grant or person.refusal:
            yield _of_person(source, name, table, person, spec)


def _somebodys(key: str, columns: Sequence[str], spec: Source) -> str:
    """SQL: a person's key, null where the source writes for nobody: such rows have no person in common."""
    if len(columns) != 1:
        return key
    return f"case when not {names_nobody(key, spec.nobodys)} then {key} end"


def _of_mapping(source: str, name: str, table: Table, mapping: EntityMap, spec: Source) -> Reader:
    zone = spec.timezone
    system = f"coalesce(nullif(trim({_said(mapping, 'person_system')}), ''), {text(source)})"
    status = f"said_word({_said(mapping, 'status')})"
    ignored = " or ".join(is_ignored(how) for c in mapping.columns if (how := mapping.how(c)) and how.ignore) or "false"
    is_event = mapping.entity == "email_events"
    kind = _said(mapping, "kind")
    written = _written(mapping, "occurred_at" if is_event else "stated_at")
    person_columns = _columns(mapping, "person_key")
    person = _somebodys(_said(mapping, "person_key"), person_columns, spec)
    return Reader(
        mapping.entity, source, name, _said(mapping, "source_key"), system, person, (_said(mapping, "contact_point"),),
        granted=f"({ignored} or {is_harmless(kind)})" if is_event else f"({ignored} or coalesce({status} = 'granted', false))",
        withdrawn=refuses(kind) if is_event else is_withdrawn(status),
        purpose="'marketing'" if is_event else _said(mapping, "purpose"),
        channel="'email'" if is_event else _said(mapping, "channel"),
        stated_at=_utc(written, zone), is_zoneless=_is_zoneless(written, zone),
        own_system=str(mapping.constants.get("person_system", source)),
        person_columns=person_columns, point_columns=_columns(mapping, "contact_point"), columns=tuple(table.columns),
    )  # fmt: skip


def _of_person(source: str, name: str, table: Table, person: Person, spec: Source) -> Reader:
    grant, zone = person.grant, spec.timezone
    key = _somebodys(key_text(person.key_columns), person.key_columns, spec) if person.key else "null"
    status = f"said_word(cast({quote(grant.status)} as varchar))" if grant else "null"
    granted = ", ".join(text(value.lower()) for value in grant.granted) if grant else ""
    event = f"cast({quote(person.refusal)} as varchar)" if person.refusal else ""
    refused = refuses(event) if event else ""
    # of events no setting names the time; retention goes by it
    happened = table.retention.happened_at if table.retention and not grant else []
    at = grant.stated_at if grant else happened[0] if len(happened) == 1 else ""
    written = f"cast({quote(at)} as varchar)" if at else "null::varchar"
    return Reader(
        "consent_events" if grant else "email_events", source, name, key_text(table.key) if table.key else "null",
        text(person.system or source), key, tuple(quote(column) for column in (*person.email, *person.phone)),
        granted=is_harmless(event) if refused else f"coalesce({status} in ({granted}), false)",
        withdrawn=refused or is_withdrawn(status),
        purpose="'marketing'" if refused else quote(grant.purpose) if grant and grant.purpose else "null",
        channel="'email'" if refused else quote(grant.channel) if grant and grant.channel else "null",
        stated_at=_utc(written, zone), is_zoneless=_is_zoneless(written, zone),
        own_system=person.system or source, person_columns=tuple(person.key_columns), point_columns=(*person.email, *person.phone),
        columns=tuple(table.columns),
    )  # fmt: skip


def _of_requests(table: Table, zone: str | None) -> Reader:
    """People's requests: of a customer's id the ledger knows nothing, so that a line with nothing else names nobody."""
    record, written = "cast(source_record as varchar)", "cast(received_at as varchar)"
    return Reader(
        "consent_events", SOURCE, SOURCE, "cast(request_id as varchar)", f"nullif(trim(split_part({record}, ':', 1)), '')",
        f"nullif(trim(regexp_extract({record}, '^[^:]+:(.+)$', 1)), '')", ("cast(email as varchar)",),
        granted=ends_nothing("kind"), withdrawn=ends_contact("kind"), purpose=purpose_ended("kind"), channel="'all'",
        stated_at=_utc(written, zone), is_zoneless=_is_zoneless(written, zone),
        own_system=SOURCE, person_columns=(), point_columns=("email",), columns=tuple(table.columns),
    )  # fmt: skip


def _columns(mapping: EntityMap, column: str) -> tuple[str, ...]:
    """The columns of the table that a conformed one is read from."""
    return tuple(how.columns) if (how := mapping.how(column)) else ()


def _said(mapping: EntityMap, column: str) -> str:
    """SQL of a conformed column as text, by the columns of the table."""
    if column in mapping.constants:
        return text(str(mapping.constants[column]))
    how = mapping.how(column)
    # what is computed, or stands in another table, a rejected line does not say
    return mapped_text(how) if how and mapping.is_raw(column) else "null"


EMAILS = "[A-Za-z0-9._%+''-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}"


def _values(column: str) -> str:
    """SQL: every value that the text `written` gives a column, as JSON writes it."""
    pattern = text(f'"{re.escape(column)}"\\s*:\\s*("[^"]*"|[0-9.]+)')
    values = f"list_transform(regexp_extract_all(written, {pattern}, 1), lambda v: nullif(trim(v, '\" '), ''))"
    return f"list_distinct({values})"


def _written(mapping: EntityMap, column: str) -> str:
    """SQL: when a withdrawal was made, as text that a cast reads; by its formats where it has some."""
    how = mapping.how(column)
    written = _said(mapping, column)
    if how and how.formats:
        read = [f"cast({read_time(written, group)} as varchar)" for group in formats_by_offset(how.formats)]
        written = f"coalesce({', '.join(read)}, {written})"
    return written


def _has_offset(written: str) -> str:
    return f"coalesce(regexp_matches({written}, ':[0-9]{{2}}([.,][0-9]+)?\\s*([A-Za-z]|[+-][0-9])'), false)"


def _is_midnight(written: str) -> str:
    """SQL: whether a time with an offset is a midnight, which may name only a day (dbt: macro is_midnight_with_offset)."""
    return f"coalesce(regexp_matches({written}, '[Tt ]00:00(:00([.,]0+)?)?\\s*([A-Za-z]|[+-][0-9])'), false)"


def _is_zoneless(written: str, zone: str | None) -> str:
    """SQL: whether a time tells no zone, nor does its source (dbt: macro is_zoneless)."""
    return "false" if zone else f"(not {_has_offset(written)} or {_is_midnight(written)})"


def _utc(written: str, zone: str | None) -> str:
    """SQL: a time out of text, UTC; null where it cannot be read. A day, or a midnight, weighs as its last moment, and a time
    before EARLIEST stands for none (dbt: macro statement_time)."""
    has_offset = _has_offset(written)
    in_utc = f"at time zone {text(zone or 'UTC')}) at time zone 'UTC'"

    def end_of(day: str) -> str:
        # a day has 23 or 25 hours where clocks change: its end is the next midnight of the source's zone
        return f"(cast({day} + interval 1 day as timestamp) {in_utc} - interval 1 microsecond"

    instant = f"try_cast({written} as timestamptz)"
    local = f"(try_cast({written} as timestamp) {in_utc}"
    at = f"case when {has_offset} then {instant} at time zone 'UTC' else {local} end"
    is_day = f"not {has_offset} and cast(try_cast({written} as timestamp) as time) = time '00:00:00'"
    there, in_zone = f"({instant} at time zone 'UTC')", f"({instant} at time zone {text(zone or 'UTC')})"
    is_midnight = f"{_is_midnight(written)} or {has_offset} and cast({in_zone} as time) = time '00:00:00'"
    day = (
        f"case when cast({there} as time) = time '00:00:00' then cast({there} as date) else cast({in_zone} as date) end"
    )
    return (
        f"(case when {at} < date '{EARLIEST}' then null "
        f"when {is_day} then {end_of(f'cast(try_cast({written} as timestamp) as date)')} "
        f"when {is_midnight} then greatest({there} + interval 1 day - interval 1 microsecond, {end_of(day)}) else {at} end)"
    )
