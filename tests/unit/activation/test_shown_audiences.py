"""Until when the published file shows audiences and permissions, and what a night that publishes none, and people's own words,
leave of them (rule 15).

Not here: the same rule for exports (test_export.py), publications that were gone back to (tests/unit/publishing/test_published_people.py).
"""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import duckdb
import pytest

from orchestration.activation.statement_sources import statements_known_until
from orchestration.core.clock import now
from orchestration.core.errors import GateError
from orchestration.core.settings import Settings, Source
from orchestration.defs.jobs import outdated_sensor
from orchestration.privacy.rights.objections import object_to_marketing, withdraw_point
from orchestration.privacy.rights.restrictions import restrict
from orchestration.publishing import snapshot
from orchestration.publishing.exportable import assert_newest_shown
from orchestration.publishing.shown import CLOSED, close_stale_audiences, take_out_later_words
from tests.unit.activation.exporting import NIGHT, NOW, PEOPLE, SETTINGS

DAY = timedelta(hours=24)


def rows(home) -> tuple[int, int]:
    """Of the audience: those that the file shows, and those that lie in it."""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        count = "select count(*) from {}.audience_news"
        return tuple(con.execute(count.format(s)).fetchall()[0][0] for s in ("audiences", "audience_rows"))


def shown(home) -> dict[str, str | None]:
    """Of each customer the address by which the file says that they may be contacted."""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        said = "select customer_id, contact_point, is_permitted from marts.contact_permissions order by 1"
        rows = con.execute(said).fetchall()
    assert all(permitted is (point is not None) for _, point, permitted in rows)
    return {customer: point for customer, point, _ in rows if point}


def lies_in(home, word: str) -> list[str]:
    """Tables of the file, views aside, that hold a word."""
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        tables = con.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
        return [
            t for (t,) in tables if con.execute(f"select 1 from {t} t where contains(t::varchar, '{word}')").fetchall()
        ]


@pytest.fixture
def published(night, home):
    for schema in ("bi", "bi_open", "segments"):
        night.execute(f"create schema {schema}")
    snapshot.publish(night, home, "run-1", now(), keep=3)
    assert rows(home) == (4, 4)
    return night


def test_a_row_is_shown_until_its_grant_ends(night, published, home):
    for customer, ends in (("c-anna", now() - timedelta(seconds=1)), ("c-bo", now() + timedelta(hours=1))):
        night.execute("update marts.contact_permissions set expires_at = $1 where customer_id = $2", [ends, customer])
    snapshot.publish(night, home, "run-2", now() + timedelta(seconds=1), keep=3)
    assert rows(home) == (3, 4)
    assert shown(home).keys() == PEOPLE.keys() - {"c-anna"}
    # whatever the reader calls the file, and its time zone
    with duckdb.connect() as con:
        con.execute(f"attach '{home.published}/customers.duckdb' as people (read_only)")
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            con.execute(f"set timezone = '{zone}'")
            for table in ("audiences.audience_news", "marts.contact_permissions where is_permitted"):
                assert con.execute(f"select count(*) from people.{table}").fetchall() == [(3,)]


def test_a_row_of_an_audience_that_is_chosen_by_behaviour_is_shown_until_a_grant_for_profiling_ends(published, home):
    grant = "insert into marts.contact_permissions values (?, 'profiling', 'sms', ?, true, ?, 'granted', ?)"
    published.execute(grant, ["c-anna", "anna@x.se", NIGHT, now() - timedelta(seconds=1)])
    published.execute(grant, ["c-bo", "bo@x.se", NIGHT, now() + timedelta(hours=1)])
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=3)
    assert rows(home) == (4, 4)
    published.execute("update reference.audience_rules set max_days_since_order = 365")
    snapshot.publish(published, home, "run-3", now() + timedelta(seconds=2), keep=3)
    assert rows(home) == (3, 4)


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
    assert told in said and rows(home) == (0, 0) and shown(home) == {} and lies_in(home, "anna@x.se") == []
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from marts.dim_customers").fetchall() == [(4,)]
    # told once
    assert close_stale_audiences(published, home, SETTINGS, problems, NOW) == ""
    assert (home.published / "customers.duckdb").stat().st_mode & 0o077 == 0


