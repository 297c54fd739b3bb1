"""Nothing outlives its retention, however it comes back."""

from __future__ import annotations

import duckdb

from orchestration.contracts.conformed import retentions
from orchestration.privacy.audit.catalogue import categories
from tests.conftest import Kundbild
from tests.integration.fingerprints import fingerprints

LATER = "2026-11-06T02:00:00"


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


def test_rule_23_no_row_is_older_than_its_retention_and_none_comes_back(demo_copy: Kundbild):
    delivered = str(demo_copy.home / "demo" / "web_analytics" / "events_*.parquet")
    oldest = "select min(occurred_at) < date '2026-11-01' - 400 from "
    assert duckdb.sql(f"{oldest} read_parquet('{delivered}')").fetchall() == [(True,)]
    assert too_old(demo_copy) == {}
    with demo_copy.warehouse() as con:
        before = con.execute("select count(*) from raw_web_analytics.events").fetchall()
        assert before[0][0] > 0
    outcome = demo_copy.json("run", "--as-of", LATER)
    assert outcome["is_clean"], outcome
    assert {note.split(":")[0] for note in outcome["notes"] if not note.startswith("Audience ")} == {
        "Requests of people",
        "Requests to answer",
        "Older than their retention, deleted",
    }
    assert too_old(demo_copy) == {}
    incremental = fingerprints(demo_copy)
    noted = [entry for entry in demo_copy.json("audit", "list") if entry["action"] == "retention"]
    assert len(noted) == 2 and all(int(entry["detail"]["rows"]) > 0 for entry in noted)
    # what the source delivers again, whole, goes again; what was built night by night is what a rebuild makes
    with duckdb.connect(str(demo_copy.home / "warehouse.duckdb")) as con:
        con.execute("delete from ops.loaded_files where source = 'web_analytics'")
    demo_copy("run", "--as-of", LATER, "--full-refresh")
    assert too_old(demo_copy) == {}
    rebuilt = fingerprints(demo_copy)
    assert {name for name in rebuilt if rebuilt[name] != incremental[name]} == set()
