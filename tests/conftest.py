"""Fixtures that several kinds of tests share. A run of the whole nightly is a process of its own, as for a user."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest

from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR, Engine
from orchestration.core.warehouse import open_warehouse
from orchestration.match_keys import define_match_keys
from tests.warm import WarmProcess, run_warm

# the tests' own pepper, not the user's; it is removed as its last reader ends, the interpreter
_SETTINGS = tempfile.TemporaryDirectory(prefix="kundbild-tests-")
os.environ["XDG_CONFIG_HOME"] = _SETTINGS.name
DATA = PROJECT_DIR.parent / "shared" / "data"
# the demo's, but that its nights make no report: those of tests/integration/test_report_of_a_night.py do
CONFIG = Path(_SETTINGS.name) / "kundbild.toml"
CONFIG.write_text(
    (PROJECT_DIR / "kundbild.toml").read_text(encoding="utf-8") + "\n[report]\nafter_publication = false\n",
    encoding="utf-8",
)
AS_OF = date(2026, 11, 1)
# a test is not slower for what else runs on its machine
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")
NIGHT_1, NIGHT_2 = "2026-11-01T02:00:00", "2026-11-02T02:00:00"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a home that is made once a session come first and side by side: a worker has them all, and no other makes that home too.

    Behind the plugin that shuffles: of each home, and of the rest, the order is as it says. What is done first is also never
    what a worker is left alone with in the end, and whole nights are the longest tests.
    """
    items.sort(key=lambda item: [home not in getattr(item, "fixturenames", ()) for home in ("demo", "first_tiny")])


def pytest_collection_finish() -> None:
    """Modules and collected tests stay until the end: a full collection that looks at them each time is a twentieth of a test's time."""
    gc.freeze()


def pytest_unconfigure() -> None:
    # what is still frozen when the interpreter ends is printed as leaked
    gc.unfreeze()


@dataclass
class Kundbild:
    """The command line on one home folder."""

    home: Path
    config: Path = CONFIG

    def __call__(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = run_warm(self.command(*arguments), self.environment(**environment), timeout=300)
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def start(self, *arguments: str) -> WarmProcess:
        """The same, and goes on meanwhile."""
        return WarmProcess(self.command(*arguments), self.environment())

    def command(self, *arguments: str) -> list[str]:
        cli = Path(sys.executable).parent / "kundbild"
        return [str(cli), "--home", str(self.home), "--config", str(self.config), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("KUNDBILD_", "DAGSTER_"))}
        return {**kept, "COLUMNS": "200", **more}

    def json(self, *arguments: str, code: int = 0, **environment: str) -> Any:
        return json.loads(self(*arguments, "--json", code=code, **environment).stdout)

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True)


@contextmanager
def changed_in_place(folder: Path, afterwards: Path) -> Iterator[None]:
    """Inside, a folder that may be changed; behind it the folder is as it was, and what became of it lies at `afterwards`.

    A copy elsewhere would do as well, but in a home at another path dbt parses its whole project anew.
    """
    kept = folder.with_name(f"{folder.name}-kept")
    folder.rename(kept)
    try:
        shutil.copytree(kept, folder, symlinks=True)
        yield
    finally:
        if folder.exists():
            folder.rename(afterwards)
        kept.rename(folder)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("KUNDBILD_", "DAGSTER_")):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a warehouse that has the macros of match keys and nothing else: DuckDB takes its time to define them."""
    home = Home(tmp_path_factory.mktemp("new") / "home").prepare()
    with open_warehouse(home, Engine()) as con:
        define_match_keys(con)
    return home.warehouse.read_bytes()


@pytest.fixture
def warehouse(home: Home, new_warehouse: bytes) -> Iterator[duckdb.DuckDBPyConnection]:
    home.warehouse.write_bytes(new_warehouse)
    with open_warehouse(home, Engine()) as con:
        yield con
        forget(con)


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Its file is not written as it closes, for nobody reads it again."""
    with suppress(duckdb.Error):
        con.execute("pragma disable_checkpoint_on_shutdown")


@pytest.fixture
def kundbild(tmp_path: Path) -> Kundbild:
    return Kundbild(tmp_path / "home")


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "kundbild.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def shared(folder: str) -> Path:
    """A folder of the shared data, or a skip that says what is missing."""
    path = DATA / folder
    if not path.is_dir():
        pytest.skip(f"the data set {folder} is not here: put it at {path}")
    return path
