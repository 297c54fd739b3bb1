"""A proposal by what else a look says of the file: lines at its end that are no rows; and what a person has to know of it.

Not here: what the table is (entities.py), the look (looked.py), currencies (found.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestration.core.settings.maps import REGISTERS, STATEMENTS, columns_in
from orchestration.proposals.last_lines import LastLines, is_a_row
from orchestration.proposals.looked import Looked
from orchestration.proposals.proposal import Proposal

_NO_DAY = "0000-00-00"


def without_ends(one: Proposal, names: Sequence[str], ends: LastLines) -> Proposal:
    """The map, which leaves out the last lines that are no rows: a total where its column says that it is one, what only a first column
    says where none of the columns that are read says anything more. `names` are the columns that a night may read.

    A map of statements or of a register has no condition, for a row that refuses could fail it: such a line is of nobody.
    """
    at = next((n for n, f in enumerate(one.filled) if f.columns == (ends.column,) and not f.values), None)
    if at is not None and ends.total:
        filled = [*one.filled]
        filled[at] = replace(filled[at], ignore=(ends.total,))
        one, ends = replace(one, filled=tuple(filled)), replace(ends, total="")
    if one.entity in (*STATEMENTS, *REGISTERS) or not (row := is_a_row(ends, names)):
        return one
    where = f"({one.where}) and {row}" if one.where else row
    return replace(one, where=where, where_columns=tuple(dict.fromkeys([*one.where_columns, *columns_in(row)])))


def notes_of(table: str, looked: Looked) -> tuple[str, ...]:
    notes = []
    if looked.unread:
        them = "1 line has" if looked.unread == 1 else f"{looked.unread:,} lines have"
        notes.append(
            f"{table}: {them} not the fields of the header, and cannot be read: a night sets a few aside, and refuses a file of many"
        )
    if looked.ends.total:
        notes.append(f"{table}: the line that begins with {looked.ends.total} is taken for totals, and left out")
    if looked.ends.footer is not None:
        notes.append(
            f"{table}: a line at the end that says something in its first column alone is taken for no row, and such are left out"
        )
    if empty := [word for word in looked.nothing if re.match(_NO_DAY, word)]:
        notes.append(
            f"{table}: {', '.join(empty)} is how MySQL writes that there is no date: it is read as empty (null_values); where it means "
            "another thing, say so before the first night"
        )
    if looked.partial:
        them = ", ".join(looked.partial)
        notes.append(
            f"{table}: {them}: not read, for not every file has it; to read it, move the files without it to a source of their own"
        )
    return tuple(notes)
