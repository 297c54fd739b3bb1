"""What is promised when things break: readers keep the last good publication, a rerun fixes it, the cause is named."""

from __future__ import annotations

import csv
import json
import random
import time

import duckdb
import pytest

from tests.conftest import NIGHT_1, NIGHT_2, Kundbild
from tests.people_of_files import people_of_files


def published(kundbild: Kundbild) -> dict[str, int]:
    with duckdb.connect(str(kundbild.home / "published" / "kundbild.duckdb"), read_only=True) as con:
        tables = con.execute("select table_name from duckdb_tables() order by 1").fetchall()
        return {t: con.execute(f"select count(*) from bi.{t}").fetchall()[0][0] for (t,) in tables}


@pytest.mark.slow
def test_runs_that_break_off_leave_the_old_publication_and_the_next_run_is_whole(tiny: Kundbild):
    """A kill in each step. Beside the run that is whole, a second one says who holds the lock.

    Of a disk that is full, and a file that may not grow: test_alerts_of_nights.py.
    """
    old = published(tiny)
    for name, table in (("list", "people"), ("club", "members")):
        with (tiny.home.parent / name / f"{table}.csv").open("a") as file:
            file.write("3,Cia Al,c@x.se\n")
    chance = random.Random(1)
    for step in ("extract", "transform", "identity", "quality", "publishing"):
        process = tiny.start("run", "--as-of", NIGHT_2, "--force")
        process.wait_for(step)
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.wait()
        assert published(tiny) == old, f"killed during {step}"
    whole = tiny.start("run", "--as-of", NIGHT_2, "--json")
    whole.wait_for("extract")
    second = tiny("run", code=2)
    assert f"locked by process {whole.pid}" in second.stderr
    assert "wait until it ends" in second.stderr
    assert whole.wait(200) == 0, whole.told
    assert json.loads(whole.said)["is_clean"], whole.said
    new = published(tiny)
    assert new != old and new.keys() == old.keys()
    assert not list((tiny.home / "published").glob(".building-*"))
    with tiny.warehouse() as con:
        assert con.execute("select count(*) from quarantine.books where not is_balanced").fetchall() == [(0,)]
        people = "select source_system, source_key from conformed.conformed_people order by all"
        assert con.execute(people).fetchall() == [(name, key) for name in ("club", "list") for key in ("1", "2", "3")]
        assert con.execute("select count(*) from marts.dim_customers").fetchall() == [(3,)]


@pytest.mark.slow
def test_an_audience_that_falls_by_half_stops_the_publication(demo_copy: Kundbild):
    old = published(demo_copy)
    count = "select count(*) from audiences.audience_newsletter_email"
    with demo_copy.warehouse() as con:
        subscribers = con.execute("select subscriber_id, email from raw_email.subscribers").fetchall()
        held = con.execute(count).fetchall()[0][0]
    with (demo_copy.home / "demo/email/optins_2026-11-01.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(
            ["optin_id", "subscriber_id", "email", "list", "status", "stated_at", "confirmed_at", "wording_version"]
        )
        writer.writerows(
            [900_000 + n, s, e, "newsletter", "withdrawn", "2026-11-01T00:30:00Z", "", "signup-2"]
            for n, (s, e) in enumerate(subscribers)
        )
    outcome = demo_copy.json("run", "--as-of", NIGHT_1, code=1)
    assert "audiences/audience_newsletter_email: keeps_its_volume" in outcome["error"]
    assert published(demo_copy) == old
    # whoever signed up in the webshop alone did not withdraw, and stays
    with (
        demo_copy.warehouse() as con,
        duckdb.connect(str(demo_copy.home / "published/customers.duckdb"), read_only=True) as old_con,
    ):
        assert con.execute(count).fetchall()[0][0] < held / 2
        # the publication of before stays, without its audiences: they do not know of the withdrawals
        for schema in ("audiences.", "audience_rows."):
            assert old_con.execute(count.replace("audiences.", schema)).fetchall() == [(0,)]


def test_a_bad_configuration_is_an_error_with_its_place_and_no_traceback(tmp_path):
    config = tmp_path / "kundbild.toml"
    config.write_text('company = "T"\nscources = 1\n')
    done = Kundbild(tmp_path / "home", config)("run", code=2)
    assert "unknown key 'scources'" in done.stderr and "line 2" in done.stderr and "did you mean sources" in done.stderr
    assert "Traceback" not in done.stderr
    missing = Kundbild(tmp_path / "home", tmp_path / "nowhere.toml")("run", code=2)
    assert "there is no configuration file" in missing.stderr and "Traceback" not in missing.stderr


DOWN = """
company = "T"
[report]
after_publication = false
[schedule]
retry_delay_seconds = 0.1

[sources.club]
connector = "sql"
url = "postgresql://reader:${CLUB_PASSWORD}@127.0.0.1:9/club"
[sources.club.tables.members]
key = ["id"]
columns = { id = "BIGINT", name = "VARCHAR" }
[[sources.club.tables.members.maps]]
entity = "people"
columns = { source_key = "id", full_name = "name" }
"""


@pytest.mark.slow
def test_a_database_that_is_down_holds_a_first_night_and_its_password_is_nowhere(tmp_path):
    """It would be taken for the whole: only where the configuration says so. What is published then: tests/systems/test_lost_databases.py."""
    (tmp_path / "people.csv").write_text("id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n")
    config = tmp_path / "kundbild.toml"
    config.write_text(DOWN + people_of_files("list", tmp_path))
    kundbild = Kundbild(tmp_path / "home", config)
    assert "CLUB_PASSWORD is not set" in kundbild("run", code=2).stderr
    held = kundbild.json("run", code=1, CLUB_PASSWORD="hunter2")
    assert not held["is_success"] and "source club could not be read" in held["error"] and not held["publication"]
    assert "hunter2" not in str(held)
    for log in (tmp_path / "home").rglob("*"):
        assert not log.is_file() or b"hunter2" not in log.read_bytes(), log
