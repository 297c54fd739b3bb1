"""Every table and column that Python declares is known to the migrations: a home of an older version gets it."""

from __future__ import annotations

import re

from orchestration.core.migrations.shapes import DERIVED, declared
from orchestration.core.settings import PROJECT_DIR


def test_every_declared_table_is_known_to_migrations():
    written = set()
    for folder in ("orchestration", "data_quality"):
        for path in (PROJECT_DIR / folder).rglob("*.*"):
            if path.suffix in (".py", ".sql"):
                found = re.findall(r"create table if not exists (\w+\.\w+)\b(?!\})", path.read_text(), re.IGNORECASE)
                written |= {name for name in found if not name.startswith("raw_")}
    assert written, "the pattern finds nothing"
    missing = written - declared().keys()
    assert not missing, f"name their modules in orchestration/core/migrations/shapes.py: {sorted(missing)}"
    assert declared().keys() >= DERIVED


def test_columns_that_are_added_by_a_statement_of_their_own_are_known_too():
    altered = r"alter table (?:if exists )?(\w+\.\w+) add column if not exists (\w+)"
    texts = [
        path.read_text()
        for folder in ("orchestration", "data_quality")
        for path in (PROJECT_DIR / folder).rglob("*.*")
        if path.suffix in (".py", ".sql")
    ]
    written = {found for text in texts for found in re.findall(altered, text, re.IGNORECASE)}
    known = {(name, column.name) for name, shape in declared().items() for column in shape.columns}
    assert written and written <= known
