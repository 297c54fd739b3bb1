"""A form of a vendor whose tables are as another form of it has them: what a loader lands as the API answers it, `like = "api"`, or an API that
answers what the database has, `like = "landed"`.

Here: a table of the other form, with what the file says beside. Not here: reading the files (vendors/__init__.py).
"""

from __future__ import annotations

import copy
from typing import Any

# of a form, the one that it is like; of a table, a condition of rows that no map reads
LIKE, LEAVES_OUT = "like", "leaves_out"
# how a table is asked for
_ASKED = ("endpoint", "body", "paging", "for_each", "headers", "on_request", "find_deletions", "made", "table")


def table_like(base: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The table `base` with what `said` says of it: its columns are added, and each other setting stands in place of the one there, which goes
    where it is empty."""
    table = {key: copy.deepcopy(one) for key, one in base.items() if key not in _ASKED}
    table |= {key: one for key, one in said.items() if key != LEAVES_OUT}
    table["columns"] = base["columns"] | said.get("columns", {})
    table = {key: one for key, one in table.items() if one not in ("", {})}
    if condition := said.get(LEAVES_OUT):
        table["maps"] = [one | {"where": [*_conditions(one), f"not coalesce({condition}, false)"]} for one in table["maps"]]  # fmt: skip
    return table


def _conditions(one: dict[str, Any]) -> list[str]:
    where = one.get("where", [])
    return [f"({where})"] if isinstance(where, str) else where
