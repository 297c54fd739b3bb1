"""The demo company's nights, end to end, as a user runs them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import NIGHT_1, NIGHT_2, Kundbild
from tests.integration.fingerprints import fingerprints


def test_a_rerun_with_nothing_new_changes_nothing(demo_copy: Kundbild):
    # a first night keeps old register entries, for nobody is known yet; the next run lets go of those of nobody
    assert demo_copy.json("run", "--as-of", NIGHT_1)["is_nothing_new"]
    before = fingerprints(demo_copy)
    outcome = demo_copy.json("run", "--as-of", NIGHT_1)
    assert outcome["is_nothing_new"] and outcome["is_clean"]
    assert fingerprints(demo_copy) == before
    # nor does it say that the last publication stands where readers were put back to an older one
    newest = demo_copy.json("publish", "--list")[0]["version"]
    versions = demo_copy.home / "published" / "versions"
    shutil.copytree(versions / newest, versions / f"2020{newest[4:]}")
    manifest = versions / f"2020{newest[4:]}" / "publication.json"
    text = manifest.read_text().replace(newest, manifest.parent.name)
    manifest.unlink()
    manifest.write_text(text)
    demo_copy("publish", "--rollback")
    said = demo_copy("run", "--as-of", NIGHT_1).stdout
    assert f"publish --version {newest}" in said and "put back to an older one" in said and "it stands" not in said


def test_a_second_night_equals_a_full_rebuild_and_keeps_the_ids(demo_copy: Kundbild):
    with demo_copy.warehouse() as con:
        before = dict(
            con.execute(
                "select source_system || ':' || source_key, customer_id from marts.bridge_customer_source_records where valid_to is null"
            ).fetchall()
        )
    demo_copy("demo", "next")
    outcome = demo_copy.json("run", "--as-of", NIGHT_2)
    assert outcome["is_clean"] and not outcome["is_nothing_new"]
    with demo_copy.warehouse() as con:
        after = dict(
            con.execute(
                "select source_system || ':' || source_key, customer_id from marts.bridge_customer_source_records where valid_to is null"
            ).fetchall()
        )
        redirects = dict(
            con.execute("select old_customer_id, customer_id from identity.customer_id_redirects").fetchall()
        )
        events = dict(
            con.execute("select kind, count(*) from identity.customer_identity_events group by kind").fetchall()
        )
        news = con.execute("select sum(inserted), sum(updated) from ops.loads where load_id > 28").fetchall()[0]
    assert news[0] > 0 and news[1] > 0
    moved = [key for key in before.keys() & after.keys() if redirects.get(before[key], before[key]) != after[key]]
    assert len(moved) <= events.get("moved", 0) + events.get("split", 0)
    incremental = fingerprints(demo_copy)
    demo_copy("run", "--as-of", NIGHT_2, "--full-refresh")
    rebuilt = fingerprints(demo_copy)
    assert {name for name in rebuilt if rebuilt[name] != incremental[name]} == set()


def test_a_source_that_is_switched_off_leaves_nothing_behind(demo_copy: Kundbild, tmp_path: Path):
    """Another project than the one that built the tables: what is incremental is built from raw, unasked."""
    config = tmp_path / "without_survey.toml"
    switched_off = demo_copy.config.read_text().replace("[sources.survey]", "[sources.survey]\nenabled = false")
    config.write_text(switched_off)
    without = Kundbild(demo_copy.home, config=config)
    assert "keeps_its_volume" in without("run", "--as-of", NIGHT_1, code=1).stdout
    config.write_text(switched_off + "\n[quality]\nmax_volume_drop = 1\n")
    without("run", "--as-of", NIGHT_1)
    with without.warehouse() as con:
        for table in (
            "conformed.conformed_people",
            "conformed.conformed_survey_responses",
            "quarantine.quarantined_rows",
        ):
            rows = con.execute(f"select count(*) from {table} where source_system = 'survey'").fetchall()
            assert rows == [(0,)], table
        assert con.execute("select count(*) from marts.fct_survey_responses").fetchall() == [(0,)]
        assert con.execute("select count(*) > 100 from quarantine.quarantined_rows").fetchall() == [(False,)]
