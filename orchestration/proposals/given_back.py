"""Rows of orders that give money back, by a word of a column beside their amounts: `Typ` = Försäljning or Retur. Counted as sales they would
be revenue.

Here: the sign of such rows, where a word alone tells it, and a doubt where it does not. Not here: what an order's status means
(seed order_statuses), amounts that were given back of a sale (entities.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from orchestration.contracts.words import plain_words_for, words_for, words_of
from orchestration.core.warehouse import quote, text
from orchestration.proposals.columns import Column
from orchestration.proposals.doubts import IN_DOUBT, TO_LOOK_AT
from orchestration.proposals.proposal import SOLD, Filled, Proposal


def with_signs(found: Sequence[Proposal], columns: Sequence[Column]) -> list[Proposal]:
    """The maps; amounts of orders are below 0 in rows that say that they give something back, or are in doubt."""
    read = {c for one in found for f in one.filled for c in f.columns}
    free = [
        c for c in columns if c.name not in read and c.filled and not (c.is_number and not c.is_flag) and not c.is_time
    ]
    return [_signed(one, free, columns) if one.entity in SOLD else one for one in found]


def _signed(one: Proposal, free: Sequence[Column], columns: Sequence[Column]) -> Proposal:
    for column in free:
        words = [value for value in column.values if "".join(words_of(value)) in plain_words_for("given_back")]
        others = [value for value in column.values if value not in words]
        may_say = [value for value in others if _has_one(words_of(value))]
        if words and others and not may_say and (amount := _amount(one, columns)):
            return _below_zero(one, amount, column.name, words)
        if words or may_say or _is_flag_of(column):
            told = (
                f"{column.name}: it may say which rows give money back, and each counts as a sale: look at {column.name}, and write the amount "
                f"in sql, as case when {quote(column.name)} = '…' then -abs(amount) else amount end"
            )
            return replace(one, sureness=min(one.sureness, IN_DOUBT), notes=(*one.notes, told))
    return one


def _amount(one: Proposal, columns: Sequence[Column]) -> Filled | None:
    """The amount of an order, where an expression may compute with it."""
    amount = one.of("amount")
    numbers = {c.name for c in columns if c.is_number and c.declared != "VARCHAR"}
    return amount if amount and not amount.sql and {*amount.columns} <= numbers and one.entity == "orders" else None


def _below_zero(one: Proposal, amount: Filled, column: str, words: Sequence[str]) -> Proposal:
    said, name = quote(column), quote(amount.columns[0])
    sql = f"case when lower(trim({said})) in ({', '.join(map(text, words))}) then -abs({name}) else {name} end"
    why = f"where {column} is {' or '.join(words)} it is taken for money given back"
    signed = replace(
        amount, columns=(*amount.columns, column), sql=sql, sureness=min(amount.sureness, TO_LOOK_AT), why=why
    )
    return replace(
        one, filled=tuple(signed if f is amount else f for f in one.filled), sureness=min(one.sureness, TO_LOOK_AT),
        notes=(*one.notes, f"{amount.columns[0]}: {why}, and its amount is below 0: look at {column}"),
    )  # fmt: skip


def _is_flag_of(column: Column) -> bool:
    """Whether a column is called so, and is a yes and a no: Kredit = Ja."""
    said: Collection[str] = {*words_for("yes"), *words_for("no"), *words_for("mark")}
    return _has_one(words_of(column.name)) and bool(column.values) and {*column.values} <= {*said}


def _has_one(words: Sequence[str]) -> bool:
    return not plain_words_for("given_back").isdisjoint([*words, "".join(words)])
