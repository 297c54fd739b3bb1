"""By what SQL each table of bi is made, as a fingerprint: of its model, of the models before it and of the macros that they call.

A publication keeps those that it was made by: a column of the same name may mean something else in another version. Not here: who asks.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from orchestration.core.settings import DBT_DIR

_MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\(.*?endmacro\s*-?%\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)


@cache
def made_by(project: Path = DBT_DIR) -> dict[str, str]:
    """table → fingerprint."""
    known = {path.stem: _read(path) for path in (project / "models").rglob("*.sql")}
    for path in sorted((project / "macros").rglob("*.sql")):
        # what one engine runs in place of another's is part of both
        for found in _MACRO.finditer(_read(path)):
            name = found[1].removeprefix("default__")
            known[name] = known.get(name, "") + found[0]
    words = {name: set(re.findall(r"\w+", sql)) & known.keys() for name, sql in known.items()}
    return {
        name.removeprefix("bi_"): _print([known[one] for one in sorted(_reached(name, words))])
        for name in sorted(known)
        if (project / "models" / "bi" / f"{name}.sql").exists()
    }


def _read(path: Path) -> str:
    """Without what says something to people only."""
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


def _reached(name: str, words: dict[str, set[str]]) -> set[str]:
    found, ahead = {name}, [name]
    while ahead:
        new = words[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def _print(texts: list[str]) -> str:
    said = " ".join(" ".join(texts).split())
    return hashlib.sha256(said.encode()).hexdigest()[:16]
