"""Orders whose number comes again: rows that are lines of orders, though each says all of its order. Of a total on every line, a row an
order would count it once a line.

Here: asking the rows whether an order's number comes again, and what is the same within it, or said on one of its lines alone (a total
on the first line); orders and lines of such rows. Not here:
proving a key (keys.py), lines that say no order (derived.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from orchestration.contracts.words import QUALIFIED, concepts_of, plain_words_for, roles, words_of
from orchestration.core.warehouse import quote
from orchestration.proposals.columns import Column
from orchestration.proposals.doubts import IN_DOUBT, TO_LOOK_AT
from orchestration.proposals.proposal import SOLD, Filled, Proposal

# what only a line says
_OF_LINES = ("line_key", "product_key", "quantity", "unit_price", "product_name")
# what such rows are read as
_READ = (*SOLD, "people")
# of orders a few may be written twice, or at two minutes: the number is theirs all the same
_FEW = 0.01
_AMOUNTS = ("amount", "discount", "refunded_amount")
# of lines: what one line says is the whole order's
_OF_ORDER = ("unit_price", "unit_cost", "discount", "quantity")


@dataclass(frozen=True)
class Repeated:
    """A column that is called as the number of an order, and comes again: of how many numbers, and within how many of these each other
    column is not the same."""

    number: str
    times: int
    differs: Mapping[str, int]
    is_whole: bool  # every row has one
    once: frozenset[str] = frozenset()  # columns that one line of an order says, and the others leave empty

    def is_of_whole(self, column: str) -> bool:
        """Whether a column was asked, and says something of a whole order."""
        return column in self.once or (column in self.differs and self.is_same([column]))

    def is_same(self, columns: Sequence[str]) -> bool:
        """Whether columns are the same on all lines of an order."""
        return all(self.differs.get(name, 0) <= _FEW * self.times for name in columns)


def repeated(
    con: duckdb.DuckDBPyConnection, relation: str, table: str, columns: Sequence[Column], key: Sequence[str], maps: Sequence[Proposal]
) -> Repeated | None:  # fmt: skip
    """Nothing where the rows are neither orders nor lines of them, or no number of an order comes again."""
    if not maps or maps[0].entity not in SOLD:
        return None
    said = {column.name: concepts_of(column.name, table) for column in columns if column.filled}
    named = [(said[c.name].get("order_key", 0.0), c) for c in columns if c.name in said and not c.is_time]
    sure, number = max(named, key=lambda one: one[0], default=(0.0, None))
    if number is None or sure < QUALIFIED or [number.name] == list(key):
        return None
    wanted = {role.concept for role in roles() if role.entity in _READ}
    asked = [name for name, of in said.items() if name != number.name and wanted & of.keys()]
    each = [
        f"min({value}) is distinct from max({value}) as d{at}, count({value}) as f{at}"
        for at, value in enumerate(f"nullif(trim(cast({quote(n)} as varchar)), '')" for n in asked)
    ]
    counted = [
        f"count(*) filter (n > 1 and d{at}), count(*) filter (n > 1 and f{at} = 1), count(*) filter (n > 1 and f{at} not in (0, 1))"
        for at in range(len(asked))
    ]
    of = quote(number.name)
    (row,) = con.execute(
        f"select {', '.join(['count(*) filter (n > 1)', *counted])} from (select {', '.join(['count(*) as n', *each])} from {relation} "
        f"where nullif(trim(cast({of} as varchar)), '') is not null group by {of})"
    ).fetchall()
    times, *told = map(int, row)
    if not times:
        return None
    differs, ones, several = told[::3], told[1::3], told[2::3]
    once = frozenset(name for name, one, more in zip(asked, ones, several, strict=True) if one and not more)
    return Repeated(number.name, times, dict(zip(asked, differs, strict=True)), number.filled == number.rows, once)


def has_lines(said: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether rows say what only a line of an order does."""
    return any(of.get(concept, 0.0) >= QUALIFIED for of in said.values() for concept in _OF_LINES)


