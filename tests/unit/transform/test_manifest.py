"""dbt's manifest: compiled ahead, whole or not there, and the last good one while the project is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.errors import WarehouseBusyError
from orchestration.core.home import Home
from orchestration.core.settings import DBT_DIR, PROJECT_DIR
from orchestration.core.warehouse import open_warehouse
from orchestration.transform import runner as transform
from orchestration.transform.runner import Dbt, TransformError


def test_a_broken_project_keeps_the_last_manifest_and_says_what_is_wrong(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "profiles.yml").write_text((DBT_DIR / "profiles.yml").read_text())
    (project / "dbt_project.yml").write_text("name: small\nprofile: kundbild\n")
    model = project / "models" / "one.sql"
    model.write_text("select 1 as n")
    monkeypatch.setattr(transform, "read_catalogue", lambda: None)
    monkeypatch.setattr(transform, "DBT_DIR", project)
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})
    assert Dbt(settings, home).last_manifest() is None
    good = Dbt(settings, home).ensure_manifest()
    assert Dbt(settings, home).standing_manifest() == Dbt(settings, home).last_manifest() == good
    # a Jinja slip
    model.write_text("select {{ oops( as n")
    broken = Dbt(settings, home)
    assert broken.standing_manifest() is None and broken.last_manifest() == good
    with pytest.raises(TransformError, match="one"):
        broken.manifest()
    assert good.exists()
    # fixed in another way, and then cut on disk: compiled anew, and the former one is gone
    model.write_text("select 2 as n")
    fixed = Dbt(settings, home).ensure_manifest()
    assert fixed != good and not good.exists()
    fixed.write_text('{"nodes": {')
    assert Dbt(settings, home).last_manifest() is None
    assert "model.small.one" in Dbt(settings, home).manifest()["nodes"]
    # what is compiled is built as it stands

    def compiled(self: Dbt) -> Path:
        raise AssertionError("compiled once more")

    monkeypatch.setattr(Dbt, "parse", compiled)
    Dbt(settings, home).build("one")
    with open_warehouse(home, settings.engine) as con:
        assert con.execute("select n from main.one").fetchall() == [(2,)]


def test_the_code_location_loads_without_a_manifest_and_compiles_none(home: Home, monkeypatch: pytest.MonkeyPatch):
    def compiled(self: Dbt) -> Path:
        raise AssertionError("the code location compiles while it loads")

    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(PROJECT_DIR / "kundbild.toml"))
    monkeypatch.setattr(Dbt, "parse", compiled)
    from orchestration.definitions import build_defs

    steps = {node.name for node in build_defs().resolve_job_def("nightly").nodes}
    assert "conformed__dbt_project" in steps and "extract_crm" in steps


OWN = """
company = "T"
[sources.{source}]
connector = "files"
url = "/d"
[sources.{source}.tables.{table}]
path = "x.csv"
key = ["no"]
columns = {{ no = "VARCHAR", at = "VARCHAR", total = "VARCHAR" }}
[[sources.{source}.tables.{table}.maps]]
entity = "orders"
columns = {{ source_key = "no", ordered_at = "at", amount = "total" }}
"""


def test_loading_with_another_configuration_writes_nothing_below_a_home(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # fmt: skip
    """A night may run there, which reads its mapped models and its manifest."""
    tills = tmp_path / "tills.toml"
    tills.write_text(OWN.format(source="till", table="sales"))
    with Dbt(load_settings(tills, {"KUNDBILD_HOME": str(home.root)}), home)._environment():
        pass  # what a night does before dbt runs
    written = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in home.root.rglob("*") if p.is_file()}
    assert any(path.name == "stg_till__orders.sql" for path in written)
    other = tmp_path / "other.toml"
    other.write_text(OWN.format(source="shop", table="receipts"))
    monkeypatch.setenv("KUNDBILD_HOME", str(home.root))
    monkeypatch.setenv("KUNDBILD_CONFIG", str(other))
    from orchestration.cli.night import prepare
    from orchestration.definitions import build_defs

    with home.lock("run 1"):
        assert "extract_shop" in {node.name for node in build_defs().resolve_job_def("nightly").nodes}
        # and what compiles waits for its turn
        with pytest.raises(WarehouseBusyError, match="run 1"):
            prepare()
        now = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in home.root.rglob("*") if p.is_file()}
    changed = {path.name for path in now if now[path] != written.get(path)} | {
        path.name for path in set(written) - set(now)
    }
    assert changed <= {home.lock_file.name}
