"""Why somebody may be contacted, or may not (seed `permission_reasons`), and why a row is rejected or set aside (seed
`set_aside_reasons`): a code, and words for people.

Codes stay; words may change, so nothing compares them. dbt reads the seeds itself.
"""

from __future__ import annotations

import duckdb

from orchestration.contracts.seeds import seed
from orchestration.core.errors import HomeVersionError
from orchestration.core.warehouse import columns_of, text

# reason_code of what an older version rejected or set aside
UNKNOWN = "unknown"


def words(reason_code: str) -> str:
    """What people read. Raises KeyError where the seed has no such code."""
    return {row["reason_code"]: row["reason"] for row in seed("permission_reasons")}[reason_code]


def set_aside_words(reason_code: str) -> str:
    """What people read of a row that is rejected or set aside. Raises KeyError where the seed has no such code."""
    return {row["reason_code"]: row["reason"] for row in seed("set_aside_reasons")}[reason_code]


def set_aside_as(reason_code: str) -> str:
    """SQL: the two columns `reason` and `reason_code` of a row that is rejected or set aside."""
    return f"{text(set_aside_words(reason_code))}, {text(reason_code)}"


def is_closed_by_register(reason_code: str) -> str:
    """SQL on a `reason_code` of contact_permissions: whether a public register closes the channel, or cannot be asked. It is no
    word of the customer's (dbt: macro is_closed_by_register)."""
    found = [row["reason_code"] for row in seed("permission_reasons") if row["kind"] == "closed_by_register"]
    # a row without a code is closed by nobody else: it counts as the customer's own no
    return f"coalesce({reason_code} in ({', '.join(map(text, found))}), false)"


def assert_codes_known(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Raises HomeVersionError where an older program made the table of marts: it says reasons in words alone."""
    columns = columns_of(con, "marts", table)
    if columns and "reason_code" not in columns:
        raise HomeVersionError(
            "an older version built this home: its reasons have no codes",
            where=f"marts.{table}",
            to_do="`kundbild run` builds it anew; then repeat the command",
        )
