"""Reads the `.yml` files beside dbt's models, each once a process, with their descriptions rendered. Not here: what is made of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.contracts.doc_blocks import with_docs


def model_file(path: Path) -> dict[str, Any]:
    """The document; {} where the file is empty. Not to be changed: callers share it."""
    return _read(path, path.stat().st_mtime_ns, path.stat().st_size)


@cache
def _read(path: Path, modified: int, size: int) -> dict[str, Any]:
    # libyaml: the loader in Python takes half of the time in which the code location loads
    found: dict[str, Any] = with_docs(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {})
    return found
