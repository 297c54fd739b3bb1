"""Rows that a table says are deleted or tests, by a column beside their data: `raderad`, `deleted_at`, `is_test` → a condition of its maps.

A no of such a row still holds, so maps of statements and of registers keep it; a yes beside such a column is not proposed, nor beside one that says that mail
bounces or that somebody was a customer once. Not here: the words of their names
(gone_words.py), a no in other columns (refusals.py, contact_words.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from orchestration.contracts.words import plain_words_for, words_for, words_of
from orchestration.core.settings.maps import REGISTERS, STATEMENTS
from orchestration.core.warehouse import quote, text
from orchestration.proposals.columns import Column
from orchestration.proposals.gone_words import names_any, says_gone
from orchestration.proposals.grants import without_grant
from orchestration.proposals.proposal import Proposal

# who does not buy any more is still somebody, and no row goes by it
_KEEPS = ("active", "bounced")
# letters of a word that a table's name begins with
_LEAST_LONG = 3


@dataclass(frozen=True)
class GoneRows:
    """A column that says that rows are gone. `stands` is SQL of the rows that are not; empty where nobody can tell."""

    column: str
    stands: str
    told: str


def without_gone(found: Sequence[Proposal], columns: Sequence[Column], table: str = "") -> list[Proposal]:
    """The maps of a table, without the rows that it says are gone, and without a yes beside a column that may say so."""
    read = {c for one in found for f in one.filled for c in f.columns}
    # a word of theirs says something of the row by its map; of a kind of customers it may say more
    told = {
        c for one in found for f in one.filled for c in f.columns
        if f.target == "status" or (f.target == "kind" and one.entity in STATEMENTS)
    }  # fmt: skip
    gone = [_as_read(one) if one.column in read else one for c in columns if c.name not in told and (one := _gone(c, table))]  # fmt: skip
    doubts = [one.column for one in gone] + [
        c.name for c in columns if names_any(c.name, _KEEPS) or (c.name not in told and _has_former(c))
    ]
    if doubts:
        found = [without_grant(one, f"{doubts[0]} may say that nobody writes to them") for one in found]
    where = " and ".join(one.stands for one in gone if one.stands)
    names = tuple(one.column for one in gone if one.stands)
    notes = tuple(one.told for one in gone)
    are_kept = all(map(_keeps, found))
    return [
        replace(one, where=where, where_columns=names, notes=(*one.notes, *notes)) if not _keeps(one)
        else replace(one, notes=(*one.notes, *(_kept(one.column) for one in gone))) if are_kept
        else one
        for one in found
    ]  # fmt: skip


def _keeps(one: Proposal) -> bool:
    """Whether its rows may refuse: then none is left out."""
    return one.entity in (*STATEMENTS, *REGISTERS)


def _as_read(one: GoneRows) -> GoneRows:
    """Of a column that a map reads: it says more than who is gone."""
    return GoneRows(
        one.column, "", f"{one.column}: may say that rows are gone, and is mapped: look at it; no row is left out"
    )


def _gone(column: Column, table: str) -> GoneRows | None:
    # of an object within the row nobody knows what goes with it: the order of a customer who is deleted stays an order
    is_own = "." not in column.name
    if says_gone(column.name):
        return (_by_name(column) if is_own else None) or GoneRows(
            column.name,
            "",
            f"{column.name}: seems to say which rows are gone, and no map leaves them out: say them in `where`",
        )
    words = [value for value in column.values if "".join(words_of(value)) in plain_words_for("deleted")]
    if not is_own or not words or column.is_time:
        return None
    them = ", ".join(words)
    if _is_about_contact(column.name):
        told = f"{column.name}: {them} may be a no: look at it, and map it to consent_events; no row is left out"
        return GoneRows(column.name, "", told)
    if not _is_state(column.name, table):
        told = f"{column.name}: {them} may say that rows are gone, or another thing: look at it; no row is left out"
        return GoneRows(column.name, "", told)
    return GoneRows(column.name, f"{_said(column.name)} not in ({_listed(words)})", _told(column.name, words))


def _by_name(column: Column) -> GoneRows | None:
    """What a column that is called so leaves out. None where its values do not tell: other words than yes and no, or nothing but a no."""
    if column.is_time:
        if column.is_planned:
            told = f"{column.name}: has days to come, or such that stand for none: no row is left out; say in `where` which ones are gone"
            return GoneRows(column.name, "", told)
        if column.filled == column.rows or not column.filled:
            return None
        told = f"{column.name}: {column.filled:,} rows have a time there: taken for deleted, and left out"
        return GoneRows(column.name, f"{_said(column.name)} = ''", told)
    yes = [value for value in column.values if value in words_for("yes") | words_for("mark")]
    no = [value for value in column.values if value in words_for("no")]
    # a word that comes later and is none of these leaves nobody out
    if not yes or len(yes) + len(no) < len(column.values):
        return None
    return GoneRows(column.name, f"{_said(column.name)} not in ({_listed(yes)})", _told(column.name, yes))


def _said(name: str) -> str:
    return f"coalesce(lower(trim(cast({quote(name)} as varchar))), '')"


def _is_about_contact(name: str) -> bool:
    words = words_of(name)
    told = plain_words_for("contact") | plain_words_for("newsletter") | plain_words_for("subscribing")
    return any(word.startswith(tuple(told)) for word in words)


def _is_state(name: str, table: str) -> bool:
    """Whether a column is the state of its table's rows: status, or behind words of the table's name: order_status of orders."""
    own = words_of(table)
    for start, word in enumerate(words := words_of(name)):
        for term in plain_words_for("state"):
            before = [*words[:start], *([said] if (said := word.removesuffix(term)) else [])]
            # of a name as it is written in many: orders, order
            if start + 1 == len(words) and word.endswith(term) and all(_is_of(said, own) for said in before):
                return True
    return False


def _is_of(word: str, own: Sequence[str]) -> bool:
    return len(word) >= _LEAST_LONG and any(said.startswith(word) for said in own)


def _kept(column: str) -> str:
    return f"{column}: seems to say which rows are gone: such a row is kept here, for a no in it still holds"


def _told(column: str, words: Sequence[str]) -> str:
    return f"{column}: rows with {', '.join(words)} there are taken for deleted or tests, and left out: `kundbild preview` counts them"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(text, words))


def _has_former(column: Column) -> bool:
    """Whether a value says that somebody was a customer once: Fd kund, f.d. medlem."""
    told = plain_words_for("former")
    parts = [words_of(value) for value in column.values]
    return any(word in told for words in parts for word in (*words, *("".join(pair) for pair in pairwise(words))))
