"""Runs dbt inside this process. Here: parsing once, building, the clock and the seeds that it reads, and what failed.

Not here: SQL (dbt_project/), what dbt is told (variables.py), or what Dagster makes of the results (defs/dbt_results.py).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.disk import full_disk
from orchestration.core.errors import KundbildError
from orchestration.core.home import Home, read_json, write_private
from orchestration.core.settings import DBT_DIR, Settings
from orchestration.core.warehouse import scalar, text
from orchestration.privacy.audit.catalogue import read_catalogue
from orchestration.transform.mapping import mapped_models, write_mapped_models
from orchestration.transform.quoted_values import first_line, keep_values_out_of_logs
from orchestration.transform.variables import environment, variables

_DDL = "create table if not exists ops.seeds (digest varchar not null)"


@dataclass(frozen=True)
class Failure:
    """A dbt node that failed. `message` is dbt's, cut to its first line: later lines may quote values."""

    node: str
    message: str


class TransformError(KundbildError):
    """dbt stopped, or a model or test with severity error failed."""

    def __init__(self, failures: list[Failure]) -> None:
        self.failures = failures
        names = ", ".join(failure.node for failure in failures[:5])
        more = f" and {len(failures) - 5} more" if len(failures) > 5 else ""
        starved = any(_OUT_OF_MEMORY in failure.message for failure in failures)
        super().__init__(
            f"dbt failed at {names}{more}: {failures[0].message if failures else ''}",
            to_do='give it more memory: memory_limit = "4GB" below [engine] in kundbild.toml'
            if starved
            else "see the run in the Dagster UI, or dbt_target/logs/dbt.log in the home folder",
        )


def set_clock(con: duckdb.DuckDBPyConnection, moment: datetime, published_load: int = 0) -> None:
    """Sets the moment that the night describes, UTC, and the newest load whose rows passed every test."""
    con.execute("create schema if not exists ops")
    con.execute(
        f"create or replace table ops.clock as select timestamp {text(moment.isoformat(sep=' '))} as as_of, "
        f"{published_load}::bigint as published_load"
    )


def seeds_changed(con: duckdb.DuckDBPyConnection, dbt: Dbt) -> bool:
    """Whether the warehouse's seeds are of another project than this; `note_seeds` says that it now holds these.

    Not their files alone: hooks and settings add rows, as `[privacy.purposes]` does.
    """
    con.execute(_DDL)
    return scalar(con, "select digest from ops.seeds") != _seed_digest(dbt)


def note_seeds(con: duckdb.DuckDBPyConnection, dbt: Dbt) -> None:
    """Notes that all seeds were built by this project."""
    con.execute(_DDL)
    con.execute("delete from ops.seeds")
    con.execute(f"insert into ops.seeds values ({text(_seed_digest(dbt))})")


def _seed_digest(dbt: Dbt) -> str:
    return hashlib.sha256(dbt.fingerprint().encode()).hexdigest()


