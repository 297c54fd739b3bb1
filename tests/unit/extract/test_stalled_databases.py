"""A SQLite or DuckDB file on a disk of another machine that stops answering: its source ends with its time, at whatever moment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import SourceError
from orchestration.core.settings import Settings, Source, Table
from orchestration.extract.extract import extract_source, prepare_raw

ROWS = 20_000
COLUMNS = {"id": "BIGINT", "name": "VARCHAR"}


@pytest.fixture
def folder(tmp_path):
    """A SQLite and a DuckDB file of the same rows, each of some megabytes."""
    made = tmp_path / "there"
    made.mkdir()
    with closing(sqlite3.connect(made / "crm.sqlite")) as con, con:
        con.execute("create table people (id integer, name text)")
        con.executemany("insert into people values (?, ?)", ((n, f"{n:0200}") for n in range(ROWS)))
    with duckdb.connect(str(made / "crm.duckdb")) as con:
        con.execute(
            # nothing that compresses: it is read in parts of 128 KiB at most, and more of them than any test answers
            "create table people as select range as id, list_reduce(list_transform(range(8), lambda n: md5(n || ' ' || r.range)), lambda a, b: a || b) as name "
            f"from range({ROWS}) r"
        )
    return made


@contextmanager
def mounted(folder: Path, reads: str):
    """The same files on a disk that answers so many reads, and nothing after them. Skips where none can be mounted."""
    point = folder.parent / "mounted"
    point.mkdir()
    disk = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("stalled_disk.py")), str(point), str(folder), reads],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        if disk.stdout.readline() != "mounted\n":
            pytest.skip("a file system cannot be mounted here")
        yield point
    finally:
        # whoever still waits gets an error
        disk.kill()
        disk.communicate()
        subprocess.run(["umount", "-l", str(point)], check=False, capture_output=True)


@pytest.fixture
def load(home, warehouse):
    def go(url: str, max_minutes: float, columns: dict[str, str] = COLUMNS, **table):
        spec = Table(columns=columns, key=["id"], find_deletions=True, texts=[], **table)
        source = Source(connector="sql", url=url, tables={"people": spec}, max_minutes=max_minutes)
        settings = Settings(company="T", sources={"crm": source})
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "crm")["people"]

    return go


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
@pytest.mark.parametrize(
    "reads", ["none", *(pytest.param(reads, marks=pytest.mark.slow) for reads in ("1", "3")), "12"]
)
def test_a_database_whose_disk_stalls_ends_with_the_time_of_its_source(folder, load, home, warehouse, kind, reads):
    with mounted(folder, reads) as point:
        began = time.monotonic()
        with pytest.raises(SourceError, match=r"table people: it took longer than the 0\.03 minutes") as caught:
            load(f"{kind}:///{point}/crm.{kind}", max_minutes=0.03)
        assert caught.value.is_whole_source and time.monotonic() - began < 30
        # nobody waits for what the warehouse's connection does
        assert warehouse.execute("select count(*) from raw_crm.people").fetchall() == [(0,)]
        assert not list(home.temporary.iterdir())
    assert load(f"{kind}:///{folder}/crm.{kind}", max_minutes=1).inserted == ROWS


def test_a_duckdb_file_of_another_machine_is_read_as_one_of_this(folder, load, home, warehouse):
    """Values of every kind, what changed, and what is gone."""
    there = {
        "id": "BIGINT", "name": "VARCHAR", "score": "HUGEINT", "price": "DECIMAL(30,4)", "said_at": "TIMESTAMPTZ",
        "changed_at": "TIMESTAMP", "born_on": "DATE", "is_member": "BOOLEAN", "tags": "VARCHAR[]",
    }  # fmt: skip
    rows = f"select {', '.join(there)} from raw_crm.people where _deleted_at is null order by id"

    def change(*statements: str) -> None:
        with duckdb.connect(str(folder / "crm.duckdb")) as con:
            for statement in statements:
                con.execute(statement)

    change(
        f"create or replace table people ({', '.join(f'{c} {t}' for c, t in there.items())})",
        "insert into people values (1, 'Åsa', 170141183460469231731687303715884105727, 12345678901234567890.1234, "
        "'2026-03-29 01:30:00+00', '2026-01-01 02:30:00', '2000-02-29', true, ['a', 'b'])",
        "insert into people (id, score, price, changed_at) values (2, -1, 0.1, '2026-10-25 02:30:00')",
    )
    more = {"columns": there, "cursor": "changed_at", "max_minutes": 1}
    assert load(f"duckdb:///{folder}/crm.duckdb", **more).inserted == 2
    near = warehouse.execute(rows).fetchall()
    warehouse.execute("drop schema raw_crm cascade; truncate ops.loads")
    with mounted(folder, "all") as point:
        assert load(f"duckdb:///{point}/crm.duckdb", **more).inserted == 2
        assert warehouse.execute(rows).fetchall() == near
        change("delete from people where id = 2", "insert into people (id, changed_at) values (3, '2026-10-26')")
        counts = load(f"duckdb:///{point}/crm.duckdb", **more)
        assert (counts.source_rows, counts.inserted, counts.deleted) == (1, 1, 1)
        assert [row[0] for row in warehouse.execute(rows).fetchall()] == [1, 3]
    assert not list(home.temporary.iterdir())
