"""Whom an answer tells of: by its metrics, by what can be computed of them, and by one count less a part of it. Not here: counting
them (statement.py), which groups are hidden (few_groups.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from orchestration.contracts.metric_definitions import Metric


def rules_of(asked: Sequence[Metric], known: Mapping[str, Metric]) -> list[str]:
    """Rules as `people` of a metric has them: metrics that count people, and differences of two."""
    told = _told(asked, known)
    pairs = list(combinations([metric.name for metric in told if metric.name in metric.people], 2))
    # a share tells of the others too
    pairs += [metric.ratio for metric in told if metric.ratio]
    rules = [rule for metric in told for rule in metric.people]
    # the whole can be asked for beside it, or in another question
    rules += [
        f"{whole} - {metric.name}"
        for metric in told
        if metric.name in metric.people
        for whole in sorted(_wholes(metric, known))
        if known[whole].model == metric.model
    ]
    for one, other in pairs:
        if one in _wholes(known[other], known):
            rules.append(f"{one} - {other}")
        elif other in _wholes(known[one], known):
            rules.append(f"{other} - {one}")
    return list(dict.fromkeys(rules))


def _told(asked: Iterable[Metric], known: Mapping[str, Metric]) -> list[Metric]:
    """What is asked, and what can be computed of it: two of three that belong together give the third."""
    together = [(m.name, beside, told) for m in known.values() for beside, told in m.implies.items()]
    together += [(m.name, *m.ratio) for m in known.values() if m.ratio]
    told = {metric.name: metric for metric in asked}
    before = -1
    while len(told) != before:
        before = len(told)
        for three in together:
            lacking = [name for name in three if name not in told]
            if len(lacking) == 1:
                told[lacking[0]] = known[lacking[0]]
    return list(told.values())


def _wholes(metric: Metric, known: Mapping[str, Metric]) -> set[str]:
    """Every count that the metric is a part of, of a part of a whole too."""
    found: set[str] = set()
    waiting = list(metric.part_of)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += known[name].part_of
    return found
