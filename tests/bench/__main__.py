"""`make bench`: one table. `--customers` sets the size; 100,000 is size M (1M orders, 10M web and email events)."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import duckdb

from data_quality.runner import QualityRun
from data_quality.suites import all_suites
from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.ports import LOOPBACK, free_port
from orchestration.core.settings import PROJECT_DIR, Engine
from orchestration.core.warehouse import open_warehouse, opening_settings
from orchestration.demo.generate import generate
from orchestration.demo.server import serving
from orchestration.extract.extract import extract_source, prepare_raw
from orchestration.extract.records import LoadCounts
from orchestration.transform.runner import Dbt
from tests.bench.consent import erasure, permissions
from tests.bench.limit import compiled_models, plain_checks, tables_of
from tests.bench.measure import Report, run_command, timed
from tests.bench.proposal import proposal
from tests.bench.rest_pages import rest_pages

AS_OF = "2026-11-01"
# the questions of analysts, and who is in which segment
DESCRIBED = ("models/marts/segments", "models/marts/insight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="folder to work in, and to keep")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="kundbild-bench-"))
    try:
        report = bench(folder, arguments.customers)
        report.show(PROJECT_DIR / "build" / "bench.json")
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


def bench(folder: Path, customers: int) -> Report:
    from datetime import date

    report, times = Report(), {}
    (PROJECT_DIR / "build").mkdir(exist_ok=True)
    home = Home(folder / "home").prepare()
    os.environ["KUNDBILD_HOME"], os.environ["KUNDBILD_CONFIG"] = str(home.root), str(PROJECT_DIR / "kundbild.toml")
    os.environ["XDG_CONFIG_HOME"] = str(folder / "settings")
    with timed(times, "demo"):
        # a week passes between the nights: about one row in a hundred is new
        generate(home.demo, customers=customers, as_of=date.fromisoformat(AS_OF), nights=2, days_per_night=7)
    print(f"demo of {customers:,} customers: {times['demo']:.0f} s", flush=True)
    extraction(report, home)
    nightly(report, home, times)
    report_of_publication(report, home)
    checks(report, home)
    start_up(report, home)
    erasure(report, home)
    permissions(report)
    proposal(report, folder)
    return report


def extraction(report: Report, home: Home) -> None:
    """Files, an API and a database into a fresh raw; files against DuckDB loading the same rows from Parquet."""
    scratch = Home(home.root / "scratch").prepare()
    files = {}
    with serving(home.demo / "webshop", "demo-token", requests_per_second=1e6) as url:
        os.environ["KUNDBILD_DEMO_API"] = url
        settings = load_settings(PROJECT_DIR / "kundbild.toml")
        with open_warehouse(scratch, settings.engine) as con:
            prepare_raw(con, settings)
            for name in ("web_analytics", "email", "survey"):
                start = time.perf_counter()
                books = extract_source(con, scratch, settings, name)
                files[name] = (time.perf_counter() - start, sum(c.source_rows for c in books.values()))
            # a wide row is dearer than a narrow one: each table's own rows are the measure
            limit = 0.0
            for name in files:
                for table in settings.sources[name].tables:
                    path = scratch.root / f"{name}_{table}.parquet"
                    con.execute(f"copy raw_{name}.{table} to '{path}' (format parquet)")
            for name in files:
                for table in settings.sources[name].tables:
                    path = scratch.root / f"{name}_{table}.parquet"
                    start = time.perf_counter()
                    con.execute(f"create or replace table limit_{name}_{table} as from read_parquet('{path}')")
                    limit += time.perf_counter() - start
        del os.environ["KUNDBILD_DEMO_API"]
    seconds = sum(s for s, _ in files.values())
    detail = ", ".join(f"{n} {s:.1f} s" for n, (s, _) in files.items())
    report.add(
        "files into raw, share of DuckDB's Parquet load rate",
        ">= .7",
        f"{limit / seconds:.2f}",
        f"{detail}; limit {limit:.1f} s",
    )
    rest_pages(report, scratch.root)
    postgres(report, scratch)
    shutil.rmtree(scratch.root)


def postgres(report: Report, scratch: Home) -> None:
    """A table of a million orders in PostgreSQL into raw."""
    import pgserver
    import sqlalchemy as sa

    from orchestration.core.settings import Settings, Source, Table
    from orchestration.extract.database_urls import with_driver

    data = Path("/tmp") / f"kundbild-bench-pg-{os.getpid()}"
    server = pgserver.get_server(data)
    try:
        engine = sa.create_engine(with_driver(sa.make_url(server.get_uri())))
        with engine.begin() as con:
            con.execute(sa.text("create table orders as select n as id, n % 100000 as customer_id, (n % 977) * 1.5::float8 as amount, "
                                "'completed' || n % 7 as status, timestamp '2026-01-01' + n * interval '1 second' as updated_at "
                                "from generate_series(1, 1000000) s (n)"))  # fmt: skip
        engine.dispose()
        columns = {
            "id": "BIGINT",
            "customer_id": "BIGINT",
            "amount": "DOUBLE",
            "status": "VARCHAR",
            "updated_at": "TIMESTAMP",
        }
        table = Table(columns=columns, key=["id"], cursor="updated_at")
        settings = Settings(
            company="B", sources={"pg": Source(connector="sql", url=server.get_uri(), tables={"orders": table})}
        )
        with open_warehouse(scratch, Engine()) as con:
            prepare_raw(con, settings)
            start = time.perf_counter()
            counts: LoadCounts = extract_source(con, scratch, settings, "pg")["orders"]
            seconds = time.perf_counter() - start
            con.execute(f"copy raw_pg.orders to '{scratch.root}/pg.parquet' (format parquet)")
            bare = bare_copy(server.get_uri())
            start = time.perf_counter()
            con.execute(f"create table limit_pg as from read_parquet('{scratch.root}/pg.parquet')")
            limit = time.perf_counter() - start
        report.add(
            "PostgreSQL into raw, the same share",
            ">= .4",
            f"{limit / seconds:.2f}",
            f"{counts.inserted:,} rows {seconds:.2f} s; COPY through ADBC alone {bare:.2f} s, limit {limit:.2f} s",
        )
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


def bare_copy(uri: str) -> float:
    """Seconds that the driver alone takes to fetch the table, its rows thrown away."""
    import adbc_driver_postgresql.dbapi as adbc

    start = time.perf_counter()
    with adbc.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("select * from orders")
        for _ in cursor.fetch_record_batch():
            pass
    return time.perf_counter() - start


def nightly(report: Report, home: Home, times: dict[str, float]) -> None:
    """The whole nightly, then a week later, then with nothing new; the transform against its own SQL in plain DuckDB."""
    kundbild = str(Path(sys.executable).parent / "kundbild")
    environment = {**os.environ, "KUNDBILD_BENCH": "1"}
    night = [sys.executable, "-m", "tests.bench.night"]
    full, peak, _ = run_command([*night, f"{AS_OF}T02:00:00"], environment)
    steps = step_seconds(home)
    transform = steps["conformed"] + steps["marts"]
    limit = compiled_models(home)
    report.add(
        "transform (Dagster + dbt + all tests) ÷ limit",
        "<= 1.5",
        f"{transform / limit:.2f}",
        f"{transform:.0f} s against {limit:.0f} s of plain SQL",
    )
    described = model_seconds(home)
    by_dbt, alone = described_models(home)
    report.add(
        "segment and insight models by dbt ÷ limit",
        "<= 1.5",
        f"{by_dbt / alone:.2f}",
        f"{by_dbt:.1f} s against {alone:.1f} s of plain SQL, the same process",
    )
    report.add("peak memory, largest process", "<= 2 GB", f"{peak / 1000:.2f} GB", "")
    rerun, _, _ = run_command([kundbild, "run", "--as-of", f"{AS_OF}T02:00:00", "--json"], environment)
    report.add("rerun with nothing new, whole process", "<= 10 s", f"{rerun:.1f} s", "")
    run_command([kundbild, "demo", "next"], environment)
    increment, _, out = run_command([*night, "2026-11-08T02:00:00"], environment)
    outcome = json.loads(out)
    later = step_seconds(home)
    ratio = sum(later.values()) / sum(steps.values())
    detail = ", ".join(f"{name} {later[name]:.1f}/{steps[name]:.1f}" for name in steps if steps[name] >= 1)
    report.add("nightly with 1 % new rows ÷ full nightly (start-up apart)", "<= .15", f"{ratio:.2f}", f"s: {detail}")
    report.add(
        "segment and insight models with 1 % new rows ÷ full",
        "<= .25",
        f"{(again := model_seconds(home)) / described:.2f}",
        f"{again:.1f} s against {described:.1f} s",
    )
    times |= {"full": full, "increment": increment}
    print(f"full nightly {full:.0f} s, a week later {increment:.0f} s, customers {outcome['customers']:,}", flush=True)


def report_of_publication(report: Report, home: Home) -> None:
    """The page that every publication has, made again by its command."""
    kundbild = str(Path(sys.executable).parent / "kundbild")
    page = home.root / "report.html"
    seconds, peak, _ = run_command([kundbild, "report", "--to", str(page), "--overwrite"], dict(os.environ))
    report.add("report of the publication", "<= 10 s", f"{seconds:.1f} s", f"{page.stat().st_size / 1000:.0f} KB")
    report.add("peak memory of the report", "<= 500 MB", f"{peak:.0f} MB", "the process that makes it")


def step_seconds(home: Home) -> dict[str, float]:
    """Seconds of each step of the newest run, from Dagster's own event log."""
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(home.dagster)
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        run = instance.get_runs(limit=1)[0]
        stats = instance.get_run_step_stats(run.run_id)
        return {s.step_key: (s.end_time or 0) - (s.start_time or 0) for s in stats if s.start_time and s.end_time}


