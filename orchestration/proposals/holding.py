"""Columns beside a yes that say whether it holds, by a yes or a no of their own: `confirmed`, `double_opt_in`, `expired`, `valid`.

What keeps a yes from being proposed, for a map reads it whatever they say. Not here: columns that say a no by themselves (refusals.py,
contact_words.py), times of a confirmation or an end (statements.py), rows that are deleted (gone_rows.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from orchestration.contracts.words import plain_words_for, words_for, words_of
from orchestration.proposals.columns import Column
from orchestration.proposals.grants import STATEMENTS, without_grant
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.refusing_words import holds_names


def without_unheld(found: Sequence[Proposal], columns: Sequence[Column]) -> list[Proposal]:
    """The maps of a table; no yes among them that a column beside it may say does not hold. Of a table that is statements alone, a yes or no
    that nobody reads may say so whatever it is called."""
    read = {c for one in found for f in one.filled if f.target != "status" for c in f.columns}
    statuses = {c for one in found if (status := one.of("status")) for c in status.columns}
    are_statements = bool(found) and all(one.entity == STATEMENTS for one in found)
    for column in columns:
        if column.name in read or column.is_time:
            continue
        if says_whether_it_holds(column):
            why = "may say that it does not hold"
        elif are_statements and column.name not in statuses and _is_another_answer(column):
            why = "is a yes or a no that nothing reads, and may say that it does not hold"
        else:
            continue
        told = f"{column.name} {why}: keep such rows out of the grant by an expression (docs/data-engineer.md)"
        return [one if _says(one) == (column.name,) else without_grant(one, told) for one in found]
    return list(found)


def _says(one: Proposal) -> tuple[str, ...]:
    status = one.of("status")
    return status.columns if status else ()


def says_whether_it_holds(column: Column) -> bool:
    """Whether a column is called so, and has nothing but answers, or nothing yet."""
    told = plain_words_for("holding")
    words = words_of(column.name.rpartition(".")[2])
    pairs = ["".join(pair) for pair in (*pairwise(words), *zip(words, words[1:], words[2:], strict=False))]
    is_called_so = any(word in told for word in (*words, *pairs))
    return is_called_so and (column.kind == "BOOLEAN" or not column.filled or _is_answer(column.values))


def _is_another_answer(column: Column) -> bool:
    """Whether a column holds answers, more than one of them, and is about nothing that is known: 0 and 1 of what is counted are none."""
    is_varied = len(column.values) > 1 and _is_answer(column.values)
    words = words_of(column.name)
    is_counted = not plain_words_for("counted").isdisjoint(words[1:]) or words[-1:] == ["id"]
    return is_varied and not is_counted and not holds_names(column.name)


def _is_answer(values: Collection[str]) -> bool:
    known = words_for("yes") | words_for("no") | words_for("mark") | words_for("doubt")
    return bool(values) and set(values) <= known
