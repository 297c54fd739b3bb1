"""How a run ends, and what it leaves of the published audiences: `Night.begin()` around steps that publish or do not.

Not here: reasons that lie in the warehouse alone (test_shown_audiences.py), runs through Dagster (tests/integration).
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest

from orchestration.core.clock import now
from orchestration.core.migrations import bring_up_to_date
from orchestration.core.settings import Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.extract.extract import prepare_raw
from orchestration.extract.records import LoadCounts, prepare_ops, write_load
from orchestration.identity.decisions import prepare_decisions
from orchestration.publishing import snapshot
from orchestration.run.night import Night
from orchestration.run.progress import NOTE, watching
from orchestration.run.status import read_status
from tests.unit.activation.conftest import night as export_night  # noqa: F401 # a fixture
from tests.unit.activation.test_shown_audiences import rows

CONFIG = """
company = "T"
[sources.club]
connector = "files"
url = "/nowhere"
[sources.club.tables.choices]
columns = { id = "VARCHAR", who = "VARCHAR", at = "TIMESTAMP" }
key = ["id"]
[[sources.club.tables.choices.maps]]
entity = "consent_events"
columns = { source_key = "id", person_key = "who", stated_at = "at" }
constants = { purpose = "newsletter", channel = "email", status = "withdrawn" }
"""


class Broken(Exception):
    """Of a step, in words that nobody foresaw."""


@pytest.fixture
def stamped(warehouse, home):
    """Before any table is there: the hand-made ones are not migrated."""
    bring_up_to_date(warehouse, home)


@pytest.fixture
def run(stamped, export_night, home, write_config, monkeypatch):  # noqa: F811
    """Runs a night of which `steps(night, con)` is all that happens; returns what it told. An audience of four is published."""
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(write_config(CONFIG)))
    con = export_night
    for schema in ("bi", "bi_open", "segments"):
        con.execute(f"create schema {schema}")
    con.execute("drop table ops.loads; alter table ops.source_status add column since timestamp")
    prepare_decisions(con)
    prepare_ops(con)
    write_load(con, 1, "club", "choices", LoadCounts(source_rows=4, inserted=4))
    before = [now() - timedelta(minutes=1)]
    con.execute("update ops.check_results set checked_at = $1", before)
    con.execute("update ops.source_status set checked_at = $1", before)
    con.execute("update ops.publications set published_at = $1", before)
    snapshot.publish(con, home, "run-0", now(), keep=3)
    con.close()
    assert rows(home) == (4, 4)

    def go(steps, *, is_whole=True, is_forced=False) -> list[str]:
        told: list[str] = []

        def keep(step: str, detail: str) -> None:
            told.extend([detail] if step == NOTE else [])

        with (
            watching(keep),
            Night.begin(f"run at {now()}", is_whole=is_whole, is_forced=is_forced) as begun,
            begun.warehouse() as con,
        ):
            prepare_raw(con, begun.settings)
            steps(begun, con)
        return told

    return go


def checked(con, stage: str, *, passed: bool = True) -> None:
    con.execute(
        "insert into ops.check_results (run_id, stage, table_name, check_name, severity, passed, checked_at) "
        "values ('r2', $1, 'audiences.audience_news', 'every_row_has_permission', 'ERROR', $2, $3)",
        [stage, passed, now()],
    )


def healthy(night: Night, con: duckdb.DuckDBPyConnection) -> None:
    assert not night.stands(con)
    checked(con, "arrival")
    checked(con, "consent")
    night.note_published(con)


def stands(night: Night, con: duckdb.DuckDBPyConnection) -> None:
    assert night.skip_arrival(con) and night.stands(con)


def test_a_night_that_published_keeps_its_audiences_and_one_with_nothing_new_too(run, home):
    assert run(healthy) == [] and rows(home) == (4, 4)
    assert run(stands) == [] and rows(home) == (4, 4)


def breaks(*_) -> None:
    raise Broken("anna@x.se")


def fails_on_arrival(_, con) -> None:
    # Dagster skips what is downstream of a blocking check: no step raises
    checked(con, "arrival", passed=False)


@pytest.mark.parametrize("steps", [breaks, fails_on_arrival, lambda *_: None], ids=["crash", "arrival", "silence"])
def test_a_night_that_did_not_publish_leaves_no_audience(run, home, steps):
    told: list[str] = []
    with watching(lambda step, detail: told.append(detail) if step == NOTE else None):
        if steps is breaks:
            with pytest.raises(Broken):
                run(steps)
        else:
            run(steps)
    assert rows(home) == (0, 0)
    assert len(told) == 1 and "shows no audience any more" in told[0] and "was not published" in told[0]


def test_a_part_that_is_run_by_hand_closes_only_where_an_export_would_be_refused(run, home):
    assert run(lambda *_: None, is_whole=False) == [] and rows(home) == (4, 4)
    assert "not published" in run(lambda _, con: checked(con, "promise"), is_whole=False)[0] and rows(home) == (0, 0)


def test_what_a_part_loaded_and_no_night_worked_out_closes_audiences(run, home):
    loads = LoadCounts(source_rows=1, updated=1)
    run(lambda _, con: write_load(con, 2, "club", "choices", loads), is_whole=False)
    assert rows(home) == (0, 0)


def test_audiences_are_closed_whatever_else_fails_at_the_end_of_a_run(run, home):
    # the status cannot be written where a folder is
    home.last_status.mkdir()
    assert "shows no audience any more" in run(lambda *_: None)[0] and rows(home) == (0, 0)


def test_audiences_are_closed_where_an_erasure_cannot_be_finished(run, home):
    with pytest.raises(OSError):
        run(lambda *_: home.erasure_mark.mkdir())
    assert rows(home) == (0, 0)


def test_audiences_that_cannot_be_closed_are_told_of(run, home):
    version = snapshot.current(home).version
    told = run(lambda *_: (home.temporary / f"{version}.customers.duckdb").mkdir())
    assert rows(home) == (4, 4)
    assert len(told) == 1 and "could not be emptied (IsADirectoryError)" in told[0] and "`kundbild run`" in told[0]
    assert any("could not be emptied" in problem for problem in read_status()["last_run"]["problems"])


def test_audiences_are_closed_where_nobody_can_look_whether_they_hold(run, home):
    def steps(night, con) -> None:
        con.execute("drop table ops.publications; create view ops.publications as select 1 as nothing")

    assert "could not be looked up" in run(steps, is_whole=False)[0] and rows(home) == (0, 0)


def test_a_run_after_audiences_were_closed_publishes_anew_although_nothing_is_new(run, home):
    run(healthy)
    with pytest.raises(Broken):
        run(breaks, is_forced=True)
    assert rows(home) == (0, 0)
    run(lambda night, con: not night.stands(con) or pytest.fail("audiences would stay closed"))
    run(healthy)
    with open_warehouse(home, Engine()) as con:
        assert con.execute("select count(*) from ops.publications").fetchall() == [(3,)]
