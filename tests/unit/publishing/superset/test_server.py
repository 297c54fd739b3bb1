"""What Superset's process is told, and its folder in the home."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.errors import KundbildError
from orchestration.core.home import Home
from orchestration.publishing.superset import server
from tests.unit.publishing.superset.test_bundle import published


def test_secrets_of_sources_are_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHOP_TOKEN", "hunter2")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    told = server.environment_of(tmp_path)
    assert set(told) <= {*server._KEPT, "DO_NOT_TRACK", "SCARF_ANALYTICS", "SUPERSET_HOME", "SUPERSET_CONFIG_PATH"}
    assert Path(told["SUPERSET_CONFIG_PATH"]).is_file()


def test_its_folder_is_private_and_its_secret_key_stays(tmp_path: Path):
    home = published(tmp_path / "home")
    folder = server.prepare(home, "NOK")
    key = (folder / "secret_key").read_text()
    assert folder.stat().st_mode & 0o777 == 0o700 and (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    (folder / "bundle" / "charts" / "gone.yaml").write_text("old")
    server.prepare(home, "NOK")
    assert (folder / "secret_key").read_text() == key
    assert not (folder / "bundle" / "charts" / "gone.yaml").exists()
    assert str(home.published) in (folder / "bundle" / "databases" / "kundbild.yaml").read_text()


def test_nothing_is_made_before_the_first_publication(tmp_path: Path):
    home = Home(tmp_path / "home").prepare()
    with pytest.raises(KundbildError, match="there is no publication yet"):
        server.prepare(home, "NOK")
    assert not home.superset.exists()