def described_models(home: Home) -> tuple[float, float]:
    """Seconds of the models of DESCRIBED by dbt, parsed before, and of their SQL alone; one after the other, for a shared machine slows
    both."""
    dbt = Dbt(load_settings(PROJECT_DIR / "kundbild.toml"), home)
    dbt.build("customer_rfm", exclude="resource_type:test")
    start = time.perf_counter()
    dbt.build(" ".join(f"path:{folder}" for folder in DESCRIBED), exclude="resource_type:test")
    return time.perf_counter() - start, compiled_models(home, DESCRIBED)


def model_seconds(home: Home) -> float:
    """Sum of the seconds that dbt took for each model of DESCRIBED in the newest run, from Dagster's own event log."""
    import dagster as dg

    os.environ["DAGSTER_HOME"] = str(home.dagster)
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        run = instance.get_runs(limit=1)[0]
        events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        made = [e.asset_materialization for e in events if e.asset_materialization]
        named = {(n["schema"], n["name"]) for n in tables_of(home, DESCRIBED).values()}
        took = [m.metadata["Execution Duration"].value for m in made if tuple(m.asset_key.path) in named]
    assert len(took) == len(named), "the run built not all of them"
    return float(sum(took))


def checks(report: Report, home: Home) -> None:
    """All Great Expectations suites against the same checks as plain SQL."""
    import great_expectations  # noqa: F401 the import is not what is measured

    settings = load_settings(PROJECT_DIR / "kundbild.toml")
    suites = all_suites(settings)
    start = time.perf_counter()
    results = QualityRun(home, settings.engine, "bench").run(suites)
    expectations = time.perf_counter() - start
    with duckdb.connect(str(home.warehouse), config=opening_settings(settings.engine, home)) as con:
        start = time.perf_counter()
        plain = plain_checks(con, suites)
        sql = time.perf_counter() - start
    report.add("all Great Expectations suites ÷ the same as plain SQL", "<= 1.6", f"{expectations / sql:.2f}",
               f"{len(results)} checks in {len(suites)} suites {expectations:.1f} s, {plain} as SQL {sql:.1f} s; "
               f"{1000 * (expectations - sql) / len(suites):.0f} ms a suite is Great Expectations' own")  # fmt: skip


