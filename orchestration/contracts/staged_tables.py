"""Which raw tables of a system the hand-written staging models of an entity read.

Here: (system, entity) → tables, out of the models' SQL. Not here: tables that are mapped in `kundbild.toml` (settings/maps.py).
"""

from __future__ import annotations

import re

from orchestration.core.settings import DBT_DIR

STAGING = DBT_DIR / "models" / "staging"
_SOURCE = re.compile(r"""source\(\s*["'](\w+)["']\s*,\s*["'](\w+)["']\s*\)""")
_REF = re.compile(r"""ref\(\s*["'](\w+)["']\s*\)""")


def tables_staged_for(system: str, entity: str) -> set[str]:
    """Tables of raw_{system} that `stg_{system}__{entity}` reads, itself or by other models of staging."""
    to_read, seen, found = [f"stg_{system}__{entity}"], set(), set()
    while to_read:
        model = to_read.pop()
        if model in seen:
            continue
        seen.add(model)
        for path in STAGING.rglob(f"{model}.sql"):
            sql = path.read_text(encoding="utf-8")
            found |= {table for source, table in _SOURCE.findall(sql) if source == system}
            to_read += _REF.findall(sql)
    return found
