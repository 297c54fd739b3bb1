"""Where Dagster keeps the events of its runs: SQLite files, as by default, but held open. Named in dagster.yaml.

Dagster's own class makes an engine for every statement: its compiled statements are thrown away each time, and SQLite
folds its log back into the file on every close. Measured: 909 events take 4 s here and 50 s there (1.8 and 9.5 s of CPU time);
a night of the demo writes some 2,100. Not here: what the events say.

Dagster has no public names for this; tests/unit/defs/test_history.py fails where its class holds files open itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import AssetObservation, DagsterEventType, EventLogEntry
from dagster._core.events import AssetObservationData  # private: what makes an event an observation
from dagster._core.storage.event_log import SqliteEventLogStorage  # private: dagster.yaml names it so

# private: where Dagster's own class looks, and how it waits for a file
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SQLITE_BUSY_TIMEOUT_SECONDS,
    SqliteEventLogStorageWatchdog,
)
from dagster._serdes import ConfigurableClassData  # private: what dagster.yaml hands to a class
from watchdog.observers import Observer

from orchestration.defs.ui_guard import guard_webserver
from orchestration.extract.records import STALE

# runs whose files are held open: the one at work, and those that somebody looks at
_MOST_OPEN = 16


class HeldOpenEventLogStorage(SqliteEventLogStorage):
    """Dagster's sharded SQLite event log with one engine a file, below `<dagster_home>/history/runs`."""

    _obs: Any

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        # a webserver opens the instance before it makes its app, by whatever command it is started
        if "dagster_webserver" in sys.modules:
            guard_webserver()
        self._engines: dict[str, sa.Engine] = {}
        # Dagster asks for each event anew; what is there stays there
        self._seen: set[tuple[str, str]] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        from dagster import StringSource

        return {"dagster_home": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> HeldOpenEventLogStorage:
        return cls(str(Path(config_value["dagster_home"]) / "history" / "runs"), inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        """A table that was not brought up to date is observed, not materialized: it does not count as fresh.

        A step of a run can only go on behind an output, and Dagster makes a materialization of each.
        """
        super().store_event(_as_observed(event))

    def has_table(self, table_name: str) -> bool:
        def look() -> bool:
            with self._engine(INDEX_SHARD_NAME).connect() as connection:
                return sa.inspect(connection).has_table(table_name)

        return self._is_there(("table", table_name), look)

    def has_secondary_index(self, name: str) -> bool:
        return self._is_there(("index", name), lambda: super(HeldOpenEventLogStorage, self).has_secondary_index(name))

    def _has_asset_key_col_on_connection(self, conn: sa.Connection, column_name: str) -> bool:
        def look() -> bool:
            return super(HeldOpenEventLogStorage, self)._has_asset_key_col_on_connection(conn, column_name)

        return self._is_there(("column", column_name), look)

    def _is_there(self, what: tuple[str, str], look: Callable[[], bool]) -> bool:
        if what not in self._seen and look():
            self._seen.add(what)
        return what in self._seen

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._engines:
            while len(self._engines) >= _MOST_OPEN:
                oldest = next(name for name in self._engines if name != INDEX_SHARD_NAME)
                self._engines.pop(oldest).dispose()
            self._engines[shard] = sa.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            sa.event.listen(self._engines[shard], "connect", _sync_at_checkpoints)
        return self._engines[shard]

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        if not self._obs:
            self._obs = Observer()
            self._obs.start()
        watchdog = _Watchdog(self, run_id, callback, cursor)
        self._watchers[run_id][callback] = (watchdog, self._obs.schedule(watchdog, self._base_dir, recursive=True))

    def wipe(self) -> None:
        self._close()
        super().wipe()

    def dispose(self) -> None:
        self._close()
        super().dispose()

    def _close(self) -> None:
        self._seen.clear()
        while self._engines:
            self._engines.popitem()[1].dispose()


def _as_observed(event: EventLogEntry) -> EventLogEntry:
    told = event.dagster_event
    if told is None or told.event_type != DagsterEventType.ASSET_MATERIALIZATION:
        return event
    made = told.step_materialization_data.materialization
    if STALE not in made.metadata:
        return event
    seen = AssetObservation(made.asset_key, description=made.description, metadata=made.metadata)
    observed = told._replace(
        event_type_value=DagsterEventType.ASSET_OBSERVATION.value, event_specific_data=AssetObservationData(seen)
    )
    return event._replace(dagster_event=observed)


class _Watchdog(SqliteEventLogStorageWatchdog):
    """Sees an event when it is written: into the log beside a file that is held open, not into the file."""

    def __init__(self, storage: SqliteEventLogStorage, run_id: str, callback: Any, cursor: str | None) -> None:
        super().__init__(storage, run_id, callback, cursor)
        self._patterns = [self._log_path, f"{self._log_path}-wal"]

    def on_modified(self, event: Any) -> None:
        self._process_log()


def _sync_at_checkpoints(connection: Any, _: Any) -> None:
    """With a write-ahead log this is safe against corruption; a power cut may lose the last events of a run."""
    connection.execute("pragma synchronous = normal")
