"""How amounts are written: the type that keeps their fractions, the decimal mark, the currency beside them.

Here: questions to the values of a column that is known to hold amounts, `values`: each value `v` once, with how many `times` it stands there, for
patterns are dear and amounts come again. Not here: which column does (columns.py), how an amount is read
(contracts/mapping_values.py).
"""

from __future__ import annotations

import re

import duckdb

from orchestration.contracts.words import currencies_by
from orchestration.core.warehouse import text

# digits that a mark may part by thousands as well as from a fraction
_EITHER = r"^-?[1-9]\d{0,2}(?:[.,]\d{3})?$"
_MAX_SCALE = 8
_MOST_SIGNS = 30


def number_type(con: duckdb.DuckDBPyConnection, values: str, decimal: str) -> tuple[str, bool]:
    """DECIMAL where the fractions are short, as of money; DOUBLE where not. Whether its mark may be one of thousands."""
    pattern = text(rf"^-?\d{{1,12}}(?:[{decimal}](\d*))?$")
    is_plain, scale, is_either, has_mark = con.execute(
        f"select bool_and(regexp_matches(v, {pattern})), max(length(regexp_extract(v, {pattern}, 1))), "
        f"bool_and(regexp_matches(v, {text(_EITHER)})), bool_or(contains(v, {text(decimal)})) from {values}"
    ).fetchall()[0]
    if not is_plain or (scale or 0) > _MAX_SCALE:
        return "DOUBLE", False
    return f"DECIMAL(18, {max(2, int(scale or 0))})", bool(is_either and has_mark)


def decimal_mark(con: duckdb.DuckDBPyConnection, values: str, decimal: str) -> tuple[str, bool]:
    """The decimal mark of amounts that can be read by either: what stands before their last one or two digits, or not what stands
    before three. Whether that is in doubt."""
    rows = con.execute(
        r"select regexp_extract(v, '([.,])\d{1,2}\D*$', 1) as last, regexp_extract(v, '\d([.,])\d{3}(\D|$)', 1) as parts, sum(times) as n "
        f"from {values} group by all order by n desc, last, parts"
    ).fetchall()
    if last := next((mark for mark, _, _ in rows if mark), ""):
        return str(last), False
    if parts := next((mark for _, mark, _ in rows if mark), ""):
        return ("," if parts == "." else "."), True
    return decimal, False


def currency_beside(con: duckdb.DuckDBPyConnection, values: str) -> tuple[str | None, bool]:
    """The currency that stands beside amounts, where it is one; whether all that stands there is known, and of one."""
    rows = con.execute(
        r"select distinct lower(regexp_replace(v, '[\d\s\p{Zs}.,()''’+−–]|(^|\s)-(\s|\d|$)', '', 'g')) "
        f"from {values} limit {_MOST_SIGNS}"
    ).fetchall()
    signs = {re.sub(r"^-+(?=\w|\W)(?!$)|(?<!:)-$", "", str(sign)) for (sign,) in rows} - {""}
    found = {currencies_by("currency_sign").get(sign) for sign in signs}
    known = found.pop() if len(found) == 1 else None
    return known, known is not None or not signs
