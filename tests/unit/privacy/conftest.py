"""Fixtures of the tests of people's rights: the home of two people, the settings that read it, and sources that are loaded."""

from __future__ import annotations

import pytest

from orchestration.core.home import Home
from orchestration.core.settings import Privacy, Settings, Source
from orchestration.extract.extract import extract_source, prepare_raw
from tests.unit.two_people import build, settings_of


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return settings_of(tmp_path)


@pytest.fixture
def built(home: Home, warehouse, resolve, settings) -> dict[str, str]:
    return build(home, warehouse, resolve, settings)


@pytest.fixture
def load(home, warehouse):
    """Loads the table t of a source, with a pepper where one is given. Returns its counts."""

    def go(source: Source, pepper: str | None = None):
        settings = Settings(company="T", sources={"s": source}, privacy=Privacy(pepper=pepper))
        prepare_raw(warehouse, settings)
        return extract_source(warehouse, home, settings, "s")["t"]

    return go
