"""Tables of what was given back of orders (refunds, returer, kreditnotor): each row counted as an order would be revenue.

Here: the sum of an order's rows there as its refunded amount; else orders whose amounts are below 0. Not here: rows of one table that give
something back beside others that do not (given_back.py), amounts that an order itself says were given back (entities.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from orchestration.contracts.words import concepts_of, plain_words_for, words_of
from orchestration.core.warehouse import quote
from orchestration.proposals.columns import Column
from orchestration.proposals.doubts import IN_DOUBT, TO_LOOK_AT
from orchestration.proposals.found import FoundTable, with_lent
from orchestration.proposals.proposal import Filled, Proposal

# what the map calls the sum
_SUM = "sum_of_refunds"
# alone it may be of orders on credit, or of who has one
_MAY_BE_SALES = ("credit", "kredit")


def with_refunds(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; one of refunds is looked up by the orders, where these are one table whose key it names."""
    found = list(tables)
    for at, table in enumerate(found):
        if not _is_of_refunds(table.name) or table.vendor or table.problem:
            continue
        others = {place: one for place, other in enumerate(found) if not _is_of_refunds(other.name) and (one := _orders_of(other))}  # fmt: skip
        refunds, amount, key = _orders_of(table), _amount(table), _key_of_order(table)
        if key and (named := table.foreign.get(key)):
            others = {place: one for place, one in others.items() if found[place].name == named}
        place, orders = next(iter(others.items()), (at, None))
        of = orders.of("source_key") if orders and len(others) == 1 else None
        if orders and of and len(of.columns) == 1 and not of.sql and amount and key and _is_of_one_currency(table):
            if said := orders.of("refunded_amount"):
                told = f"{table.name}: not mapped, for {found[place].name} says itself what was given back ({', '.join(said.columns)})"
                found[at] = replace(_without(table, refunds), notes=(*table.notes, told))
                continue
            found[place] = _with_sum(found[place], orders, of.columns[0], table.name, key, amount)
            found[at] = _without(table, refunds, (key, amount))
        elif refunds:
            below = _below_zero(refunds, amount, table.name, bool(others))
            found[at] = replace(table, maps=[below if one is refunds else one for one in table.maps])
        elif others:
            told = f"{table.name}: it may say what was given back of orders: no map reads it, and revenue is without it"
            found[at] = replace(table, notes=(*table.notes, told))
    return with_lent(found)


def _is_of_refunds(name: str) -> bool:
    """Whether a table is called so: order_refunds, Returer 2025, credit_notes."""
    words = words_of(name)
    said = {*words, *(f"{one}{other}" for one, other in pairwise(words))} - {*_MAY_BE_SALES}
    return not plain_words_for("given_back").isdisjoint(said)


def _orders_of(table: FoundTable) -> Proposal | None:
    return next((one for one in table.usable if one.entity == "orders"), None)


def _called(table: FoundTable, *concepts: str) -> list[Column]:
    """The columns with values that are called as one of these."""
    return [
        column
        for column in table.columns
        if column.filled
        and column.name not in table.withheld
        and not concepts_of(column.name, table.name).keys().isdisjoint(concepts)
    ]


def _key_of_order(table: FoundTable) -> str | None:
    """The column that names the order; of several the one that is not the table's own key. None where not exactly one is called so."""
    named = [column.name for column in _called(table, "order_key")]
    named = [name for name in named if len(named) == 1 or (name,) != table.key]
    return named[0] if len(named) == 1 else None


def _amount(table: FoundTable) -> str | None:
    """The column of the amount, where it is a number that can be computed with."""
    numbers = {column.name for column in table.columns if column.is_number and column.declared != "VARCHAR"}
    mapped = refunds.of("amount") if (refunds := _orders_of(table)) else None
    if mapped:
        is_plain = len(mapped.columns) == 1 and not mapped.sql
        return mapped.columns[0] if is_plain and mapped.columns[0] in numbers else None
    named = [column.name for column in _called(table, "amount", "refunded_amount") if column.name in numbers]
    return named[0] if len(named) == 1 else None


def _is_of_one_currency(table: FoundTable) -> bool:
    return all(column.distinct == 1 for column in _called(table, "currency"))


def _with_sum(table: FoundTable, orders: Proposal, of: str, refunds: str, key: str, amount: str) -> FoundTable:
    lookup = {"table": refunds, "by": {of: key}, "columns": {_SUM: amount}, "aggregate": "sum"}
    why = f"the sum of {amount} in {refunds}"
    told = f"{table.name}: refunded_amount is {why}, which names orders by {key}: look whether it does"
    filled = (*orders.filled, Filled("refunded_amount", (_SUM,), TO_LOOK_AT, why))
    summed = replace(orders, filled=filled, lookups=(*orders.lookups, lookup), notes=(*orders.notes, told))
    return replace(table, maps=[summed if one is orders else one for one in table.maps])


def _without(table: FoundTable, refunds: Proposal | None, read: Sequence[str] = ()) -> FoundTable:
    """The table without its map to orders; what that read and nobody else reads is not read."""
    freed = refunds.read if refunds else set()
    unmapped = [c.name for c in table.columns if c.name in {*table.unmapped, *freed} - {*read, *table.key}]
    return replace(table, maps=[one for one in table.maps if one is not refunds], unmapped=unmapped)


def _below_zero(one: Proposal, amount: str | None, table: str, has_others: bool) -> Proposal:
    """Credit notes: orders whose amounts are below 0. Not beside other orders, for one key is one order, and both count from 1."""
    if amount is None or has_others:
        how = f"amount = {{ sql = '-abs({quote(amount or 'amount')})' }}"
        told = (
            f"{table}: not mapped to orders, for it says what was given back of them, and revenue is without it: where none of its keys is "
            f"an order's, map it to orders with {how}"
        )
        return replace(one, missing=(*one.missing, "amount"), notes=(*one.notes, told))
    sql, why = f"-abs({quote(amount)})", "it is given back"
    filled = [
        replace(was, sql=sql, sureness=TO_LOOK_AT, why=why) if was.target == "amount" else was for was in one.filled
    ]
    told = f"{table}: taken for what was given back of orders, and its amounts are below 0: look whether it is"
    return replace(one, filled=tuple(filled), sureness=min(one.sureness, IN_DOUBT), notes=(*one.notes, told))
