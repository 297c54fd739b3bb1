"""Permissions are incremental by a digest of the rules as they are written: each macro that the tables call is in it."""

from __future__ import annotations

import re

import pytest

from orchestration.core.settings import DBT_DIR

# what names tables, times and the way of being incremental; as_of() is the clock
_NO_RULE = {"ref", "source", "as_of", "permission_config", "touched_tonight"}


@pytest.mark.parametrize("table", ["contact_permissions", "contact_permission_history"])
def test_a_changed_rule_works_everybody_out_anew(table):
    model = (DBT_DIR / "models" / "marts" / "consent" / f"{table}.sql").read_text()
    macros = (DBT_DIR / "macros" / "permissions.sql").read_text()
    rules = macros[macros.index("macro consent_rules") :].partition("endmacro")[0]
    called = {name for call in re.findall(r"\{\{(.*?)\}\}", model, re.S) for name in re.findall(r"\b([a-z_]+)\(", call)}
    ours = {
        m for file in (DBT_DIR / "macros").rglob("*.sql") for m in re.findall(r"macro ([a-z_]+)\(", file.read_text())
    }
    assert len(called & ours) > 4 and (called & ours) - _NO_RULE <= set(re.findall(r"\b([a-z_]+)\(", rules))
