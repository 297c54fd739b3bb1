"""`make bench-identity`: one table of how well, how steadily and how fast identities are resolved, next to the anchors.

Public labelled people come from the folder `shared/data` beside the project; sets that are not there are left out. The
demo's truth is its own. Not here: how it is scored (orchestration/identity/evaluate.py).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb

from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR
from orchestration.demo.generate import generate
from tests.bench.__main__ import AS_OF, step_seconds
from tests.bench.closure import anchors
from tests.bench.measure import Report, run_command

SHARED = PROJECT_DIR.parent / "shared" / "data"
KUNDBILD = str(Path(sys.executable).parent / "kundbild")
# a customer whose standing records are again the whole of one customer's old records, under another id
_AVOIDABLE = """
with old as (select record_id, customer_id from identity.customer_source_records where valid_from <= $night and (valid_to is null or valid_to > $night)),
new as (select record_id, customer_id from identity.customer_source_records where valid_to is null),
both_nights as (select old.customer_id as old_id, new.customer_id as new_id from old join new using (record_id)),
lone_old as (select old_id from both_nights group by all having count(distinct new_id) = 1),
lone_new as (select new_id from both_nights group by all having count(distinct old_id) = 1)
select count(distinct old_id) filter (old_id <> new_id and old_id in (from lone_old) and new_id in (from lone_new)),
    count(distinct old_id) filter (old_id <> new_id), count(distinct old_id) from both_nights
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000, help="of the demo; some 1.7 records each")
    parser.add_argument(
        "--without-million", action="store_true", help="leave out the million records: some ten minutes"
    )
    parser.add_argument("--keep", type=Path, help="folder to work in, and to keep")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="kundbild-bench-identity-"))
    folder.mkdir(parents=True, exist_ok=True)
    report = Report()
    try:
        labelled(report, folder)
        senzing(report, folder)
        demo(report, Home(folder / "home").prepare(), arguments.customers)
        if not arguments.without_million:
            million(report, folder / "million")
        (PROJECT_DIR / "build").mkdir(exist_ok=True)
        report.show(PROJECT_DIR / "build" / "bench_identity.json")
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


def labelled(report: Report, folder: Path) -> None:
    """The public sets, as a user measures them."""
    if (fake := SHARED / "fake_1000" / "fake_1000.csv").exists():
        names = {"first_name": "given_name", "surname": "family_name", "dob": "birth_date"}
        score(report, "fake_1000 (anchor F1 .928, B³ .942)", "P >= .99, F1 .94, B³ .95", fake, "cluster", names)
    if (febrl := SHARED / "febrl3" / "dataset3.csv").exists():
        people = folder / "febrl3.parquet"
        with duckdb.connect() as con:
            con.execute(
                "copy (select * exclude (rec_id, soc_sec_id), regexp_extract(rec_id, '^rec-[0-9]+') as person from "
                f"read_csv('{febrl}', all_varchar = true, normalize_names = true)) to '{people}'"
            )
        names = {"surname": "family_name", "date_of_birth": "birth_date", "address_1": "street", "postcode": "postal_code", "suburb": "city"}  # fmt: skip
        score(report, "febrl3 (anchor F1 .985, B³ .991)", "P >= .999, F1 .988", people, "person", names)


def senzing(report: Report, folder: Path) -> None:
    """The truth set's three files as three systems, by the example; wrong merges and splits by the planted case."""
    data = SHARED / "senzing_truthset"
    if not data.exists():
        return
    home = folder / "senzing"
    example = str(PROJECT_DIR / "examples" / "senzing" / "kundbild.toml")
    run_command([KUNDBILD, "--home", str(home), "--config", example, "run"], {**os.environ, "DATA": str(data)})
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        con.execute(_SENZING.format(key=data / "actual_truthset_key.csv"))
        right, found, true = con.execute(_SENZING_PAIRS).fetchall()[0]
        merged, split = (con.execute(query).fetchall() for query in (_WRONG_MERGES, _WRONG_SPLITS))
    precision, recall = right / found, right / true
    report.add(
        "Senzing truth set, by the default model", "F1 .97",
        f"P {precision:.3f}, R {recall:.3f}, F1 {2 * precision * recall / (precision + recall):.3f}",
        f"joined though two: {_cases(merged)}; apart though one: {_cases(split)} (test group: entities)",
    )  # fmt: skip


_SENZING = """
create temp table t as select s.customer_id, k.TEST_GROUP as planted, k.CLUSTER_ID as entity, s.record_id
from identity.customer_source_records s join read_csv('{key}', all_varchar = true) k
    on lower(k.DATA_SOURCE) = s.source_system and k.RECORD_ID = s.source_key
where s.valid_to is null
"""
_SENZING_PAIRS = """
select (select sum(n * (n - 1) / 2) from (select count(*) as n from t group by customer_id, entity)),
    (select sum(n * (n - 1) / 2) from (select count(*) as n from t group by customer_id)),
    (select sum(n * (n - 1) / 2) from (select count(*) as n from t group by entity))
"""
_WRONG_MERGES = """
select min(planted), string_agg(distinct entity, '+' order by entity) from t group by customer_id
having count(distinct entity) > 1 order by 1, 2
"""
_WRONG_SPLITS = (
    "select min(planted), entity from t group by entity having count(distinct customer_id) > 1 order by 1, 2"
)


