"""Fixtures of the tests of people's rights: the home of two people, and the settings that read it."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.core.settings import Settings
from tests.unit.two_people import build, settings_of


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return settings_of(tmp_path)


@pytest.fixture
def built(home: Home, warehouse, resolve, settings) -> dict[str, str]:
    return build(home, warehouse, resolve, settings)
