"""Homes that many tests read: the demo, and a tiny company, after night 1, run once a session. What changes one does so in place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.core.settings import PROJECT_DIR
from tests.conftest import AS_OF, NIGHT_1, Kundbild, changed_in_place
from tests.integration.second_night import second_night_of
from tests.integration.someone import Someone, someone_of
from tests.integration.tiny import make_tiny

CUSTOMERS = "600"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Kundbild:
    """The demo company after its first night. Read only."""
    kundbild = Kundbild(tmp_path_factory.mktemp("demo") / "home")
    kundbild("demo", "--customers", CUSTOMERS, "--as-of", AS_OF.isoformat(), "--nights", "2")
    # with its report, as for a user
    Kundbild(kundbild.home, PROJECT_DIR / "kundbild.toml")("run", "--as-of", NIGHT_1)
    return kundbild


@contextmanager
def to_be_changed(demo: Kundbild, folder: Path) -> Iterator[Kundbild]:
    """The demo, to be changed, under the same pepper: whoever is erased in it is suppressed in no other copy."""
    settings = folder / "settings" / "kundbild"
    settings.mkdir(parents=True)
    shutil.copy2(Path(os.environ["XDG_CONFIG_HOME"]) / "kundbild" / "pepper", settings)
    with pytest.MonkeyPatch.context() as patch, changed_in_place(demo.home.parent, folder / "changed"):
        patch.setenv("XDG_CONFIG_HOME", str(settings.parent))
        yield demo


@pytest.fixture
def demo_copy(demo: Kundbild, tmp_path: Path) -> Iterator[Kundbild]:
    """The same, to be changed by one test."""
    with to_be_changed(demo, tmp_path) as kundbild:
        yield kundbild


@pytest.fixture
def someone(demo: Kundbild) -> Someone:
    return someone_of(demo)


@pytest.fixture(scope="session")
def second_night(demo: Kundbild, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """What a second night made of the demo; `con` reads it. Read only."""
    folder = tmp_path_factory.mktemp("second_night")
    with to_be_changed(demo, folder):
        seen = second_night_of(demo)
    # the demo lies in its place again: what became of it is read where it was put
    with Kundbild(folder / "changed" / "home").warehouse() as seen.con:
        yield seen


@pytest.fixture(scope="session")
def first_tiny(tmp_path_factory: pytest.TempPathFactory) -> Kundbild:
    """Two small sources after their first night."""
    kundbild = make_tiny(tmp_path_factory.mktemp("tiny"))
    assert kundbild.json("run", "--as-of", NIGHT_1)["is_clean"]
    return kundbild


@pytest.fixture
def tiny(first_tiny: Kundbild, tmp_path: Path) -> Iterator[Kundbild]:
    """The same, to be changed."""
    with changed_in_place(first_tiny.home.parent, tmp_path / "changed"):
        yield first_tiny
