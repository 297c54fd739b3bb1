"""Reads the `.yml` files beside dbt's models, each once a process, with their descriptions rendered, and says which models
write to a schema. Not here: what is made of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.contracts.doc_blocks import with_docs
from orchestration.core.settings import DBT_DIR


def model_file(path: Path) -> dict[str, Any]:
    """The document; {} where the file is empty. Not to be changed: callers share it."""
    return _read(path, path.stat().st_mtime_ns, path.stat().st_size)


@cache
def _read(path: Path, modified: int, size: int) -> dict[str, Any]:
    # libyaml: the loader in Python takes half of the time in which the code location loads
    found: dict[str, Any] = with_docs(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {})
    return found


def models_of(schema: str, project: Path = DBT_DIR) -> list[tuple[str, str]]:
    """(model, table) of every model below models/marts/<schema>, and every other one whose own configuration names the schema."""
    models = project / "models"
    found = []
    for path in sorted(models.rglob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        said = _said(path)
        named = _configured(sql, "schema") or said.get("schema")
        is_in_folder = path.relative_to(models).as_posix().startswith(f"marts/{schema}/")
        if named == schema or (is_in_folder and named is None):
            found.append((path.stem, _configured(sql, "alias") or said.get("alias") or path.stem))
    return found


def _configured(sql: str, key: str) -> str | None:
    found = re.search(rf"""\b{key}\s*=\s*["']([^"']+)["']""", sql)
    return found[1] if found else None


def _said(path: Path) -> dict[str, Any]:
    """The model's own configuration in the file beside it."""
    beside = path.with_suffix(".yml")
    if not beside.exists():
        return {}
    return next((m.get("config") or {} for m in model_file(beside).get("models", []) if m["name"] == path.stem), {})
