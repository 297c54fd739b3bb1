"""Models of the dbt project as dbt compiles them by the demo's configuration, without a warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from orchestration.core.configuration import load_settings
from orchestration.core.home import Home
from orchestration.core.settings import PROJECT_DIR
from orchestration.transform.runner import Dbt


def compiled_models(folder: Path, models: Iterable[str]) -> dict[str, str]:
    """Model → its SQL, compiled below a folder."""
    home, wanted = Home(folder).prepare(), list(models)
    settings = load_settings(PROJECT_DIR / "kundbild.toml", {"KUNDBILD_HOME": str(home.root)})
    assert Dbt(settings, home).invoke(["--quiet", "compile", "--select", *wanted])
    files = {path.stem: path for path in Path(home.dbt_target / "compiled").rglob("*.sql")}
    return {model: files[model].read_text() for model in wanted}
