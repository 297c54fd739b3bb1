"""BI tools read all night: DuckDB 1.5 and SQLAlchemy, each in a process of its own, held open through a whole run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import AS_OF, NIGHT_1, Kundbild

pytestmark = pytest.mark.system
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


def test_readers_hold_the_publication_open_all_through_a_run(kundbild: Kundbild, packages: Path):
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
    kundbild("run", "--as-of", "2026-11-02T02:00:00")
    after = [reader.communicate("go on\n", timeout=60)[0].splitlines() for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert before[0] == before[1]
    for seen in after:
        assert seen[0] == before[0].strip(), "the open connection saw the old publication to its end"
        assert seen[1] != seen[0], "a fresh one sees the new"


def test_parquet_files_are_read_by_anything(kundbild: Kundbild, tmp_path: Path):
    import pyarrow.parquet as pq

    kundbild("demo", "--customers", "300", "--as-of", AS_OF.isoformat())
    kundbild("run", "--as-of", NIGHT_1)
    shutil.copytree(kundbild.home / "published" / "parquet", tmp_path / "copy")
    table = pq.read_table(tmp_path / "copy" / "fct_orders.parquet")
    assert table.num_rows == kundbild.json("query", "select count(*) as n from bi.fct_orders")[0]["n"]
