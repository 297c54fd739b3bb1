"""The key of a table beside what the table is: rows of which somebody may have several are never keyed by somebody.

Here: a key that is another entity's is looked for anew. Not here: proving one (keys.py), what the table is (entities.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from orchestration.contracts.words import QUALIFIED, concepts_of, entities_of, roles
from orchestration.proposals.columns import Column
from orchestration.proposals.entities import likely_keys
from orchestration.proposals.grants import STATEMENTS
from orchestration.proposals.keys import proved_key
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.repeated import Repeated, repeated

# of which somebody may have several tomorrow, though nobody has today → what their rows name and are not keyed by
_SEVERAL = (
    "orders",
    "order_items",
    "carts",
    "invoices",
    "tickets",
    "reviews",
    "interactions",
    "email_events",
    STATEMENTS,
)
_NAMED = ("person_key", "company_key", "product_key", "campaign_key", "email", "contact_point")
# of which an order may have several tomorrow, and which have a number of their own
_OF_AN_ORDER = ("reviews", "tickets", "interactions", "invoices")


def keyed(
    con: duckdb.DuckDBPyConnection, relation: str, table: str, columns: Sequence[Column],
    propose: Callable[[tuple[str, ...], Repeated | None], list[Proposal]], known: tuple[str, ...] = (),
) -> tuple[tuple[str, ...], list[Proposal]]:  # fmt: skip
    """The key, which is proved where none is `known`, and the maps that `propose` makes with it, and with an order's number that comes again."""
    if known:
        return known, _of_orders(con, relation, table, columns, propose, known)
    likely = likely_keys(table, columns)
    while True:
        key = proved_key(con, relation, columns, likely)
        maps = propose(key, None)
        entity = STATEMENTS if _holds_statements(table, maps) else maps[0].entity if maps else ""
        # of statements somebody may have several by one address too
        is_single = len(key) == 1 or (key and entity == STATEMENTS)
        if not is_single or not all(_is_of_another(entity, table, column) for column in key):
            if longer := _with_own_number(entity, table, columns, key, likely):
                key, maps = longer, propose(longer, None)
            return key, _of_orders(con, relation, table, columns, propose, key, maps)
        likely = [name for name in likely if name not in key]


def _with_own_number(
    entity: str, table: str, columns: Sequence[Column], key: tuple[str, ...], likely: Sequence[str]
) -> tuple[str, ...]:
    """The key with the rows' own number beside that of their order, where an order's alone tells them apart so far: its next review would
    replace the first one. Empty where it is another key, or the rows have no number."""
    if entity not in _OF_AN_ORDER or len(key) != 1:
        return ()
    own = {role.concept for role in roles() if role.entity == entity and role.column == "source_key"}
    said = {name: {c for c, sure in concepts_of(name, table).items() if sure >= QUALIFIED} for name in likely}
    # order_id in a table of orders' reviews is an id of both
    if "order_key" not in said[key[0]] or said[key[0]] & (own - {"id"}):
        return ()
    whole = {column.name for column in columns if column.filled == column.rows}
    number = next((name for name in likely if name in whole and said[name] & own and name != key[0]), None)
    return tuple(column.name for column in columns if column.name in (number, *key)) if number else ()


def _of_orders(
    con: duckdb.DuckDBPyConnection, relation: str, table: str, columns: Sequence[Column],
    propose: Callable[[tuple[str, ...], Repeated | None], list[Proposal]], key: tuple[str, ...], maps: list[Proposal] | None = None,
) -> list[Proposal]:  # fmt: skip
    maps = propose(key, None) if maps is None else maps
    found = repeated(con, relation, table, columns, key, maps)
    return propose(key, found) if found else maps


def _holds_statements(table: str, maps: Sequence[Proposal]) -> bool:
    """Whether each row is a statement, of a table of people too: a map of the columns of consent of a person has a name."""
    is_statement = any(one.entity == STATEMENTS and not one.name and one.of("status") for one in maps)
    return is_statement and entities_of(table).get("people", 0.0) < QUALIFIED


def _is_of_another(entity: str, table: str, column: str) -> bool:
    """Whether a column names what the entity's rows are about, and not the rows."""
    said = {concept for concept, sure in concepts_of(column, table).items() if sure >= QUALIFIED}
    return entity in _SEVERAL and bool(said) and said <= {*_NAMED}