class Dbt:
    """dbt in this process: parsed once, invoked as often as needed.

    Making one writes nothing: the code location does so while a night runs, perhaps with another configuration. What runs
    dbt writes the mapped models, and holds the home's lock. `project` is another folder than dbt_project where only a part of it is wanted.
    """

    def __init__(self, settings: Settings, home: Home, project: Path | None = None) -> None:
        self._settings, self._home, self._project = settings, home, project or DBT_DIR
        self._mapped, feeds = mapped_models(settings)
        self.vars = variables(settings, feeds)
        self._manifest: Any = None

    def parse(self) -> Path:
        """Compiles the manifest and returns its path. Raises TransformError where the project is broken, UntaggedError where a
        column does not say whether it is personal."""
        # an untagged column fails the build
        read_catalogue()
        self._read_project()
        # dbt writes its own in place, on every command: this one is whole or not there, and of this very project
        written, path = self._home.dbt_target / "manifest.json", self._manifest_path()
        if read_json(written) is None:
            raise TransformError([Failure("parse", "dbt could not write its manifest")])
        write_private(path, written.read_text(encoding="utf-8"))
        for old in set(self._home.dbt_target.glob("manifest-*.json")) - {path}:
            old.unlink(missing_ok=True)
        return path

    def _read_project(self, *more: str) -> None:
        """Has dbt read the project, from what it kept where nothing changed."""
        from dbt.cli.main import dbtRunner

        target = ["--target-path", str(self._home.dbt_target)]
        with self._environment():
            result = dbtRunner().invoke([*self._global(), "parse", *target, *self._common(), *more])
        if not result.success:
            raise self._failed([("parse", result.exception)])
        self._manifest = result.result

    def ensure_manifest(self) -> Path:
        """The manifest's path, compiled only when the project, the mappings or the vars changed since."""
        return self.standing_manifest() or self.parse()

    def standing_manifest(self) -> Path | None:
        """The manifest of this very project where it was compiled; reads files only."""
        path = self._manifest_path()
        return path if read_json(path) else None

    def last_manifest(self) -> Path | None:
        """The manifest of this project, else the last one that could be compiled, else None; reads files only."""
        there = sorted(self._home.dbt_target.glob("manifest-*.json"), key=lambda path: path.stat().st_mtime)
        return self.standing_manifest() or next((path for path in reversed(there) if read_json(path)), None)

    def _manifest_path(self) -> Path:
        digest = hashlib.sha256(self.fingerprint().encode()).hexdigest()[:16]
        return self._home.dbt_target / f"manifest-{digest}.json"

    def manifest(self) -> dict[str, Any]:
        """The compiled manifest as dagster-dbt reads it."""
        return json.loads(self.ensure_manifest().read_text(encoding="utf-8"))

    def build(
        self,
        select: str,
        *,
        exclude: str = "",
        full_refresh: bool = False,
        on_event: Callable[[Any], None] | None = None,
        before_close: Callable[[], None] = lambda: None,
    ) -> None:
        """`dbt build` of a selection: models and their data tests. What ran out of memory beside others, and whatever waited
        for it, is built once more, one at a time. `before_close` is called while the database is still open. Raises
        TransformError naming what failed, and DiskFullError where a disk took no more."""
        # unit tests say whether the code is right, not the night's data: `make test` runs them
        more = ["--exclude", "resource_type:unit_test", *exclude.split()]
        if full_refresh:
            more.append("--full-refresh")
        try:
            results = self._build(select.split(), more, on_event)
            if any(_is_starved(result) for result in results.values()):
                again = [r.node.name for r in results.values() if _is_starved(r) or str(r.status) == "skipped"]
                results |= self._build(again, [*more, "--threads", "1"], on_event)
        finally:
            before_close()
            _close_connections()
        failures = [(r.node.name, r.message) for r in results.values() if str(r.status) in ("error", "fail")]
        if failures:
            raise self._failed(failures)

    def _build(self, select: list[str], more: list[str], on_event: Callable[[Any], None] | None) -> dict[str, Any]:
        """dbt's result of each node."""
        from dbt.cli.main import dbtRunner

        if self._manifest is None and self.standing_manifest():
            self._read_project("--no-write-json")
        elif self._manifest is None:
            self.parse()
        # the manifest stands already, and to write it again is a sixth of a small night's work
        command = [*self._global(), "build", "--no-write-json", "--select", *select, *self._common(), *more]
        with self._environment():
            runner = dbtRunner(manifest=self._manifest, callbacks=[on_event] if on_event else [])
            result = runner.invoke(command)
        if result.exception:
            raise self._failed([("dbt", result.exception)])
        return {r.node.unique_id: r for r in result.result.results}

    def _failed(self, failures: list[tuple[str, object]]) -> KundbildError:
        """The error of nodes that failed, each with what dbt says of it. Of a full disk, every other one may be a consequence."""
        for _, said in failures:
            if full := full_disk(said if isinstance(said, BaseException) else str(said), self._home.root):
                return full
        return TransformError([Failure(node, first_line(said)) for node, said in failures])

    def invoke(self, arguments: list[str]) -> bool:
        """Any dbt command, as by hand; says whether it succeeded."""
        from dbt.cli.main import dbtRunner

        with self._environment():
            logs = ["--log-path", str(self._home.dbt_target / "logs")]
            return bool(dbtRunner().invoke([*logs, *arguments, *self._common()]).success)

    def _global(self) -> list[str]:
        logs = str(self._home.dbt_target / "logs")
        return [
            "--log-path",
            logs,
            "--log-level",
            "none",
            "--log-level-file",
            "info",
            "--no-use-colors",
            "--log-format-file",
            "text",
        ]

    def _common(self) -> list[str]:
        return [
            "--project-dir",
            str(self._project),
            "--profiles-dir",
            str(self._project),
            "--vars",
            json.dumps(self.vars),
        ]

    def fingerprint(self) -> str:
        """A digest of the project's files, the mapped models and the vars: what the manifest depends on."""
        files = [
            p for p in self._project.rglob("*") if p.suffix in (".sql", ".yml", ".csv") and "target" not in p.parts
        ]
        return _digest(sorted(files)) + json.dumps([self._mapped, self.vars], sort_keys=True)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        write_mapped_models(self._settings, self._home.mapped_models)
        keep_values_out_of_logs()
        wanted = environment(self._settings, self._home, self._project)
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _is_starved(result: Any) -> bool:
    return str(result.status) == "error" and _OUT_OF_MEMORY in str(result.message)


def shared_connection() -> duckdb.DuckDBPyConnection:
    """A connection of its own to the database that dbt has open, while dbt runs: whoever gets it closes it."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment: Any = DuckDBConnectionManager.env()
    connection: duckdb.DuckDBPyConnection = environment.conn.cursor()
    return connection


def interrupt_queries() -> None:
    """Breaks off the queries that dbt runs at the moment."""
    from dbt.adapters.factory import get_adapter_by_type

    get_adapter_by_type("duckdb").cancel_open_connections()


def _close_connections() -> None:
    """dbt-duckdb keeps the database open for the process; the steps after dbt open it themselves."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(str(path.name).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


# DuckDB's words; the memory is what all models that run at a time have together
_OUT_OF_MEMORY = "Out of Memory Error"
