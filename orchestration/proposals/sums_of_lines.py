"""Amounts of orders that say none: what was paid for them, and the sum of their lines, which lie in other tables of the source.

An order's amount is what the customer pays (dbt: conformed_orders), with freight. So payments are it where they are what the lines come
to, and an order without a payment is the sum of its lines. Not here: orders that are read out of their lines (derived.py), comparing the
tables (order_sums.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from orchestration.core.warehouse import quote
from orchestration.proposals.doubts import TO_LOOK_AT
from orchestration.proposals.found import FoundTable, with_lent
from orchestration.proposals.order_sums import (
    SHARE,
    agreement,
    freights,
    is_noted,
    is_of_each_line,
    order_key,
    payments,
)
from orchestration.proposals.proposal import Filled, Proposal

# what the map calls the sums
SUM, _FREIGHT, PAID = "sum_of_lines", "freight_of_lines", "sum_of_payments"


@dataclass(frozen=True)
class _Paid:
    """A table of payments: its order's key, its amount, and what the payments are the sum of, in which share of how many orders."""

    table: str
    key: str
    amount: str
    freight: tuple[str, ...]
    share: float
    orders: int


def with_sums(con: duckdb.DuckDBPyConnection, tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; orders that lack only an amount get what was paid for them, or the sum of their lines, if exactly one table has order
    lines, each of one piece."""
    found = [(table, one) for table in tables for one in table.usable if one.entity == "order_items"]
    if len(found) != 1:
        return list(tables)
    lines, one = found[0]
    paid = _paid(con, tables, lines, one) if is_noted(con) else None
    freight = (
        paid.freight
        if paid
        else tuple(c for c in freights(lines) if is_noted(con) and is_of_each_line(con, lines.name, c))
    )
    summed = [
        replace(table, maps=[_with_sum(each, lines, one, paid, freight) for each in table.maps]) for table in tables
    ]
    # what payments lack to be orders is not to be looked at
    return with_lent([replace(t, maps=[]) if paid and t.name == paid.table and not t.usable else t for t in summed])


def _paid(
    con: duckdb.DuckDBPyConnection, tables: Sequence[FoundTable], lines: FoundTable, one: Proposal
) -> _Paid | None:
    """The one table of payments that are what the lines come to, with their freight or without."""
    price = one.of("unit_price")
    found = []
    for table in tables:
        key, amounts = order_key(table), payments(table)
        if table is lines or not (price and key and amounts):
            continue
        tried = []
        for freight in [(), *((c,) for c in freights(lines)), tuple(freights(lines))]:
            parts = [(lines.name, c) for c in (*price.columns, *freight)]
            share, orders = agreement(con, (table.name, amounts[0]), parts)
            tried.append(_Paid(table.name, key.name, amounts[0], freight, share, orders))
        best = max(tried, key=lambda each: each.share)
        found += [best] if best.share >= SHARE else []
    return found[0] if len(found) == 1 else None


def _with_sum(
    orders: Proposal, table: FoundTable, lines: Proposal, paid: _Paid | None, freight: tuple[str, ...]
) -> Proposal:
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
    sent = {f"{_FREIGHT}{'' if not n else n + 1}": column for n, column in enumerate(freight)}
    names = " + ".join((price.columns[0], *freight))
    lookups: list[Mapping[str, Any]] = [
        {"table": table.name, "by": {key.columns[0]: of.columns[0]}, "columns": {SUM: price.columns[0]} | sent, "aggregate": "sum"}
    ]  # fmt: skip
    summed = " + ".join(map(quote, (SUM, *sent)))
    if paid:
        lookups.append(
            {"table": paid.table, "by": {key.columns[0]: paid.key}, "columns": {PAID: paid.amount}, "aggregate": "sum"}
        )
        amount = Filled(
            "amount", (PAID, SUM, *sent), price.sureness, f"the sum of {paid.amount} in {paid.table}",
            sql=f"coalesce({quote(PAID)}, {summed})",
        )  # fmt: skip
        note = (
            f"amount is what the customer paid, the sum of {paid.amount} in {paid.table}: it is {names} of the order's lines in {_share(paid.share)} "
            f"of the {paid.orders:,} orders that were compared; of an order without a payment it is that sum"
        )
    elif sent:
        amount = Filled(
            "amount", (SUM, *sent), min(price.sureness, TO_LOOK_AT), f"the sum of {names} of its lines", sql=summed
        )
        note = f"amount is the sum of {names} in {table.name}: look whether the customer pays more"
    else:
        amount = Filled("amount", (SUM,), price.sureness, f"the sum of {price.columns[0]} of its lines")
        note = (
            f"amount is the sum of {price.columns[0]} in {table.name}, without what the order costs besides (freight)"
        )
    return replace(
        orders, filled=(*orders.filled, amount), missing=(), lookups=tuple(lookups), notes=(*orders.notes, note),
        constants={**orders.constants, "currency": currency}, assumes_currency=lines.assumes_currency,
    )  # fmt: skip


def _share(share: float) -> str:
    # not all where one is not
    return f"{int(share * 1000) / 10:g} %"