def _cases(found: list[tuple[str, str]]) -> str:
    by_group: dict[str, list[str]] = {}
    for group, entities in found:
        by_group.setdefault(group, []).append(entities)
    return ", ".join(f"{group}: {' '.join(entities)}" for group, entities in by_group.items()) or "none"


def score(report: Report, goal: str, bound: str, people: Path, truth: str, names: dict[str, str]) -> dict[str, float]:
    mapping = [argument for theirs, ours in names.items() for argument in ("--map", f"{theirs}={ours}")]
    _, _, out = run_command(
        [KUNDBILD, "identity", "evaluate", str(people), "--truth", truth, *mapping, "--json"], dict(os.environ)
    )
    s = json.loads(out)
    report.add(
        goal, bound,
        f"P {s['pair_precision']:.4f}, R {s['pair_recall']:.4f}, F1 {s['pair_f1']:.4f}, B³ {s['b_cubed_f1']:.4f}",
        f"{s['records']:,} records, {s['seconds']:.1f} s, {s['peak_mb']:,.0f} MB, largest {s['largest_cluster']} of {s['largest_true_cluster']}",
    )  # fmt: skip
    return dict(s)


def demo(report: Report, home: Home, customers: int) -> None:
    """The demo against its own truth, by the default model as it ships and by one trained on it; then a second night."""
    os.environ["KUNDBILD_HOME"], os.environ["KUNDBILD_CONFIG"] = str(home.root), str(PROJECT_DIR / "kundbild.toml")
    generate(home.demo, customers=customers, as_of=date.fromisoformat(AS_OF), nights=2, days_per_night=7)
    night = [sys.executable, "-m", "tests.bench.night"]
    run_command([*night, f"{AS_OF}T02:00:00"], dict(os.environ))
    first = step_seconds(home)["identify"]
    people = home.root / "people.parquet"
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        evidence, naive = anchors(con, home)
        con.execute(
            "copy (select p.* exclude (deleted_at, extracted_at, load_id), r.person_id from conformed.conformed_people p "
            f"join '{home.demo}/truth/records.parquet' r on r.system = p.source_system and r.source_key = p.source_key "
            f"where p.deleted_at is null) to '{people}'"
        )
    found = score(report, f"demo, {customers:,} customers", "P >= .98, R >= 1.02 × evidence", people, "person_id", {})
    report.add(
        "demo, recall ÷ evidence recall",
        ">= 1.02",
        f"{found['pair_recall'] / evidence:.3f}",
        f"evidence recall {evidence:.3f}",
    )
    report.add(
        "demo, F1 of email or phone or name and birth date",
        "<= .70: hard enough",
        f"{naive:.3f}",
        "what a first attempt reaches",
    )
    run_command([KUNDBILD, "demo", "next"], dict(os.environ))
    run_command([*night, "2026-11-08T02:00:00"], dict(os.environ))
    second = step_seconds(home)["identify"]
    report.add(
        "a week later, 1 % changed: identify ÷ its first night",
        "<= .10",
        f"{second / first:.2f}",
        f"{second:.1f} s of {first:.1f} s",
    )
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        avoidable, changed, all_ids = con.execute(_AVOIDABLE, {"night": f"{AS_OF}T02:00:00"}).fetchall()[0]
    report.add(
        "ids that changed without a merge or split",
        "0",
        str(avoidable),
        f"{changed:,} of {all_ids:,} changed by merge, split or move",
    )


def million(report: Report, folder: Path) -> None:
    """A million records by the default model: does quality hold, and does the time."""
    environment = {**os.environ, "KUNDBILD_HOME": str(folder), "KUNDBILD_CONFIG": str(PROJECT_DIR / "kundbild.toml")}
    million = [sys.executable, "-m", "tests.bench.million"]
    run_command([*million, "prepare"], environment)
    _, _, out = run_command([*million, "resolve"], environment)
    told = json.loads(out.splitlines()[-1])
    s, seconds = told["scores"], told["seconds"]
    report.add(
        "demo, 1,000,000 records (anchor F1 .889)", "P >= .97, R >= 1.01 × evidence",
        f"P {s['pair_precision']:.4f}, R {s['pair_recall']:.4f}, F1 {s['pair_f1']:.4f}, B³ {s['b_cubed_f1']:.4f}",
        f"{s['records']:,} records, recall {s['pair_recall'] / told['evidence']:.3f} × evidence ({told['evidence']:.3f}), "
        f"largest {s['largest_cluster']} of {s['largest_true_cluster']}",
    )  # fmt: skip
    report.add("the same, F1 of the naive rule", "<= .30: hard enough", f"{told['naive']:.3f}")
    report.add("the same, whole identity step", "<= 45 s, <= 2 GB", f"{s['seconds']:.0f} s, {s['peak_mb']:,.0f} MB")
    for night in ("nothing new", "1 % changed"):
        rest = f"{seconds[night]:.1f} s: passes over all records but for scoring"
        report.add(f"the same, a night with {night} ÷ full", "<= .10", f"{seconds[night] / seconds['full']:.2f}", rest)


if __name__ == "__main__":
    main()
