"""Models of the dbt project as dbt compiles them, without a warehouse: by the demo's configuration once for all test workers."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR, Settings
from orchestration.core.warehouse import open_warehouse
from orchestration.transform.runner import Dbt

Made = TypeVar("Made")
DEMO = "demo"


def made_once(factory: pytest.TempPathFactory, name: str, making: Callable[[Path], Made]) -> Made:
    """What `making` makes below a folder, of what JSON has: the first worker to ask for this name makes it, the others read it."""
    common = common_folder(factory)
    kept = common / f"made-{name}.json"
    with (common / f"made-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(json.dumps(making(common / f"made-{name}")), encoding="utf-8")
    made: Made = json.loads(kept.read_text(encoding="utf-8"))
    return made


def common_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all test workers have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def compiled_models(factory: pytest.TempPathFactory, models: Iterable[str]) -> dict[str, str]:
    """Model → its SQL, by the demo's configuration. All models are compiled together: one more costs little, dbt's start much."""

    def making(folder: Path) -> dict[str, str]:
        manifest_of_demo(factory)
        return compiled_by(folder, ["resource_type:model"])

    found = made_once(factory, DEMO, making)
    return {model: found[model] for model in models}


def manifest_of_demo(factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The home folder in which compiled_models compiles, and the manifest in it: in another home dbt reads the whole project anew."""

    def making(_: Path) -> list[str]:
        home = Home(_demos_folder(factory) / "home").prepare()
        return [str(home.root), str(Dbt(_demo(home, {}), home).ensure_manifest())]

    root, manifest = made_once(factory, "manifest", making)
    return Path(root), Path(manifest)


def _demos_folder(factory: pytest.TempPathFactory) -> Path:
    return common_folder(factory) / f"made-{DEMO}"


# options of which one test or another asks what they change. They meet in no model but where a test says so
OTHERWISE: dict[str, dict[str, Any]] = {
    "insight": {
        "example_statistics": False,
        "job_attribute": "employer",
        "wish_questions": ["What's next?"],
        "repeat_purchases": True,
    },
    "privacy": {
        "soft_opt_in": True,
        "not_for_segments": ["region"],
        "analyst_time": "month",
        "unknown_age": {"newsletter": "adult"},
    },
}


def compiled_otherwise(factory: pytest.TempPathFactory, models: Iterable[str]) -> dict[str, str]:
    """Model → its SQL, by OTHERWISE. All together, as compiled_models."""
    found = made_once(factory, "otherwise", lambda folder: compiled_by(folder, ["resource_type:model"], **OTHERWISE))
    return {model: found[model] for model in models}


def compiled_incremental(
    factory: pytest.TempPathFactory, models: Iterable[str], built: Iterable[str]
) -> dict[str, str]:
    """Model → its SQL as compiled_models, where dbt finds the tables `built` in marts: of a night after the first."""
    return made_once(factory, "incremental", lambda folder: compiled_by(folder, models, built=built))


def compiled_by(
    folder: Path, select: Iterable[str], *, built: Iterable[str] = (), **changed: dict[str, object]
) -> dict[str, str]:
    """Model → its SQL, of each model that is selected, compiled below a folder by the demo's configuration.

    `changed` sets options otherwise, by section: `insight={"repeat_purchases": True}`. `built` names tables of marts that
    dbt finds there, as where incremental models were built before.
    """
    home = Home(folder / "home").prepare()
    settings = _demo(home, changed)
    if tables := list(built):
        with open_warehouse(home, settings.engine) as con:
            con.execute("create schema marts")
            for table in tables:
                con.execute(f"create table marts.{table} (customer_id varchar)")
    assert Dbt(settings, home).invoke(["--quiet", "compile", "--select", *select])
    return {path.stem: path.read_text(encoding="utf-8") for path in (home.dbt_target / "compiled").rglob("*.sql")}


def _demo(home: Home, changed: dict[str, dict[str, object]]) -> Settings:
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})
    sections = {name: getattr(settings, name).model_copy(update=options) for name, options in changed.items()}
    return settings.model_copy(update=sections)
