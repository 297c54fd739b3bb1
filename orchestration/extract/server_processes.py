"""Processes that talk with database servers: started, asked, and killed as soon as they are not to go on (server_reader.py).

Whoever waits for an answer here waits for a pipe: other threads run, signals are heard, and killing the process ends the wait.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from orchestration.core.asked_processes import start
from orchestration.extract.database_errors import DatabaseError, broken_off
from orchestration.extract.sql_catalogue import TableThere
from orchestration.extract.sql_statements import Query


class ServerProcesses:
    """Those of one source. One that answered to the end is asked again; whoever opens this closes it."""

    def __init__(self) -> None:
        self._free: list[_Process] = []

    def __enter__(self) -> ServerProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        while self._free:
            self._free.pop().end()

    def columns(self, url: sa.URL, there: str, seconds: float, running: list[Callable[[], object]]) -> dict[str, Any]:
        with self._one(url, seconds, running) as process:
            found: dict[str, Any] = process.ask(there, seconds)
            process.is_free = True
            return found

    def tables(self, url: sa.URL, seconds: float) -> list[TableThere]:
        """Every table, asked of a server that is not waited for longer than this."""
        running: list[Callable[[], object]] = []
        bound = threading.Timer(seconds, lambda: [kill() for kill in running])
        bound.start()
        try:
            with self._one(url, seconds, running) as process:
                found: list[TableThere] = process.ask(None, seconds)
                process.is_free = True
                return found
        finally:
            bound.cancel()

    @contextmanager
    def rows(
        self, url: sa.URL, query: Query, seconds: float, running: list[Callable[[], object]]
    ) -> Iterator[pa.RecordBatchReader]:
        """The rows as they come. Raises DatabaseError, also while they are read."""
        with self._one(url, seconds, running) as process:
            process.ask(query, seconds)
            with process.stream() as reader:
                yield pa.RecordBatchReader.from_batches(reader.schema, process.batches(reader))

    @contextmanager
    def _one(self, url: sa.URL, seconds: float, running: list[Callable[[], object]]) -> Iterator[_Process]:
        process = self._free.pop() if self._free else _Process()
        running.append(process.kill)
        try:
            if not process.is_free:
                process.send((url, seconds))
            process.is_free = False
            yield process
        finally:
            running.remove(process.kill)
            if process.is_free:
                self._free.append(process)
            else:
                process.end()


class _Process:
    """`is_free`: it was told its database, and has answered all that it was asked."""

    def __init__(self) -> None:
        self.is_free = False
        self._process, self._questions, self._answers = start("orchestration.extract.server_reader")

    def ask(self, asked: str | Query | None, seconds: float) -> Any:
        self.send((asked, seconds))
        return self._answer()

    def send(self, what: object) -> None:
        try:
            pickle.dump(what, self._questions)
            self._questions.flush()
        except OSError:
            raise broken_off() from None

    def stream(self) -> pa.RecordBatchStreamReader:
        try:
            return pa.ipc.open_stream(self._answers)
        except (pa.ArrowException, OSError):
            raise broken_off() from None

    def batches(self, reader: pa.RecordBatchStreamReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except (pa.ArrowException, OSError):
            raise broken_off() from None
        try:
            # where the stream ends the process may have died as well
            self._answer()
        except DatabaseError as error:
            raise broken_off(error.name) from None
        self.is_free = True

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._questions, self._answers):
            with suppress(OSError):
                pipe.close()

    def _answer(self) -> Any:
        try:
            answer = pickle.load(self._answers)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise broken_off() from None
        if isinstance(answer, DatabaseError):
            raise answer
        return answer