def orders_once(orders: Proposal, found: Repeated, columns: Sequence[Column]) -> Proposal | None:
    """The orders of such rows, each number once; None where the number is not theirs, or what an order says cannot be told by its lines."""
    by_name = {column.name: column for column in columns}
    at, person = orders.of("ordered_at"), orders.of("person_key")
    same = [*(at.columns if at else ()), *(person.columns if person else ())]
    if orders.missing or at is None or not found.is_whole or not found.is_same(same):
        return None
    filled, notes = [], list(orders.notes)
    for one in orders.filled:
        if one.target in _AMOUNTS:
            read = _amount(one, found, by_name[one.columns[0]])
            if read is None and one.target == "amount":
                return None
            filled += [read] if read else []
            if read and read.sureness <= TO_LOOK_AT:
                notes.append(f"{one.columns[0]}: {read.why}: look whether it is so")
        elif one.target in ("source_key", "person_key", "ordered_at") or found.is_same(one.columns):
            filled.append(one)
    key = Filled("source_key", (found.number,), 1.0, f"it is called {found.number}, and comes again on each line")
    filled = [key if one.target == "source_key" else one for one in filled]
    return replace(orders, filled=tuple(filled), one_row_per_key=True, notes=tuple(notes))


def says_its_own(orders: Proposal | None, found: Repeated | None) -> bool:
    """Whether orders have an amount that is surely of the whole of them: it is better than the sum of their lines."""
    amount = orders.of("amount") if orders else None
    is_once = bool(found and amount and not found.once.isdisjoint(amount.columns))
    return bool(amount and not amount.aggregate and (is_once or amount.sureness > TO_LOOK_AT))


def said_of_all(one: Proposal, found: Repeated | None) -> Proposal:
    """The map, to which every line says what one line of its order does; an amount of the order is of none of its lines."""
    if not found or not (once := found.once & one.read):
        return one
    if one.entity == "order_items":
        kept = tuple(f for f in one.filled if f.target not in _OF_ORDER or once.isdisjoint(f.columns))
        one = replace(one, filled=kept)
        once &= one.read
    return replace(one, lines_of=found.number, said_once=tuple(sorted(once))) if once else one


def lines_within(lines: Proposal, found: Repeated) -> Proposal:
    """The lines, each of its order."""
    key = Filled("order_key", (found.number,), 1.0, f"it is called {found.number}, and comes again on each line")
    return replace(lines, filled=(*(one for one in lines.filled if one.target != "order_key"), key), missing=tuple(m for m in lines.missing if m != "order_key"))  # fmt: skip


def in_doubt(orders: Proposal, found: Repeated) -> Proposal:
    """Orders of which each row is one, though their number comes again."""
    told = (
        f"{found.number} comes again on several rows, and each row counts as an order of its own: where it is the orders' number, "
        "revenue is counted more than once"
    )
    return replace(orders, sureness=min(orders.sureness, IN_DOUBT), notes=(*orders.notes, told))


def _amount(one: Filled, found: Repeated, column: Column) -> Filled | None:
    """An amount of the whole order: the same on each of its lines, or the sum of the lines' own."""
    words = words_of(column.name)
    is_of_line = any(_begins(word, plain_words_for("line")) for word in words)
    is_of_order = any(_begins(word, plain_words_for("whole_order")) for word in words)
    if column.name in found.once:
        return replace(one, why="one line of each order says it, and it counts once")
    is_every = column.filled == column.rows
    if found.is_same([column.name]) and not is_of_line and is_every:
        if is_of_order:
            return one
        return replace(
            one, sureness=TO_LOOK_AT, why="it is the same on all lines of an order, and is taken for the whole order's"
        )
    if column.declared == "VARCHAR" or not is_every:
        return None
    summed = replace(one, aggregate="sum", sql=quote(column.name))
    if is_of_line:
        return replace(summed, why="the sum of its lines")
    return replace(
        summed, sureness=TO_LOOK_AT, why="it differs on the lines of an order, and their sum is taken for the order's"
    )


def _begins(word: str, terms: frozenset[str]) -> bool:
    return any(word.startswith(term) for term in terms)
