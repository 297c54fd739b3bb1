"""A dbt project of what comes before identity and marts alone: a preview needs no more, and dbt reads it sooner.

Here: which files it has. Not here: running it (runner.py).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.core.settings import DBT_DIR

_FOLDERS = ("macros", "seeds", "tests/generic", "models/conformed", "models/quarantine")
# tables that models read, and descriptions, wherever they are written
_FILES = ("dbt_project.yml", "profiles.yml", "models/**/_sources.yml", "models/**/*.md")


def conformed_alone(folder: Path, source: str) -> Path:
    """The project, below the folder: conformed entities and what is set aside of them, with the staging models of the source's own system."""
    for name in (*_FOLDERS, f"models/staging/{source}"):
        if (DBT_DIR / name).is_dir():
            shutil.copytree(DBT_DIR / name, folder / name)
    for pattern in _FILES:
        for path in DBT_DIR.glob(pattern):
            into = folder / path.relative_to(DBT_DIR)
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, into)
    return folder
