"""The rules that a rule is made of: itself without one of its parts. Here: which. Not here: counting them (builder.py).

A number that is known exactly, as a metric tells it, less the count of a rule that adds one customer to it would tell of that customer.
A rule is therefore counted after those without each of its parts: what a part changes for few shows in no count.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from orchestration.core.errors import KundbildError

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

_MOST_PARTS = 40


@cache
def without_parts(condition: str) -> tuple[str, ...]:
    """SQL of the condition with each of its parts true, and false; and with each value of a list left out. Raises KundbildError where
    it has very many."""
    from sqlglot import parse_one
    from sqlglot.expressions import Boolean, In

    tree = parse_one(condition, dialect="duckdb")
    found: dict[str, None] = {}
    parts = [number for number, node in enumerate(tree.walk()) if node is not tree and _is_part(node)]
    lists = [(number, len(node.expressions)) for number, node in enumerate(tree.walk()) if isinstance(node, In)]
    if len(parts) + sum(values for _, values in lists) > _MOST_PARTS:
        raise KundbildError(
            "the rule has very many parts",
            where="the rule",
            to_do="count a shorter one, or make several segments of it",
        )
    for number in parts:
        for value in (True, False):
            copy = tree.copy()
            list(copy.walk())[number].replace(Boolean(this=value))
            found[copy.sql(dialect="duckdb")] = None
    for number, values in lists:
        for place in range(values if values > 1 else 0):
            copy = tree.copy()
            node = list(copy.walk())[number]
            node.set("expressions", [one for at, one in enumerate(node.expressions) if at != place])
            found[copy.sql(dialect="duckdb")] = None
    return tuple(found)


def _is_part(node: Expr) -> bool:
    from sqlglot.expressions import And, Between, Column, Connector, In, Is, Like, Not, Or, Predicate

    if isinstance(node, Column):
        return isinstance(node.parent, And | Or | Not)
    return isinstance(node, Predicate | Connector | Not | In | Is | Like | Between)
