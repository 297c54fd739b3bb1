"""What makes a second run of a day publish anew although no source brought anything."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import prepare_raw
from orchestration.extract.records import prepare_ops, set_source_status
from orchestration.prediction.nightly.tables import Standing, note_fit, prepare_scores
from orchestration.privacy.rights.objections import withdraw_point, withdraw_record
from orchestration.privacy.rights.requests import prepare_requests
from orchestration.publishing.grades import GRADES, PARQUET_FOLDER
from orchestration.publishing.shown import close_stale_audiences
from orchestration.publishing.versions import MANIFEST
from orchestration.run.night import Night
from orchestration.transform.runner import Dbt
from tests.unit.consent import ANNA, said

MORNING = datetime(2026, 6, 1, 8)


@pytest.fixture
def shown(home):
    """What readers see of the night before."""
    folder = home.published / "versions" / "v1"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(
        json.dumps({"version": "v1", "run_id": "r", "published_at": "2026-06-01", "tables": {}})
    )
    for grade in GRADES.values():
        (folder / grade.file).parent.mkdir(exist_ok=True)
        with duckdb.connect(str(folder / grade.file)) as con:
            con.execute("create table t as select range as n, md5(range::varchar) as text from range(20_000)")
    (folder / PARQUET_FOLDER).mkdir()
    (home.published / "current").symlink_to(folder)


@pytest.fixture
def night(shown, home, warehouse, tmp_path):
    """The run at a time of 1 June 2026, which loads nothing."""
    prepare_ops(warehouse)
    settings = Settings(company="T", sources={"crm": Source(connector="files", url=str(tmp_path), system="crm")})
    dbt = Dbt(settings, home)
    return lambda at: Night(home, settings, f"run at {at}", at, _dbt=dbt)


def test_a_grant_that_ends_or_begins_within_the_day_is_news_from_then_on(permitted, night, warehouse):
    ends, begins = MORNING + timedelta(hours=5), MORNING + timedelta(hours=9)
    permitted(
        [ANNA],
        consent_events=[
            said("anna", at="2026-01-01", expires_at=ends),
            said("anna", at=begins.isoformat(), purpose="offers", confirmed_at=begins),
        ],
    )
    published = MORNING
    night(published).note_published(warehouse)
    for moment in (ends, begins):
        assert night(published + timedelta(minutes=1)).is_nothing_new(warehouse)
        assert night(moment - timedelta(minutes=1)).is_nothing_new(warehouse)
        assert not night(moment).is_nothing_new(warehouse)
        assert not night(moment + timedelta(hours=1)).is_nothing_new(warehouse)
        published = moment + timedelta(hours=1)
        night(published).note_published(warehouse)
    assert night(published + timedelta(hours=2)).is_nothing_new(warehouse)


def test_a_fit_that_was_asked_for_is_news_to_a_run_of_the_same_day(permitted, night, warehouse):
    permitted([ANNA])
    prepare_scores(warehouse)

    def fitted(version, at, *, is_held_back=False):
        fit = Standing(version, at, "", {}, [])
        note_fit(warehouse, "guess", fit, measures=[], baselines={}, about={}, held_back=is_held_back, why={})

    fitted("guess-1", MORNING)
    night(MORNING).note_published(warehouse)
    assert night(MORNING).is_nothing_new(warehouse)
    # the last fit goes on
    fitted("guess-2", MORNING, is_held_back=True)
    assert night(MORNING).is_nothing_new(warehouse)
    fitted("guess-3", MORNING)
    assert not night(MORNING).is_nothing_new(warehouse)
    night(MORNING).note_published(warehouse)
    assert night(MORNING).is_nothing_new(warehouse)


def test_what_a_request_asks_for_is_news_once_under_whatever_id_it_is_noted(permitted, night, warehouse):
    """Before the first night a request denies by its address, and the next run notes it anew under an id of its own."""
    permitted([ANNA])
    withdraw_point(warehouse, "eva@x.se", MORNING, "requests:form-1", "all", "all")
    withdraw_record(warehouse, "crm:eva", MORNING, "requests:form-1", "all", "all")
    night(MORNING).note_published(warehouse)
    withdraw_point(warehouse, "eva@x.se", MORNING, "01a21b3a", "all", "all")
    withdraw_record(warehouse, "crm:eva", MORNING, "01a21b3a", "all", "all")
    assert night(MORNING).is_nothing_new(warehouse)
    # a later no may be one to what was granted in between
    withdraw_point(warehouse, "eva@x.se", MORNING + timedelta(hours=1), "01a21b3b", "all", "all")
    assert not night(MORNING).is_nothing_new(warehouse)
    night(MORNING).note_published(warehouse)
    withdraw_record(warehouse, "crm:eva", MORNING + timedelta(hours=1), "01a21b3b", "all", "all")
    assert not night(MORNING).is_nothing_new(warehouse)


def test_a_run_that_skipped_its_arrival_checks_makes_up_for_them_where_something_is_new_after_all(
    shown, home, tmp_path
):
    """A request that it takes up itself, after the checks."""
    table = Table(columns={"id": "VARCHAR"}, path="*.csv")
    settings = Settings(company="T", sources={"s": Source(connector="files", url=str(tmp_path), tables={"t": table})})
    run = Night(home, settings, "r", MORNING)
    checked = "select distinct stage, run_id from ops.check_results"
    with run.warehouse() as con:
        prepare_raw(con, settings)
        assert not run.skip_arrival(con)
        run.note_published(con)
        assert run.skip_arrival(con)
        prepare_requests(con)
        withdraw_record(con, "s:1", MORNING, "r1", "all", "all")
        assert not run.is_nothing_new(con)
    run.make_up_for_arrival()
    run.quality.close()
    with run.warehouse() as con:
        assert con.execute(checked).fetchall() == [("arrival", "r")]


def test_audiences_that_are_closed_and_would_be_closed_again_make_no_run_publish(shown, home, tmp_path, monkeypatch):
    """Of a source of statements that delivers nothing; once it is known what people said, the next run publishes."""
    said = {"source_key": "id", "contact_point": "id", "status": "id"}
    maps = [{"entity": "consent_events", "columns": said}]
    table = Table(columns={"id": "VARCHAR"}, path="*.csv", maps=maps)
    settings = Settings(company="T", sources={"s": Source(connector="files", url=str(tmp_path), tables={"t": table})})
    monkeypatch.setattr("orchestration.publishing.shown.close_audiences", lambda home: True)

    def run() -> Night:
        return Night(home, settings, "r", MORNING)

    with run().warehouse() as con:
        prepare_raw(con, settings)
        con.execute(
            "create table ops.check_results (run_id varchar, stage varchar, table_name varchar, check_name varchar, passed boolean, checked_at timestamp)"
        )
        set_source_status(con, "s", False)
        run().note_published(con)
        assert run().stands(con) and run().skip_arrival(con)
        for _ in range(2):
            assert close_stale_audiences(con, home, settings, [], now())
            # whether it is known what people said is looked at anew
            assert not run().skip_arrival(con)
            last = run()
            assert last.stands(con) and "source s could not be read" in last.stays_closed
        set_source_status(con, "s", True)
        assert not run().stands(con)
        run().note_published(con)
        assert run().stands(con) and run().skip_arrival(con)


def test_a_publication_that_is_gone_or_cut_is_made_anew(night, warehouse, home):
    night(MORNING).note_published(warehouse)
    manifest = home.published / "current" / MANIFEST
    whole = manifest.read_text()
    for cut in (whole[: len(whole) // 2], "", "[1]", None):
        assert night(MORNING).is_nothing_new(warehouse)
        if cut is None:
            (home.published / "current").rename(home.published / "away")
        else:
            manifest.write_text(cut)
        assert not night(MORNING).is_nothing_new(warehouse), cut
        if cut is not None:
            manifest.write_text(whole)


@pytest.mark.parametrize("grade", GRADES)
def test_a_publication_of_which_a_database_is_cut_is_made_anew(night, warehouse, home, grade):
    night(MORNING).note_published(warehouse)
    assert night(MORNING).is_nothing_new(warehouse)
    path = home.published / "current" / GRADES[grade].file
    whole = path.read_bytes()
    for cut in (b"", whole[:5000], whole[: len(whole) // 2], whole[:-1], b"garbage" * 5000, None):
        if cut is None:
            path.unlink()
        else:
            path.write_bytes(cut)
        assert not night(MORNING).is_nothing_new(warehouse)
    path.write_bytes(whole)
    assert night(MORNING).is_nothing_new(warehouse)
