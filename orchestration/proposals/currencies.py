"""Currencies that no column of a table says: lines have that of their order; else the company's is assumed, and told of.

Here: the tables of a source beside one another, and what speaks for a currency. Not here: currencies that a column or the signs beside
amounts say (found.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from orchestration.contracts.words import concepts_of, currencies_by, languages_of
from orchestration.proposals.doubts import IN_DOUBT
from orchestration.proposals.found import FoundTable
from orchestration.proposals.proposal import Proposal

# what a map calls the currency that it looks up
_OF_ORDER = "order_currency"
# where nothing speaks for the company's currency, and nothing against it
_UNTOLD = 0.75


def with_currencies(tables: Sequence[FoundTable]) -> list[FoundTable]:
    """The tables; what refers to an order has the currency of the order, and what is still assumed is told."""
    orders = [(t.name, m) for t in tables for m in t.usable if m.entity == "orders"]
    return [replace(t, maps=[_told(t, _of_order(m, t, orders)) for m in t.maps]) for t in tables]


def _of_order(one: Proposal, table: FoundTable, orders: Sequence[tuple[str, Proposal]]) -> Proposal:
    key = one.of("order_key")
    if key and (where := _order_table(table, key.columns)):
        orders = [(name, order) for name, order in orders if name == where]
    others = [(name, order) for name, order in orders if name != table.name and not order.assumes_currency]
    if not (one.assumes_currency and key and others):
        return one
    (name, order), constants = others[0], {t: value for t, value in one.constants.items() if t != "currency"}
    if len(orders) == 1 and (currency := order.constants.get("currency")):
        return replace(one, constants=one.constants | {"currency": currency}, assumes_currency=False)
    said, of = order.of("currency"), order.of("source_key")
    is_one = len(orders) == 1 and len(key.columns) == 1
    if (
        not (is_one and said and of)
        or len(of.columns) > 1
        or not order.looked_up.isdisjoint((*said.columns, *of.columns))
    ):
        told = f"{table.name}: not mapped to {one.entity}, for its amounts are in the currency of their order, which cannot be looked up"
        return replace(
            one,
            constants=constants,
            missing=(*one.missing, "currency"),
            notes=(*one.notes, told),
            assumes_currency=False,
        )
    lookup = {"table": name, "by": {key.columns[0]: of.columns[0]}, "columns": {_OF_ORDER: said.columns[0]}}
    currency_of = replace(said, columns=(_OF_ORDER,), why=f"the currency of its order, in {name}")
    return replace(
        one, filled=(*one.filled, currency_of), constants=constants, lookups=(*one.lookups, lookup), assumes_currency=False
    )  # fmt: skip


def _order_table(table: FoundTable, key: Sequence[str]) -> str | None:
    """The table whose orders a key names, where a database says so."""
    return table.foreign.get(key[0]) if len(key) == 1 else None


def _told(table: FoundTable, one: Proposal) -> Proposal:
    """The map; one that assumes a currency for which nothing speaks says so."""
    if not one.assumes_currency:
        return one
    currency = one.constants["currency"]
    against = _against(table, currency)
    if against is None:
        return replace(one, assumes_currency=False)
    told = f"{table.name}: no column says the currency: {currency} is assumed, for it is the company's{against}"
    sureness = min(one.sureness, IN_DOUBT if against else _UNTOLD)
    return replace(one, sureness=sureness, notes=(*one.notes, told))


def _against(table: FoundTable, currency: str) -> str | None:
    """What speaks against a currency; empty where nothing speaks at all, None where the countries or the language of the names
    speak for it."""
    for column in table.columns:
        if concepts_of(column.name, table.name).get("country_code") and column.filled:
            found = {currencies_by("country").get(value) for value in column.values}
            if found != {currency}:
                return f", and {column.name} has other countries"
            return None
    named = Counter(language for column in table.columns for language in languages_of(column.name))
    most = {language for language, times in named.items() if times == max(named.values())}
    homes = currencies_by("home")
    spoken = {homes[language] for language in most if language in homes}
    if "en" in most or not spoken:
        return ""
    return None if currency in spoken else ", and its columns are named in another language"
