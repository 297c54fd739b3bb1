"""Before a run begins and when it is ended: its moment, its memory, the lock, child processes, a query that runs for ever.

Not here: full disks (test_full_disks.py), broken warehouses (test_broken_warehouses.py), messages (test_printed_outcomes.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

import psutil
import pytest

from orchestration.core.clock import now
from orchestration.core.configuration import load_settings
from orchestration.core.errors import ConfigurationError, KundbildError, WarehouseBusyError
from orchestration.core.settings import PROJECT_DIR
from orchestration.run.preflight import assert_memory, assert_moment, moment_of, moment_of_night


def test_a_moment_with_an_offset_is_that_moment():
    assert moment_of("2026-11-01T03:00:00+01:00") == moment_of("2026-11-01 02:00") == datetime(2026, 11, 1, 2)
    assert moment_of("2026-11-01T02:00:00Z") == datetime(2026, 11, 1, 2)
    # the last two are no moment of a calendar: their offset takes them out of it
    for said in ("1/11/2026", "", "0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            moment_of(said)


def test_a_night_never_goes_back_and_never_into_the_future(warehouse):
    assert_moment(warehouse, datetime(2020, 1, 1))
    warehouse.execute("create schema ops; create table ops.clock as select timestamp '2026-01-02' as as_of")
    assert_moment(warehouse, datetime(2026, 1, 2))
    assert_moment(warehouse, None)
    with pytest.raises(KundbildError, match="the last one described 2026-01-02"):
        assert_moment(warehouse, datetime(2026, 1, 1))
    with pytest.raises(KundbildError, match="still to come"):
        assert_moment(warehouse, now() + timedelta(days=2))
    for end, match in (("0001-01-01", "before any source has data"), ("9999-12-31T23:59:59.999999", "still to come")):
        with pytest.raises(KundbildError, match=match):
            assert_moment(warehouse, moment_of(end))
    for con in (warehouse, None):  # a first night too
        with pytest.raises(KundbildError, match="still to come"):
            assert_moment(con, now() + timedelta(minutes=10))
    # an older version took a moment up to a day ahead: nights go on with it until it is past
    ahead = now().replace(microsecond=0) + timedelta(hours=20)
    warehouse.execute("update ops.clock set as_of = ?", [ahead])
    assert_moment(warehouse, None)
    assert moment_of_night(warehouse) == ahead
    # a night of the year 2999, by an older version, does not block the home for good
    warehouse.execute("update ops.clock set as_of = timestamp '2999-01-01'")
    assert_moment(warehouse, None)
    assert moment_of_night(warehouse) < now() + timedelta(minutes=1)


@pytest.mark.parametrize(("limit", "customers", "is_enough"), [("300MB", 20_000, False), ("300MB", 1_000, True), ("1200MB", 3_000_000, True), ("1GiB", 20_000, True)])  # fmt: skip
def test_memory_that_is_too_small_is_said_before_the_work(warehouse, limit, customers, is_enough):
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": "/nowhere"})
    settings = settings.model_copy(update={"engine": settings.engine.model_copy(update={"memory_limit": limit})})
    assert_memory(warehouse, settings)
    warehouse.execute("create schema identity; create table identity.customer_source_records as "
                      f"select range as customer_id, null::timestamp as valid_to from range({customers})")  # fmt: skip
    if is_enough:
        assert_memory(warehouse, settings)
        return
    with pytest.raises(KundbildError, match=f"{limit} of memory are too little for 20,000 customers") as told:
        assert_memory(warehouse, settings)
    assert 'memory_limit = "400MB"' in told.value.to_do


def test_a_child_ends_with_its_parent_however_that_ends():
    child = (
        "import sys, time; from orchestration.core.stopping import end_with_parent\n"
        "end_with_parent(int(sys.argv[1])); print('here', flush=True); time.sleep(120)\n"
    )
    parent = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], str(os.getpid())], stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline(); print(child.pid, flush=True); child.wait()\n"
    )
    run = subprocess.Popen([sys.executable, "-c", parent, child], stdout=subprocess.PIPE, text=True)
    assert run.stdout
    number = int(run.stdout.readline())
    run.send_signal(signal.SIGKILL)
    run.wait()
    for _ in range(100):
        if not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    os.kill(number, signal.SIGKILL)
    raise AssertionError("the child lives on")


def test_a_query_that_runs_for_ever_is_ended_by_a_signal():
    stuck = (
        "import duckdb; from orchestration.core.stopping import stops_at_once\n"
        "with stops_at_once(lambda name: print('told by', name, flush=True)), duckdb.connect() as con:\n"
        "    print('here', flush=True)\n"
        "    con.execute('select count(*) from range(10000000) a, range(10000000) b where hash(a.range + b.range) = 0')\n"
    )
    run = subprocess.Popen([sys.executable, "-c", stuck], stdout=subprocess.PIPE, text=True)
    assert run.stdout and run.stdout.readline() == "here\n"
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    assert run.wait(10) == 128 + signal.SIGTERM
    assert run.stdout.read() == "told by SIGTERM\n"


def test_the_lock_says_who_holds_it_since_when_and_a_run_is_not_waited_for(home):
    with home.lock("run 12345678"):
        assert home.holder().startswith(f"process {os.getpid()} (run 12345678) since 20")
        since = time.monotonic()
        with pytest.raises(WarehouseBusyError, match="since 20"), home.lock("another", wait=30):
            pass
        assert time.monotonic() - since < 5
    assert home.holder() == ""
    with home.lock("looking"):
        waited: list[str] = []
        with pytest.raises(WarehouseBusyError), home.lock("another", wait=0.3, waiting=waited.append):
            pass
        assert len(waited) == 1 and "(looking)" in waited[0]
