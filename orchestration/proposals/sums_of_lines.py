"""Amounts of orders that say none: the sum of their lines, which lie in another table of the source.

Not here: orders that are read out of their lines (derived.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Filled, Proposal

# what the map calls the sum
_SUM = "sum_of_lines"


def with_sums(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; orders that lack only an amount get the sum of their lines, if exactly one table has order lines, each of one piece."""
    found = [(table.name, one) for table in tables for one in table.usable if one.entity == "order_items"]
    if len(found) != 1:
        return list(tables)
    name, lines = found[0]
    return [replace(table, maps=[_with_sum(one, name, lines) for one in table.maps]) for table in tables]


def _with_sum(orders: Proposal, table: str, lines: Proposal) -> Proposal:
    key, of, price = orders.of("source_key"), lines.of("order_key"), lines.of("unit_price")
    currency = lines.constants.get("currency")
    # where a line has several pieces, the sum of prices is not the amount
    is_of_pieces = lines.constants.get("quantity") == "1"
    if (
        orders.entity != "orders"
        or orders.missing != ("amount",)
        or not (key and of and price and currency and is_of_pieces)
    ):
        return orders
    if len(key.columns) != 1 or len(of.columns) != 1:
        return orders
    lookup = {
        "table": table,
        "by": {key.columns[0]: of.columns[0]},
        "columns": {_SUM: price.columns[0]},
        "aggregate": "sum",
    }
    amount = Filled("amount", (_SUM,), price.sureness, f"the sum of {price.columns[0]} of its lines")
    note = f"amount is the sum of {price.columns[0]} in {table}, without what the order costs besides (freight)"
    return replace(
        orders, filled=(*orders.filled, amount), missing=(), lookups=(lookup,), notes=(*orders.notes, note),
        constants={**orders.constants, "currency": currency}, assumes_currency=lines.assumes_currency,
    )  # fmt: skip
