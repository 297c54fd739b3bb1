"""Rows that a table says are deleted or tests, by a column beside their data: `raderad`, `deleted_at`, `is_test` → a condition of its maps.

A no of such a row still holds, so maps of statements keep it; a yes beside such a column is not proposed, nor beside one that says that mail
bounces or that somebody was a customer once. Not here: a no in other columns (refusals.py, contact_words.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from orchestration.core.warehouse import quote, text
from orchestration.proposals.columns import Column
from orchestration.proposals.grants import STATEMENTS, without_grant
from orchestration.proposals.proposal import Proposal
from orchestration.proposals.words import plain_words_for, words_for, words_of

_LEFT_OUT = ("deleted", "test_row")
# who does not buy any more is still somebody, and no row goes by it
_KEEPS = ("active", "bounced")


@dataclass(frozen=True)
class GoneRows:
    """A column that says that rows are gone. `stands` is SQL of the rows that are not; empty where nobody can tell."""

    column: str
    stands: str
    told: str


def without_gone(found: Sequence[Proposal], columns: Sequence[Column]) -> list[Proposal]:
    """The maps of a table, without the rows that it says are gone, and without a yes beside a column that may say so."""
    status = {c for one in found for f in one.filled if f.target == "status" for c in f.columns}
    gone = [one for c in columns if c.name not in status and (one := _gone(c))]
    doubts = [one.column for one in gone] + [
        c.name for c in columns if _names(c.name, _KEEPS) or (c.name not in status and _has_former(c))
    ]
    if doubts:
        found = [without_grant(one, f"{doubts[0]} may say that nobody writes to them") for one in found]
    where = " and ".join(one.stands for one in gone if one.stands)
    notes = tuple(one.told for one in gone)
    return [
        one if one.entity == STATEMENTS
        else replace(one, where=where, where_columns=tuple(g.column for g in gone if g.stands), notes=(*one.notes, *notes))
        for one in found
    ]  # fmt: skip


def _gone(column: Column) -> GoneRows | None:
    said = f"coalesce(lower(trim(cast({quote(column.name)} as varchar))), '')"
    # of an object within the row nobody knows what goes with it: the order of a customer who is deleted stays an order
    is_own = "." not in column.name
    if _names(column.name, _LEFT_OUT):
        if is_own and column.is_time and column.filled < column.rows:
            told = f"{column.name}: {column.filled:,} rows have a time there: taken for deleted, and left out"
            return GoneRows(column.name, f"{said} = ''", told)
        yes = [value for value in column.values if value in words_for("yes") | words_for("mark")]
        no = [value for value in column.values if value in words_for("no")]
        if is_own and column.values and len(yes) + len(no) == len(column.values) and not column.is_time:
            stands = f"{said} not in ({_listed(yes)})" if yes else f"{said} in ({_listed(['', *no])})"
            return GoneRows(column.name, stands, _told(column.name, yes))
        return GoneRows(
            column.name,
            "",
            f"{column.name}: seems to say which rows are gone, and no map leaves them out: say them in `where`",
        )
    words = [value for value in column.values if "".join(words_of(value)) in plain_words_for("deleted")]
    if is_own and words and not column.is_time:
        return GoneRows(column.name, f"{said} not in ({_listed(words)})", _told(column.name, words))
    return None


def _told(column: str, words: Sequence[str]) -> str:
    them = ", ".join(words) or "what is no plain no"
    return (
        f"{column}: rows with {them} there are taken for deleted or tests, and left out: `kundbild preview` counts them"
    )


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(text, words))


def _names(name: str, meanings: Sequence[str]) -> bool:
    """Whether a name says it, but for words of a time or a question around it: is_deleted, deleted_at."""
    words = words_of(name.rpartition(".")[2])
    whole = "".join(words)
    around = plain_words_for("when") | plain_words_for("question")
    while len(words) > 1 and words[0] in around:
        words = words[1:]
    while len(words) > 1 and words[-1] in around:
        words = words[:-1]
    return any(not {whole, "".join(words)}.isdisjoint(plain_words_for(meaning)) for meaning in meanings)


def _has_former(column: Column) -> bool:
    """Whether a value says that somebody was a customer once: Fd kund, f.d. medlem."""
    told = plain_words_for("former")
    parts = [words_of(value) for value in column.values]
    return any(word in told for words in parts for word in (*words, *("".join(pair) for pair in pairwise(words))))
