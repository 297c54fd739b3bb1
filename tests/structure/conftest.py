"""What the tests of structure share: a home folder in which the dbt project is compiled, and its manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compiled import manifest_of_demo


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> tuple[Path, Path]:
    """A home folder with the manifest of the demo's configuration, and the manifest's path."""
    return manifest_of_demo(tmp_path_factory)


@pytest.fixture(scope="session")
def manifest(compiled) -> dict[str, Any]:
    """dbt's manifest: nodes, sources, exposures."""
    found: dict[str, Any] = json.loads(compiled[1].read_text())
    return found
