"""Numbers of JSON to the last digit: DuckDB keeps a fraction of JSON as a DOUBLE, which holds some 17 digits.

Here: SQL of JSON as text, with such numbers as text, which is cast to the declared type like any other. Whole numbers are exact
as they are. Not here: answers of an API (page_json.py).
"""

from __future__ import annotations

# so many digits in a row, with or without a point: fewer are exact in a DOUBLE. To look for these alone is cheap
_IS_LONG = "[0-9.]{17}"
# a text, with what is escaped in it, or what stands between two
_PARTS = r'"(?:[^"\\]|\\.)*"|[^"]+'
_FRACTION = r"(-?[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))"


def exact(json: str) -> str:
    """SQL: the text of JSON, an expression, with each fraction as text where any is long. To be asked of valid JSON alone."""
    told = rf"""regexp_replace(part, '{_FRACTION}', '"\1"', 'g')"""
    parts = f"list_transform(regexp_extract_all({json}, '{_PARTS}'), lambda part: case when starts_with(part, '\"') then part else {told} end)"
    return f"(case when regexp_matches({json}, '{_IS_LONG}') then array_to_string({parts}, '') else {json} end)"
