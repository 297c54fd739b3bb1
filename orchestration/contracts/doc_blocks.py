"""Descriptions that several models share, as dbt renders them: `{{ doc('name') }}` is the block `name` of an .md file.

Here: for who reads a model's .yml without dbt. Not here: reading it (model_files.py).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from orchestration.core.settings import DBT_DIR

_BLOCK = re.compile(r"{%-?\s*docs\s+(\w+)\s*-?%}(.*?){%-?\s*enddocs\s*-?%}", re.DOTALL)
# of a package, or without one
_DOC = re.compile(r"""{{-?\s*doc\(\s*(?:["']\w+["']\s*,\s*)?["'](\w+)["']\s*\)\s*-?}}""")


def with_docs(document: Any) -> Any:
    """The same document of YAML with every description as dbt renders it, on one line. A block that is nowhere says nothing:
    dbt refuses the project for it."""
    if isinstance(document, list):
        return [with_docs(part) for part in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _rendered(part) if key == "description" and isinstance(part, str) else with_docs(part)
        for key, part in document.items()
    }


def _rendered(description: str) -> str:
    return _DOC.sub(lambda named: _blocks().get(named.group(1), ""), description)


@cache
def _blocks() -> dict[str, str]:
    return {
        name: " ".join(said.split())
        for path in sorted(DBT_DIR.rglob("*.md"))
        for name, said in _BLOCK.findall(path.read_text(encoding="utf-8"))
    }
