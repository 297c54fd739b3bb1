"""What is promised when things break: readers keep the last good publication, a rerun fixes it, the cause is named."""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import time

import duckdb

from tests.conftest import NIGHT_1, NIGHT_2, Kundbild
from tests.people_of_files import people_of_files


def published(kundbild: Kundbild) -> dict[str, int]:
    with duckdb.connect(str(kundbild.home / "published" / "kundbild.duckdb"), read_only=True) as con:
        tables = con.execute("select table_name from duckdb_tables() order by 1").fetchall()
        return {t: con.execute(f"select count(*) from bi.{t}").fetchall()[0][0] for (t,) in tables}


def test_runs_that_break_off_leave_the_old_publication_and_the_next_run_is_whole(demo_copy: Kundbild):
    """A full disk, and then a kill in each step. Beside the run that is whole, a second one says who holds the lock."""
    old = published(demo_copy)
    demo_copy("demo", "next")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))

    done = subprocess.run(
        demo_copy.command("run", "--as-of", NIGHT_2), env=demo_copy.environment(), capture_output=True, text=True, preexec_fn=limit, timeout=300, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "than this process may write (2.9 MiB)" in " ".join((done.stderr + done.stdout).split())
    assert published(demo_copy) == old
    chance = random.Random(1)
    for step in ("extract", "transform", "identity", "quality", "publishing"):
        process = demo_copy.start("run", "--as-of", NIGHT_2, "--force")
        process.wait_for(step)
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.wait()
        assert published(demo_copy) == old, f"killed during {step}"
    whole = demo_copy.start("run", "--as-of", NIGHT_2, "--json")
    whole.wait_for("extract")
    second = demo_copy("run", code=2)
    assert f"locked by process {whole.pid}" in second.stderr
    assert "wait until it ends" in second.stderr
    assert whole.wait(200) == 0, whole.told
    assert json.loads(whole.said)["is_clean"], whole.said
    new = published(demo_copy)
    assert new != old and new.keys() == old.keys()
    assert not list((demo_copy.home / "published").glob(".building-*"))
    with demo_copy.warehouse() as con:
        assert con.execute("select count(*) from quarantine.books where not is_balanced").fetchall() == [(0,)]
        rows, keys = con.execute(
            "select count(*), count(distinct source_system || source_key) from conformed.conformed_orders"
        ).fetchall()[0]
    assert rows == keys


def test_a_source_that_is_gone_is_stale_and_the_others_go_on(demo_copy: Kundbild):
    old = published(demo_copy)
    demo_copy("demo", "next")
    (demo_copy.home / "demo/crm/crm.sqlite").rename(demo_copy.home / "demo/crm/away")
    outcome = demo_copy.json("run", "--as-of", NIGHT_2, code=1)
    assert outcome["is_success"] and list(outcome["failed_sources"]) == ["crm"]
    assert "file is missing" in outcome["failed_sources"]["crm"]
    assert published(demo_copy) != old
    stale = {s["source"]: s["is_ok"] for s in demo_copy.json("status")["sources"]}
    assert stale.pop("crm") is False and all(stale.values())


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


def test_a_database_that_is_down_is_tried_again_and_then_the_rest_is_published(tmp_path):
    (tmp_path / "people.csv").write_text("id,name,email\n1,Anna Berg,a@x.se\n2,Bo Ek,b@x.se\n")
    config = tmp_path / "kundbild.toml"
    config.write_text(DOWN + people_of_files("list", tmp_path))
    kundbild = Kundbild(tmp_path / "home", config)
    assert "CLUB_PASSWORD is not set" in kundbild("run", code=2).stderr
    # a first night would be taken for the whole: only where the configuration says so
    held = kundbild.json("run", code=1, CLUB_PASSWORD="hunter2")
    assert not held["is_success"] and "source club could not be read" in held["error"] and not held["publication"]
    config.write_text(DOWN + people_of_files("list", tmp_path) + "[publishing]\nfirst_without_failed = true\n")
    outcome = kundbild.json("run", code=1, CLUB_PASSWORD="hunter2")
    assert outcome["is_success"] and outcome["customers"] == 2
    assert "database cannot be read" in outcome["failed_sources"]["club"]
    assert "hunter2" not in str(outcome)
    for log in (tmp_path / "home").rglob("*"):
        assert not log.is_file() or b"hunter2" not in log.read_bytes(), log
