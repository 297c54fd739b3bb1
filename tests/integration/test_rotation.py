"""A rotation of the pepper end to end: the demo's company goes on as before, with other pseudonyms."""

from __future__ import annotations

import duckdb

from tests.conftest import NIGHT_2, Kundbild


def published_keys(demo: Kundbild, version: str = "current") -> set[str]:
    folder = "current" if version == "current" else f"versions/{version}"
    with duckdb.connect(str(demo.home / "published" / folder / "kundbild.duckdb"), read_only=True) as con:
        return {key for (key,) in con.execute("select customer_key from bi.dim_customers").fetchall()}


def test_after_a_rotation_pseudonyms_are_others_and_whoever_was_erased_stays_out(demo_copy: Kundbild):
    with demo_copy.warehouse() as con:
        erased, later = (
            row[0]
            for row in con.execute(
                "select customer_id from identity.customer_source_records where source_system = 'crm' and valid_to is null group by 1 order by min(source_key) limit 2"
            ).fetchall()
        )
        records = con.execute(
            "select source_key from identity.customer_source_records where customer_id = $1 and source_system = 'crm'",
            [erased],
        ).fetchall()
    first = (demo_copy.home / "published" / "current").resolve().name
    assert demo_copy.json("erase", "--customer", erased)[0]["state"] == "done"
    before = published_keys(demo_copy)
    rotated = demo_copy.json("pepper", "rotate")
    assert rotated["secrets"] == 2 and rotated["is_new"] and rotated["pseudonyms"] > 100 and rotated["hashes"] > 0
    # everything is delivered anew
    demo_copy("run", "--as-of", NIGHT_2, "--force", "--full-refresh")
    assert not before & published_keys(demo_copy) and published_keys(demo_copy, first) == before
    with demo_copy.warehouse() as con:
        there = {row[0] for row in con.execute("select contact_id::varchar from raw_crm.contacts").fetchall()}
    assert records and not there & {key for (key,) in records}
    # somebody who is erased now is gone from the publication of before, too, where they have their former pseudonym
    outcome = demo_copy.json("erase", "--customer", later)[0]
    assert first in outcome["publications"]
    assert len(before - published_keys(demo_copy, first)) == 1
    assert demo_copy.json("audit", "verify")["entries"] > 4
    assert demo_copy.json("prove-erasure")["holds"]
