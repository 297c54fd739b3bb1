"""What can be read out of a table beside the entity that it is: the one line of each order, the order of several lines.

Not here: which entity a table is, or its people (entities.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestration.core.warehouse import quote
from orchestration.proposals.columns import Column
from orchestration.proposals.proposal import Filled, Proposal


def quantity_of(columns: Sequence[Column], said: dict[str, dict[str, float]]) -> str | None:
    """The column of an order list that says how much was bought."""
    return next((c.name for c in columns if said[c.name].get("quantity", 0) > 0.9 and c.is_number), None)


def line_of_order(order: Proposal, quantity: str) -> Proposal:
    """The one line of each order, where a row says how much was bought."""
    key = next(one for one in order.filled if one.target == "source_key")
    same = [one for one in order.filled if one.target == "ordered_at"]
    filled = (
        key,
        replace(key, target="order_key"),
        *same,
        Filled("quantity", (quantity,), 1.0, f"it is called {quantity}"),
    )
    return Proposal("order_items", filled, order.sureness)


def order_of_lines(lines: Proposal, columns: Sequence[Column], person: Filled | None) -> Proposal | None:
    """The orders of a table of lines: their sum, where each line says quantity, price and when. None where one of these is missing."""
    key, at, quantity, price = (lines.of(target) for target in ("order_key", "ordered_at", "quantity", "unit_price"))
    if not (key and at and quantity and price):
        return None
    kinds = {column.name: column.declared for column in columns}
    both = (quantity.columns[0], price.columns[0])
    if any(kinds[name] == "VARCHAR" for name in both):
        return None
    amount = Filled(
        "amount", both, min(quantity.sureness, price.sureness), "the sum of its lines", sql=" * ".join(map(quote, both)), aggregate="sum"
    )  # fmt: skip
    filled = (replace(key, target="source_key"), *([person] if person else []), at, amount)
    return Proposal("orders", filled, key.sureness, one_row_per_key=True)


def products_of_lines(lines: Proposal, said: dict[str, dict[str, float]]) -> Proposal | None:
    """The products of a table of lines, where each line names its product."""
    key = lines.of("product_key")
    names = [(sure["product_name"], name) for name, sure in said.items() if "product_name" in sure]
    if not (key and names):
        return None
    sure, name = max(names)
    filled = (replace(key, target="source_key"), Filled("name", (name,), sure, f"it is called {name}"))
    return Proposal("products", filled, sure, one_row_per_key=True)


def without_doubles(found: Sequence[Proposal], all_of_them: Sequence[Proposal]) -> list[Proposal]:
    """The maps of a table, without orders and people that another table of the source has of its own."""
    own = {one.entity for one in all_of_them if not one.one_row_per_key and not one.missing}
    return [
        one
        for one in found
        if not (one.one_row_per_key and one.entity in own) or (one.entity == "people" and _says_more(one))
    ]


def _says_more(people: Proposal) -> bool:
    """Whether rows say of their people more than keys."""
    return any(not one.target.endswith("_key") for one in people.filled)
