"""One demo home that many tests read: night 1 run once a session. Tests that change a home copy it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import AS_OF, NIGHT_1, Kundbild

CUSTOMERS = "600"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Kundbild:
    """The demo company after its first night. Read only."""
    kundbild = Kundbild(tmp_path_factory.mktemp("demo") / "home")
    kundbild("demo", "--customers", CUSTOMERS, "--as-of", AS_OF.isoformat(), "--nights", "2")
    kundbild("run", "--as-of", NIGHT_1)
    return kundbild


@pytest.fixture
def demo_copy(demo: Kundbild, tmp_path: Path) -> Kundbild:
    """The same, to be changed."""
    shutil.copytree(demo.home, tmp_path / "home", symlinks=True)
    return Kundbild(tmp_path / "home")
