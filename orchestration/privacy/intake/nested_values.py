"""Values with fields in them (JSON, structs, lists, JSON within text), without what a field tells by its name or its words.

Here: which names of fields tell something, and the cleaning of one value. Not here: which columns are read (entry_columns.py), how a
name or a text is known (national_id_names.py, special_categories.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import duckdb

from orchestration.core.warehouse import text
from orchestration.privacy.intake.national_id_names import holds_national_ids
from orchestration.privacy.intake.special_categories import IDENTITY_NUMBER, cleaned, special_category_of

# SQL on a value as text
HAS_FIELDS = r"""regexp_matches({written}, '"\s*:')"""
# a name of a field; within text that is JSON itself its quotes are escaped, within a line of CSV they are doubled
_FIELD = r'"((?:[^"\\]|\\+u[0-9a-fA-F]{4})+)[\\"]*"\s*:'
_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
_EMPTY: tuple[Any, ...] = (None, [], {})


def told_by(name: str) -> str | None:
    """The special category, or identity numbers, that a column or field holds by its name; None where the name tells none."""
    return IDENTITY_NUMBER if holds_national_ids(name) else special_category_of(name)


def has_telling_field(con: duckdb.DuckDBPyConnection, relation: str, written: str, kept: Collection[str] = ()) -> bool:
    """Whether a field in values, `written` as text, is named as an identity number or a special category. `kept`: names that
    only sound like one."""
    names = con.execute(
        f"select distinct unnest(regexp_extract_all({written}, {text(_FIELD)}, 1)) from {relation} "
        f"where {HAS_FIELDS.format(written=written)}"
    ).fetchall()
    return any(_telling(_unescaped(name), kept) for (name,) in names)


def fix_nested(written: str, kept: Collection[str] = ()) -> tuple[str, list[str]]:
    """JSON of which nothing is known: every text and number in it is cleaned, and a field loses its value, whatever its shape,
    where its name tells what it is. Text that is JSON itself is read as such."""
    try:
        value = json.loads(written)
    except ValueError:
        return cleaned(written)
    taken: list[str] = []
    return json.dumps(_walked(value, taken, kept), ensure_ascii=False), taken


def fix_text(written: str, kept: Collection[str] = ()) -> tuple[str, list[str]]:
    """Text, which may be JSON."""
    return fix_nested(written, kept) if written.lstrip()[:1] in ("{", "[") else cleaned(written)


def fix_line(written: str, kept: Collection[str] = ()) -> tuple[str, list[str]]:
    """A line that was rejected: where it is not JSON, nobody can say where the value of a telling field ends, so all goes."""
    with suppress(ValueError):
        if isinstance(json.loads(written), dict | list):
            return fix_nested(written, kept)
    names = (_unescaped(match.group(1)) for match in re.finditer(_FIELD, written))
    # an identity number is known by itself
    if found := [category for name in names if (category := _telling(name, kept)) and category != IDENTITY_NUMBER]:
        return "", found
    return cleaned(written)


def fix_rows(read: list[str], about: dict[str, str], written: str, kept: Collection[str] = ()) -> tuple[str, list[str]]:
    """Nested rows as JSON: fields `read` are cleaned; the value that a field is `about` goes, where that tells a category, and
    so does that of a field whose own name does."""
    value = json.loads(written)
    rows: list[Any] = value if isinstance(value, list) else [value]
    taken: list[str] = []
    for row in rows:
        if not isinstance(row, dict):
            continue
        for question, answer in about.items():
            if row.get(answer) is not None and (category := special_category_of(str(row.get(question) or ""))):
                row[answer] = None
                taken.append(category)
        for field, part in row.items():
            if field in read and field not in about:
                row[field] = _field(field, part, taken, kept)
            elif part not in _EMPTY and (told := _telling(field, kept)):
                row[field] = None
                taken.append(told)
    return json.dumps(value, ensure_ascii=False), taken


def _walked(value: Any, taken: list[str], kept: Collection[str]) -> Any:
    """The value without what may not enter; `taken` is told of each."""
    if isinstance(value, str):
        if value.lstrip()[:1] in ("{", "["):
            with suppress(ValueError):
                return json.dumps(_walked(json.loads(value), taken, kept), ensure_ascii=False)
        value, found = cleaned(value)
        taken.extend(found)
    elif isinstance(value, list):
        return [_walked(part, taken, kept) for part in value]
    elif isinstance(value, dict):
        return {name: _field(name, part, taken, kept) for name, part in value.items()}
    elif isinstance(value, int) and len(str(value)) in (11, 12) and cleaned(str(value))[1]:
        # of ten digits it may be any key
        taken.append(IDENTITY_NUMBER)
        return None
    return value


def _field(name: str, part: Any, taken: list[str], kept: Collection[str]) -> Any:
    if part not in _EMPTY and (category := _telling(name, kept)):
        taken.append(category)
        return None
    return _walked(part, taken, kept)


def _telling(name: str, kept: Collection[str]) -> str | None:
    return None if name in kept else told_by(name)


def _unescaped(name: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), name)
