"""The last lines of a file that are no rows: totals, and what a program says of its export (Tulostettu 31.12.2025).

Here: telling them from the end of the file, and a condition that leaves them out. Not here: the lines before the header (dialects.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestration.contracts.words import words_for
from orchestration.core.warehouse import quote, text

# below it a value by itself may be a row
_LEAST_WIDE = 3
# lines at the end of a file
LOOKED_AT = 5
# what a person reads, with a day or a number: Sida 1 av 3
_FOOTER = re.compile(r"(?=.*\d)(?=.*[^\W\d_]).*\s")
# as DuckDB has it
_PARTED = r"[\s\p{Z}]"


@dataclass(frozen=True)
class LastLines:
    """`total` is what a line of totals says, and `column` the one that says so; `footer` is the first column, where a line says something
    in it alone."""

    total: str = ""
    column: str = ""
    footer: str | None = None


NO_LAST_LINES = LastLines()


def last_lines(rows: Sequence[Sequence[str]], names: Sequence[str]) -> LastLines:
    """What the last rows of a file of such columns are."""
    found = NO_LAST_LINES
    for row in reversed(rows):
        filled = [(at, value.strip()) for at, value in enumerate(row[: len(names)]) if value.strip()]
        if not filled:
            continue
        at, first = filled[0]
        # behind values of a row it is a value too
        if first.lower().rstrip(":") in words_for("total") and not found.total:
            found = replace(found, total=first, column=names[at])
        elif len(filled) == 1 and at == 0 and len(row) >= _LEAST_WIDE and _FOOTER.match(first):
            found = replace(found, footer=names[0])
        else:
            break
    return found


def is_a_row(ends: LastLines, names: Sequence[str], *, is_text: bool = False) -> str:
    """SQL: whether a row of columns of these names is none of them; empty where there are none. `is_text` is of rows as they were written."""
    said = []
    if ends.total and ends.column in names:
        said.append(f"coalesce(trim({quote(ends.column)}), '') <> {text(ends.total)}")
    others = [quote(name) for name in names if name != ends.footer] if ends.footer is not None else []
    if ends.footer is not None and others:
        asked = [f"nullif(trim({one}), '') is not null" if is_text else f"{one} is not null" for one in others]
        # an address by itself is a row: what a program says of its export has several words
        words = f"trim(cast({quote(ends.footer)} as varchar))" if ends.footer in names else ""
        asked += [f"not coalesce(regexp_matches({words}, {text(_PARTED)}), true)"] if words else []
        said.append(f"({' or '.join(asked)})")
    return " and ".join(said)
