"""PostgreSQL and MariaDB servers that the tests start on loopback, with one small table."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestration.core.ports import free_port
from orchestration.extract.database_urls import with_driver

CREATE = """
create table people (id integer primary key, name varchar(80), amount numeric(18, 2), is_good boolean, day date,
    updated_at timestamp null)
"""
ROWS = [
    (1, "Åsa", 10.5, True, "2026-01-01", "2026-01-01 10:00:00"),
    (2, "Bø", None, False, None, "2026-01-02 10:00:00"),
]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import pgserver

    # the server runs as another user when the tests run as root: the folder must be reachable for it
    folder = Path("/tmp") / f"kundbild-pg-{time.time_ns()}"
    server = pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    install, daemon = shutil.which("mariadb-install-db"), shutil.which("mariadbd") or shutil.which("mysqld")
    if not install or not daemon:
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    folder = tmp_path_factory.mktemp("mariadb")
    data = folder / "data"
    subprocess.run(
        [install, f"--datadir={data}", "--auth-root-authentication-method=normal", "--user=root"],
        check=True,
        capture_output=True,
    )
    port = free_port(0)
    process = subprocess.Popen(
        [daemon, f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s", "--user=root", "--skip-name-resolve"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        admin = sa.create_engine(f"mysql+pymysql://root@127.0.0.1:{port}/mysql")
        for _ in range(100):
            try:
                with admin.begin() as con:
                    con.execute(sa.text("create database shop character set utf8mb4"))
                    con.execute(sa.text("create user 'reader'@'%' identified by 'hunter2'"))
                    con.execute(sa.text("grant all on shop.* to 'reader'@'%'"))
                break
            except sa.exc.OperationalError:
                time.sleep(0.2)
        admin.dispose()
        yield f"mysql://reader:hunter2@127.0.0.1:{port}/shop"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(params=["postgres", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    engine = sa.create_engine(with_driver(sa.make_url(request.getfixturevalue(request.param))))
    with engine.begin() as con:
        con.execute(sa.text("drop table if exists people"))
        con.execute(sa.text(CREATE))
        for row in ROWS:
            con.execute(
                sa.text("insert into people values (:a, :b, :c, :d, :e, :f)"), dict(zip("abcdef", row, strict=True))
            )
    yield engine
    engine.dispose()
