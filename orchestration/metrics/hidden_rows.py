"""Which rows of an answer are not shown, by the people in them and in the tables that it is cut out of. Not here: how a table hides
its groups (few_groups.py), which tables there are (breakdowns.py), counting people (statement.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestration.contracts.metric_definitions import parts_of
from orchestration.metrics.breakdowns import Breakdown, coarser_of, hidden_cells
from orchestration.metrics.few_groups import Group, hidden_groups
from orchestration.metrics.question import Question
from orchestration.metrics.statement import PEOPLE, kinds_of

Rows = Sequence[dict[str, Any]]


def hidden_rows(
    question: Question,
    rows: Rows,
    tables: Sequence[tuple[Breakdown, Rows]],
    every_rule: Sequence[Sequence[str]],
    min_people: int,
) -> tuple[set[int], set[int]]:
    """Positions of rows that the answer itself hides, and of those that a table does. `every_rule`: the rules of each metric, and last
    those of all together."""
    kinds = kinds_of(question)
    if not tables:
        return _hidden(rows, question.by, every_rule, kinds, min_people), set()
    # what they are hidden with is in the tables
    few = {n for n, row in enumerate(rows) if _group(row, every_rule[-1], kinds).is_few(min_people)}
    cut: set[int] = set()
    for table, cells in tables:
        out = _hidden(cells, table.dimensions, every_rule, [PEOPLE], min_people)
        hides = hidden_cells(table, [tuple(row["cell"]) for row in cells], [row["is_kept"] for row in cells], out)
        cut |= {n for n, row in enumerate(rows) if tuple(row["cell"]) in hides}
    return few, cut


def _hidden(
    rows: Rows,
    dimensions: Sequence[str],
    every_rule: Sequence[Sequence[str]],
    kinds: Sequence[str],
    min_people: int,
) -> set[int]:
    """Positions of rows that are not shown: what one metric alone hides stays hidden, whichever are asked beside it. The last of the
    rules are those of all together."""
    hidden: set[int] = set()
    for rules in every_rule:
        groups = [_group(row, rules, kinds) for row in rows]
        alone = hidden_groups(
            groups, min_people, coarser=coarser_of(dimensions), hidden=hidden if rules is every_rule[-1] else ()
        )
        hidden |= alone
    return hidden


def _group(row: dict[str, Any], rules: Sequence[str], kinds: Sequence[str]) -> Group:
    counts = []
    for kind in kinds:
        for rule in rules:
            whole, *parts = (row.get(f"{kind}__{part}", 0) for part in parts_of(rule))
            counts.append(int(whole - sum(parts)))
    return Group(tuple(row.get("part_cell") or row["cell"]), tuple(counts))
