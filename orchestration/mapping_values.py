"""SQL of a mapped column's value: its text, its `values` and `else`, what the mapping ignores; and the way of names and
values out of kundbild.toml past dbt's Jinja.

Not here: times (mapping_times.py), keys (mapping_parts.py), models (mapping_sql.py).
"""

from __future__ import annotations

import json

from orchestration.map_settings import ColumnMap
from orchestration.warehouse import key_text, text

# white space that people and systems leave around a value; a pattern costs a third of trim with a list of characters
_BLANKS = text(r"^[\s\p{Z}\x{FEFF}\x{200B}]+|[\s\p{Z}\x{FEFF}\x{200B}]+$")


def mapped_text(how: ColumnMap, of: str = "") -> str:
    """SQL: a mapped column's text, with its `values` and `else` put in. Not in Jinja."""
    raw = key_text(how.columns, of)
    if not how.values and how.otherwise is None:
        return raw
    key = f"coalesce(lower({stripped(raw)}), '')"
    values = {said.strip().lower(): meant for said, meant in how.values.items()}
    cases = [f"when {text(said)} then {text(meant)}" for said, meant in values.items()]
    cases += [] if "" in values else [f"when '' then {raw}"]
    return f"case {key} {' '.join(cases)} else {raw if how.otherwise is None else text(how.otherwise)} end"


def is_ignored(how: ColumnMap, of: str = "") -> str:
    """SQL: whether a mapped column has one of the values whose rows the mapping leaves out. Not in Jinja."""
    listed = ", ".join(text(value.strip().lower()) for value in how.ignore)
    return f"coalesce(lower({stripped(key_text(how.columns, of))}), '') in ({listed})"


def stripped(value: str) -> str:
    """SQL: a text without blanks around it."""
    return f"regexp_replace({value}, {_BLANKS}, '', 'g')"


def plain(sql: str) -> str:
    """SQL as it stands in a model: no brace of it opens anything in Jinja."""
    return sql.replace("{", '{{ "{" }}')


def argument(value: str) -> str:
    """A value as a string inside a Jinja expression."""
    return json.dumps(value, ensure_ascii=False)