def start_up(report: Report, home: Home) -> None:
    """The code location and the UI, from nothing."""
    seconds, _, _ = run_command([sys.executable, "-c", "import orchestration.definitions"], dict(os.environ))
    report.add("code location loaded", "<= 3 s", f"{seconds:.1f} s", "a process of its own, imports included")
    seconds = ui_ready(home)
    report.add("Dagster UI ready", "<= 10 s", f"{seconds:.1f} s", "until it answers for the code location's jobs")


def ui_ready(home: Home) -> float:
    """Seconds from starting `dg dev` until its GraphQL names the nightly job."""
    port = free_port(0)
    environment = {**os.environ, "DAGSTER_HOME": str(home.dagster)}
    dg = str(Path(sys.executable).parent / "dg")
    # a bench that a shell runs in the background has SIGINT ignored, and its children would with it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    start = time.perf_counter()
    command = [dg, "dev", "--host", LOOPBACK, "--port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=PROJECT_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    question = json.dumps(
        {"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { jobs { name } } } } }"}
    )
    request = urllib.request.Request(
        f"http://{LOOPBACK}:{port}/graphql", question.encode(), {"Content-Type": "application/json"}
    )
    try:
        while time.perf_counter() - start < 120:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    if b'"nightly"' in answer.read():
                        return time.perf_counter() - start
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError("the Dagster UI did not come up")
    finally:
        process.send_signal(signal.SIGINT)  # it stops the servers that it started
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
