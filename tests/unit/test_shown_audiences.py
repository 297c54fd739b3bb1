"""Until when the published file shows audiences, and what a night that publishes none leaves of them (rule 15).

Not here: the same rule for exports (test_export.py), publications that were gone back to (test_publishing.py).
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from orchestration.activation.statement_sources import statements_known_until
from orchestration.extract.records import now
from orchestration.publishing import snapshot
from orchestration.publishing.shown import close_stale_audiences
from orchestration.settings import Settings, Source
from tests.unit.test_export import NIGHT, NOW, SETTINGS, night  # noqa: F401 # a fixture

DAY = timedelta(hours=24)


def rows(home) -> tuple[int, int]:
    """Of the audience: those that the file shows, and those that lie in it."""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        count = "select count(*) from {}.audience_news"
        return tuple(con.execute(count.format(s)).fetchall()[0][0] for s in ("audiences", "audience_rows"))


@pytest.fixture
def published(night, home):  # noqa: F811
    for schema in ("bi", "bi_open", "segments"):
        night.execute(f"create schema {schema}")
    snapshot.publish(night, home, "run-1", now(), keep=3)
    assert rows(home) == (4, 4)
    return night


def test_a_row_is_shown_until_its_grant_ends(night, published, home):  # noqa: F811
    for customer, ends in (("c-anna", now() - timedelta(seconds=1)), ("c-bo", now() + timedelta(hours=1))):
        night.execute("update marts.contact_permissions set expires_at = $1 where customer_id = $2", [ends, customer])
    snapshot.publish(night, home, "run-2", now() + timedelta(seconds=1), keep=3)
    assert rows(home) == (3, 4)
    # whatever the reader calls the file, and its time zone
    with duckdb.connect() as con:
        con.execute(f"attach '{home.published}/customers.duckdb' as people (read_only)")
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            con.execute(f"set timezone = '{zone}'")
            assert con.execute("select count(*) from people.audiences.audience_news").fetchall() == [(3,)]


FAILED_CHECK = "update ops.check_results set passed = false"


@pytest.mark.parametrize(
    ("problems", "happened", "told"),
    [
        (["3 checks failed"], "select 1", "the night was held"),
        ([], FAILED_CHECK, "the consent suite failed"),
        ([], "update ops.source_status set is_ok = false where source = 'club'", "source club could not be read"),
        ([], "update ops.source_status set checked_at = checked_at - interval 20 hour", "source club was last read 26 hours ago"),
    ],
)  # fmt: skip
def test_a_night_that_is_held_leaves_no_audience_behind(published, home, problems, happened, told):
    assert close_stale_audiences(published, home, SETTINGS, [], NOW) == "" and rows(home) == (4, 4)
    published.execute(happened)
    said = close_stale_audiences(published, home, SETTINGS, problems, NOW)
    assert told in said and rows(home) == (0, 0)
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from marts.dim_customers").fetchall() == [(4,)]
    # told once
    assert close_stale_audiences(published, home, SETTINGS, problems, NOW) == ""
    assert (home.published / "customers.duckdb").stat().st_mode & 0o077 == 0


def test_a_held_night_closes_the_newest_publication_too_where_readers_were_put_back_to_an_older_one(published, home):
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=3)
    newest = snapshot.current(home).version
    snapshot.rollback(home)
    assert close_stale_audiences(published, home, SETTINGS, ["held"], NOW)
    snapshot.rollback(home, newest)
    assert rows(home) == (0, 0)


def test_nothing_is_closed_where_nothing_was_published(night, home):  # noqa: F811
    assert close_stale_audiences(night, home, SETTINGS, ["held"], NOW) == ""


def test_an_audience_is_shown_for_a_day_after_the_oldest_word_of_a_source_of_statements(published, home):
    assert statements_known_until(published, SETTINGS, NOW) == NIGHT + DAY
    # a source that says nothing of consent does not count
    published.execute("update ops.source_status set checked_at = checked_at - interval 9 day where source = 'crm'")
    assert statements_known_until(published, SETTINGS, NOW) == NIGHT + DAY
    published.execute("update ops.source_status set checked_at = checked_at - interval 3 hour where source = 'club'")
    assert statements_known_until(published, SETTINGS, NOW) == NIGHT + DAY - timedelta(hours=3)
    published.execute("update ops.source_status set is_ok = false where source = 'club'")
    assert statements_known_until(published, SETTINGS, NOW) == NOW
    silent = Settings(company="T", sources={"crm": Source(connector="files", url="/")})
    assert statements_known_until(published, silent, NOW) is None
    # and the file closes by then, whatever the night's own time
    cases = ((now() - timedelta(seconds=1), 0), (now() + timedelta(hours=1), 4), (None, 4))
    for n, (known, shown) in enumerate(cases, start=2):
        snapshot.publish(published, home, f"run-{n}", now(), keep=9, known_until=known)
        assert rows(home) == (shown, 4)
