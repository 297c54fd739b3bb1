"""BI tools read all night: DuckDB 1.5, SQLAlchemy, and Superset with its dashboards, each in a process of its own, held open
through a whole run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from orchestration.publishing.superset.bundle import read_bundle
from tests.conftest import AS_OF, NIGHT_1, Kundbild
from tests.systems.chromium import chromium
from tests.systems.superset import Superset, asked_elsewhere, served
from tests.warm import WarmProcess

pytestmark = [pytest.mark.system, pytest.mark.slow]
HERE = Path(__file__).parent
SQL = "select count(*), sum(order_amount) from bi.fct_orders"

# each prints what it reads, waits for a line, reads on the same connection again, then on a fresh one
_DUCKDB = """
import sys, duckdb
def connect():
    return duckdb.connect(sys.argv[1], read_only=True, config={"enable_external_access": "false", "lock_configuration": "true"})
con = connect()
print(duckdb.__version__, flush=True)
print(con.execute(sys.argv[2]).fetchone(), flush=True)
sys.stdin.readline()
print(con.execute(sys.argv[2]).fetchone(), flush=True)
con.close()
print(connect().execute(sys.argv[2]).fetchone(), flush=True)
"""
_SQLALCHEMY = """
import sys, duckdb, sqlalchemy as sa
engine = sa.create_engine("duckdb:///" + sys.argv[1], connect_args={"read_only": True})
print(duckdb.__version__, flush=True)
with engine.connect() as con:
    print(tuple(con.execute(sa.text(sys.argv[2])).one()), flush=True)
    sys.stdin.readline()
    print(tuple(con.execute(sa.text(sys.argv[2])).one()), flush=True)
engine.dispose()
with engine.connect() as con:
    print(tuple(con.execute(sa.text(sys.argv[2])).one()), flush=True)
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bi_client")
    uv = Path(sys.executable).parent / "uv"
    subprocess.run(
        [
            str(uv),
            "pip",
            "install",
            "--quiet",
            "--python",
            sys.executable,
            "--target",
            str(folder),
            "--require-hashes",
            "-r",
            str(HERE / "bi_client.lock"),
        ],
        check=True,
    )
    return folder


def dashboards() -> dict[str, int]:
    """How many charts each dashboard of the bundle has, by the word in its address."""
    read = [yaml.safe_load(text) for name, text in read_bundle().items() if name.startswith("dashboards/")]
    return {
        dashboard["slug"]: sum(
            isinstance(part, dict) and part["type"] == "CHART" for part in dashboard["position"].values()
        )
        for dashboard in read
    }


def open_dashboards(superset: Superset, folder: Path) -> list[str]:
    """Opens each one; the queries that they sent."""
    with chromium(folder) as tab:
        superset.sign_in(tab)
        queries = [query for name, charts in dashboards().items() for query in superset.open(tab, name, charts)]
        assert asked_elsewhere(tab, superset.url) == set()
    return queries


def ask_until_it_ends(superset: Superset, queries: list[str], run: WarmProcess) -> None:
    """All queries again and again, at least once more when the run has ended; each is answered."""
    session = superset.asker()
    first = [superset.ask(session, query) for query in queries]
    assert sum(bool(rows) for rows in first) > len(queries) * 0.8
    while True:
        has_ended = run.poll() is not None
        last = [superset.ask(session, query) for query in queries]
        if has_ended:
            break
        # the run needs the processor too
        time.sleep(1)
    assert last != first, "the new publication is seen without a restart"


def assert_parquet_is_read_by_anything(kundbild: Kundbild, copy: Path) -> None:
    import pyarrow.parquet as pq

    shutil.copytree(kundbild.home / "published" / "parquet", copy)
    table = pq.read_table(copy / "fct_orders.parquet")
    assert table.num_rows == kundbild.json("query", "select count(*) as n from bi.fct_orders")[0]["n"] > 0


def test_readers_hold_the_publication_open_all_through_a_run(kundbild: Kundbild, packages: Path, tmp_path: Path):
    kundbild("demo", "--customers", "300", "--as-of", AS_OF.isoformat(), "--nights", "2")
    kundbild("run", "--as-of", NIGHT_1)
    path = str(kundbild.home / "published" / "kundbild.duckdb")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", script, path, SQL], env={**kundbild.environment(), "PYTHONPATH": str(packages)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for script in (_DUCKDB, _SQLALCHEMY)
    ]  # fmt: skip
    before = []
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline().startswith("1.5.")
        before.append(reader.stdout.readline())
    kundbild("demo", "next")
    with served(kundbild, tmp_path / "superset.log") as superset:
        queries = open_dashboards(superset, tmp_path / "profile") if shutil.which("chromium") else []
        run = kundbild.start("run", "--as-of", "2026-11-02T02:00:00")
        if queries:
            ask_until_it_ends(superset, queries, run)
        assert run.wait(300) == 0, run.told[-3000:]
    after = [reader.communicate("go on\n", timeout=60)[0].splitlines() for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert before[0] == before[1]
    for seen in after:
        assert seen[0] == before[0].strip(), "the open connection saw the old publication to its end"
        assert seen[1] != seen[0], "a fresh one sees the new"
    assert_parquet_is_read_by_anything(kundbild, tmp_path / "copy")
    with served(kundbild, tmp_path / "superset.log") as superset:
        assert superset.password is None, "it is told once, and the bundle is imported anew"
    if not queries:
        pytest.skip("all was checked but the dashboards of Superset: install the package chromium")
