"""SQL of a mapped time: its formats, UTC, whether it is a time that a row can be of, and whether it is a grant's.

Not here: how a time is read (dbt: macros/engine/casts.sql), a mapped column's text (mapping_values.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.contracts.mapping_values import argument, mapped_text, stripped
from orchestration.core.settings.maps import ColumnMap, EntityMap
from orchestration.core.warehouse import text
from orchestration.core.written_months import as_read, read_time

# no row is of a time before (dbt: var earliest_time): a cast reads 05/06/26, a date of two digits for the year, as of the year 5
EARLIEST_TIME = "1880-01-01"
# how systems write no time at all
NO_TIME = "^0001-01-01"
# times of statements on consent: what names only a day is read apart (macros/engine/casts.sql)
TIMES_OF_STATEMENTS = {
    ("consent_events", "stated_at"),
    ("consent_events", "confirmed_at"),
    ("email_events", "occurred_at"),
}


def known_time(moment: str) -> str:
    """SQL: a date or a time; null where it is of a year that nobody meant."""
    return f"case when {moment} >= date {text(EARLIEST_TIME)} then {moment} end"


def is_no_time(written: str) -> str:
    """SQL: whether a text is what systems write for no time at all. Not in Jinja."""
    return f"regexp_matches(cast({written} as varchar), {text(NO_TIME)})"


def mapped_moment(mapping: EntityMap, column: str, of: str = "") -> str | None:
    """SQL: the time, UTC, of a column that is mapped; None where it is not. Not in Jinja."""
    how = mapping.how(column)
    if how is None:
        return None
    if how.formats:
        return known_time(read_time(mapped_text(how, of), how.formats))
    return known_time(f"(try_cast({mapped_text(how, of)} as timestamptz) at time zone 'UTC')")


def stated_as_grant(mapping: EntityMap, column: str) -> str | None:
    """SQL: whether a time of a statement is a grant's; None of a column that is no such time. Not in Jinja."""
    if (mapping.entity, column) not in TIMES_OF_STATEMENTS:
        return None
    if mapping.entity == "email_events":
        return "false"
    how = mapping.how("status")
    status = text(str(mapping.constants["status"])) if "status" in mapping.constants else "null"
    return f"coalesce(lower({stripped(mapped_text(how, 'r.') if how else status)}) = 'granted', false)"


def written_time(raw: str, how: ColumnMap, reader: str = "parsed_time") -> str:
    """An argument of a macro: a value, by its formats where it has some."""
    raw, formats = as_read(raw, how.formats)
    groups = formats_by_offset(formats)
    if not groups:
        return argument(raw)
    escaped = [[argument(one.replace("'", "''")) for one in group] for group in groups]
    read = [f"{reader}({argument(raw)}, [{', '.join(group)}])" for group in escaped]
    if len(read) == 1:
        return read[0]
    # as text: of one type all of them would have an offset
    return '"coalesce(" ~ ' + ' ~ ", " ~ '.join(f'"cast(" ~ {one} ~ " as varchar)"' for one in read) + ' ~ ")"'


def formats_by_offset(formats: Sequence[str]) -> list[list[str]]:
    """Formats of times without an offset, and those with one."""
    without, with_one = [f for f in formats if "%z" not in f], [f for f in formats if "%z" in f]
    return [group for group in (without, with_one) if group]