def test_a_held_night_closes_the_newest_publication_too_where_readers_were_put_back_to_an_older_one(published, home):
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=3)
    newest = snapshot.current(home).version
    snapshot.rollback(home)
    # the older one lists no address either
    assert rows(home) == (0, 0) and shown(home) == {} and lies_in(home, "anna@x.se") == []
    assert close_stale_audiences(published, home, SETTINGS, ["held"], NOW)
    snapshot.rollback(home, newest)
    assert rows(home) == (0, 0)


def test_an_export_gives_nobody_whom_the_publication_does_not_show(published, home):
    """After a rollback, or where the published audiences were emptied, the warehouse still has its own."""
    assert_newest_shown(published, home)
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=3)
    newest = snapshot.current(home).version
    assert_newest_shown(published, home)
    snapshot.rollback(home)
    with pytest.raises(GateError, match="put back to the publication") as told:
        assert_newest_shown(published, home)
    assert f"kundbild publish --version {newest}" in told.value.to_do
    snapshot.rollback(home, newest)
    assert_newest_shown(published, home)
    assert close_stale_audiences(published, home, SETTINGS, ["held"], NOW)
    with pytest.raises(GateError, match="emptied since its night"):
        assert_newest_shown(published, home)


def held_by(home, version: str, word: str) -> list[str]:
    """Tables of one publication's files that hold a word."""
    found = []
    for path in sorted((home.published / "versions" / version).rglob("*.duckdb")):
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
            found += [
                t
                for (t,) in tables
                if con.execute(f"select 1 from {t} t where contains(t::varchar, '{word}')").fetchall()
            ]
    return found


def test_an_older_publication_lists_nobody_once_a_newer_one_is_there_and_is_written_once(published, home):
    first = snapshot.current(home).version
    path = home.published / "versions" / first / "customers.duckdb"
    assert held_by(home, first, "anna@x.se")
    with duckdb.connect(str(path), read_only=True) as reader:
        snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=5)
        assert reader.execute("select count(*) from audiences.audience_news").fetchall() == [(4,)]
    assert held_by(home, first, "anna@x.se") == [] and rows(home) == (4, 4)
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("select count(*) from audience_rows.audience_news").fetchall() == [(0,)]
        assert con.execute("select count(*) from marts.contact_permissions where is_permitted").fetchall() == [(0,)]
        assert con.execute("select count(*) from marts.dim_customers").fetchall() == [(4,)]
    written = path.stat().st_ino, path.stat().st_mtime_ns
    snapshot.publish(published, home, "run-3", now() + timedelta(seconds=2), keep=5)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == written


@pytest.fixture
def left_open(published, home, monkeypatch):
    """A publication that a night, killed before it closed it, or an earlier version left as it was."""
    older = snapshot.current(home).version
    monkeypatch.setattr(snapshot, "close_older", lambda home: None)
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=5)
    snapshot.publish(published, home, "run-3", now() + timedelta(seconds=2), keep=5)
    monkeypatch.undo()
    assert held_by(home, older, "anna@x.se")
    return older


def test_who_says_no_leaves_older_publications_too(published, home, left_open):
    object_to_marketing(published, "c-anna", now(), "r1")
    assert take_out_later_words(published, home) == ""
    assert held_by(home, left_open, "anna@x.se") == [] and held_by(home, left_open, "bo@x.se")


def test_a_held_night_closes_older_publications_too(published, home, left_open):
    middle = snapshot.list_publications(home)[1].version
    assert close_stale_audiences(published, home, SETTINGS, ["held"], NOW)
    assert held_by(home, left_open, "anna@x.se") == [] == held_by(home, middle, "anna@x.se")


def test_a_newer_publication_closes_what_was_left_open(published, home, left_open):
    snapshot.publish(published, home, "run-4", now() + timedelta(seconds=3), keep=5)
    assert held_by(home, left_open, "anna@x.se") == [] and rows(home) == (4, 4)


def test_nothing_is_closed_where_nothing_was_published(night, home):
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
    for n, (known, seen) in enumerate(cases, start=2):
        snapshot.publish(published, home, f"run-{n}", now(), keep=9, known_until=known)
        assert rows(home) == (seen, 4)
        assert len(shown(home)) == seen and lies_in(home, "anna@x.se") == ["audience_rows.contact_points"]


