"""Runs suites by SQL inside DuckDB and keeps the results: counts, never values.

Here: Suite → CheckResult, `ops.check_results`, the Data Docs site. Not here: what is checked (suites/).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from data_quality.checks import Check, CheckResult, History, Suite, of_source, rule_column
from data_quality.connection import new_context, warehouse_datasource
from data_quality.docs import make_self_contained, write_index
from orchestration.core.clock import now
from orchestration.core.home import Home
from orchestration.core.settings import Engine
from orchestration.core.sql_scripts import sql_script
from orchestration.core.warehouse import open_warehouse, quote

# BASIC without samples: `observed_value` is a count for every expectation that a suite may use (see _COUNTS)
_RESULT_FORMAT = {
    "result_format": "BASIC",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
}
_COUNTS = ("element_count", "unexpected_count", "missing_count")
_OBSERVED_IS_A_COUNT = ("ExpectTableRowCountToBeBetween", "UnexpectedRowsExpectation")
_WORKERS = 2
# a share of the suites has its own connection, and checks one suite after the other
_MARKS = "marks_of_rows"
# whose a row is, and how many sources a check that failed tells of
_SOURCE, _MOST_SOURCES = "source_system", 20
_SEVERITY = {"ERROR": "critical", "WARN": "warning"}

_DDL = sql_script(__file__, "runner")


def prepare_results(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables of results where there are none yet."""
    con.execute(_DDL)


def last_counts(con: duckdb.DuckDBPyConnection) -> History:
    """Rows of each table on the last run that was published."""
    prepare_results(con)
    return dict(
        con.execute(
            "select table_name, arg_max(row_count, counted_at) from ops.table_counts group by table_name"
        ).fetchall()
    )


def remember_counts(con: duckdb.DuckDBPyConnection, run_id: str, suites: Iterable[Suite]) -> None:
    """Notes the rows of each table; called when a night was published, so that a bad night sets no floor."""
    prepare_results(con)
    for suite in suites:
        con.execute(
            f"insert into ops.table_counts select ?, ?, count(*), ? from {quote(suite.schema)}.{quote(suite.table)}",
            [run_id, suite.name, now()],
        )


