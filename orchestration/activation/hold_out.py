"""Who is left out of an audience's file at random, so that its campaign can be measured. Here: who they are. Not here: noting it (privacy/audit).

A lot is of an audience, a recipient and a day: whoever writes the file again on the same day holds out the same customers. Nobody without the
pepper can foresee it, and it has nothing to do with what is known of a customer.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.core.errors import KundbildError
from orchestration.privacy.secrets.pepper import Pepper

# hexadecimal digits of a hash that decide
_DIGITS = 8
MOST = 0.9


def assert_share(share: float) -> None:
    """Raises KundbildError where it is not a share that leaves somebody in the file."""
    if not 0 <= share <= MOST:
        raise KundbildError(
            f"{share:g} is not a share that can be held out", to_do=f"write a share up to {MOST:g}: --hold-out 0.1"
        )


def drawn(con: duckdb.DuckDBPyConnection, pepper: Pepper, lot: str, customers: Sequence[str], share: float) -> set[str]:
    """Those of the customers who are held out at random, by this name."""
    if not share:
        return set()
    hashed = pepper.hashed_sql("'hold-out:' || $lot || ':' || customer")
    found = con.execute(
        f"select customer from (select unnest($customers::varchar[]) as customer) "
        f"where cast('0x' || left({hashed}, {_DIGITS}) as bigint) < $share * {16**_DIGITS}",
        {"customers": list(customers), "lot": lot, "share": share, **pepper.parameters()},
    ).fetchall()
    return {customer for (customer,) in found}