def test_whoever_says_no_leaves_the_published_audiences_and_permissions_at_once(published, home):
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as reader:
        object_to_marketing(published, "c-anna", now(), "r1")
        # by the address alone, whoever has it
        withdraw_point(published, "mailto:BO@x.se", now(), "r2", "newsletter", "email")
        withdraw_point(published, "eva@x.se", now(), "r3", "newsletter", "email")
        assert take_out_later_words(published, home) == ""
        assert reader.execute("select count(*) from audiences.audience_news").fetchall() == [(4,)]
    assert rows(home) == (2, 2) and shown(home).keys() == {"c-eva", "c-odd"}
    assert lies_in(home, "anna@x.se") == [] == lies_in(home, "bo@x.se")
    # also where readers were put back and can return
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=3)
    newest = snapshot.current(home).version
    snapshot.rollback(home)
    restrict(published, "c-eva", now(), "r4")
    take_out_later_words(published, home)
    snapshot.rollback(home, newest)
    assert shown(home).keys() == {"c-odd"}


def test_a_permission_of_another_purpose_stays_published_beside_a_withdrawal(published, home):
    published.execute(
        "insert into marts.contact_permissions select customer_id, 'survey', channel, contact_point, true, decided_at, reason_code, null from marts.contact_permissions"
    )
    published.execute("insert into reference.purposes values ('survey', false)")
    snapshot.publish(published, home, "run-2", now() + timedelta(seconds=1), keep=3)
    withdraw_point(published, "anna@x.se", now(), "r1", "newsletter", "email")
    take_out_later_words(published, home)
    with duckdb.connect(str(home.published / "customers.duckdb"), read_only=True) as con:
        said = "select purpose, is_permitted, contact_point from marts.contact_permissions where customer_id = 'c-anna' order by 1"
        assert con.execute(said).fetchall() == [("newsletter", False, None), ("survey", True, "anna@x.se")]


def test_a_day_after_the_night_no_row_lies_in_the_file_where_dagsters_daemon_runs(published, home, monkeypatch):
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    sensor = outdated_sensor()
    told = [sensor(dg.build_sensor_context()).skip_message]
    assert rows(home) == (4, 4)
    snapshot.publish(published, home, "run-2", now() - DAY - timedelta(minutes=1), keep=3)
    snapshot.switch(home, snapshot.list_publications(home)[-1].version)
    assert rows(home) == (0, 4)
    with home.lock("run 1234"):
        told.append(sensor(dg.build_sensor_context()).skip_message)
        assert rows(home) == (0, 4)
    told += [sensor(dg.build_sensor_context()).skip_message for _ in range(2)]
    older = snapshot.current(home).version
    assert rows(home) == (0, 0) and lies_in(home, "anna@x.se") == []
    assert told == [
        "no night is too long ago", "a run or a command has the home",
        f"publications whose audiences were emptied: {older}", "publications whose audiences were emptied: none",
    ]  # fmt: skip
    # that of today stays
    snapshot.rollback(home, snapshot.list_publications(home)[0].version)
    assert rows(home) == (4, 4)


def test_where_nobody_can_work_out_who_said_no_every_audience_is_closed(published, home):
    published.execute("drop table ops.clock")
    assert "could not be worked out" in take_out_later_words(published, home)
    assert rows(home) == (0, 0) and shown(home) == {}
    assert published.execute("select distinct fingerprint from ops.publications").fetchall()[0][0].startswith(CLOSED)


@pytest.mark.parametrize("manifest", [None, "", '{"version": "2026', "[1]", '{"version": "x"}'])
def test_whoever_says_no_leaves_a_publication_whose_manifest_is_broken(published, home, manifest):
    path = home.published / "versions" / snapshot.current_version(home) / "publication.json"
    path.unlink()
    if manifest is not None:
        path.write_text(manifest)
    object_to_marketing(published, "c-anna", now(), "r1")
    assert take_out_later_words(published, home) == ""
    assert "c-anna" not in shown(home) and lies_in(home, "anna@x.se") == []
    # and a held night closes it, also where the link to it is gone
    (home.published / "current").unlink()
    assert close_stale_audiences(published, home, SETTINGS, ["held"], NOW)
    (home.published / "current").symlink_to(path.parent)
    assert rows(home) == (0, 0)
