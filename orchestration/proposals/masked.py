"""Values of a row as a preview shows them: enough to see whether a map is right, too little to know somebody by.

Here: what is shown of which kind of data, by the contracts of the conformed models. Not here: which rows are shown (run/preview.py).
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

from orchestration.contracts.model_files import model_file
from orchestration.core.settings import DBT_DIR

# kinds of data of which a value says nothing about who somebody is
_PLAIN = ("none", "purchase", "consent", "relation")
# in which people write what they like, and others of them
_IN_OWN_WORDS = ("reason", "position")


def masked(entity: str, column: str, value: Any) -> Any:
    """Of a text, its first letter and its shape; of a date of a person, its year; of what is nobody's, the value. A key is somebody's."""
    is_plain = _kinds(entity).get(column) in _PLAIN and not column.endswith("_key") and column not in _IN_OWN_WORDS
    if value is None or is_plain:
        return value
    if isinstance(value, date):
        return f"{value.year}-…"
    said = str(value)
    return said[:1] + re.sub(r"\w", "•", said[1:])


@cache
def _kinds(entity: str) -> dict[str, str]:
    """Column → the kind of personal data that it is, as the model's contract says."""
    columns = model_file(DBT_DIR / "models" / "conformed" / f"conformed_{entity}.yml")["models"][0]["columns"]
    return {c["name"]: str(c.get("config", {}).get("meta", {}).get("personal", "")) for c in columns}
