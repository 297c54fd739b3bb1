"""The demo company's nights, end to end, as a user runs them."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.contracts.conformed import retentions
from orchestration.privacy.audit.catalogue import categories
from tests.conftest import NIGHT_1, Kundbild
from tests.integration.conftest import to_be_changed
from tests.integration.fingerprints import fingerprints, quality_of_nights

LATER = "2026-11-06T02:00:00"


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


def too_old(demo: Kundbild) -> dict[str, int]:
    """{table: rows that are older than their retention}, of conformed tables, facts and raw web events."""
    found = {}
    with demo.warehouse() as con:
        today = "(select as_of::date from ops.clock)"
        tables = {row[0] for row in con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()}  # fmt: skip
        for entity, said in retentions().items():
            if not said.happened_at or entity == "people" or said.while_known:
                continue
            only = " ".join(f"and {c} in ({', '.join(map(repr, v))})" for c, v in said.only.items())
            only += " and person_key is not null" if said.is_kept else ""
            limit = f"{today} - {categories()[said.category].retention_days}"
            for table in {f"conformed.conformed_{entity}", f"marts.fct_{entity}"} & tables:
                sql = f"select count(*) from {table} where greatest({', '.join(said.happened_at)}) < {limit} {only}"
                found[table] = con.execute(sql).fetchall()[0][0]
        found["raw_web_analytics.events"] = con.execute(
            f"select count(*) from raw_web_analytics.events where occurred_at < {today} - {categories()['behaviour'].retention_days}"
        ).fetchall()[0][0]
    return {table: rows for table, rows in found.items() if rows}


def ids(kundbild: Kundbild) -> dict[str, str]:
    """The customer of each record."""
    with kundbild.warehouse() as con:
        return dict(
            con.execute(
                "select source_system || ':' || source_key, customer_id from marts.bridge_customer_source_records where valid_to is null"
            ).fetchall()
        )


@pytest.fixture(scope="module")
def nights(demo: Kundbild, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What the second delivery makes of the demo, some days later, and what a full rebuild then makes of all deliveries."""
    seen = SimpleNamespace()
    with to_be_changed(demo, tmp_path_factory.mktemp("nights")):
        seen.delivered = str(demo.home / "demo" / "web_analytics" / "events_*.parquet")
        oldest = "select min(occurred_at) < date '2026-11-01' - 400 from "
        seen.delivers_what_is_too_old = duckdb.sql(f"{oldest} read_parquet('{seen.delivered}')").fetchall()
        seen.too_old_at_first, seen.ids_before = too_old(demo), ids(demo)
        with demo.warehouse() as con:
            seen.web_events = con.execute("select count(*) from raw_web_analytics.events").fetchall()[0][0]
            last_load = con.execute("select max(load_id) from ops.loads").fetchall()[0][0]
        demo("demo", "next")
        seen.outcome = demo.json("run", "--as-of", LATER)
        with demo.warehouse() as con:
            seen.redirects = dict(
                con.execute("select old_customer_id, customer_id from identity.customer_id_redirects").fetchall()
            )
            seen.events = dict(
                con.execute("select kind, count(*) from identity.customer_identity_events group by kind").fetchall()
            )
            seen.news = con.execute(
                "select sum(inserted), sum(updated) from ops.loads where load_id > ?", [last_load]
            ).fetchall()[0]
        seen.too_old, seen.ids, seen.incremental = too_old(demo), ids(demo), fingerprints(demo)
        seen.quality = quality_of_nights(demo)
        seen.retention = [entry for entry in demo.json("audit", "list") if entry["action"] == "retention"]
        # what a source delivers again, whole, goes again; what was built night by night is what a rebuild makes
        with duckdb.connect(str(demo.home / "warehouse.duckdb")) as con:
            con.execute("delete from ops.loaded_files where source = 'web_analytics'")
        demo("run", "--as-of", LATER, "--full-refresh")
        seen.too_old_rebuilt, seen.rebuilt = too_old(demo), fingerprints(demo)
        seen.quality_after = quality_of_nights(demo)
        with duckdb.connect(str(demo.home / "published" / "kundbild.duckdb"), read_only=True) as con:
            told = "select outcome, passed_count > 100, failed_count from bi.data_quality_by_night where area = 'night' order by described_at"
            seen.nights_shown = con.execute(told).fetchall()
    return seen


def test_a_second_night_equals_a_full_rebuild_and_keeps_the_ids(nights: SimpleNamespace):
    assert nights.outcome["is_clean"] and not nights.outcome["is_nothing_new"], nights.outcome
    assert nights.news[0] > 0 and nights.news[1] > 0
    before, after, redirects = nights.ids_before, nights.ids, nights.redirects
    moved = [key for key in before.keys() & after.keys() if redirects.get(before[key], before[key]) != after[key]]
    assert len(moved) <= nights.events.get("moved", 0) + nights.events.get("split", 0)
    assert {name for name in nights.rebuilt if nights.rebuilt[name] != nights.incremental[name]} == set()


def test_data_quality_is_told_of_each_night_and_a_rebuild_leaves_nights_as_they_were(nights: SimpleNamespace):
    """The publication tells of its own night too, with the checks that ended after the marts were built."""
    assert nights.nights_shown == [("published", True, 0)] * 3
    before = {row[0] for row in nights.quality}
    areas = [{row[4] for row in nights.quality if row[0] == run} for run in before]
    assert areas == [{"night", "checks", "set aside", "sources", "records"}] * 2
    assert [row for row in nights.quality_after if row[0] in before] == nights.quality


def test_rule_23_no_row_is_older_than_its_retention_and_none_comes_back(nights: SimpleNamespace):
    assert nights.delivers_what_is_too_old == [(True,)] and nights.web_events > 0
    notes = [note for note in nights.outcome["notes"] if not note.endswith("was read before: not read again")]
    # of 600 customers those of a score may differ from those of its fit, some days before
    others = ("Audience ", "The customers that ")
    assert {note.split(":")[0] for note in notes if not note.startswith(others)} == {
        "Requests of people",
        "Requests to answer",
        "Older than their retention, deleted, or made nobody's where something was sold",
    }
    assert (nights.too_old_at_first, nights.too_old, nights.too_old_rebuilt) == ({}, {}, {})
    assert len(nights.retention) == 2 and all(int(entry["detail"]["rows"]) > 0 for entry in nights.retention)


@pytest.mark.slow
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
