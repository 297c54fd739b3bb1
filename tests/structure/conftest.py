"""What the tests of structure share: a home folder in which the dbt project is compiled, and its manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.core.settings import PROJECT_DIR


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> tuple[Path, Path]:
    """A home folder with the manifest of the demo's configuration, and the manifest's path."""
    from orchestration.core.configuration import home_and_config, load_settings
    from orchestration.transform.runner import Dbt

    folder = tmp_path_factory.mktemp("compiled") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUNDBILD_HOME", str(folder))
        patch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
        home, config = home_and_config()
        return folder, Dbt(load_settings(config), home.prepare()).ensure_manifest()


@pytest.fixture(scope="session")
def manifest(compiled) -> dict[str, Any]:
    """dbt's manifest: nodes, sources, exposures."""
    found: dict[str, Any] = json.loads(compiled[1].read_text())
    return found