class QualityRun:
    """The checks of one run: stage by stage, then one Data Docs site of all of them. Keeps GX's context in between."""

    def __init__(self, home: Home, engine: Engine, run_id: str) -> None:
        self._home, self._engine, self._run_id = home, engine, run_id
        self._context: Any = None
        self.stages: set[str] = set()
        self.results: list[CheckResult] = []

    def run(
        self, suites: list[Suite], progress: Callable[[CheckResult], None] = lambda result: None
    ) -> list[CheckResult]:
        """Runs every check of every suite. Each is a query in DuckDB; no table is read into Python.

        Results go to `ops.check_results`. A check that cannot run has failed.
        """
        if self._context is None:
            self._context = new_context()
        shares = [suites[start::_WORKERS] for start in range(_WORKERS)]
        with ThreadPoolExecutor(_WORKERS) as pool:
            # while DuckDB counts for one share, Great Expectations can prepare the other
            results = [
                r
                for share in pool.map(lambda n: self._run_share(n, shares[n], progress), range(_WORKERS))
                for r in share
            ]
        self.stages |= {suite.stage for suite in suites}
        self.results += results
        with open_warehouse(self._home, self._engine) as con:
            prepare_results(con)
            rows = [
                [
                    self._run_id,
                    r.suite.stage,
                    r.suite.name,
                    r.check.name,
                    r.check.severity,
                    r.passed,
                    json.dumps(r.observed),
                    now(),
                ]
                for r in results
            ]
            con.execute("begin")
            # a retried step replaces its results: the gate counts each check once
            for stage in {suite.stage for suite in suites}:
                con.execute("delete from ops.check_results where run_id = ? and stage = ?", [self._run_id, stage])
            if rows:
                con.executemany("insert into ops.check_results values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            con.execute("commit")
        return results

    def _run_share(
        self, number: int, suites: list[Suite], progress: Callable[[CheckResult], None]
    ) -> list[CheckResult]:
        results: list[CheckResult] = []
        queries = {suite.title: _batch_query(suite) for suite in suites}
        name = f"warehouse_{len(self.stages)}_{number}"
        with warehouse_datasource(self._context, name, self._home, self._engine, queries) as source:
            for suite in suites:
                for result in _run_suite(self._context, source, suite):
                    results.append(result)
                    progress(result)
        return results

    def build_docs(self) -> Path:
        """Builds the Data Docs site of everything that this run checked. Returns its first page."""
        folder = self._home.data_docs
        shutil.rmtree(folder, ignore_errors=True)
        self._context.add_data_docs_site(
            "warehouse",
            {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
                # a page of results says all that a page of the suite would
                "site_section_builders": {"expectations": "None", "profiling": "None"},
            },
        )
        # the context has a site of its own too, in a temporary folder: nobody reads it
        self._context.build_data_docs(site_names=["warehouse"])
        make_self_contained(folder)
        return write_index(folder, self.results)

    def close(self) -> None:
        self._context = None


def _batch_query(suite: Suite) -> str:
    """The table; of one with rules on rows the marks of its rows (see `_mark_rows`)."""
    if any(check.breaks for check in suite.checks):
        return f"select * from temp.{_MARKS}"
    return f"select b.* from {quote(suite.schema)}.{quote(suite.table)} as b"


def _mark_rows(source: Any, suite: Suite) -> None:
    """Makes a temporary table of a suite with rules on rows: a row for each row of its table, a column for each rule, true
    where the row breaks it, and the columns that other checks read.

    Great Expectations asks each batch several times over: for its columns, its count, the sum of each rule, and what each
    rule finds. Rules are long, so planning and running them once takes a quarter of the time. Where it cannot be made, no
    check of the suite can run.
    """
    rules = [
        f"case when {check.breaks} then true end as {quote(rule_column(check.name))}"
        for check in suite.checks
        if check.breaks
    ]
    ruled = {rule_column(check.name) for check in suite.checks if check.breaks}
    read = sorted({str(check.arguments["column"]) for check in suite.checks if "column" in check.arguments} - ruled)
    columns = [f"b.{quote(column)}" for column in read] + rules
    with source.get_execution_engine().get_connection() as connection:
        # a check that could not run leaves its transaction aborted, and whatever follows would fail too
        connection.rollback()
        if not rules:
            return
        connection.exec_driver_sql(f"drop table if exists temp.{_MARKS}")
        connection.commit()
        try:
            connection.exec_driver_sql(
                f"create temp table {_MARKS} as select {', '.join(columns)} from {quote(suite.schema)}.{quote(suite.table)} as b"
            )
            connection.commit()
        except SQLAlchemyError:
            connection.rollback()


def _arguments(suite: Suite, check: Check) -> dict[str, Any]:
    """A query over `{batch}` reads the table itself: the batch may have the marks of its rows alone. Great Expectations warns of
    a query that does not name the batch."""
    if "unexpected_rows_query" not in check.arguments:
        return check.arguments
    table = f"{quote(suite.schema)}.{quote(suite.table)}"
    return {
        "unexpected_rows_query": f"{check.arguments['unexpected_rows_query'].replace('{batch}', table)} /* {{batch}} */"
    }


def _run_suite(context: Any, source: Any, suite: Suite) -> Iterator[CheckResult]:
    import great_expectations as gx

    if not suite.checks:
        return
    _mark_rows(source, suite)
    batch = source.get_asset(suite.title).get_batch_definition("all")
    promised = [
        _class_of(check)(
            **_arguments(suite, check),
            severity=_SEVERITY[check.severity],
            meta={"name": check.name, "notes": check.description},
        )
        for check in suite.checks
    ]
    gx_suite = context.suites.add(gx.ExpectationSuite(suite.title, expectations=promised))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=suite.title, data=batch, suite=gx_suite)
    )
    outcome = definition.run(result_format=_RESULT_FORMAT)
    by_name = {r.expectation_config.meta["name"]: r for r in outcome.results}
    for check in suite.checks:
        raw = by_name[check.name]
        observed = _observed(check, raw)
        if (check.breaks or check.culprits) and not raw.success and "could_not_run" not in observed:
            observed |= _by_source(source, suite, check)
        yield CheckResult(suite, check, bool(raw.success), observed)


def _by_source(source: Any, suite: Suite, check: Check) -> dict[str, int | float]:
    """How many rows of each source break a rule, where the table says whose its rows are, or the check has a question of its own."""
    table = f"{quote(suite.schema)}.{quote(suite.table)}"
    with source.get_execution_engine().get_connection() as connection:
        try:
            names = {row[0] for row in connection.exec_driver_sql(f"describe {table}").fetchall()}
            if _SOURCE not in names:
                return {}
            counted = f"select b.{_SOURCE}, count(*) from {table} as b where {check.breaks} group by all"
            asked = check.culprits.replace("{batch}", table) or counted
            rows = connection.exec_driver_sql(f"{asked} order by 2 desc, 1 limit {_MOST_SOURCES}").fetchall()
        except SQLAlchemyError:
            connection.rollback()
            return {}
    return {of_source(str(name)): int(count) for name, count in rows}


def _class_of(check: Check) -> Any:
    from great_expectations import expectations

    from data_quality.counted_rows import ExpectQueryToYieldNoRows

    if "unexpected_rows_query" in check.arguments:
        return ExpectQueryToYieldNoRows
    return getattr(expectations, check.expectation)


def _observed(check: Check, raw: Any) -> dict[str, int | float]:
    """The counts of a result; everything else that GX says may hold a value out of a row."""
    if raw.exception_info and raw.exception_info.get("raised_exception", not raw.result):
        return {"could_not_run": 1}
    found = {name: raw.result[name] for name in _COUNTS if isinstance(raw.result.get(name), int)}
    if check.expectation in _OBSERVED_IS_A_COUNT and isinstance(raw.result.get("observed_value"), int):
        name = "row_count" if check.expectation == "ExpectTableRowCountToBeBetween" else "unexpected_count"
        found[name] = raw.result["observed_value"]
    return found
