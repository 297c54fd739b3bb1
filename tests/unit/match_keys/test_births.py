"""Ages by calendar years, and years of birth that are written with two digits. Not here: what a minor may get."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.match_keys import birth, define_match_keys
from tests.unit.mapped import birth_macros

NIGHT = "2026-11-26 02:00:00"
CON = duckdb.connect()
define_match_keys(CON)


def age(born: str, at: str = NIGHT) -> int:
    sql = birth_macros(at).age_in_years("b", f"timestamp '{at}'")
    return CON.execute(f"select {sql} from (select $1::date as b)", [born]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("born", "at", "years"),
    [
        ("2008-11-26", NIGHT, 18),
        ("2008-11-27", NIGHT, 17),
        ("1981-11-26", NIGHT, 45),
        ("1961-11-26", NIGHT, 65),
        ("1961-11-27", NIGHT, 64),
        ("2008-02-29", "2026-02-28 23:59:59", 17),
        ("2008-02-29", "2026-03-01 00:00:00", 18),
        ("2008-02-29", "2028-02-29 00:00:00", 20),
        ("2026-11-26", NIGHT, 0),
    ],
)
def test_who_has_a_birthday_is_a_year_older_that_day(born, at, years):
    assert age(born, at) == years


@settings(max_examples=5)
@given(st.lists(st.dates(min_value=date(1900, 1, 1), max_value=date(2026, 11, 26)), min_size=30, max_size=60))
def test_an_age_is_the_number_of_birthdays(born):
    # counted one by one
    birthdays = [sum((y, b.month, b.day) <= (2026, 11, 26) for y in range(b.year + 1, 2027)) for b in born]
    sql = birth_macros(NIGHT).age_in_years("b", f"timestamp '{NIGHT}'")
    found = CON.execute(
        f"select {sql} from (select unnest($1::date[]) as b, generate_subscripts($1, 1) as n) order by n", [born]
    ).fetchall()
    assert [years for (years,) in found] == birthdays


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12.03.45", "1945-03-12"),
        ("12.03.60", "1960-03-12"),
        ("12.03.76", "1976-03-12"),
        ("26.11.26", "2026-11-26"),
        ("27.11.26", "1926-11-27"),
        ("01.05.09", "2009-05-01"),
        ("1945-03-12", "1945-03-12"),
        ("45-03-12", "1945-03-12"),
        ("2045-03-12", None),
        ("unknown", None),
    ],
)
def test_a_year_of_two_digits_never_lies_in_the_future(written, read):
    sql = birth_macros(NIGHT).parsed_birth("b", ["%Y-%m-%d", "%d.%m.%y"])
    assert CON.execute(f"select ({sql})::varchar from (select $1 as b)", [written]).fetchall() == [(read,)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1976-03-12", "1976-03-12"),
        ("76-03-12", "0076-03-12"),
        ("1945/03/12", "1945-03-12"),
        ("2014-05-06", "2014-05-06"),
        *((written, None) for written in ("05/06/14", "01/02/15", "05-06-14", "01-02-15", "01/2/15", "31/12/14", "0014-05-06", "06.05.14")),
    ],
)  # fmt: skip
def test_a_birth_date_whose_order_nobody_knows_is_none(written, read):
    """DuckDB reads whatever stands first as the year: a child of 2014 would be of age."""
    sql = birth_macros(NIGHT).as_birth("b")
    assert CON.execute(f"select ({sql})::varchar from (select $1 as b)", [written]).fetchall() == [(read,)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *((written, "1980-04-05") for written in ("1980-04-05", "05.04.1980", "05/04/1980", "05-04-1980", "19800405", "05/04/80", "05.04.80", "800405", "80-04-05")),
        ("05/06/14", "2014-06-05"), ("12.03.45", "1945-03-12"), ("unknown", None), ("2045-01-01", None), (None, None),
    ],
)  # fmt: skip
def test_a_birth_date_of_somebody_who_was_erased_is_known_as_systems_write_it(written, read):
    assert CON.execute(f"select {birth('b')}::varchar from (select $1 as b)", [written]).fetchall() == [(read,)]
