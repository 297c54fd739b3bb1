"""The process that talks with a database server, and is killed where the server does not come to an end (server_processes.py).

Drivers wait within C and Rust, where no other thread may run, no signal is heard and no time is up: so they wait here, where
nothing else does. Rows go out as Arrow: by ADBC of PostgreSQL (which COPYs), connectorx of MySQL and MariaDB, else SQLAlchemy's
own cursor. Little is imported: it is started for each source. Not here: which query (sql_statements.py).
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa
import sqlalchemy as sa

from orchestration.core.asked_processes import serve
from orchestration.extract.database_errors import told
from orchestration.extract.sql_catalogue import catalogue
from orchestration.extract.sql_statements import Query, columns_of, limited, limits, select_rows

FETCH_ROWS = 50_000


class _Server:
    """One database server. Nothing stays connected between two questions."""

    def __init__(self, url: sa.URL, seconds: float) -> None:
        self.url = url
        limited_url, arguments = limits(url, seconds)
        self.engine = sa.create_engine(limited_url, connect_args=arguments, poolclass=sa.NullPool)
        self._is_known = False

    def columns(self, there: str) -> dict[str, Any]:
        found = columns_of(self.engine, there)
        self._is_known = True
        return found

    @contextmanager
    def rows(self, query: Query, seconds: float) -> Iterator[pa.RecordBatchReader]:
        if not self._is_known:
            self.engine.connect().close()
        sql = select_rows(self.engine, query)
        backend = self.url.get_backend_name()
        if backend == "postgresql":
            import adbc_driver_postgresql.dbapi as postgres_adbc

            with postgres_adbc.connect(_plain(self.url, seconds)) as connection, connection.cursor() as cursor:
                cursor.execute(sql)
                yield cursor.fetch_record_batch()
        elif backend in ("mysql", "mariadb"):
            import connectorx

            # the host that the URL names, also where it is this machine
            url = self.url.set(drivername="mysql", query={"prefer_socket": "false"})
            yield connectorx.read_sql(
                url.render_as_string(hide_password=False), limited(self.engine, sql, seconds),
                return_type="arrow_stream", batch_size=FETCH_ROWS,
            )  # fmt: skip
        else:
            with self.engine.connect() as connection:
                plain = connection.execution_options(stream_results=True, no_parameters=True)
                yield _from_cursor(plain.exec_driver_sql(sql))


def _plain(url: sa.URL, seconds: float) -> str:
    plain = limits(url, seconds)[0].set(drivername="postgresql").render_as_string(hide_password=False)
    # libpq takes no + for a space
    address, _, query = plain.partition("?")
    return f"{address}?{query.replace('+', '%20')}"


def _from_cursor(result: sa.CursorResult[Any]) -> pa.RecordBatchReader:
    schema = pa.schema([(key, pa.string()) for key in result.keys()])  # noqa: SIM118 a result is not a dict

    def batches() -> Iterator[pa.RecordBatch]:
        while rows := result.fetchmany(FETCH_ROWS):
            columns = zip(*rows, strict=True)
            yield pa.record_batch(
                [pa.array([None if v is None else str(v) for v in c], pa.string()) for c in columns], schema
            )

    return pa.RecordBatchReader.from_batches(schema, batches())


def _answer(server: _Server, asked: str | Query | None, seconds: float, answers: IO[bytes]) -> None:
    """The columns of a table, of None every table; or of a query None, its rows, and None once more."""
    if asked is None:
        answers.write(pickle.dumps(catalogue(server.engine)))
        return
    if isinstance(asked, str):
        answers.write(pickle.dumps(server.columns(asked)))
        return
    with server.rows(asked, seconds) as reader:
        pickle.dump(None, answers)
        with pa.ipc.new_stream(answers, reader.schema) as stream:
            for batch in reader:
                stream.write_batch(batch)
    pickle.dump(None, answers)


def _serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answers until nobody asks any more, or until something fails: in its place stands the error."""
    try:
        server = _Server(*pickle.load(questions))
        while True:
            asked, seconds = pickle.load(questions)
            _answer(server, asked, seconds, answers)
            answers.flush()
    except EOFError:
        return
    # a panic of Rust is not an Exception
    except BaseException as error:
        pickle.dump(told(error), answers)
        answers.flush()


if __name__ == "__main__":
    serve(_serve)
