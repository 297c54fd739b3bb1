"""The key of a table beside what the table is: rows of which somebody may have several are never keyed by somebody.

Here: a key that is another entity's is looked for anew. Not here: proving one (keys.py), what the table is (entities.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from orchestration.proposals.columns import Column
from orchestration.proposals.entities import likely_keys
from orchestration.proposals.keys import proved_key
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.words import QUALIFIED, concepts_of

# of which somebody may have several tomorrow, though nobody has today → what their rows name and are not keyed by
_SEVERAL = ("orders", "order_items", "carts", "invoices", "tickets", "reviews", "interactions", "email_events")
_NAMED = ("person_key", "company_key", "product_key", "campaign_key", "email")


def keyed(
    con: duckdb.DuckDBPyConnection, relation: str, table: str, columns: Sequence[Column], propose: Callable[[tuple[str, ...]], list[Proposal]],
    known: tuple[str, ...] = (),
) -> tuple[tuple[str, ...], list[Proposal]]:  # fmt: skip
    """The key, which is proved where none is `known`, and the maps that `propose` makes with it."""
    if known:
        return known, propose(known)
    likely = likely_keys(table, columns)
    while True:
        key = proved_key(con, relation, columns, likely)
        maps = propose(key)
        if len(key) != 1 or not maps or not _is_of_another(maps[0].entity, table, key[0]):
            return key, maps
        likely = [name for name in likely if name != key[0]]


def _is_of_another(entity: str, table: str, column: str) -> bool:
    """Whether a column names what the entity's rows are about, and not the rows."""
    said = {concept for concept, sure in concepts_of(column, table).items() if sure >= QUALIFIED}
    return entity in _SEVERAL and bool(said) and said <= {*_NAMED}
