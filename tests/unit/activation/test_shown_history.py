"""Of whom the published history of permissions says that they may be contacted, once the publication is closed, gone back to or too old, and
after people's own words.

Not here: the audiences and permissions of today (test_shown_audiences.py).
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.privacy.rights.objections import object_to_marketing
from orchestration.privacy.rights.restrictions import restrict
from orchestration.publishing import snapshot
from orchestration.publishing.shown import close_stale_audiences, take_out_later_words
from tests.unit.activation.exporting import NOW, PEOPLE, SETTINGS

DAY = timedelta(hours=24)
HISTORY = """
create table marts.contact_permission_history as
select customer_id, purpose, channel, timestamp '2025-06-01' as valid_from, timestamp '2026-01-01' as valid_to, false as is_permitted, null::varchar as contact_point, 'withdrawn' as reason_code
from marts.contact_permissions
union all select customer_id, purpose, channel, timestamp '2026-01-01', null, true, contact_point, 'granted' from marts.contact_permissions
"""


@pytest.fixture
def with_history(night, home):
    """Four people who said no and then yes, and of whom one said it until a time that is to come, and then for another address."""
    for schema in ("bi", "bi_open", "segments"):
        night.execute(f"create schema {schema}")
    night.execute(HISTORY)
    ends = now() + timedelta(days=9)
    night.execute("update marts.contact_permission_history set valid_to = $1 where customer_id = 'c-bo' and is_permitted", [ends])  # fmt: skip
    night.execute("insert into marts.contact_permission_history values ('c-bo', 'newsletter', 'email', $1, null, true, 'b@x.se', 'granted')", [ends])  # fmt: skip
    snapshot.publish(night, home, "run-1", now(), keep=3)
    assert standing(home) == PEOPLE.keys()
    return night


def standing(home, schema: str = "marts") -> set[str]:
    """Of whom the history of the file says that they may be contacted now, or some time from now on."""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        said = f"from {schema}.contact_permission_history where is_permitted and coalesce(valid_to > $1, true)"
        return {customer for (customer,) in con.execute(f"select customer_id {said}", [now()]).fetchall()}


def past(home) -> list[tuple]:
    """The rows of the history that had ended before the night."""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        said = "select customer_id, is_permitted, reason_code, valid_to from marts.contact_permission_history"
        return con.execute(f"{said} where valid_from = '2025-06-01' order by 1").fetchall()


def test_the_history_of_a_closed_publication_says_of_nobody_that_they_may_be_contacted(with_history, home):
    before = past(home)
    assert close_stale_audiences(with_history, home, SETTINGS, ["held"], NOW)
    assert standing(home) == set() == standing(home, "audience_rows")
    # what was stays, and ends once
    assert past(home) == before and len(before) == len(PEOPLE)
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        ended = con.execute("select count(*) from marts.contact_permission_history where is_permitted").fetchall()
    assert ended == [(len(PEOPLE),)]
    written = (home.published / "customers.duckdb").stat().st_mtime_ns
    assert close_stale_audiences(with_history, home, SETTINGS, ["held"], NOW) == ""
    assert (home.published / "customers.duckdb").stat().st_mtime_ns == written


def test_the_history_of_a_publication_that_was_gone_back_to_says_of_nobody_that_they_may_be_contacted(
    with_history, home
):
    snapshot.publish(with_history, home, "run-2", now() + timedelta(seconds=1), keep=3)
    snapshot.rollback(home)
    assert standing(home) == set() == standing(home, "audience_rows")


def test_the_history_says_of_nobody_that_they_may_be_contacted_a_day_after_its_night(with_history, home):
    snapshot.publish(with_history, home, "run-2", now() - DAY - timedelta(minutes=1), keep=3)
    snapshot.switch(home, snapshot.list_publications(home)[-1].version)
    before = past(home)
    assert standing(home) == set() and len(before) == len(PEOPLE)
    # the rows of then lie there until somebody takes them out; it ended when it was shown no more
    shown_until = now() - timedelta(minutes=1)
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            con.execute(f"set timezone = '{zone}'")
            ((ended,),) = con.execute("select distinct valid_to from marts.contact_permission_history where is_permitted").fetchall()  # fmt: skip
            assert abs(ended - shown_until) < timedelta(minutes=1)


def test_a_right_ends_the_permission_in_the_published_history_at_once(with_history, home):
    object_to_marketing(with_history, "c-anna", now(), "r1")
    # of whom a register closes the channel in any case
    with_history.execute("update marts.contact_permissions set is_permitted = false where customer_id = 'c-bo'")
    restrict(with_history, "c-bo", now(), "r2")
    before = past(home)
    assert take_out_later_words(with_history, home) == ""
    assert standing(home) == {"c-eva", "c-odd"} == standing(home, "audience_rows")
    assert past(home) == before


def test_a_right_ends_the_permission_in_the_history_where_a_register_closes_the_channel_of_everybody(
    with_history, home
):
    with_history.execute("update marts.contact_permissions set is_permitted = false, contact_point = null")
    object_to_marketing(with_history, "c-anna", now(), "r1")
    take_out_later_words(with_history, home)
    assert "c-anna" not in standing(home)
